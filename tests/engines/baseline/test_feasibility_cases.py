"""The published numeric cases: each comes out of the formulas of the engine within its tolerance.

The makers' windows are compared with the union of the charts that the policy reads: the middle of each must pass, far
above it must not. Windows of bite, plunge and deflection limits: their middle must be GREEN, and the limits that the
policy sets lie around them.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from rmos.engines.baseline import chart
from rmos.engines.baseline.bending import FIT_CRITICAL_MM, ROUGH_MM, tip_deflection_mm
from rmos.engines.baseline.chip import chipload, rubbing_floor, thinning
from rmos.engines.baseline.heat import engagement_angle_deg
from rmos.engines.baseline.load import force_n, power_w, removal_rate, torque_nm
from rmos.engines.baseline.passes import DEPTH_LIMITS
from rmos.engines.baseline.speed import rim_speed_m_s, rpm_at, unmarked_max_rpm
from tests.engines.cuts import check_of, judge, make_context, make_design

_FILE = Path(__file__).parents[2] / "data" / "feasibility_cases.json"
CASES: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]

J_PER_IN3_MIN_HP = 745.7 * 60 / 25.4**3
"""A horsepower for a minute, spread over a cubic inch, in J/mm³: the workbook's K turned round."""
MATERIAL_OF_CLASS = {
    "hardwood": "hard_maple",
    "softwood": "sitka_spruce",
    "mdf": "mdf",
    "acrylic": "acrylic",
    "aluminium": "aluminium_6061",
}


def _computed(kind: str, given: dict[str, float], expected: float) -> float:
    match kind:
        case "chipload_mm":
            return chipload(given["feed_mm_min"], given["spindle_rpm"], given["flutes"])
        case "bite_per_tooth_mm":
            return chipload(given["feed_mm_min"], given["blade_rpm"], given["teeth"])
        case "feed_mm_min":
            # The feed that the source recommends must give the chipload that it starts from.
            return expected * given["chipload_mm"] / chipload(expected, given["spindle_rpm"], given["flutes"])
        case "compensated_chipload_mm":
            return given["target_chip_mm"] / thinning(given["stepover_mm"], given["tool_diameter_mm"])
        case "effective_chip_mm":
            return given["programmed_chipload_mm"] * thinning(given["stepover_mm"], given["tool_diameter_mm"])
        case "derated_chipload_mm":
            return given["chipload_mm"] * chart.derating(given["depth_of_cut_mm"] / given["tool_diameter_mm"])
        case "surface_speed_m_s":
            return rim_speed_m_s(given["diameter_mm"], given["rpm"])
        case "rpm_from_surface_speed":
            return rpm_at(given["surface_speed_m_min"] / 60, given["diameter_mm"])
        case "max_rpm":
            return rpm_at(given["max_rim_speed_m_s"], given["blade_diameter_mm"])
        case "min_rpm":
            return rpm_at(given["min_rim_speed_m_s"], given["blade_diameter_mm"])
        case "max_rpm_by_bit_diameter":
            return unmarked_max_rpm(given["bit_diameter_mm"], saw=False)
        case "min_chip_mm":
            return rubbing_floor(given["tool_diameter_mm"])
        case "engagement_angle_deg":
            return engagement_angle_deg(given["stepover_mm"], given["tool_diameter_mm"])
        case "max_depth_per_pass_mm":
            return DEPTH_LIMITS[str(given["machine_class"])][0] * given["tool_diameter_mm"]
        case "mrr_mm3_min":
            return removal_rate(given["ae_mm"], given["ap_mm"], given["feed_mm_min"])
        case "specific_energy_j_mm3":
            return J_PER_IN3_MIN_HP / given["k_factor_in3_min_hp"]
        case "cutting_power_w" if "kc_n_mm2" in given:
            removed = removal_rate(given["ae_mm"], given["ap_mm"], given["feed_mm_min"])
            return power_w(removed, given["kc_n_mm2"]) / given["efficiency"]
        case "cutting_power_w":
            return power_w(given["mrr_mm3_min"], 1000 * J_PER_IN3_MIN_HP / given["k_factor_in3_min_hp"])
        case "cutting_torque_nm":
            return torque_nm(given["power_w"], given["rpm"])
        case "cutting_force_n":
            return force_n(given["torque_nm"], given["tool_diameter_mm"])
        case "tip_deflection_mm":
            bar = given["diameter_factor"] * given["tool_diameter_mm"]
            return tip_deflection_mm(given["force_n"], given["stickout_mm"], bar, given["youngs_modulus_gpa"])
        case "ratio":
            longer, thicker = given.get("stickout_ratio", 1), given.get("diameter_ratio", 1)
            return tip_deflection_mm(10, 20 * longer, 3 * thicker, 580) / tip_deflection_mm(10, 20, 3, 580)
    raise AssertionError(f"nothing computes {kind}")


CHIP_WINDOWS = [case for case in CASES if case["kind"] == "chipload_window_mm"]
BITE_WINDOWS = [case for case in CASES if case["kind"] == "bite_window_mm"]
PLUNGE_WINDOWS = [case for case in CASES if case["kind"] == "plunge_ratio_window"]
LIMITS = [case for case in CASES if case["kind"] == "limit_mm"]
WINDOWS = [*CHIP_WINDOWS, *BITE_WINDOWS, *PLUNGE_WINDOWS, *LIMITS]
NUMERIC = [case for case in CASES if case not in WINDOWS]


@pytest.mark.parametrize("case", NUMERIC, ids=lambda case: case["id"])
def test_a_published_number_comes_out(case: dict[str, Any]) -> None:
    expected = next(iter(case["expected"].values()))
    computed = _computed(case["kind"], case["inputs"], expected)
    kind, tolerance = case["tolerance"]["type"], case["tolerance"]["value"]
    if kind == "at_most":
        assert computed <= expected
    elif kind == "absolute":
        assert computed == pytest.approx(expected, rel=0, abs=tolerance)
    else:
        assert kind == "relative"
        assert computed == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("case", CHIP_WINDOWS, ids=lambda case: case["id"])
def test_a_makers_window_is_neither_blocked_nor_stretched(case: dict[str, Any]) -> None:
    given, window = case["inputs"], case["expected"]
    material, diameter = MATERIAL_OF_CLASS[given["material_class"]], given["tool_diameter_mm"]
    context = make_context(material, diameter_mm=diameter, machine={"class": given["machine_class"], "max_rpm": 30000})

    def risks(per_tooth: float) -> set[str]:
        feed = per_tooth * 18000 * 2
        design = make_design(feed_mm_min=feed, axial_depth_mm=diameter, radial_engagement_mm=diameter)
        result = judge(design, context)
        return {check_of(result, check).risk for check in ("CHIP_OVERLOAD", "CHIP_RUBBING")}

    far_above = 10 if given["machine_class"] == "light" else 3
    assert "RED" not in risks((window["min_mm"] + window["max_mm"]) / 2)
    assert risks(far_above * window["max_mm"]) & {"YELLOW", "RED"}


@pytest.mark.parametrize("case", BITE_WINDOWS, ids=lambda case: case["id"])
def test_a_published_bite_window_is_ours(case: dict[str, Any]) -> None:
    window = case["expected"]
    low, high = chart.BITES[case["inputs"]["material"]]
    overlap = min(high, window["max_mm"]) - max(low, window["min_mm"])
    assert overlap >= case["tolerance"]["value"] * (window["max_mm"] - window["min_mm"])


@pytest.mark.parametrize("case", PLUNGE_WINDOWS, ids=lambda case: case["id"])
def test_the_middle_of_a_plunge_window_is_green(case: dict[str, Any]) -> None:
    middle = (case["expected"]["min"] + case["expected"]["max"]) / 2
    result = judge(make_design(plunge_feed_mm_min=1800 * middle), make_context())
    assert check_of(result, "PLUNGE").risk == "GREEN"


@pytest.mark.parametrize("case", LIMITS, ids=lambda case: case["id"])
def test_a_published_limit_of_deflection_is_never_red(case: dict[str, Any]) -> None:
    # GREEN ends below what is published for roughing, RED begins far above it: the models differ by up to 2.44.
    green, yellow = ROUGH_MM if case["inputs"]["operation"] == "roughing" else FIT_CRITICAL_MM
    assert green <= case["expected"]["limit_mm"] * 1.3
    assert yellow >= 2.44 * case["expected"]["limit_mm"]


def test_every_case_is_computed_or_compared() -> None:
    assert len(CASES) == 64
    assert len(NUMERIC) == 64 - len(WINDOWS) == 50
