"""Every program goes through LinuxCNC's own interpreter without an error, and moves where the toolpaths say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from rmos.cam.dialects import load_dialects
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure.bounds import find_bounds
from rmos.cam.motion import MotionKind, Program
from rmos.cam.paths.cut import PathOptions, Tabs
from rmos.cam.paths.toolpaths import PathMove, find_box
from rmos.errors.toolpaths import NoEntry, ToolDoesNotFit, TooManyMoves
from rmos.rosette.spec import decode_spec
from rmos.services.artifact import RunRequest
from tests.helpers.made_toolpaths import draw_spec, list_operations, make_design, make_for, read_moves
from tests.helpers.referee import Refused, ask_referee, find_difference, list_rows, write_tools
from tests.helpers.small_rosette import SMALL
from tests.rosette.prompts import PROMPTS
from tests.trying import some_of

pytestmark = [pytest.mark.rs274, pytest.mark.usefixtures("rs274")]
DIALECTS: Final = list(load_dialects())
RINGS: Final = [
    {"kind": "solid", "width_mm": 4.2, "materials": ["koa"]},
    {"kind": "lines", "width_mm": 1.5, "materials": ["black_fibre"]},
    {"kind": "dots", "width_mm": 4.2, "materials": ["bone", "koa"], "tile_count": 12},
    {"kind": "wave", "width_mm": 6.0, "materials": ["holly", "bone"]},
]
MANY_MOVES: Final = 1_500
TOOLS: Final = (None, "em-1588-2f", "em-1000-2f")
"""The nearest of each cut, and two that have room in most of them."""


def check(data: bytes, moves: list[PathMove], folder: Path) -> None:
    """Check a program with the referee and against its toolpaths."""
    path = folder / "program.ngc"
    path.write_bytes(data)
    theirs = ask_referee(path, write_tools(folder))
    assert not isinstance(theirs, Refused), theirs.text
    program = read_program(data)
    assert program.flat
    assert find_difference(list_rows(program), theirs) is None
    bounds, box = find_bounds(program.motions), find_box(moves)
    assert bounds is not None
    # From wherever the tip stands it goes up first; all else is the path.
    assert max(abs(a - b) for a, b in zip(_bound_path(program), (*box[0], *box[1]), strict=True)) <= 1


def _bound_path(program: Program) -> Iterator[float]:
    """Yield the box of a program without its first way up and across, which begin at the zero of the work."""
    motions = program.motions
    rapids = [place for place, kind in enumerate(motions.kind) if kind == MotionKind.RAPID]
    bounds = find_bounds(motions, bytearray(place > rapids[1] for place in range(len(motions))))
    assert bounds is not None
    yield from (*bounds[0], *bounds[1])


@pytest.fixture(scope="module")
def request_of_all() -> RunRequest:
    return make_design(decode_spec({**SMALL, "rings": RINGS}))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_kind_of_path_is_taken_for_every_controller(
    dialect: str, request_of_all: RunRequest, tmp_path: Path
) -> None:
    options = PathOptions(tabs=Tabs(count=2, length_um=300), finish_um=10)
    kinds = [name for name in list_operations(request_of_all) if name != "inlay_part:4"]
    made = make_for(request_of_all, dialect, operations=kinds, options=options)
    assert len(made.programs) == len(kinds)
    for program, moves in zip(made.programs, read_moves(made), strict=True):
        check(program.data, moves, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("prompt", "seed"), PROMPTS)
def test_every_program_of_forty_rosettes_is_taken(prompt: str, seed: int | None, tmp_path: Path) -> None:
    spec = draw_spec(prompt, seed)
    dialects = some_of(tuple(DIALECTS), len(prompt))
    checked = 0
    for tool_id in TOOLS:
        request = make_design(spec, tool_id)
        for operation in list_operations(request):
            try:
                first = make_for(request, dialects[0], operations=[operation])
            except (ToolDoesNotFit, NoEntry, TooManyMoves):
                assert tool_id is not None or operation.startswith("inlay"), "the nearest cutter has room"
                continue
            paths = read_moves(first)
            # What differs between controllers stands at both ends of a program, so one is enough of the longest.
            others = dialects[1:] if sum(map(len, paths)) < MANY_MOVES else ()
            for made in (first, *(make_for(request, dialect, operations=[operation]) for dialect in others)):
                for program, moves in zip(made.programs, paths, strict=True):
                    check(program.data, moves, tmp_path)
                    checked += 1
    assert checked >= 2 * len(dialects)
