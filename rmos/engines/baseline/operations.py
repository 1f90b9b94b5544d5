"""Which checks an operation needs, and which of them this version cannot judge yet.

CNC cuts channels, rings and shell; the mosaic is glued by hand. A check that says nothing about an operation does not
run.
"""

from collections.abc import Callable, Mapping
from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.chipload import chip_overload, chip_rubbing
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.speed import overspeed, rim_speed

Check = Callable[[Cut], Assessment]

_MILLED: Final[tuple[Check, ...]] = (chip_overload, chip_rubbing, overspeed, rim_speed)
_SAWN: Final[tuple[Check, ...]] = (overspeed, rim_speed)

CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "channel": _MILLED,
    "ring_cutout": _MILLED,
    "inlay_pocket": _MILLED,
    "inlay_part": _MILLED,
    "soundhole": _MILLED,
    "saw_slice": _SAWN,
    "drawing_only": (),
}
"""Operation → its checks, in the order of their ids."""

_NOT_YET_MILLED: Final = ("DEFLECTION", "DEPTH_PASS", "FORCE", "GEOMETRY", "HEAT", "PLUNGE", "POWER", "TOOL_BREAK")
_NOT_YET_CUT_OUT: Final = tuple(sorted((*_NOT_YET_MILLED, "HOLD_DOWN")))

NOT_YET_JUDGED: Final[Mapping[str, tuple[str, ...]]] = {
    "channel": _NOT_YET_MILLED,
    "ring_cutout": _NOT_YET_CUT_OUT,
    "inlay_pocket": _NOT_YET_MILLED,
    "inlay_part": _NOT_YET_CUT_OUT,
    "soundhole": _NOT_YET_CUT_OUT,
    "saw_slice": ("HOLD_DOWN", "SAW_BITE"),
    "drawing_only": (),
}
"""Operation → checks that belong to it and that nobody has made: a GREEN must not be taken for more than it says."""
