"""The fields of the form on `/try`: what each is called, which member of a cut it is, and where it counts."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    CORNER_RADIUS,
    ENGAGEMENT,
    FEED,
    FLOOR,
    HOLD_AREA,
    HOLD_FRICTION,
    HOLD_PRESSURE,
    PLUNGE_FEED,
    RPM,
    STICKOUT,
    STOCK_THICKNESS,
    TOTAL_DEPTH,
    WALL,
    WIDTH,
)
from rmos.engines.baseline_v2.fields import DRILLED, MILLED, SAWN
from rmos.web.shared_words import WORDS

OPERATIONS: Final = WORDS["operations"]
COOLANTS: Final = WORDS["coolants"]
_FREE: Final = ("ring_cutout", "inlay_part", "soundhole")
_NOT_SAWN: Final = (*MILLED, DRILLED)
_EVERY: Final = (*MILLED, DRILLED, SAWN)


class TryField(NamedTuple):
    """A number of the form: its name in the URL, its title, the path of its member, its unit, where it counts."""

    name: str
    title: str
    path: str
    unit: str
    operations: tuple[str, ...] = _EVERY
    hint: str = ""
    hint_for: tuple[str, ...] = ()
    """Operations with which the hint is given; of none with all."""

    @property
    def section(self) -> str:
        """The object that its member is in, such as `design` or `context.tool`."""
        return self.path.rpartition(".")[0]

    @property
    def member(self) -> str:
        """The name of its member there."""
        return self.path.rpartition(".")[2]


SETTINGS: Final = (
    TryField("feed", "Feed", FEED, "mm/min", (*MILLED, SAWN)),
    TryField("rpm", "Spindle", RPM, "rpm"),
    TryField(
        "pass", "Depth of a pass", AXIAL_DEPTH, "mm", hint="Of a saw blade: the width of its kerf.", hint_for=(SAWN,)
    ),
    TryField("stickout", "Stick-out", STICKOUT, "mm", MILLED, "From the collet to the tip; empty: as in the table."),
    TryField("plunge", "Plunge feed", PLUNGE_FEED, "mm/min", _NOT_SAWN, "Of a drill: its feed.", (DRILLED,)),
)
PIECE: Final = (
    TryField("stock", "Thickness of the stock", STOCK_THICKNESS, "mm"),
    TryField("total", "Depth of the whole cut", TOTAL_DEPTH, "mm", _NOT_SAWN),
    TryField("width", "Width of the opening", WIDTH, "mm", _NOT_SAWN),
    TryField("floor", "Floor that stays", FLOOR, "mm", ("channel", "inlay_pocket"), "Empty: what the depth leaves."),
    TryField("radius", "Inside corner radius", CORNER_RADIUS, "mm", ("inlay_pocket",)),
    TryField("wall", "Wall that stays", WALL, "mm", _FREE),
    TryField("engagement", "Engagement sideways", ENGAGEMENT, "mm", MILLED, "Empty: a slot, where it is one."),
)
HOLD: Final = (
    TryField("pressure", "Vacuum", HOLD_PRESSURE, "kPa", (*_FREE, SAWN)),
    TryField("area", "Area that is held", HOLD_AREA, "mm²", (*_FREE, SAWN)),
    TryField("friction", "Friction", HOLD_FRICTION, "", (*_FREE, SAWN)),
)
FIELDS: Final = (*SETTINGS, *PIECE, *HOLD)
BY_NAME: Final[Mapping[str, TryField]] = {field.name: field for field in FIELDS}
SUGGESTED: Final = ("feed", "plunge", "rpm", "pass", "engagement")
"""What a suggestion finds when it is not stated."""

CHOICES: Final = ("tool", "material", "machine", "operation", "coolant")
AXES: Final[Mapping[str, tuple[str, str]]] = {
    "feed_rpm": ("feed", "rpm"),
    "feed_pass": ("feed", "pass"),
    "stickout_pass": ("stickout", "pass"),
}
AXES_TITLES: Final = WORDS["map_axes"]
COLOURINGS: Final = WORDS["map_colourings"]
VIEWS: Final = WORDS["map_views"]

START_TOOLS: Final[Mapping[str, str]] = {DRILLED: "dr-3000-2f", SAWN: "saw-100-60t"}
"""Operation → the tool of a form that nobody has filled in; of the others `em-3175-2f`."""
START: Final[Mapping[str, str]] = {
    "tool": "em-3175-2f",
    "material": "hard_maple",
    "machine": "light_desktop",
    "operation": "channel",
    "coolant": "",
}
_OPEN: Final = {"stock": 3.0, "total": 1.5, "width": 6.0}
_CUT_FREE: Final = {"stock": 3.0, "total": 3.0, "width": 6.0, "wall": 1.5}
_HELD: Final = {"pressure": 60.0, "area": 9000.0, "friction": 0.35}
START_NUMBERS: Final[Mapping[str, Mapping[str, float]]] = {
    "channel": _OPEN,
    "inlay_pocket": {**_OPEN, "radius": 2.0},
    **{name: {**_CUT_FREE, **_HELD} for name in _FREE},
    DRILLED: {"stock": 12.0, "total": 10.0, "width": 3.0},
    SAWN: {"stock": 6.0, "pass": 1.6, **_HELD},
}
"""Operation → the piece of a form that nobody has filled in: a top, a small vacuum table."""


def axis_field(name: str, operation: str) -> TryField:
    """Return the field of an axis; a drill's feed is its plunge feed."""
    return BY_NAME["plunge" if name == "feed" and operation == DRILLED else name]
