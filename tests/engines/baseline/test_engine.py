from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.digest import canonical, canonical_sha256
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide
from tests.engines.cuts import ENGINE, check_of, judge, make_context, make_design, make_saw_context

WEIGHTED = ("CHIP_OVERLOAD", "CHIP_RUBBING", "OVERSPEED", "RIM_SPEED")


def risks(result: EngineResult) -> dict[str, str]:
    return {item.id: item.risk for item in result.assessments}


# The worked scenarios of the policy


def test_a_spruce_channel_as_cut_every_day_is_green() -> None:
    result = judge(make_design(), make_context())
    assert result.status == "GREEN"
    assert result.missing_inputs == []
    assert risks(result) == dict.fromkeys(WEIGHTED, "GREEN")


def test_a_fine_ebony_pocket_is_green() -> None:
    design = make_design(
        operation="inlay_pocket", feed_mm_min=500, spindle_rpm=20000, axial_depth_mm=0.4, radial_engagement_mm=0.6
    )
    assert judge(design, make_context("ebony", diameter_mm=1.6)).status == "GREEN"


def test_a_maple_ring_whose_deflection_nobody_judged_says_so() -> None:
    # YELLOW by DEFLECTION in the whole policy; this version must not pass its GREEN off as that judgement.
    design = make_design(operation="ring_cutout", feed_mm_min=900, axial_depth_mm=1.0)
    result = judge(design, make_context("hard_maple"))
    assert result.status == "GREEN"
    assert any(said.startswith("not judged by baseline_v1 0.1.0: DEFLECTION, ") for said in result.assumptions)
    assert any("HOLD_DOWN" in said for said in result.assumptions)


def test_a_creeping_maple_cut_is_red_for_rubbing_and_says_what_to_change() -> None:
    result = judge(
        make_design(feed_mm_min=200, spindle_rpm=24000, radial_engagement_mm=6.35),
        make_context("hard_maple", diameter_mm=6.35),
    )
    rubbing = check_of(result, "CHIP_RUBBING")
    assert (result.status, rubbing.risk) == ("RED", "RED")
    assert rubbing.message == (
        "chipload 0.00417 mm is a sixth of the rubbing floor of 0.0254 mm: "
        "feed 1300 mm/min or more, or 3900 rpm or less"
    )


def test_a_maple_cut_that_would_break_the_cutter_is_red_for_overload() -> None:
    result = judge(
        make_design(feed_mm_min=5000, spindle_rpm=10000, axial_depth_mm=3),
        make_context("hard_maple", diameter_mm=3.175),
    )
    assert result.status == "RED"
    assert risks(result) == {
        "CHIP_OVERLOAD": "RED", "CHIP_RUBBING": "GREEN", "OVERSPEED": "GREEN", "RIM_SPEED": "GREEN",
    }  # fmt: skip
    assert (result.overall_score or 0) <= 39


def test_ninety_metres_a_minute_half_a_metre_deep_with_a_hair_of_a_cutter_is_red() -> None:
    design = make_design(feed_mm_min=90_000, axial_depth_mm=500, radial_engagement_mm=0.4)
    assert judge(design, make_context("ebony", diameter_mm=0.4)).status == "RED"


def test_the_pearl_cut_that_is_known_to_work_is_yellow_at_worst() -> None:
    design = make_design(
        operation="inlay_part", feed_mm_min=203, spindle_rpm=60000, axial_depth_mm=0.127, radial_engagement_mm=0.4
    )
    machine = {"class": "light", "max_rpm": 80000}
    context = make_context("mother_of_pearl", diameter_mm=0.4, flutes=3, max_rpm=80000, machine=machine)
    assert judge(design, context).status == "YELLOW"
    slower = judge({**design, "feed_mm_min": 20}, context)
    assert risks(slower)["CHIP_RUBBING"] == "YELLOW"


def test_an_overspeeding_saw_blade_is_red_for_its_mark_first() -> None:
    result = judge({"operation": "saw_slice", "spindle_rpm": 8000, "feed_mm_min": 2000}, make_saw_context())
    assert risks(result) == {"OVERSPEED": "RED", "RIM_SPEED": "RED"}
    reason = decide(result).block_reason
    assert reason is not None
    assert reason.startswith("OVERSPEED: 8000 rpm is 114 % of the 7000 rpm that are marked on the tool")


def test_a_drawing_is_green_without_a_score_because_nothing_is_cut() -> None:
    result = judge({"operation": "drawing_only"}, {})
    assert (result.status, result.overall_score, result.reasons) == ("GREEN", None, ["nothing is cut"])
    assert result.assessments == []


# What is absent or odd must never be GREEN


def test_trap_26_all_checks_unknown_is_not_green() -> None:
    for design in ({}, {"operation": "channel"}, {"operation": "saw_slice"}):
        result = judge(design, {})
        assert (result.status, result.overall_score) == ("UNKNOWN", None)
        assert result.missing_inputs
        assert result.reasons[0].startswith("this cut cannot be judged without ")


NEEDED = [
    ("design", "operation"),
    ("design", "feed_mm_min"),
    ("design", "spindle_rpm"),
    ("design", "axial_depth_mm"),
    ("design", "radial_engagement_mm"),
    ("tool", "kind"),
    ("tool", "diameter_mm"),
    ("tool", "flutes"),
]


@pytest.mark.parametrize(("where", "name"), NEEDED)
def test_trap_26_a_missing_input_is_named_and_never_green(where: str, name: str) -> None:
    design, context = make_design(operation="inlay_pocket"), make_context()
    assert judge(design, context).status == "GREEN"
    (design if where == "design" else context["tool"]).pop(name)
    result = judge(design, context)
    path = f"design.{name}" if where == "design" else f"context.tool.{name}"
    assert result.status in ("YELLOW", "UNKNOWN")
    assert path in result.missing_inputs
    assert (result.overall_score or 0) <= 79


def test_trap_26_a_missing_material_is_named_and_never_green() -> None:
    context = make_context()
    del context["material"]
    result = judge(make_design(), context)
    assert (result.status, result.missing_inputs) == ("YELLOW", ["context.material.id"])


BAD: list[Any] = [
    None, float("nan"), float("inf"), float("-inf"), -1, -0.5, 0, 0.0, -0.0, 1e300, 1e-300, 10**400, True, False,
    "18000", "", "fast", [], [18000], {}, {"value": 3}, "\0", "\ud800",
]  # fmt: skip
NUMBER_FIELDS = [
    *(("design", name) for name in make_design() if name not in ("operation", "fit_critical")),
    *(("tool", name) for name in ("diameter_mm", "flutes", "stickout_mm", "flute_length_mm", "max_rpm")),
    *(("machine", name) for name in ("spindle_power_w", "max_force_n", "max_rpm")),
    *(("stock", name) for name in ("thickness_mm", "area_mm2")),
    *(("hold_down", name) for name in ("pressure_kpa", "area_mm2", "friction")),
]


def _place(where: str, design: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = {"design": design, "context": context}.get(where) or context[where]
    return place


@pytest.mark.parametrize(("where", "name"), NUMBER_FIELDS)
def test_trap_26_a_number_that_is_none_is_red_whatever_it_is(where: str, name: str) -> None:
    for bad in BAD:
        design, context = make_design(), make_context()
        _place(where, design, context)[name] = bad
        result = judge(design, context)
        assert result.status == "RED", bad
        assert name in check_of(result, "INVALID_INPUT").message
        assert (decide(result).block_reason or "").startswith("INVALID_INPUT: ")
        canonical(result.record())


BAD_WORDS: list[Any] = [None, 3, 1.5, float("nan"), "unobtainium", "", "MM", [], ["channel"], [[]], "\0", "\ud800"]
WORD_FIELDS = [
    ("design", "operation"),
    ("design", "fit_critical"),
    ("context", "units"),
    ("context", "material_id"),
    ("context", "coolant"),
    ("context", "tool"),
    ("context", "material"),
    ("context", "machine"),
    ("context", "stock"),
    ("context", "hold_down"),
    ("tool", "kind"),
    ("tool", "material"),
    ("tool", "centre_cutting"),
    ("material", "id"),
    ("machine", "class"),
]


@pytest.mark.parametrize(("where", "name"), WORD_FIELDS)
def test_trap_26_an_unknown_word_or_a_wrong_type_is_red(where: str, name: str) -> None:
    for bad in BAD_WORDS:
        design, context = make_design(), make_context()
        _place(where, design, context)[name] = bad
        result = judge(design, context)
        assert result.status == "RED", bad
        assert name in check_of(result, "INVALID_INPUT").message
        canonical(result.record())


def test_trap_26_inch_values_under_metric_names_are_refused_by_name() -> None:
    result = judge(make_design(), make_context(units="inch"))
    message = check_of(result, "INVALID_INPUT").message
    assert result.status == "RED"
    assert "design.feed_mm_min is not read: with units inch this is called feed" in message


@pytest.mark.parametrize("name", ["radial_engagement", "radial_engagement_in", "radial_engagement_inch"])
def test_trap_26_a_length_without_its_unit_is_not_silently_ignored(name: str) -> None:
    result = judge(make_design(radial_engagement_mm=..., **{name: 0.01}), make_context())
    assert result.status == "RED"
    assert "with units mm this is called radial_engagement_mm" in check_of(result, "INVALID_INPUT").message


def test_trap_26_different_cuts_get_different_scores() -> None:
    scores = {judge(make_design(feed_mm_min=feed), make_context()).overall_score for feed in range(300, 9000, 300)}
    assert len(scores) > 10


def test_bad_inputs_of_a_drawing_are_refused_too() -> None:
    assert judge({"operation": "drawing_only", "feed_mm_min": float("nan")}, {}).status == "RED"


def test_unknown_members_are_tolerated_and_named() -> None:
    result = judge(make_design(rosette="weave", note="x"), make_context(operator="Ann"))
    assert result.status == "GREEN"
    unread = "sent but not read by baseline_v1 0.1.0: context.operator, design.note, design.rosette"
    assert unread in result.assumptions


# Contradictions


@pytest.mark.parametrize(
    ("design", "context", "says"),
    [
        (make_design(), make_context(kind="saw_blade"), "context.tool.kind is saw_blade, which does no channel"),
        (make_design(operation="saw_slice"), make_context(), "context.tool.kind is end_mill, which does no saw_slice"),
        (make_design(radial_engagement_mm=4), make_context(), "more than the cutter's diameter"),
        (make_design(), make_context(material_id="ebony"), "context.material_id is ebony while"),
        (make_design(units="inch"), make_context(), "the units are a member of the context"),
    ],
)
def test_inputs_that_contradict_each_other_are_refused(design: Any, context: Any, says: str) -> None:
    result = judge(design, context)
    assert result.status == "RED"
    assert says in check_of(result, "INVALID_INPUT").message


def test_the_material_may_stand_at_the_top_of_the_context() -> None:
    context = make_context(material_id="sitka_spruce")
    del context["material"]
    assert judge(make_design(), context).status == "GREEN"


# Properties

FEEDS = st.floats(10, 20_000)
relaxed = settings(deadline=None)
RPMS = st.floats(1_000, 80_000)
DIAMETERS = st.sampled_from([0.4, 1.0, 1.5875, 3.175, 6.0, 6.35, 12.7, 20.0, 60.0])
MATERIALS = st.sampled_from(["sitka_spruce", "hard_maple", "ebony", "bone", "abalone", "mdf", "acrylic", "brass"])


@relaxed
@given(feed=FEEDS, more=st.floats(1, 10), rpm=RPMS, diameter=DIAMETERS, share=st.floats(0.01, 1), material=MATERIALS)
def test_more_feed_never_thins_the_chip_nor_eases_the_load(
    feed: float, more: float, rpm: float, diameter: float, share: float, material: str
) -> None:
    context = make_context(material, diameter_mm=diameter)

    def result(feed_mm_min: float) -> EngineResult:
        design = make_design(feed_mm_min=feed_mm_min, spindle_rpm=rpm, radial_engagement_mm=diameter * share)
        return judge(design, context)

    slow, fast = result(feed), result(feed * more)
    assert (check_of(fast, "CHIP_RUBBING").value or 0) >= (check_of(slow, "CHIP_RUBBING").value or 0) * (1 - 1e-12)
    assert (check_of(fast, "CHIP_RUBBING").score or 0) >= (check_of(slow, "CHIP_RUBBING").score or 0)
    assert (check_of(fast, "CHIP_OVERLOAD").score or 0) <= (check_of(slow, "CHIP_OVERLOAD").score or 0)


@relaxed
@given(depth=st.floats(0.01, 100), deeper=st.floats(1, 5))
def test_a_deeper_pass_never_eases_the_load(depth: float, deeper: float) -> None:
    shallow, deep = (judge(make_design(axial_depth_mm=d), make_context()) for d in (depth, depth * deeper))
    assert (check_of(deep, "CHIP_OVERLOAD").score or 0) <= (check_of(shallow, "CHIP_OVERLOAD").score or 0)


@relaxed
@given(feed=FEEDS, rpm=st.floats(1_000, 20_000), scale=st.floats(0.1, 10))
def test_feed_and_speed_scaled_together_leave_the_chip_alone(feed: float, rpm: float, scale: float) -> None:
    one, other = (
        check_of(judge(make_design(feed_mm_min=feed * s, spindle_rpm=rpm * s), make_context()), "CHIP_RUBBING")
        for s in (1.0, scale)
    )
    assert other.value == pytest.approx(one.value)


@relaxed
@given(rpm=RPMS, faster=st.floats(1, 4), diameter=DIAMETERS)
def test_a_faster_spindle_is_never_safer(rpm: float, faster: float, diameter: float) -> None:
    context = make_context(diameter_mm=diameter)
    slow, fast = (judge(make_design(spindle_rpm=n, radial_engagement_mm=...), context) for n in (rpm, rpm * faster))
    for check in ("OVERSPEED", "RIM_SPEED"):
        assert (check_of(fast, check).score or 0) <= (check_of(slow, check).score or 0)


LENGTHS = {
    "feed": "feed_mm_min", "plunge_feed": "plunge_feed_mm_min", "axial_depth": "axial_depth_mm",
    "radial_engagement": "radial_engagement_mm", "total_depth": "total_depth_mm", "feature_width": "feature_width_mm",
    "internal_radius": "internal_radius_mm", "wall_thickness": "wall_thickness_mm",
    "floor_thickness": "floor_thickness_mm",
}  # fmt: skip


@relaxed
@given(
    thousandths=st.fixed_dictionaries({name: st.integers(10, 99_999) for name in LENGTHS}),
    diameter=st.integers(10, 3_000),
    rpm=st.integers(1_000, 60_000),
    material=MATERIALS,
)
def test_millimetres_and_inches_give_the_same_record(
    thousandths: dict[str, int], diameter: int, rpm: int, material: str
) -> None:
    # A thousandth of an inch is exactly 254 ten-thousandths of a millimetre.
    tool = {"kind": "end_mill", "flutes": 2, "max_rpm": 30000}
    base = {"material": {"id": material}, "machine": {"class": "rigid", "max_rpm": 30000}}
    inch = judge(
        {"operation": "channel", "spindle_rpm": rpm, **{name: n / 1000 for name, n in thousandths.items()}},
        {**base, "units": "inch", "tool": {**tool, "diameter": diameter / 1000}},
    )
    metric = judge(
        {
            "operation": "channel",
            "spindle_rpm": rpm,
            **{LENGTHS[name]: n * 254 / 10_000 for name, n in thousandths.items()},
        },
        {**base, "units": "mm", "tool": {**tool, "diameter_mm": diameter * 254 / 10_000}},
    )
    if "INVALID_INPUT" in risks(metric):
        assert risks(metric) == risks(inch)
    else:
        assert metric.record() == inch.record()


@relaxed
@given(feed=st.floats(1e-6, 1e9), rpm=st.floats(1e-6, 1e9), diameter=st.floats(1e-6, 1e9), depth=st.floats(1e-6, 1e9))
def test_score_and_colour_agree_at_any_size(feed: float, rpm: float, diameter: float, depth: float) -> None:
    design = make_design(feed_mm_min=feed, spindle_rpm=rpm, axial_depth_mm=depth, radial_engagement_mm=...)
    result = judge(design, make_context("walnut", diameter_mm=diameter))
    bands = {"GREEN": (80, 100), "YELLOW": (40, 79), "RED": (0, 39)}
    for risk, score in [(item.risk, item.score) for item in result.assessments] + [
        (result.status, result.overall_score)
    ]:
        assert score is not None
        assert bands[risk][0] <= score <= bands[risk][1]
    assert result.status in risks(result).values()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted({*make_design(), *LENGTHS, "units", "note"}))
CONTEXT_NAMES = st.sampled_from(sorted({*make_context(), "material_id", "note"}))
TOOL_NAMES = st.sampled_from([*make_context()["tool"], "id", "class", "diameter", "area_mm2"])


@relaxed
@given(
    design=st.dictionaries(NAMES, JSON, max_size=6) | JSON,
    context=st.dictionaries(CONTEXT_NAMES, st.dictionaries(TOOL_NAMES, JSON, max_size=5) | JSON, max_size=6) | JSON,
    operation=st.sampled_from(["channel", "inlay_pocket", "saw_slice"]),
)
def test_no_json_at_all_makes_it_raise_or_turns_green(design: Any, context: Any, operation: str) -> None:
    if isinstance(design, dict):
        design = {"operation": operation, **design}
    before = (repr(design), repr(context))
    result = ENGINE.compute(spec=design, ctx=context, request_id="r")
    assert (repr(design), repr(context)) == before
    assert judge(design, context).status == result.status != "GREEN"
    assert decide(result).block_reason is None or result.status in ("RED", "UNKNOWN")
    canonical(result.record())


def test_the_same_inputs_give_the_same_digest() -> None:
    digests = {canonical_sha256(judge(make_design(), make_context()).record()) for _ in range(3)}
    assert len(digests) == 1


def test_a_record_is_pinned_so_that_other_bytes_need_another_engine_version() -> None:
    # When this fails, an old run no longer replays: raise the version of the engine, then pin again.
    assert canonical_sha256(judge(make_design(), make_context()).record()) == (
        "f20f74051207c3411c94b54a6f35e9f2d0d588a54d8837789ef02cd85efae7c0"
    )
