"""Whatever an engine does, the caller has a result, and nothing of the engine's own words is in it."""

import logging
from typing import Any

import pytest

from rmos.digest import canonical
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide, run_status
from rmos.engines.plugin import Plugin
from rmos.engines.runner import evaluate
from tests.engines.cuts import ENGINE, make_context, make_design
from tests.engines.faulty import ODD
from tests.engines.plugins import FunctionEngine

PATIENT_MS = 60_000
"""For an engine that answers, or ends, however busy the machine is."""
SHORT_MS = 200
"""For one that can end by the time limit alone."""


def ask(plugin: Plugin, act: str, timeout_ms: float = PATIENT_MS, **spec: Any) -> EngineResult:
    return evaluate(plugin, design={"act": act, **spec}, context={}, request_id="r", timeout_ms=timeout_ms)


def assert_error(result: EngineResult, says: str) -> None:
    assert result.status == "ERROR"
    assert result.reasons == [f"The engine plugin {says}."]
    assert (result.engine_id, result.engine_version, result.request_id) == ("plugin", "1.2.3", "r")
    decision = decide(result)
    assert run_status(decision.risk_level) == "ERROR"
    assert decision.block_reason == result.reasons[0]
    canonical(result.record())


def assert_well(plugin: Plugin) -> None:
    assert ask(plugin, "tell_pid").status == "RED"


def test_a_good_engine_is_measured_and_answered(faulty: Plugin) -> None:
    design, context = {"act": "echo", "n": [1.5, -0.0, None, True]}, {"ä": "\ud800\0"}
    result = evaluate(faulty, design=design, context=context, request_id="r", timeout_ms=PATIENT_MS)
    assert (result.status, result.reasons) == ("RED", [repr(design), repr(context)])
    assert 0 < result.compute_ms < PATIENT_MS


# An engine of our own


def test_an_engine_of_our_own_runs_in_the_calling_thread() -> None:
    result = evaluate(ENGINE, design=make_design(), context=make_context(), request_id="r", timeout_ms=0)
    assert result.status == "GREEN"
    assert result.compute_ms > 0


def test_an_engine_of_our_own_that_raises_is_an_error_too(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: Any) -> EngineResult:
        raise ValueError("/etc/secret")

    assert_error(
        evaluate(FunctionEngine(fail), design={}, context={}, request_id="r", timeout_ms=0), "raised ValueError"
    )
    assert "/etc/secret" in caplog.text


# Errors


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("ValueError", "ValueError"),
        ("SystemExit", "SystemExit"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("StopIteration", "StopIteration"),
        ("TimeoutError", "TimeoutError"),
        ("odd name", "unnamed type"),
        ("mute", "_Mute"),
        ("garbled", "_Garbled"),
    ],
)
def test_an_engine_that_raises_is_an_error_without_its_words(faulty: Plugin, error: str, told: str) -> None:
    assert_error(ask(faulty, "raise_error", error=error), f"raised {told}")
    assert_well(faulty)


def test_the_traceback_of_an_engine_goes_to_the_log(faulty: Plugin, caplog: pytest.LogCaptureFixture) -> None:
    ask(faulty, "raise_error", error="ValueError")
    assert "Traceback" in caplog.text
    assert "ValueError: /etc/secret" in caplog.text
    assert {(record.name, record.levelno) for record in caplog.records} == {("rmos.engines.runner", logging.ERROR)}


@pytest.mark.parametrize(("act", "told"), [("recurse", "RecursionError"), ("allocate", "MemoryError")])
def test_an_engine_that_runs_out_of_something_is_an_error(
    faulty: Plugin, act: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert_error(ask(faulty, act), f"raised {told}")
    assert f", in {act}\n" in caplog.text
    assert_well(faulty)


# No answer


@pytest.mark.parametrize("act", ["spin", "spin_in_c", "sleep", "ignore_signals", "stop"])
def test_an_engine_that_does_not_answer_is_an_error_at_the_time_limit(faulty: Plugin, act: str) -> None:
    result = ask(faulty, act, timeout_ms=SHORT_MS)
    assert_error(result, f"did not answer within {SHORT_MS} ms")
    assert result.compute_ms >= SHORT_MS
    assert_well(faulty)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("leave", "exited with status 3"),
        ("crash", "was killed by SIGSEGV"),
        ("leave_a_fork", "exited with status 4"),
        ("send_noise", "sent something else than an answer"),
        ("send_no_reply", "sent something else than an answer"),
        ("send_another_number", "sent something else than an answer"),
    ],
)
def test_an_engine_whose_process_fails_is_an_error(faulty: Plugin, act: str, told: str) -> None:
    assert_error(ask(faulty, act), told)
    assert_well(faulty)


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_without_time_left_nothing_is_asked(faulty: Plugin, timeout_ms: float) -> None:
    result = ask(faulty, "tell_pid", timeout_ms=timeout_ms)
    assert_error(result, "was not asked: no time was left")
    assert result.compute_ms == 0


def test_inputs_nested_beyond_reason_are_an_error_not_an_exception(faulty: Plugin) -> None:
    deep: dict[str, Any] = {}
    for _ in range(200_000):
        deep = {"x": deep}
    result = evaluate(faulty, design=deep, context={}, request_id="r", timeout_ms=PATIENT_MS)
    assert_error(result, "was not asked: the inputs are nested too deeply, or no JSON")
    built_in = evaluate(ENGINE, design=deep, context={"tool": deep}, request_id="r", timeout_ms=0)
    assert built_in.status == "UNKNOWN"


# Answers that are none


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_result_is_an_error_and_the_next_answer_is_not(faulty: Plugin, name: str) -> None:
    result = ask(faulty, "odd", odd=name)
    assert result.status == "ERROR"
    canonical(result.record())
    assert_well(faulty)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none", "the answer is a NoneType, not an EngineResult"),
        ("NaN", "overall_score is not a finite number that JSON can carry"),
        ("another engine's", "the answer carries the id or version of another engine"),
        ("another request's", "the answer carries the id of another request"),
    ],
)
def test_what_is_no_result_is_told(faulty: Plugin, name: str, told: str) -> None:
    assert_error(ask(faulty, "odd", odd=name), f"broke the contract: {told}")


def test_an_answer_that_is_too_large_is_told_with_its_size(faulty: Plugin) -> None:
    (reason,) = ask(faulty, "odd", odd="huge").reasons
    assert "broke the contract: the answer takes 600" in reason
    assert reason.endswith(" bytes, at most 4194304 are recorded.")


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("forge", "broke the contract: status GREEN although CHECK is RED"),
        ("forge_words", "broke the contract: ?" + "x" * 3999),
        ("forge_kind", "raised unnamed type"),
    ],
)
def test_what_passes_the_checks_of_the_process_does_not_pass_ours(act: str, told: str) -> None:
    plugin = Plugin("faulty", "tests.engines.faulty:Faulty")
    assert_error(ask(plugin, act), told)
    plugin.close()


def test_a_plugin_cannot_change_what_is_recorded_of_the_inputs(faulty: Plugin) -> None:
    design, context = {"act": "meddle"}, {"tool": {"flutes": 2}}
    assert evaluate(faulty, design=design, context=context, request_id="r", timeout_ms=PATIENT_MS).status == "RED"
    assert (design, context) == ({"act": "meddle"}, {"tool": {"flutes": 2}})
