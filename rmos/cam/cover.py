"""Compare what a program does with what was approved: it is covered when it does no more, to the µm and the mm/min.

    verdict = cover_program(uses, approved, findings=measured.findings, risks=[CutRisk("GREEN", line=9)])
    verdict.covered                    # False
    verdict.exceeded                   # (Exceedance(what="feed_mm_min", measured=1801, judged=1800, line=9, tool=1),)

Lengths are micrometres, feeds mm/min, speeds rpm. What was measured is compared as whole numbers of these: a machine
knows nothing finer, and a program in inches means the same as its metric twin.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from rmos.cam.approach import NEAR_UM, Approach, NearUse, Peak
from rmos.cam.motion import ProgramFinding

ProgramColour = Literal["GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR"]
_SEVERITY: Final[tuple[ProgramColour, ...]] = ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR")
_STOPPING: Final = ("RED", "UNKNOWN")
"""Levels of findings beside which no program is covered, whatever it measures."""
UNMEASURED: Final = frozenset(
    {
        "AFTER_END",
        "ARC_RADIUS",
        "IJ_MODE_UNSAID",
        "REALTIME_BYTES",
        "SEVERAL_OFFSETS",
        "START_UNSAID",
        "TOOL_LENGTH",
    }
)
"""Findings, not grave by themselves, beside which a controller may do what nobody has measured: motions behind the end
that GRBL runs, bytes in comments that it obeys, cuts from wherever the tool happens to stand, at the length of another
tool or at a second zero, arcs that a controller draws as spirals or around centres that a setting decides."""
_HALF: Final = 0.5
"""Of the unit in which a machine counts: less is the rounding of a file."""
_DIGITS: Final = 3
"""Of a millimetre, which makes them micrometres."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a program does with one tool."""

    number: int | None
    """The T of the program, None of a tool that it does not name."""
    diameter_um: float | None
    """Of the tool that stands for the number; None where nobody said which that is."""
    rpm: tuple[Peak, ...]
    """Each speed at which it cuts."""
    feed: Peak
    plunge: Peak
    axial_um: Peak
    radial_um: Peak
    depth_um: Peak


class ApprovedCut(msgspec.Struct, frozen=True, kw_only=True):
    """What was approved for a tool; a number that is None was not approved, so nothing of it is covered."""

    diameter_um: float | None
    rpm: float | None
    feed: float | None
    plunge: float | None
    axial_um: float | None
    radial_um: float | None
    depth_um: float | None


class CutRisk(msgspec.Struct, frozen=True):
    """What an engine says of one measured cut, and the line where it begins."""

    risk: ProgramColour
    line: int | None = None
    reason: str = ""


class Exceedance(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in which a program goes beyond what was approved."""

    what: str
    measured: float | str | None
    judged: float | str | None
    """What was approved, None where nothing was or could be."""
    line: int | None
    tool: int | None = None


class CoverVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a program may leave, else why not."""

    covered: bool
    exceeded: tuple[Exceedance, ...]


def cover_program(
    uses: Iterable[ToolUse],
    approved: Mapping[int | None, ApprovedCut] | ApprovedCut,
    *,
    findings: Iterable[ProgramFinding] = (),
    risks: Iterable[CutRisk] = (),
    approach: Approach | None = None,
    approved_risk: ProgramColour = "GREEN",
    overridden: bool = False,
) -> CoverVerdict:
    """Return whether a program does no more than was approved.

    Args:
        uses: what it does, tool by tool.
        approved: what was approved, by the program's tool numbers, or of every tool alike.
        findings: what was found while it was read and measured.
        risks: what an engine says of each of its cuts.
        approach: how it comes to the stock and leaves it.
        approved_risk: the colour that was approved; a cut that is worse is not covered.
        overridden: an override in force covers cuts that are worse.
    """

    def find_approved(number: int | None) -> ApprovedCut | None:
        return approved if isinstance(approved, ApprovedCut) else approved.get(number)

    exceeded = [_describe_finding(item) for item in findings if item.level in _STOPPING or item.code in UNMEASURED]
    for use in uses:
        exceeded += _compare_tool(use, find_approved(use.number))
    if approach is not None:
        reported = {(item.what, item.tool) for item in exceeded}
        beside = [item for near in approach.tools for item in _compare_near(near, find_approved(near.number))]
        exceeded += [item for item in beside if (item.what, item.tool) not in reported]
        exceeded += _compare_heights(approach)
    exceeded += [] if overridden else _compare_risks(list(risks), approved_risk)
    return CoverVerdict(covered=not exceeded, exceeded=tuple(exceeded))


def _describe_finding(finding: ProgramFinding) -> Exceedance:
    return Exceedance(what=finding.code, measured=finding.level, judged=None, line=finding.line)


def _compare_tool(use: ToolUse, approved: ApprovedCut | None) -> list[Exceedance]:
    if approved is None:
        return [Exceedance(what="tool", measured=use.number, judged=None, line=use.feed.line, tool=use.number)]
    lengths = (
        ("axial_depth_mm", use.axial_um, approved.axial_um),
        ("radial_engagement_mm", use.radial_um, approved.radial_um),
        ("total_depth_mm", use.depth_um, approved.depth_um),
    )
    feeds = (
        ("feed_mm_min", use.feed, approved.feed),
        ("plunge_feed_mm_min", use.plunge, approved.plunge),
    )
    found: list[tuple[str, float | None, float | None, int | None]] = []
    if not _is_same(use.diameter_um, approved.diameter_um):
        found.append(("diameter_mm", _in_mm(use.diameter_um), _in_mm(approved.diameter_um), use.feed.line))
    found += [
        ("spindle_rpm", _short(peak.value), approved.rpm, peak.line)
        for peak in use.rpm
        if not _is_same(peak.value, approved.rpm)
    ]
    found += [
        (what, _short(peak.value), limit, peak.line) for what, peak, limit in feeds if not _is_within(peak.value, limit)
    ]
    found += [
        (what, _in_mm(peak.value), _in_mm(limit), peak.line)
        for what, peak, limit in lengths
        if not _is_within(peak.value, _count_um(limit))
    ]
    return [
        Exceedance(what=what, measured=measured, judged=approved, line=line, tool=use.number)
        for what, measured, approved, line in found
    ]


def _compare_near(near: NearUse, approved: ApprovedCut | None) -> list[Exceedance]:
    """Return what a tool does too fast close over the stock, or too deep, whether it removes something or not."""
    if approved is None:  # told already where it cuts, and what does not cut needs no approval
        return []
    found = [
        (what, _short(peak.value), limit, peak)
        for what, peak, limit in (
            ("feed_mm_min", near.feed, approved.feed),
            ("plunge_feed_mm_min", near.plunge, approved.plunge),
        )
        if not _is_within(peak.value, limit)
    ]
    if not _is_within(near.depth_um.value, approved.depth_um):
        found.append(("total_depth_mm", _in_mm(near.depth_um.value), _in_mm(approved.depth_um), near.depth_um))
    return [
        Exceedance(what=what, measured=measured, judged=approved, line=peak.line, tool=near.number)
        for what, measured, approved, peak in found
    ]


def _compare_heights(approach: Approach) -> list[Exceedance]:
    """Return the rapid that comes too close to the stock, an end that leaves the tool at it, a depth from nowhere."""
    heights = (("rapid_height_mm", approach.rapid), ("end_height_mm", approach.end))
    found = [
        Exceedance(what=what, measured=_in_mm(peak.value), judged=_in_mm(NEAR_UM), line=peak.line)
        for what, peak in heights
        if peak is not None and peak.value < NEAR_UM
    ]
    if approach.relative_z is not None:
        found.append(Exceedance(what="start_height_mm", measured=None, judged=None, line=approach.relative_z))
    return found


def _compare_risks(risks: Sequence[CutRisk], approved_risk: ProgramColour) -> list[Exceedance]:
    """Return the worst cut when it is worse than what was approved; the first of several that are as bad."""
    worst = max(risks, key=lambda cut: _SEVERITY.index(cut.risk), default=None)
    if worst is None or _SEVERITY.index(worst.risk) <= _SEVERITY.index(approved_risk):
        return []
    return [Exceedance(what="risk_level", measured=worst.risk, judged=approved_risk, line=worst.line)]


def _is_within(measured: float, limit: float | None) -> bool:
    """Tell whether a measure is no more than a limit: nothing is that of what is not known, and NaN is of nothing."""
    return measured == 0 or (limit is not None and measured - limit < _HALF)


def _count_um(length: float | None) -> float | None:
    """Return a length that was approved as it is measured, in whole µm: 1/16" is 1588 of them."""
    return None if length is None or length != length else math.floor(length + _HALF)


def _is_same(measured: float | None, approved: float | None) -> bool:
    return measured is not None and approved is not None and abs(measured - approved) < _HALF


def _in_mm(um: float | None) -> float | None:
    return None if um is None or um != um else round(um / 1000, _DIGITS)


def _short(number: float) -> float | None:
    return None if number != number else round(number, _DIGITS)
