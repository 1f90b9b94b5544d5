"""Every motion is that of LinuxCNC's own interpreter: ends, feeds, centres, directions and turns of arcs, the spindle.

Comparing ends alone once hid an arc that went the other way round.
"""

from pathlib import Path

import pytest

from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.setup import ProgramSetup, Stock
from tests.helpers.made_programs import make_program
from tests.helpers.reading import SNIPPETS
from tests.helpers.referee import Refused, ask_referee, find_difference, list_rows, write_tools

pytestmark = [pytest.mark.rs274, pytest.mark.usefixtures("rs274")]
FILES = sorted(path.name for path in SNIPPETS.iterdir() if path.suffix in (".nc", ".txt"))
GROUPS, MEMBERS = 8, 16


def compare(data: bytes, folder: Path) -> str | None:
    path = folder / "program.ngc"
    path.write_bytes(data)
    theirs = ask_referee(path, write_tools(folder))
    assert not isinstance(theirs, Refused), theirs.text
    program = read_program(data)
    assert program.flat
    return find_difference(list_rows(program), theirs)


@pytest.mark.parametrize("name", FILES)
def test_a_snippet_is_read_as_the_referee_reads_it(name: str, tmp_path: Path) -> None:
    assert compare((SNIPPETS / name).read_bytes(), tmp_path) is None


@pytest.mark.parametrize("group", [0, *(pytest.param(group, marks=pytest.mark.long) for group in range(1, GROUPS))])
def test_programs_of_every_mode_are_read_as_the_referee_reads_them(group: int, tmp_path: Path) -> None:
    for seed in range(group * MEMBERS, (group + 1) * MEMBERS):
        text = make_program(seed)
        assert compare(text.encode(), tmp_path) is None, f"seed {seed}:\n{text}"


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        (f"G0 X1 ({'a' * 244})", True),
        (f"G0 X1 ({'a' * 245})", False),
        ("G0 X10(2)", True),
        ("G0 X1(2)0", False),
        ("G0 X(2)10", False),
    ],
    ids=["252 characters", "253 characters", "a comment behind a word", "one in a number", "one before its number"],
)
def test_the_referee_takes_no_line_that_is_found_too_long_or_whose_words_hold_comments(
    line: str, is_taken: bool, tmp_path: Path
) -> None:
    path = tmp_path / "program.ngc"
    path.write_text(f"G21 G90 G17\n{line}\nM2\n", encoding="ascii")
    theirs = ask_referee(path, write_tools(tmp_path))
    assert isinstance(theirs, Refused) is not is_taken, theirs
    linuxcnc = ProgramSetup(tools={}, stock=Stock(thickness_mm=3.0), dialect="linuxcnc")
    found = measure_program(read_program(path.read_bytes()), linuxcnc).findings
    codes = {finding.code for finding in found} & {"LINE_TOO_LONG", "COMMENT_IN_WORD"}
    assert bool(codes) is not is_taken
