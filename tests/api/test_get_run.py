"""`GET /api/rmos/runs/{id}`, `/download`, `/events`: one run, by its id, with or without the index."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import digest, ids
from rmos.models import Actor
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.runs import damage_artifact, find_artifact
from tests.makers import add_event, make_event, make_members

ANNA = Actor(name="anna", role="operator", request_id="req_anna")
FOLDED = (
    "advisory_inputs",
    "attachments",
    "explanation_status",
    "explanation_summary",
    "overrides",
    "outcomes",
    "deleted",
    "version",
)


def test_a_run_is_its_artifact_with_nothing_folded_in_yet(app: Flask, client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    response = client.get(f"{RUNS}/{run_id}")
    artifact = json.loads(find_artifact(app, run_id).read_bytes())
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    folded = {"advisory_inputs": [], "overrides": [], "outcomes": [], "deleted": False, "session_deleted": False}
    folded["version"] = 0
    assert response.json == artifact | folded
    assert response.headers["ETag"] == f'"{artifact["_sha256"]}.0"'
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_the_bytes_of_what_has_a_digest_are_those_of_the_record(client: FlaskClient, post: Post, app: Flask) -> None:
    run_id = post(design={"b": 1e-7, "a": 1e21, "é": "\u2028"}).json["run_id"]
    record = find_artifact(app, run_id).read_bytes()
    body = client.get(f"{RUNS}/{run_id}").data
    for member in (b'"inputs":', b'"feasibility":', b'"hashes":'):
        start = record.index(member)
        assert record[start : start + 60] in body


def test_events_are_folded_in_and_change_the_etag(client: FlaskClient, post: Post, service_store: Store) -> None:
    run_id = post(notes="kept").json["run_id"]
    before = client.get(f"{RUNS}/{run_id}")
    us = ids.now_us()
    for kind, data in (
        ("advisory", {"advisory_id": "a" * 64, "kind": "note"}),
        ("explanation", {"status": "READY", "summary": "because"}),
        ("attachment", {"sha256": "b" * 64, "kind": "drawing"}),
        ("override", {"scope": "YELLOW", "reason": "a test piece"}),
    ):
        add_event(service_store, run_id, kind, data, actor=ANNA, us=us)
    response = client.get(f"{RUNS}/{run_id}", headers={"If-None-Match": before.headers["ETag"]})
    assert response.status_code == 200
    run = response.json
    assert [advisory["advisory_id"] for advisory in run["advisory_inputs"]] == ["a" * 64]
    assert [attachment["sha256"] for attachment in run["attachments"]] == ["b" * 64]
    assert (run["explanation_status"], run["explanation_summary"]) == ("READY", "because")
    assert run["overrides"][0]["by"] == "anna"
    assert (run["version"], run["deleted"], run["notes"]) == (4, False, "kept")
    assert response.headers["ETag"] == before.headers["ETag"].replace(".0", ".4")
    unchanged = {name: value for name, value in before.json.items() if name not in FOLDED}
    assert {name: value for name, value in run.items() if name not in FOLDED} == unchanged


@pytest.mark.parametrize("header", ["{etag}", "W/{etag}", '"x", {etag}', "*"])
def test_a_client_that_has_it_is_told_so(client: FlaskClient, post: Post, header: str) -> None:
    run_id = post().json["run_id"]
    etag = client.get(f"{RUNS}/{run_id}").headers["ETag"]
    response = client.get(f"{RUNS}/{run_id}", headers={"If-None-Match": header.format(etag=etag)})
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "X-Request-Id" in response.headers


def test_a_run_is_found_without_the_index(app: Flask, client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").write_bytes(b"junk")
    for suffix in ("", "/download", "/events"):
        assert client.get(f"{RUNS}/{run_id}{suffix}").status_code == 200


def test_a_deleted_run_is_gone_and_says_who_when_and_why(client: FlaskClient, post: Post, service_store: Store) -> None:
    run_id = post().json["run_id"]
    us = ids.now_us()
    add_event(service_store, run_id, "delete", {"mode": "soft", "reason": "a test"}, actor=ANNA, us=us)
    for suffix in ("", "/download", "/events"):
        response = client.get(f"{RUNS}/{run_id}{suffix}")
        assert response.status_code == 410
        assert response.json["error"] == "RUN_DELETED"
        assert (response.json["run_id"], response.json["deleted_by"]) == (run_id, "anna")
        assert (response.json["reason"], response.json["deleted_at_utc"]) == ("a test", ids.utc_text(us))
    add_event(service_store, run_id, "restore", {}, actor=ANNA, us=us)
    assert client.get(f"{RUNS}/{run_id}").json["deleted"] is False


# Ids in URLs


@pytest.mark.parametrize(
    "run_id",
    [
        "run_1",
        "run_" + "0" * 33,
        "run_" + "G" * 32,
        "RUN_" + "0" * 32,
        "run_" + "0" * 32 + "%0a",
        "run_" + "0" * 32 + ".000001",
        "run_" + "0" * 32 + ".json",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cetc",
        "%2Fetc%2Fpasswd",
        "*",
        "run_%00",
        "%ff%fe",
        "x" * 5000,
        "_format.json",
        "run_" + "0" * 32,
        "0" * 32,
    ],
)
def test_an_id_in_a_url_never_becomes_another_path(client: FlaskClient, post: Post, run_id: str) -> None:
    post()
    for suffix in ("", "/download", "/events"):
        response = client.get(f"{RUNS}/{run_id}{suffix}")
        assert response.status_code == 404
        assert response.json["error"] in ("RUN_NOT_FOUND", "NOT_FOUND")
        assert "root:" not in response.text


def test_a_damaged_record_is_never_served_and_never_not_found(app: Flask, client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    damage_artifact(find_artifact(app, run_id))
    for suffix in ("", "/download", "/events"):
        response = client.get(f"{RUNS}/{run_id}{suffix}")
        assert response.status_code == 500
        assert (response.json["error"], response.json["run_id"]) == ("RECORD_DAMAGED", run_id)
        assert "rooter" not in response.text


def test_damage_that_only_the_fold_finds_names_the_run_too(client: FlaskClient, service_store: Store) -> None:
    members = make_members(ids.now_us())
    members["hashes"]["design_sha256"] = "0" * 64
    run_id, data = members["run_id"], digest.encode_record(members)
    partition = ids.partition_of(ids.moment_of(run_id) or 0)
    service_store.objects.create(f"{partition}/{run_id}.json", data)
    event = make_event(run_id, 1, digest.sha256_hex(data))
    service_store.objects.create(f"{partition}/{run_id}.000001.json", event)
    response = client.get(f"{RUNS}/{run_id}")
    assert response.status_code == 500
    assert (response.json["error"], response.json["run_id"]) == ("RECORD_DAMAGED", run_id)


def test_a_record_that_is_gone_is_damage_and_not_a_run_that_never_was(
    app: Flask, client: FlaskClient, post: Post
) -> None:
    run_id = post().json["run_id"]
    find_artifact(app, run_id).unlink()
    response = client.get(f"{RUNS}/{run_id}")
    assert (response.status_code, response.json["error"]) == (500, "RECORD_DAMAGED")


# Download


def test_the_download_is_the_artifacts_exact_bytes(app: Flask, client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    data = find_artifact(app, run_id).read_bytes()
    response = client.get(f"{RUNS}/{run_id}/download")
    assert (response.status_code, response.data) == (200, data)
    assert response.headers["ETag"] == f'"{digest.sha256_hex(data)}"'
    assert response.headers["Content-Disposition"] == f'attachment; filename="{run_id}.json"'
    assert response.headers["Content-Length"] == str(len(data))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_download_stays_the_same_when_the_run_has_events(
    client: FlaskClient, post: Post, service_store: Store
) -> None:
    run_id = post().json["run_id"]
    before = client.get(f"{RUNS}/{run_id}/download")
    add_event(service_store, run_id, "advisory", {"advisory_id": "a"}, actor=ANNA, us=ids.now_us())
    again = client.get(f"{RUNS}/{run_id}/download")
    assert (again.data, again.headers["ETag"]) == (before.data, before.headers["ETag"])


def test_ranges_heads_and_conditions_of_the_download_come_right(client: FlaskClient, post: Post) -> None:
    target = f"{RUNS}/{post().json['run_id']}/download"
    whole = client.get(target)
    part = client.get(target, headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.data) == (206, whole.data[2:10])
    assert part.headers["Content-Range"] == f"bytes 2-9/{len(whole.data)}"
    head = client.head(target)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])
    assert head.headers["Content-Length"] == str(len(whole.data))
    same = client.get(target, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    beyond = client.get(target, headers={"Range": f"bytes={len(whole.data)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.data)}"
    assert beyond.json["error"] == "REQUESTED_RANGE_NOT_SATISFIABLE"


# Events


def test_the_events_come_in_the_order_of_their_numbers(client: FlaskClient, post: Post, service_store: Store) -> None:
    run_id = post().json["run_id"]
    assert client.get(f"{RUNS}/{run_id}/events").json == {"run_id": run_id, "count": 0, "events": []}
    us = ids.now_us()
    for number in range(3):
        data = {"advisory_id": f"adv_{number}"}
        add_event(service_store, run_id, "advisory", data, actor=ANNA, us=us - number * 1_000_000)
    told: dict[str, Any] = client.get(f"{RUNS}/{run_id}/events").json
    assert told["count"] == 3
    assert [event["number"] for event in told["events"]] == [1, 2, 3]
    assert [event["data"]["advisory_id"] for event in told["events"]] == ["adv_0", "adv_1", "adv_2"]
    assert told["events"][0].keys() >= {
        *("schema", "event_id", "number", "kind", "record_id", "previous_sha256", "created_at_utc", "actor", "role"),
        *("request_id", "data"),
    }
