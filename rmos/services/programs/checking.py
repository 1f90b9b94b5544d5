"""Check a program: read, measure, evaluate its cuts, and compare it with what was approved.

    checked = check_program(engines, data, asked, evaluate=…)
    checked.colour, checked.findings, checked.worst

Nothing is recorded here. What cannot be read, measured or known makes the whole UNKNOWN; a program that nobody
understands is never GREEN.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rmos import digest
from rmos.cam.approach import Approach, Peak
from rmos.cam.cover import ApprovedCut, CoverVerdict, ProgramColour, ToolUse, cover_program
from rmos.cam.measure.measured import Measured, MeasuredCut, MeasuredTool
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import ProgramFinding
from rmos.engines.baseline_v2.cut import open_cut
from rmos.engines.shop import Shop
from rmos.engines.shop.tools import in_inches
from rmos.errors.request import ValidationFailed
from rmos.names import find_name, offer_names
from rmos.services.programs.evaluating import (
    CutEvaluation,
    Evaluate,
    evaluate_cuts_of,
    fill_in_decisions,
    find_worst,
    list_risks,
    severity_of,
)
from rmos.services.programs.reading import MeasureReply, MeasureRequest, measure_in_child
from rmos.services.programs.setup import ProgramOptions, SetupFound, make_setup, read_length

NO_MOTION: Final = "NO_MOTION"
"""What the reader finds of a program that moves nothing."""
_COLOURS: Final[Mapping[str, ProgramColour]] = {"RED": "RED", "UNKNOWN": "UNKNOWN", "YELLOW": "YELLOW", "NOTE": "GREEN"}
_NOTHING: Final[ProgramColour] = "UNKNOWN"
_UM: Final = 1000.0

_NO_CUT: Final = ProgramFinding(
    code="NO_CUT",
    level="UNKNOWN",
    line=None,
    text="It removes nothing of the stock that anybody could evaluate: compare zero, stock and tools with the program.",
)

Measure = Callable[[bytes, MeasureRequest], MeasureReply]


class ProgramRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A program to be checked: what it is cut with, as an engine reads it."""

    context: Mapping[str, Any]
    """The completed one: its `tool` is the tool of the cut."""
    tool_id: str | None
    """The id of that tool."""
    machine_id: str | None = None
    """The machine of the shop that cuts it."""
    options: ProgramOptions = ProgramOptions()


class CheckedProgram(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a program."""

    sha256: str
    size_bytes: int
    measured: Measured | None
    """With the decision on each cut; None when nothing could be measured."""
    approach: Approach | None
    findings: tuple[ProgramFinding, ...]
    """All of them, those of what is not known of its setup too."""
    cuts: tuple[CutEvaluation, ...]
    tools: Mapping[int, Mapping[str, Any]]
    """Number → the members of its tool, in the units of the context."""
    is_inch: bool
    options: ProgramOptions
    setup: ProgramSetup | None
    """What it was measured against; None when that is not known."""

    @property
    def worst(self) -> CutEvaluation | None:
        """The cut that decides."""
        return find_worst(self.cuts)

    @property
    def colour(self) -> ProgramColour:
        """The worst of findings and cuts; UNKNOWN where there is nothing to evaluate."""
        colours = [self.findings_colour, *(item.colour for item in self.cuts)]
        return max([*colours, *([] if self.cuts else [_NOTHING])], key=severity_of)

    @property
    def findings_colour(self) -> ProgramColour:
        """The worst of the findings alone."""
        return max((_COLOURS[finding.level] for finding in self.findings), key=severity_of, default="GREEN")


def check_program(
    shop: Shop, data: bytes, asked: ProgramRequest, evaluate: Evaluate, *, measure: Measure = measure_in_child
) -> CheckedProgram:
    """Return what a program does and what is wrong with it.

    Raises:
        ValidationFailed: `tools` names what is no tool of the shop.
    """
    is_inch = asked.context.get("units") == "inch"
    tools, found = find_setup(shop, asked)
    reply = MeasureReply(None, None)
    if found.setup is not None:
        reply = measure(data, MeasureRequest(setup=found.setup, units=asked.options.units))
    measured = None if reply.program is None else reply.program.measured
    findings = [*found.findings, *([] if reply.failure is None else [reply.failure])]
    findings += [] if measured is None else measured.findings
    cuts: list[CutEvaluation] = []
    if measured is not None:
        stock_mm = read_length(asked.context, "stock", "thickness") or 0.0
        contexts = _Contexts(asked.context, tools)
        cuts = evaluate_cuts_of(measured, contexts.of_tool, evaluate, stock_mm=stock_mm)
        measured = fill_in_decisions(measured, cuts)
        findings += [] if cuts or _has_finding(findings, NO_MOTION) else [_NO_CUT]
    return CheckedProgram(
        sha256=digest.sha256_hex(data),
        size_bytes=len(data),
        measured=measured,
        approach=None if reply.program is None else reply.program.approach,
        findings=tuple(findings),
        cuts=tuple(cuts),
        tools=tools,
        is_inch=is_inch,
        options=asked.options,
        setup=found.setup,
    )


def find_setup(shop: Shop, asked: ProgramRequest) -> tuple[dict[int, Mapping[str, Any]], SetupFound]:
    """Return the tool of each number and what a program is measured against, as the shop's tables have them today.

    Raises:
        ValidationFailed: a tool or a dialect is not known.
    """
    tools = _find_tools(shop, asked, is_inch=asked.context.get("units") == "inch")
    return tools, make_setup(asked.context, tools, _find_axes(shop, asked.machine_id), asked.options)


def digest_tools(tools: Mapping[int, Mapping[str, Any]]) -> str:
    """Return the digest of all that is known of the tools of a program."""
    return digest.canonical_sha256({str(number): dict(tool) for number, tool in tools.items()})


def _has_finding(findings: list[ProgramFinding], code: str) -> bool:
    return any(finding.code == code for finding in findings)


class _Contexts:
    """The context of a cut, with the tool of its number."""

    def __init__(self, context: Mapping[str, Any], tools: Mapping[int, Mapping[str, Any]]) -> None:
        self._context = context
        self._tools = tools

    def of_tool(self, number: int | None) -> dict[str, Any] | None:
        """Return the context with a tool, None when nobody knows which that is."""
        if number is None and len(self._tools) != 1:
            return None
        tool = next(iter(self._tools.values())) if number is None else self._tools.get(number)
        if tool is None:
            return None
        members = {name: value for name, value in tool.items() if name != "tool_id"}
        return {**self._context, "tool": members}


def _find_axes(shop: Shop, machine_id: str | None) -> Mapping[str, Any]:
    name = None if machine_id is None else find_name(machine_id, shop.axes)
    return {} if name is None else shop.axes[name]


def _find_tools(shop: Shop, asked: ProgramRequest, *, is_inch: bool) -> dict[int, Mapping[str, Any]]:
    """Return the tool of each number; without any said, T1 is the tool of the cut.

    Raises:
        ValidationFailed: a number stands for no tool of the shop.
    """
    own = asked.context.get("tool")
    own = {**own, "tool_id": asked.tool_id} if isinstance(own, Mapping) else None
    if not asked.options.tools:
        return {} if own is None else {1: own}
    found: dict[int, Mapping[str, Any]] = {}
    errors: dict[str, list[str]] = {}
    for number, tool_id in asked.options.tools.items():
        if own is not None and asked.tool_id is not None and find_name(tool_id, [asked.tool_id]):
            found[number] = own
            continue
        name = find_name(tool_id, shop.tools)
        if name is None:
            errors[f"tools.{number}"] = [f"The shop has no such tool. {offer_names(tool_id, shop.tools)}".rstrip()]
            continue
        members = in_inches(shop.tools[name]) if is_inch else shop.tools[name]
        found[number] = {**members, "tool_id": name}
    if errors:
        raise ValidationFailed.of_request(errors)
    return found


# Cover


def cover_checked(
    checked: CheckedProgram,
    design: object,
    context: object,
    shop: Shop,
    *,
    approved_risk: ProgramColour,
    is_overridden: Callable[[ProgramColour], bool] = lambda risk: False,
) -> CoverVerdict:
    """Return whether a program does no more than a design that was evaluated.

    Args:
        is_overridden: tells whether an override in force covers cuts of a colour.
    """
    worst = checked.worst
    return cover_program(
        list_uses(checked),
        read_approved(design, context, shop),
        findings=checked.findings,
        risks=list_risks(checked.cuts),
        approach=checked.approach,
        approved_risk=approved_risk,
        overridden=worst is not None and is_overridden(worst.colour),
    )


def read_approved(design: object, context: object, shop: Shop) -> ApprovedCut:
    """Return what an evaluated design allows, as the second engine reads it; it reads all that the first one does."""
    cut = open_cut(design, context, shop.materials)
    return ApprovedCut(
        diameter_um=_known(cut.diameter, _UM),
        rpm=_known(cut.rpm),
        feed=_known(cut.feed),
        plunge=_known(cut.plunge),
        axial_um=_known(cut.depth, _UM),
        radial_um=_known(cut.engagement, _UM),
        depth_um=_known(cut.total, _UM),
    )


def _known(number: float, factor: float = 1.0) -> float | None:
    return None if number != number else float(f"{number * factor:.12g}")


def list_uses(checked: CheckedProgram) -> list[ToolUse]:
    measured = checked.measured
    return [] if measured is None else [_make_use(checked, measured, tool) for tool in measured.tools]


def _make_use(checked: CheckedProgram, measured: Measured, tool: MeasuredTool) -> ToolUse:
    cuts = [cut for cut in measured.cuts if cut.tool == tool.number]
    deepest = max((float(cut.depth_mm) for cut in cuts), default=0.0)
    return ToolUse(
        number=tool.number,
        diameter_um=_find_diameter_um(checked, tool.number),
        rpm=tuple(_find_peak(cuts, "rpm", float(rpm), exactly=True) for rpm in tool.rpm),
        feed=_find_peak(cuts, "feed", float(tool.max_feed)),
        plunge=_find_peak(cuts, "plunge_feed", float(tool.max_plunge)),
        axial_um=_find_peak(cuts, "axial_mm", float(tool.max_axial_mm), _UM),
        radial_um=_find_peak(cuts, "radial_mm", float(tool.max_radial_mm), _UM),
        depth_um=_find_peak(cuts, "depth_mm", deepest, _UM),
    )


def _find_diameter_um(checked: CheckedProgram, number: int | None) -> float | None:
    tools = checked.tools
    tool = next(iter(tools.values()), None) if number is None and len(tools) == 1 else tools.get(number or 0)
    if tool is None:
        return None
    units = {"units": "inch" if checked.is_inch else "mm", "tool": tool}
    diameter = read_length(units, "tool", "diameter")
    return None if diameter is None else diameter * _UM


def _find_peak(cuts: list[MeasuredCut], name: str, value: float, factor: float = 1.0, *, exactly: bool = False) -> Peak:
    """Return the largest of a measure with the first line of the cuts where it is."""
    at = next(
        (
            cut.line
            for cut in cuts
            if (float(getattr(cut, name)) == value if exactly else float(getattr(cut, name)) >= value)
        ),
        None,
    )
    return Peak(value * factor, at)


def dump_measured(measured: Measured) -> bytes:
    """Return the canonical bytes of the measures, whose digest is the same on every machine."""
    return digest.canonical(measured.to_json())
