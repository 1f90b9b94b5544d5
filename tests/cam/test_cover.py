"""A program is covered when it does no more than was approved, to the µm and the mm/min."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.approach import Approach, NearUse, Peak
from rmos.cam.cover import ApprovedCut, CoverVerdict, CutRisk, Exceedance, ToolUse, cover_program
from rmos.cam.motion import FindingLevel, ProgramFinding

RING = ToolUse(
    number=1,
    diameter_um=3175,
    rpm=(Peak(18000, 5),),
    feed=Peak(1800, 9),
    plunge=Peak(600, 8),
    axial_um=Peak(750, 9),
    radial_um=Peak(3175, 9),
    depth_um=Peak(1500, 20),
)
"""What the program of a ring does: 46 to 53 mm, 1.5 mm deep in two passes."""
APPROVED = ApprovedCut(diameter_um=3175, rpm=18000, feed=1800, plunge=600, axial_um=750, radial_um=3175, depth_um=1500)


def cover(use: ToolUse = RING, approved: ApprovedCut = APPROVED) -> CoverVerdict:
    return cover_program([use], approved)


def test_a_program_that_does_just_what_was_approved_is_covered() -> None:
    assert cover() == CoverVerdict(covered=True, exceeded=())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"feed": Peak(1801, 9)}, ("feed_mm_min", 1801, 1800, 9)),
        ({"plunge": Peak(601, 8)}, ("plunge_feed_mm_min", 601, 600, 8)),
        ({"axial_um": Peak(751, 9)}, ("axial_depth_mm", 0.751, 0.75, 9)),
        ({"radial_um": Peak(3176, 9)}, ("radial_engagement_mm", 3.176, 3.175, 9)),
        ({"depth_um": Peak(1501, 20)}, ("total_depth_mm", 1.501, 1.5, 20)),
        ({"rpm": (Peak(18001, 5),)}, ("spindle_rpm", 18001, 18000, 5)),
        ({"rpm": (Peak(18000, 5), Peak(17999, 30))}, ("spindle_rpm", 17999, 18000, 30)),
        ({"diameter_um": 1600}, ("diameter_mm", 1.6, 3.175, 9)),
        ({"diameter_um": None}, ("diameter_mm", None, 3.175, 9)),
        ({"feed": Peak(math.nan, 9)}, ("feed_mm_min", None, 1800, 9)),
        ({"depth_um": Peak(math.nan)}, ("total_depth_mm", None, 1.5, None)),
    ],
    ids=str,
)
def test_one_step_beyond_is_told_with_both_numbers_and_the_line(
    change: dict[str, object], expected: tuple[object, ...]
) -> None:
    what, measured, judged, line = expected
    found = cover(msgspec.structs.replace(RING, **change))
    assert found.exceeded == (
        Exceedance(what=what, measured=measured, judged=judged, line=line, tool=1),  # type: ignore[arg-type]
    )
    assert not found.covered


def test_a_length_that_is_not_whole_is_as_many_micrometres_as_are_measured_of_it() -> None:
    approved = msgspec.structs.replace(APPROVED, diameter_um=1587.5, radial_um=1587.5)
    use = msgspec.structs.replace(RING, diameter_um=1587.5, radial_um=Peak(1588, 9))
    assert cover(use, approved).covered
    assert not cover(msgspec.structs.replace(use, radial_um=Peak(1589, 9)), approved).covered


@pytest.mark.parametrize("name", ["rpm", "feed", "plunge", "axial_um", "radial_um", "depth_um", "diameter_um"])
def test_what_was_not_approved_is_not_covered(name: str) -> None:
    assert not cover(approved=msgspec.structs.replace(APPROVED, **{name: None})).covered


def test_what_a_program_never_does_needs_no_approval() -> None:
    idle = msgspec.structs.replace(RING, plunge=Peak(0))
    assert cover(idle, msgspec.structs.replace(APPROVED, plunge=None)).covered


def test_a_tool_of_which_nothing_was_approved_is_not_covered() -> None:
    other = msgspec.structs.replace(RING, number=2)
    verdict = cover_program([RING, other], {1: APPROVED})
    assert [(item.what, item.tool) for item in verdict.exceeded] == [("tool", 2)]


@pytest.mark.parametrize(
    "code",
    [
        *("AFTER_END", "ARC_RADIUS", "IJ_MODE_UNSAID", "REALTIME_BYTES", "SEVERAL_OFFSETS", "START_UNSAID"),
        "TOOL_LENGTH",
    ],
)
def test_what_a_controller_may_do_beside_the_measures_is_not_covered_however_mild_its_finding(code: str) -> None:
    finding = ProgramFinding(code=code, level="NOTE", line=40, text="Motions behind the end.")
    assert [item.what for item in cover_program([RING], APPROVED, findings=[finding]).exceeded] == [code]


@pytest.mark.parametrize(("level", "covered"), [("RED", False), ("UNKNOWN", False), ("YELLOW", True), ("NOTE", True)])
def test_beside_a_finding_that_stops_nothing_is_covered(level: FindingLevel, covered: bool) -> None:
    finding = ProgramFinding(code="FEED_MISSING", level=level, line=7, text="No feed was ever said.")
    verdict = cover_program([RING], APPROVED, findings=[finding])
    assert verdict.covered is covered
    assert [(item.what, item.line) for item in verdict.exceeded] == ([] if covered else [("FEED_MISSING", 7)])


RISKS = [CutRisk("GREEN", 9), CutRisk("RED", 14), CutRisk("RED", 20), CutRisk("YELLOW", 11)]


def test_of_cuts_that_are_worse_than_what_was_approved_the_worst_is_told_where_it_begins() -> None:
    verdict = cover_program([RING], APPROVED, risks=RISKS, approved_risk="YELLOW")
    assert [(item.what, item.measured, item.judged, item.line) for item in verdict.exceeded] == [
        ("risk_level", "RED", "YELLOW", 14)
    ]


def test_cuts_that_are_no_worse_or_overridden_are_covered() -> None:
    assert cover_program([RING], APPROVED, risks=[CutRisk("YELLOW", 3)], approved_risk="YELLOW").covered
    assert cover_program([RING], APPROVED, risks=RISKS, overridden=True).covered


def test_an_unknown_cut_is_worse_than_a_yellow_one_and_no_worse_than_a_red_one() -> None:
    unknown = [CutRisk("UNKNOWN", 3)]
    assert not cover_program([RING], APPROVED, risks=unknown, approved_risk="YELLOW").covered
    assert cover_program([RING], APPROVED, risks=unknown, approved_risk="RED").covered


def test_a_feed_below_what_was_approved_counts_though_it_removes_nothing() -> None:
    near = NearUse(number=1, feed=Peak(1800), plunge=Peak(600), depth_um=Peak(1501, 30))
    verdict = cover_program([RING], APPROVED, approach=Approach(tools=(near,), rapid=None, end=None))
    assert [(item.what, item.measured, item.line) for item in verdict.exceeded] == [("total_depth_mm", 1.501, 30)]


@given(st.integers(1, 10**6), st.floats(-0.499, 0.499), st.integers(1, 1000))
def test_the_rounding_of_a_file_is_no_excess_and_one_unit_is(limit: int, noise: float, more: int) -> None:
    approved = msgspec.structs.replace(APPROVED, depth_um=float(limit))
    assert cover(msgspec.structs.replace(RING, depth_um=Peak(limit + noise)), approved).covered
    assert not cover(msgspec.structs.replace(RING, depth_um=Peak(limit + more)), approved).covered


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 1e6))
def test_whatever_is_covered_is_no_more_than_its_limit(value: float, limit: float) -> None:
    use = msgspec.structs.replace(RING, feed=Peak(value))
    covered = cover(use, msgspec.structs.replace(APPROVED, feed=limit)).covered
    assert covered == (value - limit < 0.5 or value == 0)
