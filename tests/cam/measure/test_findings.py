import msgspec
import pytest

from rmos.cam.measure import measure_program
from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock, ToolShape
from rmos.cam.motion import ProgramFinding
from tests.helpers.programs import PathBuilder


def find(path: PathBuilder, setup: ProgramSetup) -> list[tuple[str, str, int | None]]:
    found = measure_program(path.program(), setup).findings
    return [(finding.code, finding.level, finding.line) for finding in found]


def cut(**to: float) -> PathBuilder:
    return PathBuilder().rapid(z=5).line(300, z=-1).line(1200, **to).rapid(z=5)


def test_a_cut_that_leaves_nothing_to_say_says_nothing(setup: ProgramSetup) -> None:
    assert find(cut(x=20), setup) == []


@pytest.mark.parametrize(("z", "codes"), [(-3.5, []), (-3.501, ["BELOW_STOCK"]), (-50, ["BELOW_STOCK"])])
def test_half_a_millimetre_below_the_stock_is_the_limit(z: float, codes: list[str], setup: ProgramSetup) -> None:
    found = find(PathBuilder().rapid(z=5).line(300, z=z), setup)
    assert found == [(code, "RED", 2) for code in codes]


def test_below_an_upright_arc_is_below_too(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=0).arc(900, (0, 4), clockwise=True, plane="ZX", x=8)
    assert find(path, setup) == [("BELOW_STOCK", "RED", 2)]


def test_a_rapid_below_the_stock_counts_too_and_zero_may_be_on_the_bed(setup: ProgramSetup) -> None:
    assert ("BELOW_STOCK", "RED", 2) in find(PathBuilder().rapid(z=5).rapid(z=-50), setup)
    bed = msgspec.structs.replace(setup, zero="bed")
    assert find(PathBuilder().rapid(z=5).line(300, z=-0.4), bed) == []
    assert find(PathBuilder().rapid(z=5).line(300, z=-0.6), bed) == [("BELOW_STOCK", "RED", 2)]


def test_where_the_machine_stands_before_a_height_is_said_is_not_known(setup: ProgramSetup) -> None:
    bed = msgspec.structs.replace(setup, zero="bed")
    assert find(PathBuilder().rapid(x=9).rapid(z=9).rapid(x=50), bed) == []
    assert find(PathBuilder().rapid(z=9).rapid(z=2.5), bed) == [("RAPID_IN_MATERIAL", "RED", 2)]
    assert find(PathBuilder().rapid(z=-0.1), bed) == [("RAPID_IN_MATERIAL", "RED", 1)]


@pytest.mark.parametrize("members", [{"spindle": "off"}, {"rpm": 0.0}])
def test_a_cut_needs_a_spindle_that_turns(members: dict[str, object], setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=5).set_up(**members).line(300, z=1).line(300, z=-1)
    assert find(path, setup) == [("CUT_WITHOUT_SPINDLE", "RED", 3)]


def test_tools_that_cut_have_to_be_named(setup: ProgramSetup) -> None:
    path = PathBuilder(tool=1).rapid(z=5).line(300, z=-1).rapid(z=5).set_up(tool=7).line(300, z=-0.5)
    assert find(path, setup) == [("TOOL_NOT_NAMED", "UNKNOWN", 4)]
    two = msgspec.structs.replace(setup, tools={1: setup.tools[1], 7: ToolShape(diameter_mm=6.0)})
    assert find(path, two) == []
    assert find(cut(x=20), two) == [("TOOL_NOT_NAMED", "UNKNOWN", 2)], "none is said and two may be meant"
    assert find(cut(x=20), msgspec.structs.replace(setup, tools={})) == [("TOOL_NOT_NAMED", "UNKNOWN", 2)]


def test_the_only_tool_is_meant_where_none_is_named_and_that_is_said(setup: ProgramSetup) -> None:
    measured = measure_program(cut(x=20).program(), setup)
    assert "taken to be em-3175-2f" in measured.assumptions[0]
    assert measured.tools[0].tool_id == "em-3175-2f"


STOCK = Stock(thickness_mm=3.0, width_mm=100.0, height_mm=50.0)


@pytest.mark.parametrize(
    ("origin", "to", "line"),
    [
        ("stock_corner", {"x": 101.5}, None),
        ("stock_corner", {"x": 101.6}, 3),
        ("stock_corner", {"y": -1.6}, 3),
        ("stock_centre", {"y": 26.5}, None),
        ("stock_centre", {"y": 26.6}, 3),
        ("hole_centre", {"x": 103.1}, None),
        ("hole_centre", {"x": 103.2}, 2),
    ],
)
def test_cuts_beyond_the_edge_by_more_than_the_tools_radius_are_outside(
    origin: str, to: dict[str, float], line: int | None, setup: ProgramSetup
) -> None:
    stock = msgspec.convert({**msgspec.structs.asdict(STOCK), "origin": origin}, Stock)
    expected = [] if line is None else [("OUTSIDE_STOCK", "YELLOW", line)]
    assert find(cut(**to), msgspec.structs.replace(setup, stock=stock)) == expected


def test_moves_above_the_stock_may_go_where_they_like(setup: ProgramSetup) -> None:
    path = cut(x=20).rapid(x=-300)
    assert find(path, msgspec.structs.replace(setup, stock=STOCK)) == []


@pytest.mark.parametrize(
    ("travel", "findings"),
    [
        ((200.0, 200.0, 6.0), []),
        ((19.0, 200.0, 6.0), [("OUTSIDE_TRAVEL", "RED", 3)]),
        ((200.0, 200.0, 5.0), [("OUTSIDE_TRAVEL", "RED", 1)]),
    ],
)
def test_a_program_that_needs_more_room_than_the_axes_have_is_outside(
    travel: tuple[float, float, float], findings: list[tuple[str, str, int]], setup: ProgramSetup
) -> None:
    assert find(cut(x=20), msgspec.structs.replace(setup, machine=MachineAxes(travel_mm=travel))) == findings


def test_findings_of_the_reader_stand_among_the_others_by_line(setup: ProgramSetup) -> None:
    said = ProgramFinding(code="NO_DWELL", level="YELLOW", line=1, text="Wait for the spindle.")
    whole = ProgramFinding(code="UNITS_UNSAID", level="UNKNOWN", line=None, text="Say G21.")
    path = PathBuilder().rapid(z=5).rapid(z=-1)
    found = measure_program(path.program(said, whole), setup).findings
    assert [finding.code for finding in found] == ["UNITS_UNSAID", "NO_DWELL", "RAPID_IN_MATERIAL"]


def test_two_rapids_through_material_are_one_finding_that_counts_them(setup: ProgramSetup) -> None:
    path = PathBuilder().rapid(z=5).rapid(z=-1).rapid(x=15).rapid(z=5)
    [found] = measure_program(path.program(), setup).findings
    assert "and 1 more" in found.text
