"""Records of earlier releases hold the text of a program, or name a file that somebody called so: read as before."""

import io

from flask.testing import FlaskClient

from rmos import digest
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.makers import make_members

TEXT = "G21\nG1 X4 F900\n"
SHA = digest.sha256_hex(TEXT.encode())


def put_old(store: Store, **over: object) -> str:
    """Put a run as an earlier release recorded the toolpaths of a session."""
    members = make_members(event_type="toolpaths", outputs={"gcode_text": TEXT}, **over)
    members["hashes"]["gcode_sha256"] = SHA
    return str(store.runs.put(members).view.artifact.run_id)


def test_a_record_with_a_program_inside_is_read_and_downloaded_as_it_is(
    client: FlaskClient, service_store: Store
) -> None:
    run_id = put_old(service_store)
    assert client.get(f"{RUNS}/{run_id}").json["outputs"] == {"gcode_text": TEXT}
    data = client.get(f"{RUNS}/{run_id}/download").data
    assert data == service_store.runs.record(run_id).data
    assert client.get(f"{RUNS}/{run_id}/programs").json["items"] == []
    assert client.get(f"{RUNS}/{run_id}/programs/1").json["error"] == "PROGRAM_NOT_FOUND"
    assert client.get(f"{RUNS}/{run_id}/program.svg").json["error"] == "PROGRAM_NOT_FOUND"
    assert client.get(f"{RUNS}?event_type=toolpaths").json["items"][0]["run_id"] == run_id


def test_a_file_that_somebody_calls_gcode_is_given_back_and_no_session_s(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    form = {"kind": "gcode", "file": (io.BytesIO(TEXT.encode()), "top.nc")}
    assert client.post(f"{RUNS}/{run_id}/attachments", data=form).json["kind"] == "gcode"
    given = client.get(f"{RUNS}/{run_id}/attachments/{SHA}")
    assert (given.status_code, given.data) == (200, TEXT.encode())
    assert 'filename="NOT_RELEASED_top.nc"' in given.headers["Content-Disposition"]
    assert client.get(f"{RUNS}/{run_id}/programs/1").status_code == 404


def test_a_record_that_only_claims_to_be_covered_lets_nothing_out(client: FlaskClient, service_store: Store) -> None:
    blob = service_store.blobs.put_bytes(TEXT.encode())
    entry = {"sha256": blob.sha256, "kind": "gcode", "filename": "top.nc", "size_bytes": blob.size}
    cover = {"covered": True, "exceeded": []}
    decision = {"risk_level": "GREEN", "score": 90.0, "block_reason": None, "warnings": [], "details": {"cover": cover}}
    run_id = put_old(service_store, attachments=[entry], decision=decision)
    refused = client.get(f"{RUNS}/{run_id}/programs/1")
    assert (refused.status_code, refused.json["error"], refused.json["changed"]) == (409, "STALE_APPROVAL", ["session"])
    assert client.get(f"{RUNS}/{run_id}/attachments/{SHA}").json["error"] == "PROGRAM_GATED"
