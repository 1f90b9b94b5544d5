"""Find what a program does close over the stock, where it removes nothing and a bowed top would make it cut.

    approach = find_approach(program.motions, setup)
    approach.tools[0].plunge            # Peak(value=600.0, line=8): it feeds down to 0.2 mm over the stock
    approach.rapid                      # Peak(value=6000.0, line=7): its lowest rapid sideways, µm over the stock

The measures look at motion that removes something. A feed that ends a hair over the stock, a rapid across its face and
a program that leaves the tool in the work remove nothing by themselves, and hurt when the zero is off by a little.
"""

import itertools
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from rmos.cam.measure.arcs import Position, resolve_arc
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import START, MotionKind, Motions

NEAR_UM: Final = 500.0
"""How close over the stock counts as at it, RMOS policy: tops bow, and zeros are found with paper."""
_NO_WORDS: Final[Mapping[str, int]] = MappingProxyType({})
_FEEDS: Final = (MotionKind.LINE, MotionKind.ARC)
_CHORD: Final = math.pi / 64
"""Of an arc in an upright plane: a chord is less steep than its arc by less than a fortieth of the feed."""


class Peak(msgspec.Struct, frozen=True):
    """The largest, or lowest, that was measured of something, and the line of the program where it was."""

    value: float
    line: int | None = None


class NearUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one tool does near the stock or in it, whether it removes something or not; mm/min."""

    number: int | None
    feed: Peak
    plunge: Peak
    """The part of a feed that goes straight down."""
    depth_um: Peak
    """The lowest place that a feed begins or ends at, µm below the top of the stock."""


class Approach(msgspec.Struct, frozen=True, kw_only=True):
    """How a program comes to the stock and leaves it."""

    tools: tuple[NearUse, ...]
    rapid: Peak | None
    """The lowest place that a rapid goes to, or crosses sideways, µm over the stock; None without any."""
    end: Peak | None
    """Where the program ends, µm over the stock; None when it moves nothing, or to where nobody can know."""
    relative_z: int | None = None
    """The line of the first move up or down when it goes from wherever the tool stands (G91); None as it should be."""


def find_approach(motions: Motions, setup: ProgramSetup, words: Mapping[str, int] = _NO_WORDS) -> Approach:
    """Return how a program comes to the stock and leaves it.

    Args:
        words: what the program uses, each word with its first line.
    """
    near = setup.top_um + NEAR_UM
    uses: dict[int | None, NearUse] = {}
    rapid: Peak | None = None
    columns = zip(
        motions.kind, motions.starts(), motions.x, motions.y, motions.z, motions.feed, motions.line, strict=True
    )
    for place, (kind, start, x, y, z, feed, line) in enumerate(columns):
        if kind in _FEEDS:
            lowest, steepness = _find_descent(motions, place, start, (x, y, z), near)
            if not lowest >= near:
                number = motions.setups[motions.setup[place]].tool
                measures = feed, feed * steepness if steepness > 0 else 0.0, setup.top_um - lowest
                uses[number] = _add_use(uses.get(number), number, measures, line)
        elif kind == MotionKind.RAPID:
            moves_aside = x != start[0] or y != start[1]
            lowest = min(start[2], z) if moves_aside else z
            height = lowest - setup.top_um  # NaN behind a move in machine coordinates, which is less than nothing
            if (moves_aside or z < start[2]) and (height < rapid.value if rapid is not None else height == height):
                rapid = Peak(height, line)
    is_known = len(motions) > 0 and motions.z[-1] == motions.z[-1]
    end = Peak(motions.z[-1] - setup.top_um, motions.line[-1]) if is_known else None
    relative_z = _find_relative_z(motions, words)
    return Approach(tools=tuple(uses.values()), rapid=rapid, end=end, relative_z=relative_z)


def _find_relative_z(motions: Motions, words: Mapping[str, int]) -> int | None:
    """Return the line of the first move up or down when G91 stands before it or on it.

    A move away from a place of the machine, which nobody knows, is absolute when its end is known.
    """
    since = words.get("G91")
    if since is None:
        return None
    for start, z, line in zip(motions.starts(), motions.z, motions.line, strict=True):
        if z != start[2]:
            is_relative = start[2] == START[2] and z == z and since <= line
            return line if is_relative else None
    return None


def _add_use(known: NearUse | None, number: int | None, measures: tuple[float, float, float], line: int) -> NearUse:
    """Return a use with a motion counted in; NaN, which nobody knows, is more than anything."""
    nothing = Peak(0.0)
    before = (nothing, nothing, nothing) if known is None else (known.feed, known.plunge, known.depth_um)
    feed, plunge, depth_um = (
        peak if value <= peak.value or peak.value != peak.value else Peak(value, line)
        for value, peak in zip(measures, before, strict=True)
    )
    return NearUse(number=number, feed=feed, plunge=plunge, depth_um=depth_um)


def _find_descent(motions: Motions, place: int, start: Position, end: Position, near: float) -> tuple[float, float]:
    """Return the lowest Z of a feed motion, and how steeply it goes down where it is near: 1 is straight down."""
    lowest = min(start[2], end[2])
    if motions.kind[place] == MotionKind.LINE:
        return lowest, _steepness_of(start, end) if lowest < near else 0.0
    shape = motions.arcs[place]
    if not all(map(math.isfinite, (*start, *end, shape.a, shape.b))):
        return lowest, 0.0
    arc = resolve_arc(start, end, shape)
    if shape.plane == "XY":
        is_descent = lowest < near and end[2] < start[2]
        return lowest, (start[2] - end[2]) / arc.length() if is_descent else 0.0
    points = [start, *arc.points(math.ceil(abs(arc.sweep) / _CHORD))]
    steepest = max(
        (_steepness_of(one, other) for one, other in itertools.pairwise(points) if min(one[2], other[2]) < near),
        default=0.0,
    )
    return min(lowest, *(point[2] for point in arc.quadrant_points())), steepest


def _steepness_of(start: Position, end: Position) -> float:
    down, length = start[2] - end[2], math.dist(start, end)
    return down / length if down > 0 and length > 0 else 0.0
