"""Every address that can be read is tried for the bytes of a program that a session covers: one gives them."""

import base64
import io
import itertools
import json
import re
import zipfile
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import digest
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.rings import NONSENSE, RING, approve_ring

pytestmark = pytest.mark.usefixtures("measured_here")

LINE: Final = b"G3 X50.456 Y0.000 I-50.456"
"""A line of the program that nothing else would hold."""
GATES: Final = ("programs.download_program", "packs.get_operator_pack")
"""Both ask whether it may leave."""
AS_A_PROGRAM: Final = (
    ("gcode", "ring.nc", "text/plain"),
    ("GCODE", "ring.nc", "text/plain"),
    ("final-Gcode", "ring.nc", "text/plain"),
    ("photo", "ring.nc", "text/x-GCode"),
    ("gcode_input", "NOT_RELEASED_/ring.nc", "text/plain"),
)
"""Kind, name and type under which somebody attaches a program of their own."""

HEADERS: Final = (
    {"Range": "bytes=0-9"},
    {"Range": "bytes=-1"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"{sha256}"'},
    {"If-Range": '"{sha256}"', "Range": "bytes=0-99"},
    {"Accept-Encoding": "gzip"},
    {"X-HTTP-Method-Override": "GET"},
)
NUMBERS: Final = ("01", "1 ", "+1", "1.0", "0", "-1", "２", "1/../1", "1;a", "1%00")


@pytest.fixture
def places(client: FlaskClient) -> dict[str, str]:
    """What stands in a URL for a run whose program is covered, its session and its files."""
    desk = approve_ring(client)
    run_id = str(desk.done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"])
    sha256 = digest.sha256_hex(RING.encode())
    token = client.post("/api/rmos/links", json={"items": [{"run_id": run_id, "sha256": sha256}]})
    assert token.json["links"] == []
    return {"run_id": run_id, "session_id": desk.session_id, "sha256": sha256, "number": "1"}


def test_no_address_but_the_gate_gives_the_bytes_of_a_covered_program(
    app: Flask, client: FlaskClient, places: dict[str, str]
) -> None:
    tried = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: places.get(found[1], "1"), rule.rule)
        for accept in ("*/*", "text/csv", "application/x-ndjson"):
            answer = client.get(path, headers={"Accept": accept})
            assert (LINE in answer.data) is (rule.endpoint in GATES), (path, answer.status_code)
        tried.append(rule.endpoint)
    assert len(tried) > 60
    assert set(GATES) <= set(tried)


def test_a_bundle_holds_a_covered_program_as_long_as_its_gate_lets_it_out(
    app: Flask, client: FlaskClient, places: dict[str, str]
) -> None:
    bundle = f"/api/rmos/bundles?workflow_session_id={places['session_id']}"
    assert LINE in client.get(bundle).data
    action = f"/api/workflow-sessions/{places['session_id']}/actions/require_revision"
    assert client.post(action, json={"reason": "Taken back."}).status_code == 200
    without = client.get(bundle)
    assert (without.status_code, LINE in without.data) == (200, False)
    with zipfile.ZipFile(io.BytesIO(without.data)) as archive:
        [left_out] = json.loads(archive.read("manifest.json"))["left_out"]
    assert (left_out["id"], places["run_id"] in left_out["reason"]) == (places["sha256"], True)


def test_what_is_on_disk_as_a_record_has_no_line_of_a_program(places: dict[str, str], service_store: Store) -> None:
    record = service_store.runs.record(places["run_id"])
    assert LINE not in record.data
    assert all(LINE.decode() not in str(event.data) for event in record.events)
    session = service_store.sessions.record(places["session_id"])
    assert all(LINE.decode() not in str(event.data) for event in session.events)


def test_a_second_session_that_names_a_covered_program_by_its_digest_asks_for_its_own_approval(
    client: FlaskClient, places: dict[str, str]
) -> None:
    slower = approve_ring(client, feed_mm_min=1700.0)
    refused = slower.act("store_toolpaths", {"attachment_sha256": places["sha256"]})
    assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
    run_id = refused.json["run_id"]
    assert client.get(f"{RUNS}/{run_id}/programs/1").json["error"] == "NOT_COVERED"
    gated = client.get(f"{RUNS}/{run_id}/attachments/{places['sha256']}")
    assert (gated.status_code, gated.json["error"]) == (409, "PROGRAM_GATED")
    assert gated.json["address"] == f"{RUNS}/{places['run_id']}/programs/1"
    asked = {"items": [{"run_id": run_id, "sha256": places["sha256"]}]}
    assert client.post("/api/rmos/links", json=asked).json["skipped"] == {"program_gated": 1}
    assert LINE not in client.get(f"{RUNS}/{run_id}/advisory/blobs/download-all.zip").data


def test_who_sent_the_bytes_that_another_session_covers_gets_them_back(
    client: FlaskClient, places: dict[str, str]
) -> None:
    refused = approve_ring(client, feed_mm_min=1700.0).act("store_toolpaths", {"outputs": {"gcode_text": RING}})
    given = client.get(f"{RUNS}/{refused.json['run_id']}/attachments/{places['sha256']}")
    assert 'filename="NOT_RELEASED_program.nc"' in given.headers["Content-Disposition"]


def test_a_plan_alone_is_no_program_and_nothing_can_ride_on_it_later(client: FlaskClient) -> None:
    desk = approve_ring(client)
    refused = desk.act("store_toolpaths", {"outputs": {"opplan_json": {"passes": 2}}})
    assert (refused.status_code, desk.state()) == (422, "toolpaths_requested")
    assert "send gcode_text" in refused.json["errors"]["outputs"][0]
    runs = client.get(f"{RUNS}?workflow_session_id={desk.session_id}&event_type=toolpaths").json
    assert runs["items"] == []


def test_a_plan_beside_a_program_holds_no_other_one(client: FlaskClient, post: Post) -> None:
    outputs = {"gcode_text": RING, "opplan_json": {"steps": [{"text": "M5\nG0 Z-50"}]}}
    desk = approve_ring(client)
    for refused in (desk.act("store_toolpaths", {"outputs": outputs}), post(outputs=outputs)):
        assert refused.status_code == 422
        assert "steps[0].text" in str(refused.json["errors"])
    assert desk.state() == "toolpaths_requested"


def test_a_file_that_is_attached_to_a_covered_run_as_its_program_is_not_it(
    client: FlaskClient, places: dict[str, str]
) -> None:
    attach, run = f"{RUNS}/{places['run_id']}/attachments", f"{RUNS}/{places['run_id']}"
    for kind, name, mime in AS_A_PROGRAM:
        sent = f"{NONSENSE}({kind} {name})\n".encode()
        body = {"kind": kind, "filename": name, "content_type": mime, "sha256": digest.sha256_hex(sent)}
        attached = client.post(attach, json={**body, "b64": base64.b64encode(sent).decode()})
        assert attached.status_code == 201, attached.json
        given = client.get(f"{attach}/{attached.json['sha256']}")
        assert 'filename="NOT_RELEASED_' in given.headers["Content-Disposition"], (kind, name)
    listed = client.get(f"{run}/programs").json["items"]
    assert [item["sha256"] for item in listed if item["released"]] == [places["sha256"]]
    for item in listed[1:]:
        assert client.get(f"{run}/programs/{item['number']}").json["error"] == "NOT_COVERED"


def test_nothing_opens_another_door_or_the_gate_once_its_approval_is_stale(
    client: FlaskClient, places: dict[str, str]
) -> None:
    run, sha256 = f"{RUNS}/{places['run_id']}", places["sha256"]
    doors = [f"{run}/attachments/{sha256}", f"/api/rmos/attachments/{sha256}"]
    action = f"/api/workflow-sessions/{places['session_id']}/actions/require_revision"
    assert client.post(action, json={"reason": "Taken back."}).status_code == 200
    for method, headers in itertools.product((client.get, client.head), HEADERS):
        sent = {name: value.format(**places) for name, value in headers.items()}
        for door in (*doors, f"{run}/programs/1", f"{run}/operator-pack"):
            refused = method(door, headers=sent)
            assert (refused.status_code, LINE in refused.data) == (409, False), (door, headers)
            assert "Content-Digest" not in refused.headers
    for number in NUMBERS:
        answer = client.get(f"{run}/programs/{number}")
        assert (answer.status_code in (308, 404, 409), LINE in answer.data) == (True, False), number
    for digits in (sha256.upper(), sha256[:12], f"{sha256}0", f"{sha256}%20"):
        for address in (f"/api/rmos/attachments/{digits}", f"{run}/attachments/{digits}"):
            answer = client.get(address)
            assert (answer.status_code in (404, 409, 422), LINE in answer.data) == (True, False), address
