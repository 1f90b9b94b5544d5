"""Figure that follows no grain: the eyes and swirls of a burl, the broken bars of snakewood.

whole_figure("walnut_burl", 50_000, 58_000, TURN, stream)     # swirls, and dots where the buds were
"""

from typing import Final

from rmos.fixed import TURN, along, circumference
from rmos.rosette.draw.shapes import Mark, PathStep
from rmos.rosette.materials import MATERIALS
from rmos.rosette.seeded import Stream

_MOST: Final = 420
"""Eyes or bars on one ring: what keeps a file light."""
_LEAST_WIDTH: Final = 900
"""Micrometres: on a narrower strip no figure can be seen."""
_EYE_AREA: Final = 2_600_000
_BAR_AREA: Final = 1_500_000
"""Square micrometres for each eye of a burl and each bar of snakewood."""


def whole_figure(material: str, inner: int, outer: int, spread: int, stream: Stream) -> list[Mark]:
    """Return the figure of a ring, or of a piece of it over the angle `spread`; most woods have none."""
    wood = MATERIALS[material]
    if outer - inner < _LEAST_WIDTH:
        return []
    if wood.eyes:
        return _burl(wood.eyes, (inner, outer), spread, stream)
    return [_bars(wood.mottle, (inner, outer), spread, stream)] if wood.mottle else []


def _count(rims: tuple[int, int], spread: int, each: int) -> int:
    inner, outer = rims
    return min(_MOST, circumference((inner + outer) // 2) * spread // TURN * (outer - inner) // each)


def _burl(colour: str, rims: tuple[int, int], spread: int, stream: Stream) -> list[Mark]:
    """Return eyes as filled drops and swirls that pass round them."""
    inner, outer = rims
    eyes: list[PathStep] = []
    swirls: list[PathStep] = []
    for _ in range(_count(rims, spread, _EYE_AREA)):
        size = min(stream.between(160, 480), (outer - inner) // 5)
        reach = 3 * size
        radius = inner + size + stream.below(max(outer - inner - 2 * size, 1))
        half = along(size, radius)
        wide = along(reach, radius)
        if spread <= 2 * wide:
            continue
        at = wide + stream.below(spread - 2 * wide)
        eyes += [
            ("M", ((at - half, radius),)),
            ("Q", ((at, radius + size), (at + half, radius))),
            ("Q", ((at, radius - size), (at - half, radius))),
            ("Z", ()),
        ]
        for side in (-1, 1):
            top = min(max(radius + side * reach, inner), outer)
            swirls += [("M", ((at - wide, radius),)), ("Q", ((at, top), (at + wide, radius)))]
    return [Mark(colour, 60, 110, tuple(swirls)), Mark(colour, 90, 0, tuple(eyes))]


def _bars(colour: str, rims: tuple[int, int], spread: int, stream: Stream) -> Mark:
    """Return short dark bars across the strip, bent as the letters that give snakewood its other name."""
    inner, outer = rims
    steps: list[PathStep] = []
    for _ in range(_count(rims, spread, _BAR_AREA)):
        length = min(stream.between(700, 2200), (outer - inner) * 6 // 10)
        low = inner + 60 + stream.below(max(outer - inner - length - 120, 1))
        lean = along(stream.between(-260, 260), low)
        bow = along(stream.between(150, 600), low)
        margin = abs(lean) + bow
        if spread <= 2 * margin:
            continue
        at = margin + stream.below(spread - 2 * margin)
        steps += [("M", ((at, low),)), ("Q", ((at + bow, low + length // 2), (at + lean, low + length)))]
    return Mark(colour, 85, 260, tuple(steps))
