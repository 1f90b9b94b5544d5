"""Compare a program that somebody sends with all cuts of a job: each of its tools is to be covered by one of them.

    found = cover_by_cuts(shop, sent, request, cuts, evaluate, is_overridden, measure=…)
    found.verdict.covered, found.places           # by the cut that is first in the design, and by which in all

A job of a rosette has a channel, pockets, parts and a soundhole, each with its tool, its stock and its colour. A
program lies on one stock: cuts of different stocks never cover it together. What one tool does has to be within one
cut in all of its numbers: the feed of one cut and the depth of another together are what nobody approved.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rmos import digest
from rmos.cam.approach import Approach
from rmos.cam.cover import ApprovedCut, CoverVerdict, Exceedance, ProgramColour, ToolUse, cover_program
from rmos.engines.shop import Shop
from rmos.names import fold_name
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.evaluated_cuts import EvaluatedCut
from rmos.services.programs.checking import (
    CheckedProgram,
    Measure,
    ProgramRequest,
    check_program,
    list_uses,
    read_approved,
)
from rmos.services.programs.evaluating import Evaluate, find_worst, list_risks

IsOverridden = Callable[[ProgramColour], bool]


class JobCover(msgspec.Struct, frozen=True, kw_only=True):
    """How a program compares with the cuts of a job."""

    checked: CheckedProgram
    """As it was measured on the stock of these cuts."""
    verdict: CoverVerdict
    places: tuple[int, ...]
    """Of the cuts in the design: that of each tool which it is compared with; the first has its stock."""


def cover_by_cuts(
    shop: Shop,
    sent: SentProgram,
    request: RunRequest,
    cuts: Sequence[EvaluatedCut],
    evaluate: Evaluate,
    is_overridden: IsOverridden,
    *,
    measure: Measure,
) -> JobCover | None:
    """Return the cuts that cover a program, else those that it goes beyond in the fewest things.

    None where no cut has the tools that the program is said to be cut with.

    Raises:
        ValidationFailed: a number stands for no tool of the shop.
    """
    best: JobCover | None = None
    for places in _list_candidates(cuts, sent):
        base = cuts[places[0]]
        asked = ProgramRequest(
            context=base.context, tool_id=base.tool_id, machine_id=request.machine_id, options=sent.options
        )
        checked = check_program(shop, sent.data, asked, evaluate, measure=measure)
        found = _compare(shop, checked, cuts, places, is_overridden)
        if best is None or len(found.verdict.exceeded) < len(best.verdict.exceeded):
            best = found
        if best.verdict.covered:
            break
    return best


def _list_candidates(cuts: Sequence[EvaluatedCut], sent: SentProgram) -> Iterator[list[int]]:
    """Yield places of cuts that may cover a program together: those of one stock that have its tools.

    Of a program that names no tool these are the cuts of one stock with one tool.
    """
    named = {fold_name(tool_id) for tool_id in sent.options.tools.values()}
    groups: dict[bytes, list[int]] = {}
    for place, cut in enumerate(cuts):
        shared = {name: value for name, value in cut.context.items() if name != "tool"}
        key = digest.canonical([shared, None if named else fold_name(cut.tool_id)])
        if not named or fold_name(cut.tool_id) in named:
            groups.setdefault(key, []).append(place)
    for places in groups.values():
        if named <= {fold_name(cuts[place].tool_id) for place in places}:
            yield places


def _compare(
    shop: Shop,
    checked: CheckedProgram,
    cuts: Sequence[EvaluatedCut],
    places: Sequence[int],
    is_overridden: IsOverridden,
) -> JobCover:
    uses, approach = list_uses(checked), checked.approach
    approved = {place: read_approved(cuts[place].design, cuts[place].context, shop) for place in places}
    exceeded: list[Exceedance] = []
    found: list[int] = []
    for use in uses:
        tool_id = _name_tool(checked.tools, use)
        own = [place for place in places if fold_name(cuts[place].tool_id) == tool_id] or list(places[:1])
        verdicts = [
            (place, _cover_tool(checked, use, approved[place], cuts[place].decide().risk_level, is_overridden))
            for place in own
        ]
        place, verdict = min(verdicts, key=lambda item: len(item[1].exceeded))
        found.append(place)
        exceeded += verdict.exceeded
    # What was found of the text, how it comes to the stock, and tools that come near and cut nothing.
    rest = _take_tools(approach, without=[use.number for use in uses])
    beside = cover_program([], approved[places[0]], findings=checked.findings, approach=rest)
    places = tuple(dict.fromkeys(found)) or (places[0],)
    everything = (*beside.exceeded, *exceeded)
    return JobCover(checked=checked, verdict=CoverVerdict(covered=not everything, exceeded=everything), places=places)


def _cover_tool(
    checked: CheckedProgram,
    use: ToolUse,
    approved: ApprovedCut,
    approved_risk: ProgramColour,
    is_overridden: IsOverridden,
) -> CoverVerdict:
    """Return whether what a program does with one tool is within one cut."""
    cuts = [item for item in checked.cuts if item.cut.tool == use.number]
    near = () if checked.approach is None else checked.approach.tools
    worst = find_worst(cuts)
    return cover_program(
        [use],
        approved,
        risks=list_risks(cuts),
        approach=Approach(tools=tuple(item for item in near if item.number == use.number), rapid=None, end=None),
        approved_risk=approved_risk,
        overridden=worst is not None and is_overridden(worst.colour),
    )


def _take_tools(approach: Approach | None, *, without: Sequence[int | None]) -> Approach | None:
    if approach is None:
        return None
    return msgspec.structs.replace(approach, tools=tuple(item for item in approach.tools if item.number not in without))


def _name_tool(tools: Mapping[int, Mapping[str, Any]], use: ToolUse) -> str | None:
    """Return the folded id of the tool of a use; one that the program does not name is the only one it has."""
    tool = next(iter(tools.values()), None) if use.number is None and len(tools) == 1 else tools.get(use.number or 0)
    tool_id = None if tool is None else tool.get("tool_id")
    return fold_name(tool_id) if isinstance(tool_id, str) else None
