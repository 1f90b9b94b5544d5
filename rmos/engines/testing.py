"""The contract test kit: what the author of an engine plug-in runs before anybody installs it.

    from rmos.engines.testing import check_engine

    def test_my_engine_keeps_the_contract():
        check_engine(MyEngine())

It judges no cutting knowledge, only manners: an id and a version, an answer to everything, the same answer to the same
question, no GREEN where there is nothing to judge by, no hands on the inputs, no id that its `rules` do not have.
"""

import copy
import json
import math
from typing import Any, Final

from rmos.engines.base import EngineResult, FeasibilityEngine
from rmos.engines.contract import ContractBroken, check_engine_shape, rules_of
from rmos.engines.runner import evaluate

TIMEOUT_MS: Final = 2000.0
"""What one evaluation may take here: the default of the service."""

_Case = tuple[dict[str, Any], dict[str, Any]]

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


def check_engine(engine: FeasibilityEngine, *, timeout_ms: float = TIMEOUT_MS) -> None:
    """Raise AssertionError with a sentence that says what to mend, or return when the engine keeps the contract."""
    try:
        info = check_engine_shape(engine)
        known = {rule.id for rule in rules_of(engine)}
    except ContractBroken as broken:
        raise AssertionError(f"The engine cannot be registered: {broken}.") from None
    for what, design, context in _cases():
        result = _check_case(engine, f"{info.engine_id}, asked about {what},", design, context, timeout_ms)
        unknown = {item.id for item in result.assessments} - known
        if known and unknown:
            raise AssertionError(f"{info.engine_id} emits {', '.join(sorted(unknown))}, which its `rules` do not have.")


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


def _check_case(
    engine: FeasibilityEngine, who: str, design: dict[str, Any], context: dict[str, Any], timeout_ms: float
) -> EngineResult:
    result = evaluate(engine, design=design, context=context, request_id="req_kit_1", timeout_ms=timeout_ms)
    if result.status == "ERROR":
        raise AssertionError(f"{who} failed: {' '.join(result.reasons)}")
    if result.status in ("RED", "UNKNOWN") and not any(reason.strip() for reason in result.reasons):
        raise AssertionError(f"{who} answered {result.status} without a reason.")
    is_judgeable = design is SOUND_CUT[0] or design.get("operation") == "drawing_only"
    if result.status == "GREEN" and not is_judgeable:
        raise AssertionError(f"{who} answered GREEN: what cannot be judged must not be.")
    if json.loads(json.dumps(result.record(), allow_nan=False)) != result.record():
        raise AssertionError(f"{who} gave a result that changes when it is written as JSON.")
    _check_again(engine, who, design, context, result, timeout_ms)
    return result


def _check_again(
    engine: FeasibilityEngine,
    who: str,
    design: dict[str, Any],
    context: dict[str, Any],
    first: EngineResult,
    timeout_ms: float,
) -> None:
    """Ask once more, in another request and without the guard's copies: the same answer, and the inputs left alone."""
    again = evaluate(engine, design=design, context=context, request_id="req_kit_2", timeout_ms=timeout_ms)
    if again.record() != first.record():
        raise AssertionError(f"{who} gave two answers to the same question.")
    spec, ctx = copy.deepcopy(design), copy.deepcopy(context)
    try:
        engine.compute(spec=spec, ctx=ctx, request_id="req_kit_3")
    except Exception as error:  # foreign code may raise anything; its author is told all of it
        raise AssertionError(f"{who} raised an error when it was asked once more.") from error
    # Compared as text: NaN is not equal to itself.
    if (repr(spec), repr(ctx)) != (repr(design), repr(context)):
        raise AssertionError(f"{who} changed its inputs.")
