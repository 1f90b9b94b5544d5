"""How much work a rosette is to draw, known before it is drawn for others.

work_of(spec)      # about microseconds of one core for spec → SVG, evaluated by the gate and counted into a bill

The weights are those of the dearest kinds of ring, measured: figure costs by area, tiles each by themselves.
"""

from typing import Final

from rmos.rosette.manufacture import tiles_of
from rmos.rosette.spec import RosetteSpec

_OF_A_TILE: Final = 15
_OF_A_MM2: Final = 3
_OF_A_RING: Final = 500


def work_of(spec: RosetteSpec) -> int:
    """Return the work of one drawing, in about microseconds; the same on every machine.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    # 22/7 will do: this is an estimate, and whole numbers are the same everywhere.
    area_mm2 = (spec.outer_radius**2 - spec.inner_radius**2) * 22 // 7_000_000
    tiles = sum(ring.count for ring in tiles_of(spec))
    return tiles * _OF_A_TILE + area_mm2 * _OF_A_MM2 + len(spec.rings) * _OF_A_RING
