"""`/api/workflow-sessions`: make, read, change, delete, restore; what two writers meet."""

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import digest, ids
from rmos.api.sessions import PREFIXES
from rmos.models import Session
from rmos.schemas.sessions import SessionFieldsSchema, SessionSchema
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.waiting import PATIENCE_S
from tests.makers import make_members

URL = PREFIXES["sessions"]
DESIGN, CONTEXT = make_body()["design"], make_body()["context"]


def make(client: FlaskClient, **fields: Any) -> str:
    """Make a session and return its id."""
    response = client.post(URL, json=fields)
    assert response.status_code == 201, response.text
    return str(response.json["session_id"])


def path_of(app: Flask, session_id: str, number: int) -> Path:
    folder = ids.partition_of(ids.moment_of_session(session_id) or 0)
    root: Path = app.extensions["rmos"].settings.runs_dir
    return root / "_sessions" / folder / f"{session_id}.{number:06d}.json"


@pytest.mark.parametrize("prefix", PREFIXES.values())
def test_a_session_is_made_with_every_field_optional_and_read_at_both_urls(client: FlaskClient, prefix: str) -> None:
    response = client.post(prefix, json={})
    assert response.status_code == 201
    session = response.json
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"{URL}/{session['session_id']}"
    assert session.keys() == set(Session.__struct_fields__) == SessionSchema().fields.keys()
    assert (session["status"], session["state"], session["version"]) == ("ACTIVE", "draft", 1)
    assert session["policy"] == {"allow_red_override": False, "min_score_to_approve": 70}
    for other in PREFIXES.values():
        read = client.get(f"{other}/{session['session_id']}")
        assert (read.status_code, read.json, read.headers["ETag"]) == (200, session, '"1"')
        listed = client.get(f"{other}?include_total=true").json
        assert listed == {"items": [session], "next_cursor": None, "total": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"status": "DELETED"}, "status"),
        ({"state": "approved"}, "state"),
        ({"session_id": "ws_x"}, "session_id"),
        ({"design_sha256": "0" * 64}, "design_sha256"),
        ({"design": []}, "design"),
        ({"workflow_mode": "backwards"}, "workflow_mode"),
        ({"policy": {"min_score_to_approve": 101}}, "policy.min_score_to_approve"),
        ({"policy": {"allow_red_override": "true"}}, "policy.allow_red_override"),
        ({"policy": {"allow_red_override": 0}}, "policy.allow_red_override"),
        ({"policy": {"min_score_to_approve": "80"}}, "policy.min_score_to_approve"),
        ({"policy": {"min_score_to_approve": True}}, "policy.min_score_to_approve"),
        ({"policy": {"may": True}}, "policy.may"),
        ({"state_data": {str(number): 1 for number in range(51)}}, "state_data"),
        ({"user_id": ""}, "user_id"),
    ],
)
def test_what_is_not_a_free_field_is_refused_by_name(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    session_id = make(client)
    for response in (client.post(URL, json=body), client.patch(f"{URL}/{session_id}", json=body)):
        assert response.status_code == 422
        assert list(response.json["errors"]) == [field]


@pytest.mark.parametrize("order", [("design", "context"), ("context", "design")])
def test_trap_22_design_and_context_may_come_in_either_order(client: FlaskClient, order: tuple[str, str]) -> None:
    values = {"design": DESIGN, "context": CONTEXT}
    session_id = make(client)
    first = client.patch(f"{URL}/{session_id}", json={order[0]: values[order[0]]}).json
    assert first["state"] == "draft"
    assert order[1] in first["next_step"]
    second = client.patch(f"{URL}/{session_id}", json={order[1]: values[order[1]]}).json
    assert (second["state"], second["design"], second["context"]) == ("context_ready", DESIGN, CONTEXT)
    assert make_digests(client, session_id) == (second["design_sha256"], second["context_sha256"])
    third = client.patch(f"{URL}/{session_id}", json={"design": dict.fromkeys(DESIGN)}).json
    assert (third["state"], third["design"], third["design_sha256"]) == ("draft", {}, None)


def make_digests(client: FlaskClient, session_id: str) -> tuple[str, str]:
    """Return the digests that a run of the same design and context has."""
    body = make_body(workflow_session_id=session_id, design=DESIGN, context=CONTEXT)
    run = client.get(f"{RUNS}/{client.post(RUNS, json=body).json['run_id']}").json
    context = run["inputs"]["context"]
    assert run["inputs"]["design"] == DESIGN
    assert digest.canonical_sha256(context) == run["hashes"]["context_sha256"]
    return run["hashes"]["design_sha256"], digest.canonical_sha256(CONTEXT)


def test_a_change_is_merged_member_by_member_and_null_takes_away(client: FlaskClient) -> None:
    session_id = make(
        client, user_id="anna", state_data={"a": {"b": 1, "c": 2}, "d": [1]}, policy={"allow_red_override": True}
    )
    response = client.patch(
        f"{URL}/{session_id}",
        json={
            "user_id": None,
            "state_data": {"a": {"b": None, "e": 3}, "d": [2]},
            "policy": {"min_score_to_approve": 80},
        },
    )
    assert response.status_code == 200
    assert response.json["user_id"] is None
    assert response.json["state_data"] == {"a": {"c": 2, "e": 3}, "d": [2]}
    assert response.json["policy"] == {"allow_red_override": True, "min_score_to_approve": 80}
    emptied = client.patch(f"{URL}/{session_id}", json={"policy": None, "state_data": None, "workflow_mode": None}).json
    assert emptied["policy"] == {"allow_red_override": False, "min_score_to_approve": 70}
    assert (emptied["state_data"], emptied["workflow_mode"], emptied["version"]) == ({}, "design_first", 3)


def test_if_match_lets_only_who_has_seen_the_last_version_write(client: FlaskClient) -> None:
    url = f"{URL}/{make(client)}"
    assert client.patch(url, json={"user_id": "a"}, headers={"If-Match": '"1"'}).headers["ETag"] == '"2"'
    for verb, tag in (("patch", '"1"'), ("patch", "1"), ("patch", 'W/"2"'), ("delete", '"3"'), ("post", '"1"')):
        target = f"{url}/restore" if verb == "post" else url
        response = getattr(client, verb)(
            target, json={"user_id": "b"} if verb == "patch" else None, headers={"If-Match": tag}
        )
        assert (response.status_code, response.json["error"], response.json["version"]) == (
            412,
            "PRECONDITION_FAILED",
            2,
        )
    assert client.get(url).json["user_id"] == "a"
    assert client.patch(url, json={"user_id": "c"}, headers={"If-Match": '"7", "2"'}).json["version"] == 3
    assert client.patch(url, json={"user_id": "d"}, headers={"If-Match": "*"}).json["version"] == 4
    assert client.get(url, headers={"If-None-Match": '"4"'}).status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"user_id": "a"}),
        ("POST", "/actions/set_design", {"design": {"operation": "channel"}}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
    ],
)
def test_if_match_costs_a_read_of_the_session_only_where_it_is_sent(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    sessions = app.extensions["rmos"].store.sessions
    read_record, reads = sessions.record, []
    monkeypatch.setattr(
        sessions, "record", lambda *arguments, **more: reads.append(1) or read_record(*arguments, **more)
    )
    counts = []
    for headers in ({}, {"If-Match": "*"}):
        url = f"{URL}/{make(client)}"
        reads.clear()
        assert client.open(f"{url}{path}", method=method, json=body, headers=headers).status_code == 200
        counts.append(len(reads))
    assert counts[1] == counts[0] + 1


def test_of_two_who_write_at_once_one_is_refused_and_nothing_is_lost(app: Flask, client: FlaskClient) -> None:
    url = f"{URL}/{make(client)}"
    outcomes: list[int] = []
    barrier = threading.Barrier(6)

    def write(number: int) -> None:
        own = app.test_client()
        barrier.wait(PATIENCE_S)
        body = {"state_data": {str(number): number}}
        outcomes.append(own.patch(url, json=body, headers={"If-Match": '"1"'}).status_code)
        app.extensions["rmos"].store.index.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200] + [412] * 5
    session = client.get(url).json
    assert session["version"] == 2
    assert len(session["state_data"]) == 1


def test_a_session_with_runs_is_deleted_only_by_force(client: FlaskClient, post: Post) -> None:
    session_id = make(client)
    for _ in range(3):
        post(workflow_session_id=session_id)
    refused = client.delete(f"{URL}/{session_id}")
    assert refused.status_code == 409
    assert (refused.json["error"], refused.json["linked_runs"]) == ("SESSION_HAS_RUNS", 3)
    assert client.get(f"{URL}/{session_id}").json["status"] == "ACTIVE"
    deleted = client.delete(f"{URL}/{session_id}?force=true&reason=gone")
    assert deleted.status_code == 200
    assert deleted.json == {"session_id": session_id, "status": "DELETED", "cascade": False, "version": 2}
    event = client.get(f"{URL}/{session_id}/events").json["events"][-1]
    assert (event["kind"], event["data"]["reason"], event["data"]["cascade"]) == ("delete", "gone", False)
    free = make(client)
    assert client.delete(f"{URL}/{free}").status_code == 200


def test_a_record_is_not_erased_it_is_still_read_and_restored(client: FlaskClient) -> None:
    session_id = make(client, user_id="anna", design=DESIGN, context=CONTEXT)
    client.delete(f"{URL}/{session_id}")
    session = client.get(f"{URL}/{session_id}").json
    assert (session["status"], session["next_step"], session["user_id"]) == ("DELETED", None, "anna")
    assert client.patch(f"{URL}/{session_id}", json={"user_id": "b"}).json["error"] == "SESSION_DELETED"
    restored = client.post(f"{URL}/{session_id}/restore")
    assert (restored.status_code, restored.json["status"]) == (200, "ACTIVE")
    assert restored.json["next_step"] == "Request the feasibility."
    assert client.post(f"{URL}/{session_id}/restore").json == restored.json
    assert [event["kind"] for event in client.get(f"{URL}/{session_id}/events").json["events"]] == [
        "create",
        "delete",
        "restore",
    ]


def test_trap_16_cascade_is_felt_by_the_runs_and_undone_by_a_restore(client: FlaskClient, post: Post) -> None:
    session_id = make(client)
    run_id, other = (post(workflow_session_id=one).json["run_id"] for one in (session_id, None))
    url = f"{RUNS}/{run_id}"
    before = client.get(url)
    assert before.json["session_deleted"] is False
    assert client.delete(f"{URL}/{session_id}?force=true&cascade=true").json["cascade"] is True
    after = client.get(url, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json["session_deleted"], after.json["deleted"]) == (200, True, False)
    assert client.get(f"{RUNS}/{other}").json["session_deleted"] is False
    assert run_id in [run["run_id"] for run in client.get(RUNS).json["items"]]
    assert client.get(f"{URL}/{session_id}/runs").json["count"] == 1
    assert client.get(URL).json["items"] == []
    assert [item["session_id"] for item in client.get(f"{URL}?status=DELETED").json["items"]] == [session_id]
    client.post(f"{URL}/{session_id}/restore")
    again = client.get(url)
    assert (again.json, again.headers["ETag"]) == (before.json, before.headers["ETag"])


def test_a_run_posted_to_a_deleted_session_is_refused_and_not_recorded(client: FlaskClient, post: Post) -> None:
    session_id = make(client)
    client.delete(f"{URL}/{session_id}")
    response = post(workflow_session_id=session_id)
    assert (response.status_code, response.json["error"]) == (409, "SESSION_DELETED")
    assert response.json["workflow_session_id"] == session_id
    assert client.get(RUNS).json["items"] == []
    client.post(f"{URL}/{session_id}/restore")
    assert post(workflow_session_id=session_id).status_code == 201


def test_a_damaged_session_is_never_absent(app: Flask, client: FlaskClient, post: Post) -> None:
    session_id = make(client)
    run_id = post(workflow_session_id=session_id).json["run_id"]
    path = path_of(app, session_id, 1)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data.replace(b"ACTIVE", b"ACTIVF"))
    app.extensions["rmos"].store.reconcile(full=True)
    url = f"{URL}/{session_id}"
    asked = [client.get(url), client.get(f"{url}/events"), client.patch(url, json={}), client.delete(f"{url}?force=1")]
    asked += [client.post(f"{url}/restore"), post(workflow_session_id=session_id)]
    for response in asked:
        assert (response.status_code, response.json["error"]) == (500, "RECORD_DAMAGED")
    assert client.get(f"{RUNS}/{run_id}").json["session_deleted"] is None
    [item] = client.get(URL).json["items"]
    assert (item["session_id"], item["status"]) == (session_id, None)
    assert client.get(f"{url}/runs").json["count"] == 1


@pytest.mark.parametrize("bad", ["ws_" + "0" * 32, "ws_361afb660060", "run_361afb660060", "..", "ws_%00", "x" * 300])
def test_a_session_that_never_was_is_not_found(client: FlaskClient, bad: str) -> None:
    for suffix in ("", "/events", "/runs", "/runs?view=summary", "/advisory-summary"):
        response = client.get(f"{URL}/{bad}{suffix}")
        assert response.status_code == 404
    assert client.patch(f"{URL}/{bad}", json={}).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=GONE", "status"),
        ("state=x", "state"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("since_utc=yesterday", "since_utc"),
        ("colour=red", "colour"),
        ("cursor=a&offset=1", "offset"),
        ("user_id=a&user_id=b", "user_id"),
    ],
)
def test_a_list_takes_what_it_knows_and_nothing_else(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_a_list_is_filtered_and_walked_by_cursor_or_link(client: FlaskClient) -> None:
    made = [make(client, user_id="ab"[number % 2], workflow_type="t") for number in range(7)]
    moment = client.get(f"{URL}/{made[3]}").json["created_at_utc"]
    assert listed(client, "user_id=a") == [made[number] for number in (6, 4, 2, 0)]
    assert listed(client, f"since_utc={moment}") == made[:2:-1]
    assert listed(client, f"until_utc={moment}&workflow_type=t") == made[2::-1]
    assert listed(client, "state=draft&status=ACTIVE") == made[::-1]
    assert listed(client, "state=approved") == []
    walked, url = [], f"{URL}?limit=3"
    while url:
        response = client.get(url)
        walked += [item["session_id"] for item in response.json["items"]]
        url = response.headers.get("Link", "").partition(">")[0][1:]
    assert walked == made[::-1]
    assert response.json["next_cursor"] is None
    assert client.get(f"{URL}?cursor=abc").json["error"] == "BAD_CURSOR"


def listed(client: FlaskClient, query: str) -> list[str]:
    page = client.get(f"{URL}?include_total=true&{query}").json
    assert page["total"] == len(page["items"])
    return [item["session_id"] for item in page["items"]]


def test_a_session_of_the_earlier_system_is_known_by_its_runs(client: FlaskClient, service_store: Store) -> None:
    client.get(RUNS)
    service_store.runs.put(make_members(workflow_session_id="ws_361afb660060"))
    assert client.get(f"{URL}/ws_361afb660060/runs").json["count"] == 1
    assert client.get(f"{URL}/ws_361afb660060/runs?status=ERROR").json["count"] == 0
    assert client.get(f"{URL}/ws_361afb660060/advisory-summary").json["total_runs"] == 1
    assert client.get(f"{URL}/ws_361afb660060").status_code == 404


def test_the_free_fields_of_the_schema_are_fields_of_a_session() -> None:
    assert SessionFieldsSchema().fields.keys() < set(Session.__struct_fields__)
