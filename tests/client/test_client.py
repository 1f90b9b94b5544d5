"""The client against the real service."""

import json
import subprocess
import sys
import threading
from typing import Any, cast, get_args, get_type_hints, is_typeddict

import httpx
import pytest
from marshmallow import Schema, fields

from rmos.client import (
    BadAnswer,
    Batch,
    Calibration,
    Candidate,
    Client,
    Engine,
    Found,
    IdempotencyKeyReused,
    ImportedBundle,
    MadeProgram,
    OutcomeFilters,
    OutcomeOptions,
    OutcomeReported,
    OutcomeSummary,
    OutcomeTotals,
    ProblemError,
    Retries,
    RunCreated,
    RunDiff,
    RunFilters,
    RunLogEntry,
    RunNotFound,
    RunSummary,
    Session,
    SessionFields,
    ToolLife,
    ToolReset,
    Unreachable,
    ValidationFailed,
)
from rmos.client.shop_types import DecidedCandidate
from rmos.schemas.batches import BatchSchema
from rmos.schemas.bundles import ImportedBundleSchema
from rmos.schemas.calibration import CalibrationSchema
from rmos.schemas.candidates import CandidateSchema, DecidedSchema
from rmos.schemas.diffs import RunDiffSchema
from rmos.schemas.lists import RunListSchema
from rmos.schemas.outcomes import (
    OutcomeFiltersSchema,
    OutcomeGroupSchema,
    OutcomeReportedSchema,
    OutcomeRequestSchema,
    OutcomeSummarySchema,
)
from rmos.schemas.run_log import RunLogEntrySchema
from rmos.schemas.runs import RunAdvisorySummarySchema, RunCreatedSchema
from rmos.schemas.service import EnginesSchema
from rmos.schemas.sessions import SessionFieldsSchema
from rmos.schemas.tools import ToolLifeSchema, ToolResetSchema
from rmos.schemas.workflow import ActedProgramSchema, DryRunResultsSchema, SessionActedSchema
from tests.api.conftest import make_body
from tests.client.conftest import cut
from tests.faults.service import Service


def test_a_run_is_created_read_listed_downloaded_and_compared(client: Client) -> None:
    made = client.create_run(**cut("all of it"), material_id="spruce")
    assert (made["status"], made["run_status"], made["indexed"], made["replayed"]) == (
        "created",
        "BLOCKED",
        True,
        False,
    )
    run = client.get_run(made["run_id"])
    assert run["decision"]["risk_level"] == made["risk_level"]
    assert run["material_id"] == "spruce"
    assert [found["run_id"] for found in client.iter_runs(batch_label="all of it")] == [made["run_id"]]
    assert json.loads(client.download(made["run_id"]))["run_id"] == made["run_id"]
    assert client.list_events(made["run_id"]) == []
    assert client.diff(made["run_id"], made["run_id"])["diff_severity"] == "NONE"


def test_pages_are_followed_to_the_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rmos.client.calls._PAGE", 3)
    made = [client.create_run(**cut("pages"))["run_id"] for _ in range(8)]
    assert [run["run_id"] for run in client.iter_runs(batch_label="pages", include_deleted=True)] == made[::-1]
    assert [run["run_id"] for run in client.iter_recent_runs(limit=4)] == made[:3:-1]
    assert [run["run_id"] for run in client.iter_runs(limit=5, batch_label="pages")] == made[:2:-1]
    assert list(client.iter_recent_runs(limit=0)) == []


def test_recent_runs_ignore_case(client: Client) -> None:
    run_id = client.create_run(**cut() | {"meta": {"source": "Cam-7"}})["run_id"]
    assert [run["run_id"] for run in client.iter_recent_runs(source="cAM-7", mode="ROUTER", status="blocked")] == [
        run_id
    ]


def test_the_engines_and_the_health_are_told(client: Client) -> None:
    engines = client.list_engines()
    assert [engine["engine_id"] for engine in engines] == ["baseline_v2", "baseline_v1"]
    assert all(any(given["path"] == "design.feed_mm_min" for given in engine["inputs"]) for engine in engines)
    health = client.get_health()
    assert health["ready"] is True
    assert health["checks"]["store"] == "ok"
    assert health["index"] == {"lists": True}


def test_cuts_are_judged_without_a_record(client: Client) -> None:
    asked = {name: make_body()[name] for name in ("mode", "tool_id", "design", "context")}
    before = len(list(client.iter_runs()))
    green, red = client.evaluate_cuts([asked, {**asked, "design": {**asked["design"], "floor_thickness_mm": 0.7}}])
    assert (green["risk_level"], red["risk_level"]) == ("GREEN", "RED")
    assert red["block_reason"]
    assert len(list(client.iter_runs())) == before
    with pytest.raises(ProblemError, match="nowhere"):
        client.evaluate_cuts([asked], engine_id="nowhere")
    brief = client.evaluate_cuts([asked], view="brief")
    assert brief == [{"risk_level": "GREEN", "score": green["score"], "rule": None, "why": None}]


def test_a_setting_is_suggested_that_is_green_when_it_is_judged(client: Client) -> None:
    asked = {name: make_body()[name] for name in ("mode", "tool_id", "design", "context")}
    free = {name: value for name, value in asked["design"].items() if name not in ("feed_mm_min", "axial_depth_mm")}
    found = client.suggest(free, asked["context"], tool_id=asked["tool_id"])
    assert found["settings"]["fixed"] == ["plunge_feed_mm_min", "spindle_rpm"]
    [judged] = client.evaluate_cuts([{**asked, "design": found["design"]}])
    assert judged["risk_level"] == found["risk_level"] == "GREEN"
    with pytest.raises(ValidationFailed, match=r"context\.tool\.kind"):
        client.suggest(free, asked["context"])


def test_a_session_is_led_from_its_design_to_an_approval(client: Client) -> None:
    made = client.create_session(workflow_type="rosette", design=make_body()["design"], context=make_body()["context"])
    judged = client.act(made["session_id"], "request_feasibility", version=1, mode="router", tool_id="em-3175-2f")
    assert judged["state"] == "feasibility_ready"
    assert client.get_run(judged["run_id"])["workflow_session_id"] == made["session_id"]
    with pytest.raises(ProblemError) as stale:
        client.act(made["session_id"], "approve", version=1)
    assert stale.value.code == "PRECONDITION_FAILED"
    assert client.act(made["session_id"], "approve", reason="a fine cut")["state"] == "approved"
    assert client.get_session(made["session_id"])["state"] == "approved"
    with pytest.raises(ProblemError) as refused:
        client.act(made["session_id"], "request_feasibility", mode="router", tool_id="em-3175-2f")
    assert refused.value.code == "TRANSITION_BLOCKED"


def test_a_yellow_cut_is_overridden(client: Client) -> None:
    design = {**make_body()["design"], "plunge_feed_mm_min": 2200}
    run = client.create_run(**{**make_body(), "design": design})
    assert run["risk_level"] == "YELLOW"
    told = client.override(run["run_id"], scope="YELLOW", reason="tried on an offcut", acknowledge_risk=True)
    assert told["run_id"] == run["run_id"]
    assert [entry["reason"] for entry in client.get_run(run["run_id"])["overrides"]] == ["tried on an offcut"]


def test_what_became_of_a_cut_is_reported_once_listed_and_added_up(client: Client) -> None:
    run_id = client.create_run(**cut("outcomes"), machine_id="the_one")["run_id"]
    said = {"ended": "completed", "part": "scrap", "reason_code": "BURN", "measured_s": 90.0}
    first, again = (client.report_outcome(run_id, idempotency_key="o-1", **cast(Any, said)) for _ in range(2))
    assert (first["outcome"], first["cut_against_decision"], first["replayed"]) == ("scrapped", True, False)
    assert again == {**first, "replayed": True}
    assert [entry["reason_code"] for entry in client.list_run_outcomes(run_id)] == ["BURN"]
    assert [outcome["run_id"] for outcome in client.iter_outcomes(machine="the_one")] == [run_id]
    assert list(client.iter_outcomes(machine="the_one", part="good")) == []
    [group] = client.total_outcomes("machine", machine="the_one")
    assert (group["group"], group["jobs"], group["scrap"], group["minutes"]) == ("the_one", 1, 1, 1.5)
    report = client.get_calibration(machine_id="THE_ONE", since="2025-01-01")
    assert [(row["jobs"], row["scrap"]["count"]) for row in report["colours"]] == [(1, 1)]
    with pytest.raises(ValidationFailed, match="reason_code"):
        client.report_outcome(run_id, ended="failed", part="good")


def test_what_must_not_be_done_twice_is_sent_once() -> None:
    sent: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(503)

    with Client("http://rmos", transport=httpx.MockTransport(busy), retries=Retries(base_s=0.001)) as client:
        for ask in (
            lambda: client.act("ws_0123456789ab", "approve"),
            lambda: client.override("run_0123456789ab", scope="YELLOW", reason="tried on an offcut"),
        ):
            with pytest.raises(ProblemError):
                ask()
    assert len(sent) == 2


def test_all_tries_of_one_session_carry_one_key() -> None:
    sent: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(503) if len(sent) == 1 else httpx.Response(201, json={"session_id": "ws_1"})

    with Client("http://rmos", transport=httpx.MockTransport(busy), retries=Retries(base_s=0.001)) as client:
        assert client.create_session(user_id="anna")["session_id"] == "ws_1"
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1
    assert [json.loads(request.read()) for request in sent] == [{"user_id": "anna"}] * 2


def test_a_session_of_ones_own_key_is_made_once(client: Client) -> None:
    first, again = (client.create_session(user_id="anna", idempotency_key="my-session") for _ in range(2))
    assert again == first


def test_a_key_of_ones_own_gives_the_same_run_again(client: Client) -> None:
    first = client.create_run(**cut("own key"), idempotency_key="my-key")
    again = client.create_run(**cut("own key"), idempotency_key="my-key")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["run_id"] == first["run_id"]
    with pytest.raises(IdempotencyKeyReused):
        client.create_run(**cut("another"), idempotency_key="my-key")


def test_refusals_are_exceptions_with_their_code_and_request_id(client: Client) -> None:
    with pytest.raises(RunNotFound) as absent:
        client.get_run("run_" + "0" * 32)
    assert (absent.value.code, absent.value.status) == ("RUN_NOT_FOUND", 404)
    assert absent.value.request_id
    assert absent.value.members["run_id"] == "run_" + "0" * 32
    with pytest.raises(ValidationFailed) as refused:
        client.create_run(mode="", tool_id="x", design={}, context={})
    assert "mode" in refused.value.errors
    with pytest.raises(ProblemError) as unknown:
        client.create_run(**cut(), engine_id="psychic")
    assert unknown.value.code == "ENGINE_NOT_FOUND"
    with pytest.raises(ValidationFailed):
        list(client.iter_runs(risk="RED"))  # type: ignore[call-arg]
    with pytest.raises(RunNotFound):
        client.download("nonsense")


@pytest.mark.parametrize("run_id", ["", ".", "..", "../../etc/passwd", "run_1?x=1", "é", "run_1\n"])
def test_what_would_be_another_url_is_no_id(client: Client, run_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        client.get_run(run_id)


@pytest.mark.parametrize("design", [{"feed_mm_min": float("nan")}, {"x": float("inf")}, {"x": object()}, {"x": {1}}])
def test_a_cut_that_is_no_json_is_not_sent(client: Client, design: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        client.create_run(mode="router", tool_id="x", design=design, context={})


def test_threads_share_a_client(client: Client) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(client.create_run(**cut("threads"))["run_id"] for _ in range(4)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(run["run_id"] for run in client.iter_runs(batch_label="threads")) == sorted(made)


def test_where_nobody_answers_it_says_so_after_the_last_try(service: Service) -> None:
    with Client("http://127.0.0.1:9", retries=Retries(attempts=2, base_s=0.01)) as nobody:
        with pytest.raises(Unreachable, match="after 2 attempts"):
            nobody.get_run("run_" + "0" * 32)
        with pytest.raises(Unreachable, match="after 1 attempts"):
            nobody.get_health()


def test_an_address_that_is_not_rmos_is_told_from_it() -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(200, html="<p>Welcome</p>"))
    with Client("http://other.example", transport=page) as other:
        for ask in (
            lambda: other.get_run("run_x"),
            other.list_engines,
            other.get_health,
            lambda: list(other.iter_runs()),
        ):
            with pytest.raises(BadAnswer, match="address of RMOS"):
                ask()


def test_the_token_goes_along() -> None:
    sent: list[str | None] = []

    def response(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization"))
        return httpx.Response(200, json={"items": []})

    for token in (None, "rmos_a1_secret"):
        with Client("http://rmos.example", token=token, transport=httpx.MockTransport(response)) as client:
            client.list_engines()
    assert sent == [None, "Bearer rmos_a1_secret"]


def test_importing_the_client_loads_nothing_of_the_service() -> None:
    script = (
        "import sys; import rmos.client; "
        "print([name for name in sys.modules if name.split('.')[0] in ('flask', 'werkzeug', 'msgspec', 'marshmallow',"
        " 'sqlalchemy') or (name.startswith('rmos.') and not name.startswith('rmos.client'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def assert_same_members(typed: Any, schema: Schema) -> None:
    """Compare the members of a type with those of its schema, and of what lies within."""
    hints = get_type_hints(typed)
    assert set(hints) == set(schema.fields)
    for name, field in schema.fields.items():
        inner = getattr(field, "inner", None) or getattr(field, "value_field", None) or field
        if isinstance(inner, fields.Nested):
            assert_same_members(find_typed(hints[name]), inner.schema)


def find_typed(hint: Any) -> Any:
    """Return the typed dictionary in a hint such as `list[X]`, `dict[str, X]` or `X | None`."""
    return hint if is_typeddict(hint) else next(filter(None, map(find_typed, get_args(hint))), None)


def test_the_types_are_those_of_the_schemas() -> None:
    page = {"include_total", "limit", "cursor", "offset", "bom", "format"}
    assert set(RunSummary.__annotations__) == set(RunAdvisorySummarySchema().fields)
    assert set(RunCreated.__annotations__) == {*RunCreatedSchema().fields, "replayed"}
    assert set(RunDiff.__annotations__) == set(RunDiffSchema().fields)
    assert set(OutcomeReported.__annotations__) == {*OutcomeReportedSchema().fields, "replayed"}
    assert set(OutcomeSummary.__annotations__) == set(OutcomeSummarySchema().fields)
    assert set(OutcomeTotals.__annotations__) == set(OutcomeGroupSchema().fields)
    for typed, schema in (
        (Calibration, CalibrationSchema()),
        (ToolLife, ToolLifeSchema()),
        (ToolReset, ToolResetSchema()),
        (Batch, BatchSchema()),
        (Candidate, CandidateSchema()),
        (DecidedCandidate, DecidedSchema()),
        (RunLogEntry, RunLogEntrySchema()),
        (ImportedBundle, ImportedBundleSchema()),
    ):
        assert_same_members(typed, schema)
    assert set(OutcomeOptions.__annotations__) == set(OutcomeRequestSchema().fields) - {"ended", "part"}
    assert set(OutcomeFilters.__annotations__) == set(OutcomeFiltersSchema().fields) - page
    assert set(RunFilters.__annotations__) == set(RunListSchema().fields) - page
    assert set(Session.__annotations__) == set(SessionActedSchema().fields)
    assert set(MadeProgram.__annotations__) == set(ActedProgramSchema().fields)
    assert set(SessionFields.__annotations__) == set(SessionFieldsSchema().fields)
    assert set(Found.__annotations__) == set(DryRunResultsSchema().fields["results"].inner.schema.fields)  # type: ignore[attr-defined]
    items = EnginesSchema().fields["items"]
    assert set(Engine.__annotations__) == set(items.inner.schema.fields)  # type: ignore[attr-defined]
