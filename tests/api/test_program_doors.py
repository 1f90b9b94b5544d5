"""Every address that can be read is tried for the bytes of a program that a session covers: one gives them."""

import re
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import digest
from rmos.store import Store
from tests.api.conftest import RUNS
from tests.helpers.rings import RING, approve_ring

LINE: Final = b"G3 X50.456 Y0.000 I-50.456"
"""A line of the program that nothing else would hold."""
GATE: Final = "programs.download_program"


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
            assert (LINE in answer.data) is (rule.endpoint == GATE), (path, answer.status_code)
        tried.append(rule.endpoint)
    assert len(tried) > 60
    assert GATE in tried


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
