"""What each tool did in a job: minutes in the cut and the path, and how each is known.

    work = find_job_work(run, outcome, to_line=None)
    work.tools[0].cutting_s, work.tools[0].time_origin       # 264.1, "measured_program"

Minutes are those that were reported, else those that the program keeps the tool in the cut, times how long the job ran
over how long the program was estimated to run. What a program does stands in the decision on it. How far one came that
was stopped at a line has to be measured, which is done once, when the outcome is reported; its event keeps the figures.
Unknown stays unknown: it is None, never 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rmos.models import RunArtifact
from rmos.names import fold_name
from rmos.outcomes import (
    CutOutcome,
    TimeOrigin,
    ToolWork,
    UsedTool,
    add_up_known,
    find_estimate_s,
    find_seconds,
    read_decimal,
)

_DIGITS: Final = 3


class ProgramUse(NamedTuple):
    """What a program does with one tool: seconds and mm of cutting, None where nobody measured them."""

    tool_id: str
    cutting_s: float | None
    cutting_mm: float | None


class ProgramExtent(NamedTuple):
    """What programs do as far as they ran, and how long that was estimated to take, s."""

    uses: Sequence[ProgramUse]
    estimate_s: float | None


class JobWork(NamedTuple):
    """What the tools of a job did, and the path of the whole job, mm."""

    tools: list[ToolWork]
    cut_mm: float | None


class _WorkingTool(NamedTuple):
    """One tool of a job, with all that was reported of it."""

    tool_id: str
    serial: str | None
    reported: list[UsedTool]
    has_likes: bool
    """Whether others with its id took part: then nobody knows which one did what of the program."""


def find_job_work(run: RunArtifact, outcome: CutOutcome, *, to_line: ProgramExtent | None = None) -> JobWork:
    """Return what the tools of a job did.

    Args:
        to_line: what the program does up to the line at which it stopped; None where nobody has measured that.
    """
    programs = list_ran_programs(run, outcome)
    whole = read_extent(programs)
    if stops_early(programs, outcome):
        extent = to_line
    else:
        extent = whole if outcome.ended == "completed" or outcome.last_line is not None else None
    tools = _list_tools(run, outcome, whole)
    alone = len({fold_name(tool.tool_id) for tool in tools}) == 1
    cut_mm = None if extent is None else add_up_known([use.cutting_mm for use in extent.uses])
    return JobWork([_find_work(tool, outcome, whole, extent, alone=alone) for tool in tools], cut_mm)


def list_ran_programs(run: RunArtifact, outcome: CutOutcome) -> list[dict[str, Any]]:
    """Return what the decision says of the programs that ran: all of the run where nobody said which."""
    if outcome.program_matches is False:
        return []
    sha256 = outcome.program_sha256
    return [program for program in run.decision.list_programs() if sha256 in (None, program.get("sha256"))]


def stops_early(programs: Sequence[Mapping[str, Any]], outcome: CutOutcome) -> bool:
    """Tell whether a job stopped at a line before the last one of its program."""
    if outcome.last_line is None:
        return False
    counts = [program.get("lines") for program in programs]
    return len(counts) != 1 or not isinstance(counts[0], int) or outcome.last_line < counts[0]


def read_extent(programs: Sequence[Mapping[str, Any]]) -> ProgramExtent:
    """Return what programs do from their beginning to their end, as decisions and measures say it."""
    uses = [
        ProgramUse(str(use["tool_id"]), read_decimal(use.get("cutting_s")), read_decimal(use.get("cutting_mm")))
        for program in programs
        for use in (program["tools"] if isinstance(program.get("tools"), list) else [])
        if isinstance(use, dict) and isinstance(use.get("tool_id"), str) and use["tool_id"]
    ]
    return ProgramExtent(uses, add_up_known([find_estimate_s(program.get("estimate_s")) for program in programs]))


def _list_tools(run: RunArtifact, outcome: CutOutcome, whole: ProgramExtent) -> list[_WorkingTool]:
    """Return the tools of a job: those that were reported, else those of its program, else that of the run."""
    named = outcome.tools or [UsedTool(tool_id=use.tool_id) for use in whole.uses] or [UsedTool(tool_id=run.tool_id)]
    found: dict[tuple[str, str], list[UsedTool]] = {}
    for tool in named:
        found.setdefault((fold_name(tool.tool_id), fold_name(tool.serial or "")), []).append(tool)
    ids = [tool_id for tool_id, _ in found]
    return [
        _WorkingTool(tools[-1].tool_id, tools[-1].serial, tools, has_likes=ids.count(tool_id) > 1)
        for (tool_id, _), tools in found.items()
    ]


def _find_work(
    tool: _WorkingTool, outcome: CutOutcome, whole: ProgramExtent, extent: ProgramExtent | None, *, alone: bool
) -> ToolWork:
    seconds, origin = _find_time(tool, outcome, whole, extent, alone=alone)
    path = None
    if extent is not None and not tool.has_likes:
        path = add_up_known([use.cutting_mm for use in _yield_uses(extent, tool.tool_id, alone=alone)])
    return ToolWork(
        tool_id=tool.tool_id,
        serial=tool.serial or None,
        cutting_s=None if seconds is None else round(seconds, _DIGITS),
        time_origin=origin,
        cutting_mm=None if path is None else round(path, _DIGITS),
        broke=any(reported.broke for reported in tool.reported),
    )


def _find_time(
    tool: _WorkingTool, outcome: CutOutcome, whole: ProgramExtent, extent: ProgramExtent | None, *, alone: bool
) -> tuple[float | None, TimeOrigin | None]:
    """Return how long a tool was in the cut, s, and how that is known."""
    given = [reported.minutes for reported in tool.reported if reported.minutes is not None]
    if given:
        return sum(given) * 60, "given"
    seconds, ran = find_seconds(outcome), extent or whole
    if not ran.uses:
        return (seconds, "job_time") if alone and not tool.has_likes and seconds is not None else (None, None)
    cutting = add_up_known([use.cutting_s for use in _yield_uses(ran, tool.tool_id, alone=alone)])
    if cutting is None or tool.has_likes:
        return None, None
    if seconds is None:
        faster = (outcome.feed_override_pct or 100) / 100
        return (None, None) if extent is None else (cutting / faster, "estimated")
    estimate = ran.estimate_s or add_up_known([use.cutting_s for use in ran.uses])
    # An estimate by feeds alone leaves out the rapids, and no tool cuts for longer than the job ran.
    return (min(cutting * seconds / estimate, seconds), "measured_program") if estimate else (None, None)


def _yield_uses(extent: ProgramExtent, tool_id: str, *, alone: bool) -> Iterator[ProgramUse]:
    """Yield what a program does with a tool; the only tool of a job did all of it, whatever the program calls it."""
    names = {fold_name(use.tool_id) for use in extent.uses}
    for use in extent.uses:
        if fold_name(use.tool_id) == fold_name(tool_id) or (alone and fold_name(tool_id) not in names):
            yield use
