import pytest

from rmos.engines.baseline.bending import bending_stress_mpa, tip_deflection_mm
from tests.engines.cuts import check_of, judge, make_context, make_design


def test_a_tool_twice_as_long_bends_eight_times_as_far() -> None:
    assert tip_deflection_mm(10, 40, 3, 580) == pytest.approx(8 * tip_deflection_mm(10, 20, 3, 580))
    assert bending_stress_mpa(10, 40, 3) == pytest.approx(2 * bending_stress_mpa(10, 20, 3))


@pytest.mark.parametrize(
    ("deflection", "rough", "fit"),
    [
        (0.0049, "GREEN", "GREEN"),
        (0.0051, "GREEN", "YELLOW"),
        (0.0129, "GREEN", "YELLOW"),
        (0.0131, "YELLOW", "YELLOW"),
        (0.049, "YELLOW", "YELLOW"),
        (0.051, "YELLOW", "RED"),
        (0.099, "YELLOW", "RED"),
        (0.101, "RED", "RED"),
    ],
)
def test_deflection_is_judged_as_a_rough_cut_or_one_whose_fit_is_critical(
    deflection: float, rough: str, fit: str
) -> None:
    # 7.474 µm at a stick-out of 20 mm, and it goes with the cube of it.
    length = 20 * (deflection / 0.00747427) ** (1 / 3)
    for critical, risk in ((False, rough), (True, fit)):
        item = check_of(judge(make_design(fit_critical=critical), make_context(stickout_mm=length)), "DEFLECTION")
        assert item.risk == risk
        assert item.value == pytest.approx(deflection, rel=1e-4)


def test_a_cutter_of_high_speed_steel_bends_2_9_times_as_far_and_breaks_earlier() -> None:
    design, carbide, steel = make_design(), make_context(), make_context()
    steel["tool"]["material"] = "hss"
    of_carbide, of_steel = judge(design, carbide), judge(design, steel)
    ratios = {
        check: (check_of(of_steel, check).value or 0) / (check_of(of_carbide, check).value or 1)
        for check in ("DEFLECTION", "TOOL_BREAK")
    }
    assert ratios == {"DEFLECTION": pytest.approx(2.9), "TOOL_BREAK": pytest.approx(1.5)}


@pytest.mark.parametrize(("share", "risk"), [(0.299, "GREEN"), (0.301, "YELLOW"), (0.599, "YELLOW"), (0.601, "RED")])
def test_a_cutter_is_near_its_breaking_by_the_share_of_its_strength(share: float, risk: str) -> None:
    # In proportion to the depth of a pass.
    known = check_of(judge(make_design(), make_context()), "TOOL_BREAK").value or 0
    assert known == pytest.approx(0.0275, rel=1e-2)
    item = check_of(judge(make_design(axial_depth_mm=0.75 * share / known), make_context()), "TOOL_BREAK")
    assert item.value == pytest.approx(share, rel=1e-4)
    assert item.risk == risk


def test_a_diamond_tool_is_judged_by_its_body_and_said_so() -> None:
    context = make_context()
    context["tool"]["material"] = "diamond"
    result = judge(make_design(), context)
    assert check_of(result, "DEFLECTION").value == check_of(judge(make_design(), make_context()), "DEFLECTION").value
    assert "a diamond tool bends and breaks like its body of carbide (RMOS policy)" in result.assumptions
