"""`POST /api/rmos/programs`, the gate through which programs leave, and what is told of them."""

import io
import json
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest
from rmos.store import Store
from tests.api.conftest import RUNS
from tests.helpers.rings import NONSENSE, RING, Desk, approve_ring

pytestmark = pytest.mark.usefixtures("measured_here")

PROGRAMS = "/api/rmos/programs"


def send(
    client: FlaskClient,
    data: bytes | str = RING,
    name: str = "ring.nc",
    *,
    headers: dict[str, str] | None = None,
    **parts: Any,
) -> TestResponse:
    """Send a program as a form; objects go as JSON."""
    said = {"tools": {"1": "em-3175-2f"}, "material_id": "sitka_spruce", "stock": {"thickness_mm": 3}} | parts
    form = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items() if value is not None
    }
    content = data.encode() if isinstance(data, str) else data
    return client.post(PROGRAMS, data={**form, "file": (io.BytesIO(content), name)}, headers=headers)


def store_ring(client: FlaskClient) -> tuple[Desk, str]:
    """Return a session that stored the ring, and the run of it."""
    desk = approve_ring(client)
    return desk, str(desk.done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"])


# A program by itself


def test_a_program_that_a_cam_posted_is_judged_and_recorded(client: FlaskClient, service_store: Store) -> None:
    made = send(client)
    assert made.status_code == 201, made.json
    assert (made.json["risk_level"], made.json["run_status"], made.json["findings"]) == ("GREEN", "OK", [])
    assert made.json["box_mm"]["cutting"]["min"] == ["-51.413", "-51.413", "-1.5"]
    assert made.json["estimate_s"]["feed_only"] == "124.568"
    assert made.json["worst"]["line"] in range(8, 29)
    run = client.get(made.headers["Location"]).json
    assert (run["event_type"], run["mode"], run["tool_id"]) == ("program_check", "cam", "em-3175-2f")
    assert run["inputs"]["design"]["operation"] == "milled"
    assert run["inputs"]["design"]["program"]["sha256"] == digest.sha256_hex(RING.encode())
    assert [(item["kind"], item["filename"]) for item in run["attachments"]] == [
        ("gcode_input", "ring.nc"),
        ("measured", "measured.json"),
    ]
    replayed = client.get(f"{RUNS}/{run['run_id']}/replay").json
    assert replayed["reproduced"]


@pytest.mark.parametrize("as_form", [True, False], ids=["form", "JSON"])
def test_trap_45_a_program_that_is_sent_again_makes_no_second_run(client: FlaskClient, as_form: bool) -> None:
    def send_again(text: str = RING) -> TestResponse:
        if as_form:
            return send(client, text, headers={"Idempotency-Key": "post-1"})
        body = {"gcode_text": text, "tools": {"1": "em-3175-2f"}, "stock": {"thickness_mm": 3}}
        return client.post(PROGRAMS, json=body, headers={"Idempotency-Key": "post-1"})

    made, again, other = send_again(), send_again(), send_again(RING.replace("F1800", "F1700"))
    assert (made.status_code, again.status_code) == (201, 200), again.json
    assert again.json == made.json
    assert again.headers["Location"] == made.headers["Location"]
    assert (made.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    assert (other.status_code, other.json["error"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(client.get(RUNS).json["items"]) == 1


def test_the_worst_cut_decides_with_its_line_and_the_rule_that_it_breaks(client: FlaskClient) -> None:
    lines = RING.splitlines()
    lines[15] = lines[15].replace("F1800", "F60")
    made = send(client, "\n".join(lines))
    assert (made.json["risk_level"], made.json["run_status"]) == ("RED", "BLOCKED")
    assert made.json["worst"]["line"] == 16
    assert made.json["worst"]["reason"].startswith(("CHIP_RUBBING: ", "HEAT: "))
    assert made.json["block_reason"].startswith(("CHIP_RUBBING: ", "HEAT: "))


def test_a_program_comes_as_json_as_well(client: FlaskClient) -> None:
    said = {"tools": {"1": "em-3175-2f"}, "material_id": "sitka_spruce", "stock": {"thickness_mm": 3}}
    made = client.post(PROGRAMS, json={"gcode_text": RING, "filename": "ring.nc", **said})
    assert made.status_code == 201, made.json
    assert {**made.json, "run_id": ""} == {**send(client).json, "run_id": ""}


def test_the_same_file_again_is_another_run_of_one_blob(client: FlaskClient, service_store: Store) -> None:
    first, second = send(client).json, send(client).json
    assert first["run_id"] != second["run_id"]
    assert first["sha256"] == second["sha256"]
    assert {**first, "run_id": ""} == {**second, "run_id": ""}


def test_a_dry_run_says_the_same_and_records_nothing(client: FlaskClient) -> None:
    told = send(client, dry_run="true")
    assert told.status_code == 200
    assert client.get(RUNS).json["items"] == []
    made = send(client).json
    assert {**told.json, "run_id": 1, "run_status": 1} == {
        **{name: value for name, value in made.items() if name != "indexed"},
        "run_id": 1,
        "run_status": 1,
    }


def test_nonsense_is_recorded_with_what_is_wrong_and_where(client: FlaskClient) -> None:
    made = send(client, NONSENSE)
    assert (made.status_code, made.json["run_status"], made.json["risk_level"]) == (201, "BLOCKED", "RED")
    told = {(item["code"], item["line"]) for item in made.json["findings"]}
    assert {("CUT_WITHOUT_SPINDLE", 3), ("BELOW_STOCK", 2), ("UNITS_UNSAID", 2)} <= told


def test_what_nobody_understands_is_unknown_and_recorded(client: FlaskClient) -> None:
    made = send(client, "G21\n#1=5\nM3 S18000\nG1 X[#1] F600\nM30\n")
    assert (made.json["risk_level"], made.json["run_status"]) == ("UNKNOWN", "BLOCKED")
    assert "PROGRAM_NOT_FLAT" in {item["code"] for item in made.json["findings"]}


@pytest.mark.parametrize("name", ["tools", "material_id"])
def test_a_tool_or_a_material_that_nobody_named_leaves_the_program_unknown(client: FlaskClient, name: str) -> None:
    assert send(client, **{name: None}).json["risk_level"] in ("UNKNOWN", "YELLOW")
    assert send(client, **{name: None}).json["risk_level"] != "GREEN"


@pytest.mark.parametrize("data", ["", "(nothing)\n", "%\n%\n", "M3 S100\nM5\n"], ids=["empty", "comment", "%", "still"])
def test_what_moves_nothing_is_no_program(client: FlaskClient, data: str) -> None:
    refused = send(client, data)
    assert (refused.status_code, refused.json["error"]) == (422, "NO_MOTION")
    assert client.get(RUNS).json["items"] == []


def test_of_a_zip_each_member_is_named(client: FlaskClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("01_ring.nc", RING)
        archive.writestr("02_hole.nc", RING)
    refused = send(client, packed.getvalue(), "all.zip")
    assert (refused.status_code, refused.json["error"]) == (422, "PROGRAM_ARCHIVE")
    assert refused.json["names"] == ["01_ring.nc", "02_hole.nc"]
    assert send(client, b"PK\x03\x04 broken").json["error"] == "PROGRAM_ARCHIVE"


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"stock": None}, "stock"),
        ({"stock": {"thickness_mm": -1}}, "stock"),
        ({"stock": "3"}, "stock"),
        ({"tools": "{"}, "tools"),
        ({"tools": {"x": "em-3175-2f"}}, "tools"),
        ({"tools": {"1": "em-9999"}}, "tools.1"),
        ({"dialect": "grb"}, "dialect"),
        ({"zero": "moon"}, "zero"),
        ({"feed": "3"}, "feed"),
    ],
    ids=str,
)
def test_what_cannot_be_taken_is_named(client: FlaskClient, parts: dict[str, Any], named: str) -> None:
    refused = send(client, **parts)
    assert (refused.status_code, refused.json["error"]) == (422, "VALIDATION_FAILED")
    assert any(name.startswith(named) for name in refused.json["errors"])


def test_dialects_are_listed_with_their_words(client: FlaskClient) -> None:
    listed = client.get("/api/rmos/dialects").json
    assert listed["count"] == len(listed["items"])
    grbl = next(item for item in listed["items"] if item["id"] == "grbl")
    assert "G1" in grbl["words"]
    assert "G81" not in grbl["words"]


# The gate


def test_a_covered_program_leaves_through_the_gate_just_as_it_came(client: FlaskClient) -> None:
    _, run_id = store_ring(client)
    listed = client.get(f"{RUNS}/{run_id}/programs").json
    assert [(item["number"], item["kind"], item["released"]) for item in listed["items"]] == [(1, "gcode", True)]
    given = client.get(f"{RUNS}/{run_id}/programs/1")
    assert (given.status_code, given.data) == (200, RING.encode())
    assert given.headers["Cache-Control"] == "no-store"
    assert 'filename="program.nc"' in given.headers["Content-Disposition"]


@pytest.mark.parametrize("data", [RING.replace("F1800", "F1801"), NONSENSE], ids=["beyond", "nonsense"])
def test_a_program_that_is_not_covered_does_not_leave(client: FlaskClient, data: str) -> None:
    run_id = approve_ring(client).act("store_toolpaths", {"outputs": {"gcode_text": data}}).json["run_id"]
    refused = client.get(f"{RUNS}/{run_id}/programs/1")
    assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
    assert refused.json["exceeded"]
    listed = client.get(f"{RUNS}/{run_id}/programs").json["items"]
    assert [(item["kind"], item["released"], item["error"]) for item in listed] == [
        ("gcode_input", False, "NOT_COVERED")
    ]


def test_a_program_that_no_session_approved_does_not_leave_however_green_it_is(client: FlaskClient) -> None:
    run_id = send(client).json["run_id"]
    assert client.get(f"{RUNS}/{run_id}/programs/1").json["error"] == "NOT_COVERED"
    assert client.get(f"{RUNS}/{run_id}/programs/2").json["error"] == "PROGRAM_NOT_FOUND"


@pytest.mark.parametrize(
    ("action", "body"),
    [("require_revision", {"reason": "Another wood."}), ("archive", {})],
    ids=["revised", "archived"],
)
def test_a_session_that_went_on_takes_its_program_back_unless_it_is_only_put_away(
    client: FlaskClient, action: str, body: dict[str, Any]
) -> None:
    desk, run_id = store_ring(client)
    desk.done(action, body)
    asked = client.get(f"{RUNS}/{run_id}/programs/1")
    if action == "archive":
        assert asked.status_code == 200
    else:
        assert (asked.status_code, asked.json["error"], asked.json["changed"]) == (409, "STALE_APPROVAL", ["session"])


def test_a_deleted_session_or_run_takes_its_program_back(client: FlaskClient) -> None:
    desk, run_id = store_ring(client)
    client.delete(f"/api/workflow-sessions/{desk.session_id}?force=true")
    assert client.get(f"{RUNS}/{run_id}/programs/1").json["changed"] == ["session"]
    client.post(f"/api/workflow-sessions/{desk.session_id}/restore")
    assert client.get(f"{RUNS}/{run_id}/programs/1").status_code == 200
    client.delete(f"{RUNS}/{run_id}?reason=Wrong+top.")
    assert client.get(f"{RUNS}/{run_id}/programs/1").status_code == 410


def test_another_machine_in_the_session_makes_the_approval_stale(client: FlaskClient) -> None:
    desk, run_id = store_ring(client)
    patched = client.patch(f"/api/workflow-sessions/{desk.session_id}", json={"machine_id": "rigid_router"})
    assert patched.status_code == 200, patched.json
    refused = client.get(f"{RUNS}/{run_id}/programs/1")
    assert (refused.json["error"], refused.json["changed"]) == ("STALE_APPROVAL", ["context"])


def test_the_approved_run_that_is_gone_makes_the_approval_stale(client: FlaskClient) -> None:
    desk, run_id = store_ring(client)
    runs = client.get(f"/api/workflow-sessions/{desk.session_id}/runs").json["runs"]
    judged = runs[-1]["run_id"]
    client.delete(f"{RUNS}/{judged}?reason=By+mistake.")
    refused = client.get(f"{RUNS}/{run_id}/programs/1")
    assert (refused.json["error"], refused.json["changed"]) == ("STALE_APPROVAL", ["approval"])


def test_a_program_that_is_a_file_already_is_stored_by_its_digest(client: FlaskClient) -> None:
    sha256 = send(client).json["sha256"]
    desk = approve_ring(client)
    run_id = desk.done("store_toolpaths", {"attachment_sha256": sha256})["run_id"]
    assert client.get(f"{RUNS}/{run_id}/programs/1").data == RING.encode()
    missing = approve_ring(client).act("store_toolpaths", {"attachment_sha256": "0" * 64})
    assert missing.json["error"] == "ATTACHMENT_NOT_FOUND"


def test_a_program_has_a_picture_whether_it_leaves_or_not(client: FlaskClient) -> None:
    for run_id in (send(client).json["run_id"], store_ring(client)[1]):
        drawn = client.get(f"{RUNS}/{run_id}/program.svg")
        assert (drawn.status_code, drawn.content_type) == (200, "image/svg+xml")
        assert drawn.data.startswith(b"<svg")
        assert "sandbox" in drawn.headers["Content-Security-Policy"]
    plain = client.post(RUNS, json={"mode": "router", "tool_id": "em-3175-2f"}).json["run_id"]
    assert client.get(f"{RUNS}/{plain}/program.svg").json["error"] == "PROGRAM_NOT_FOUND"
