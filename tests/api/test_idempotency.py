"""`Idempotency-Key`: a request that is sent again, because its answer was lost, leaves one run."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest, ids
from rmos.checks.verify import verify_store
from rmos.errors.store import OutOfSpace
from rmos.http.routes import get_spec
from rmos.models import Actor
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.makers import add_event


def ids_in(client: FlaskClient) -> list[str]:
    """List what is there."""
    return [run["run_id"] for run in client.get(RUNS).json["items"]]


def test_the_same_key_and_body_give_the_stored_run_again(post: Post, client: FlaskClient) -> None:
    first, second = post(key="k1"), post(key="k1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert second.data == first.data
    assert ids_in(client) == [first.json["run_id"]]


def test_a_body_that_means_the_same_is_the_same_body(client: FlaskClient) -> None:
    body = make_body()
    turned = dict(reversed(body.items())) | {"design": {**body["design"], "feed_mm_min": 2600.0}}
    headers = {"Idempotency-Key": "k1"}
    first = client.post(RUNS, json=body, headers=headers)
    second = client.post(RUNS, data=json.dumps(turned, indent=2), headers=headers, content_type="application/json")
    assert (second.status_code, second.json["run_id"]) == (200, first.json["run_id"])


def test_the_same_key_with_another_body_is_refused(post: Post, client: FlaskClient) -> None:
    first = post(key="k1")
    response = post(key="k1", notes="another")
    assert response.status_code == 422
    assert response.json["error"] == "IDEMPOTENCY_KEY_REUSED"
    assert ids_in(client) == [first.json["run_id"]]


def test_what_was_stripped_from_a_body_is_still_part_of_it(post: Post) -> None:
    post(key="k1")
    assert post(key="k1", status="OK").status_code == 422


def test_the_key_and_the_digest_of_the_body_are_kept_with_the_run(post: Post, service_store: Store) -> None:
    run = json.loads(service_store.runs.record(post(key="k1").json["run_id"]).data)
    assert run["meta"]["idempotency"] == {"key": "k1", "request_sha256": digest.canonical_sha256(make_body())}


def test_a_key_belongs_to_its_caller(post: Post, service_store: Store) -> None:
    us = ids.now_us()
    service_store.claims.take_run_id("somebody else", "k1", "a" * 64, us)
    assert post(key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "tab\t"])
def test_a_key_that_cannot_be_one_is_refused(post: Post, client: FlaskClient, key: str) -> None:
    response = post(key=key)
    assert response.status_code == 400
    assert response.json["error"] == "BAD_HEADER"
    assert ids_in(client) == []


def test_the_longest_key_is_taken_and_never_becomes_a_name(post: Post) -> None:
    key = "../" + "~" * 252
    assert post(key=key).status_code == 201
    assert post(key=key).status_code == 200


def test_a_claim_whose_maker_died_is_taken_over_under_its_id(
    post: Post, client: FlaskClient, service_store: Store
) -> None:
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    run_id = service_store.claims.take_run_id("local", "k1", digest.canonical_sha256(make_body()), us)
    response = post(key="k1")
    assert (response.status_code, response.json["run_id"]) == (201, run_id)
    run = client.get(response.headers["Location"]).json
    assert run["created_at_utc"] == "2025-12-23T09:46:13.123456Z"
    assert post(key="k1").status_code == 200


def test_a_run_that_could_not_be_written_is_made_by_the_next_try(
    app: Flask, post: Post, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = app.extensions["rmos"].store

    def fail(members: object, **more: object) -> None:
        raise OutOfSpace("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(store.runs, "put", fail)
        assert post(key="k1").status_code == 507
    assert post(key="k1").status_code == 201
    assert len(ids_in(client)) == 1


def test_two_requests_at_once_with_one_key_make_one_run(app: Flask, client: FlaskClient) -> None:
    client.post(RUNS, json=make_body())
    for round_ in range(10):
        barrier = threading.Barrier(4)

        def send(_: int, key: str = f"round-{round_}", barrier: threading.Barrier = barrier) -> TestResponse:
            barrier.wait()
            try:
                return app.test_client().post(RUNS, json=make_body(), headers={"Idempotency-Key": key})
            finally:
                app.extensions["rmos"].store.index.close()

        with ThreadPoolExecutor(4) as pool:
            responses = list(pool.map(send, range(4)))
        assert sorted(response.status_code for response in responses) == [200, 200, 200, 201]
        assert len({response.json["run_id"] for response in responses}) == 1
    assert len(ids_in(client)) == 11


def test_an_unknown_engine_is_answered_the_same_again(post: Post, client: FlaskClient) -> None:
    responses = [post(key="k1", engine_id="nobody") for _ in range(2)]
    assert [response.status_code for response in responses] == [404, 404]
    told: list[dict[str, Any]] = [{**response.json, "request_id": None} for response in responses]
    assert told[0] == told[1]
    assert len(ids_in(client)) == 1


def test_a_replay_answers_also_when_the_run_was_deleted_since(post: Post, service_store: Store) -> None:
    first = post(key="k1")
    actor = Actor(name="anna", role="operator")
    add_event(
        service_store,
        first.json["run_id"],
        "delete",
        {"mode": "soft", "reason": "a mistake"},
        actor=actor,
        us=ids.now_us(),
    )
    assert post(key="k1").json == first.json


def test_a_replay_of_a_damaged_run_says_so(post: Post, app: Flask, service_store: Store) -> None:
    first = post(key="k1").json["run_id"]
    path = next(app.extensions["rmos"].settings.runs_dir.glob(f"*/{first}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"router", b"rooter"))
    response = post(key="k1")
    assert response.status_code == 500
    assert (response.json["error"], response.json["run_id"]) == ("RECORD_DAMAGED", first)


SESSIONS = "/api/workflow-sessions"
SESSION: dict[str, Any] = {"workflow_type": "rosette", "design": {"operation": "channel"}}
KEY = {"Idempotency-Key": "session-1"}


def session_ids_in(client: FlaskClient) -> list[str]:
    return [session["session_id"] for session in client.get(SESSIONS).json["items"]]


def test_trap_45_a_session_is_made_once_for_a_key_and_answered_as_it_stands_now(client: FlaskClient) -> None:
    first, second = (client.post(SESSIONS, json=SESSION, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert (second.data, second.headers["ETag"]) == (first.data, first.headers["ETag"])
    client.patch(first.headers["Location"], json={"user_id": "anna"})
    third = client.post(SESSIONS, json=SESSION, headers=KEY)
    assert (third.status_code, third.json["user_id"], third.headers["ETag"]) == (200, "anna", '"2"')
    client.delete(first.headers["Location"])
    fourth = client.post(SESSIONS, json=SESSION, headers=KEY)
    assert (fourth.status_code, fourth.json["status"]) == (200, "DELETED")
    assert session_ids_in(client) == []


def test_trap_45_a_key_of_a_session_takes_no_other_body_and_no_run(client: FlaskClient, post: Post) -> None:
    made = client.post(SESSIONS, json=SESSION, headers=KEY).json["session_id"]
    other = client.post(SESSIONS, json={**SESSION, "user_id": "ben"}, headers=KEY)
    assert (other.status_code, other.json["error"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert other.json["session_id"] == made
    assert post(key=KEY["Idempotency-Key"]).status_code == 422
    assert client.post(SESSIONS, json=SESSION, headers={"Idempotency-Key": " "}).json["error"] == "BAD_HEADER"
    assert session_ids_in(client) == [made]


def test_the_event_of_a_session_says_by_which_key_it_was_made(client: FlaskClient) -> None:
    made = client.post(SESSIONS, json=SESSION, headers=KEY)
    [event] = client.get(f"{made.headers['Location']}/events").json["events"]
    assert event["data"]["idempotency"] == {"key": "session-1", "request_sha256": digest.canonical_sha256(SESSION)}


def test_a_claim_without_its_session_is_taken_over_under_its_id(client: FlaskClient, service_store: Store) -> None:
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    claimed = service_store.claims.take_session_id(
        "local", KEY["Idempotency-Key"], digest.canonical_sha256(SESSION), us
    )
    response = client.post(SESSIONS, json=SESSION, headers=KEY)
    assert (response.status_code, response.json["session_id"]) == (201, claimed)
    assert response.json["created_at_utc"] == "2025-12-23T09:46:13.123456Z"
    assert verify_store(service_store).findings == []
    assert client.post(SESSIONS, json=SESSION, headers=KEY).status_code == 200


def test_a_session_that_could_not_be_written_is_made_by_the_next_try(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = app.extensions["rmos"].store.sessions

    def fail(*arguments: object, **more: object) -> None:
        raise OutOfSpace("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(sessions, "create", fail)
        assert client.post(SESSIONS, json=SESSION, headers=KEY).status_code == 507
    assert client.post(SESSIONS, json=SESSION, headers=KEY).status_code == 201
    assert len(session_ids_in(client)) == 1


def test_a_twin_that_is_faster_makes_the_session_of_both(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = app.extensions["rmos"].store.sessions
    create = sessions.create
    twin: list[TestResponse] = []

    def create_after_twin(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(sessions, "create", create)
        twin.append(app.test_client().post(SESSIONS, json=SESSION, headers=KEY))
        return create(*arguments, **more)

    monkeypatch.setattr(sessions, "create", create_after_twin)
    slower = client.post(SESSIONS, json=SESSION, headers=KEY)
    assert (twin[0].status_code, slower.status_code) == (201, 200)
    assert slower.data == twin[0].data
    assert len(session_ids_in(client)) == 1


def test_a_replay_of_a_damaged_session_says_so(app: Flask, client: FlaskClient) -> None:
    made = client.post(SESSIONS, json=SESSION, headers=KEY).json["session_id"]
    path = next(app.extensions["rmos"].settings.runs_dir.glob(f"_sessions/*/{made}.000001.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"rosette", b"rosotte"))
    response = client.post(SESSIONS, json=SESSION, headers=KEY)
    assert response.status_code == 500
    assert (response.json["error"], response.json["session_id"]) == ("RECORD_DAMAGED", made)


@pytest.mark.parametrize("app", ["admin"], indirect=True)
def test_trap_45_every_route_that_writes_heeds_the_key_or_refuses_it(app: Flask, client: FlaskClient) -> None:
    heeding, refusing, recording_nothing = set(), set(), set()
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PATCH"}):
            view = app.view_functions[rule.endpoint]
            spec = get_spec(view)
            if spec is None:
                continue
            if "Idempotency-Key" in spec.headers:
                heeding.add(rule.rule)
                continue
            url = rule.build(dict.fromkeys(rule.arguments, "x"))[1]  # type: ignore[index]
            response = client.open(url, method=method, headers=KEY, json={})
            if response.status_code == 403:
                continue  # in local mode nobody is an admin; with tokens this one is seen
            is_refused = response.is_json and response.json.get("error") == "BAD_HEADER"
            (refusing if is_refused else recording_nothing).add(rule.rule)
    outcomes, sessions = f"{RUNS}/<run_id>/outcomes", {SESSIONS, "/api/workflow/sessions"}
    assert heeding == {RUNS, "/api/rmos/rosettes", "/api/rmos/programs", *sessions, outcomes}
    assert recording_nothing == {"/api/rmos/feasibility", "/api/rmos/feasibility/suggest"}
    assert f"{SESSIONS}/<session_id>/actions/<action>" in refusing


def test_a_refused_key_says_what_to_send_instead(client: FlaskClient) -> None:
    made = client.post(SESSIONS, json=SESSION).headers["Location"]
    response = client.post(f"{made}/actions/set_design", json={"design": {}}, headers=KEY)
    assert (response.status_code, response.json["error"]) == (400, "BAD_HEADER")
    assert response.json["detail"] == (
        "Idempotency-Key is heeded where a run, a rosette, a program or a session is made and where an outcome is "
        "reported, not here; leave it out. "
        "Send the ETag as If-Match: when the first try was done, the second is refused."
    )
    assert client.get(made).json["version"] == 1
