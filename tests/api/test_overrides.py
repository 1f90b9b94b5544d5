"""`POST …/override` and `GET …/replay`: who answers for a decision, and whether it can be computed again."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import create_app, ids
from rmos.config import Settings
from rmos.row_models import OVERRIDE_STATES
from rmos.store import Store
from rmos.workflow import NEXT_AFTER_OVERRIDE
from tests.api.conftest import RUNS, Post, make_body
from tests.makers import BEARER, make_earlier_artifact, make_members, write_raw, write_token

DESIGN = make_body()["design"]
LOW = {**DESIGN, "plunge_feed_mm_min": 2200}
THIN = {**DESIGN, "floor_thickness_mm": 0.7}
ASKED: dict[str, Any] = {"scope": "YELLOW", "reason": "Scrap wood, tried before.", "acknowledge_risk": True}
ClientOf = Callable[[str, str], FlaskClient]
SESSIONS = "/api/workflow-sessions"
LATER = "2999-01-01T00:00:00Z"


def ask(client: FlaskClient, run_id: str, **over: Any) -> TestResponse:
    body = {name: value for name, value in (ASKED | over).items() if value is not None}
    return client.post(f"{RUNS}/{run_id}/override", json=body)


def made(post: Post, design: dict[str, Any]) -> str:
    return str(post(design=design).json["run_id"])


def shown(client: FlaskClient, run_id: str) -> dict[str, Any] | None:
    items = client.get(f"{RUNS}?limit=500").json["items"]
    return next(item for item in items if item["run_id"] == run_id).get("override")


def test_a_yellow_override_is_in_force_at_once_and_never_alters_the_decision(client: FlaskClient, post: Post) -> None:
    run_id = made(post, LOW)
    before = client.get(f"{RUNS}/{run_id}").json
    bytes_before = client.get(f"{RUNS}/{run_id}/download").data
    assert shown(client, run_id) is None
    response = ask(client, run_id, expires_at_utc=LATER)
    assert (response.status_code, response.json["status"], response.json["version"]) == (201, "in_force", 1)
    after = client.get(f"{RUNS}/{run_id}").json
    (entry,) = after["overrides"]
    assert entry == response.json["override"]
    assert (entry["scope"], entry["by"], entry["reason"], entry["risk_level"], entry["expires_at_utc"]) == (
        *("YELLOW", "local", ASKED["reason"], "YELLOW"),
        "2999-01-01T00:00:00.000000Z",
    )
    assert (after["decision"], after["status"], after["hashes"]) == (
        before["decision"],
        before["status"],
        before["hashes"],
    )
    assert client.get(f"{RUNS}/{run_id}/download").data == bytes_before
    (event,) = client.get(f"{RUNS}/{run_id}/events").json["events"]
    assert (event["kind"], event["actor"], event["role"]) == ("override", "local", "operator")
    assert shown(client, run_id) == {
        "scope": "YELLOW",
        "by": "local",
        "expires_at_utc": "2999-01-01T00:00:00.000000Z",
        "effective": True,
    }
    again = ask(client, run_id)
    assert (again.status_code, again.json["error"]) == (409, "ALREADY_OVERRIDDEN")


@pytest.mark.parametrize(
    ("over", "status", "error"),
    [
        ({"acknowledge_risk": None}, 422, "ACKNOWLEDGMENT_REQUIRED"),
        ({"acknowledge_risk": False}, 422, "ACKNOWLEDGMENT_REQUIRED"),
        ({"acknowledge_risk": 1}, 422, "VALIDATION_FAILED"),
        ({"scope": "GREEN"}, 422, "VALIDATION_FAILED"),
        ({"reason": "too short"}, 422, "VALIDATION_FAILED"),
        ({"reason": " " * 20}, 422, "VALIDATION_FAILED"),
        ({"reason": "x" * 2001}, 422, "VALIDATION_FAILED"),
        ({"expires_at_utc": "2020-01-01T00:00:00Z"}, 422, "VALIDATION_FAILED"),
        ({"expires_at_utc": "tomorrow"}, 422, "VALIDATION_FAILED"),
        ({"decision": "GREEN"}, 422, "VALIDATION_FAILED"),
        ({"scope": "RED"}, 409, "NOT_BLOCKED"),
    ],
)
def test_an_override_that_nobody_answers_for_or_that_says_nothing_is_refused(
    client: FlaskClient, post: Post, over: dict[str, Any], status: int, error: str
) -> None:
    run_id = made(post, LOW)
    response = ask(client, run_id, **over)
    assert (response.status_code, response.json["error"]) == (status, error)
    assert client.get(f"{RUNS}/{run_id}").json["overrides"] == []


def test_green_and_a_failed_engine_have_nothing_to_override(client: FlaskClient, post: Post) -> None:
    failed = post(engine_id="nobody").json["run_id"]
    for run_id in (made(post, DESIGN), failed):
        for scope in ("YELLOW", "RED"):
            assert ask(client, run_id, scope=scope).json["error"] == "NOT_BLOCKED"


def test_red_is_not_overridden_where_the_setting_is_off(client: FlaskClient, post: Post) -> None:
    run_id = made(post, THIN)
    for scope in ("YELLOW", "RED"):
        response = ask(client, run_id, scope=scope)
        assert (response.status_code, response.json["error"]) == (403, "RED_OVERRIDE_DISABLED")


class TestTwoPeople:
    """RED, where the setting allows it: callers are told apart by their tokens."""

    @pytest.fixture
    def client_of(self, settings: Settings) -> Iterator[ClientOf]:
        """Give a function that returns a client of a caller: the one token is made over, as only a test would."""
        apps: list[Flask] = []

        def client_of(name: str, role: str) -> FlaskClient:
            write_token(settings.runs_dir, name=name, role=role)
            apps.append(create_app(msgspec.structs.replace(settings, allow_red_override=True)))
            client = apps[-1].test_client()
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {BEARER}"
            return client

        yield client_of
        for app in apps:
            app.extensions["rmos"].close()

    def test_a_session_whose_finding_is_overridden_says_what_is_next_and_comes_whole(self, client_of: ClientOf) -> None:
        anna = client_of("anna", "operator")
        fields = {"design": THIN, "context": make_body()["context"], "policy": {"allow_red_override": True}}
        url = f"{SESSIONS}/{anna.post(SESSIONS, json=fields).json['session_id']}"
        acted = anna.post(f"{url}/actions/request_feasibility", json={"mode": "router", "tool_id": "em-3175-2f"}).json
        seen = anna.get(url)
        assert (seen.json["state"], seen.json["next_step"]) == ("rejected", acted["next_step"])
        ask(anna, acted["run_id"], scope="RED")
        boss = client_of("boss", "admin")
        assert ask(boss, acted["run_id"], scope="RED").json["status"] == "in_force"
        # The session's version is the same: whoever has that version is not told that nothing is new.
        again = boss.get(url, headers={"If-None-Match": seen.headers["ETag"]})
        assert (again.status_code, again.json["next_step"]) == (200, NEXT_AFTER_OVERRIDE)
        assert again.json | {"next_step": None} == seen.json | {"next_step": None}
        assert boss.get(url, headers={"If-Match": '"99"'}).status_code == 412
        done = boss.post(f"{url}/actions/request_feasibility", json={"mode": "router", "tool_id": "em-3175-2f"})
        assert done.json["state"] == "feasibility_ready"
        assert boss.get(url).json["next_step"] == done.json["next_step"] != NEXT_AFTER_OVERRIDE

    @pytest.mark.parametrize("first_scope", ["YELLOW", "RED"])
    def test_red_takes_an_earlier_request_of_somebody_else_and_an_admin(
        self, client_of: ClientOf, first_scope: str
    ) -> None:
        anna = client_of("anna", "operator")
        run_id = anna.post(RUNS, json=make_body(design=THIN)).json["run_id"]
        first = ask(anna, run_id, scope=first_scope)
        assert (first.status_code, first.json["status"]) == (201, "requested")
        assert ask(anna, run_id, scope=first_scope).json["error"] == "ALREADY_OVERRIDDEN"
        admin_anna = client_of("anna", "admin")
        assert ask(admin_anna, run_id, scope="RED").json["status"] != "in_force"
        jonas = client_of("jonas", "operator")
        assert ask(jonas, run_id, scope="RED").json["status"] == "requested"
        item = jonas.get(f"{RUNS}?limit=1").json["items"][0]
        assert item["override"]["effective"] is False
        boss = client_of("boss", "admin")
        last = ask(boss, run_id, scope="RED")
        assert (last.json["status"], last.json["override"]["agrees_with"]) == ("in_force", "anna")
        assert ask(boss, run_id, scope="RED").json["error"] == "ALREADY_OVERRIDDEN"
        run = boss.get(f"{RUNS}/{run_id}").json
        assert (run["status"], run["decision"]["risk_level"]) == ("BLOCKED", "RED")
        assert boss.get(f"{RUNS}?limit=1").json["items"][0]["override"] == {
            "scope": "RED",
            "by": "boss",
            "expires_at_utc": None,
            "effective": True,
        }

    def test_lists_know_how_an_override_stands_now_and_what_is_over_takes_two_people_again(
        self, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = itertools.count(ids.parse_utc("2026-01-31T10:00:00Z"), 1000)
        monkeypatch.setattr(ids, "now_us", lambda: next(clock))
        anna = client_of("anna", "operator")
        run_id = anna.post(RUNS, json=make_body(design=THIN)).json["run_id"]

        def states() -> list[str]:
            """Return the states by which the run is found."""
            found = {state: anna.get(f"{RUNS}?override={state}").json["items"] for state in OVERRIDE_STATES}
            return [state for state, items in found.items() if [item["run_id"] for item in items] == [run_id]]

        assert states() == ["none"]
        assert ask(anna, run_id, scope="RED").json["status"] == "requested"
        assert states() == ["asked"]
        boss = client_of("boss", "admin")
        assert ask(boss, run_id, scope="RED", expires_at_utc="2026-01-31T12:00:00Z").json["status"] == "in_force"
        assert states() == ["granted"]
        assert anna.get(f"{RUNS}?override=GRANTED&include_total=true").json["total"] == 1
        clock = itertools.count(ids.parse_utc("2026-01-31T12:00:00Z"), 1000)
        assert states() == ["expired"]
        # What anna asked for was answered: nobody puts it in force alone for another time.
        assert ask(boss, run_id, scope="RED").json["status"] == "requested"
        assert states() == ["asked"]
        assert ask(anna, run_id, scope="RED").json["status"] == "requested"
        last = ask(boss, run_id, scope="RED").json
        assert (last["status"], last["override"]["agrees_with"]) == ("in_force", "anna")
        assert states() == ["granted"]
        assert anna.get(f"{RUNS}?override=maybe").status_code == 422

    def test_an_admin_alone_only_asks_and_unknown_counts_as_red(self, client_of: ClientOf) -> None:
        boss = client_of("boss", "admin")
        blank = make_body(design={"operation": "channel"}, context={}, tool_id="unheard-of")
        run_id = boss.post(RUNS, json=blank).json["run_id"]
        assert ask(boss, run_id, scope="RED").json["status"] == "requested"
        assert ask(boss, run_id, scope="RED").json["error"] == "ALREADY_OVERRIDDEN"

    def test_an_override_takes_an_operator(self, client_of: ClientOf) -> None:
        cam = client_of("cam", "recorder")
        run_id = cam.post(RUNS, json=make_body(design=LOW)).json["run_id"]
        response = ask(cam, run_id)
        assert (response.status_code, response.json["role_needed"]) == (403, "operator")


def test_a_run_that_is_not_there_or_deleted_is_not_overridden(client: FlaskClient, post: Post) -> None:
    run_id = made(post, LOW)
    client.delete(f"{RUNS}/{run_id}?reason=posted+twice")
    assert ask(client, run_id).status_code == 410
    assert ask(client, f"run_{'0' * 32}").status_code == 404


@pytest.mark.parametrize("engine_id", ["baseline_v1", "baseline_v2"])
@pytest.mark.parametrize("design", [DESIGN, LOW, THIN, {"operation": "channel", "feed_mm_min": "fast"}])
def test_a_replay_gives_the_digest_that_was_recorded(
    client: FlaskClient, post: Post, design: dict[str, Any], engine_id: str
) -> None:
    run = post(design=design, machine_id="light_desktop", engine_id=engine_id).json
    response = client.get(f"{RUNS}/{run['run_id']}/replay")
    assert response.status_code == 200
    assert response.json == {
        "run_id": run["run_id"],
        "reproduced": True,
        "feasibility_sha256_recorded": run["feasibility_sha256"],
        "feasibility_sha256_now": run["feasibility_sha256"],
        "changed_paths": [],
        "engine_id": engine_id,
        "engine_version_recorded": "1.0.0",
        "engine_version_now": "1.0.0",
        "note": None,
    }


def recorded_by(store: Store, **over: Any) -> str:
    """Record a run whose feasibility says what another installation would have said."""
    feasibility = {"engine_id": "baseline_v1", "engine_version": "1.0.0", "status": "GREEN", **over}
    design, context = make_body()["design"], make_body()["context"]
    members = make_members(design=design, context=context, feasibility=feasibility)
    return store.runs.put(members).view.artifact.run_id


@pytest.mark.parametrize(
    ("over", "note", "computed"),
    [
        ({"engine_version": "0.9.0"}, "baseline_v1 0.9.0, and 1.0.0 is installed", True),
        ({"engine_id": "gentle", "engine_version": "2.0.0"}, "gentle is not installed", False),
        ({"data_sha256": "0" * 64}, "tables say something else", True),
        ({"engine_id": None}, "does not hold what it was evaluated by", False),
        ({"engine_id": 5}, "does not hold what it was evaluated by", False),
    ],
)
def test_a_replay_that_is_none_says_why(
    client: FlaskClient, service_store: Store, over: dict[str, Any], note: str, computed: bool
) -> None:
    replayed = client.get(f"{RUNS}/{recorded_by(service_store, **over)}/replay").json
    assert replayed["reproduced"] is False
    assert note in replayed["note"]
    assert (replayed["feasibility_sha256_now"] is not None) is computed
    assert bool(replayed["changed_paths"]) is computed
    assert all(path.startswith("feasibility.") for path in replayed["changed_paths"])


def test_a_record_of_the_earlier_system_cannot_be_replayed_and_says_so(client: FlaskClient, settings: Settings) -> None:
    client.get("/readyz")
    run_id = "run_361afb660060"
    write_raw(settings.runs_dir / "2025-12-23" / f"{run_id}.json", make_earlier_artifact())
    replayed = client.get(f"{RUNS}/{run_id}/replay").json
    assert (replayed["reproduced"], replayed["feasibility_sha256_now"]) == (False, None)
    assert "cannot be replayed" in replayed["note"]


def test_a_replay_of_a_damaged_run_is_refused(client: FlaskClient, post: Post, settings: Settings) -> None:
    run_id = made(post, DESIGN)
    path = next(Path(settings.runs_dir).glob(f"*/{run_id}.json"))
    data = path.read_bytes().replace(b'"feed_mm_min":2600', b'"feed_mm_min":2601')
    write_raw(path, data)
    assert client.get(f"{RUNS}/{run_id}/replay").json["error"] == "RECORD_DAMAGED"
