"""What a check advises makes it pass, makes nothing else worse, and is something that machine and tool can do."""

import copy
from typing import Any, Final

import pytest

from rmos.engines.baseline_v2.engine import BaselineV2
from tests.engines.cuts import place_of
from tests.engines.sound import check_of, judge, make_context, make_design
from tests.engines.steps import LEFT_TO_DO, Members, follow, ways_of

LIGHT: Final = {"class": "light", "spindle_power_w": 700.0, "max_force_n": 89.0, "min_rpm": 10_000.0}
SAW: Final = {"kind": "saw_blade", "diameter_mm": 254.0, "flutes": 24, "max_rpm": 7000.0}
SEVERITY: Final = {"GREEN": 0, "YELLOW": 1, "UNKNOWN": 1, "RED": 2}


def make_cut(
    operation: str = "channel", material: str = "hard_maple", tool: Members | None = None, **over: Any
) -> tuple[Members, Members]:
    """Return a cut with members changed by their paths, dots written as two underscores."""
    design = make_design(operation=operation)
    context = make_context(material, machine=dict(LIGHT), **(tool or {}))
    for name, value in over.items():
        place, member = place_of(design, context, name.replace("__", "."))
        place[member] = value
    return design, context


CASES: Final[dict[str, tuple[str, tuple[Members, Members]]]] = {
    "thick chips": ("CHIP_OVERLOAD", make_cut(design__feed_mm_min=9000.0, design__plunge_feed_mm_min=2000.0)),
    "deep and thick": (
        "CHIP_OVERLOAD",
        make_cut(
            design__axial_depth_mm=6.35,
            design__total_depth_mm=7.0,
            context__stock__thickness_mm=20.0,
            design__feed_mm_min=3800.0,
        ),
    ),
    "a drill in a hurry": (
        "CHIP_OVERLOAD",
        make_cut("drill_hole", tool={"kind": "drill"}, design__feed_mm_min=..., design__plunge_feed_mm_min=10000.0),
    ),
    "thin chips": ("CHIP_RUBBING", make_cut(design__feed_mm_min=150.0, design__plunge_feed_mm_min=60.0)),
    "too long": ("DEFLECTION", make_cut(context__tool__stickout_mm=45.0)),
    "must fit": ("DEFLECTION", make_cut(design__fit_critical=True, context__tool__stickout_mm=30.0)),
    "too deep": ("DEPTH_PASS", make_cut(material="aluminium_6061", design__axial_depth_mm=1.5)),
    "a weak gantry": ("FORCE", make_cut(context__machine__max_force_n=3.0)),
    "a narrow opening": ("GEOMETRY", make_cut(design__feature_width_mm=3.0)),
    "a thin floor": (
        "GEOMETRY",
        make_cut(design__total_depth_mm=2.4, context__stock__thickness_mm=3.0, design__floor_thickness_mm=0.6),
    ),
    "a floor said too thin": ("GEOMETRY", make_cut(design__floor_thickness_mm=1.1)),
    "a tight corner": ("GEOMETRY", make_cut("inlay_pocket", design__internal_radius_mm=1.0)),
    "short flutes": ("GEOMETRY", make_cut(context__tool__flute_length_mm=1.0)),
    "a thin wall": ("GEOMETRY", make_cut("ring_cutout", design__wall_thickness_mm=0.4)),
    "a leaning wall": ("GEOMETRY", make_cut("ring_cutout", tool={"kind": "v_bit", "angle_deg": 60.0})),
    "a low blade": (
        "GEOMETRY",
        make_cut(
            "saw_slice",
            tool=SAW,
            design__spindle_rpm=4200.0,
            design__radial_engagement_mm=100.0,
            context__stock__thickness_mm=100.0,
        ),
    ),
    "burnt": ("HEAT", make_cut(tool={"diameter_mm": 9.525}, design__feed_mm_min=500.0, design__feature_width_mm=12.0)),
    "held too weakly": ("HOLD_DOWN", make_cut("ring_cutout", context__hold_down__area_mm2=60.0)),
    "too fast for the axes": (
        "MACHINE_FEED",
        make_cut(context__machine__max_feed_mm_min=2000.0, design__feed_mm_min=2600.0),
    ),
    "a wasted blank": ("MATERIAL_YIELD", make_cut(design__used_area_mm2=300.0)),
    "above the mark": ("OVERSPEED", make_cut(context__tool__max_rpm=16_000.0)),
    "a fast plunge": ("PLUNGE", make_cut(design__plunge_feed_mm_min=1900.0)),
    "no centre": ("PLUNGE", make_cut(context__tool__centre_cutting=False)),
    "a small spindle": ("POWER", make_cut(context__machine__spindle_power_w=15.0)),
    "a fast rim": (
        "RIM_SPEED",
        make_cut("saw_slice", tool=SAW, design__spindle_rpm=6500.0, design__radial_engagement_mm=3.0),
    ),
    "a slow blade": (
        "RIM_SPEED",
        make_cut("saw_slice", tool=SAW, design__spindle_rpm=900.0, design__radial_engagement_mm=3.0),
    ),
    "a big bite": (
        "SAW_BITE",
        make_cut(
            "saw_slice",
            tool=SAW,
            design__spindle_rpm=4200.0,
            design__feed_mm_min=30_000.0,
            design__radial_engagement_mm=3.0,
        ),
    ),
    "a slow spindle": ("SPINDLE_RANGE", make_cut(design__spindle_rpm=7000.0)),
    "about to break": (
        "TOOL_BREAK",
        make_cut(
            material="ebony", context__tool__stickout_mm=60.0, design__axial_depth_mm=1.5, design__feed_mm_min=5400.0
        ),
    ),
}
"""What is wrong with a cut → the check that says so, and the cut."""


@pytest.mark.parametrize("case", CASES)
def test_each_way_makes_its_check_pass_and_nothing_worse(case: str) -> None:
    name, (design, context) = CASES[case]
    design = {member: value for member, value in design.items() if value is not ...}
    before = judge(design, context)
    item = check_of(before, name)
    assert item.risk in ("YELLOW", "RED")
    assert item.suggestion
    ways = ways_of(item.suggestion)
    assert ways, item.suggestion
    for way in ways:
        after = judge(*follow(design, context, way))
        risks = {found.id: SEVERITY[found.risk] for found in after.assessments}
        assert risks.get(name, 0) == 0, (way, [found.message for found in after.assessments if found.id == name])
        if name != "GEOMETRY":
            assert all(risks[found.id] <= SEVERITY[found.risk] for found in before.assessments), way


def test_every_check_that_can_be_helped_is_among_them() -> None:
    assert {name for name, _ in CASES.values()} == {rule.id for rule in BaselineV2.rules} - {"INVALID_INPUT"}


@pytest.mark.parametrize(
    ("case", "limits", "never"),
    [
        ("burnt", {"context__machine__min_rpm": 17_000.0}, "rpm or less"),
        ("thin chips", {"context__machine__max_feed_mm_min": 200.0}, "feed "),
        ("thick chips", {"context__machine__max_rpm": 18_000.0}, "rpm or more"),
        ("thick chips", {"context__tool__max_rpm": 18_000.0}, "rpm or more"),
        ("too long", {"context__tool__flute_length_mm": 44.0}, "stick-out"),
    ],
)
def test_no_way_names_what_the_machine_or_the_tool_cannot_do(case: str, limits: Members, never: str) -> None:
    name, (design, context) = copy.deepcopy(CASES[case])
    for path, value in limits.items():
        place, member = place_of(design, context, path.replace("__", "."))
        place[member] = value
    item = check_of(judge(design, context), name)
    assert item.suggestion
    assert never not in item.suggestion


def test_where_no_setting_helps_it_says_what_else_to_take() -> None:
    design, context = make_cut(
        tool={"diameter_mm": 0.8, "stickout_mm": 40.0, "flute_length_mm": 38.0}, design__axial_depth_mm=0.02
    )
    assert check_of(judge(design, context), "DEFLECTION").suggestion in LEFT_TO_DO


def test_of_inputs_that_cannot_be_used_nothing_is_advised() -> None:
    design, context = make_cut(design__feed_mm_min=9000.0, design__total_depth_mm=-1.0)
    assert check_of(judge(design, context), "CHIP_OVERLOAD").suggestion == "correct the inputs first"
