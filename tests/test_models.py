import json
from typing import Any, get_args

import msgspec
import pytest

from rmos import digest, models, row_models
from rmos.models import RunArtifact
from tests.earlier_system import ARTIFACT_KEYS, LATER_KEYS, make_earlier_store
from tests.makers import make_decision, make_members


def decoded(members: dict[str, Any]) -> RunArtifact:
    return msgspec.json.decode(digest.encode_record(members), type=RunArtifact)


def test_our_artifact_is_read_back_as_it_was_written() -> None:
    members = make_members(status="BLOCKED", material_id="ebony", notes="Fräser getauscht")
    run = decoded(members)
    assert (run.schema, run.run_id, run.status, run.material_id) == (
        models.RUN_SCHEMA,
        members["run_id"],
        "BLOCKED",
        "ebony",
    )
    assert run.decision.risk_level == "RED"
    assert run.meta == {"batch_label": "batch_1"}


def test_raw_members_are_the_exact_slice_of_the_file() -> None:
    members = make_members(feasibility={"b": 1e-7, "a": [1.0, "é"]})
    run = decoded(members)
    assert bytes(run.feasibility) == '{"a":[1,"é"],"b":1e-7}'.encode()
    assert run.inputs is not None
    assert digest.sha256_hex(bytes(run.feasibility)) == run.hashes.feasibility_sha256
    assert digest.sha256_hex(bytes(run.inputs.design)) == run.hashes.design_sha256
    assert digest.sha256_hex(bytes(run.inputs.context)) == run.hashes.context_sha256


def test_artifacts_of_the_earlier_system_are_read_with_all_their_oddities(tmp_path: Any) -> None:
    store = make_earlier_store(tmp_path, runs=30)
    schemas = set()
    keys = set()
    for run_id, path in store.artifacts.items():
        run = msgspec.json.decode(path.read_bytes(), type=RunArtifact)
        assert run.run_id == run_id
        schemas.add(run.schema)
        keys.add(tuple(json.loads(path.read_bytes())))
    assert schemas == {None}
    assert keys == {ARTIFACT_KEYS, LATER_KEYS}


@pytest.mark.parametrize(
    "name", ["run_id", "created_at_utc", "status", "mode", "tool_id", "decision", "hashes", "feasibility"]
)
def test_an_artifact_without_what_every_run_has_is_no_artifact(name: str) -> None:
    members = make_members()
    del members[name]
    with pytest.raises(msgspec.ValidationError, match=name):
        decoded(members)


@pytest.mark.parametrize(
    "over",
    [
        {"decision": make_decision(risk_level="PURPLE")},
        {"decision": make_decision(score=900)},
        {"decision": make_decision(score=-0.1)},
        {"decision": make_decision(warnings="hot")},
        {"decision": make_decision(warnings=None)},
        {"decision": make_decision(details=[])},
        {"hashes": {"feasibility_sha256": "F" * 64}},
        {"hashes": {"feasibility_sha256": "0" * 63}},
        {"hashes": {}},
        {"inputs": {"design": {}}},
        {"attachments": [{"sha256": "x"}]},
        {"meta": []},
        {"run_id": 5},
    ],
)
def test_trap_21_values_out_of_their_range_are_no_artifact(over: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(make_members() | over)


def test_trap_21_a_status_of_no_meaning_is_no_artifact() -> None:
    with pytest.raises(msgspec.ValidationError, match="status"):
        decoded(make_members() | {"status": "FINE"})


def test_members_of_a_later_release_are_ignored() -> None:
    members = make_members()
    assert decoded({**members, "zebra": {"a": 1}}) == decoded(members)


def test_records_cannot_be_changed() -> None:
    run = decoded(make_members())
    with pytest.raises(AttributeError):
        run.status = "ERROR"  # type: ignore[misc]


def test_the_words_for_status_and_risk_are_the_same_in_the_types_and_in_the_lists() -> None:
    assert get_args(models.RunStatus) == models.RUN_STATUSES
    assert get_args(models.RiskLevel) == models.RISK_LEVELS


def test_a_query_has_every_filter_that_a_row_has_a_column_for() -> None:
    row, query = set(row_models.RunRow.__struct_fields__), set(row_models.RunQuery.__struct_fields__)
    figures = {
        "explanation_status",
        "advisory_kinds",
        "latest_advisory_us",
        "override_until",
        "outcomes",
        "run_log",
        "tool_work",
    }
    assert row - query == {"run_id", "created_us", "partition", "version", "state", "sha256", "summary", *figures}
    assert query - row == {"tool_id_prefix", "created_from_us", "created_to_us", "include_deleted", "now_utc"}
