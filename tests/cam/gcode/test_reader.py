"""The door: what programs do, by the table of numbers that LinuxCNC agrees to."""

import pytest

from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import MotionKind
from tests.helpers.reading import SNIPPETS, find_codes, list_ends, list_motions, read_text


@pytest.mark.parametrize(
    ("text", "axis", "least", "most", "length"),
    [
        ("G0 X0 Y0 Z0\nG2 X10 Y0 R10 F600", 1, 0.0, 1.340, 10.472),
        ("G0 X0 Y0 Z0\nG2 X10 Y0 R-10 F600", 0, -5.0, 15.0, 52.360),
        ("G0 X0 Y0 Z0\nG3 X20 Y0 R10 F600", 1, -10.0, 0.0, 31.416),
        ("G0 X0 Y0 Z0\nG90.1 G2 X20 Y0 I10 J0 F600", 1, 0.0, 10.0, 31.416),
        ("G0 X5 Y0 Z0\nG3 X5 Y0 Z-3 I-5 P3 F600", 2, -3.0, 0.0, 94.296),
        ("G18\nG0 X0 Y0 Z0\nG2 X10 I5 K0 F600", 2, -5.0, 0.0, 15.708),
    ],
)
def test_an_arc_goes_the_way_that_its_words_say(text: str, axis: int, least: float, most: float, length: float) -> None:
    *_, arc = list_motions(read_text(text))
    places = [point[axis] for point in (arc.start, *arc.points())]
    assert (min(places), max(places)) == pytest.approx((least, most), abs=0.001)
    assert arc.length() == pytest.approx(length, abs=0.001)


def test_inches_are_exact_and_so_is_their_feed() -> None:
    *_, rapid, cut = list_motions(read_text("G20\nG0 X1\nG1 X2.5 F60"))
    assert (rapid.end[0], cut.end[0], cut.feed) == (25.4, 63.5, 1524.0)


def test_a_peck_cycle_goes_down_in_pecks() -> None:
    motions = list_motions(read_text("G0 Z10\nG83 X10 Z-5 R2 Q2 F150"))
    cuts = [motion for motion in motions if motion.kind is MotionKind.LINE]
    assert [motion.end[2] for motion in cuts] == [0.0, -2.0, -4.0, -5.0]
    assert sum(motion.length() for motion in cuts) == pytest.approx(7.762)


def test_inverse_time_gives_the_feed_that_takes_this_long() -> None:
    *_, cut = list_motions(read_text("G93 G1 X30 F2"))
    assert cut.length() / cut.feed * 60 == pytest.approx(30.0)


def test_feed_for_each_turn_follows_the_spindle() -> None:
    *_, slow, fast = list_motions(read_text("M3 S1000 G95 F0.1\nG1 X1\nS2000 X2"))
    assert (slow.feed, fast.feed) == (100.0, 200.0)


def test_a_subprogram_runs_as_often_as_it_is_called() -> None:
    text = "F600 M98 P1000 L3\nM30\nO1000\nG91 G1 X10\nM99"
    assert [end for _, end in list_ends(text)] == [(10.0, 0.0, 0.0), (20.0, 0.0, 0.0), (30.0, 0.0, 0.0)]
    assert list_ends(text.replace("P1000 L3", "P31000")) == list_ends(text)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("G1 X 1 0 F 6 0 0", [("LINE", (10.0, 0.0, 0.0))]),
        ("g1x10f600", [("LINE", (10.0, 0.0, 0.0))]),
        ("N7 G01 X+.5 F600 (Y9) ;Z9", [("LINE", (0.5, 0.0, 0.0))]),
        ("G1 X10 F600\nX20 G0", [("LINE", (10.0, 0.0, 0.0)), ("RAPID", (20.0, 0.0, 0.0))]),
        ("G1 X10 F600\n%\nX5", [("LINE", (10.0, 0.0, 0.0))]),
        ("G1 X10 F600\rX5\r\nX6", [("LINE", (10.0, 0.0, 0.0)), ("LINE", (5.0, 0.0, 0.0)), ("LINE", (6.0, 0.0, 0.0))]),
        ("G91 G1 X10 F600\nX-3", [("LINE", (10.0, 0.0, 0.0)), ("LINE", (7.0, 0.0, 0.0))]),
        ("G4 P2.5", [("DWELL", (0.0, 0.0, 0.0))]),
    ],
)
def test_words_are_read_in_any_form(text: str, ends: list[object]) -> None:
    assert list_ends(text, begin="%\nG21 G90 G17 G94 G91.1\n") == ends


def test_a_ring_is_read_without_a_finding() -> None:
    program = read_program((SNIPPETS / "ring.nc").read_bytes())
    assert program.findings == ()
    assert (program.lines, program.units, program.flat, len(program.motions)) == (32, "mm", True, 26)
    assert (program.words["G91.1"], program.words["M30"]) == (1, 32)


def test_a_byte_order_mark_is_no_word() -> None:
    assert find_codes(read_program(b"\xef\xbb\xbfG21 G90 G0 X0 Y0 Z5\nG1 X1 F100\n")) == {}
