"""Every motion is that of LinuxCNC's own interpreter: ends, feeds, centres, directions and turns of arcs, the spindle.

Comparing ends alone once hid an arc that went the other way round.
"""

from pathlib import Path

import pytest

from rmos.cam.gcode.reader import read_program
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


@pytest.mark.parametrize("group", range(GROUPS))
def test_programs_of_every_mode_are_read_as_the_referee_reads_them(group: int, tmp_path: Path) -> None:
    for seed in range(group * MEMBERS, (group + 1) * MEMBERS):
        text = make_program(seed)
        assert compare(text.encode(), tmp_path) is None, f"seed {seed}:\n{text}"
