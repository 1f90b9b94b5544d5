import pytest

from rmos.engines.baseline.speed import unmarked_max_rpm
from tests.engines.cuts import check_of, judge, make_context, make_design, make_saw_context


@pytest.mark.parametrize(
    ("rpm", "risk"), [(21_600, "GREEN"), (21_601, "YELLOW"), (24_000, "YELLOW"), (24_001, "RED"), (60_000, "RED")]
)
def test_an_unmarked_cutter_follows_the_diameter_table(rpm: int, risk: str) -> None:
    result = judge(make_design(spindle_rpm=rpm), make_context(max_rpm=...))
    assert check_of(result, "OVERSPEED").risk == risk


def test_the_mark_comes_before_the_table_and_the_machine_may_be_slower() -> None:
    marked = judge(make_design(spindle_rpm=40_000), make_context(max_rpm=60_000, machine={"max_rpm": 60_000}))
    assert check_of(marked, "OVERSPEED").risk == "GREEN"
    slow = judge(make_design(spindle_rpm=18_000), make_context(max_rpm=60_000, machine={"max_rpm": 12_000}))
    assert check_of(slow, "OVERSPEED").message.startswith("18000 rpm is 150 % of the 12000 rpm that the machine turns")


def test_a_machine_that_states_no_speed_is_a_light_desktop_one_and_that_is_listed() -> None:
    context = make_context(max_rpm=60_000)
    del context["machine"]
    result = judge(make_design(spindle_rpm=31_000), context)
    assert check_of(result, "OVERSPEED").risk == "RED"
    assert "context.machine.class is not stated: a light desktop machine (RMOS policy)" in result.assumptions
    stated = "context.machine.max_rpm is not stated: 30000 rpm of a light desktop machine (RMOS policy)"
    assert stated in result.assumptions


@pytest.mark.parametrize(("diameter", "rpm"), [(25.4, 24_000), (50.8, 18_000), (63, 16_000), (89, 12_000)])
def test_the_table_by_diameter(diameter: float, rpm: float) -> None:
    assert unmarked_max_rpm(diameter, saw=False) == rpm


def test_beyond_the_table_the_rim_speed_limits() -> None:
    assert unmarked_max_rpm(200, saw=False) == pytest.approx(5825, abs=1)
    assert unmarked_max_rpm(254, saw=True) == pytest.approx(7519, abs=1)


@pytest.mark.parametrize(
    ("rpm", "risk"),
    [(1000, "RED"), (2000, "YELLOW"), (3500, "GREEN"), (6000, "GREEN"), (6900, "YELLOW"), (7600, "RED")],
)
def test_a_saw_blade_has_a_window_of_rim_speeds(rpm: int, risk: str) -> None:
    result = judge({"operation": "saw_slice", "spindle_rpm": rpm}, make_saw_context(max_rpm=60_000))
    assert check_of(result, "RIM_SPEED").risk == risk


@pytest.mark.parametrize(("diameter", "risk"), [(3.175, "GREEN"), (53, "GREEN"), (60, "YELLOW"), (70, "RED")])
def test_a_router_cutter_has_a_largest_rim_speed_only(diameter: float, risk: str) -> None:
    context = make_context(diameter_mm=diameter, max_rpm=60_000)
    result = judge(make_design(radial_engagement_mm=...), context)
    assert check_of(result, "RIM_SPEED").risk == risk


def test_a_small_cutter_at_three_metres_a_second_is_no_warning() -> None:
    speed = check_of(judge(make_design(), make_context()), "RIM_SPEED")
    assert (speed.risk, speed.score) == ("GREEN", 100)
    assert speed.value == pytest.approx(2.99, abs=0.01)
