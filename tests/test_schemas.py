"""How JSON looks to a client: the mapping table of summaries row by row, and what requests may hold."""

import json
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from rmos import digest, ids
from rmos.models import EVENT_SCHEMA, SUMMARY_CHARACTERS, Event, RunArtifact, RunView
from rmos.schemas import runs
from rmos.schemas.lists import PageRequest, load_list
from rmos.schemas.requests import RunRequestSchema
from rmos.schemas.runs import RunAdvisorySummarySchema, RunPageSchema, dump_run, dump_summary, list_columns
from rmos.store.artifacts import Artifact, examine_identity, verify_artifact
from rmos.store.folding import fold
from rmos.store.run_records import RunRecord
from rmos.store.specimens import row_schema, specimen_rows
from tests.makers import US, make_decision, make_members


def make_view(*events: Event, **over: Any) -> RunView:
    """Make a run as it stands, through the bytes that a store would hold."""
    return fold(make_artifact(**over), events)


def make_artifact(**over: Any) -> Artifact:
    """Make a judged artifact."""
    members = make_members(US, **over)
    return verify_artifact(digest.encode_record(members), members["run_id"], "2025-12-23")


def summary(*events: Event, **over: Any) -> dict[str, Any]:
    """Return the summary as a client reads it."""
    read: dict[str, Any] = json.loads(dump_summary(make_view(*events, **over)))
    return read


def explained(status: Any, text: Any, number: int = 1) -> Event:
    """Make an event that an explanation has come."""
    return Event(
        schema=EVENT_SCHEMA,
        event_id=ids.new_event_id(US),
        number=number,
        kind="explanation",
        record_id="run_0123456789ab",
        previous_sha256=None,
        created_at_utc=ids.utc_text(US),
        actor="anna",
        role="operator",
        data={"status": status, "summary": text},
    )


# The mapping table


def test_a_summary_has_just_the_fields_of_the_schema_in_their_order() -> None:
    fields = ["run_id", "created_at_utc", "status", "event_type", "risk_level", "score", "block_reason", "warnings"]
    fields += ["explanation_status", "explanation_summary", "request_id", "compute_ms", "mode", "tool_id"]
    fields += ["material_id", "machine_id", "workflow_session_id", "parent_run_id", "created_by", "rule", "meta"]
    assert list(summary()) == fields
    assert list(RunAdvisorySummarySchema().fields) == [
        *fields,
        *("override", "deleted", "outcome", "outcome_count"),  # where there is one
    ]


def test_the_specimens_show_each_field_of_a_summary_so_that_a_new_one_makes_another_schema_of_the_index() -> None:
    shown = [json.loads(row.summary) for row in specimen_rows(dump_summary)]
    for name in RunAdvisorySummarySchema().fields:
        assert any(summary.get(name) not in (None, [], {}) for summary in shown), name


def test_a_summary_is_what_its_schema_says_of_each_field() -> None:
    for row in specimen_rows(dump_summary):
        summary = json.loads(row.summary)
        assert RunAdvisorySummarySchema().load(summary) == summary
    view = make_view(meta={"compute_ms": 3})
    assert isinstance(json.loads(dump_summary(view))["compute_ms"], float)


@pytest.fixture
def another_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the summary have one field more, as one more line of its schema makes it."""

    class WithSchema(RunAdvisorySummarySchema):
        schema = runs._declare_field(fields.String(), lambda view: view.artifact.schema)

    monkeypatch.setattr(runs, "_summary", WithSchema())


def test_a_field_more_is_in_the_summary_in_the_table_and_in_the_schema_of_the_index(
    request: pytest.FixtureRequest,
) -> None:
    before = row_schema(dump_summary)
    request.getfixturevalue("another_summary")
    assert summary()["schema"] == "rmos.run/1"
    assert list_columns()[-1] == "schema"
    assert row_schema(dump_summary) != before


@pytest.mark.parametrize(
    ("decision", "rule"),
    [
        ({"block_reason": "HEAT: it burns", "warnings": ["FORCE: much"]}, "HEAT"),
        ({"warnings": ["FORCE: much", "HEAT: it burns"]}, "FORCE"),
        ({"block_reason": "This cut cannot be judged, it lacks HEAT: all.", "warnings": ["HEAT: unknown"]}, "HEAT"),
        ({"block_reason": "STRIP_TOO_THIN: ring 2, 0.2 mm"}, "STRIP_TOO_THIN"),
        ({"block_reason": "Ask: anna"}, None),
        ({"block_reason": "HEAT"}, "HEAT"),
        ({"block_reason": "HEAT: it burns", "details": {}}, None),
        ({"block_reason": "HEAT: it burns", "details": {"checks": ["HEAT"], "manufacture": {"code": "HEAT"}}}, None),
        ({}, None),
    ],
)
def test_the_first_rule_against_a_cut_is_named_and_none_is_made_up(decision: dict[str, Any], rule: str | None) -> None:
    details = {"checks": {"FORCE": "YELLOW", "HEAT": "RED"}, "manufacture": [7, {"code": "STRIP_TOO_THIN"}]}
    assert summary(decision=make_decision("BLOCKED", **{"details": details, **decision}))["rule"] == rule


def test_identity_and_decision_come_from_the_artifact() -> None:
    decision = make_decision("BLOCKED", score=12.5, block_reason="too fast", warnings=["one", "two"])
    view = make_view(status="BLOCKED", decision=decision)
    told = json.loads(dump_summary(view))
    assert told["run_id"] == view.artifact.run_id
    assert told["created_at_utc"] == "2025-12-23T09:46:13.123456Z"
    assert (told["status"], told["event_type"]) == ("BLOCKED", "feasibility_check")
    assert (told["risk_level"], told["score"], told["block_reason"]) == ("RED", 12.5, "too fast")
    assert told["warnings"] == ["one", "two"]


def test_an_absent_score_is_null_and_absent_warnings_are_a_list() -> None:
    told = summary(status="BLOCKED")
    assert told["score"] is None
    assert told["block_reason"] is None
    assert told["warnings"] == []


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [("PENDING", "pending"), ("READY", "complete"), ("ERROR", "failed"), ("NONE", None), (None, None), ("odd", None)],
)
def test_explanation_states_have_other_words_in_lists(recorded: str | None, shown: str | None) -> None:
    assert summary(explanation_status=recorded)["explanation_status"] == shown
    assert summary(explained(recorded, None))["explanation_status"] == shown
    assert summary(meta={"explanation_status": recorded})["explanation_status"] == shown


@pytest.mark.parametrize(("word", "shown"), [("complete", "complete"), ("failed", "failed"), ("pending", "pending")])
def test_the_words_of_lists_are_understood_in_meta(word: str, shown: str) -> None:
    assert summary(meta={"explanation_status": word}, explanation_status="NONE")["explanation_status"] == shown


def test_the_latest_event_comes_before_the_field_and_the_field_before_meta() -> None:
    everything: dict[str, Any] = {
        "explanation_status": "ERROR",
        "explanation_summary": "of the field",
        "meta": {"explanation_status": "PENDING", "explanation_summary": "of meta", "explanation": "long"},
    }
    told = summary(explained("PENDING", "first"), explained("READY", "second", 2), **everything)
    assert (told["explanation_status"], told["explanation_summary"]) == ("complete", "second")
    told = summary(**everything)
    assert (told["explanation_status"], told["explanation_summary"]) == ("failed", "of the field")
    del everything["explanation_summary"]
    assert summary(**everything)["explanation_summary"] == "of meta"
    del everything["meta"]["explanation_summary"]
    assert summary(**everything)["explanation_summary"] == "long"
    del everything["meta"]["explanation"]
    assert summary(**everything)["explanation_summary"] is None


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", "e\u0301"])
def test_an_explanation_is_cut_at_two_hundred_whole_characters(letter: str) -> None:
    text = letter * 300
    for over in ({"explanation_summary": text}, {"meta": {"explanation": text}}):
        shown = summary(**over)["explanation_summary"]
        assert shown == text[:SUMMARY_CHARACTERS]
        assert len(shown) == 200
    assert summary(meta={"explanation": letter * 3})["explanation_summary"] == letter * 3


def test_the_request_id_of_meta_comes_before_the_field() -> None:
    assert summary(meta={"request_id": "in_meta"}, request_id="in_field")["request_id"] == "in_meta"
    assert summary(meta={"request_id": 7}, request_id="in_field")["request_id"] == "in_field"
    assert summary(meta={}, request_id=None)["request_id"] is None


def test_meta_is_shown_without_its_explanations() -> None:
    meta = {"explanation": "a", "explanation_summary": "b", "explanation_status": "READY", "batch_label": "c", "n": [1]}
    assert summary(meta=meta)["meta"] == {"explanation_status": "READY", "batch_label": "c", "n": [1]}
    assert summary(meta=None)["meta"] == {}


@pytest.mark.parametrize("value", [None, "45.2", True, False, [45.2], {}, ""])
def test_a_compute_time_that_is_no_number_is_null(value: Any) -> None:
    assert summary(meta={"compute_ms": value})["compute_ms"] is None


@pytest.mark.parametrize("value", [45.2, 0, -1, 10**15, 1e300])
def test_a_compute_time_that_is_a_number_is_kept(value: float) -> None:
    assert summary(meta={"compute_ms": value})["compute_ms"] == value


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    # U+0000 and half surrogates are in no record.
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)
KNOWN = ("compute_ms", "request_id", "explanation", "explanation_summary", "explanation_status", "warnings")


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text("abc", min_size=1), ANY_JSON, max_size=6), ANY_JSON)
def test_no_meta_breaks_a_summary_and_the_same_view_gives_the_same_text(meta: dict[str, Any], odd: Any) -> None:
    bare = make_view(explanation_status="NONE")
    view = msgspec.structs.replace(bare, artifact=msgspec.structs.replace(bare.artifact, meta=meta))
    view = msgspec.structs.replace(view, explanation_status=odd, explanation_summary=odd)
    text = dump_summary(view)
    told = json.loads(text)
    assert dump_summary(view) == text
    assert not RunPageSchema().validate({"items": [told], "next_cursor": None, "total": 1})
    assert told["explanation_summary"] is None or len(told["explanation_summary"]) <= 200
    assert told["explanation_status"] in ("pending", "complete", "failed", None)


def test_the_dumper_can_be_handed_to_worker_processes() -> None:
    assert pickle.loads(pickle.dumps(dump_summary)) is dump_summary


# One run


def make_record(artifact: Artifact, **over: Any) -> RunRecord:
    """Make what the store hands to the edge."""
    values: dict[str, Any] = {
        "run_id": artifact.run.run_id,
        "partition": "2025-12-23",
        "data": artifact.data,
        "sha256": artifact.sha256,
        "has_self_digest": artifact.has_self_digest,
        "events": [],
        "links": [],
        "tombstone": None,
        "last_event_sha256": "",
        "identity": examine_identity(artifact.data, artifact.run.run_id, "2025-12-23").identity,
    }
    return RunRecord(**(values | over))


def test_a_run_that_never_had_attachments_still_has_the_member() -> None:
    artifact = make_artifact(attachments=None)
    assert b'"attachments"' not in artifact.data
    told = json.loads(dump_run(make_record(artifact)))
    assert (told["attachments"], told["advisory_inputs"]) == ([], [])
    assert told["explanation_status"] is None


def test_members_that_only_a_later_release_knows_are_passed_on() -> None:
    told = json.loads(dump_run(make_record(make_artifact(toolchain_id="t1", overrides=["mine"], version=7))))
    assert (told["toolchain_id"], told["overrides"], told["version"]) == ("t1", [], 0)


def test_a_run_that_nothing_happened_to_is_shown_as_a_folded_one_is() -> None:
    unsaid = msgspec.Raw(b"null")
    record = make_record(make_artifact(explanation_status=unsaid, explanation_summary=unsaid))
    folded = msgspec.structs.replace(record, identity=None)
    assert json.loads(dump_run(record)) == json.loads(dump_run(folded))
    assert dump_run(record).startswith(record.data[:-2])


def test_numbers_keep_the_text_they_were_written_with() -> None:
    artifact = make_artifact(design={"a": 1e21, "b": 1e-7, "c": 4.50})
    assert b'"design":{"a":1e+21,"b":1e-7,"c":4.5}' in dump_run(make_record(artifact))


# What clients send


def test_defaults_fill_what_a_client_may_leave_out() -> None:
    loaded = RunRequestSchema().load({"mode": "saw", "tool_id": "saw-250"})
    assert loaded == {
        "mode": "saw",
        "tool_id": "saw-250",
        "event_type": "feasibility_check",
        "design": {},
        "context": {},
        "outputs": {},
        "meta": {},
    }


def test_defaults_are_not_shared_between_requests() -> None:
    first = RunRequestSchema().load({"mode": "saw", "tool_id": "saw-250"})
    first["meta"]["a"] = 1
    assert RunRequestSchema().load({"mode": "saw", "tool_id": "saw-250"})["meta"] == {}


def test_the_largest_values_are_taken() -> None:
    body = {"mode": "m" * 200, "tool_id": "t", "notes": "n" * 10_000, "meta": {str(n): n for n in range(50)}}
    assert RunRequestSchema().load(body)["notes"] == "n" * 10_000
    meta = {"a": "x" * (64 * 1024 - 8)}
    assert RunRequestSchema().load({**body, "meta": meta})["meta"] == meta
    with pytest.raises(ValidationError):
        RunRequestSchema().load({**body, "meta": {"a": meta["a"] + "x"}})


def test_a_list_asked_for_nothing_is_the_first_fifty() -> None:
    request = load_list({})
    assert request.page == PageRequest(limit=50, cursor=None, offset=0, include_total=False)
    assert not any(getattr(request.query, name) for name in request.query.__struct_fields__)


def test_each_filter_reaches_the_query() -> None:
    texts = ("mode", "tool_id", "tool_id_prefix", "event_type", "workflow_session_id", "batch_label", "session_id")
    sent = {name: [f"{name}!"] for name in (*texts, "material_id", "machine_id", "request_id")}
    sent |= {"status": ["OK"], "risk_level": ["RED"], "include_deleted": ["true"]}
    sent |= {"created_from": ["2025-12-23T00:00:00Z"], "created_to": ["2025-12-24T00:00:00.5+01:00"]}
    query = load_list(sent).query
    for name, values in sent.items():
        if not name.startswith(("created", "include")):
            assert getattr(query, name) == values[0]
    assert query.include_deleted is True
    assert query.created_from_us == ids.parse_utc("2025-12-23")
    assert query.created_to_us == ids.parse_utc("2025-12-23T23:00:00.500000Z")
    assert query.source is None


def test_artifacts_of_the_earlier_system_have_summaries_too() -> None:
    artifact = msgspec.json.decode(
        b'{"run_id":"run_0123456789ab","created_at_utc":"2025-12-23T10:30:00+00:00","status":"OK","mode":"m",'
        b'"tool_id":"t","decision":{"risk_level":"GREEN","score":87},"hashes":{"feasibility_sha256":"%s"},'
        b'"feasibility":{}}' % (b"0" * 64),
        type=RunArtifact,
    )
    told = json.loads(dump_summary(RunView(artifact=artifact, sha256="")))
    assert (told["score"], told["warnings"], told["meta"], told["event_type"]) == (87, [], {}, None)
