"""Find what a program does close over the stock, where it removes nothing and a bowed top would make it cut.

    approach = find_approach(program.motions, setup)
    approach.tools[0].plunge            # Peak(value=600.0, line=8): it feeds down to 0.2 mm over the stock
    approach.rapid                      # Peak(value=6000.0, line=7): its lowest rapid sideways, µm over the stock

The measures look at motion that removes something. A feed that ends a hair over the stock, a rapid across its face and
a program that leaves the tool in the work remove nothing by themselves, and hurt when the zero is off by a little.
"""

import math
from typing import Final

import msgspec

from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import MotionKind, Motions

NEAR_UM: Final = 500.0
"""How close over the stock counts as at it, RMOS policy: tops bow, and zeros are found with paper."""
_FEEDS: Final = (MotionKind.LINE, MotionKind.ARC)


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


class Approach(msgspec.Struct, frozen=True, kw_only=True):
    """How a program comes to the stock and leaves it."""

    tools: tuple[NearUse, ...]
    rapid: Peak | None
    """The lowest place that a rapid goes to, or crosses sideways, µm over the stock; None without any."""
    end: Peak | None
    """Where the program ends, µm over the stock; None when it moves nothing, or to where nobody can know."""


def find_approach(motions: Motions, setup: ProgramSetup) -> Approach:
    """Return how a program comes to the stock and leaves it."""
    near = setup.top_um + NEAR_UM
    uses: dict[int | None, NearUse] = {}
    rapid: Peak | None = None
    columns = zip(
        motions.kind, motions.starts(), motions.x, motions.y, motions.z, motions.feed, motions.line, strict=True
    )
    for place, (kind, start, x, y, z, feed, line) in enumerate(columns):
        if kind in _FEEDS and not min(start[2], z) >= near:
            number = motions.setups[motions.setup[place]].tool
            uses[number] = _add_use(uses.get(number), number, feed, _plunge_of(motions, place, start, (x, y, z)), line)
        elif kind == MotionKind.RAPID:
            moves_aside = x != start[0] or y != start[1]
            lowest = min(start[2], z) if moves_aside else z
            height = lowest - setup.top_um  # NaN behind a move in machine coordinates, which is less than nothing
            if (moves_aside or z < start[2]) and (height < rapid.value if rapid is not None else height == height):
                rapid = Peak(height, line)
    is_known = len(motions) > 0 and motions.z[-1] == motions.z[-1]
    end = Peak(motions.z[-1] - setup.top_um, motions.line[-1]) if is_known else None
    return Approach(tools=tuple(uses.values()), rapid=rapid, end=end)


def _add_use(known: NearUse | None, number: int | None, feed: float, plunge: float, line: int) -> NearUse:
    known = known or NearUse(number=number, feed=Peak(0.0), plunge=Peak(0.0))
    is_faster, is_steeper = not feed <= known.feed.value, not plunge <= known.plunge.value
    if not (is_faster or is_steeper):
        return known
    return NearUse(
        number=number,
        feed=Peak(feed, line) if is_faster else known.feed,
        plunge=Peak(plunge, line) if is_steeper else known.plunge,
    )


def _plunge_of(
    motions: Motions, place: int, start: tuple[float, float, float], end: tuple[float, float, float]
) -> float:
    """Return the part of a line's feed that goes straight down, mm/min; an arc's is measured where it removes."""
    if motions.kind[place] != MotionKind.LINE:
        return 0.0
    down = start[2] - end[2]
    length = math.dist(start, end)
    return motions.feed[place] * down / length if down > 0 and length > 0 else 0.0
