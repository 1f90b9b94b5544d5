"""Find what does not fit: cuts beyond the stock, into what lies under it, and programs larger than the machine."""

import math
from typing import Final

from rmos.cam.measure.bounds import find_bounds, place_at
from rmos.cam.measure.measured import format_mm
from rmos.cam.measure.removal import Removal
from rmos.cam.measure.setup import MachineAxes, ProgramSetup
from rmos.cam.measure.windows import find_tool
from rmos.cam.motion import FindingLevel, Motions, ProgramFinding

BELOW_ROOM_UM: Final = 500
"""How far below the stock a cut may go, into the board under it (RMOS policy)."""


def find_below(motions: Motions, setup: ProgramSetup) -> list[ProgramFinding]:
    """Find motions that go through the stock and deep into what lies under it."""
    limit = setup.bottom_um - BELOW_ROOM_UM
    place = next((place for place, z in enumerate(motions.z) if z < limit), None)
    lowest = min((z for z in motions.z if z < limit), default=math.inf)
    corners = find_bounds(motions)
    # An arc in an upright plane may dip below both of its ends.
    lowest = min(lowest, corners[0][2]) if corners else lowest
    if lowest >= limit:
        return []
    place = next(iter(motions.arcs)) if place is None else place
    under = format_mm(setup.bottom_um - lowest)
    text = f"It goes to Z{format_mm(lowest)}, {under} mm below the stock. Check Z zero, thickness and depth."
    return [make_finding(motions, "BELOW_STOCK", "RED", place, text)]


def find_outside_stock(motions: Motions, setup: ProgramSetup, removal: Removal) -> list[ProgramFinding]:
    """Find cuts that leave the stock: its edges are further away than the radius of the tool, or it is too small."""
    corners = find_bounds(motions, removal.cutting)
    if corners is None:
        return []
    radius = (
        max((tool.diameter_mm for number in removal.tools if (tool := find_tool(number, setup))), default=0.0) * 500
    )
    for axis, name, size in ((0, "X", setup.stock.width_mm), (1, "Y", setup.stock.height_mm)):
        if size is None:
            continue
        low, high = corners[0][axis], corners[1][axis]
        edges = _find_edges(setup, size * 1000)
        if edges is None and high - low > size * 1000 + 2 * radius:
            text = (
                f"It cuts over {format_mm(high - low)} mm along {name}, and the stock has {format_mm(size * 1000)} mm."
            )
            return [make_finding(motions, "OUTSIDE_STOCK", "YELLOW", removal.cutting.index(1), text)]
        if edges is not None and (low < edges[0] - radius or high > edges[1] + radius):
            beyond = max(edges[0] - low, high - edges[1])
            text = (
                f"It cuts up to {format_mm(beyond)} mm beyond the edge of the stock along {name}. Check zero and size."
            )
            place = _find_outside(motions, removal, axis, (edges[0] - radius, edges[1] + radius))
            return [make_finding(motions, "OUTSIDE_STOCK", "YELLOW", place, text)]
    return []


def find_outside_travel(motions: Motions, machine: MachineAxes | None) -> list[ProgramFinding]:
    """Find programs that need more room than the axes have, wherever the zero is."""
    corners = find_bounds(motions)
    if machine is None or machine.travel_mm is None or corners is None:
        return []
    for axis, (name, travel) in enumerate(zip("XYZ", machine.travel_mm, strict=True)):
        span = corners[1][axis] - corners[0][axis]
        if span > travel * 1000:
            text = f"It needs {format_mm(span)} mm along {name}, and the machine has {format_mm(travel * 1000)} mm."
            column = (motions.x, motions.y, motions.z)[axis]
            place = next((place for place, value in enumerate(column) if value >= corners[1][axis]), 0)
            return [make_finding(motions, "OUTSIDE_TRAVEL", "RED", place, text)]
    return []


def make_finding(motions: Motions, code: str, level: FindingLevel, place: int, text: str) -> ProgramFinding:
    """Return a finding at the line of a motion."""
    return ProgramFinding(code=code, level=level, line=motions.line[place], text=text)


def _find_edges(setup: ProgramSetup, size_um: float) -> tuple[float, float] | None:
    """Return where the stock begins and ends along an axis, µm; None when nobody says where it lies."""
    if setup.stock.origin == "stock_corner":
        return 0.0, size_um
    return (-size_um / 2, size_um / 2) if setup.stock.origin == "stock_centre" else None


def _find_outside(motions: Motions, removal: Removal, axis: int, edges: tuple[float, float]) -> int:
    """Return the first cutting motion that ends beyond the edges; the first of all where only an arc bulges out."""
    cutting = [place for place, flag in enumerate(removal.cutting) if flag]
    outside = (place for place in cutting if not edges[0] <= place_at(motions, place)[axis] <= edges[1])
    return next(outside, cutting[0])
