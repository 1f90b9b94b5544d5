"""Bars: what a record says of its limits gives the colour that the record has, with both engines."""

import random
from typing import Any

import pytest

from rmos.engines.bars import Bar, read_bar
from rmos.engines.base import Assessment, EngineResult
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.runner import evaluate
from tests.engines.cuts import make_context, make_design, make_saw_context, make_saw_design
from tests.engines.plausible import make_cut
from tests.trying import tries

ENGINES: dict[str, Any] = {"baseline_v1": BaselineV1(), "baseline_v2": BaselineV2()}
BOTH = pytest.mark.parametrize("engine_id", ENGINES)


def colour_of(bar: Bar) -> str:
    """Return the colour that a reader of the bar gives its value; limits are rounded to six digits."""
    near = 2e-5 * abs(bar.value) + 1e-12
    for name, (low, high) in (("GREEN", bar.green), ("YELLOW", bar.yellow)):
        if (low is None or bar.value >= low - near) and (high is None or bar.value <= high + near):
            return name
    return "RED"


def is_at_a_limit(bar: Bar) -> bool:
    """Tell whether rounding decides on which side of a limit a value stands; `baseline_v1` counts some as beyond."""
    ends = [end for end in (*bar.green, *bar.yellow) if end is not None]
    return any(abs(bar.value - end) <= 3e-5 * abs(end) for end in ends)


def judge(engine_id: str, design: Any, context: Any) -> EngineResult:
    return evaluate(ENGINES[engine_id], design=design, context=context, request_id="req_1", timeout_ms=60_000)


def bar_of(engine_id: str, item: Assessment, design: Any, context: Any) -> Bar | None:
    return read_bar(engine_id, item.record(), design, context)


@BOTH
def test_the_bar_of_every_check_has_the_colour_of_the_record(engine_id: str) -> None:
    draw, drawn, odd = random.Random(7), set(), set()
    for _ in range(tries(1500)):
        design, context = make_cut(draw)
        for item in judge(engine_id, design, context).assessments:
            if item.value is None:
                continue
            bar = bar_of(engine_id, item, design, context)
            if bar is None:
                odd.add(item.id)
                continue
            drawn.add((item.id, item.risk))
            assert colour_of(bar) == item.risk or is_at_a_limit(bar), (item, bar)
    assert odd <= {"PLUNGE"}, "only a cutter that cannot go down has a colour that no number gives"
    assert len(drawn) > 20


@BOTH
def test_each_direction_has_its_ranges(engine_id: str) -> None:
    design, context = make_saw_design(), make_saw_context()
    bars = {item.id: bar_of(engine_id, item, design, context) for item in judge(engine_id, design, context).assessments}
    for check, better in (("RIM_SPEED", "window"), ("OVERSPEED", "low"), ("HOLD_DOWN", "high")):
        bar = bars[check]
        assert bar is not None
        assert bar.better == better
        assert [end is None for end in bar.green] == [better == "low", better == "high"]


def test_a_record_of_the_first_engine_states_no_limits_and_one_of_the_second_does() -> None:
    first, second = (judge(name, make_design(), make_context()).assessments[0].record() for name in ENGINES)
    assert "better" not in first
    assert "yellow_limit" not in first
    assert second["better"] == "low"
    assert second["yellow_limit"] > second["limit"]
    assert "other_limit" not in second


def test_a_cutter_that_cannot_go_down_has_no_bar() -> None:
    design, context = make_design(), make_context(centre_cutting=False)
    for engine_id in ENGINES:
        [plunge] = [item for item in judge(engine_id, design, context).assessments if item.id == "PLUNGE"]
        assert plunge.risk == "RED"
        assert bar_of(engine_id, plunge, design, context) is None


@pytest.mark.parametrize(
    "recorded",
    [
        None,
        {},
        {"id": "HEAT", "risk": "UNKNOWN", "value": None, "limit": None, "unit": ""},
        {"id": "HEAT", "risk": "RED", "value": "much", "limit": 1.6, "unit": ""},
        {"id": "HEAT", "risk": "RED", "value": 3.0, "limit": 1.7, "unit": "index"},
        {"id": "OF_A_PLUG_IN", "risk": "RED", "value": 3.0, "limit": 1.7, "unit": "", "better": "window"},
        {"id": "OF_A_PLUG_IN", "risk": "RED", "value": 3.0, "limit": 1.7, "unit": ""},
    ],
)
def test_whatever_a_record_holds_there_is_a_bar_or_none(recorded: Any) -> None:
    assert read_bar("baseline_v1", recorded, None, "nothing") is None
