from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.measure import planner
from rmos.cam.measure.blocks import list_blocks
from rmos.cam.measure.planner import AxisLimits, plan_blocks
from rmos.cam.measure.setup import MachineAxes
from rmos.cam.measure.time import measure_time
from tests.helpers.programs import PathBuilder

POINTS = st.lists(
    st.tuples(st.integers(-40, 40), st.integers(-40, 40), st.integers(-9, 9), st.sampled_from([300, 1200, 4000])),
    min_size=1,
    max_size=12,
)


def draw_path(points: list[tuple[int, int, int, int]]) -> PathBuilder:
    path = PathBuilder()
    for x, y, z, feed in points:
        path.line(feed, x=x / 4, y=y / 4, z=z / 4)
    return path


def square() -> PathBuilder:
    return PathBuilder().line(1500, x=20).line(1500, y=20).line(1500, x=0).line(1500, y=0)


def circle_and_helix() -> PathBuilder:
    path = PathBuilder().rapid(x=10).arc(1200, (0, 0), clockwise=True, x=10)
    return path.arc(900, (0, 0), clockwise=True, x=10, z=-1)


def zigzag() -> PathBuilder:
    path = PathBuilder().line(3000, x=1, y=1)
    for x in range(2, 8):
        path.line(3000, x=x, y=1 if x % 2 else 1.2)
    return path.line(3000, x=8, y=4).line(3000, x=0, y=0, z=3)


def small_circle() -> PathBuilder:
    return PathBuilder().rapid(x=0.8).arc(1200, (0, 0), clockwise=True, x=0.8)


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        (PathBuilder().line(1500, x=100), 4.1),
        (square(), 3.534),
        (circle_and_helix(), 7.781),
        (zigzag(), 1.087),
        (small_circle(), 0.422),
    ],
)
def test_times_are_those_of_grbls_planner(path: PathBuilder, seconds: float, desktop: MachineAxes) -> None:
    assert measure_time(path.motions, desktop).planned_s == pytest.approx(seconds, abs=5e-4)


def test_a_ring_needs_three_times_as_long_on_a_grbl_with_factory_limits(
    ring: PathBuilder, desktop: MachineAxes, factory: MachineAxes
) -> None:
    assert measure_time(ring.motions, desktop).planned_s == pytest.approx(131.199, abs=5e-4)
    assert measure_time(ring.motions, factory).planned_s == pytest.approx(427.33, abs=5e-3)
    assert measure_time(ring.motions, factory).feed_only_s == pytest.approx(124.568, abs=5e-4)


def test_without_limits_of_the_axes_only_the_feeds_say_a_time(ring: PathBuilder) -> None:
    assert measure_time(ring.motions, None).planned_s is None
    assert measure_time(ring.motions, MachineAxes(max_rate_mm_min=(500, 500, 500))).planned_s is None
    assert measure_time(ring.motions, None).feed_only_s == pytest.approx(124.568, abs=5e-4)


def test_seconds_of_motions_are_those_of_the_program(ring: PathBuilder, desktop: MachineAxes) -> None:
    times = measure_time(ring.motions, desktop)
    assert sum(times.seconds) == pytest.approx(times.planned_s)
    assert times.seconds[1] == 3.0, "the dwell"


def test_an_axis_that_is_slow_slows_what_goes_along_it_alone(desktop: MachineAxes) -> None:
    def seconds(**to: float) -> float:
        return measure_time(PathBuilder().rapid(**to).motions, desktop).planned_s or 0.0

    assert seconds(x=100) == pytest.approx(100 / (5000 / 60) + 5000 / 60 / 250)
    assert seconds(z=100) == pytest.approx(100 / 50 + 50 / 100)
    assert seconds(x=100, y=100) == pytest.approx(100 / (5000 / 60) + 5000 / 60 / 250)


def test_what_follows_a_dwell_or_a_change_of_the_spindle_starts_from_standing(desktop: MachineAxes) -> None:
    straight = PathBuilder().line(1500, x=50).line(1500, x=100)
    stopped = PathBuilder().line(1500, x=50).dwell(0).line(1500, x=100)
    spun = PathBuilder().line(1500, x=50).set_up(rpm=9000.0).line(1500, x=100)
    offset = PathBuilder().line(1500, x=50).set_up(offset="G55").line(1500, x=100)
    times = [measure_time(path.motions, desktop).planned_s for path in (straight, stopped, spun, offset)]
    assert times == pytest.approx([4.1, 4.2, 4.2, 4.1])


def test_what_nobody_can_time_counts_nothing(desktop: MachineAxes) -> None:
    path = PathBuilder().line(float("nan"), x=5).go_home().line(600, x=3).rapid(z=5)
    times = measure_time(path.motions, desktop)
    assert (times.planned_s, times.feed_only_s) == (0.0, 0.0)
    assert list(times.lengths) == [5000.0, 0.0, 0.0, 0.0]


@given(POINTS, st.integers(1, 40))
def test_less_acceleration_is_never_faster(points: list[tuple[int, int, int, int]], tenths: int) -> None:
    def seconds(acceleration: float) -> float:
        limits = (acceleration, acceleration, acceleration)
        axes = MachineAxes(max_rate_mm_min=(5000, 5000, 3000), acceleration_mm_s2=limits)
        return measure_time(draw_path(points).motions, axes).planned_s or 0.0

    assert seconds(250.0 * tenths / 41) >= seconds(250.0) - 1e-9


@given(POINTS)
def test_no_time_is_shorter_than_that_of_the_feeds(points: list[tuple[int, int, int, int]]) -> None:
    axes = MachineAxes(max_rate_mm_min=(5000, 5000, 3000), acceleration_mm_s2=(250, 250, 100))
    times = measure_time(draw_path(points).motions, axes)
    assert times.planned_s is not None
    assert times.planned_s >= times.feed_only_s - 1e-9


@given(POINTS, st.integers(1, 9))
def test_driving_what_is_settled_early_changes_no_time(points: list[tuple[int, int, int, int]], flush: int) -> None:
    path = draw_path(points * 3)
    limits = AxisLimits((5000, 5000, 3000), (250, 250, 100), 0.01)

    def plan() -> list[float]:
        seconds = array("d", bytes(8 * len(path.motions)))
        plan_blocks(list_blocks(path.motions, 0.002), limits, seconds)
        return list(seconds)

    whole = plan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "_FLUSH", flush)
        assert plan() == pytest.approx(whole)


def test_a_corner_back_on_itself_that_rounding_makes_sharper_than_it_is_stops_the_machine() -> None:
    limit = planner._limit_junction(0.0, -1.0, -2.0, 1.0000000000000002, (250, 250, 100), 0.01)
    assert limit == 0.0
