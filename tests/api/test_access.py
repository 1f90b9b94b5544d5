"""The trail and the tokens over HTTP: for admins alone, without secrets, in pages."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.config import Settings
from rmos.store import Store
from tests.helpers.problems import check_problem
from tests.makers import ANNA, BEARER, write_token

AUDIT, TOKENS = "/api/rmos/audit", "/api/rmos/tokens"
AUTH = {"Authorization": f"Bearer {BEARER}"}


def sign_in(app: Flask, settings: Settings, role: str = "admin") -> None:
    """Make the token of ada, of which the guard hears at once."""
    write_token(settings.runs_dir, name="ada", role=role)
    app.extensions["rmos.guard"].callers._table = None


def make_token(app: Flask, name: str) -> str:
    store: Store = app.extensions["rmos"].store
    made, _ = store.tokens.create(name, "viewer", expires_at_utc=None, actor=ANNA, us=ids.now_us())
    return made.token_id


def test_the_trail_has_true_outcomes_newest_first(client: FlaskClient, app: Flask, settings: Settings) -> None:
    cut = {"mode": "router", "tool_id": "x"}
    run_id = client.post("/api/rmos/runs", json=cut).json["run_id"]
    assert client.delete(f"/api/rmos/runs/{run_id}?mode=hard&reason=Not+allowed").status_code == 403
    assert client.delete(f"/api/rmos/runs/{run_id}?reason=Drawn+twice").status_code == 200
    sign_in(app, settings)
    page = client.get(AUDIT, headers=AUTH).json
    assert page | {"total": 3, "next_cursor": None, "unavailable": 0} == page
    told = [(item["action"], item["outcome"], item["target"], item["actor"]) for item in page["items"]]
    assert told == [
        ("delete", "done", run_id, "local"),
        ("delete", "refused", run_id, "local"),
        ("create", "done", "tok_abc123", "anna"),
    ]
    refused = client.get(f"{AUDIT}?outcome=refused&who=LOCAL&action=delete", headers=AUTH).json
    assert [item["data"]["reason"] for item in refused["items"]] == ["Not allowed"]


def test_pages_of_the_trail_neither_repeat_nor_leave_out(client: FlaskClient, app: Flask, settings: Settings) -> None:
    made = [make_token(app, f"press-{number}") for number in range(7)]
    sign_in(app, settings)
    shown: list[str] = []
    place: dict[str, Any] = {}
    for _ in range(3):
        page = client.get(AUDIT, query_string={"limit": 3, "who": "anna", **place}, headers=AUTH).json
        shown += [item["target"] for item in page["items"]]
        place = {"cursor": page["next_cursor"]}
    assert place == {"cursor": None}
    assert shown == [*(f"tok_{token_id}" for token_id in reversed(made)), "tok_abc123"]
    check_problem(client.get(f"{AUDIT}?cursor=evt_0", headers=AUTH), 400, "BAD_CURSOR")
    for query in ("cursor=", "before=x", "outcome=odd", "action=x", "limit=0", "limit=201", "who=", "a=1"):
        check_problem(client.get(f"{AUDIT}?{query}", headers=AUTH), 422, "VALIDATION_FAILED")


def test_tokens_are_listed_and_revoked_and_no_secret_goes_out(
    client: FlaskClient, app: Flask, settings: Settings
) -> None:
    token_id = make_token(app, "press-2")
    sign_in(app, settings)
    listed = client.get(TOKENS, headers=AUTH)
    assert {item["name"]: item["state"] for item in listed.json["items"]} == {"ada": "in force", "press-2": "in force"}
    first, second = (client.delete(f"{TOKENS}/{token_id}", headers=AUTH) for _ in range(2))
    assert first.status_code == 200
    assert first.json == second.json
    assert first.json | {"state": "revoked", "revoked_by": "ada", "name": "press-2"} == first.json
    for response in (listed, first):
        assert "secret" not in response.text
    for missing in ("nobody", "x" * 300, f"tok_{token_id}"):
        check_problem(client.delete(f"{TOKENS}/{missing}", headers=AUTH), 404, "TOKEN_NOT_FOUND")


def test_a_token_whose_record_is_damaged_is_told_and_not_revoked(
    client: FlaskClient, app: Flask, settings: Settings
) -> None:
    token_id = make_token(app, "press-2")
    path = settings.runs_dir / "_tokens" / f"tok_{token_id}.000001.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("viewer", "admins"))
    sign_in(app, settings)
    [damaged] = [item for item in client.get(TOKENS, headers=AUTH).json["items"] if item["token_id"] == token_id]
    assert damaged["state"] == "damaged"
    assert damaged["detail"]
    check_problem(client.delete(f"{TOKENS}/{token_id}", headers=AUTH), 500, "RECORD_DAMAGED")


@pytest.mark.parametrize("role", ["viewer", "recorder", "operator"])
def test_both_are_for_admins(client: FlaskClient, app: Flask, settings: Settings, role: str) -> None:
    sign_in(app, settings, role)
    for method, path in (("GET", AUDIT), ("GET", TOKENS), ("DELETE", f"{TOKENS}/abc123")):
        check_problem(client.open(path, method=method, headers=AUTH), 403, "FORBIDDEN")
