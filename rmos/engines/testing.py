"""The contract test kit: what the author of an engine plug-in runs before anybody installs it.

    from rmos.engines.testing import check_engine

    def test_my_engine_keeps_the_contract():
        check_engine("my_package:MyEngine")     # as the service runs it: in processes of its own, with a time limit
        check_engine(MyEngine())                # in this process, where a debugger and coverage see it

It evaluates no cutting knowledge, only manners: an id and a version, an answer to everything, the same answer to the
same question, no GREEN where there is nothing to evaluate by, no hands on the inputs, no id that its `rules` lack.

By its reference an engine is asked once more in another process, so an answer that hangs on the order of a set, or on
what was asked before, comes to light; and one that never comes back is an error, where in this process it would hang.
"""

import contextlib
import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from rmos.engines.base import EngineInfo, EngineResult, FeasibilityEngine
from rmos.engines.contract import ContractBroken, check_engine_shape, check_result, collect_rules, type_name
from rmos.engines.plugin import Plugin
from rmos.engines.process import NotLoaded
from rmos.engines.rules import Rule
from rmos.engines.runner import evaluate

TIMEOUT_MS: Final = 5000.0
"""What one evaluation may take here: the default of the service."""

_Case = tuple[dict[str, Any], dict[str, Any]]
_Ask = Callable[[str, dict[str, Any], dict[str, Any], str], EngineResult]
"""Takes who is asked about what, design, context and the request's id."""

SOUND_CUT: Final[_Case] = (
    {
        "operation": "channel",
        "feed_mm_min": 1800.0,
        "plunge_feed_mm_min": 600.0,
        "spindle_rpm": 18000,
        "axial_depth_mm": 0.75,
        "radial_engagement_mm": 3.175,
        "total_depth_mm": 1.5,
        "feature_width_mm": 6.0,
        "floor_thickness_mm": 1.5,
        "fit_critical": False,
    },
    {
        "units": "mm",
        "tool": {
            "kind": "end_mill",
            "diameter_mm": 3.175,
            "flutes": 2,
            "material": "carbide",
            "stickout_mm": 20.0,
            "flute_length_mm": 12.0,
            "max_rpm": 30000,
            "centre_cutting": True,
        },
        "material": {"id": "sitka_spruce"},
        "machine": {"class": "light", "spindle_power_w": 700, "max_force_n": 89, "max_rpm": 30000},
        "stock": {"thickness_mm": 3.0},
        "coolant": "none",
    },
)
"""A spruce channel as people cut it every day, with everything stated."""

_NONSENSE: Final[tuple[Any, ...]] = (
    None,
    "fast",
    [],
    {},
    True,
    -1,
    0,
    math.nan,
    math.inf,
    -math.inf,
    10**400,
    "\0",
    "\ud800",
)


def check_engine(engine: FeasibilityEngine | str, *, timeout_ms: float = TIMEOUT_MS) -> None:
    """Raise AssertionError with a sentence that says what to mend, or return when the engine keeps the contract.

    Args:
        engine: an engine, or a reference to what its entry point names, such as `my_package:MyEngine`.
        timeout_ms: what one evaluation may take.
    """
    if isinstance(engine, str):
        try:
            plugin = Plugin("under test", engine)
        except NotLoaded as error:
            raise AssertionError(f"The engine cannot be registered: {engine}{error}.") from None
        with contextlib.closing(plugin):
            _check_cases(plugin.info, plugin.rules, partial(_ask_plugin, plugin, timeout_ms), plugin.close)
        return
    try:
        info, rules = check_engine_shape(engine), collect_rules(engine)
    except ContractBroken as broken:
        raise AssertionError(f"The engine cannot be registered: {broken}.") from None
    _check_cases(info, rules, partial(_ask_here, engine, info, timeout_ms), lambda: None)


def _cases() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    design, context = SOUND_CUT
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("a sound cut", design, context),
        ("nothing at all", {}, {}),
        ("a drawing", {"operation": "drawing_only"}, {}),
        ("members it cannot know", {"": 1, "\0": [[[]]]}, {"tool": {"tool": {}}}),
    ]
    for bad in _NONSENSE:
        nonsense: dict[str, Any] = dict.fromkeys(design, bad)
        cases.append((f"a cut whose every member is {bad!r:.20}", nonsense, dict.fromkeys(context, bad)))
    return cases


def _check_cases(info: EngineInfo, rules: Sequence[Rule], ask: _Ask, start_anew: Callable[[], None]) -> None:
    known = {rule.id for rule in rules}
    asked = []
    for what, design, context in _cases():
        who = f"{info.engine_id}, asked about {what},"
        first = ask(who, design, context, "req_kit_1")
        _check_answer(who, first, design)
        unknown = {item.id for item in first.assessments} - known
        if known and unknown:
            raise AssertionError(f"{info.engine_id} emits {', '.join(sorted(unknown))}, which its `rules` do not have.")
        _check_same(who, first, ask(who, design, context, "req_kit_2"))
        asked.append((who, design, context, first))
    start_anew()
    for who, design, context, first in reversed(asked):
        _check_same(who, first, ask(who, design, context, "req_kit_3"))


def _check_answer(who: str, result: EngineResult, design: dict[str, Any]) -> None:
    if result.status == "ERROR":
        raise AssertionError(f"{who} failed: {' '.join(result.reasons)}")
    if result.status in ("RED", "UNKNOWN") and not any(reason.strip() for reason in result.reasons):
        raise AssertionError(f"{who} answered {result.status} without a reason.")
    is_evaluable = design is SOUND_CUT[0] or design.get("operation") == "drawing_only"
    if result.status == "GREEN" and not is_evaluable:
        raise AssertionError(f"{who} answered GREEN: what cannot be judged must not be.")
    if json.loads(json.dumps(result.record(), allow_nan=False)) != result.record():
        raise AssertionError(f"{who} gave a result that changes when it is written as JSON.")


def _check_same(who: str, first: EngineResult, again: EngineResult) -> None:
    if again.record() != first.record():
        raise AssertionError(f"{who} gave two answers to the same question.")


def _ask_plugin(
    plugin: Plugin, timeout_ms: float, who: str, design: dict[str, Any], context: dict[str, Any], request_id: str
) -> EngineResult:
    return evaluate(plugin, design=design, context=context, request_id=request_id, timeout_ms=timeout_ms)


def _ask_here(
    engine: FeasibilityEngine,
    info: EngineInfo,
    timeout_ms: float,
    who: str,
    design: dict[str, Any],
    context: dict[str, Any],
    request_id: str,
) -> EngineResult:
    spec, ctx = copy.deepcopy(design), copy.deepcopy(context)
    started = time.perf_counter()
    try:
        result = engine.compute(spec=spec, ctx=ctx, request_id=request_id)
    except Exception as error:  # foreign code may raise anything; its author is told all of it
        raise AssertionError(f"{who} failed: it raised {type_name(type(error))}.") from error
    if (time.perf_counter() - started) * 1000 > timeout_ms:
        raise AssertionError(f"{who} did not answer within {timeout_ms:g} ms.")
    # Compared as text: NaN is not equal to itself.
    if (repr(spec), repr(ctx)) != (repr(design), repr(context)):
        raise AssertionError(f"{who} changed its inputs.")
    try:
        return check_result(result, info=info, request_id=request_id)
    except ContractBroken as broken:
        raise AssertionError(f"{who} broke the contract: {broken}.") from None
