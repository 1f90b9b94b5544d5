"""Drive the program through the stock: what each window takes away, which motions cut at all, and in what groups.

removal = measure_removal(motions, setup, times)
removal.cutting[7]             # 1: the eighth motion removes something
removal.rapids                 # {"RAPID…"}: rapids that do
"""

from typing import Final

from rmos.cam.measure.bounds import find_bounds
from rmos.cam.measure.coarse import CoarseMap
from rmos.cam.measure.cuts import CutGroups, CutSample, merge_samples
from rmos.cam.measure.heights import Engagement, HeightMap, has_flat_end
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.measure.time import Times
from rmos.cam.measure.windows import Window, find_tool, list_windows
from rmos.cam.motion import MotionKind, Motions

NO_NUMPY: Final = (
    "The width of the cuts is taken as the whole diameter of the tool, and depths as the path has been: numpy is not "
    "installed (pip install 'rmos[cam]')."
)


class ToolTotals:
    """What one tool does over the whole program."""

    def __init__(self, sample: CutSample, rpm: float) -> None:
        self.sample = sample
        self.rpm = {rpm}

    def add(self, sample: CutSample, rpm: float) -> None:
        """Count a window in."""
        self.sample = merge_samples(self.sample, sample)
        self.rpm.add(rpm)


class Removal:
    """What a program takes away."""

    def __init__(self, motions: int) -> None:
        self.cutting = bytearray(motions)
        """1 of each motion that removes something."""
        self.rapids: dict[int, int] = {}
        """Rapids that remove something: place of the motion → depth in µm, at the deepest."""
        self.unspun: list[int] = []
        """Motions that remove something while the spindle stands."""
        self.offsets: dict[str, int] = {}
        """Work offsets in which something is cut, and the first motion that does."""
        self.groups = CutGroups()
        self.tools: dict[int | None, ToolTotals] = {}
        self.volume_mm3: float | None = 0.0
        self.assumptions: list[str] = []


def measure_removal(motions: Motions, setup: ProgramSetup, times: Times) -> Removal:
    """Return what the motions take away from a plate whose top is flat."""
    removal = Removal(len(motions))
    below = _find_below(motions, setup.top_um)
    corners = find_bounds(motions, below)
    tools = [tool for state in motions.setups if (tool := find_tool(state.tool, setup)) is not None]
    if corners is None or not tools:
        return removal
    heights: HeightMap | CoarseMap
    try:
        heights = HeightMap(corners, tools, setup.top_um)
    except ImportError:
        heights = CoarseMap(tools, setup.top_um)
        removal.assumptions.append(NO_NUMPY)
    for window in list_windows(motions, setup, times):
        engagement = heights.cut(window)
        if engagement.axial > 0:
            _count(removal, motions, window, engagement)
    removal.volume_mm3 = heights.sum_removed()
    removal.assumptions += _list_width_assumptions(setup, removal)
    return removal


def _find_below(motions: Motions, top: int) -> bytearray:
    """Return 1 for each motion that may go below the top of the stock."""
    before, upright = 0.0, {place for place, shape in motions.arcs.items() if shape.plane != "XY"}
    machine = int(MotionKind.MACHINE)
    flags = bytearray(len(motions))
    for place, (kind, z) in enumerate(zip(motions.kind, motions.z, strict=True)):
        flags[place] = kind != machine and (z < top or before < top or place in upright)
        before = z
    return flags


def _count(removal: Removal, motions: Motions, window: Window, engagement: Engagement) -> None:
    setup = motions.setups[window.setup]
    removal.cutting[window.first : window.last + 1] = b"\1" * (window.last + 1 - window.first)
    if window.is_rapid:
        removal.rapids[window.first] = max(removal.rapids.get(window.first, 0), engagement.axial)
        return
    if setup.spindle == "off" or setup.rpm <= 0:
        removal.unspun.append(window.first)
    removal.offsets.setdefault(setup.offset, window.first)
    sample = CutSample(
        feed=window.feed,
        plunge=window.find_plunge(),
        axial=engagement.axial,
        radial=engagement.radial,
        widest=engagement.widest,
        lowest=min(point[2] for point in window.points),
        seconds=window.seconds,
        length=window.length,
        place=window.first,
    )
    removal.groups.add(setup.tool, setup.rpm, window.is_vertical, sample)
    totals = removal.tools.get(setup.tool)
    if totals is None:
        removal.tools[setup.tool] = ToolTotals(sample, setup.rpm)
    else:
        totals.add(sample, setup.rpm)


def _list_width_assumptions(setup: ProgramSetup, removal: Removal) -> list[str]:
    """Return a sentence for each tool whose end is not flat."""
    lines = []
    for number in removal.tools:
        tool = find_tool(number, setup)
        if tool is not None and not has_flat_end(tool):
            name = tool.tool_id or (f"T{number}" if number is not None else "the tool")
            lines.append(f"The width of the cuts of {name} ({tool.kind}) is taken as its whole diameter.")
    return lines
