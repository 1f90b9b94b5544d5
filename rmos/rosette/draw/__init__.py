"""Drawing the rings: one module for each family of patterns, one function for each kind.

    draw_ring(ring, inner=46_000, seed=7, place=3)     # a Drawing: pieces in polar micrometres, figure, repeats
"""

from collections.abc import Callable, Mapping
from typing import Final

from rmos.rosette.draw.bands import draw_band, draw_lines, draw_solid
from rmos.rosette.draw.cells import Decide
from rmos.rosette.draw.chevrons import draw_half_herringbone, draw_herringbone
from rmos.rosette.draw.dots import draw_dots
from rmos.rosette.draw.greek import draw_greek_key
from rmos.rosette.draw.knots import draw_braid, draw_celtic
from rmos.rosette.draw.lattice import draw_checkerboard, draw_diamond
from rmos.rosette.draw.mosaic import draw_mosaic
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.draw.shell import draw_shell
from rmos.rosette.draw.spokes import draw_wedges, draw_wheel
from rmos.rosette.draw.strands import draw_rope, draw_wave
from rmos.rosette.draw.wheat import draw_wheat
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring

DRAWERS: Final[Mapping[str, Callable[[Ring, int, Decide], Drawing]]] = {
    "lines": draw_lines,
    "band": draw_band,
    "solid": draw_solid,
    "mosaic": draw_mosaic,
    "herringbone": draw_herringbone,
    "half_herringbone": draw_half_herringbone,
    "wheat": draw_wheat,
    "rope": draw_rope,
    "braid": draw_braid,
    "checkerboard": draw_checkerboard,
    "diamond": draw_diamond,
    "greek_key": draw_greek_key,
    "celtic": draw_celtic,
    "wheel": draw_wheel,
    "wedges": draw_wedges,
    "dots": draw_dots,
    "wave": draw_wave,
    "shell": draw_shell,
}
"""Kind → its drawing; a gap is the bare top and has none."""


def draw_ring(ring: Ring, *, inner: int, seed: int, place: int) -> Drawing:
    """Return the drawing of ring number `place`, whose inner radius is `inner` micrometres."""
    if ring.kind == "gap":
        return Drawing(base=None)
    return DRAWERS[ring.kind](ring, inner, lambda name: Stream(seed=seed, decision=f"ring {place}/{name}"))
