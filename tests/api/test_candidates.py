"""Manufacturing candidates over HTTP: derived, decided on, never above the server's decision, handed out when GREEN."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.services.candidates import make_candidate_id
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.attachments import DRAWING, SHA256, attach, make_upload
from tests.helpers.packs import approve_slot, open_pack, quicken, store_slot
from tests.helpers.rings import NONSENSE, SLOT
from tests.makers import ANNA, US, add_event

STEEP = make_body()["design"] | {"plunge_feed_mm_min": 1500}
"""YELLOW."""


def candidates(client: FlaskClient, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{RUNS}/{run_id}/manufacturing/candidates").json["items"]
    return found


def decide(client: FlaskClient, run_id: str, candidate_id: str, decision: str | None, **fields: Any) -> Any:
    address = f"{RUNS}/{run_id}/manufacturing/candidates/{candidate_id}/decision"
    return client.post(address, json={"decision": decision, **fields})


def zip_url(run_id: str, candidate_id: str) -> str:
    return f"{RUNS}/{run_id}/manufacturing/candidates/{candidate_id}/download-zip"


def promote_drawing(client: FlaskClient, run_id: str) -> str:
    client.post(f"{RUNS}/{run_id}/attachments", json=make_upload(kind="svg_variant"))
    assert client.post(f"{RUNS}/{run_id}/advisory/variants/{SHA256}/promote").status_code == 200
    [found] = candidates(client, run_id)
    return str(found["candidate_id"])


@pytest.fixture
def drawn(client: FlaskClient, post: Post) -> tuple[str, str]:
    """A GREEN run and its candidate, a drawing."""
    run_id = post().json["run_id"]
    return run_id, promote_drawing(client, run_id)


def test_a_promoted_drawing_is_a_candidate_whose_id_follows_from_run_and_bytes(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    client.post(f"{RUNS}/{run_id}/attachments", json=make_upload(kind="svg_variant"))
    assert candidates(client, run_id) == []
    candidate_id = promote_drawing(client, run_id)
    assert candidate_id == "mc_" + hashlib.sha256(f"{run_id}\n{SHA256}".encode()).hexdigest()[:12]
    client.post(f"{RUNS}/{run_id}/advisory/variants/{SHA256}/reject", json={"reason_code": "AESTHETIC"})
    assert candidates(client, run_id) == []
    assert decide(client, run_id, candidate_id, "GREEN").json["error"] == "CANDIDATE_NOT_FOUND"


def test_only_a_decision_is_an_event_and_its_history_stays(client: FlaskClient, drawn: tuple[str, str]) -> None:
    run_id, candidate_id = drawn
    version = client.get(f"{RUNS}/{run_id}").json["version"]
    assert decide(client, run_id, candidate_id, None).json["decision"] is None
    for decision, note in (
        ("GREEN", "On the second top."),
        ("GREEN", "On the second top."),
        ("YELLOW", None),
        (None, None),
    ):
        told = decide(client, run_id, candidate_id, decision, note=note)
        assert (told.status_code, told.json["decision"], told.json["note"]) == (200, decision, note)
    assert [entry["decision"] for entry in told.json["history"]] == ["GREEN", "YELLOW", None]
    assert client.get(f"{RUNS}/{run_id}").json["version"] == version + 3
    [item] = candidates(client, run_id)
    assert item == {name: value for name, value in told.json.items() if name != "run_id"}


def test_a_decision_is_never_better_than_the_servers(client: FlaskClient, post: Post, service_store: Store) -> None:
    yellow = post(design=STEEP).json
    assert client.get(f"{RUNS}/{yellow['run_id']}").json["decision"]["risk_level"] == "YELLOW"
    candidate_id = promote_drawing(client, yellow["run_id"])
    refused = decide(client, yellow["run_id"], candidate_id, "green")
    assert (refused.status_code, refused.json["error"]) == (409, "ABOVE_DECISION")
    assert decide(client, yellow["run_id"], candidate_id, "YELLOW").status_code == 200
    # An event of another hand, as an import may bring one, decides nothing that the server would not let it.
    forged = {"candidate_id": candidate_id, "decision": "GREEN", "note": None}
    add_event(service_store, yellow["run_id"], "candidate", forged, actor=ANNA, us=US)
    [item] = candidates(client, yellow["run_id"])
    assert (item["decision"], len(item["history"])) == (None, 2)
    assert client.get(zip_url(yellow["run_id"], candidate_id)).status_code == 403


def test_many_are_decided_on_and_each_has_its_own_result(client: FlaskClient, drawn: tuple[str, str]) -> None:
    run_id, candidate_id = drawn
    items = [{"candidate_id": found, "decision": "GREEN"} for found in (candidate_id, "mc_000000000000")]
    done = client.post(f"{RUNS}/{run_id}/manufacturing/candidates/bulk", json={"items": items})
    counts = {name: done.json[name] for name in ("total", "succeeded", "failed", "blocked")}
    assert counts == {"total": 2, "succeeded": 1, "failed": 1, "blocked": 0}
    assert [result["error"] for result in done.json["results"]] == [None, "CANDIDATE_NOT_FOUND"]
    for wrong in ([], items * 51, [{"candidate_id": "x", "decision": "GREEN"}], [{"candidate_id": candidate_id}]):
        refused = client.post(f"{RUNS}/{run_id}/manufacturing/candidates/bulk", json={"items": wrong})
        assert refused.status_code == 422


def test_a_drawing_leaves_when_it_is_green_as_the_same_bytes_that_sha256sum_accepts(
    client: FlaskClient, drawn: tuple[str, str], tmp_path: Path
) -> None:
    run_id, candidate_id = drawn
    refused = client.get(zip_url(run_id, candidate_id))
    assert (refused.status_code, refused.json["error"]) == (403, "CANDIDATE_NOT_GREEN")
    decide(client, run_id, candidate_id, "GREEN", note="Go.")
    given = client.get(zip_url(run_id, candidate_id))
    assert (given.status_code, given.data) == (200, client.get(zip_url(run_id, candidate_id)).data)
    members = open_pack(given.data)
    [name] = [name for name in members if name.startswith("files/")]
    assert members[name] == DRAWING
    about = json.loads(members["candidate.json"])
    assert (about["decision"], about["note"], about["file"], about["sha256"]) == ("GREEN", "Go.", name, SHA256)
    for member, content in members.items():
        (tmp_path / member).parent.mkdir(exist_ok=True)
        (tmp_path / member).write_bytes(content)
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True).returncode == 0
    decide(client, run_id, candidate_id, "RED")
    assert client.get(zip_url(run_id, candidate_id)).status_code == 403


def test_a_program_passes_its_gate_as_well_each_time(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    run_id = store_slot(client)
    [program] = candidates(client, run_id)
    assert program["kind"] == "program"
    decide(client, run_id, program["candidate_id"], "GREEN")
    members = open_pack(client.get(zip_url(run_id, program["candidate_id"])).data)
    assert SLOT.encode() in members.values()
    session_id = client.get(f"{RUNS}/{run_id}").json["workflow_session_id"]
    client.post(f"/api/workflow-sessions/{session_id}/actions/require_revision", json={"reason": "Taken back."})
    stale = client.get(zip_url(run_id, program["candidate_id"]))
    assert (stale.status_code, stale.json["error"]) == (409, "STALE_APPROVAL")


def test_a_program_that_nobody_approved_does_not_leave_by_this_door(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    refused = approve_slot(client).act("store_toolpaths", {"outputs": {"gcode_text": NONSENSE}})
    run_id = refused.json["run_id"]
    for program in candidates(client, run_id):
        assert decide(client, run_id, program["candidate_id"], "GREEN").json["error"] == "ABOVE_DECISION"
        assert client.get(zip_url(run_id, program["candidate_id"])).status_code == 403
    free = post(outputs={"gcode_text": SLOT}).json
    [program] = candidates(client, free["run_id"])
    decide(client, free["run_id"], program["candidate_id"], "GREEN")
    assert client.get(zip_url(free["run_id"], program["candidate_id"])).status_code == 200
    other = attach(client, f"{RUNS}/{free['run_id']}", NONSENSE.encode(), kind="gcode_input", content_type="text/plain")
    foreign = make_candidate_id(free["run_id"], other)
    decide(client, free["run_id"], foreign, "GREEN")
    assert client.get(zip_url(free["run_id"], foreign)).json["error"] == "NOT_COVERED"
