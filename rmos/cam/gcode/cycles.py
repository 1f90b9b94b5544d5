"""Spell out drilling cycles as the motions that LinuxCNC makes of them: G73, G81, G82, G83, G85 and G89.

The tool goes up to R if it is lower, over to the hole, down to R, then into the work, and back to R (G99) or to where
it began (G98). With neither said it is R, as `rs274` takes it. After a peck G73 lifts by 0.254 mm; G83 lifts to R and
goes down again until 0.254 mm above the depth that it had.
"""

import math
from typing import Final, NamedTuple

from rmos.cam.gcode.modal import INVERSE_TIME, PLANE_AXES
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import MotionKind

CYCLES: Final = frozenset({"G73", "G81", "G82", "G83", "G85", "G89"})
PECKING: Final = frozenset({"G73", "G83"})
CLEARANCE_UM: Final = 254.0
_ROUNDING_UM: Final = 0.001
_AXES: Final = "XYZ"


class Hole(NamedTuple):
    """A cycle's heights along the drill's axis (µm) and what it does at the bottom."""

    code: str
    axis: int
    top: float
    bottom: float
    back: float
    """Where the tool ends after the hole."""
    peck: float
    dwell: float


def drill(reading: ProgramReading, block: ProgramLine, code: str) -> None:
    """Add the motions of a block with a cycle."""
    modal = reading.modal
    axis = PLANE_AXES[modal.plane][2]
    words = _merge_words(reading, block, axis)
    repeats = _read_repeats(reading, block)
    if words is None or repeats is None:
        return
    if modal.feed_mode == INVERSE_TIME:
        reading.report("FEED_MISSING", "A drilling cycle has no feed while G93 is in force; write G94 and F.")
    hole = _measure_hole(reading, words, code, axis)
    if hole is None or not reading.has_room(count_motions(hole, repeats)):
        return
    if modal.place[axis] < hole.top:
        _go(reading, axis, hole.top)
    steps = {
        at: modal.read_length(block.values[_AXES[at]])
        for at in PLANE_AXES[modal.plane][:2]
        if _AXES[at] in block.values
    }
    for _ in range(repeats):
        over = list(modal.place)
        for at, step in steps.items():
            over[at] = over[at] + step if modal.relative else step
        reading.move((over[0], over[1], over[2]))
        if modal.place[axis] != hole.top:
            _go(reading, axis, hole.top)
        _cut_hole(reading, hole)


def count_motions(hole: Hole, repeats: int) -> int:
    """Return how many motions a cycle makes at most."""
    pecks = (hole.top - hole.bottom) / hole.peck if hole.peck else 1.0
    return int(min(1e12, (3 * math.ceil(min(pecks, 1e9)) + 6) * repeats))


def _merge_words(reading: ProgramReading, block: ProgramLine, axis: int) -> dict[str, float] | None:
    """Return R, depth, P and Q of a cycle: what the block says, else what the block before it said."""
    modal = reading.modal
    kept = modal.cycle_words
    for letter in ("R", _AXES[axis], "Q"):
        if letter in block.values:
            kept[letter] = modal.read_length(block.values[letter])
    if "P" in block.values:
        kept["P"] = float(block.values["P"])
    lacking = [letter for letter in ("R", _AXES[axis]) if letter not in kept]
    if lacking:
        reading.report("CYCLE_WORD_MISSING", f"A drilling cycle has no {lacking[0]}; write it beside the cycle.")
        return None
    return kept


def _read_repeats(reading: ProgramReading, block: ProgramLine) -> int | None:
    text = block.values.get("L")
    if text is None:
        return 1
    reading.use_word("L")
    repeats = float(text)
    if repeats != int(repeats) or repeats < 1:
        reading.report("UNREADABLE_WORD", f"L{text} of a cycle is no number of holes; correct it.")
        return None
    return int(repeats)


def _measure_hole(reading: ProgramReading, words: dict[str, float], code: str, axis: int) -> Hole | None:
    modal = reading.modal
    top, bottom = words["R"], words[_AXES[axis]]
    before = modal.place[axis]
    if modal.relative:
        top += before
        bottom += top
    if math.isnan(top) or math.isnan(bottom):
        reading.report("PLACE_UNKNOWN", "A cycle starts at a place of the machine; say X, Y and Z before it.")
        return None
    peck = words.get("Q", 0.0) if code in PECKING else 0.0
    if code in PECKING and peck <= 0:
        reading.report("CYCLE_WORD_MISSING", f"{code} has no Q above zero for its pecks; write it beside the cycle.")
        return None
    if bottom > top:
        reading.report("CYCLE_WORD_MISSING", f"The R of {code} lies below its depth; correct R.")
        return None
    back = max(before, top) if modal.return_initial else top
    dwell = words.get("P", 0.0) if code in ("G82", "G89") else 0.0
    return Hole(code, axis, top, bottom, back, peck, dwell)


def _cut_hole(reading: ProgramReading, hole: Hole) -> None:
    depth = hole.top - hole.peck
    while hole.peck and depth > hole.bottom + _ROUNDING_UM:
        _feed(reading, hole.axis, depth)
        if hole.code == "G83":
            _go(reading, hole.axis, hole.top)
        _go(reading, hole.axis, depth + CLEARANCE_UM)
        depth -= hole.peck
    _feed(reading, hole.axis, hole.bottom)
    if hole.dwell:
        reading.dwell(hole.dwell)
    if hole.code in ("G85", "G89"):
        _feed(reading, hole.axis, hole.top if hole.code == "G85" else hole.back)
    if reading.modal.place[hole.axis] != hole.back:
        _go(reading, hole.axis, hole.back)


def _go(reading: ProgramReading, axis: int, height: float) -> None:
    end = list(reading.modal.place)
    end[axis] = height
    reading.move((end[0], end[1], end[2]))


def _feed(reading: ProgramReading, axis: int, height: float) -> None:
    end = list(reading.modal.place)
    length = abs(end[axis] - height)
    plunge = height < end[axis]
    end[axis] = height
    reading.cut(MotionKind.LINE, (end[0], end[1], end[2]), length, plunge=plunge)
