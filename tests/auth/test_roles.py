"""Every route says who may use it, and the guard holds each of them to that."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos.api.sessions import PREFIXES
from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, OPEN_WHERE_PUBLIC, find_needed_role, find_role, requires
from rmos.models import ROLES
from tests.auth.conftest import RUNS, Send

SESSIONS = PREFIXES["sessions"]
DECLARED_OPEN = {
    "/healthz", "/sign-in", "/sign-out", "/assets/<digest>/<asset>", "/api/openapi.json", "/api/docs",
    "/api/docs/<digest>/<asset>", "/problems", "/problems/<code>", "/api/rmos/links/<token>",
    "/theme", "/units",
}  # fmt: skip
"""What strangers may see: that the service is alive, how to sign in, how the API is described, what a signed
link is for, and pages in the light and the units that suit them."""
ON_LOOPBACK = {"/readyz", "/metrics"}


def routes(app: Flask) -> list[tuple[str, str, str | None]]:
    """Return the URL, the method and the declared role of every route."""
    return [
        (rule.rule, method, find_role(app.view_functions[rule.endpoint], method))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_route_declares_its_role_and_open_ones_are_those_that_may_be(app: Flask) -> None:
    assert len(routes(app)) > 5
    for url, method, role in routes(app):
        assert role in {*ROLES, OPEN, OPEN_ON_LOOPBACK, OPEN_WHERE_PUBLIC}, (
            f"{method} {url} declares no role: add @requires"
        )
        assert (role == OPEN) == (url in DECLARED_OPEN), f"{method} {url} is {role}"
        assert (role == OPEN_ON_LOOPBACK) == (url in ON_LOOPBACK), f"{method} {url} is {role}"
        assert (role == OPEN_WHERE_PUBLIC) == url.startswith("/evidence/"), f"{method} {url} is {role}"


RECORD_NOTHING = ("/api/rmos/feasibility", "/api/rmos/feasibility/suggest")
"""POSTs because of their bodies; a viewer may ask what would be decided, and what to set."""


def test_writes_take_more_than_a_viewer(app: Flask) -> None:
    for url, method, role in routes(app):
        if method != "GET" and url not in (*DECLARED_OPEN, *RECORD_NOTHING):
            assert role in ROLES[1:], f"{method} {url} is {role}"


def test_a_route_without_a_role_is_closed_to_all_but_admins(app: Flask, send: Send, bearers: dict[str, str]) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "shown")
    assert send("GET", "/forgotten").status_code == 401
    assert send("GET", "/forgotten", bearers["operator"]).status_code == 403
    assert send("GET", "/forgotten", bearers["admin"]).status_code == 200


def test_a_class_of_methods_declares_on_each_of_them() -> None:
    class Views:
        @requires("viewer")
        def get(self) -> str:
            return ""

        @requires("operator")
        def post(self) -> str:
            return ""

        def delete(self) -> str:
            return ""

    def view() -> str:
        return ""

    view.view_class = Views  # type: ignore[attr-defined]
    assert [find_role(view, method) for method in ("GET", "HEAD", "POST", "DELETE")] == [
        "viewer", "viewer", "operator", None,
    ]  # fmt: skip
    assert find_needed_role(view, "DELETE") == "admin"


BAD = [
    "",
    "rmos_",
    "x",
    "rmos__",
    "Basic",
    "\xe4\xf6\xfc",
    "rmos_ab_\xe9" + "x" * 42,
    "x" * 8000,
    "rmos_ab_" + "x" * 8000,
]


def wrong_bearers(bearers: dict[str, str]) -> dict[str, str]:
    """Return what looks like a token and is none that is in force."""
    good = bearers["admin"]
    head, _, secret = good.rpartition("_") if good.count("_") == 2 else (good[:17], "_", good[18:])
    return {
        "revoked": bearers["revoked"],
        "expired": bearers["expired"],
        "truncated": good[:-1],
        "longer": good + "A",
        "of another": f"{head}_{bearers['viewer'][18:]}",
        "of nobody": f"rmos_{'0' * 12}_{secret}",
        "in capitals": good.upper(),
        **{f"bad {number}": text for number, text in enumerate(BAD)},
    }


def test_every_route_answers_a_wrong_token_of_each_kind_as_documented(
    app: Flask, send: Send, bearers: dict[str, str]
) -> None:
    guarded = [(url, method) for url, method, role in routes(app) if role in ROLES]
    assert guarded
    for number, (url, method) in enumerate(guarded):
        path, remote = url.replace("<", "").replace(">", ""), f"192.0.2.{number}"
        response = send(method, path, REMOTE_ADDR=remote)
        assert (response.status_code, response.json["error"]) == (401, "UNAUTHENTICATED")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="RMOS"'
        assert response.headers["Cache-Control"] == "no-store"
        for kind, bearer in wrong_bearers(bearers).items():
            response = send(method, path, bearer, REMOTE_ADDR=remote)
            assert (response.status_code, response.json["error"]) == (401, "UNAUTHENTICATED"), (method, path, kind)
            assert response.headers["Content-Type"] == "application/problem+json"
            assert response.headers["WWW-Authenticate"] == 'Bearer realm="RMOS"'


def test_every_route_serves_the_roles_that_reach_it_and_no_other(
    app: Flask, send: Send, bearers: dict[str, str]
) -> None:
    for url, method, needed in routes(app):
        if needed not in ROLES:
            continue
        path = url.replace("<", "").replace(">", "")
        for role in ROLES:
            response = send(method, path, bearers[role])
            if ROLES.index(role) >= ROLES.index(needed):
                assert response.status_code not in (401, 403), (method, path, role)
            else:
                assert (response.status_code, response.json["error"]) == (403, "FORBIDDEN"), (method, path, role)
                assert (response.json["role_needed"], response.json["role"]) == (needed, role)


def test_open_routes_ask_nobody(app: Flask, send: Send, bearers: dict[str, str]) -> None:
    for path in ("/healthz", "/sign-in", "/api/docs", "/api/openapi.json", "/problems"):
        assert send("GET", path).status_code == 200
        assert send("GET", path, bearers["revoked"]).status_code == 200


def test_readiness_is_told_to_this_machine_and_to_viewers(send: Send, bearers: dict[str, str]) -> None:
    assert send("GET", "/readyz").status_code == 200
    assert send("GET", "/readyz", REMOTE_ADDR="192.0.2.1").status_code == 401
    assert send("GET", "/readyz", HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 401
    assert send("GET", "/readyz", HTTP_HOST="rmos.example").status_code == 401
    assert send("GET", "/readyz", bearers["viewer"], REMOTE_ADDR="192.0.2.1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", RUNS, 405), ("OPTIONS", RUNS, 200)]
)
def test_what_is_no_route_is_told_to_anybody(
    send: Send, bearers: dict[str, str], method: str, path: str, status: int
) -> None:
    assert send(method, path).status_code == status


@pytest.mark.parametrize(
    ("policy", "milder"),
    [
        ({"allow_red_override": True}, ["allow_red_override"]),
        ({"min_score_to_approve": 69.5}, ["min_score_to_approve"]),
        ({"allow_red_override": True, "min_score_to_approve": 0}, ["allow_red_override", "min_score_to_approve"]),
        ({"allow_red_override": False, "min_score_to_approve": 70}, []),
        ({"min_score_to_approve": 95}, []),
    ],
)
def test_nobody_below_an_operator_makes_the_rules_milder_that_judge_the_cut(
    app: Flask, client: FlaskClient, bearers: dict[str, str], policy: dict[str, Any], milder: list[str]
) -> None:
    def ask(method: str, path: str, role: str, body: dict[str, Any]) -> TestResponse:
        return client.open(path, method=method, json=body, headers={"Authorization": f"Bearer {bearers[role]}"})

    made = ask("POST", SESSIONS, "recorder", {}).json["session_id"]
    for response in (
        ask("POST", SESSIONS, "recorder", {"policy": policy}),
        ask("PATCH", f"{SESSIONS}/{made}", "recorder", {"policy": policy, "user_id": "bo"}),
    ):
        if milder:
            assert (response.status_code, response.json["error"], response.json["role_needed"]) == (
                403,
                "FORBIDDEN",
                "operator",
            )
            assert all(f"policy.{name}" in response.json["detail"] for name in milder)
        else:
            assert response.status_code in (200, 201)
    audit = app.extensions["rmos"].store.audit
    records = [record for date in audit.days() for record in audit.day(date)]
    told = [("policy", "refused", "FORBIDDEN", "a recorder", policy)] * 2 if milder else []
    assert [(entry.action, entry.outcome, entry.error, entry.actor, entry.data) for entry in records] == told
    assert {entry.target for entry in records} == ({made, "a new session"} if milder else set())
    after = ask("GET", f"{SESSIONS}/{made}", "viewer", {}).json
    assert after["user_id"] == (None if milder else "bo")
    for role in ("operator", "admin"):
        assert ask("POST", SESSIONS, role, {"policy": policy}).status_code == 201
        assert ask("PATCH", f"{SESSIONS}/{made}", role, {"policy": policy}).status_code == 200


def test_emptying_a_strict_policy_is_making_it_milder_and_a_mild_one_may_be_emptied(
    client: FlaskClient, bearers: dict[str, str]
) -> None:
    def ask(method: str, path: str, role: str, policy: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearers[role]}"}
        return client.open(path, method=method, json={"policy": policy}, headers=headers)

    strict = ask("POST", SESSIONS, "recorder", {"min_score_to_approve": 95}).json["session_id"]
    assert ask("PATCH", f"{SESSIONS}/{strict}", "recorder", None).status_code == 403
    mild = ask("POST", SESSIONS, "operator", {"allow_red_override": True, "min_score_to_approve": 50}).json[
        "session_id"
    ]
    assert ask("PATCH", f"{SESSIONS}/{mild}", "recorder", {"min_score_to_approve": 60}).status_code == 200
    assert ask("PATCH", f"{SESSIONS}/{mild}", "recorder", None).json["policy"] == {
        "allow_red_override": False,
        "min_score_to_approve": 70,
    }
