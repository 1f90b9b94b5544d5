import itertools
import math
import re
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.measure import heights, measure_program
from rmos.cam.measure.measured import Measured
from rmos.cam.measure.removal import Removal, measure_removal
from rmos.cam.measure.setup import ProgramSetup, Stock, ToolShape
from rmos.cam.measure.time import measure_time
from rmos.cam.measure.windows import list_windows
from tests.helpers.programs import PathBuilder

MOVES = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12), st.integers(-4, 2)), min_size=1, max_size=10
)


def remove(path: PathBuilder, setup: ProgramSetup) -> Removal:
    return measure_removal(path.motions, setup, measure_time(path.motions, setup.machine))


def measure(path: PathBuilder, setup: ProgramSetup) -> Measured:
    return measure_program(path.program(), setup)


def draw_path(moves: list[tuple[bool, int, int, int]]) -> PathBuilder:
    path = PathBuilder().rapid(z=5)
    for is_rapid, x, y, z in moves:
        to = {"x": x / 2, "y": y / 2, "z": z / 4}
        path.rapid(**to) if is_rapid else path.line(1200, **to)
    return path


def test_a_ring_takes_away_what_it_is_drawn_to(ring: PathBuilder, setup: ProgramSetup) -> None:
    measured = measure(ring, setup)
    tool = measured.tools[0]
    assert float(measured.removed_mm3 or 0) == pytest.approx(math.pi * (53**2 - 46**2) * 1.5, rel=0.005)
    assert (tool.max_axial_mm, tool.max_radial_mm, tool.min_z_mm) == ("0.75", "3.175", "-1.5")
    assert (tool.rpm, tool.max_feed, tool.max_plunge, tool.tool_id) == (("18000",), "1800", "5.719", "em-3175-2f")
    assert [finding.code for finding in measured.findings] == []
    assert measured.box_mm.cutting is not None
    assert measured.box_mm.cutting.max == ("51.413", "51.413", "0.2")


def test_later_passes_are_as_wide_as_they_step_over(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=2).line(600, z=-1).line(1200, x=60).rapid(z=2).rapid(x=0, y=1).line(600, z=-1)
    groups = remove(path.line(1200, x=60), setup).groups.list_groups()
    widths = sorted(sample.radial for _, sample in groups if sample.length > 8000)
    assert widths[0] == pytest.approx(1000, rel=0.1)
    assert widths[-1] == pytest.approx(3175, rel=0.01)
    assert {sample.axial for _, sample in groups} == {1000}


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 121.7])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_no_cut_is_wider_than_it_may_be_and_that_is_a_sixteenth_of_the_tool_above_what_was_measured(
    degrees: float, share: float, setup: ProgramSetup
) -> None:
    width, angle = 3.175 * share, math.radians(degrees)

    def turn(along: float, across: float) -> dict[str, float]:
        return {
            "x": along * math.cos(angle) - across * math.sin(angle),
            "y": along * math.sin(angle) + across * math.cos(angle),
        }

    for length in (1.5, 3.1, 20.0):
        path = PathBuilder().rapid(z=2).rapid(**turn(-10, 0)).line(600, z=-1).line(1200, **turn(length + 10, 0))
        path.rapid(z=2).rapid(**turn(0, width)).line(600, z=-1).line(1200, **turn(length, width))
        last = len(path.motions) - 1
        samples = [sample for _, sample in remove(path, setup).groups.list_groups() if sample.place == last]
        widest = max(sample.widest for sample in samples)
        assert width <= widest / 1000
        assert all(sample.widest - sample.radial == pytest.approx(3175 / 16) for sample in samples)
        assert max(sample.radial for sample in samples) / 1000 == pytest.approx(width, abs=0.05 * 3.175)


def test_a_plunge_is_vertical_and_as_deep_as_it_goes(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=2).line(150, z=-2.5).rapid(z=2)
    [cut] = measure(path, setup).cuts
    assert (cut.vertical, cut.axial_mm, cut.radial_mm, cut.plunge_feed, cut.feed) == (
        True,
        "2.5",
        "3.175",
        "150",
        "150",
    )
    assert not cut.through, "it ends above the lower face"
    for depth in (-3, -2.9975):  # as deep as the stock, and as its inches are written: 0.1180 of 0.1181
        [cut] = measure(PathBuilder().line(150, z=depth), setup).cuts
        assert cut.through


def test_a_ramp_plunges_by_its_slope(setup: ProgramSetup) -> None:
    tool = measure(PathBuilder().line(1000, x=30, z=-1), setup).tools[0]
    assert float(tool.max_plunge) == pytest.approx(1000 / math.hypot(30, 1), abs=1e-3)


def test_only_what_removes_is_cutting(setup: ProgramSetup) -> None:
    path = PathBuilder().line(900, z=-1).line(1200, x=20).line(5000, x=0).line(5000, z=1).line(5000, x=20)
    removal = remove(path, setup)
    assert list(removal.cutting) == [1, 1, 0, 0, 0]
    assert measure(path, setup).tools[0].max_feed == "1200"


@pytest.mark.parametrize("has_numpy", [True, False])
def test_an_arc_that_is_followed_again_in_lines_cuts_air(
    has_numpy: bool, setup: ProgramSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    path = PathBuilder().rapid(x=10).line(300, z=-1).arc(1200, (0, 0), clockwise=False, x=10)
    for degree in range(1, 361):
        angle = math.radians(degree)
        path.line(1200, x=10 * math.cos(angle), y=10 * math.sin(angle))
    assert sum(remove(path, setup).cutting) == 2


def test_a_rapid_through_material_is_found_with_its_depth(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=5).rapid(x=10).rapid(z=-0.4)
    measured = measure(path, setup)
    assert [(found.code, found.level, found.line) for found in measured.findings] == [("RAPID_IN_MATERIAL", "RED", 3)]
    assert "0.4 mm" in measured.findings[0].text


@pytest.mark.parametrize(("aside", "codes"), [(0.0, []), (0.1, []), (0.6, ["RAPID_IN_MATERIAL"])])
def test_a_rapid_back_through_its_own_slot_is_none(aside: float, codes: list[str], setup: ProgramSetup) -> None:
    path = PathBuilder().line(300, z=-1).line(1200, x=30).rapid(x=0, y=aside).rapid(z=5)
    assert [found.code for found in measure(path, setup).findings] == codes


def test_of_a_rapid_that_rises_the_deepest_place_is_told(setup: ProgramSetup) -> None:
    [finding] = measure(PathBuilder().rapid(z=5).line(300, z=-2).rapid(x=60, z=0), setup).findings
    assert re.search(r"through 1\.9\d+ mm of material\.", finding.text)


def test_a_dip_between_two_tiny_motions_is_as_deep_as_its_bottom(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=0.5).line(600, x=0.05, z=-1).line(600, x=0.1, z=0.5)
    assert measure(path, setup).tools[0].max_axial_mm == "1"


def test_no_window_is_longer_than_the_tool_is_wide(setup: ProgramSetup) -> None:
    path = PathBuilder().line(300, z=-1)
    for step in range(1, 90):
        path.line(1200, x=step * 0.7, y=step % 2)
    windows = list(
        list_windows(path.arc(1200, (0, 0), clockwise=True).motions, setup, measure_time(path.motions, None))
    )
    assert max(window.length for window in windows) <= 3175
    assert sum(window.length for window in windows) == pytest.approx(sum(measure_time(path.motions, None).lengths))
    assert all(one.points[-1] == other.points[0] for one, other in itertools.pairwise(windows))


def test_zero_on_the_bed_lies_under_the_stock(setup: ProgramSetup) -> None:
    bed = msgspec.structs.replace(setup, zero="bed")
    path = PathBuilder().rapid(z=5).line(300, z=2).line(1200, x=20)
    assert measure(path, bed).tools[0].max_axial_mm == "1"
    assert measure(path, bed).cuts[0].depth_mm == "1"
    assert measure(path, setup).cuts == ()


def test_an_upright_arc_that_dips_into_the_stock_is_seen(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=0).arc(900, (0, 1), clockwise=True, plane="ZX", x=2)
    assert float(measure(path, setup).tools[0].max_axial_mm) == pytest.approx(1, abs=0.0032)


@pytest.mark.parametrize(
    ("tool", "removed"),
    [
        (ToolShape(diameter_mm=4.0), 4 * 30 + math.pi * 4),
        (ToolShape(diameter_mm=4.0, kind="v_bit", angle_deg=90.0), 30 + math.pi / 3),
        # A slot of a ball: the segment of its circle below the top.
        (ToolShape(diameter_mm=4.0, kind="ball_mill"), 30 * (4 * math.acos(0.5) - math.sqrt(3)) + math.pi * 5 / 3),
    ],
)
def test_ends_that_are_not_flat_remove_by_their_shape(tool: ToolShape, removed: float) -> None:
    setup = ProgramSetup(tools={1: tool}, stock=Stock(thickness_mm=3.0))
    measured = measure(PathBuilder().line(300, z=-1).line(1200, x=30), setup)
    assert float(measured.removed_mm3 or 0) == pytest.approx(removed, rel=0.03)
    if tool.kind != "end_mill":
        assert measured.tools[0].max_radial_mm == "4"
        assert f"({tool.kind}) is taken as its whole diameter" in measured.assumptions[0] + measured.assumptions[1]


def test_tiny_motions_are_measured_together(setup: ProgramSetup) -> None:
    path = PathBuilder().line(300, z=-1)
    for step in range(1, 601):
        path.line(1200 + step % 2, x=step / 20)
    whole = measure(PathBuilder().line(300, z=-1).line(1200, x=30), setup)
    tiny = measure(path, setup)
    assert tiny.tools[0].max_radial_mm == whole.tools[0].max_radial_mm == "3.175"
    assert len(tiny.cuts) <= 6
    assert tiny.tools[0].max_feed == "1201"


def test_a_large_program_needs_no_larger_map(setup: ProgramSetup) -> None:
    path = PathBuilder().line(300, z=-1).line(3000, x=900).line(3000, y=700)
    corners = ((0.0, 0.0, -1000.0), (900_000.0, 700_000.0, 0.0))
    made = heights.HeightMap(corners, [setup.tools[1]], 0)
    assert made._heights.nbytes <= 17_000_000
    measured = measure(path, setup)
    assert float(measured.removed_mm3 or 0) == pytest.approx(3.175 * 1600, rel=0.05)


def test_without_numpy_depths_are_measured_and_widths_are_the_diameter(
    ring: PathBuilder, setup: ProgramSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    measured = measure(ring, setup)
    assert measured.removed_mm3 is None
    assert any("numpy is not installed" in said for said in measured.assumptions)
    assert (measured.tools[0].max_axial_mm, measured.tools[0].max_radial_mm) == ("0.75", "3.175")
    assert measured.estimate_s.planned == "131.199"
    assert measured.findings == ()
    path = PathBuilder().rapid(z=5).rapid(z=-0.4)
    assert [found.code for found in measure(path, setup).findings] == ["RAPID_IN_MATERIAL"]


@given(MOVES, st.integers(0, 10))
def test_a_program_that_is_cut_short_never_removes_more(moves: list[tuple[bool, int, int, int]], length: int) -> None:
    setup = ProgramSetup(tools={1: ToolShape(diameter_mm=2.0)}, stock=Stock(thickness_mm=3.0))
    whole, short = (measure(draw_path(part), setup) for part in (moves, moves[:length]))
    # The map of the longer one may lie a fraction of a cell elsewhere, so what both remove differs by some of an edge.
    edge = 0.02 * float(whole.removed_mm3 or 0) + 0.3
    assert float(short.removed_mm3 or 0) <= float(whole.removed_mm3 or 0) + edge


@given(MOVES)
def test_no_cut_is_deeper_than_the_lowest_place_nor_wider_than_the_tool(
    moves: list[tuple[bool, int, int, int]],
) -> None:
    setup = ProgramSetup(tools={1: ToolShape(diameter_mm=2.0)}, stock=Stock(thickness_mm=3.0))
    removal = remove(draw_path(moves), setup)
    lowest = min(z for *_, z in moves) * 250
    for _, sample in removal.groups.list_groups():
        assert 0 < sample.axial <= -lowest
        assert 0 < sample.radial <= 2000
    assert removal.volume_mm3 is not None
    assert removal.volume_mm3 >= 0


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=8), st.integers(1, 11))
def test_coarse_and_fine_find_the_same_depths_of_levels(places: list[tuple[int, int]], tenths: int) -> None:
    setup = ProgramSetup(tools={1: ToolShape(diameter_mm=2.0)}, stock=Stock(thickness_mm=3.0))
    path = PathBuilder()
    for level in (1, 2):
        path.rapid(z=5).rapid(x=places[0][0], y=places[0][1]).line(300, z=-tenths / 10 * level)
        for x, y in places:
            path.line(1200, x=x, y=y)
    with pytest.MonkeyPatch.context() as patch:
        fine = measure(path, setup)
        patch.setitem(sys.modules, "numpy", None)
        coarse = measure(path, setup)
    assert fine.tools[0].max_axial_mm == coarse.tools[0].max_axial_mm == f"{tenths / 10:g}"
    assert fine.findings == coarse.findings == ()


def test_a_large_tool_beside_a_tiny_one_is_still_measured(setup: ProgramSetup) -> None:
    tools = {1: ToolShape(diameter_mm=60.0, kind="surfacing_bit"), 2: ToolShape(diameter_mm=0.5)}
    both = msgspec.structs.replace(setup, tools=tools)
    path = PathBuilder(tool=1).rapid(z=5).line(900, z=-0.5).line(3000, x=200).rapid(z=5)
    measured = measure(path.set_up(tool=2).line(300, z=-1).line(300, x=190), both)
    large, tiny = measured.tools
    assert (large.max_axial_mm, large.max_radial_mm) == ("0.5", "60")
    assert (tiny.max_axial_mm, tiny.max_radial_mm) == ("0.5", "0.5")
    assert float(measured.removed_mm3 or 0) == pytest.approx(0.5 * (60 * 200 + math.pi * 900), rel=0.01)
