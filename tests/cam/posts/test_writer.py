"""What is written for a controller: lines that it takes, comments that do nothing, and the same motions read back."""

import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.dialects import Dialect, find_dialect, load_dialects
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure.bounds import find_bounds
from rmos.cam.motion import MotionKind
from rmos.cam.paths.circles import RingShape, route_channel, route_circle
from rmos.cam.paths.cut import PathOptions, Tabs, fit_units
from rmos.cam.paths.making import Room, make_toolpaths
from rmos.cam.paths.toolpaths import Toolpaths, find_box
from rmos.cam.posts.writer import MAX_COMMENT, MAX_LINE, ProgramHead, clean_comment, write_program
from rmos.errors.request import ValidationFailed
from tests.helpers.cuts import RING_CUT, make_cut

HEAD = ProgramHead(number=1, tool_number=2, lines=("run run_0123", "toolpaths abc"))
DIALECTS = list(load_dialects())
FORBIDDEN = re.compile(r"[!?~()\x00-\x1f\x7f-\U0010ffff]")


def make_paths(**options: object) -> Toolpaths:
    chosen = PathOptions(**options)  # type: ignore[arg-type]
    return make_toolpaths(RING_CUT, route_channel(RING_CUT, RingShape(46_000, 53_000), chosen), chosen, Room())


@given(st.text(max_size=200))
def test_no_comment_holds_what_a_controller_obeys(text: str) -> None:
    comment = clean_comment(text)
    assert not FORBIDDEN.search(comment)
    assert len(comment) <= MAX_COMMENT


@pytest.mark.parametrize("name", DIALECTS)
def test_a_tool_with_any_name_gives_a_program_of_plain_lines(name: str) -> None:
    cut = make_cut(tool_id="Fräser Ñ!?~(\n%)" + "x" * 90)
    paths = make_toolpaths(cut, route_channel(cut, RingShape(46_000, 53_000), PathOptions()), PathOptions(), Room())
    text = write_program(
        paths, find_dialect(name), ProgramHead(number=1, tool_number=2, lines=("G1 X9) G0 Z-9\r\nG0 Z-9",))
    )
    lines = text.splitlines()
    assert text.isascii()
    assert text.endswith("\n")
    assert "\r" not in text
    assert max(map(len, lines)) <= MAX_LINE
    comments = [line for line in lines if "(" in line]
    assert all(re.fullmatch(r"\([^()]{1,60}\)", line) for line in comments)
    assert not [line for line in lines if re.search(r"[!?~%]", line) and line != "%"]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_program_is_read_back_as_the_path_that_it_was_written_from(name: str) -> None:
    paths, dialect = make_paths(), find_dialect(name)
    program = read_program(write_program(paths, dialect, HEAD).encode())
    assert program.flat
    assert {finding.code for finding in program.findings} <= {"NO_DWELL"}
    motions = program.motions
    found = [
        (x, y, z, feed)
        for kind, x, y, z, feed in zip(motions.kind, motions.x, motions.y, motions.z, motions.feed, strict=True)
        if kind != MotionKind.DWELL
    ]
    # The first is the way up, from wherever the tip stands.
    assert found[1:] == [(move.x, move.y, move.z, move.feed) for move in paths.moves]
    assert [(arc.a, arc.b, arc.clockwise) for arc in motions.arcs.values()] == [
        (move.centre_x, move.centre_y, move.code == "G2") for move in paths.moves if move.code in ("G2", "G3")
    ]
    assert find_bounds(motions) is not None
    assert find_box(paths.moves)[1][:2] == tuple(find_bounds(motions)[1][:2])  # type: ignore[index]
    assert dialect.find_unsupported(program.words) == []


def test_fanuc_has_a_point_in_every_number_a_number_on_every_line_and_its_end_behind_it() -> None:
    lines = write_program(make_paths(), find_dialect("fanuc"), HEAD).splitlines()
    assert lines[:3] == ["%", "O0001", "(RMOS PROGRAM 1: CHANNEL)"]
    assert lines[-3:] == [f"N{len(lines) - 2} M5", f"N{len(lines) - 1} M30", "%"]
    numbers = [int(match[1]) for line in lines if (match := re.match(r"N(\d+) ", line))]
    assert all(after > before for before, after in pairwise(numbers))
    words = re.findall(r"[XYZIJF](-?[\d.]+)", "\n".join(line for line in lines if not line.startswith("(")))
    assert words
    assert all("." in word for word in words)


def test_the_tip_goes_up_first_then_the_spindle_turns_and_is_waited_for() -> None:
    lines = [
        line for line in write_program(make_paths(), find_dialect("linuxcnc"), HEAD).splitlines() if "(" not in line
    ]
    assert lines[:9] == [
        "G21 G90 G17 G94 G91.1", "G40 G49 G80 G64 P0.01", "G54", "T2 M6", "G43 H2", "G0 Z6.000", "S18000 M3", "G4 P3",
        "G0 X47.588 Y0.000 Z6.000",
    ]  # fmt: skip
    assert lines[-3:] == ["G0 X47.588 Y0.000 Z6.000", "M5", "M2"]
    assert "M6" not in write_program(make_paths(), find_dialect("grbl"), HEAD)
    assert "-0.000" not in "".join(lines)


def test_coolant_is_the_word_that_the_controller_has() -> None:
    air = write_program(make_paths(coolant="air"), find_dialect("grbl"), HEAD).splitlines()
    assert (air.count("M8"), air.count("M9")) == (1, 1)
    with pytest.raises(ValidationFailed, match="has no M7"):
        write_program(make_paths(coolant="mist"), find_dialect("grbl"), HEAD)
    assert "M7\n" in write_program(make_paths(coolant="mist"), find_dialect("linuxcnc"), HEAD)


@given(
    st.integers(400, 500_000),
    st.integers(1, 40_000),
    st.sampled_from(["mm", "inch"]),
    st.sampled_from([None, 3]),
)
def test_arcs_close_under_the_rules_of_grbl_and_linuxcnc_at_every_radius(
    radius: int, depth: int, units: str, tabs: int | None
) -> None:
    cut = make_cut(diameter_um=400, depth_um=depth, stock_um=depth, pass_um=max(1, depth // 2))
    path = radius + 200
    chosen = Tabs(count=tabs, length_um=200) if tabs and path > 2000 else None
    options = PathOptions(tabs=chosen, units=units)  # type: ignore[arg-type]
    paths = make_toolpaths(cut, route_circle(cut, path, options, wall_outside=True), options, Room())
    text = write_program(paths, find_dialect("grbl"), ProgramHead(number=1, tool_number=1, units=options.units))
    program = read_program(text.encode())
    assert [finding.code for finding in program.findings] == []
    assert program.facts.arc_radius_linuxcnc is None


def test_inches_never_cut_deeper_or_faster_than_was_judged() -> None:
    options = PathOptions(units="inch")
    cut = make_cut(depth_um=1499, pass_um=757, feed=1801)
    paths = make_toolpaths(cut, route_channel(cut, RingShape(46_000, 53_000), options), options, Room())
    motions = read_program(
        write_program(paths, find_dialect("grbl"), ProgramHead(number=1, tool_number=1, units="inch")).encode()
    ).motions
    assert -1499 <= min(motions.z) < -1496
    assert (
        1800.7
        < max(feed for kind, feed in zip(motions.kind, motions.feed, strict=True) if kind != MotionKind.DWELL)
        <= 1801
    )


@given(st.integers(50, 3000), st.integers(1, 12), st.integers(-3, 3))
def test_no_pass_is_deeper_in_inches_than_was_judged(pass_um: int, passes: int, beside: int) -> None:
    options = PathOptions(units="inch")
    cut = make_cut(depth_um=pass_um * passes + beside, pass_um=pass_um)
    route = route_circle(fit_units(cut, "inch"), 40_000, options, wall_outside=True)
    paths = make_toolpaths(cut, route, options, Room())
    head = ProgramHead(number=1, tool_number=1, units="inch")
    motions = read_program(write_program(paths, find_dialect("grbl"), head).encode()).motions
    levels = [0, *sorted({after for before, after in pairwise(motions.z) if before == after < 0}, reverse=True)]
    assert max(before - after for before, after in pairwise(levels)) <= pass_um


def test_a_tolerance_is_no_wider_in_inches_than_in_millimetres() -> None:
    lines = write_program(
        make_paths(), find_dialect("linuxcnc"), msgspec.structs.replace(HEAD, units="inch")
    ).splitlines()
    assert "G40 G49 G80 G64 P0.0003" in lines


def test_every_dialect_says_units_plane_and_distances() -> None:
    def said(dialect: Dialect) -> str:
        return " ".join(dialect.head)

    assert all({"G21", "G90", "G17", "G54"} <= set(said(dialect).split()) for dialect in load_dialects().values())
