"""What a file may ask for without end: each has a finding, a bound of the work, and little memory."""

import tracemalloc

import pytest

from rmos.cam.gcode import cursor, source
from rmos.cam.gcode.cursor import Cursor
from rmos.cam.gcode.reader import read_program
from rmos.cam.gcode.source import CHUNK, ProgramText
from tests.helpers.reading import find_codes, list_ends, read_text

READY = "G0 X0 Y0 Z5\n"


def measure_peak(data: bytes, **limits: int) -> float:
    """Return the bytes that reading holds at its peak, those of the file left out."""
    tracemalloc.start()
    try:
        read_program(data, **limits)  # type: ignore[arg-type]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("G81 X1 Z-1 R1 L1000000 F100\nL999999 X2", "UNREADABLE_WORD", 3),
        ("G81 X1 Z-1 R1 L900000 F100\nX2 L900000", "TOO_LONG", 3),
        ("G83 X1 Z-900000 R1 Q.0001 F100", "TOO_LONG", 3),
        ("G83 X1 Z-900000 R1 Q.0000000000000000001 F100", "TOO_LONG", 3),
        ("G2 X0 I5 P1000000000 F100", "UNREADABLE_WORD", 3),
        ("M98 P1000000000", "UNREADABLE_WORD", 3),
        ("M98 P1 L1000000000\nM30\nO1\nM99", "UNREADABLE_WORD", 3),
        ("M98 P1 L10001\nM30\nO1\nM99", "PROGRAM_NOT_FLAT", 3),
        ("M98 P1\nM30\nO1\nM98 P1\nM99", "PROGRAM_NOT_FLAT", 6),
        ("M98 P1\nM30\nO1\nM98 P2\nM99\nO2\nM98 P1\nM99", "PROGRAM_NOT_FLAT", 9),
        ("M98 P1 L9999\nM30\nO1\nM98 P2 L9999\nM99\nO2\nM99", "PROGRAM_NOT_FLAT", 6),
        ("G4 P1e308", "UNREADABLE_WORD", 3),
        ("S1" + "0" * 4000, "UNREADABLE_WORD", 3),
        ("(" * 5000, "UNREADABLE_WORD", 3),
    ],
)
def test_what_never_ends_is_a_finding(text: str, code: str, line: int) -> None:
    assert find_codes(read_text(READY + text))[code] == line


def test_reading_ends_at_the_limit_of_motions_by_either_way() -> None:
    for text in ("X1\n" * 50, "X1 (a)\n" * 50):
        program = read_program(f"G21 G90\n{READY}{text}".encode(), max_motions=20)
        assert len(program.motions) == 20
        assert find_codes(program)["TOO_LONG"] == 22
        assert program.lines == 52


def test_reading_ends_at_the_limit_of_lines_that_are_run() -> None:
    program = read_program(b"G21 G90\nG0 Z1\n" + b"\n" * 100, max_lines=50)
    assert find_codes(program) == {"TOO_LONG": 51}
    called = b"M98 P1 L9000\nM30\nO1\n" + b"(nothing)\n" * 10 + b"M99\n"
    assert find_codes(read_program(called, max_lines=500))["TOO_LONG"] <= 14


def test_one_line_of_many_megabytes_is_never_text_as_a_whole() -> None:
    for line in (b"G1 X1 " * 5_000_000, b"(" + b"x" * 30_000_000, b"X1" + b" " * 30_000_000):
        data = b"G21 G90\nG0 Z1\n" + line + b"\nX,\n"
        assert measure_peak(data) < 4 * CHUNK
        program = read_program(data)
        assert find_codes(program) == {"UNREADABLE_WORD": 3}
        assert program.findings[0].text.endswith("Found 2 times.")
        assert program.lines == 4


@pytest.mark.long
def test_a_line_takes_at_most_120_bytes_with_those_of_the_file() -> None:
    """Columns of doubles, and no object for each motion: a million lines need no gigabyte."""
    lines = [f"X{at % 977}.125 Y{at % 499}.250" for at in range(50_000)]
    arcs = [f"G2 X{at % 2}.000 Y0.000 I{at % 2 - 0.5} F900" for at in range(50_000)]
    for body in (lines, arcs):
        data = ("G21 G90 G17 G94 G91.1\nG0 X1.000 Y0.000 Z5.0\nG1 Z0.0 F600\n" + "\n".join(body)).encode()
        assert find_codes(read_program(data)) == {}
        assert (measure_peak(data) + len(data)) / len(body) < 120


def test_lines_are_whole_wherever_a_chunk_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "G0 Z1 (é)\r\nX2\n\n\rY3\r\n%\r\n"
    whole = list_ends(text, begin="G21 G90\n")
    for size in range(9, 40):
        monkeypatch.setattr(source, "CHUNK", size)
        assert list_ends(text, begin="G21 G90\n") == whole


def test_a_call_goes_back_to_where_it_came_from_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "M98 P1 L2\nG0 Z1\nM98 P2\nZ2\nM30\nO1\nG0 X1\nM98 P2\nM99\nO2\nG91 G0 Y1\nG90\nM99\n"
    whole = list_ends(text, begin="G21 G90\n")
    assert [end for _, end in whole][-3:] == [(1.0, 2.0, 1.0), (1.0, 3.0, 1.0), (1.0, 3.0, 2.0)]
    for size in range(12, 40):
        monkeypatch.setattr(source, "CHUNK", size)
        assert list_ends(text, begin="G21 G90\n") == whole


@pytest.mark.parametrize(
    ("data", "lines"),
    [(b"", 0), (b"\n", 1), (b"a", 1), (b"a\r\nb", 2), (b"a\rb", 2), (b"a\r\nb\rc\n", 3), (b"\n\r", 2)],
)
def test_lines_are_counted_as_they_are_read(data: bytes, lines: int) -> None:
    assert read_program(data).lines == lines
    walk, count = Cursor(ProgramText(data)), 0
    while walk.fill():
        count += len(walk.lines)
        walk.at = len(walk.lines)
    assert count == lines


def test_the_limits_are_those_that_the_page_names() -> None:
    assert (cursor.MAX_DEPTH, cursor.MAX_CALLS) == (8, 10_000)
    deep = "M98 P1\nM30\n" + "".join(f"O{n}\nM98 P{n + 1}\nM99\n" for n in range(1, 8)) + "O8\nG0 X1\nM99\n"
    assert find_codes(read_text(READY + deep)) == {}
    deeper = deep.replace("O8\n", "O8\nM98 P9\nM99\nO9\n")
    assert find_codes(read_text(READY + deeper)) == {"PROGRAM_NOT_FLAT": 27}


def test_a_subprogram_that_is_called_often_is_cut_into_lines_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    whole = ProgramText.read_chunk
    monkeypatch.setattr(ProgramText, "read_chunk", lambda text, start: read.append(start) or whole(text, start))
    program = read_text("M98 P1 L3000\nM98 P2 L3000\nM30\nO1\nG0 X1\nM99\nO2\nX2\nM99\n")
    assert len(program.motions) == 6000
    assert len(read) < 6
    assert (program.motions.line[0], program.motions.line[-1]) == (6, 9)


def test_labels_are_found_at_their_lines_whatever_ends_those() -> None:
    for end in ("\n", "\r\n"):
        text = ProgramText("".join(f"(a){end}N{n} O {n // 10} {n % 10}{end}" for n in range(30)).encode())
        assert [(label := text.find_label(n)) and label.line for n in range(30)] == [2 * n + 2 for n in range(30)]
        assert text.find_label(30) is None
