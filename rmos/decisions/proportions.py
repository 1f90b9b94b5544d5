"""A share of few or many, with the interval in which the true one lies.

make_proportion(3, 40)      # Proportion(count=3, of=40, share=0.075, low=0.025836, high=0.198642)
"""

import math
from typing import Final

import msgspec

_Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution: 95 % lie within it on both sides."""
_DIGITS: Final = 6


class Proportion(msgspec.Struct, frozen=True, kw_only=True):
    """So many of so many; with none at all there is no share."""

    count: int
    of: int
    share: float | None = None
    low: float | None = None
    """Where the 95 % interval of the share begins."""
    high: float | None = None


def make_proportion(count: int, of: int) -> Proportion:
    """Return a share with its 95 % interval, to six decimals.

    The score interval of E. B. Wilson (1927), which holds for few and for none, where count ± 2 s does not:
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n).
    """
    if of == 0:
        return Proportion(count=count, of=of)
    share, z2 = count / of, _Z * _Z
    middle = share + z2 / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low, high = ((middle + side * spread) / (1 + z2 / of) for side in (-1, 1))
    return Proportion(
        count=count,
        of=of,
        share=round(share, _DIGITS),
        low=0.0 if count == 0 else round(low, _DIGITS),
        high=1.0 if count == of else round(high, _DIGITS),
    )
