"""Toolpaths that cannot be made: each says which number is too large, and what would fit.

    raise ToolDoesNotFit("The channel is 3.000 mm wide and the cutter 3.175 mm.", measured_um=3175, limit_um=3000)

Nothing is changed to make it fit. `measured_um` is what there is and `limit_um` what would be possible, in whole µm.
"""

from rmos.errors.base import RmosError


class ToolDoesNotFit(RmosError):
    """The cutter, or what a finishing pass leaves for it, is larger than the place that it has to pass."""

    code, title, status, exit_code = "TOOL_DOES_NOT_FIT", "Tool does not fit", 422, 2
    remedy = "Take a cutter of `limit_um` or less, have the cut judged with it, and make the toolpaths again."


class NoEntry(RmosError):
    """There is no room for a helix or a ramp, and the cutter is not said to cut at its centre."""

    code, title, status, exit_code = "NO_ENTRY", "No way into the material", 422, 2
    remedy = "Take a smaller cutter or one that cuts at its centre, or another `entry`."


class TabsTooLong(RmosError):
    """Tabs would hold more than half of the path, so the part would never come free."""

    code, title, status, exit_code = "TABS_TOO_LONG", "Tabs are too long", 422, 2
    remedy = "Take fewer or shorter tabs, `limit_um` of path at the most, or a smaller cutter."


class OutsideStock(RmosError):
    """The toolpaths are larger than the stock, or lie beyond its edges."""

    code, title, status, exit_code = "OUTSIDE_STOCK", "Outside of the stock", 422, 2
    remedy = "Take a larger piece, or say where its zero is; `measured_um` is needed and `limit_um` is there."


class OutsideTravel(RmosError):
    """The toolpaths need more room than the axes of the machine have."""

    code, title, status, exit_code = "OUTSIDE_TRAVEL", "Outside of the travel", 422, 2
    remedy = "Take a machine with more travel; `measured_um` is needed and `limit_um` is there."


class TooManyMoves(RmosError):
    """The toolpaths have more moves than a program may."""

    code, title, status, exit_code = "TOO_MANY_MOVES", "Too many moves", 422, 2
    remedy = "Take fewer operations at once, deeper passes or a larger cutter."


class ShapeUnknown(RmosError):
    """The design says how a cut is made and not where: there is no shape to follow."""

    code, title, status, exit_code = "SHAPE_UNKNOWN", "Shape is not known", 422, 2
    remedy = "Set the design from the run of a rosette (`from_run_id`), or store a program that a CAM has made."
