"""What is suggested is GREEN, keeps what was fixed, and tells how far it may move."""

import copy
import math
import random
from typing import Any

import pytest

from rmos.engines.suggest.best import SettingSuggestion, find_setting, suggest
from rmos.engines.suggest.windows import SettingWindow
from rmos.errors.request import ValidationFailed
from tests.engines.plausible import ENGINE, make_cut
from tests.engines.sound import judge, make_context, make_design
from tests.trying import tries, tries_at_night

FREE = ("feed_mm_min", "plunge_feed_mm_min", "spindle_rpm", "axial_depth_mm")


def asked(**members: Any) -> dict[str, Any]:
    """Return a design that leaves feed, speed and pass open but for what is stated."""
    return make_design(**(dict.fromkeys(FREE, ...) | members))


def window(suggestion: SettingSuggestion, name: str) -> SettingWindow:
    return next(found for found in suggestion.windows if found.name == name)


def test_a_channel_gets_a_setting_that_a_luthier_would_dial_in() -> None:
    suggestion = suggest(ENGINE, asked(), make_context())
    assert suggestion.is_green
    assert judge(suggestion.design, make_context()).status == "GREEN"
    settings = suggestion.settings
    assert (settings.spindle_rpm, settings.axial_depth_mm, suggestion.passes) == (18_000.0, 1.5, 1)
    assert 1000 <= settings.feed_mm_min <= 4000
    assert settings.fixed == ()
    assert any("makers print" in said for said in suggestion.why)


def test_a_setting_alone_is_the_one_that_is_suggested() -> None:
    for members in ({}, {"feed_mm_min": 60}, {"spindle_rpm": 18_000, "axial_depth_mm": 0.4}):
        suggestion = suggest(ENGINE, asked(**members), make_context())
        found = find_setting(ENGINE, asked(**members), make_context())
        assert (found.is_green, found.passes, found.design) == (
            suggestion.is_green,
            suggestion.passes,
            suggestion.design,
        )


@pytest.mark.parametrize(
    "fixed",
    [
        {"spindle_rpm": 24_000.0},
        {"feed_mm_min": 1500.0},
        {"axial_depth_mm": 0.5},
        {"feed_mm_min": 1500.0, "spindle_rpm": 12_000.0},
        {"feed_mm_min": 1500.0, "plunge_feed_mm_min": 200.0, "spindle_rpm": 12_000.0, "axial_depth_mm": 0.3},
    ],
    ids=lambda fixed: "+".join(fixed),
)
def test_what_is_stated_stays(fixed: dict[str, float]) -> None:
    suggestion = suggest(ENGINE, asked(**fixed), make_context())
    assert suggestion.is_green
    assert {name: suggestion.design[name] for name in fixed} == fixed
    assert set(suggestion.settings.fixed) == set(fixed)


def test_equal_passes_reach_the_bottom() -> None:
    stock = {"thickness_mm": 25.0}
    deep = asked(total_depth_mm=11.0, feature_width_mm=8.0)
    suggestion = suggest(ENGINE, deep, make_context("hard_maple", stock=stock, stickout_mm=14.0))
    assert suggestion.is_green
    assert suggestion.passes is not None
    assert suggestion.passes > 1
    assert suggestion.passes * suggestion.settings.axial_depth_mm >= 11.0
    assert (suggestion.passes - 1) * suggestion.settings.axial_depth_mm < 11.0


def test_each_end_of_a_window_is_green_and_beyond_it_the_named_check_is_not() -> None:
    suggestion = suggest(ENGINE, asked(plunge_feed_mm_min=100.0), make_context("hard_maple"))
    places = {"stickout_mm": "tool"}
    for found in suggestion.windows:
        for end, by, beyond in ((found.low, found.low_by, 0.97), (found.high, found.high_by, 1.03)):
            assert end is not None
            for factor, is_sound in ((1.0, True), (beyond, False)):
                design, context = copy.deepcopy(suggestion.design), make_context("hard_maple")
                place = context[places[found.name]] if found.name in places else design
                place[found.name] = end * factor
                risks = {item.id: item.risk for item in judge(design, context).assessments}
                if is_sound:
                    assert set(risks.values()) == {"GREEN"}, (found, risks)
                elif by:
                    assert risks[by] != "GREEN", found


def test_inches_are_answered_in_inches() -> None:
    design = {"operation": "channel", "total_depth": 0.06, "feature_width": 0.25}
    tool = {"kind": "end_mill", "diameter": 0.125, "flutes": 2, "material": "carbide", "stickout": 0.7}
    context = {
        "units": "inch",
        "tool": tool | {"flute_length": 0.5, "centre_cutting": True},
        "material": {"id": "sitka_spruce"},
        "stock": {"thickness": 0.125},
    }
    suggestion = suggest(ENGINE, design, context)
    assert suggestion.is_green
    assert suggestion.design["feed"] == pytest.approx(suggestion.settings.feed_mm_min / 25.4)
    assert suggestion.design["spindle_rpm"] == suggestion.settings.spindle_rpm
    assert "feed_mm_min" not in suggestion.design


def test_a_pocket_that_states_no_step_over_gets_one() -> None:
    suggestion = suggest(ENGINE, asked(operation="inlay_pocket", radial_engagement_mm=...), make_context("ebony"))
    assert suggestion.is_green
    assert suggestion.design["radial_engagement_mm"] == pytest.approx(0.4 * 3.175)


def test_what_no_setting_mends_is_told() -> None:
    suggestion = suggest(ENGINE, asked(feature_width_mm=2.0), make_context())
    assert not suggestion.is_green
    assert any(said.startswith("GEOMETRY: the opening of 2 mm") for said in suggestion.why)
    assert all("R" in row and "G" not in row for row in suggestion.feed_map.rows)
    thin = make_context(diameter_mm=0.5, flute_length_mm=2.0, stickout_mm=25.0)
    whippy = suggest(ENGINE, asked(radial_engagement_mm=..., axial_depth_mm=0.5), thin)
    assert not whippy.is_green
    assert any("DEFLECTION" in said for said in whippy.why)


def test_why_nothing_is_green_is_told_first() -> None:
    slow = suggest(ENGINE, asked(feed_mm_min=100.0), make_context())
    assert slow.why[0] == "no setting is GREEN with this feed_mm_min"
    assert slow.settings.spindle_rpm == float(f"{slow.settings.spindle_rpm:.2g}")
    fast = make_context(diameter_mm=12.7, max_rpm=9000.0, machine={"class": "light", "min_rpm": 10_000.0})
    why = suggest(ENGINE, asked(radial_engagement_mm=..., feature_width_mm=20.0), fast).why
    assert why[0] == "no setting is GREEN"
    assert "no speed suits both" in why[1]


def test_a_drill_turns_as_slowly_as_its_thickness_asks() -> None:
    hole = {"operation": "drill_hole", "total_depth_mm": 15.0, "feature_width_mm": 10.0}
    stock = {"thickness_mm": 15.0}
    drill = make_context("hard_maple", kind="drill", diameter_mm=10.0, stickout_mm=50.0, stock=stock)
    drill["tool"] |= {"flute_length_mm": 40.0, "material": "hss"}
    suggestion = suggest(ENGINE, hole, drill)
    assert suggestion.is_green
    assert suggestion.settings.spindle_rpm == 10_000.0
    assert suggestion.settings.feed_mm_min == suggestion.settings.plunge_feed_mm_min


def test_a_v_bit_engages_with_what_it_is_wide_there() -> None:
    groove = asked(total_depth_mm=1.5, feature_width_mm=2.0, radial_engagement_mm=...)
    context = make_context("walnut", kind="v_bit", diameter_mm=6.35, angle_deg=60.0, stock={"thickness_mm": 18.0})
    settings = suggest(ENGINE, groove, context).settings
    assert settings.radial_engagement_mm == pytest.approx(2 * settings.axial_depth_mm * math.tan(math.radians(30)))


def test_of_a_saw_nobody_sets_the_kerf() -> None:
    design = {"operation": "saw_slice", "axial_depth_mm": 1.0}
    blade = {"kind": "saw_blade", "diameter_mm": 100.0, "flutes": 60, "material": "hss", "max_rpm": 9000.0}
    context = {"tool": blade, "material": {"id": "holly"}, "machine": {"class": "rigid", "hand_fed": True}}
    suggestion = suggest(ENGINE, design, context | {"stock": {"thickness_mm": 5.0}})
    assert suggestion.is_green
    assert [found.name for found in suggestion.windows] == ["feed_mm_min", "spindle_rpm"]


def test_what_is_not_known_does_not_colour_the_map() -> None:
    suggestion = suggest(ENGINE, asked(total_depth_mm=...), make_context())
    assert suggestion.result.status == "YELLOW"
    assert "design.total_depth_mm" in suggestion.result.missing_inputs
    assert any("G" in row for row in suggestion.feed_map.rows)


@pytest.mark.parametrize(
    ("design", "context", "told"),
    [
        ({"operation": "channel"}, {}, "without context.tool.kind, context.tool.diameter_mm"),
        (asked(operation=...), make_context(), "must name a cut"),
        (asked(), make_context(diameter_mm=0.125), "are these inches?"),
        (asked(), make_context("unobtainium"), "context.material.id"),
        (asked(), make_context(kind="v_bit"), "without context.tool.angle_deg"),
    ],
)
def test_what_cannot_be_used_is_refused(design: dict[str, Any], context: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        suggest(ENGINE, design, context)
    assert told in caught.value.detail


def suggested_settings_are_green(seed: int, count: int) -> None:
    """Ask for plausible cuts, some settings fixed: what every moving check lets pass is GREEN in all of them."""
    draw, green = random.Random(seed), 0
    for _ in range(count):
        design, context = make_cut(draw)
        for name in FREE:
            if draw.random() < 0.8 or name == "plunge_feed_mm_min":
                design.pop(name, None)
        try:
            suggestion = suggest(ENGINE, design, context)
        except ValidationFailed:
            continue
        result = judge(suggestion.design, context)
        assert result.record() == suggestion.result.record()
        if all(found.low is not None for found in suggestion.windows):
            poor = {item.id for item in result.assessments if item.risk != "GREEN"}
            assert poor <= {"GEOMETRY"}, (design, context, poor)
            green += result.status == "GREEN"
            assert suggestion.is_green == (not poor)
            assert suggestion.feed_map.rows
        else:
            assert not suggestion.is_green
            assert suggestion.why
    assert green > 0.3 * count


def test_suggested_settings_are_green() -> None:
    suggested_settings_are_green(16, tries(160))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_many_suggested_settings_are_green() -> None:
    suggested_settings_are_green(1600, tries_at_night(5000, 800))


def test_what_is_missing_is_named_or_left_and_never_breaks_a_suggestion() -> None:
    draw = random.Random(11)
    outcomes = set()
    for _ in range(tries(320)):
        design, context = make_cut(draw)
        places = [place for place in (design, context, context["tool"], context["machine"]) if isinstance(place, dict)]
        for _ in range(draw.randint(1, 6)):
            place = draw.choice(places)
            name = draw.choice(sorted(place))
            if name not in ("operation", "tool", "material", "class", "kind"):
                del place[name]
        try:
            suggestion = suggest(ENGINE, design, context)
        except ValidationFailed as refused:
            outcomes.add(refused.detail.partition("without ")[1])
            continue
        outcomes.add(suggestion.result.status)
        assert suggestion.is_green == (judge(suggestion.design, context).status == "GREEN")
        assert suggestion.is_green or suggestion.why
    assert outcomes >= {"GREEN", "YELLOW", "RED", "without "}
