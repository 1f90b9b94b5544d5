"""Find what is wrong with how a program cuts: rapids through material, a spindle that stands, tools that nobody named.

Each function asks one question and returns the findings, mostly none or one: the first line where it happens, and how
often. What can be said of the text alone the reader has found already.
"""

from rmos.cam.measure.extents import make_finding
from rmos.cam.measure.measured import format_mm
from rmos.cam.measure.removal import Removal
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.measure.windows import find_tool
from rmos.cam.motion import MotionKind, Motions, ProgramFinding


def find_rapids(motions: Motions, removal: Removal) -> list[ProgramFinding]:
    """Find rapids that go through material."""
    if not removal.rapids:
        return []
    place, depth = next(iter(removal.rapids.items()))
    more = f", and {count - 1} more do" if (count := len(removal.rapids)) > 1 else ""
    text = f"A rapid goes through {format_mm(depth)} mm of material{more}. Retract first, or cut there with G1."
    return [make_finding(motions, "RAPID_IN_MATERIAL", "RED", place, text)]


def find_unspun(motions: Motions, removal: Removal) -> list[ProgramFinding]:
    """Find cuts with a spindle that stands or was given no speed."""
    if not removal.unspun:
        return []
    place = removal.unspun[0]
    text = "It cuts while the spindle stands. Start it before with S and M3."
    return [make_finding(motions, "CUT_WITHOUT_SPINDLE", "RED", place, text)]


def find_unnamed_tools(motions: Motions, setup: ProgramSetup) -> list[ProgramFinding]:
    """Find tools that move and of which nobody said what they are."""
    findings = []
    reported: set[int | None] = set()
    fed = (MotionKind.LINE, MotionKind.ARC)
    for place, (kind, number) in enumerate(zip(motions.kind, motions.setup, strict=True)):
        tool = motions.setups[number].tool
        if kind in fed and tool not in reported:
            reported.add(tool)
            if find_tool(tool, setup) is None:
                called = "no tool, and several are given" if tool is None else f"T{tool}, which is not given"
                called = called if setup.tools else ("no tool" if tool is None else f"T{tool}") + ", and none is given"
                text = f'The program names {called}. Say which tool it is: tools {{"{tool or 1}": "<tool id>"}}.'
                findings.append(make_finding(motions, "TOOL_NOT_NAMED", "UNKNOWN", place, text))
    return findings
