"""How many cells a ring has, and which variant of a cell stands where.

    count_cells(ring, inner=50_000, length=2500)                # 2 pi r_mid / length, to the nearest
    count_cells(ring, inner=50_000, length=2500, multiple=2)    # even: two colours meet at the seam

N = round(2 pi r_mid / w), and the cell is then 2 pi r_mid / N long: the pattern closes at the seam.
"""

from collections.abc import Callable
from typing import Final

from rmos.fixed import circumference, divide
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring, least_tiles

ChooseStream = Callable[[str], Stream]
"""The stream of a named decision of this ring."""
MOST_CELLS: Final = 2000


def count_cells(ring: Ring, inner: int, *, length: int, multiple: int = 1) -> int:
    """Return the number of cells: the one that is given, else what fits best with the given or the usual length."""
    if ring.tile_count is not None:
        return ring.tile_count
    around = circumference(inner + ring.width // 2)
    step = multiple * (2 if ring.mirror_at_seam and multiple % 2 else 1)
    count = divide(around, (ring.tile_length or length) * step) * step
    least = -(-least_tiles(ring.kind) // step) * step
    return min(max(count, least), MOST_CELLS // step * step)


def material(ring: Ring, at: int) -> str:
    """Return the ring's material number `at`; the list goes round."""
    return ring.materials[at % len(ring.materials)]


def shuffle_variants(count: int, variants: int, stream: Stream) -> tuple[int, ...]:
    """Return a variant for each of `count` places, never the same twice in a row where there are three or more."""
    order: list[int] = []
    for _ in range(count):
        variant = stream.below(variants)
        if variants > 2 and order and variant == order[-1]:
            variant = (variant + 1) % variants
        order.append(variant)
    return tuple(order)
