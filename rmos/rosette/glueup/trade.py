"""Sizes of the workshop that a glue-up is reckoned with, micrometres: RMOS policy after what luthiers report."""

from typing import Final

LOG_LENGTH: Final = 150_000
"""Of stacks, logs and blocks: what a small mitre saw holds; luthiers tell of 150 to 240 mm."""
KERF: Final = 600
"""Of a fine saw."""
EXTRA_HEIGHT: Final = 300
"""What strips and slices stand above the channel, to be scraped flush."""
SAWN_EXTRA: Final = 300
"""What a column or slab is sawn thicker than it is glued, to be planed or scraped to size and taper."""
MARGIN: Final = 1000
"""Of a stack on both sides: glue squeezes out, and the first cut squares it."""
LEAST_WIDTH: Final = 8000
"""The narrowest strip of veneer that can be stacked straight."""
BLOCK_WIDTH: Final = 20_000
"""Of the veneers in a block of slanted strips."""
BLOCK_LAYERS: Final = 24
"""Veneers in such a block, about: luthiers tell of 20 to 30."""
BLOCK_THICKEST: Final = 25_000
"""Of such a block: thick veneers are fewer, so that a small saw goes through and the slabs stay short."""
WIDEST_BENT: Final = 4000
"""The widest strip that is bent on edge round a soundhole; wider ones are sawn from a board."""
LONGER: Final = 105
"""Per cent of its circle that a strip is long."""
SPARE: Final = 2
"""Slices more than tiles: one to try the fit, one to break."""


def round_up(um: int, step: int) -> int:
    """Return a length rounded up to what a ruler or a caliper shows."""
    return ceil_div(um, step) * step


def ceil_div(a: int, b: int) -> int:
    """Return a/b rounded up."""
    return -(-a // b)
