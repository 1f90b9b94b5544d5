"""Find the centre of an arc from I J K or from R, and tell whether its radii agree.

Limits of GRBL 1.1 (its `gc_execute_line`): the radii may differ by 5 µm or by 0.1 %, and never by more than 0.5 mm.
Limits of LinuxCNC 2.9, measured with its `rs274`: by 28.28 µm or by 0.1 %; of the R form 1.27 µm.
"""

import math
from typing import Final, NamedTuple

from rmos.cam.gcode.modal import PLANE_AXES
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import MotionKind

GRBL_UM: Final = 5.0
GRBL_MOST_UM: Final = 500.0
LINUXCNC_UM: Final = 28.28
LINUXCNC_R_UM: Final = 1.27
ROUNDING_UM: Final = 0.001
"""What binary numbers make of a half circle whose R is half its chord."""
SHARE: Final = 0.001
MAX_TURNS: Final = 10_000
_CENTRES: Final = "IJK"


class Centre(NamedTuple):
    """The centre of an arc in its plane (µm), its radius at the start and at the end."""

    a: float
    b: float
    start_radius: float
    end_radius: float

    def closes(self) -> bool:
        """Tell whether GRBL takes these radii."""
        off = abs(self.start_radius - self.end_radius)
        small = off <= GRBL_UM or (off <= SHARE * self.start_radius and off <= GRBL_MOST_UM)
        return self.start_radius > 0 and small

    def closes_on_linuxcnc(self) -> bool:
        """Tell whether LinuxCNC 2.9 takes these radii of an arc with I J K."""
        off = abs(self.start_radius - self.end_radius)
        larger = max(self.start_radius, self.end_radius)
        return self.start_radius > 0 and (off <= LINUXCNC_UM or off <= SHARE * larger)


def cut_arc(reading: ProgramReading, block: ProgramLine, end: list[float], clockwise: bool) -> None:
    """Add the arc that a block says, from the place where the tool stands."""
    modal = reading.modal
    first, second, normal = PLANE_AXES[modal.plane]
    centre = _find_centre(reading, block, end, clockwise)
    turns = _read_turns(reading, block)
    if centre is None or turns is None or any(map(math.isnan, centre)):
        length = math.dist(modal.place, end)
        reading.cut(MotionKind.LINE, (end[0], end[1], end[2]), length)
        return
    start = (modal.place[first] - centre.a, modal.place[second] - centre.b)
    sweep = find_sweep(start, (end[first] - centre.a, end[second] - centre.b), clockwise)
    rise = end[normal] - modal.place[normal]
    length = math.hypot((sweep + (turns - 1) * math.tau) * centre.start_radius, rise)
    if reading.has_room(1):
        reading.motions.arcs.append(len(reading.motions), modal.plane, centre.a, centre.b, clockwise, turns)
        reading.cut(MotionKind.ARC, (end[0], end[1], end[2]), length)


def find_sweep(start: tuple[float, float], end: tuple[float, float], clockwise: bool) -> float:
    """Return the angle (rad, above 0 up to 2π) from a start to an end around 0, 0; equal points are a full circle."""
    if start == end:
        return math.tau
    angle = math.atan2(end[1], end[0]) - math.atan2(start[1], start[0])
    angle = (-angle if clockwise else angle) % math.tau
    return angle or math.tau


def _read_turns(reading: ProgramReading, block: ProgramLine) -> int | None:
    text = block.values.get("P")
    if text is None:
        return 1
    reading.use_word("P")
    turns = float(text)
    if turns != int(turns) or not 1 <= turns <= MAX_TURNS:
        reading.report("UNREADABLE_WORD", f"P{text} of an arc is no number of turns up to {MAX_TURNS}; correct it.")
        return None
    return int(turns)


def _find_centre(reading: ProgramReading, block: ProgramLine, end: list[float], clockwise: bool) -> Centre | None:
    modal = reading.modal
    first, second, _ = PLANE_AXES[modal.plane]
    start = (modal.place[first], modal.place[second])
    goal = (end[first], end[second])
    offsets = tuple(block.values.get(_CENTRES[axis]) for axis in (first, second))
    if (radius := block.values.get("R")) is not None:
        reading.use_word("R")
        if offsets != (None, None):
            reading.report("WORDS_CLASH", "An arc has R and I J K; which of them holds differs; delete one.")
        return _find_centre_of_radius(reading, start, goal, modal.read_length(radius), clockwise)
    if offsets == (None, None):
        reading.report("ARC_RADIUS", "An arc has neither I J K nor R, so it has no centre (GRBL: error 35); write it.")
        reading.arc_radius_linuxcnc = reading.arc_radius_linuxcnc or reading.line
        return None
    read = [None if text is None else modal.read_length(text) for text in offsets]
    return _find_centre_of_offsets(reading, start, goal, read[0], read[1])


def _find_centre_of_offsets(
    reading: ProgramReading, start: tuple[float, float], goal: tuple[float, float], i: float | None, j: float | None
) -> Centre:
    modal = reading.modal
    incremental = _measure(start[0] + (i or 0.0), start[1] + (j or 0.0), start, goal)
    absolute = None if i is None or j is None else _measure(i, j, start, goal)
    if not modal.arc_mode_stated:
        _count_readings(reading, incremental, absolute)
    if modal.arc_absolute and absolute is None:
        reading.report("UNREADABLE_WORD", "G90.1 is in force and the arc lacks one of its centre's words; write both.")
    centre = (absolute if modal.arc_absolute else None) or incremental
    if not centre.closes():
        _report_radii(reading, centre.start_radius, centre.end_radius)
    if not centre.closes_on_linuxcnc():
        reading.arc_radius_linuxcnc = reading.arc_radius_linuxcnc or reading.line
    return centre


def _measure(a: float, b: float, start: tuple[float, float], goal: tuple[float, float]) -> Centre:
    return Centre(a, b, math.dist((a, b), start), math.dist((a, b), goal))


def _report_radii(reading: ProgramReading, start_radius: float, end_radius: float) -> None:
    reading.report(
        "ARC_RADIUS",
        f"The radius of an arc is {start_radius / 1000:.4f} mm at its start and {end_radius / 1000:.4f} mm at its end "
        "(GRBL: error 33); post more decimals, or the other mode of I J K.",
    )


def _count_readings(reading: ProgramReading, incremental: Centre, absolute: Centre | None) -> None:
    """Count which reading of an arc's centre closes; equal centres say nothing."""
    reading.arc_unsaid_line = reading.arc_unsaid_line or reading.line
    one, other = incremental.closes(), absolute is not None and absolute.closes()
    if one and other:
        if absolute is not None and math.dist(incremental[:2], absolute[:2]) > GRBL_UM:
            reading.arc_counts["both"] += 1
    else:
        reading.arc_counts["incremental" if one else "absolute" if other else "neither"] += 1


def _find_centre_of_radius(
    reading: ProgramReading, start: tuple[float, float], goal: tuple[float, float], radius: float, clockwise: bool
) -> Centre | None:
    """Return the centre left or right of the chord: the short arc of R above zero, the long one of R below."""
    across, up = goal[0] - start[0], goal[1] - start[1]
    half = math.hypot(across, up) / 2
    size = abs(radius)
    if half == 0.0 or size == 0.0:
        reading.report("ARC_RADIUS", "An arc with R ends where it starts or has no radius; write I and J instead.")
        reading.arc_radius_linuxcnc = reading.arc_radius_linuxcnc or reading.line
        return None
    if half > size + ROUNDING_UM:
        _report_radii(reading, size, half)
    if half > size + LINUXCNC_R_UM:
        reading.arc_radius_linuxcnc = reading.arc_radius_linuxcnc or reading.line
    height = math.sqrt(max(0.0, (size - half) * (size + half)))
    side = height / (2 * half) * (1 if clockwise == (radius > 0) else -1)
    return _measure((start[0] + goal[0]) / 2 + side * up, (start[1] + goal[1]) / 2 - side * across, start, goal)
