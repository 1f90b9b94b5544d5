"""No program leaves that does more than was approved: the gate of a session, over HTTP."""

import io
import zipfile
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from rmos import digest
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.rings import NONSENSE, RING, SLOT, approve_ring

pytestmark = pytest.mark.usefixtures("measured_here")


def read_run(client: FlaskClient, run_id: str) -> dict[str, Any]:
    return dict(client.get(f"{RUNS}/{run_id}").json)


def test_a_program_that_does_just_what_was_approved_is_covered_and_kept_beside_its_record(
    client: FlaskClient, service_store: Store
) -> None:
    desk = approve_ring(client)
    stored = desk.done("store_toolpaths", {"outputs": {"gcode_text": RING}})
    run = read_run(client, stored["run_id"])
    assert stored["state"] == "toolpaths_ready"
    assert (run["status"], run["decision"]["risk_level"]) == ("OK", "GREEN")
    assert run["decision"]["details"]["cover"] == {"covered": True, "exceeded": []}
    assert [(item["kind"], item["filename"]) for item in run["attachments"]] == [
        ("gcode", "program.nc"),
        ("measured", "measured.json"),
    ]
    sha256 = digest.sha256_hex(RING.encode())
    assert run["attachments"][0]["sha256"] == run["hashes"]["gcode_sha256"] == sha256
    assert service_store.blobs.read(sha256) == RING.encode()
    assert b"G3 X47.587" not in service_store.runs.record(stored["run_id"]).data
    measured = msgspec.json.decode(service_store.blobs.read(run["attachments"][1]["sha256"]))
    assert measured["schema"] == "rmos.measured/1"
    assert {cut["risk_level"] for cut in measured["cuts"]} == {"GREEN"}


def test_nonsense_is_refused_with_each_reason_and_its_line_and_a_blocked_run_stands(client: FlaskClient) -> None:
    desk = approve_ring(client)
    refused = desk.act("store_toolpaths", {"outputs": {"gcode_text": NONSENSE}})
    assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
    told = {(item["what"], item["line"]) for item in refused.json["exceeded"]}
    assert told >= {("CUT_WITHOUT_SPINDLE", 3), ("BELOW_STOCK", 2), ("UNITS_UNSAID", 2), ("total_depth_mm", 3)}
    assert ("feed_mm_min", 3) in told
    assert desk.state() == "toolpaths_requested"
    run = read_run(client, refused.json["run_id"])
    assert (run["status"], run["decision"]["risk_level"], run["event_type"]) == ("BLOCKED", "RED", "toolpaths")
    assert run["decision"]["block_reason"].startswith("NOT_COVERED: ")
    assert run["attachments"][0]["kind"] == "gcode_input"
    assert desk.done("store_toolpaths", {"outputs": {"gcode_text": RING}})["state"] == "toolpaths_ready"


@pytest.mark.parametrize(
    ("old", "new", "options", "what"),
    [
        ("F1800", "F1801", {}, "feed_mm_min"),
        pytest.param("F600", "F601", {}, "plunge_feed_mm_min", marks=pytest.mark.long),
        ("Z-1.500", "Z-1.501", {}, "total_depth_mm"),
        pytest.param("S18000", "S18001", {}, "spindle_rpm", marks=pytest.mark.long),
        pytest.param("M3 S", "T1\nM3 S", {"tools": {"1": "em-1000-2f"}}, "diameter_mm", marks=pytest.mark.long),
        ("M3 S", "T2\nM3 S", {}, "TOOL_NOT_NAMED"),
        ("M3 ", "", {}, "CUT_WITHOUT_SPINDLE"),
        pytest.param("G21", "G20", {}, "total_depth_mm", marks=pytest.mark.long),
        pytest.param("G90", "G91", {}, "NO_CUT", marks=pytest.mark.long),
        ("G0 Z6.000\nM3", "M3", {}, "rapid_height_mm"),
        pytest.param("G0 Z6.000\nM5", "M5", {}, "end_height_mm", marks=pytest.mark.long),
        pytest.param("G1 Z0.200 F600", "G0 Z0.200", {}, "rapid_height_mm", marks=pytest.mark.long),
        pytest.param("M30", "M30\nG0 Z-20", {}, "AFTER_END", marks=pytest.mark.long),
        ("M30", "(Ñ)\nM30", {"dialect": "grbl"}, "REALTIME_BYTES"),
        pytest.param("G0 Z6.000\nM3", "G91 G0 Z6.000\nG90\nM3", {}, "start_height_mm", marks=pytest.mark.long),
    ],
    ids=lambda value: str(value).replace("\n", "|"),
)
def test_one_word_more_than_was_approved_is_refused(
    client: FlaskClient, old: str, new: str, options: dict[str, Any], what: str
) -> None:
    desk = approve_ring(client)
    assert old in RING
    refused = desk.act("store_toolpaths", {"outputs": {"gcode_text": RING.replace(old, new)}, **options})
    assert refused.status_code == 409, refused.json
    assert what in {item["what"] for item in refused.json["exceeded"]}
    assert desk.state() == "toolpaths_requested"


DOORS = ("attachments/{sha}", "advisory/blobs/{sha}/download", "advisory/blobs/{sha}/preview/svg")


@pytest.mark.parametrize("door", DOORS)
def test_a_covered_program_leaves_by_no_other_door_and_each_says_where_it_does(client: FlaskClient, door: str) -> None:
    run_id = approve_ring(client).done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"]
    sha = digest.sha256_hex(RING.encode())
    for headers in ({}, {"Range": "bytes=0-9"}):
        refused = client.get(f"{RUNS}/{run_id}/{door.format(sha=sha)}", headers=headers)
        assert (refused.status_code, refused.json["error"]) == (409, "PROGRAM_GATED")
        assert refused.json["address"] == f"{RUNS}/{run_id}/programs/1"
        assert b"G3" not in refused.data


def test_a_covered_program_is_in_no_zip_and_gets_no_link(client: FlaskClient) -> None:
    run_id = approve_ring(client).done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"]
    sha = digest.sha256_hex(RING.encode())
    zipped = client.get(f"{RUNS}/{run_id}/advisory/blobs/download-all.zip").data
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
        assert b"G3 X47.587" not in b"".join(archive.read(name) for name in archive.namelist())
    assert [(item["sha256"], item["reason"]) for item in manifest["left_out"]] == [
        (sha, "a program, which leaves at its own address")
    ]
    asked = {"items": [{"run_id": run_id, "sha256": sha, "scope": "download"}]}
    links = client.post("/api/rmos/links", json=asked).json
    assert (links["links"], links["skipped"]) == ([], {"program_gated": 1})


def test_by_its_digest_alone_nobody_gets_a_covered_program(client: FlaskClient, post: Post) -> None:
    sha = digest.sha256_hex(RING.encode())
    advised = post().json["run_id"]
    post(outputs={"gcode_text": RING})
    assert client.get(f"/api/rmos/attachments/{sha}").status_code == 200
    made = client.post(f"{RUNS}/{advised}/attach-advisory", json={"advisory_id": sha, "kind": "note"})
    assert made.status_code == 200, made.json
    assert client.get(f"{RUNS}/{advised}/attachments/{sha}").status_code == 200
    run_id = approve_ring(client).done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"]
    for address in (f"/api/rmos/attachments/{sha}", *(f"{RUNS}/{advised}/{door.format(sha=sha)}" for door in DOORS)):
        refused = client.get(address)
        assert (refused.status_code, refused.json["error"]) == (409, "PROGRAM_GATED"), address
        assert refused.json["address"] == f"{RUNS}/{run_id}/programs/1"
    zipped = client.get(f"{RUNS}/{advised}/advisory/blobs/download-all.zip").data
    assert b"G3 X47.587" not in zipped
    asked = {"items": [{"run_id": advised, "sha256": sha, "scope": "download"}]}
    assert client.post("/api/rmos/links", json=asked).json["skipped"] == {"program_gated": 1}
    client.delete(f"{RUNS}/{run_id}?reason=Taken+back.")
    assert client.get(f"/api/rmos/attachments/{sha}").json["error"] == "PROGRAM_GATED"


def test_a_link_that_was_made_before_a_session_covered_the_program_opens_nothing_any_more(
    client: FlaskClient, post: Post
) -> None:
    sha = digest.sha256_hex(RING.encode())
    sent, advised = post(outputs={"gcode_text": RING}).json["run_id"], post().json["run_id"]
    client.post(f"{RUNS}/{advised}/attach-advisory", json={"advisory_id": sha, "kind": "note"})
    asked = {"items": [{"run_id": run_id, "sha256": sha, "scope": "download"} for run_id in (sent, advised)]}
    own, named = (link["url"] for link in client.post("/api/rmos/links", json=asked).json["links"])
    approve_ring(client).done("store_toolpaths", {"outputs": {"gcode_text": RING}})
    assert client.get(named).json["error"] == "PROGRAM_GATED"
    given = client.get(own)
    assert 'filename="NOT_RELEASED_program.nc"' in given.headers["Content-Disposition"]


def test_what_somebody_sent_is_given_back_under_a_name_that_says_that_nobody_approved_it(client: FlaskClient) -> None:
    refused = approve_ring(client).act("store_toolpaths", {"outputs": {"gcode_text": NONSENSE}})
    sha = digest.sha256_hex(NONSENSE.encode())
    given = client.get(f"{RUNS}/{refused.json['run_id']}/attachments/{sha}")
    assert (given.status_code, given.data) == (200, NONSENSE.encode())
    assert 'filename="NOT_RELEASED_program.nc"' in given.headers["Content-Disposition"]


def test_a_program_that_comes_with_a_run_is_measured_and_stands_in_no_record(
    post: Post, client: FlaskClient, service_store: Store
) -> None:
    made = post(outputs={"gcode_text": SLOT})
    assert (made.json["run_status"], made.json["risk_level"]) == ("OK", "GREEN")
    run = read_run(client, made.json["run_id"])
    assert run["decision"]["details"]["cover"]["covered"]
    assert [item["kind"] for item in run["attachments"]] == ["gcode_input", "measured"]
    assert b"X40" not in client.get(f"{RUNS}/{made.json['run_id']}/download").data


def test_a_run_whose_program_does_something_else_is_blocked(post: Post) -> None:
    made = post(outputs={"gcode_text": NONSENSE})
    assert (made.status_code, made.json["run_status"], made.json["risk_level"]) == (201, "BLOCKED", "RED")
    assert made.json["block_reason"].startswith("NOT_COVERED: ")
