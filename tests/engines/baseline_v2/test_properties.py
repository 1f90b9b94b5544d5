"""What holds for every cut: some hundred of them in a plain run, ten thousand in a long one, more at night."""

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from rmos.digest import canonical
from rmos.engines.base import EngineResult
from rmos.engines.contract import check_result
from tests.engines.plausible import ENGINE, Members, make_cut
from tests.engines.sound import judge
from tests.engines.steps import follow, ways_of
from tests.trying import tries, tries_at_night

BANDS = {"GREEN": (80, 100), "YELLOW": (40, 79), "RED": (0, 39)}
SEVERITY = {"GREEN": 0, "YELLOW": 1, "UNKNOWN": 1, "RED": 2}
LENGTHS = frozenset(
    {
        "feed_mm_min", "plunge_feed_mm_min", "axial_depth_mm", "radial_engagement_mm", "total_depth_mm",
        "feature_width_mm", "internal_radius_mm", "diameter_mm", "stickout_mm", "flute_length_mm", "tip_mm",
        "thickness_mm", "max_feed_mm_min", "floor_thickness_mm",
    }
)  # fmt: skip
STEPS_AT_MOST = 25

Cut = tuple[Members, Members]


def is_invalid(result: EngineResult) -> bool:
    return any(item.id == "INVALID_INPUT" for item in result.assessments)


def colour_and_score_never_disagree(draw: random.Random, cut: Cut, result: EngineResult) -> None:
    del draw
    told = [(item.risk, item.score) for item in result.assessments] + [(result.status, result.overall_score)]
    for risk, score in told:
        if score is not None:
            low, high = BANDS[risk]
            assert low <= score <= high
    assert check_result(result, info=ENGINE.info, request_id=result.request_id) == result
    canonical(result.record())
    assert judge(*copy.deepcopy(cut)).record() == result.record()


def deeper_wider_and_longer_is_never_greener(draw: random.Random, cut: Cut, result: EngineResult) -> None:
    if is_invalid(result):
        return
    for name in ("axial_depth_mm", "radial_engagement_mm", "total_depth_mm", "stickout_mm"):
        design, context = copy.deepcopy(cut)
        place = context["tool"] if name == "stickout_mm" else design
        if name not in place:
            continue
        place[name] *= draw.choice([1.01, 1.2, 2.0, 4.0])
        other = judge(design, context)
        assert SEVERITY[other.status] >= SEVERITY[result.status], name
        if not is_invalid(other):
            now = {item.id: item.score for item in other.assessments}
            for item in result.assessments:
                if item.score is not None and now.get(item.id) is not None:
                    assert now[item.id] <= item.score, (name, item.id)


def millimetres_and_inches_give_the_same(draw: random.Random, cut: Cut, result: EngineResult) -> None:
    del draw
    design, context = cut
    inches = judge(_in_inches(design), _in_inches(context) | {"units": "inch"})
    assert inches.status == result.status
    assert [item.risk for item in inches.assessments] == [item.risk for item in result.assessments]
    for one, other in zip(inches.assessments, result.assessments, strict=True):
        assert math.isclose(one.value or 0.0, other.value or 0.0, rel_tol=1e-9, abs_tol=1e-12)


def _in_inches(members: Members) -> Members:
    told: Members = {}
    for name, value in members.items():
        if isinstance(value, dict):
            told[name] = _in_inches(value)
        elif name in LENGTHS:
            told[name.removesuffix("_min").removesuffix("_mm")] = value / 25.4
        elif name == "area_mm2":
            told["area"] = value / 645.16
        elif name != "units":
            told[name] = value
    return told


def advice_leads_to_green_step_by_step(draw: random.Random, cut: Cut, result: EngineResult) -> None:
    """Follow a way of the first check that has one, until there is none: what is left then has none, or is GREEN."""
    design, context = cut
    for _ in range(STEPS_AT_MOST):
        open_ones = [item for item in result.assessments if item.risk in ("YELLOW", "RED")]
        assert all(item.suggestion for item in open_ones)
        ways = next(((item.id, ways) for item in open_ones if (ways := ways_of(item.suggestion or ""))), None)
        if ways is None:
            assert result.status != "GREEN" or not open_ones
            return
        check, way = ways[0], draw.choice(ways[1])
        before = {item.id: SEVERITY[item.risk] for item in result.assessments}
        design, context = follow(design, context, way)
        result = judge(design, context)
        after = {item.id: SEVERITY[item.risk] for item in result.assessments}
        assert "INVALID_INPUT" not in after, way
        if "take an end_mill" not in way:
            assert after[check] == 0, (check, way)
        if check != "GEOMETRY":
            assert all(after[name] <= was for name, was in before.items() if name in after), (check, way)
    raise AssertionError("advice goes round in circles")


PROPERTIES: tuple[Callable[[random.Random, Cut, EngineResult], None], ...] = (
    colour_and_score_never_disagree,
    deeper_wider_and_longer_is_never_greener,
    millimetres_and_inches_give_the_same,
    advice_leads_to_green_step_by_step,
)


def hold(holds: Callable[[random.Random, Cut, EngineResult], None], seed: int, cuts: int) -> None:
    """Try a property with so many cuts, and say which one fails."""
    draw = random.Random(seed)
    for number in range(cuts):
        cut = make_cut(draw)
        try:
            holds(draw, cut, judge(*cut))
        except AssertionError as error:
            raise AssertionError(f"{holds.__name__}, cut {number} of seed {seed}: {error}; {cut}") from error


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_it_holds_for_some_cuts(holds: Callable[[random.Random, Cut, EngineResult], None]) -> None:
    hold(holds, 16, tries(800))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_it_holds_for_many_cuts(holds: Callable[[random.Random, Cut, EngineResult], None]) -> None:
    # Advice is applied step by step, each step with an evaluation that searches for the next advice: 5 ms a cut.
    is_slow = holds is advice_leads_to_green_step_by_step
    hold(holds, 1600, tries_at_night(15_000, 1_500) if is_slow else tries_at_night(100_000, 4_000))


JUNK: tuple[Any, ...] = (
    *(None, True, False, "", "fast", "\0", "1e3", [], [1.0], {}, {"": 1}),
    *(0, -1, -0.0, 1e-9, 1e9, 1e12, 10**400, math.nan, math.inf, -math.inf, 2**63),
)


NEEDED = (
    *("operation", "feed_mm_min", "plunge_feed_mm_min", "spindle_rpm", "axial_depth_mm", "total_depth_mm"),
    *("feature_width_mm", "kind", "diameter_mm", "flutes", "material", "stickout_mm", "flute_length_mm", "id"),
)
"""What no milled cut can be judged without."""


def make_junk(draw: random.Random) -> tuple[Any, Any]:
    """Return a milled cut of which something that is needed is junk, lost or misspelt, or something quite different."""
    design, context = make_cut(draw)
    while context["tool"]["kind"] in ("drill", "saw_blade"):
        design, context = make_cut(draw)
    whole = draw.random()
    if whole < 0.05:
        return draw.choice([*JUNK, design, [design]]), draw.choice([*JUNK, [context], {"tool": context}])
    for _ in range(draw.randint(1, 4)):
        places = [place for place in (design, context["tool"], context["material"]) if set(place) & set(NEEDED)]
        if not places:
            break
        place = draw.choice(places)
        name = draw.choice(sorted(set(place) & set(NEEDED)))
        lost, how = place.pop(name), draw.random()
        if how < 0.5:
            place[name] = draw.choice(JUNK)
        elif how < 0.7:
            place[draw.choice([name.upper(), f"{name} ", name.removesuffix("_mm"), "x"])] = lost
            place.pop(name, None)
    return design, context


def make_nonsense(draw: random.Random, depth: int = 3) -> Any:
    """Return any JSON value at all, with the names of members that mean something."""
    how = draw.random()
    if depth == 0 or how < 0.4:
        return draw.choice([*JUNK, draw.uniform(-10, 10), 10 ** draw.uniform(-9, 9), draw.choice(WORDS)])
    if how < 0.5:
        return [make_nonsense(draw, depth - 1) for _ in range(draw.randint(0, 3))]
    return {draw.choice(WORDS): make_nonsense(draw, depth - 1) for _ in range(draw.randint(0, 8))}


WORDS = tuple(
    dict.fromkeys(
        word
        for path in (member.path for member in ENGINE.info.inputs)
        for word in (*path.split("."), "channel", "saw_slice", "drill_hole", "v_bit", "end_mill", "saw_blade", "ebony")
    )
)


def no_nonsense_breaks_it(seed: int, count: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        design, context = make_nonsense(draw), make_nonsense(draw)
        if isinstance(design, dict):
            design["operation"] = draw.choice(["channel", "inlay_pocket", "saw_slice", "drill_hole", "ring_cutout"])
        before = repr((design, context))
        result = judge(design, context)
        assert repr((design, context)) == before
        assert check_result(result, info=ENGINE.info, request_id="req_test") == result
        assert result.status in ("RED", "YELLOW", "UNKNOWN")
        assert result.reasons


def test_no_nonsense_breaks_it() -> None:
    no_nonsense_breaks_it(5, tries(2000))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_nonsense_of_twenty_thousand_breaks_it() -> None:
    no_nonsense_breaks_it(500, tries(20_000))


def no_junk_is_green(seed: int, count: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        design, context = make_junk(draw)
        result = judge(design, context)
        assert check_result(result, info=ENGINE.info, request_id="req_test") == result
        assert result.status != "GREEN", (design, context)


def test_no_junk_is_green() -> None:
    no_junk_is_green(3, tries(2000))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_junk_of_ten_thousand_is_green() -> None:
    no_junk_is_green(300, tries(10_000))
