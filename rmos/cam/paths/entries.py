"""How a cutter gets down, and how deep each pass goes.

    list_levels(1100, 794)               # [550, 1100]: below the top of the stock
    find_drop(47_588, feed=1800, plunge=600)     # 15 670 µm: what one turn of a helix may go down

A helix is no steeper than 3° (the default of PutiaCNC), and the part of its feed that goes straight down is no more
than the plunge feed that was evaluated: v_f sin α <= v_p.
"""

from math import isqrt
from typing import Final

from rmos.fixed import circumference

_TAN_3_DEG: Final = (52_407_779_283, 10**12)


def list_levels(total_um: int, pass_um: int) -> list[int]:
    """Return the depths of the passes, the fewest that are no deeper than the evaluated one: z_k = total k / n."""
    count = -(-total_um // pass_um)
    return [total_um * number // count for number in range(1, count + 1)]


def find_drop(radius_um: int, *, feed: int, plunge: int) -> int:
    """Return how far one turn of a helix may go down, µm, at least one."""
    return max(1, find_fall(circumference(radius_um), feed=feed, plunge=plunge))


def find_fall(length_um: int, *, feed: int, plunge: int) -> int:
    """Return how far a path of this length may go down."""
    part, whole = _TAN_3_DEG
    allowed = length_um * part // whole
    if plunge < feed:  # tan α of the angle whose sine is plunge / feed
        root = isqrt(feed * feed - plunge * plunge - 1) + 1  # rounded up, so that no helix falls faster
        allowed = min(allowed, length_um * plunge // root)
    return allowed


def count_turns(down_um: int, radius_um: int, *, feed: int, plunge: int) -> int:
    """Return how many turns of a helix it takes to go down."""
    return max(1, -(-down_um // find_drop(radius_um, feed=feed, plunge=plunge)))
