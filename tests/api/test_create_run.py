"""`POST /api/rmos/runs`: every attempt leaves a record, and the server alone decides."""

import json
import logging
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import digest, ids
from rmos.errors.store import IndexUnavailable
from rmos.models import WORKFLOW_EVENT_TYPES
from rmos.schemas.runs import RunCreatedSchema
from rmos.services.runs import MAX_GCODE_BYTES
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.rings import SLOT


def artifact_of(store: Store, run_id: str) -> dict[str, Any]:
    """Read what stands on disk."""
    artifact: dict[str, Any] = json.loads(store.runs.record(run_id).data)
    return artifact


def test_a_cut_is_judged_recorded_and_answered(post: Post, service_store: Store) -> None:
    response = post()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{RUNS}/{response.json['run_id']}"
    assert set(response.json) == set(RunCreatedSchema().fields)
    assert response.json["status"] == "created"
    assert (response.json["run_status"], response.json["risk_level"]) == ("OK", "GREEN")
    assert response.json["indexed"] is True
    assert response.json["block_reason"] is None
    assert 0 < response.json["score"] <= 100
    assert service_store.runs.record(response.json["run_id"]).has_self_digest


def test_the_record_has_every_member_of_the_contract(post: Post, service_store: Store) -> None:
    response = post(notes="first of two", machine_id="shapeoko")
    run = artifact_of(service_store, response.json["run_id"])
    assert list(run) == sorted(run)
    assert set(run) == {
        *("_sha256", "schema", "run_id", "created_at_utc", "status", "mode", "tool_id", "event_type", "request_id"),
        *("workflow_session_id", "inputs", "request_summary", "feasibility", "decision", "hashes", "outputs"),
        *("attachments", "explanation_status", "explanation_summary", "material_id", "machine_id", "parent_run_id"),
        *("created_by", "notes", "engine_version", "errors", "meta"),
    }
    assert run["schema"] == "rmos.run/1"
    assert run["created_at_utc"] == ids.utc_text(ids.moment_of(run["run_id"]) or 0)
    assert run["event_type"] == "feasibility_check"
    assert run["request_id"] == run["meta"]["request_id"] == response.headers["X-Request-Id"]
    assert run["meta"]["compute_ms"] > 0
    assert run["meta"]["batch_label"] == "batch_1"
    assert run["explanation_status"] == "NONE"
    assert (run["notes"], run["machine_id"], run["errors"]) == ("first of two", "shapeoko", [])


def test_the_digests_are_those_of_the_recorded_slices(post: Post, service_store: Store) -> None:
    program = SLOT + "; Größe\n"
    response = post(outputs={"gcode_text": program, "opplan_json": {"b": 1.0, "a": [1e-7]}})
    run = artifact_of(service_store, response.json["run_id"])
    hashes = run["hashes"]
    assert hashes["feasibility_sha256"] == digest.canonical_sha256(run["feasibility"])
    assert hashes["feasibility_sha256"] == response.json["feasibility_sha256"]
    assert hashes["design_sha256"] == digest.canonical_sha256(run["inputs"]["design"])
    assert hashes["context_sha256"] == digest.canonical_sha256(run["inputs"]["context"])
    assert hashes["gcode_sha256"] == digest.sha256_hex(program.encode())
    assert hashes["opplan_sha256"] == digest.sha256_hex(b'{"a":[1e-7],"b":1}')
    named = {"name": "program.nc", "sha256": hashes["gcode_sha256"], "size_bytes": len(program.encode())}
    assert run["outputs"] == {"programs": [named], "opplan_json": {"b": 1, "a": [1e-7]}}


def test_feasibility_says_nothing_of_the_request_and_is_the_same_again(post: Post) -> None:
    assert post().json["feasibility_sha256"] == post().json["feasibility_sha256"]


def test_the_tool_of_the_library_and_the_material_at_the_top_are_judged_and_recorded(
    post: Post, service_store: Store
) -> None:
    context = {"machine": {"class": "rigid"}, "stock": {"thickness_mm": 3.0}}
    response = post(context=context, material_id="sitka_spruce")
    assert response.json["risk_level"] == "GREEN"
    run = artifact_of(service_store, response.json["run_id"])
    assert run["inputs"]["context"]["material"] == {"id": "sitka_spruce"}
    assert run["inputs"]["context"]["tool"]["diameter_mm"] == 3.175


def test_a_material_in_the_context_is_never_overridden_and_is_what_lists_know(
    client: FlaskClient, post: Post, service_store: Store
) -> None:
    response = post(material_id="ebony")
    run = artifact_of(service_store, response.json["run_id"])
    assert run["inputs"]["context"]["material"] == {"id": "sitka_spruce"}
    assert run["material_id"] == "ebony"
    post()
    found = client.get(f"{RUNS}?material_id=sitka_spruce&include_total=true").json
    assert found["total"] == 1


def test_red_is_recorded_as_blocked_and_still_created(post: Post, client: FlaskClient) -> None:
    response = post(design={**make_body()["design"], "spindle_rpm": -1})
    assert response.status_code == 201
    assert (response.json["run_status"], response.json["risk_level"]) == ("BLOCKED", "RED")
    assert response.json["block_reason"].startswith("INVALID_INPUT")
    assert client.get(response.headers["Location"]).json["status"] == "BLOCKED"


@pytest.mark.parametrize("left_out", ["design", "context", "meta"])
def test_a_cut_that_says_too_little_is_never_green(post: Post, left_out: str) -> None:
    response = post(**{left_out: None})
    assert response.status_code == 201
    assert (response.json["risk_level"] == "GREEN") == (left_out == "meta")


@pytest.mark.parametrize(
    "nonsense",
    [{"feed_mm_min": "fast"}, {"spindle_rpm": {"a": [None]}}, {"x": 1e300}, {"": ""}, {"feed_mm_min": [[[]]]}],
)
def test_nonsense_in_the_design_is_a_recorded_run(post: Post, nonsense: dict[str, Any]) -> None:
    response = post(design={**make_body()["design"], **nonsense})
    assert response.status_code == 201


def test_one_line_is_logged_for_each_recorded_run(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        run_id = post().json["run_id"]
    said = [record.getMessage() for record in caplog.records if record.name != "rmos.access"]
    assert said == [f"run_created run_id={run_id} risk=GREEN"]


def test_trap_25_the_clients_own_feasibility_risk_and_hashes_are_not_trusted(post: Post, service_store: Store) -> None:
    claims = {
        "feasibility": {"status": "GREEN", "overall_score": 100},
        "decision": {"risk_level": "GREEN", "score": 100},
        "hashes": {"feasibility_sha256": "a" * 64},
        "status": "OK",
    }
    response = post(design={**make_body()["design"], "feed_mm_min": -5}, **claims)
    assert response.status_code == 201
    assert response.json["risk_level"] == "RED"
    run = artifact_of(service_store, response.json["run_id"])
    assert run["status"] == "BLOCKED"
    assert run["meta"]["client_feasibility_stripped"] is True
    assert run["hashes"]["feasibility_sha256"] == digest.canonical_sha256(run["feasibility"])


@pytest.mark.parametrize("claim", ["feasibility", "decision", "hashes", "status"])
def test_whatever_form_a_claimed_decision_has_it_is_dropped_and_noted(
    post: Post, service_store: Store, claim: str
) -> None:
    for value in ("GREEN", 7, [], {"risk_level": "GREEN"}):
        run = artifact_of(service_store, post(**{claim: value}).json["run_id"])
        assert run["meta"]["client_feasibility_stripped"] is True


def test_what_only_the_server_may_say_in_meta_is_not_taken_from_a_client(post: Post, service_store: Store) -> None:
    meta = {
        "request_id": "mine",
        "compute_ms": -1,
        "idempotency": {"key": "k"},
        "completeness_guard": True,
        "client_feasibility_stripped": True,
        "operator": "anna",
    }
    response = post(meta=meta)
    kept = artifact_of(service_store, response.json["run_id"])["meta"]
    assert kept.pop("compute_ms") > 0
    assert kept == {"request_id": response.headers["X-Request-Id"], "operator": "anna"}


def test_trap_27_an_unknown_engine_does_not_fall_back_to_the_default(
    post: Post, client: FlaskClient, service_store: Store
) -> None:
    response = post(engine_id="no_such_engine")
    assert response.status_code == 404
    assert response.json["error"] == "ENGINE_NOT_FOUND"
    assert response.json["engine_id"] == "no_such_engine"
    run = artifact_of(service_store, response.json["run_id"])
    assert run["status"] == run["decision"]["risk_level"] == "ERROR"
    assert run["feasibility"]["engine_id"] == "no_such_engine"
    assert run["errors"][0]["error"] == "ENGINE_NOT_FOUND"
    assert "no_such_engine" in run["decision"]["block_reason"]
    assert client.get(f"{RUNS}?risk_level=ERROR").json["items"][0]["run_id"] == response.json["run_id"]


def test_the_default_engine_can_be_asked_for_by_name(post: Post) -> None:
    assert post(engine_id="baseline_v1").json["feasibility_sha256"] == post().json["feasibility_sha256"]


# What is refused before anything is recorded


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"mode": None}, "mode"),
        ({"mode": ""}, "mode"),
        ({"mode": "  "}, "mode"),
        ({"mode": 7}, "mode"),
        ({"tool_id": None}, "tool_id"),
        ({"tool_id": "t" * 201}, "tool_id"),
        ({"tool_id": ["x"]}, "tool_id"),
        ({"design": []}, "design"),
        ({"design": "text"}, "design"),
        ({"context": 4}, "context"),
        ({"outputs": []}, "outputs"),
        ({"outputs": {"gcode_path": "/etc/passwd"}}, "outputs.gcode_path"),
        ({"outputs": {"gcode_text": 5}}, "outputs.gcode_text"),
        ({"notes": "n" * 10_001}, "notes"),
        ({"meta": []}, "meta"),
        ({"meta": {str(n): n for n in range(51)}}, "meta"),
        ({"meta": {"a": "x" * 65_600}}, "meta"),
        ({"event_type": ""}, "event_type"),
        ({"engine_id": 3}, "engine_id"),
        ({"material_id": ""}, "material_id"),
        ({"workflow_session_id": "../x"}, "workflow_session_id"),
        ({"workflow_session_id": "ws_" + "0" * 32 + "\n"}, "workflow_session_id"),
        ({"parent_run_id": "run_1"}, "parent_run_id"),
        ({"parent_run_id": "run_" + "0" * 32}, "parent_run_id"),
        ({"surprise": 1}, "surprise"),
        ({"_sha256": "0" * 64}, "_sha256"),
        ({"run_id": "run_" + "0" * 32}, "run_id"),
        *(({"event_type": word}, "event_type") for word in sorted(WORKFLOW_EVENT_TYPES)),
        ({"event_type": " Approval"}, "event_type"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(
    post: Post, client: FlaskClient, over: dict[str, Any], field: str
) -> None:
    response = post(**over)
    assert response.status_code == 422
    assert response.json["error"] == "VALIDATION_FAILED"
    assert list(response.json["errors"]) == [field]
    assert client.get(RUNS).json["items"] == []


def test_a_design_of_null_is_no_object(client: FlaskClient) -> None:
    assert client.post(RUNS, json={**make_body(), "design": None}).status_code == 422


@pytest.mark.parametrize(
    "field", ["workflow_session_id", "engine_id", "material_id", "machine_id", "notes", "parent_run_id"]
)
def test_null_is_the_same_as_leaving_an_optional_field_out(client: FlaskClient, field: str) -> None:
    assert client.post(RUNS, json={**make_body(), field: None}).status_code == 201


def test_the_workflows_event_types_are_its_own_but_import_and_other_words_are_the_callers(post: Post) -> None:
    for word in ("import", "rosette", "approval_note", "x"):
        assert post(event_type=word).status_code == 201


def test_a_session_that_does_not_exist_is_not_found(post: Post, client: FlaskClient) -> None:
    session_id = "ws_" + ids.uuid7_hex(ids.now_us())
    response = post(workflow_session_id=session_id)
    assert response.status_code == 404
    assert (response.json["error"], response.json["workflow_session_id"]) == ("SESSION_NOT_FOUND", session_id)
    assert client.get(RUNS).json["items"] == []


def test_a_run_of_a_session_that_exists_is_recorded_and_found_by_it(post: Post, client: FlaskClient) -> None:
    session_id = client.post("/api/workflow-sessions", json={}).json["session_id"]
    run_id = post(workflow_session_id=session_id).json["run_id"]
    post()
    found = client.get(f"{RUNS}?workflow_session_id={session_id}").json["items"]
    assert [run["run_id"] for run in found] == [run_id]


def test_a_parent_run_that_exists_is_recorded(post: Post, service_store: Store) -> None:
    parent = post().json["run_id"]
    child = post(parent_run_id=parent)
    assert child.status_code == 201
    assert artifact_of(service_store, child.json["run_id"])["parent_run_id"] == parent


def test_gcode_is_taken_up_to_its_limit_and_refused_above_naming_it(post: Post) -> None:
    assert post(outputs={"gcode_text": "é" * (MAX_GCODE_BYTES // 2)}).status_code == 201
    response = post(outputs={"gcode_text": "é" * (MAX_GCODE_BYTES // 2) + "."})
    assert response.status_code == 413
    assert response.json["error"] == "PAYLOAD_TOO_LARGE"
    assert str(MAX_GCODE_BYTES) in response.json["detail"]


def test_a_run_whose_row_was_not_taken_is_created_all_the_same_and_indexed_soon(
    app: Flask, post: Post, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    post()
    store = app.extensions["rmos"].store
    woken: list[bool] = []
    monkeypatch.setattr(app.extensions["rmos"].store.gaps, "on_gap", lambda: woken.append(True))

    def refuse(rows: object) -> None:
        raise IndexUnavailable("The index is busy.")

    monkeypatch.setattr(store.index.runs, "upsert", refuse)
    response = post()
    assert response.status_code == 201
    assert response.json["indexed"] is False
    assert woken == [True]
    assert client.get(response.headers["Location"]).status_code == 200


def test_a_full_disk_is_507_and_nothing_was_acknowledged(
    post: Post, client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    post()

    def full(fd: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        response = post()
    assert response.status_code == 507
    assert response.json["error"] == "OUT_OF_SPACE"
    assert len(client.get(RUNS).json["items"]) == 1
    assert post().status_code == 201


def test_numbers_are_recorded_as_they_were_meant(post: Post, client: FlaskClient) -> None:
    design = {"tiny": 5e-324, "large": 1e21, "whole": 3.0, "edge": 2**53, "zero": -0.0, "third": 0.1}
    response = post(design=design)
    recorded = client.get(response.headers["Location"]).data
    inputs = msgspec.json.decode(recorded)["inputs"]["design"]
    assert {name: float(value) for name, value in inputs.items()} == design
    assert b'"large":1e+21,' in recorded
