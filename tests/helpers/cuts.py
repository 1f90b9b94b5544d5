"""Cuts as they were judged, for the tests of toolpaths."""

from typing import Any, Final

from rmos.cam.paths.cut import PathCut

RING_CUT: Final = PathCut(
    operation="channel",
    tool_id="em-3175-2f",
    diameter_um=3175,
    rpm=18_000,
    feed=1800,
    plunge=600,
    pass_um=750,
    engagement_um=3175,
    depth_um=1500,
    stock_um=3000,
    cuts_at_centre=True,
)
"""A channel of 1.5 mm in 3 mm of spruce with an eighth of an inch."""


def make_cut(**members: Any) -> PathCut:
    """Return that channel with other members."""
    told = {name: getattr(RING_CUT, name) for name in RING_CUT.__struct_fields__}
    return PathCut(**{**told, **members})
