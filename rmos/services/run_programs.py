"""The program that comes with a run: checked against its design, and kept beside its record.

program = check_program_of(engines, request, context, "GREEN", evaluate=…, is_overridden=…)
request, attachments = keep_program_of(store, request, program, created_at_utc=…)
"""

from collections.abc import Callable
from typing import Any

import msgspec

from rmos.cam.cover import CoverVerdict, ProgramColour
from rmos.engines.registry import Registry
from rmos.models import TOOLPATHS
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.programs.checking import CheckedProgram, Measure, ProgramRequest, check_program, cover_checked
from rmos.services.programs.judging import Evaluate
from rmos.services.programs.keeping import GCODE_INPUT, keep_program
from rmos.services.programs.reading import measure_in_child
from rmos.store import Store
from rmos.store.naming import GCODE


class ProgramOfRun(msgspec.Struct, frozen=True, kw_only=True):
    """A program that came with a run, and what came of it."""

    sent: SentProgram
    checked: CheckedProgram
    verdict: CoverVerdict | None
    """How it compares with the design of the run; None where nothing is compared."""


def check_program_of(
    engines: Registry,
    request: RunRequest,
    context: dict[str, Any],
    approved_risk: ProgramColour,
    *,
    evaluate: Evaluate,
    is_overridden: Callable[[ProgramColour], bool],
    measure: Measure = measure_in_child,
) -> ProgramOfRun | None:
    """Return what came of the program of a run, None when it has none.

    Args:
        context: the completed one.
        measure: reads and measures; a process of its own does, unless a test does it here.
        approved_risk: the colour of the run's design, which no cut of the program may be worse than.

    Raises:
        ValidationFailed: a number stands for no tool of the shop.
    """
    gcode = request.outputs.get("gcode_text")
    sent = request.program or (None if gcode is None else SentProgram(data=gcode.encode()))
    if sent is None:
        return None
    asked = ProgramRequest(
        context=context, tool_id=request.tool_id, machine_id=request.machine_id, options=sent.options
    )
    checked = check_program(engines.shop, sent.data, asked, evaluate, measure=measure)
    verdict = cover_checked(
        checked, request.design, context, engines.shop, approved_risk=approved_risk, is_overridden=is_overridden
    )
    return ProgramOfRun(sent=sent, checked=checked, verdict=verdict)


def keep_program_of(
    store: Store, request: RunRequest, program: ProgramOfRun, *, created_at_utc: str
) -> tuple[RunRequest, list[dict[str, Any]]]:
    """Make a program durable; return the request as it is recorded, with its digest for its text, and the run's files.

    Only what a session covers is of the kind that leaves.
    """
    is_covered = request.event_type == TOOLPATHS and program.verdict is not None and program.verdict.covered
    kept = keep_program(
        store,
        program.sent.data,
        program.checked,
        kind=GCODE if is_covered else GCODE_INPUT,
        name=program.sent.name,
        created_at_utc=created_at_utc,
    )
    others = {name: value for name, value in request.outputs.items() if name != "gcode_text"}
    recorded = msgspec.structs.replace(request, outputs={**others, "programs": [kept.output]})
    return recorded, kept.attachments
