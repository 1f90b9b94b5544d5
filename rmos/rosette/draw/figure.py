"""Figure of the materials: grain that follows a bent strip, grain of a board, flame, spalting, the play of shell.

    bent_grain("koa", 50_000, 53_000, stream)       # streaks along the ring, as in a strip that was bent
    board_grain("koa", 50_000, 58_000, stream)      # straight streaks, as in a ring cut from a board
    shell_marks("abalone", (a, b), (r, s), stream)  # wavy layers across one segment

Only drawn in the profile for viewing. Restrained on purpose: a hint at arm's length.
"""

from itertools import pairwise
from math import isqrt
from typing import Final

from rmos.fixed import TURN, along, circumference, point
from rmos.rosette.draw.burl import whole_figure
from rmos.rosette.draw.shapes import Mark, PathStep, Polar, ShapePath
from rmos.rosette.materials import MATERIALS, Streak
from rmos.rosette.seeded import Stream

MOST_STREAKS: Final = 120
"""Streaks of one colour on one ring: what keeps a file light."""
_ZONE_LINES: Final = 30
_THIN: Final = 900
"""Micrometres: on a narrower strip no grain can be seen."""


def bent_grain(material: str, inner: int, outer: int, stream: Stream) -> tuple[Mark, ...]:
    """Return grain along a ring: arcs of the streaks' colours, and the flame across it."""
    wood = MATERIALS[material]
    if outer - inner < _THIN:
        return ()
    marks = [_arcs(streak, inner, outer, TURN, stream) for streak in wood.streaks]
    if wood.flame:
        marks.insert(0, _flame(wood.flame, inner, outer, stream))
    if wood.spalt:
        marks.append(_spalting(inner, outer, stream))
    marks += whole_figure(material, inner, outer, TURN, stream)
    return tuple(mark for mark in marks if mark.path)


def piece_grain(material: str, spread: int, inner: int, outer: int, stream: Stream) -> tuple[Mark, ...]:
    """Return grain of one piece of a ring, from 12 o'clock over the angle `spread`: streaks inside it."""
    wood = MATERIALS[material]
    marks = [_arcs(streak, inner, outer, spread, stream) for streak in wood.streaks]
    marks += whole_figure(material, inner, outer, spread, stream)
    return tuple(mark for mark in marks if mark.path)


def _arcs(streak: Streak, inner: int, outer: int, spread: int, stream: Stream) -> Mark:
    """Return a path of arcs within an annular piece, clear of its edges."""
    room = outer - inner - 2 * streak.thick
    area = circumference((inner + outer) // 2) * spread // TURN * (outer - inner)
    count = min(MOST_STREAKS, streak.per_cm2 * area // 100_000_000)
    steps: list[PathStep] = []
    for _ in range(count if room > 0 else 0):
        radius = inner + streak.thick + stream.below(room)
        sweep = min(along(stream.between(*streak.length), radius), spread * 9 // 10)
        start = stream.below(spread - sweep)
        steps += [("M", ((start, radius),)), ("A", ((start + sweep, radius),))]
    return Mark(streak.colour, streak.opacity, streak.thick, tuple(steps))


def _flame(colour: str, inner: int, outer: int, stream: Stream) -> Mark:
    """Return soft bars across the strip: curl in maple and koa."""
    count = min(90, circumference(inner) // 3400)
    steps: list[PathStep] = []
    for k in range(count):
        at = TURN * k // count + along(stream.below(1800), inner)
        lean = along(stream.between(-700, 700), inner)
        steps += [("M", ((at, inner),)), ("L", ((at + lean, outer),))]
    return Mark(colour, 30, 850, tuple(steps))


def _spalting(inner: int, outer: int, stream: Stream) -> Mark:
    """Return the black zone lines of spalted wood: they wander from edge to edge and never leave the ring."""
    steps: list[PathStep] = []
    low, high = inner + 200, outer - 200
    for _ in range(_ZONE_LINES):
        angle, radius = stream.below(TURN), low + stream.below(high - low)
        drift = stream.between(-1, 1) * (high - low) // 12
        steps.append(("M", ((angle, radius),)))
        for _ in range(stream.between(5, 11)):
            points = []
            for _ in range(2):
                angle += along(stream.between(150, 1900), inner)
                radius = min(max(radius + drift + stream.between(low - high, high - low) // 5, low), high)
                points.append((angle, radius))
            steps.append(("Q", tuple(points)))
    return Mark("#2b1d14", 85, 140, tuple(steps))


def board_grain(material: str, inner: int, outer: int, stream: Stream) -> tuple[Mark, ...]:
    """Return straight grain of a ring that is cut from one board: upright lines, ended by the ring's edges."""
    wood = MATERIALS[material]
    if outer - inner < _THIN:
        return ()
    marks = []
    for streak in wood.streaks:
        steps: list[PathStep] = []
        low, high = inner + streak.thick, outer - streak.thick
        area = circumference((inner + outer) // 2) * (outer - inner)
        for _ in range(min(MOST_STREAKS, streak.per_cm2 * area // 100_000_000)):
            steps += _upright(stream, low, high, stream.between(*streak.length))
        marks.append(Mark(streak.colour, streak.opacity, streak.thick, tuple(steps)))
    if wood.spalt:
        marks.append(_spalting(inner, outer, stream))
    marks += whole_figure(material, inner, outer, TURN, stream)
    return tuple(mark for mark in marks if mark.path)


def _upright(stream: Stream, low: int, high: int, length: int) -> list[PathStep]:
    """Return one straight streak at a random place of the annulus, cut where it would leave it."""
    x, y = point(stream.below(TURN), low + stream.below(high - low))
    side = 1 if y > 0 else -1
    top = isqrt(max(high * high - x * x, 0))
    bottom = isqrt(max(low * low - x * x, 0))
    near = max(abs(y) - length // 2, bottom)
    far = min(abs(y) + length // 2, top)
    if far - near < 300:
        return []
    return [("m", ((x, side * near), (x, side * far)))]


def shell_marks(material: str, ends: tuple[int, int], rims: tuple[int, int], stream: Stream) -> tuple[Mark, ...]:
    """Return the layers of one piece of shell: wavy patches in flat colours that fill it from end to end."""
    shades = MATERIALS[material].shades
    inner, outer = rims
    width = outer - inner
    bounds = _layers(ends, inner, width, stream, calm=MATERIALS[material].tone == "light")
    marks, last = [], -1
    for before, after in pairwise(bounds):
        shade = stream.below(len(shades) - 1)
        last = shade + (shade >= last >= 0)
        last %= len(shades)
        marks.append(Mark(shades[last], 100, 0, _between(before, after)))
    glints: list[PathStep] = []
    for bound in bounds[1:-1]:
        if stream.below(3) == 0:
            glints += [("M", (bound[0],)), ("Q", (bound[1], bound[2]))]
    colour = "#ffffff" if MATERIALS[material].tone == "light" else "#e9fff4"
    marks.append(Mark(colour, 55, 70, tuple(glints)))
    return tuple(mark for mark in marks if mark.path)


def _layers(
    ends: tuple[int, int], inner: int, width: int, stream: Stream, *, calm: bool
) -> list[tuple[Polar, Polar, Polar]]:
    """Return the bounds of the layers in order: each three points from the inner rim to the outer one."""
    start, end = ends
    length = circumference(inner + width // 2) * (end - start) // TURN
    lean = stream.between(-width, width)
    bow = stream.between(-width // 2, width // 2)
    bounds: list[tuple[Polar, Polar, Polar]] = []
    position = min(0, lean) - abs(bow)
    least, most = (900, 2600) if calm else (350, 1500)
    previous = [0, 0, 0]
    while position < length + abs(lean) + abs(bow) and len(bounds) < 40:
        shift = [0, lean // 2 + bow, lean]
        places = [
            min(max(position + offset + stream.between(-least // 2, least // 2), before), length)
            for offset, before in zip(shift, previous, strict=True)
        ]
        if not bounds:
            places = [0, 0, 0]
        radii = (inner, inner + width // 2, inner + width)
        bounds.append(
            tuple((start + (end - start) * place // length, r) for place, r in zip(places, radii, strict=True))  # type: ignore[arg-type]
        )
        previous = places
        position += stream.between(least, most)
    bounds.append(((end, inner), (end, inner + width // 2), (end, inner + width)))
    return bounds


def _between(before: tuple[Polar, Polar, Polar], after: tuple[Polar, Polar, Polar]) -> ShapePath:
    if before == after:
        return ()
    return (
        ("M", (before[0],)),
        ("Q", (before[1], before[2])),
        ("A", (after[2],)),
        ("Q", (after[1], after[0])),
        ("A", (before[0],)),
        ("Z", ()),
    )
