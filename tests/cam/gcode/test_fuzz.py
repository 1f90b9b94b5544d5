"""No bytes make the reader raise, hang or grow, and what it says of them holds together."""

import random

import pytest

from rmos.cam.gcode import reader
from rmos.cam.gcode.finding_log import LEVELS
from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import MotionKind, Program
from tests.helpers.made_programs import make_program
from tests.helpers.mutation import make_noise, spoil
from tests.helpers.reading import SNIPPETS

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


def compare_both_ways(files: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [read_bounded(data) for data in files]
    for program in quick:
        check(program)
    monkeypatch.setattr(reader, "read_plain_lines", lambda reading, lines, at, base: at)
    for data, program in zip(files, quick, strict=True):
        slow = read_bounded(data)
        if not any(finding.code == "TOO_LONG" for finding in slow.findings):
            ours = [repr(column.tolist()) for column in (program.motions.x, program.motions.y, program.motions.feed)]
            theirs = [repr(column.tolist()) for column in (slow.motions.x, slow.motions.y, slow.motions.feed)]
            assert (ours, program.findings, program.facts) == (theirs, slow.findings, slow.facts), data


def test_spoiled_programs_and_noise_are_read_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    compare_both_ways(make_files(0, 600), monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_twenty_thousand_files_are_read_without_an_error(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_both_ways(make_files(1_000 + part * 2_000, 2_000), monkeypatch)
