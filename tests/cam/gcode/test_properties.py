"""What must not matter to the motions of a program: units, distances, the form of arcs, case, blanks, numbers."""

import math
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.cam.gcode import reader
from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import Program
from tests.helpers.made_programs import make_program
from tests.helpers.reading import BEGIN, find_codes, list_motions, read_text
from tests.trying import tries

OFF_MM = 0.002
HEAD = "G0 X0 Y0 Z5\nG1 Z-1 F600\n"
STEP = st.integers(-40_000, 40_000)
PLACES = st.lists(st.tuples(STEP, STEP, st.integers(-3000, 5000)), min_size=1, max_size=30)
SEEDS = st.integers(0, 10_000)


def read_columns(data: bytes, **limits: int) -> list[object]:
    """Return all that was read, to be compared with another reading."""
    program = read_program(data, **limits)  # type: ignore[arg-type]
    columns = program.motions
    numbers = [[repr(value) for value in column] for column in (columns.x, columns.y, columns.z, columns.feed)]
    setups = [columns.setups[number] for number in columns.setup]
    arcs = dict(columns.arcs)
    rest = (program.findings, program.facts, program.words, program.lines, program.units, program.flat)
    return [columns.kind.tolist(), columns.line.tolist(), numbers, setups, arcs, rest]


def assert_same_motions(one: Program, other: Program) -> None:
    """Compare ends, centres and feeds within 2 µm and 0.1 %."""
    ours, theirs = list_motions(one), list_motions(other)
    assert [motion.kind for motion in ours] == [motion.kind for motion in theirs]
    for first, second in zip(ours, theirs, strict=True):
        assert first.end == pytest.approx(second.end, abs=OFF_MM, rel=0, nan_ok=True)
        assert first.feed == pytest.approx(second.feed, rel=1e-3)
        assert (first.arc is None) == (second.arc is None)
        if first.arc and second.arc:
            assert math.dist(first.arc[1:3], second.arc[1:3]) <= 1000 * OFF_MM
            assert (first.arc.clockwise, first.arc.turns) == (second.arc.clockwise, second.arc.turns)


@given(PLACES)
@settings(max_examples=tries(100))
def test_inches_make_the_motions_of_millimetres(places: list[tuple[int, int, int]]) -> None:
    metric = "\n".join(f"X{x / 1000:.3f} Y{y / 1000:.3f} Z{z / 1000:.3f}" for x, y, z in places)
    inches = "\n".join(f"X{x / 25400:.4f} Y{y / 25400:.4f} Z{z / 25400:.4f}" for x, y, z in places)
    head = "G20\nG0 X0 Y0 Z.19685\nG1 Z-.03937 F23.622\n"
    ours, theirs = read_text(HEAD + metric), read_text(head + inches)
    assert_same_motions(ours, theirs)


@given(PLACES)
@settings(max_examples=tries(100))
def test_distances_make_the_motions_of_places(places: list[tuple[int, int, int]]) -> None:
    absolute = "\n".join(f"X{x / 1000:.3f}Y{y / 1000:.3f}Z{z / 1000:.3f}" for x, y, z in places)
    steps, before = [], (0, 0, -1000)
    for place in places:
        x, y, z = (to - there for to, there in zip(place, before, strict=True))
        steps.append(f"X{x / 1000:.3f}Y{y / 1000:.3f}Z{z / 1000:.3f}")
        before = place
    assert_same_motions(read_text(HEAD + absolute), read_text(HEAD + "G91\n" + "\n".join(steps)))


@pytest.mark.long
def test_a_million_steps_end_where_their_sum_is() -> None:
    program = read_text(HEAD + "G91\n" + "X.1\n" * 999_999 + "X.1Y.0254")
    assert program.motions.x[-1] == pytest.approx(100_000_000.0, abs=2.0)
    inches = read_text(HEAD + "G91 G20 F10\nF10\n" + "X.0003\n" * 1_000_000)
    assert inches.motions.x[-1] == pytest.approx(7_620_000.0, abs=2.0)


@given(
    radius=st.integers(500, 50_000),
    begin=st.floats(0, math.tau),
    sweep=st.floats(0.05, math.tau - 0.05).filter(lambda sweep: abs(sweep - math.pi) > 0.05),
    clockwise=st.booleans(),
)
@settings(max_examples=tries(200))
def test_an_arc_by_its_radius_is_the_arc_by_its_centre(
    radius: int, begin: float, sweep: float, clockwise: bool
) -> None:
    """Decimals of 10 nm, because a chord that is nearly a diameter says little of where the centre is."""
    finish = begin - sweep if clockwise else begin + sweep
    start, end = ((radius * math.cos(angle), radius * math.sin(angle)) for angle in (begin, finish))
    code, size = "G2" if clockwise else "G3", radius if sweep < math.pi else -radius
    head = f"G0 Z0\nX{start[0] / 1000:.8f} Y{start[1] / 1000:.8f}\n{code} X{end[0] / 1000:.8f} Y{end[1] / 1000:.8f} F9 "
    by_centre = read_text(head + f"I{-start[0] / 1000:.8f} J{-start[1] / 1000:.8f}")
    by_radius = read_text(head + f"R{size / 1000:.8f}")
    assert find_codes(by_centre) == find_codes(by_radius) == {}
    assert_same_motions(by_centre, by_radius)


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        str.upper,
        lambda line: re.sub(r"(?<=.)", " ", line),
        lambda line: f"N12 {line}" if line[:1].upper() not in ("N", "O", "%") else line,
        lambda line: f"{line} (X9 Y9) ; Z9",
        lambda line: f"{line}\r",
        lambda line: re.sub(r"([A-Za-z])(-?)(?=[0-9]*\.)", r"\1\g<2>00", line),
    ],
    ids=["lower", "upper", "blanks", "numbers", "comments", "returns", "zeros"],
)
def test_how_words_are_written_does_not_matter(change: Callable[[str], str]) -> None:
    for seed in range(20):
        text = re.sub(r"\(.*?\)|;.*", "", make_program(seed).replace("\r", ""))
        changed = "\n".join(change(line) if line.strip() != "%" else line for line in text.split("\n"))
        assert_same_motions(read_program(text.encode()), read_program(changed.encode()))


@given(SEEDS, st.randoms(use_true_random=False))
@settings(max_examples=tries(100))
def test_a_program_that_is_cut_short_is_a_beginning_of_it(seed: int, chance: random.Random) -> None:
    lines = make_program(seed).splitlines(keepends=True)
    end = next(at for at, line in enumerate(lines) if re.search("m0?(2|30)\\b", line.lower()))
    short = read_columns("".join(lines[: chance.randint(0, end)]).encode())
    whole = read_columns("".join(lines).encode())
    for part, full in ((short[0], whole[0]), (short[1], whole[1]), (short[3], whole[3])):
        assert isinstance(part, list)
        assert isinstance(full, list)
        assert full[: len(part)] == part


@pytest.mark.parametrize("group", range(4))
def test_plain_lines_are_read_as_all_others_are(group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [make_program(seed).encode() for seed in range(group, 120, 4)]
    quick = [read_columns(text) for text in texts]
    monkeypatch.setattr(reader, "read_plain_lines", lambda reading, lines, at, base: at)
    assert [read_columns(text) for text in texts] == quick


def test_most_lines_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this the comparison above might compare a way with itself."""
    taken: list[str] = []
    take = reader._take_line
    monkeypatch.setattr(reader, "_take_line", lambda reading, cursor: taken.append("") or take(reading, cursor))
    read_text(HEAD + "X1.0 Y2.0\nG2 X2.0 I.5\nG0 Z5.0\nG01X7.0Y-.5Z.1F30\n" * 100)
    assert len(taken) < 15


def test_a_line_behind_the_head_begins_at_two() -> None:
    assert list_motions(read_text("G0 Z1"))[0].line == BEGIN.count("\n") + 1
