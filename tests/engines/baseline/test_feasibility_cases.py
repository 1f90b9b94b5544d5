"""The published numeric cases, as far as this version of the engine computes what they ask for.

The makers' windows are compared with the union of the charts that the policy reads: the middle of each must pass, far
above it must not. Left to the version that judges POWER, FORCE, DEFLECTION, HEAT, DEPTH_PASS, PLUNGE and SAW_BITE:
cutting power, torque, force, material removal, specific energy, deflection and its limits, engagement angle, depth per
pass, plunge ratio and saw bite windows.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from rmos.engines.baseline import chart
from rmos.engines.baseline.chipload import chipload, rubbing_floor, thinning
from rmos.engines.baseline.speed import rim_speed_m_s, rpm_at, unmarked_max_rpm
from tests.engines.cuts import check_of, judge, make_context, make_design

_FILE = Path(__file__).parents[2] / "data" / "feasibility_cases.json"
CASES: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]

LEFT_TO_LATER = {
    "bite_window_mm",
    "cutting_force_n",
    "cutting_power_w",
    "cutting_torque_nm",
    "engagement_angle_deg",
    "limit_mm",
    "max_depth_per_pass_mm",
    "mrr_mm3_min",
    "plunge_ratio_window",
    "ratio",
    "specific_energy_j_mm3",
    "tip_deflection_mm",
}
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
    raise AssertionError(f"nothing computes {kind}")


NUMERIC = [case for case in CASES if case["kind"] not in LEFT_TO_LATER | {"chipload_window_mm"}]
WINDOWS = [case for case in CASES if case["kind"] == "chipload_window_mm"]


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


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: case["id"])
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


def test_every_case_is_either_computed_or_named_as_left_out() -> None:
    assert len(CASES) == 64
    assert len(NUMERIC) + len(WINDOWS) + sum(case["kind"] in LEFT_TO_LATER for case in CASES) == 64
    assert len(NUMERIC) + len(WINDOWS) == 43
