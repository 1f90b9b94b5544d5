"""The published numeric cases come out of the second engine too: its own formulas within their tolerance, windows kept.

What the engine before reckons with the very same function is tested there; here are the kinds that have a formula of
their own, and the windows and limits, which hold for any sound engine.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rmos.engines.baseline_v2 import charts
from rmos.engines.baseline_v2.bending import FIT_CRITICAL_MM, ROUGH_MM, tip_deflection_mm
from rmos.engines.baseline_v2.chip import chip_of, rubbing_floor
from rmos.engines.baseline_v2.cut import Cut, open_cut
from rmos.engines.baseline_v2.load import load_of
from tests.engines.plausible import ENGINE
from tests.engines.sound import make_context, make_design, risks

_FILE = Path(__file__).parents[2] / "data" / "feasibility_cases.json"
CASES: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]
MATERIAL_OF_CLASS = {
    "hardwood": "hard_maple",
    "softwood": "sitka_spruce",
    "mdf": "mdf",
    "acrylic": "acrylic",
    "aluminium": "aluminium_6061",
}


def make_cut(diameter: float, flutes: int = 2, **design: float) -> Cut:
    context = make_context(diameter_mm=diameter, flutes=flutes, stickout_mm=10 * diameter)
    return open_cut(make_design(feature_width_mm=10 * diameter, **design), context, ENGINE.materials)


def _computed(kind: str, given: dict[str, float]) -> float | None:
    match kind:
        case "chipload_mm":
            cut = make_cut(
                6.0, int(given["flutes"]), feed_mm_min=given["feed_mm_min"], spindle_rpm=given["spindle_rpm"]
            )
            return chip_of(cut).per_tooth
        case "effective_chip_mm" | "compensated_chipload_mm" | "engagement_angle_deg":
            diameter = given["tool_diameter_mm"]
            chip = chip_of(make_cut(diameter, radial_engagement_mm=given["stepover_mm"]))
            if kind == "engagement_angle_deg":
                return math.degrees(chip.angle)
            thinned = chip.thickest / chip.per_tooth
            if kind == "effective_chip_mm":
                return given["programmed_chipload_mm"] * thinned
            return given["target_chip_mm"] / thinned
        case "derated_chipload_mm":
            return given["chipload_mm"] * charts.derating(given["depth_of_cut_mm"] / given["tool_diameter_mm"])
        case "min_chip_mm":
            return rubbing_floor("wood", given["tool_diameter_mm"])
        case "tip_deflection_mm":
            bar, length = given["diameter_factor"] * given["tool_diameter_mm"], given["stickout_mm"]
            return tip_deflection_mm(given["force_n"], length, length, bar, given["youngs_modulus_gpa"])
        case "ratio":
            longer, thicker = 20 * given.get("stickout_ratio", 1), 3 * given.get("diameter_ratio", 1)
            return tip_deflection_mm(10, longer, longer, thicker, 580) / tip_deflection_mm(10, 20, 20, 3, 580)
    return None


OWN = [case for case in CASES if _computed(case["kind"], case["inputs"]) is not None]
CHIP_WINDOWS = [case for case in CASES if case["kind"] == "chipload_window_mm"]
BITE_WINDOWS = [case for case in CASES if case["kind"] == "bite_window_mm"]
PLUNGE_WINDOWS = [case for case in CASES if case["kind"] == "plunge_ratio_window"]
LIMITS = [case for case in CASES if case["kind"] == "limit_mm"]


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["id"])
def test_a_published_number_comes_out(case: dict[str, Any]) -> None:
    expected = next(iter(case["expected"].values()))
    kind, tolerance = case["tolerance"]["type"], case["tolerance"]["value"]
    relative = kind == "relative"
    assert kind in ("relative", "absolute")
    assert _computed(case["kind"], case["inputs"]) == pytest.approx(
        expected, rel=tolerance if relative else 0, abs=0 if relative else tolerance
    )


def test_no_kind_of_case_is_passed_over() -> None:
    assert len(OWN) == 22
    assert len(CHIP_WINDOWS) == 10


@pytest.mark.parametrize("case", CHIP_WINDOWS, ids=lambda case: case["id"])
def test_a_makers_window_is_green_and_far_above_it_is_not(case: dict[str, Any]) -> None:
    given, window = case["inputs"], case["expected"]
    material, diameter = MATERIAL_OF_CLASS[given["material_class"]], given["tool_diameter_mm"]
    context = make_context(material, diameter_mm=diameter, machine={"class": given["machine_class"], "max_rpm": 30000})

    def risk_of(per_tooth: float) -> str:
        feed = per_tooth * 18000 * 2
        design = make_design(feed_mm_min=feed, axial_depth_mm=diameter, radial_engagement_mm=diameter)
        told = risks(ENGINE.compute(spec=design, ctx=context, request_id="r"))
        return "GREEN" if {told["CHIP_OVERLOAD"], told["CHIP_RUBBING"]} == {"GREEN"} else "NOT GREEN"

    far_above = 10 if given["machine_class"] == "light" else 3
    assert risk_of((window["min_mm"] + window["max_mm"]) / 2) == "GREEN"
    assert risk_of(far_above * window["max_mm"]) == "NOT GREEN"


@pytest.mark.parametrize("case", BITE_WINDOWS, ids=lambda case: case["id"])
def test_a_published_bite_window_is_ours(case: dict[str, Any]) -> None:
    low, high = charts.BITES[case["inputs"]["material"]]
    window = case["expected"]
    overlap = min(high, window["max_mm"]) - max(low, window["min_mm"])
    assert overlap >= case["tolerance"]["value"] * (window["max_mm"] - window["min_mm"])


@pytest.mark.parametrize("case", PLUNGE_WINDOWS, ids=lambda case: case["id"])
@pytest.mark.parametrize("material", ["sitka_spruce", "acrylic", "brass"])
def test_the_middle_of_a_plunge_window_is_green(case: dict[str, Any], material: str) -> None:
    middle = (case["expected"]["min"] + case["expected"]["max"]) / 2
    design = make_design(plunge_feed_mm_min=1800 * middle)
    assert risks(ENGINE.compute(spec=design, ctx=make_context(material), request_id="r"))["PLUNGE"] == "GREEN"


@pytest.mark.parametrize("case", LIMITS, ids=lambda case: case["id"])
def test_a_published_limit_of_deflection_ends_green(case: dict[str, Any]) -> None:
    # RED begins far above: the models differ by up to 2.44.
    green, yellow = ROUGH_MM if case["inputs"]["operation"] == "roughing" else FIT_CRITICAL_MM
    assert green == pytest.approx(case["expected"]["limit_mm"], rel=0.3)
    assert yellow >= 2.44 * case["expected"]["limit_mm"]


def test_the_force_of_wood_is_within_what_ettelt_measured() -> None:
    # Across the grain 26..40 N/mm^1.5 in beech and 22..44 in oak, along it 12 and 10; of that density maple is.
    cut = open_cut(make_design(radial_engagement_mm=3.175), make_context("hard_maple"), ENGINE.materials)
    chip, load = chip_of(cut), load_of(cut)
    mean = load.force_n * math.pi * cut.diameter / (cut.engagement * cut.depth * chip.per_tooth * cut.flutes)
    assert 12 <= mean * math.sqrt(chip.mean) <= 40
    peak = load.peak_n / (1.1 * cut.depth * chip.thickest)
    assert 26 <= peak * math.sqrt(chip.thickest) <= 44
