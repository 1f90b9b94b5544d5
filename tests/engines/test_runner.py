import sys
import threading
import time
from typing import Any

import pytest

from rmos.digest import canonical
from rmos.engines import guard
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide, run_status
from rmos.engines.runner import evaluate
from tests.engines import plugins
from tests.engines.cuts import ENGINE, make_context, make_design
from tests.engines.plugins import Plugin, answer, assessment


def run(compute: plugins.Compute, timeout_ms: float = 2000, **inputs: Any) -> EngineResult:
    design, context = inputs.get("design", {}), inputs.get("context", {})
    return evaluate(Plugin(compute), design=design, context=context, request_id="r", timeout_ms=timeout_ms)


def assert_error(result: EngineResult, says: str) -> None:
    assert result.status == "ERROR"
    assert result.reasons == [f"The engine plugin {says}."]
    assert (result.engine_id, result.engine_version, result.request_id) == ("plugin", "1.2.3", "r")
    decision = decide(result)
    assert run_status(decision.risk_level) == "ERROR"
    assert decision.block_reason == result.reasons[0]
    canonical(result.record())


def ended_within(seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(thread.name == "engine-plugin" for thread in threading.enumerate()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def raises(error: BaseException) -> plugins.Compute:
    def compute(*_: Any) -> EngineResult:
        raise error

    return compute


def test_a_good_engine_is_measured_and_answered() -> None:
    result = run(plugins.refuse)
    assert (result.status, result.reasons) == ("RED", ["it refuses everything"])
    assert 0 < result.compute_ms < 2000


def test_the_built_in_engine_runs_in_the_calling_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "threading", None)
    result = evaluate(ENGINE, design=make_design(), context=make_context(), request_id="r", timeout_ms=1)
    assert result.status == "GREEN"
    assert result.compute_ms > 0


@pytest.mark.parametrize(
    "error",
    [
        ValueError("/etc/secret"), KeyError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError(),
        guard.TimedOut(), StopIteration(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_an_engine_that_raises_is_an_error_without_its_words(error: BaseException) -> None:
    assert_error(run(raises(error)), f"raised {type(error).__name__}")


def test_the_traceback_of_an_engine_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    run(raises(ValueError("cold solder")))
    assert "cold solder" in caplog.text
    assert "Traceback" in caplog.text
    assert {record.name for record in caplog.records} == {"rmos.engines.runner"}


def test_an_engine_that_recurses_for_ever_is_an_error() -> None:
    assert_error(run(plugins.recurse), "raised RecursionError")


@pytest.mark.parametrize("compute", [plugins.spin, plugins.spin_stubbornly])
def test_an_engine_that_loops_is_answered_at_the_deadline_and_ended(compute: plugins.Compute) -> None:
    started = time.monotonic()
    assert_error(run(compute, timeout_ms=50), "did not answer within 50 ms")
    assert time.monotonic() - started < 2
    assert ended_within(5)


def test_an_engine_that_sleeps_is_answered_at_the_deadline() -> None:
    started = time.monotonic()
    assert_error(run(plugins.sleep, timeout_ms=30), "did not answer within 30 ms")
    assert time.monotonic() - started < 0.9
    assert ended_within(5)


def test_an_engine_that_keeps_hanging_is_not_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_STUCK", 2)
    opened = threading.Event()

    def hang(*_: Any) -> EngineResult:
        opened.wait(30)
        return answer("r")

    for _ in range(2):
        assert_error(run(hang, timeout_ms=10), "did not answer within 10 ms")
    assert_error(run(hang, timeout_ms=10), "was not asked: earlier evaluations never came back")
    opened.set()
    assert ended_within(5)
    assert run(plugins.refuse).status == "RED"


@pytest.mark.parametrize("garbage", [None, {}, "GREEN", float("nan"), object()])
def test_garbage_is_an_error(garbage: Any) -> None:
    result = run(lambda *_: garbage)
    assert_error(result, f"broke the contract: the answer is a {type(garbage).__name__}, not an EngineResult")


def test_a_score_that_is_no_number_is_an_error() -> None:
    result = run(lambda *_: answer("r", overall_score=float("nan")))
    assert_error(result, "broke the contract: overall_score is not a finite number that JSON can carry")


def test_an_answer_in_another_engines_name_is_an_error() -> None:
    result = run(lambda *_: answer("r", engine_id="baseline_v1"))
    assert_error(result, "broke the contract: the answer carries the id or version of another engine")


def test_an_engine_without_a_name_is_an_error_too() -> None:
    result = evaluate(object(), design={}, context={}, request_id="r", timeout_ms=10)  # type: ignore[arg-type]
    assert (result.status, result.engine_id) == ("ERROR", "unknown")


def test_an_engine_that_fails_with_an_odd_name_does_not_get_it_into_the_record() -> None:
    odd = type("/srv/app\n", (Exception,), {})
    assert_error(run(raises(odd())), "raised unnamed type")


class Hostile:
    """A value whose every use raises."""

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __repr__(self) -> str:
        raise ZeroDivisionError

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError


def endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize(
    "members",
    [
        {"status": Hostile()}, {"reasons": Hostile()}, {"reasons": [Hostile()]}, {"assessments": endless()},
        {"reasons": endless()}, {"overall_score": Hostile()}, {"overall_score": float("inf")},
        {"overall_score": 10**400}, {"data_sha256": Hostile()}, {"data_sha256": "X" * 64},
        {"assessments": [assessment(value=float("nan"))]}, {"assessments": [assessment(margin=float("-inf"))]},
        {"assessments": [assessment(score=float("nan"))]}, {"assessments": [assessment(limit=Hostile())]},
        {"assessments": [assessment(id=Hostile())]}, {"missing_inputs": ["\ud800"]},
    ],
    ids=lambda members: f"{next(iter(members))} {type(next(iter(members.values()))).__name__}",
)  # fmt: skip
def test_garbage_inside_an_answer_is_an_error_and_the_next_answer_is_not(members: dict[str, Any]) -> None:
    result = run(lambda *_: answer("r", **members))
    assert result.status == "ERROR"
    canonical(result.record())
    assert run(plugins.refuse).status == "RED"


def test_a_plugin_cannot_change_what_is_recorded_of_the_inputs() -> None:
    def meddle(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        spec["feed_mm_min"] = 1
        ctx["tool"]["flutes"] = 99
        return answer(request_id)

    design, context = make_design(), make_context()
    run(meddle, design=design, context=context)
    assert (design, context) == (make_design(), make_context())


def test_a_plugin_cannot_change_its_result_after_the_answer() -> None:
    kept: list[EngineResult] = []

    def keep(spec: Any, ctx: Any, request_id: str) -> EngineResult:
        kept.append(answer(request_id, reasons=["first"]))
        return kept[0]

    result = run(keep)
    kept[0].reasons[0] = "second"
    assert result.reasons == ["first"]


def test_inputs_nested_beyond_reason_are_an_error_not_an_exception() -> None:
    deep: dict[str, Any] = {}
    for _ in range(sys.getrecursionlimit() * 2):
        deep = {"x": deep}
    assert_error(run(plugins.refuse, design=deep), "raised RecursionError")
    built_in = evaluate(ENGINE, design=deep, context={"tool": deep}, request_id="r", timeout_ms=10)
    assert built_in.status == "UNKNOWN"
