"""Evaluate every distinct cut of a program by the engine: the worst decides, with its line and the rule that it breaks.

    evaluated = evaluate_program(engines, measured, request, context, tools)
    evaluated.worst.design, evaluated.worst.result, evaluated.cuts

A measured cut is the operation `milled`: its shape is its path. A width is measured in cells, so each cut is evaluated
as wide as it was measured and as wide as it may be, and the worse of both counts. Brief cuts, RMOS policy: RED of
CHIP_RUBBING or HEAT counts as YELLOW in cuts that together last less than 2 % of the cutting and less than 5 s; all
else counts in full, however short it is.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from rmos.cam.cover import CutRisk, ProgramColour
from rmos.cam.measure.measured import Measured, MeasuredCut
from rmos.engines.base import EngineResult
from rmos.engines.baseline.fields import MEASURED
from rmos.engines.decision import decide
from rmos.models import RunDecision
from rmos.services.programs.setup import read_length
from rmos.units import MM_PER_INCH

BRIEF_SHARE: Final = 0.02
BRIEF_S: Final = 5.0
BRIEF_RULES: Final = frozenset({"CHIP_RUBBING", "HEAT"})
_SEVERITY: Final[tuple[ProgramColour, ...]] = ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR")
_SHALLOWEST_MM: Final = 0.005
"""What an engine takes for the depth of a pass at the least; a shallower one is evaluated as this."""
_LEAST_DEPTH_MM: Final = 0.02
_LEAST_FEED: Final = 1.0

Evaluate = Callable[[dict[str, Any], dict[str, Any]], EngineResult]
"""Design and context → what an engine says."""


class CutEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A measured cut, as it was evaluated."""

    cut: MeasuredCut
    design: dict[str, Any]
    context: dict[str, Any]
    result: EngineResult
    decision: RunDecision
    is_brief: bool = False
    """Whether its RED counts as YELLOW."""

    @property
    def colour(self) -> ProgramColour:
        """The colour that counts."""
        return "YELLOW" if self.is_brief else self.decision.risk_level

    @property
    def reason(self) -> str:
        """The rule that it breaks, and how; empty of a GREEN cut."""
        if self.decision.block_reason:
            return self.decision.block_reason
        return next(iter(self.decision.warnings), "")


def evaluate_cuts_of(
    measured: Measured,
    contexts: Callable[[int | None], dict[str, Any] | None],
    evaluate: Evaluate,
    *,
    stock_mm: float,
) -> list[CutEvaluation]:
    """Return what the engine says of each cut; those of a tool that nobody knows are left out, a finding says so.

    Args:
        contexts: number of a tool → the context with that tool, None of one that is not known.
    """
    found = []
    going_through = {cut.tool for cut in measured.cuts if cut.through}
    for cut in measured.cuts:
        context = contexts(cut.tool)
        if context is None:
            continue
        beside = _find_companion(cut, measured.cuts) if cut.vertical else cut
        depth = max(float(cut.depth_mm), stock_mm) if cut.tool in going_through else float(cut.depth_mm)
        diameter = read_length(context, "tool", "diameter")
        evaluated = []
        for width in dict.fromkeys((beside.radial_mm, beside.widest_mm)):
            # A measure is in whole µm: one of a slot of 1/16" is wider than its cutter.
            width_mm = float(width) if diameter is None else min(float(width), diameter)
            design = make_cut_design(
                cut, beside, width_mm=width_mm, depth_mm=depth, stock_mm=stock_mm, is_inch=_is_inch(context)
            )
            result = evaluate(design, context)
            evaluated.append(
                CutEvaluation(cut=cut, design=design, context=context, result=result, decision=decide(result))
            )
        found.append(find_worst(evaluated) or evaluated[0])
    return _mark_brief(found)


def _is_inch(context: dict[str, Any]) -> bool:
    return context.get("units") == "inch"


def make_cut_design(
    cut: MeasuredCut, beside: MeasuredCut, *, width_mm: float, depth_mm: float, stock_mm: float, is_inch: bool
) -> dict[str, Any]:
    """Return the design of a measured cut, as an engine reads it.

    Args:
        beside: the cut whose feed and depth of a pass it has: itself, or of a plunge what the tool mills otherwise.
        width_mm: its engagement.
        depth_mm: how deep it goes when the program is done.
    """
    plunge = float(cut.plunge_feed)
    axial = max(float(beside.axial_mm), _SHALLOWEST_MM)
    depth = max(depth_mm, axial, _LEAST_DEPTH_MM)
    lengths = {
        "feed": float(beside.feed),
        "plunge_feed": max(plunge, _LEAST_FEED),
        "axial_depth": axial,
        "radial_engagement": width_mm,
        "total_depth": depth,
    }
    if depth < stock_mm:
        lengths["floor_thickness"] = round(stock_mm - depth, 6)
    design: dict[str, Any] = {"operation": MEASURED, "spindle_rpm": float(cut.rpm)}
    for name, value in lengths.items():
        if is_inch:
            design[name] = value / MM_PER_INCH
        else:
            design[f"{name}_mm_min" if name.endswith("feed") else f"{name}_mm"] = value
    return design


def _find_companion(plunge: MeasuredCut, cuts: Iterable[MeasuredCut]) -> MeasuredCut:
    """Return what a tool mills for the longest time at this speed; of one that only plunges the plunge itself."""
    same = [cut for cut in cuts if not cut.vertical and (cut.tool, cut.rpm) == (plunge.tool, plunge.rpm)]
    return max(same, key=lambda cut: float(cut.seconds), default=plunge)


def _mark_brief(found: list[CutEvaluation]) -> list[CutEvaluation]:
    """Return the cuts with those marked that are too short for their RED to count."""
    total = sum(float(item.cut.seconds) for item in found)
    brief = [item for item in found if _is_red_of_brief_rules_only(item)]
    seconds = sum(float(item.cut.seconds) for item in brief)
    if not brief or seconds >= BRIEF_S or seconds >= BRIEF_SHARE * total:
        return found
    return [
        msgspec.structs.replace(item, is_brief=True) if _is_red_of_brief_rules_only(item) else item for item in found
    ]


def _is_red_of_brief_rules_only(item: CutEvaluation) -> bool:
    red = {check.id for check in item.result.assessments if check.risk == "RED"}
    return item.result.status == "RED" and bool(red) and red <= BRIEF_RULES


def find_worst(found: Iterable[CutEvaluation]) -> CutEvaluation | None:
    """Return the cut that decides: the worst colour, then the lowest score, then the one that comes first.

    Where a brief cut is as bad as another one that one decides: what is recorded of it says its colour by itself.
    """
    return max(
        found,
        key=lambda item: (
            _SEVERITY.index(item.colour),
            not item.is_brief,
            -(item.decision.score if item.decision.score is not None else 100.0),
            -item.cut.line,
        ),
        default=None,
    )


def list_risks(found: Iterable[CutEvaluation]) -> list[CutRisk]:
    """Return what counts of each cut."""
    return [CutRisk(item.colour, item.cut.line, item.reason) for item in found]


def fill_in_decisions(measured: Measured, found: Iterable[CutEvaluation]) -> Measured:
    """Return the measures with what was decided on each cut."""
    decided = {id(item.cut): item for item in found}
    cuts = [
        cut
        if (item := decided.get(id(cut))) is None
        else msgspec.structs.replace(cut, risk_level=item.colour, score=item.decision.score, reason=item.reason or None)
        for cut in measured.cuts
    ]
    return msgspec.structs.replace(measured, cuts=tuple(cuts))


def severity_of(colour: ProgramColour) -> int:
    """Return how bad a colour is: the larger the worse."""
    return _SEVERITY.index(colour)
