"""What a covered program rests on may be over by the time somebody wants it: the gate says so each time."""

import functools
from typing import Final

import msgspec
import pytest
from flask.testing import FlaskClient

from rmos import ids
from rmos.cam.process import MeasureRequest
from rmos.services import program_release
from rmos.services.gates import Gates
from rmos.services.programs.reading import MeasureReply, measure_in_child
from rmos.services.run_programs import check_programs_of
from tests.api.conftest import RUNS
from tests.helpers.rings import ASK, RING, RING_CONTEXT, RING_DESIGN, Desk, approve_ring

pytestmark = pytest.mark.usefixtures("measured_here")

DAY_US: Final = 86_400_000_000
RING_YELLOW: Final = {**RING_DESIGN, "plunge_feed_mm_min": 2200.0}
SLOW: Final = RING.replace("F1800", "F60", 1)
"""One of its cuts rubs, and is RED by itself."""


def store(desk: Desk, text: str = RING) -> str:
    """Store a program and return the address at which it leaves."""
    run_id = desk.done("store_toolpaths", {"outputs": {"gcode_text": text}})["run_id"]
    return f"{RUNS}/{run_id}/programs/1"


def read_with_another(monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> None:
    """Put another reader in the place of ours: one that reads some bytes as others."""
    reader = msgspec.structs.replace(program_release.READER, version="999.0.0")

    def measure(data: bytes, request: MeasureRequest) -> MeasureReply:
        return measure_in_child(data.replace(old, new), request)

    monkeypatch.setattr(program_release, "READER", reader)
    monkeypatch.setattr(program_release, "check_programs_of", functools.partial(check_programs_of, measure=measure))


def test_another_version_of_the_reader_that_measures_it_alike_lets_it_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = store(approve_ring(client))
    read_with_another(monkeypatch, b"F1800", b"F1800")
    assert client.get(address).data == RING.encode()


def test_another_version_of_the_reader_that_finds_more_than_was_approved_holds_it_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = store(approve_ring(client))
    read_with_another(monkeypatch, b"F1800", b"F1801")
    refused = client.get(address)
    assert (refused.status_code, refused.json["error"], refused.json["changed"]) == (409, "STALE_APPROVAL", ["reader"])
    assert {(item["what"], item["measured"], item["judged"]) for item in refused.json["exceeded"]} == {
        ("feed_mm_min", 1801.0, 1800.0)
    }
    [listed] = client.get(address.removesuffix("/1")).json["items"]
    assert (listed["released"], listed["error"], listed["changed"]) == (False, "STALE_APPROVAL", ["reader"])


def test_a_finding_that_only_an_override_let_through_holds_the_program_back_when_that_is_over(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = approve_overridden(client)
    address = store(desk)
    assert client.get(address).status_code == 200
    later = ids.now_us() + 2 * DAY_US
    monkeypatch.setattr(ids, "now_us", lambda: later)
    refused = client.get(address)
    assert (refused.status_code, refused.json["error"], refused.json["changed"]) == (
        *(409, "STALE_APPROVAL"),
        ["approval"],
    )


def approve_overridden(client: FlaskClient) -> Desk:
    """Return a session whose YELLOW finding two days of an override let through, and that waits for its program."""
    desk = Desk(client, design={**RING_YELLOW}, context=RING_CONTEXT)
    found = desk.done("request_feasibility", ASK)
    assert desk.act("approve").json["error"] == "APPROVAL_BLOCKED"
    until = ids.utc_text(ids.now_us() + DAY_US)
    asked = {"scope": "YELLOW", "reason": "Tried on scrap before.", "acknowledge_risk": True, "expires_at_utc": until}
    made = client.post(f"{RUNS}/{found['run_id']}/override", json=asked)
    assert (made.status_code, made.json["status"]) == (201, "in_force")
    desk.done("approve")
    desk.done("request_toolpaths")
    return desk


def test_a_cut_that_only_an_override_covers_holds_the_program_back_when_that_is_over(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force = [True]
    monkeypatch.setattr(Gates, "is_overridden", lambda *arguments: in_force[0])
    desk = approve_ring(client)
    address = store(desk, SLOW)
    assert client.get(address).data == SLOW.encode()
    in_force[0] = False
    refused = client.get(address)
    assert (refused.status_code, refused.json["error"], refused.json["changed"]) == (
        *(409, "STALE_APPROVAL"),
        ["override"],
    )
    assert approve_ring(client).act("store_toolpaths", {"outputs": {"gcode_text": SLOW}}).json["error"] == "NOT_COVERED"
