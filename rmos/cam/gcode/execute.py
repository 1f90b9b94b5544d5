"""Do what a block says, in the order of LinuxCNC and GRBL, whatever the order of its words.

Feed mode, F, S, T, M6, spindle; G4, plane, units, length, offset, modes of distance and return; moves to the machine's
places, motion, and the end at last (LinuxCNC, "Order of Execution"). What a block leaves unused is reported.
"""

import math
from enum import Enum
from typing import Final

from rmos.cam.gcode.codes import GROUP_OF, NOT_COMPUTED
from rmos.cam.gcode.modal import FEED_FACTORS, INVERSE_TIME, UNITS_PER_MINUTE, UNITS_PER_TURN
from rmos.cam.gcode.moves import check_unused, move_block
from rmos.cam.gcode.offsets import set_length, set_offset
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.tooling import set_spindle_and_tool
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import Units

_FEED_MODES: Final = {"G93": INVERSE_TIME, "G94": UNITS_PER_MINUTE, "G95": UNITS_PER_TURN}
_PLANES: Final = {"G17": 0, "G18": 1, "G19": 2}
_UNITS: Final[dict[str, Units]] = {"G20": "inch", "G21": "mm"}
_BESIDE_MOTION: Final = frozenset("STH")
_KEPT: Final = frozenset("NOTSHDABCUVW")
"""The letters that a controller may lack, besides those of a motion."""
_LENGTHS: Final = "XYZIJKRQ"


class Next(Enum):
    """What comes after a block."""

    LINE = "the next line"
    END = "nothing"
    CALL = "a subprogram"
    RETURN = "what called this subprogram"


def execute_block(reading: ProgramReading, block: ProgramLine) -> Next:
    """Change the state, add the motions of a block, and return what comes next."""
    if not (block.codes or block.values):
        return Next.LINE
    _keep_words(reading, block)
    if not _check_codes(reading, block):
        return Next.LINE
    codes = set(block.codes)
    _set_feed(reading, block, codes)
    if codes or not _BESIDE_MOTION.isdisjoint(block.values):
        set_spindle_and_tool(reading, block, codes)
        _dwell(reading, block, codes)
        _set_modes(reading, codes)
        set_length(reading, block, codes)
        set_offset(reading, codes)
    move_block(reading, block, codes)
    check_unused(reading, block, codes)
    return _find_next(reading, codes) if "M" in "".join(block.codes) else Next.LINE


def _find_next(reading: ProgramReading, codes: set[str]) -> Next:
    if codes & {"M0", "M60"}:
        reading.modal.tool_unchanged = None
    if codes & {"M2", "M30"}:
        return Next.END
    if "M98" in codes:
        return Next.CALL
    return Next.RETURN if "M99" in codes else Next.LINE


def _keep_words(reading: ProgramReading, block: ProgramLine) -> None:
    for code in block.codes:
        reading.use_word(code)
    for letter in block.values:
        if letter in _KEPT:
            reading.use_word(letter)
    if reading.no_point_line is None:
        for letter in _LENGTHS:
            text = block.values.get(letter)
            if text is not None and "." not in text and text.strip("+-0"):
                reading.no_point_line = reading.line
    _note_order(reading, block)
    if block.deleted:
        reading.use_word("/")
        reading.report("BLOCK_DELETE", "A switch of the machine decides whether this line is run; delete it or its /.")


def _note_order(reading: ProgramReading, block: ProgramLine) -> None:
    """Note what matters to controllers that mind where words stand."""
    if block.changes_first:
        reading.note("change_before_tool")
    if "F" in block.values and not reading.modal.units_stated:
        reading.note("feed_before_units")
    if not _UNITS.keys().isdisjoint(block.codes) and len(block.codes) + len(block.values.keys() - {"N"}) > 1:
        reading.note("units_beside")


def _check_codes(reading: ProgramReading, block: ProgramLine) -> bool:
    """Tell whether a block can be done: nothing that is not computed, unknown or contradictory."""
    if axes := [letter for letter in "ABCUVW" if letter in block.values]:
        reading.refuse_flat(f"{axes[0]} is an axis besides X, Y and Z, which is not computed; post for three axes.")
        return False
    seen: dict[int, str] = {}
    for code in block.codes:
        if code in NOT_COMPUTED:
            reading.refuse_flat(f"{code} is not computed: {NOT_COMPUTED[code]}.")
            return False
        if code not in GROUP_OF:
            reading.report("UNREADABLE_WORD", f"{code} is not known, so that nobody can say what it moves; delete it.")
            return False
        if (other := seen.setdefault(GROUP_OF[code], code)) != code:
            reading.report("WORDS_CLASH", f"{other} and {code} contradict each other; keep one of them.")
            return False
    return True


def _set_feed(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    modal = reading.modal
    for code, mode in _FEED_MODES.items():
        if code in codes and modal.feed_mode != mode:
            modal.feed_mode = mode
            modal.feed = modal.feed_per_turn = math.nan
    if modal.feed_mode == INVERSE_TIME:
        modal.feed = math.nan
    text = block.values.get("F")
    if text is None:
        return
    modal.feed_stale = False
    value = float(text)
    units = _find_units(reading, codes)
    if modal.feed_mode == INVERSE_TIME:
        modal.feed = value
    elif modal.feed_mode == UNITS_PER_TURN:
        modal.feed_per_turn = value * FEED_FACTORS[units]
    else:
        modal.feed = value * FEED_FACTORS[units]


def _find_units(reading: ProgramReading, codes: set[str]) -> Units:
    """Return the units of F: those before the block, and of the first block that says any those that it says."""
    modal = reading.modal
    stated: Units | None = "inch" if "G20" in codes else "mm" if "G21" in codes else None
    if stated is None or stated == modal.units:
        return modal.units
    if not modal.units_stated:
        return stated
    reading.report(
        "FEED_UNITS",
        "F stands on the line that changes the units: LinuxCNC takes it in the units before, GRBL in those after; "
        "write it on the next line.",
    )
    return modal.units


def _dwell(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    if "G4" not in codes:
        return
    text = block.values.get("P")
    if text is None or float(text) < 0:
        reading.report("UNREADABLE_WORD", "G4 has no P of zero or more seconds; write it.")
        return
    reading.dwell(float(text))


def _set_modes(reading: ProgramReading, codes: set[str]) -> None:
    modal = reading.modal
    for code in codes:
        if code in _PLANES:
            modal.plane = _PLANES[code]
        elif code in _UNITS:
            modal.feed_stale = modal.units_stated and modal.units != _UNITS[code] and modal.feed_mode != INVERSE_TIME
            modal.careful = modal.careful or modal.feed_stale
            modal.units = _UNITS[code]
            modal.units_stated = True
            reading.first_units = reading.first_units or modal.units
        elif code in ("G90", "G91"):
            modal.relative = code == "G91"
        elif code in ("G90.1", "G91.1"):
            modal.arc_absolute = code == "G90.1"
            modal.arc_mode_stated = True
        elif code in ("G98", "G99"):
            modal.return_initial = code == "G98"
