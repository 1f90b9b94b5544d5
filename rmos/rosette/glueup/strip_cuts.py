"""What is cut before anything is glued: strips of one material and size, and how much of a sheet they take.

    strip_cuts(1, ring, 46_000, height=1400)[0]     # one strip of black fibre, 312.4 by 1.4 by 0.5 mm
    sheet_width(cut)                                # of a sheet as long as the strip, with a kerf between two

Lengths are micrometres; `thickness` is that of the veneer or of the strip that is bent.
"""

import msgspec

from rmos.fixed import circumference, divide
from rmos.rosette.draw.bands import line_edges
from rmos.rosette.glueup.trade import KERF, LONGER, WIDEST_BENT
from rmos.rosette.spec import Ring


class StripCut(msgspec.Struct, frozen=True, kw_only=True):
    """Strips of one size for one ring."""

    ring: int
    use: str
    """What they are for: `stacks A, B`, `block`, `bent line`."""
    material: str
    count: int
    length: int
    width: int
    thickness: int


def sheet_width(cut: StripCut) -> int:
    """Return how wide a sheet of the strips' length is that gives all of them."""
    return cut.count * (cut.width + KERF) - KERF


def is_bent(ring: Ring) -> bool:
    """Tell whether a ring is a plain strip that is narrow enough to be bent round."""
    return ring.kind == "band" and ring.width <= WIDEST_BENT


def strip_cuts(place: int, ring: Ring, inner: int, height: int) -> tuple[StripCut, ...]:
    """Return the strips that are bent round: each line of a stack, or the band."""
    if ring.kind == "lines":
        edges = line_edges(ring, inner)
        rims = zip(ring.materials, edges, edges[1:], strict=False)
        return tuple(_cut_bent_strip(place, "bent line", name, low, high, height) for name, low, high in rims)
    return (_cut_bent_strip(place, "bent band", ring.materials[0], inner, inner + ring.width, height),)


def _cut_bent_strip(place: int, use: str, material: str, low: int, high: int, height: int) -> StripCut:
    length = divide(circumference((low + high) // 2) * LONGER, 100)
    return StripCut(ring=place, use=use, material=material, count=1, length=length, width=height, thickness=high - low)
