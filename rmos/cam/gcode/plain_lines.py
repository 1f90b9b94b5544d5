"""Read the lines that make up nearly all of a program, as `G1 X10.5 Y3 F600` and `G2 X1 Y2 I0.5 J0`, the short way.

One pattern finds the words of a line in their usual order, and local names hold the state; every other line, and every
motion at which something is to be checked, is left to `execute`. Both ways make the same motions: a test reads
programs by each. Measured on 100 000 lines this is some five times as fast.
"""

import re
from functools import lru_cache
from itertools import islice
from math import hypot, sqrt
from typing import Final, NamedTuple

from rmos.cam.gcode.arcs import GRBL_UM
from rmos.cam.gcode.modal import FEED_FACTORS, PLANE_AXES, SCALES, UNITS_PER_MINUTE, Modal, Scale
from rmos.cam.gcode.reading import ProgramReading

_MODES: Final = {"G0": 0, "G1": 1, "G2": 2, "G3": 3}
_NAMES: Final = tuple(_MODES)
_KINDS: Final = (0, 1, 2, 2)
_NOT_YET: Final = -1
_Place = tuple[float, float, float]
_BLANKS: Final = " {0,9}+"
_COMMENTS: Final = r"(?:\([^)]{0,250}+\))?+(?:;.{0,250}+)?+"
_ANY: Final = r"([-+]?(?:[0-9]{1,6}+(?:\.[0-9]{0,9}+)?+|\.[0-9]{1,9}+))"
_POINTED: Final = r"([-+]?(?:[0-9]{1,6}+\.[0-9]{0,9}+|\.[0-9]{1,9}+|0++))"


@lru_cache(maxsize=64)
def _line_pattern(*, pointed: bool, numbered: bool, speed: str | None) -> re.Pattern[str]:
    length = _POINTED if pointed else _ANY
    words = "".join(f"(?:{letter}{_BLANKS}{length}{_BLANKS})?+" for letter in "XYZIJKR")
    number = f"(?:N{_BLANKS}[0-9]{{1,9}}+{_BLANKS})?+" if numbered else ""
    code, feed = rf"(?:G0?([0-3])(?![0-9.]){_BLANKS})?+", f"(?:F{_BLANKS}{_ANY}{_BLANKS})?+"
    if speed is not None:
        feed += f"(?:S{_BLANKS}{re.escape(speed)}(?![0-9. ]*[0-9.]){_BLANKS})?+"
    return re.compile(_BLANKS + number + code + words + feed + _COMMENTS, re.ASCII)


class _Turning(NamedTuple):
    """What decides where the centre of an arc is."""

    plane: int
    scale: Scale
    knows_offsets: bool
    """Whether I J K are certainly meant from the start of the arc."""
    knows_radius: bool
    """Whether the program has had an R, which some controllers lack."""


def read_plain_lines(reading: ProgramReading, lines: list[str], at: int, base: int) -> int:
    """Read plain lines from a place in a list on; return the place of the first that is not, or the list's length.

    `base` is the number in the file of the first line of the list.
    """
    modal, motions = reading.modal, reading.motions
    if not modal.units_stated and "feed_before_units" not in reading.noted:
        return at
    if modal.careful or modal.feed_mode != UNITS_PER_MINUTE or modal.motion not in _MODES:
        return at
    pattern = _line_pattern(
        pointed=reading.no_point_line is None, numbered="N" in reading.words, speed=modal.speed_text
    )
    match = pattern.fullmatch
    modes = {name[1]: mode for name, mode in _MODES.items() if name in reading.words}
    exponent, times, over = SCALES[modal.units]
    factor, relative = FEED_FACTORS[modal.units], modal.relative
    knows_offsets = not modal.arc_absolute and (modal.arc_mode_stated or reading.arc_counts["incremental"] > 0)
    turning = _Turning(modal.plane, SCALES[modal.units], knows_offsets, "R" in reading.words)
    plane = modal.plane
    add_kind, add_line, add_feed = motions.kind.append, motions.line.append, motions.feed.append
    add_x, add_y, add_z, add_setup = motions.x.append, motions.y.append, motions.z.append, motions.setup.append
    mode, feed, setup = _MODES[modal.motion], modal.feed, reading.find_setup()
    x, y, z = modal.place
    for text in islice(lines, at, at + reading.max_motions - len(motions)):
        found = match(text)
        if found is None:
            break
        g, x_text, y_text, z_text, i_text, j_text, k_text, r_text, f_text = found.groups()
        now = mode if g is None else modes.get(g, _NOT_YET)
        now_feed = feed if f_text is None else float(f_text) * factor
        is_arc = i_text is not None or j_text is not None or k_text is not None or r_text is not None
        end_x, end_y, end_z = x, y, z
        if x_text is not None:
            end_x = float(x_text + exponent) * times / over + (x if relative else 0.0)
        if y_text is not None:
            end_y = float(y_text + exponent) * times / over + (y if relative else 0.0)
        if z_text is not None:
            end_z = float(z_text + exponent) * times / over + (z if relative else 0.0)
        if is_arc or x_text is not None or y_text is not None or z_text is not None:
            if now and (now < 0 or is_arc != (now > 1) or not now_feed > 0.0):
                break
            if is_arc:
                centre = None
                if now and plane == 0 and k_text is None and r_text is None:
                    i = 0.0 if i_text is None else float(i_text + exponent) * times / over
                    j = 0.0 if j_text is None else float(j_text + exponent) * times / over
                    if knows_offsets and _agree(hypot(i, j), hypot(x + i - end_x, y + j - end_y)):
                        centre = x + i, y + j
                elif now:
                    texts = i_text, j_text, k_text, r_text
                    centre = _find_centre(turning, texts, (x, y, z), (end_x, end_y, end_z), now == 2)
                if centre is None:
                    break
                motions.arcs.append(len(motions.kind), plane, *centre, now == 2)
            add_kind(_KINDS[now])
            add_line(base + at)
            add_x(end_x)
            add_y(end_y)
            add_z(end_z)
            add_feed(now_feed if now else 0.0)
            add_setup(setup)
            x, y, z = end_x, end_y, end_z
        elif now < 0:
            break
        mode, feed = now, now_feed
        at += 1
    _leave_state(modal, mode, feed, (x, y, z))
    return at


def _leave_state(modal: Modal, mode: int, feed: float, place: tuple[float, float, float]) -> None:
    """Leave behind what the lines have set, for the next line that is not plain."""
    modal.place[:] = place
    modal.motion = modal.straight = _NAMES[mode]
    modal.feed = feed


def _find_centre(
    turning: _Turning, texts: tuple[str | None, ...], start: _Place, end: _Place, clockwise: bool
) -> tuple[float, float] | None:
    """Return the centre of an arc that has R, K or another plane, None where somebody is to look at it."""
    exponent, times, over = turning.scale
    *offsets, radius = (None if text is None else float(text + exponent) * times / over for text in texts)
    if radius is not None:
        if not turning.knows_radius or offsets != [None, None, None]:
            return None
        return _find_centre_of_radius(turning.plane, start, end, radius, clockwise)
    first, second, normal = PLANE_AXES[turning.plane]
    along, up = offsets[first] or 0.0, offsets[second] or 0.0
    a, b = start[first] + along, start[second] + up
    is_usable = turning.knows_offsets and not offsets[normal]
    return (a, b) if is_usable and _agree(hypot(along, up), hypot(a - end[first], b - end[second])) else None


def _find_centre_of_radius(
    plane: int, start: _Place, end: _Place, radius: float, clockwise: bool
) -> tuple[float, float] | None:
    """Return the centre of an arc that R says, None where somebody is to look at it; as `arcs` finds it."""
    first, second, _ = PLANE_AXES[plane]
    across, up = end[first] - start[first], end[second] - start[second]
    half, size = hypot(across, up) / 2, abs(radius)
    if half == 0.0 or size < half:
        return None
    side = sqrt((size - half) * (size + half)) / (2 * half) * (1 if clockwise == (radius > 0) else -1)
    return (start[first] + end[first]) / 2 + side * up, (start[second] + end[second]) / 2 - side * across


def _agree(start_radius: float, end_radius: float) -> bool:
    """Tell whether an arc's radii agree so well that no controller minds."""
    return start_radius > 0.0 and -GRBL_UM < start_radius - end_radius < GRBL_UM
