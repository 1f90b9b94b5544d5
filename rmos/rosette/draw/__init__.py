"""Drawing the rings: one module for each family of patterns, one function for each kind.

draw_ring(ring, inner=46_000, seed=7, place=3)     # a Drawing: pieces in polar micrometres, figure, repeats
"""

import functools
from collections.abc import Callable, Mapping
from typing import Final

from rmos.rosette.draw.bands import draw_band, draw_lines, draw_solid
from rmos.rosette.draw.cells import ChooseStream
from rmos.rosette.draw.chevrons import draw_half_herringbone, draw_herringbone, repeat_length
from rmos.rosette.draw.dots import dot_spacing, draw_dots
from rmos.rosette.draw.greek import draw_greek_key, key_length
from rmos.rosette.draw.knots import celtic_length, draw_braid, draw_celtic, lattice_length
from rmos.rosette.draw.lattice import checker_rows, draw_checkerboard, draw_diamond, lozenge_length
from rmos.rosette.draw.mosaic import draw_mosaic, tile_length
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.draw.shell import PIECE_LENGTH, draw_shell
from rmos.rosette.draw.spokes import draw_wedges, draw_wheel, wedge_length, wheel_length
from rmos.rosette.draw.strands import draw_rope, draw_wave, rope_repeat, wave_length
from rmos.rosette.draw.wheat import draw_wheat, grain_repeat
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring

DRAWERS: Final[Mapping[str, Callable[[Ring, int, ChooseStream], Drawing]]] = {
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


@functools.lru_cache(maxsize=16)
def draw_ring(ring: Ring, *, inner: int, seed: int, place: int) -> Drawing:
    """Return the drawing of ring number `place`, whose inner radius is `inner` micrometres; nobody changes it.

    Those of one rosette are cached: drawing, evaluating and counting its pieces ask for the same ones in turn.
    """
    if ring.kind == "gap":
        return Drawing(base=None)
    return DRAWERS[ring.kind](ring, inner, lambda name: Stream(seed=seed, decision=f"ring {place}/{name}"))


_LENGTHS: Final[Mapping[str, Callable[[Ring], int]]] = {
    "mosaic": tile_length,
    "herringbone": repeat_length,
    "half_herringbone": repeat_length,
    "wheat": grain_repeat,
    "rope": rope_repeat,
    "braid": lambda ring: lattice_length(ring, 3, 2),
    "celtic": celtic_length,
    "diamond": lozenge_length,
    "greek_key": key_length,
    "wheel": wheel_length,
    "wedges": wedge_length,
    "dots": dot_spacing,
    "wave": wave_length,
    "shell": lambda _: PIECE_LENGTH,
}


def usual_length(ring: Ring, inner: int) -> int:
    """Return how long a tile of this ring usually is, micrometres along the middle of the ring."""
    if ring.kind == "checkerboard":
        return ring.width // checker_rows(ring, inner)
    return _LENGTHS[ring.kind](ring)
