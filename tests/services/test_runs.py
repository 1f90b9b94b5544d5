"""Recording a run as any caller does it: no Flask here."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.digest import NotCanonical
from rmos.engines.registry import Registry
from rmos.errors.records import EngineNotFound, RunExists
from rmos.errors.request import IdempotencyKeyReused, PayloadTooLarge, ValidationFailed
from rmos.errors.workflow import SessionNotFound
from rmos.models import Actor
from rmos.row_models import RunQuery
from rmos.services.artifact import MAX_KEYS, Idempotency, RunRequest, request_summary
from rmos.services.runs import Recorded, record_run
from rmos.store import Store
from tests.makers import add_event

ANNA = Actor(name="anna", role="operator", request_id="req_anna")
Record = Callable[..., Recorded]


@pytest.fixture(scope="module")
def engines() -> Iterator[Registry]:
    """The built-in engine and a plug-in that misbehaves as its design says."""
    engines = Registry([("faulty", "tests.engines.faulty:Faulty")])
    yield engines
    engines.close()


@pytest.fixture
def record(store: Store, engines: Registry) -> Record:
    """Record a run: members of the request by name, `actor`, `us` and `idempotency` too."""

    def do(
        *, actor: Actor = ANNA, us: int | None = None, idempotency: Idempotency | None = None, **over: Any
    ) -> Recorded:
        return record_run(
            store,
            engines,
            RunRequest(**{"mode": "router", "tool_id": "em-3175-2f", **over}),
            actor=actor,
            us=ids.now_us() if us is None else us,
            engine_timeout_ms=60_000,
            idempotency=idempotency,
        )

    return do


def artifact_of(store: Store, run_id: str) -> dict[str, Any]:
    """Read what stands on disk."""
    artifact: dict[str, Any] = json.loads(store.runs.record(run_id).data)
    return artifact


def count(store: Store) -> int:
    """Count what lists show."""
    return store.runs.count(RunQuery())


def test_the_moment_of_the_request_is_id_time_and_partition(record: Record, store: Store) -> None:
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    recorded = record(us=us)
    assert ids.moment_of(recorded.run_id) == us
    assert artifact_of(store, recorded.run_id)["created_at_utc"] == "2025-12-23T09:46:13.123456Z"
    assert store.runs.record(recorded.run_id).partition == "2025-12-23"


def test_whoever_asks_and_in_which_request_is_recorded(record: Record, store: Store) -> None:
    run = artifact_of(store, record().run_id)
    assert run["request_id"] == run["meta"]["request_id"] == "req_anna"
    run = artifact_of(store, record(actor=Actor(name="cli:anna", role="operator")).run_id)
    assert run["request_id"] is None
    assert "request_id" not in run["meta"]


def test_an_engine_that_fails_leaves_an_error_run_with_its_digest(record: Record, store: Store) -> None:
    recorded = record(engine_id="plugin", design={"act": "raise_error", "error": "RuntimeError"})
    assert (recorded.run_status, recorded.risk_level, recorded.score) == ("ERROR", "ERROR", None)
    run = artifact_of(store, recorded.run_id)
    assert run["engine_version"] == run["feasibility"]["engine_version"] == "1.2.3"
    assert run["hashes"]["feasibility_sha256"] == digest.canonical_sha256(run["feasibility"])
    assert run["errors"] == [{"error": "ENGINE_FAILED", "detail": "The engine plugin raised RuntimeError."}]
    assert "secret" not in json.dumps(run)


def test_what_was_judged_is_recorded_whatever_an_engine_does_to_it(record: Record, store: Store) -> None:
    design, context = {"act": "meddle"}, {"material": {"id": "ebony"}}
    run = artifact_of(store, record(engine_id="plugin", design=design, context=context, tool_id="x").run_id)
    assert run["status"] == "BLOCKED"
    assert run["inputs"] == {"design": {"act": "meddle"}, "context": {"material": {"id": "ebony"}}}
    assert (design, context) == ({"act": "meddle"}, {"material": {"id": "ebony"}})


def test_an_unknown_engine_is_recorded_and_refused(record: Record, store: Store) -> None:
    with pytest.raises(EngineNotFound) as refused:
        record(engine_id="nobody")
    run_id = refused.value.members["run_id"]
    assert isinstance(run_id, str)
    assert artifact_of(store, run_id)["decision"]["details"]["error"] == "ENGINE_NOT_FOUND"


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"workflow_session_id": "ws_" + "0" * 32}, SessionNotFound),
        ({"workflow_session_id": "ws_0123456789ab"}, SessionNotFound),
        ({"parent_run_id": "run_0123456789ab"}, ValidationFailed),
        ({"outputs": {"gcode_text": "x" * 204_801}}, PayloadTooLarge),
        ({"design": {"a": float("nan")}}, NotCanonical),
    ],
)
def test_what_cannot_be_recorded_leaves_nothing(
    record: Record, store: Store, over: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        record(**over)
    assert count(store) == 0


def test_a_parent_that_was_deleted_still_exists(record: Record, store: Store) -> None:
    parent = record().run_id
    add_event(store, parent, "delete", {"mode": "soft"}, actor=ANNA, us=ids.now_us())
    assert artifact_of(store, record(parent_run_id=parent).run_id)["parent_run_id"] == parent


def test_a_parent_whose_record_is_damaged_still_exists(record: Record, store: Store, settings: Any) -> None:
    parent = record().run_id
    path: Path = next(settings.runs_dir.glob(f"*/{parent}.json"))
    path.chmod(0o644)
    path.write_bytes(b"{}")
    assert record(parent_run_id=parent).run_status == "BLOCKED"


# Idempotency


def test_a_key_makes_one_run_for_each_caller(record: Record, store: Store) -> None:
    key = Idempotency(key="k", request_sha256="a" * 64)
    first, again = record(idempotency=key), record(idempotency=key)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.run_id == first.run_id
    other = record(idempotency=key, actor=Actor(name="bert", role="operator"))
    assert other.run_id != first.run_id
    with pytest.raises(IdempotencyKeyReused):
        record(idempotency=Idempotency(key="k", request_sha256="b" * 64))
    assert count(store) == 2


def test_the_twin_that_came_second_answers_with_the_run_of_the_first(
    record: Record, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Idempotency(key="k", request_sha256="a" * 64)
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    put, inside = store.runs.put, []

    def put_after_the_twin(members: dict[str, Any], **how: bool) -> Any:
        if not inside:
            inside.append(True)
            inside.append(record(us=us, idempotency=key, actor=Actor(name="anna", role="operator", request_id="twin")))
        return put(members, **how)

    monkeypatch.setattr(store.runs, "put", put_after_the_twin)
    late = record(us=us, idempotency=key)
    first = inside[1]
    assert isinstance(first, Recorded)
    assert (late.run_id, late.replayed, first.replayed) == (first.run_id, True, False)
    assert artifact_of(store, late.run_id)["request_id"] == "twin"
    assert count(store) == 1


def test_an_id_that_is_taken_without_a_key_is_an_error_and_changes_nothing(
    record: Record, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    us = ids.now_us()
    first = record(us=us)
    monkeypatch.setattr(ids, "new_run_id", lambda us: first.run_id)
    with pytest.raises(RunExists):
        record(us=us, notes="another")
    assert artifact_of(store, first.run_id)["notes"] is None


def test_a_replay_tells_whether_lists_know_the_run(record: Record, store: Store, settings: Any) -> None:
    key = Idempotency(key="k", request_sha256="a" * 64)
    assert record(idempotency=key).indexed is True
    (settings.runs_dir / "_index.sqlite").unlink()
    assert record(idempotency=key).indexed is False
    store.reconcile()
    assert record(idempotency=key).indexed is True


# request_summary


def summarised(**over: Any) -> dict[str, Any]:
    """Return the summary of a request."""
    return request_summary(RunRequest(**{"mode": "router", "tool_id": "t", **over}))


def test_a_short_request_is_summarised_as_it_is() -> None:
    design = {"operation": "channel", "feed_mm_min": 900.5, "fit_critical": True, "none": None, "points": [1, 2]}
    assert summarised(design=design, context={"tool": {"kind": "end_mill"}}, material_id="ebony") == {
        "mode": "router",
        "tool_id": "t",
        "material_id": "ebony",
        "design": design,
        "context": {"tool": {"kind": "end_mill"}},
    }


def test_long_texts_are_cut_and_their_length_is_noted() -> None:
    short = summarised(design={"svg": "x" * 5000}, outputs={"gcode_text": "G0\n" * 1000})
    assert short["design"]["svg"] == "x" * 200 + "… (5000 characters)"
    assert short["outputs"]["gcode_text"].endswith("… (3000 characters)")


def test_no_object_shows_more_than_fifty_keys_and_says_how_many_it_left_out() -> None:
    short = summarised(design={f"k{n:03}": n for n in range(120)}, context={f"k{n}": n for n in range(50)})
    assert len(short["design"]) == MAX_KEYS == 50
    assert short["design"]["(more)"] == "(71 more members)"
    assert len(short["context"]) == 50
    assert "(more)" not in short["context"]


def test_depth_and_lists_are_bounded() -> None:
    deep: Any = "end"
    for _ in range(30):
        deep = {"in": [deep]}
    assert len(json.dumps(summarised(design=deep, context={"points": list(range(1000))}))) < 400
    short = summarised(context={"points": list(range(1000))})
    assert short["context"]["points"] == [*range(10), "(990 more items)"]


def test_names_that_are_long_are_cut_too() -> None:
    (name,) = summarised(design={"k" * 1000: 1})["design"]
    assert name == "k" * 200 + "… (1000 characters)"


def test_the_use_cases_know_neither_flask_nor_click_nor_marshmallow() -> None:
    script = (
        "import sys, types; root = types.ModuleType('rmos'); root.__path__ = ['rmos']; sys.modules['rmos'] = root;"
        "import rmos.services; print(sorted({'flask', 'click', 'marshmallow', 'werkzeug'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(
    design=st.dictionaries(st.text(max_size=300), st.none() | st.booleans() | st.floats(0, 9) | st.text(max_size=300))
)
def test_a_design_that_is_shown_as_its_bytes_reads_like_one_that_was_cut_member_by_member(
    design: dict[str, Any],
) -> None:
    assume(not any("\0" in text for text in [*design, *(v for v in design.values() if isinstance(v, str))]))
    request = RunRequest(mode="router", tool_id="t", design=design)
    shown = digest.canonical(request_summary(request, digest.canonical(design)))
    assert shown == digest.canonical(request_summary(request))
