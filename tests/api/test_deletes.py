"""Deleting and restoring over HTTP."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from rmos import create_app
from rmos.config import Settings
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body

REASON = {"reason": "a trial cut"}


def test_a_deleted_run_is_gone_with_who_when_and_why_and_comes_back(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    response = client.delete(f"{RUNS}/{run_id}", query_string=REASON, headers={"X-Request-Id": "r1"})
    assert response.status_code == 200
    assert response.json == {
        "run_id": run_id, "mode": "soft", "deleted": True, "reason": "a trial cut", "request_id": "r1",
    }  # fmt: skip
    gone = client.get(f"{RUNS}/{run_id}")
    assert gone.status_code == 410
    assert gone.json["error"] == "RUN_DELETED"
    assert (gone.json["deleted_by"], gone.json["reason"], gone.json["mode"]) == ("local", "a trial cut", "soft")
    assert client.get(f"{RUNS}?include_total=true").json == {"items": [], "next_cursor": None, "total": 0}
    [shown] = client.get(f"{RUNS}?include_deleted=true").json["items"]
    assert (shown["run_id"], shown["deleted"]) == (run_id, True)
    for _ in range(2):
        restored = client.post(f"{RUNS}/{run_id}/restore")
        assert (restored.status_code, restored.json["deleted"]) == (200, False)
    [listed] = client.get(RUNS).json["items"]
    assert "deleted" not in listed


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({}, 422, "reason"),
        ({"reason": "short"}, 422, "reason"),
        ({**REASON, "mode": "both"}, 422, "mode"),
        ({**REASON, "force": "1"}, 422, "force"),
        ({**REASON, "mode": "hard"}, 403, None),
    ],
)
def test_what_cannot_be_taken_is_a_problem_and_leaves_one_audit_record(
    client: FlaskClient, post: Post, service_store: Store, query: dict[str, str], status: int, field: str | None
) -> None:
    run_id = post().json["run_id"]
    response = client.delete(f"{RUNS}/{run_id}", query_string=query)
    assert response.status_code == status
    assert field is None or list(response.json["errors"]) == [field]
    [date] = service_store.audit.days()
    [record] = service_store.audit.day(date)
    assert (record.error, record.target, record.address) == (response.json["error"], run_id, "127.0.0.1")
    assert client.get(f"{RUNS}/{run_id}").status_code == 200


def test_trap_28_no_header_makes_anybody_an_admin(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for header in ("X-Admin", "X-Is-Admin", "X-User-Role"):
        response = client.delete(f"{RUNS}/{run_id}", query_string={**REASON, "mode": "hard"}, headers={header: "true"})
        assert response.status_code == 403


def test_the_eleventh_attempt_within_a_minute_waits(client: FlaskClient) -> None:
    responses = [client.delete(f"{RUNS}/run_0123456789ab", query_string=REASON) for _ in range(11)]
    assert [response.status_code for response in responses] == [404] * 10 + [429]
    assert responses[-1].json["error"] == "RATE_LIMITED"
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 60


def test_trap_28_workers_count_together(tmp_path: Path) -> None:
    settings = Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", delete_rate_limit_max=4)
    apps = [create_app(settings) for _ in range(2)]
    clients = [app.test_client() for app in apps]
    runs = [clients[0].post(RUNS, json=make_body()).json["run_id"] for _ in range(5)]
    statuses = [
        clients[number % 2].delete(f"{RUNS}/{run_id}", query_string=REASON).status_code
        for number, run_id in enumerate(runs)
    ]
    assert statuses == [200] * 4 + [429]
    for app in apps:
        app.extensions["rmos"].close()


def test_a_claim_on_a_deleted_run_still_answers_with_it(client: FlaskClient, post: Post) -> None:
    run_id = post(key="k1").json["run_id"]
    client.delete(f"{RUNS}/{run_id}", query_string=REASON)
    again = post(key="k1")
    assert (again.status_code, json.loads(again.data)["run_id"]) == (200, run_id)
