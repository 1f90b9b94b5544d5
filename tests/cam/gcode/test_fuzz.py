"""No bytes make the reader raise, hang or grow, and what it says of them holds together."""

import random

import pytest

from rmos.cam.gcode import reader
from rmos.cam.gcode.execute import Next
from rmos.cam.gcode.finding_log import LEVELS
from rmos.cam.gcode.reader import read_program
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import MotionKind, Motions, Program
from tests.helpers.made_programs import make_program
from tests.helpers.mutation import make_noise, spoil
from tests.helpers.reading import SNIPPETS
from tests.trying import tries_at_night

MOST, LINES = 3000, 6000
PROGRAMS = [path.read_bytes() for path in sorted(SNIPPETS.iterdir()) if path.suffix in (".nc", ".txt")]
PROGRAMS += [make_program(seed).encode() for seed in range(40)]


def make_files(first: int, count: int) -> list[bytes]:
    files = []
    for seed in range(first, first + count):
        chance = random.Random(seed)
        files.append(make_noise(chance) if seed % 4 == 0 else spoil(chance.choice(PROGRAMS), chance))
    return files


def read_bounded(data: bytes) -> Program:
    return read_program(data, max_motions=MOST, max_lines=LINES)


def check(program: Program) -> None:
    motions = program.motions
    assert len(motions) <= MOST
    assert {len(column) for column in (motions.line, motions.x, motions.y, motions.z, motions.feed, motions.setup)} == {
        len(motions)
    }
    arcs = [place for place, kind in enumerate(motions.kind) if kind == MotionKind.ARC]
    assert list(motions.arcs) == arcs
    assert set(motions.setup) <= set(range(len(motions.setups)))
    assert all(1 <= line <= program.lines for line in motions.line)
    for finding in program.findings:
        assert LEVELS[finding.code] == finding.level
        assert finding.line is None or 1 <= finding.line <= program.lines
    assert len({finding.code for finding in program.findings}) == len(program.findings)
    if not program.flat:
        assert any(finding.level == "UNKNOWN" for finding in program.findings)


def list_columns(motions: Motions) -> list[str]:
    columns = (motions.kind, motions.line, motions.x, motions.y, motions.z, motions.feed, motions.setup)
    return [*(repr(column.tolist()) for column in columns), repr(list(motions.arcs.items()))]


def compare_both_ways(files: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [read_bounded(data) for data in files]
    for program in quick:
        check(program)
    monkeypatch.setattr(reader, "read_plain_lines", lambda reading, lines, at, base: at)
    for data, program in zip(files, quick, strict=True):
        slow = read_bounded(data)
        if not any(finding.code == "TOO_LONG" for finding in slow.findings):
            ours, theirs = (list_columns(found.motions) for found in (program, slow))
            assert (ours, program.findings, program.facts) == (theirs, slow.findings, slow.facts), data


def test_spoiled_programs_and_noise_are_read_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    compare_both_ways(make_files(0, 600), monkeypatch)


def make_arcs(chance: random.Random) -> bytes:
    """Make a program of arcs in one plane, by R, by offsets and by words that do not belong to it."""
    plane, units = chance.choice(["G17", "G18", "G19"]), chance.choice(["G20", "G21"])
    lines = [f"{units} G90 {plane} G94 G91.1", "G0 X0 Y0 Z0", "G1 X1 F600", "G2 X2 R5"]
    for _ in range(30):
        words = [chance.choice(["G1", "G2", "G3", "G02", ""])]
        words += [
            f"{letter}{chance.choice([0, 1, 2, 2.5, -1, -4]):g}" for letter in "XYZIJKR" if chance.random() < 0.45
        ]
        lines.append(" ".join(words))
    return "\n".join(lines).encode()


def test_arcs_of_every_form_are_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    compare_both_ways([make_arcs(random.Random(seed)) for seed in range(200)], monkeypatch)


@pytest.mark.parametrize("said", ["G17 X Y IJ", "G18 Z X KI", "G19 Y Z JK"], ids=str)
def test_arcs_by_radius_and_in_every_plane_take_the_short_way(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plane, first, second, offsets = said.split()
    lines = [f"G21 G90 {plane} G94 G91.1", "G0 X0 Y0 Z0", f"G1 {first}1 F600", f"G2 {first}2 R5"]
    for place in range(1, 40):
        centre = ["R5"] if place % 3 else [f"{offsets[0]}{0.5 - place % 2}", f"{offsets[1]}0"]
        lines.append(" ".join(["G3", *sorted([f"{first}{2 - place % 2}", f"{second}0"]), *sorted(centre)]))
    long_way: list[int] = []
    execute = reader.execute_block

    def count(reading: ProgramReading, block: ProgramLine) -> Next:
        long_way.append(reading.line)
        return execute(reading, block)

    monkeypatch.setattr(reader, "execute_block", count)
    program = read_program("\n".join(lines).encode())
    assert len(program.motions.arcs) == 40
    assert len(long_way) < 8, long_way


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_thousands_of_files_are_read_without_an_error(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_both_ways(make_files(1_000 + part * 2_000, tries_at_night(2_000, 500)), monkeypatch)
