"""What a path is made of: the cut as it was evaluated, and what may be chosen beside it.

    cut = PathCut(operation="channel", tool_id="em-3175-2f", diameter_um=3175, rpm=18000, feed=1800, …)
    options = PathOptions(direction="climb")

Feed, plunge, speed, the depth of a pass, the depth, the engagement and tool are those of the evaluated design and of
nothing else: no option says any of them. Lengths are whole micrometres, feeds mm/min.
"""

import math
from typing import Final, Literal

import msgspec

from rmos.cam.measure.setup import StockOrigin, Zero
from rmos.cam.motion import Units

Direction = Literal["climb", "conventional"]
EntryWay = Literal["helix", "ramp", "plunge"]
Coolant = Literal["none", "air", "mist"]
CLEARANCE_UM: Final = 500
"""How far above the stock rapids end at the least: closer counts as at it (`cam/approach.py`)."""
INCH_DIGIT_UM: Final = 3
"""What the last digit of an inch may put between two places, 2.54 µm rounded up: passes and steps leave room for it."""
STEPOVER: Final = (4, 10)
"""Of the cutter's diameter, where the whole of it may engage: the usual 0.4 D (RMOS policy)."""


class PathCut(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, as it was evaluated."""

    operation: str
    ring: int | None = None
    tool_id: str
    diameter_um: float
    """Not always whole: 1/16" is 1587.5."""
    rpm: int
    feed: int
    plunge: int
    pass_um: int
    engagement_um: int
    depth_um: int
    stock_um: int
    cuts_at_centre: bool = False

    @property
    def radius_um(self) -> int:
        """Half of the diameter, rounded up: rounded down, a wall would be cut by half a micrometre."""
        return math.ceil(self.diameter_um / 2)

    @property
    def width_um(self) -> int:
        """The diameter, rounded up."""
        return math.ceil(self.diameter_um)

    @property
    def step_um(self) -> int:
        """How far one turn lies from the next: what was evaluated, or 0.4 of the diameter where that is less."""
        usual = int(self.diameter_um) * STEPOVER[0] // STEPOVER[1]
        return max(1, min(usual, self.engagement_um) if self.engagement_um >= self.diameter_um else self.engagement_um)


def fit_units(cut: PathCut, units: Units) -> PathCut:
    """Return a cut whose passes and steps are no larger than they were evaluated once these units are written."""
    if units == "mm":
        return cut
    is_slot = cut.engagement_um >= cut.diameter_um
    step_um = cut.engagement_um if is_slot else max(1, cut.engagement_um - INCH_DIGIT_UM)
    return msgspec.structs.replace(cut, pass_um=max(1, cut.pass_um - INCH_DIGIT_UM), engagement_um=step_um)


class Tabs(msgspec.Struct, frozen=True, kw_only=True):
    """Bridges that hold what is cut free until it is taken out by hand."""

    count: int
    length_um: int = 3000
    """Of the bridge itself; the path is raised for a diameter more."""
    height_um: int | None = None
    """None is half of the depth, a millimetre at the most."""


class PathOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen of a path without evaluating anew."""

    safe_um: int = 6000
    """Above the stock, where rapids travel."""
    clearance_um: int = CLEARANCE_UM
    """Above the stock, where rapids end and the feed begins."""
    direction: Direction = "climb"
    entry: EntryWay = "helix"
    finish_um: int = 0
    """What a last pass takes off each wall; 0 is none."""
    tabs: Tabs | None = None
    zero: Zero = "stock_top"
    origin: StockOrigin = "hole_centre"
    coolant: Coolant = "none"
    spindle_wait_s: int = 3
    units: Units = "mm"
