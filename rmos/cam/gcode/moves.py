"""Make the motions of a block: straight ones, arcs, cycles, and moves to places of the machine."""

import math
from typing import Final

from rmos.cam.gcode.arcs import cut_arc
from rmos.cam.gcode.codes import MOTIONS, TAKES_L, TAKES_P, TAKES_Q
from rmos.cam.gcode.cycles import CYCLES, PECKING, drill
from rmos.cam.gcode.modal import PLANE_AXES
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import MotionKind

_AXES: Final = "XYZ"
_ARCS: Final = frozenset({"G2", "G3"})
_REFERENCES: Final = frozenset({"G28", "G30"})
_WITHOUT_AXES: Final = frozenset({"G4", "G28.1", "G30.1"})
_ALWAYS_USED: Final = frozenset("NOFSTXYZ")
_STRAIGHT: Final = frozenset({"G0", "G1", "G2", "G3"})


def move_block(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    """Take the motion that a block says and make what it says of it."""
    modal = reading.modal
    for code in codes & MOTIONS:
        _set_motion(reading, code)
    axes = [letter for letter in _AXES if letter in block.values]
    if "Z" in axes:
        modal.z_moved = True
    if not modal.relative:
        modal.stated_axes.update(axes)
    if codes & _REFERENCES:
        _move_to_reference(reading, block, axes)
    elif "G53" in codes:
        _move_beyond_offsets(reading, axes)
    elif codes & _WITHOUT_AXES and axes:
        reading.report("UNUSED_WORD", f"Some move to {axes[0]} here and some wait so long; write it on the next line.")
        _move(reading, block, axes)
    elif axes or _is_bare_arc(block, modal.motion) or (codes & CYCLES):
        _move(reading, block, axes)


def _set_motion(reading: ProgramReading, code: str) -> None:
    modal = reading.modal
    if code in CYCLES and code != modal.motion:
        modal.cycle_words.clear()
    modal.motion = None if code == "G80" else code
    if code in _STRAIGHT:
        modal.straight = code


def _is_bare_arc(block: ProgramLine, motion: str | None) -> bool:
    return motion in _ARCS and not {"I", "J", "K", "R"}.isdisjoint(block.values)


def _move(reading: ProgramReading, block: ProgramLine, axes: list[str]) -> None:
    modal = reading.modal
    motion = modal.motion
    if motion is None:
        motion = modal.straight or "G0"
        reading.report(
            "MOTION_UNSAID",
            f"No motion is in force here: LinuxCNC refuses, others take {motion}; write G0 or G1.",
        )
    if motion in CYCLES:
        drill(reading, block, motion)
        return
    end = _find_end(reading, block, axes)
    if motion == "G0":
        reading.move((end[0], end[1], end[2]))
    elif motion == "G1":
        reading.cut(MotionKind.LINE, (end[0], end[1], end[2]), math.dist(modal.place, end))
    else:
        cut_arc(reading, block, end, motion == "G2")


def _find_end(reading: ProgramReading, block: ProgramLine, axes: list[str]) -> list[float]:
    modal = reading.modal
    end = list(modal.place)
    for letter in axes:
        axis = _AXES.index(letter)
        length = modal.read_length(block.values[letter])
        end[axis] = end[axis] + length if modal.relative else length
    return end


def _move_to_reference(reading: ProgramReading, block: ProgramLine, axes: list[str]) -> None:
    """Go by way of a place in the work, if one is said, to one of the machine, with these axes or with all."""
    if axes:
        end = _find_end(reading, block, axes)
        reading.move((end[0], end[1], end[2]))
    _move_to_machine(reading, axes or list(_AXES))


def _move_beyond_offsets(reading: ProgramReading, axes: list[str]) -> None:
    """Make the motion of G53, which is a rapid to absolute places."""
    if reading.modal.relative:
        reading.report("WORDS_CLASH", "G53 and G91 contradict each other, some ignore G53; write G90 before it.")
    if reading.modal.motion != "G0":
        reading.report("PLACE_UNKNOWN", "G53 without G0 cuts to a place of the machine; write G0 beside it.")
    _move_to_machine(reading, axes)


def _move_to_machine(reading: ProgramReading, axes: list[str]) -> None:
    x, y, z = (math.nan if letter in axes else place for letter, place in zip(_AXES, reading.modal.place, strict=True))
    if axes:
        reading.move_to_machine((x, y, z))


def check_unused(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    """Report the first word of a block that nothing uses: a controller refuses it, or takes it for something else."""
    left = block.values.keys() - _ALWAYS_USED
    if left and (left := left - _find_used(reading, block, codes)):
        letter = min(left)
        reading.report("UNUSED_WORD", f"Nothing on the line uses {letter}{block.values[letter]}; delete it.")


def _find_used(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> set[str]:
    motion = reading.modal.motion or ""
    used: set[str] = set()
    if motion in _ARCS and not codes & (_REFERENCES | {"G53", "G4"}):
        first, second, normal = PLANE_AXES[reading.modal.plane]
        used |= {"R", "P", "IJK"[first], "IJK"[second]}
        if not block.values.get("IJK"[normal], "").strip("+-0."):
            used.add("IJK"[normal])  # FreeCAD posts K0 beside every arc.
    elif motion in CYCLES:
        used |= {"R", "L", "P", "Q"} if motion in PECKING else {"R", "L", "P"}
    for letter, takers in (("P", TAKES_P), ("L", TAKES_L), ("Q", TAKES_Q), ("H", {"G43"})):
        if codes & takers:
            used.add(letter)
    return used
