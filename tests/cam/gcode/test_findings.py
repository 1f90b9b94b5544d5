"""Every finding of the reader: the examples of docs/programs.md give it, and what is right does not."""

import re
from pathlib import Path

import pytest

from rmos.cam.gcode.finding_log import LEVELS
from rmos.cam.gcode.reader import read_program
from tests.helpers.reading import BEGIN, find_codes, read_text

PAGE = (Path(__file__).parents[3] / "docs" / "programs.md").read_text(encoding="utf-8")
DOCS = PAGE.split("## Findings of the measures")[0]
ROWS = re.findall(r"^\| `([A-Z_]+)` \| (RED|YELLOW|UNKNOWN|NOTE) \| (.*?) \| (.*) \|$", DOCS, re.MULTILINE)
EXAMPLES = [(code, example.strip("`").replace(" ⏎ ", "\n")) for code, _, example, _ in ROWS if example.startswith("`")]
READY = "G0 X0 Y0 Z5\nM3 S9000\nG4 P3\n"


def test_every_finding_is_documented_with_its_level() -> None:
    documented = {code: level for code, level, _, _ in ROWS if code in LEVELS}
    assert documented == LEVELS
    assert len(EXAMPLES) == len(LEVELS) - 1


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=[code for code, _ in EXAMPLES])
def test_an_example_gives_its_finding_with_a_line_and_a_mend(code: str, example: str) -> None:
    program = read_text(example)
    (finding,) = [finding for finding in program.findings if finding.code == code]
    assert finding.level == LEVELS[code]
    assert finding.line is None or 1 < finding.line <= program.lines
    assert re.fullmatch(r"[A-Z].*[;:,] .*\.( Found \d+ times\.)?", finding.text), finding.text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (READY + "G1 Z-1 F100\nX5", {}),
        ("X5", {"MOTION_UNSAID": 2, "XY_BEFORE_RETRACT": 2}),
        (READY + "G1 X1 F100\nG80\nX2", {"MOTION_UNSAID": 7}),
        (READY + "G1 X1", {"FEED_MISSING": 5}),
        (READY + "G1 X1 F0", {"FEED_MISSING": 5}),
        (READY + "G93 G1 X1 F2\nX2", {"FEED_MISSING": 6}),
        (READY + "G95 G1 X1 F.1\nS0\nX2", {"FEED_MISSING": 7}),
        (READY + "G94 F100 G1 X1\nG95 X2", {"FEED_MISSING": 6}),
        (READY + "G93 G81 X1 Z-1 R1 F2", {"FEED_MISSING": 5}),
        (READY + "F100\nG20\nG1 X1", {"FEED_UNITS": 7}),
        (READY + "F100\nG20\nF4 G1 X1", {}),
        (READY + "F100\nG21\nG1 X1", {}),
        (READY + "G1 X1 F100\nG54 X2\nG55 G0 X3\nG54 G1 X1", {}),
        (READY + "G1 X1 F100\nG2 Y5", {"ARC_RADIUS": 6}),
        (READY + "G2 X0 Y0 R5 F100", {"ARC_RADIUS": 5}),
        (READY + "G2 X10 R4.9 F100", {"ARC_RADIUS": 5}),
        (READY + "G2 X10 R5 F100", {}),
        (READY + "G2 X2000 I1000.2 F100", {}),
        (READY + "G2 X2000 I1000.4 F100", {"ARC_RADIUS": 5}),
        (READY + "F100 G1 X1\nG95 F.1 X2\nG94 X3", {"FEED_MISSING": 7}),
        (READY + "G2 X10 I5 R5 F100", {"WORDS_CLASH": 5}),
        (READY + "G2 I0 J0 F100", {"ARC_RADIUS": 5}),
        (READY + "G90.1 G2 X10 I5 F100", {"UNREADABLE_WORD": 5}),
        (READY + "G2 X10 K5 I5 F100", {"UNUSED_WORD": 5}),
        (READY + "G2 X10 I5 P1.5 F100", {"UNREADABLE_WORD": 5}),
        (READY + "G2 X10 I5 P10001 F100", {"UNREADABLE_WORD": 5}),
        (READY + "G83 X1 Z-1 R1 F100", {"CYCLE_WORD_MISSING": 5}),
        (READY + "G83 X1 Z-1 R1 Q0 F100", {"CYCLE_WORD_MISSING": 5}),
        (READY + "G81 X1 Z2 R1 F100", {"CYCLE_WORD_MISSING": 5}),
        (READY + "G81 X1 Z-1 R1 F100\nG85 X2", {"CYCLE_WORD_MISSING": 6}),
        (READY + "G81 X1 Z-1 R1 F100\nX2\nG81 X3\nG80\nG0 Z9", {}),
        (READY + "G81 X1 Z-1 R1 L0 F100", {"UNREADABLE_WORD": 5}),
        (READY + "G81 X1 Z-1 R1 P1 F100", {}),
        (READY + "G1 X1 F100 Q1", {"UNUSED_WORD": 5}),
        (READY + "G43 H1\nH1", {"UNUSED_WORD": 6}),
        (READY + "G53 G1 Z0 F100", {"PLACE_UNKNOWN": 5}),
        (READY + "G91 G53 G0 Z0", {"WORDS_CLASH": 5}),
        (READY + "G28\nG0 X0 Y0\nZ5\nG1 Z1 F100", {}),
        (READY + "G28\nG0 X0 Y0\nG1 Z1 F100", {"PLACE_UNKNOWN": 7}),
        (READY + "G91 G28 Z0\nZ-1\nG1 X1 F100", {"PLACE_UNKNOWN": 7}),
        ("G91\n" + READY + "G1 X1 F100", {"START_UNSAID": 6}),
        (READY + "M4\nG0 X5", {}),
        (READY + "T1 M6\nG4 P3\nG1 X1 F100", {}),
        (READY + "T1 M6\nM3\nG1 X1 F100", {"NO_DWELL": 6}),
        (READY + "M3\nG1 X1 F100", {}),
        (READY + "T1\nG1 X1 F100\nT2 M0\nX2", {}),
        (READY + "T1 M6\nT2\nG4 P1\nG1 X1 F100", {}),
        (READY + "T1 M6\nG43 H1 Z5\nG1 X1 F100\nT2 M6\nX2", {"TOOL_LENGTH": 9}),
        (READY + "T1 M6\nG43 H1 Z5\nG1 X1 F100\nT2 M6\nG43\nX2", {}),
        (READY + "T1.5 M6", {"UNREADABLE_WORD": 5}),
        (READY + "M30\nO1 (called by nobody)\nG0 X5\nM99\n", {}),
        (READY + "M30\n( X5 )\n%\nM5", {}),
        (READY + "%\nG1 X1 F100", {"UNREADABLE_WORD": 5}),
        (READY + "M99", {"PROGRAM_NOT_FLAT": 5}),
        (READY + "M98 P7", {"PROGRAM_NOT_FLAT": 5}),
        (READY + "M98", {"PROGRAM_NOT_FLAT": 5}),
        (READY + "M98 P7\nM30\nO7\nG0 X1\n", {"PROGRAM_NOT_FLAT": 8}),
        (READY + "O7 sub\nG0 X1\nO7 endsub", {"PROGRAM_NOT_FLAT": 5}),
        (READY + "G4", {"UNREADABLE_WORD": 5}),
        (READY + "G4 P-1", {"UNREADABLE_WORD": 5}),
        (READY + "G1 X1 F100\nG4 P1 X5", {"UNUSED_WORD": 6}),
        (READY + "G2 X10 I5 K0 F100", {}),
        (READY + "S-5", {"UNREADABLE_WORD": 5}),
        (READY + "G0 A90", {"PROGRAM_NOT_FLAT": 5}),
        (READY + "G0 E1", {"UNREADABLE_WORD": 5}),
        (READY + "M117", {"UNREADABLE_WORD": 5}),
        (READY + "G123", {"UNREADABLE_WORD": 5}),
        (READY + "G1.234", {"UNREADABLE_WORD": 5}),
        (READY + "$H", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1 (up", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1\xa0Y1", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X\xdf1", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1e308", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1000000", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X" + "1" * 30, {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1.2.3", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X", {"UNREADABLE_WORD": 5}),
        (READY + "G0 X1 X2", {"WORDS_CLASH": 5}),
        (READY + "G90 G91", {"WORDS_CLASH": 5}),
        (READY + "M3 M5", {"WORDS_CLASH": 5}),
    ],
)
def test_a_fault_has_its_code_and_line_and_what_is_right_has_none(text: str, codes: dict[str, int]) -> None:
    assert find_codes(read_text(text)) == codes


def test_units_are_asked_for_unless_the_program_or_the_caller_says_them() -> None:
    text = b"G90 G0 X0 Y0 Z5\nG1 X1 F100\n"
    unsaid = read_program(text)
    assert (find_codes(unsaid), unsaid.units) == ({"UNITS_UNSAID": 1}, None)
    told = read_program(text, units="inch")
    assert (find_codes(told), told.units, told.motions.x[-1]) == ({}, "inch", 25_400.0)
    said = read_program(b"G21\n" + text, units="inch")
    assert (find_codes(said), said.units, said.motions.x[-1]) == ({}, "mm", 1000.0)


def test_a_fault_on_many_lines_is_one_finding_with_their_number() -> None:
    (finding,) = read_text(READY + "G0 X1,5\n" * 300).findings
    assert finding.line == 5
    assert finding.text.endswith("Found 300 times.")


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"PK\x03\x04" + b"x" * 30, 1, "zip"),
        ("G21\nG0 X1\n".encode("utf-16"), 1, "UTF-16"),
        ("G21\nG0 X1\n".encode("utf-16-be"), 1, "NUL"),
        (b"G21\nG0 X1\nG0 \0X2\n", 3, "NUL"),
        (b"\x1f\x8b\x08", 1, "gzip"),
    ],
)
def test_what_is_no_text_is_refused_in_words(data: bytes, line: int, word: str) -> None:
    program = read_program(data)
    (finding,) = program.findings
    assert (finding.code, finding.level, finding.line) == ("UNREADABLE_WORD", "UNKNOWN", line)
    assert word in finding.text
    assert not program.flat


def test_a_program_that_is_not_flat_says_so_beside_its_finding() -> None:
    assert not read_text("G0 Z#1").flat
    assert read_text("G0 Z,1").flat


@pytest.mark.parametrize(
    ("arcs", "closes"),
    [
        ("G2 X20 Y10 I5 J0", "incremental"),
        ("G2 X20 Y10 I15 J10", "absolute"),
        ("G2 X10 Y10 I15 J10", "both"),
        ("G2 X20 Y10 I5 J0\nG2 X10 Y10 I-5 J0", "incremental"),
        ("G2 X20 Y10 I5 J0\nG2 X10 Y10 I15 J10", "neither"),
        ("G2 X20 Y10 I7 J0", "neither"),
        ("G2 X20 Y10 R5", None),
        ("G91.1 G2 X20 Y10 I5 J0", None),
    ],
)
def test_both_readings_of_a_centre_are_tried_when_no_mode_is_said(arcs: str, closes: str | None) -> None:
    program = read_text("G0 X10 Y10 Z0 F100\n" + arcs, begin="G21 G90 G17 G94\n")
    assert program.facts.arc_mode_closes == closes
    assert program.facts.arc_mode_unsaid == (None if closes is None else 3)


def test_absolute_centres_are_taken_where_nothing_else_closes_also_for_full_circles() -> None:
    arcs = "G0 X10 Y10 Z0 F100\nG2 X10 Y10 I20 J10\nG2 X20 Y10 I15 J10"
    program = read_text(arcs, begin="G21 G90 G17 G94\n")
    assert [(arc.a, arc.b) for arc in program.motions.arcs.values()] == [(20_000.0, 10_000.0), (15_000.0, 10_000.0)]
    assert find_codes(program) == {}


def test_facts_for_dialects_have_their_first_line() -> None:
    facts = read_text("G0 X0 Y-0 Z5.\nX1.0\nX.5 I-0\nY10 (\xc3\x91)\nX3").facts
    assert (facts.no_decimal_point, facts.realtime_byte) == (5, 5)
    assert read_text("G0 X1.0 F100 S5 P3").facts.no_decimal_point is None
    assert read_text("G0 X1 (~)").facts.realtime_byte == 2
    assert read_text("G0 X0 Y0 Z0 F100\nG2 X10 I5.05").facts.arc_radius_linuxcnc == 3
    assert read_text("G0 X0 Y0 Z0 F100\nG2 X10 I5.01").facts.arc_radius_linuxcnc is None
    assert read_text("G0 X0 Y0 Z0 F100\nG2 X10 R4.998").facts.arc_radius_linuxcnc == 3
    assert read_text("G0 X0 Y0 Z0 F100\nG2 X10 R4.999").facts.arc_radius_linuxcnc is None


def test_words_have_their_first_line() -> None:
    words = read_text("N1 T1 M06\nG43 H1\nG02 X1 R1 F1\nG3 X2 I.5 P2\nN2 M6\n/G0 X1\n").words
    own = {word: line for word, line in words.items() if line > 1}
    assert own == {"M6": 2, "N": 2, "T": 2, "G43": 3, "H": 3, "G2": 4, "R": 4, "G3": 5, "P": 5, "G0": 7, "/": 7}
    assert BEGIN.count("\n") == 1
