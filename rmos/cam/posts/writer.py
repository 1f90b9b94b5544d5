"""Write the toolpaths of an operation for one controller.

    write_program(paths, find_dialect("grbl"), ProgramHead(number=1, tool_number=1, lines=("run run_…",)))

Absolute coordinates, each word of a motion on each line, so that a program may be taken up again anywhere. Units,
plane, distances, feed mode and work offset are always said; the tip goes up before anything else moves. Nothing of it
depends on a clock or on who asked. Comments have plain letters only: GRBL takes `!` `?` `~` and every byte from 128 on
out of the stream, in comments too, and a bracket or a line break would end the comment.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from rmos.cam.dialects import Dialect
from rmos.cam.motion import Units
from rmos.cam.paths.toolpaths import PathMove, Toolpaths
from rmos.errors.request import ValidationFailed

MAX_LINE: Final = 70
"""Characters of a line; GRBL takes 80."""
MAX_COMMENT: Final = 60
NOT_RELEASED: Final = "M0 (NOT RELEASED)"
"""The first block of a draft: the machine stops and waits."""
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 .,:=+/_-]")
_COOLANT: Final = {"mist": "M7", "air": "M8"}
_INCH_UM: Final = 25_400
_TOLERANCE: Final = re.compile(r"G64 P([\d.]+)")
"""How far a controller may round corners off: a length, so it goes by the units that the same head says."""
_NUMBERED_LINES: Final = 99_999
"""The highest N that every controller with numbers takes."""


class ProgramHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a program says of itself."""

    number: int
    """Among the programs of its run, from 1."""
    tool_number: int
    """The T of its tool."""
    lines: tuple[str, ...] = ()
    """Comments: where it comes from."""
    units: Units = "mm"
    is_draft: bool = False
    """Whether it is there to be looked at: the machine stops before anything moves, and the spindle never turns."""


def raise_path(paths: Toolpaths) -> Toolpaths:
    """Return the same path at the height of the rapids, so that it shows where a tool would go and cuts nothing."""
    moves = tuple(move._replace(z=paths.safe_um) for move in paths.moves)
    return msgspec.structs.replace(paths, moves=moves)


def clean_comment(text: str) -> str:
    """Return text as a comment may have it: nothing that a controller could take for anything else, 60 characters."""
    return _PLAIN.sub("_", text)[:MAX_COMMENT]


def write_program(paths: Toolpaths, dialect: Dialect, head: ProgramHead) -> str:
    """Return a program as text; its lines end with one LF each.

    Raises:
        ValidationFailed: the controller has no word for the coolant.
    """
    lines = [*_begin(paths, dialect, head), *_move(paths, dialect, head.units), *_end(paths, dialect, head)]
    if dialect.line_numbers:
        lines = _number(lines)
    return "".join(f"{line}\n" for line in lines)


def _begin(paths: Toolpaths, dialect: Dialect, head: ProgramHead) -> Iterator[str]:
    head_lines = [_set_units(line, head.units) for line in dialect.head]
    before = [line for line in head_lines if line == "%" or line.startswith("O")]
    yield from before
    if head.is_draft:
        yield NOT_RELEASED
    for text in _list_lines(paths, head):
        comment = clean_comment(text)
        yield f"({comment.upper() if dialect.capitals else comment})"
    yield from head_lines[len(before) :]
    numbered = head.tool_number
    yield from (line.format(tool=numbered) for line in dialect.tool_lines)
    yield f"G0 Z{_write_height(paths.safe_um, head.units)}"
    if head.is_draft:
        return
    yield f"S{paths.rpm} M3"
    if dialect.dwell and paths.spindle_wait_s:
        yield f"G4 P{paths.spindle_wait_s}"
    if paths.coolant != "none":
        yield _find_coolant(paths.coolant, dialect)


def _list_lines(paths: Toolpaths, head: ProgramHead) -> Iterator[str]:
    ring = "" if paths.ring is None else f" of ring {paths.ring}"
    yield f"RMOS program {head.number}: {paths.operation}{ring}"
    yield from head.lines
    yield f"tool {paths.tool_id} D={paths.tool_diameter} mm"
    yield f"depth {paths.depth_um / 1000:.3f} mm in {paths.passes} passes"
    yield f"zero {paths.zero}, {paths.origin}"


def _set_units(line: str, units: Units) -> str:
    """Return a line of a head in the units of the program: G20, and a tolerance of G64 P that is no wider in inches."""
    if units == "mm":
        return line
    return _TOLERANCE.sub(lambda found: f"G64 P{_write_tolerance(found[1])}", line.replace("G21", "G20"))


def _write_tolerance(mm: str) -> str:
    """Return millimetres as inches, rounded down."""
    return _write(round(float(mm) * 1000) * 10_000 // _INCH_UM, "inch")


def _find_coolant(coolant: str, dialect: Dialect) -> str:
    word = _COOLANT[coolant]
    if word not in dialect.words:
        text = f"{dialect.name} has no {word}; take another coolant, or none."
        raise ValidationFailed(text, errors={"options.coolant": [text]})
    return word


def _move(paths: Toolpaths, dialect: Dialect, units: Units) -> Iterator[str]:
    before: PathMove | None = None
    for move in paths.moves:
        yield _write_move(move, before, units, point="." if dialect.needs_decimal_point else "")
        before = move


def _write_move(move: PathMove, before: PathMove | None, units: Units, *, point: str) -> str:
    x, y = _round_length(move.x, units), _round_length(move.y, units)
    words = [move.code, f"X{_write(x, units)}", f"Y{_write(y, units)}", f"Z{_write_height(move.z, units)}"]
    if move.code in ("G2", "G3") and before is not None:
        # From the places as they are written, so that both radii are the same in inches too.
        i = _round_length(move.centre_x, units) - _round_length(before.x, units)
        j = _round_length(move.centre_y, units) - _round_length(before.y, units)
        words += [f"I{_write(i, units)}", f"J{_write(j, units)}"]
    if move.feed:
        words.append(f"F{_write_feed(move.feed, units, point)}")
    return " ".join(words)


def _end(paths: Toolpaths, dialect: Dialect, head: ProgramHead) -> Iterator[str]:
    if paths.coolant != "none" and not head.is_draft:
        yield "M9"
    yield from dialect.tail


def _round_length(um: int, units: Units) -> int:
    """Return a length in the last digit that is written: µm, or ten-thousandths of an inch."""
    return um if units == "mm" else (2 * um * 10_000 + _INCH_UM) // (2 * _INCH_UM)


def _write_height(um: int, units: Units) -> str:
    """Return a height; in inches it is rounded up, so that no cut is deeper than it was evaluated."""
    return _write(um if units == "mm" else -(-um * 10_000 // _INCH_UM), units)


def _write(digits: int, units: Units) -> str:
    """Return a number of the last digit as a decimal, never as -0."""
    places = 3 if units == "mm" else 4
    whole, part = divmod(abs(digits), 10**places)
    return f"{'-' if digits < 0 else ''}{whole}.{part:0{places}d}"


def _write_feed(feed: int, units: Units, point: str) -> str:
    """Return a feed in whole mm/min, or in hundredths of an inch a minute, rounded down."""
    if units == "mm":
        return f"{feed}{point}"
    whole, part = divmod(feed * 1000 // 254, 100)
    return f"{whole}.{part:02d}"


def _number(lines: list[str]) -> list[str]:
    """Return the lines with numbers, each its own; a file with more lines than there are numbers has none."""
    if len(lines) > _NUMBERED_LINES:
        return lines
    numbered = []
    for number, line in enumerate(lines, start=1):
        is_bare = line.startswith(("%", "O", "("))
        numbered.append(line if is_bare else f"N{number} {line}")
    return numbered
