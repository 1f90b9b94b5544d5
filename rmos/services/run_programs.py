"""The programs that come with a run: checked against its design, and kept beside its record.

programs = check_programs_of(engines, request, context, "GREEN", cuts=(), evaluate=…, is_overridden=…)
request, attachments = keep_programs_of(store, request, programs, created_at_utc=…)
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from rmos import digest
from rmos.cam.cover import CoverVerdict, ProgramColour
from rmos.engines.registry import Registry
from rmos.models import TOOLPATHS, RunDecision
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.design_cuts import DesignCut, DesignCuts, read_cut_contexts, read_design_cuts
from rmos.services.evaluated_cuts import EvaluatedCut
from rmos.services.job_cover import JobCover, cover_by_cuts
from rmos.services.programs.checking import CheckedProgram, Measure, ProgramRequest, check_program, cover_checked
from rmos.services.programs.evaluating import Evaluate, severity_of
from rmos.services.programs.keeping import GCODE_INPUT, decide_program, describe_program, dump_verdict, keep_program
from rmos.services.programs.reading import measure_in_child
from rmos.store import Store
from rmos.store.naming import GCODE

TOOLPATHS_FILE: Final = "toolpaths"
"""The kind of the attachment that holds the paths of programs that were made."""


class ProgramOfRun(msgspec.Struct, frozen=True, kw_only=True):
    """A program that came with a run, and what came of it."""

    sent: SentProgram
    checked: CheckedProgram
    verdict: CoverVerdict | None
    """How it compares with what it is to cut; None where nothing is compared."""
    cut: DesignCut | None = None
    """What it cuts, of a design with several cuts."""
    places: tuple[int, ...] = ()
    """Of the cuts that somebody's own program is compared with; none where it was made for one."""

    def list_excess(self, number: int | None = None) -> list[dict[str, Any]]:
        """Return what goes beyond what was evaluated, as JSON values; `number` is that of the program among several."""
        found = [] if self.verdict is None else dump_verdict(self.verdict)["exceeded"]
        return found if number is None else [{"program": number, **item} for item in found]


def check_programs_of(
    engines: Registry,
    request: RunRequest,
    context: dict[str, Any],
    approved_risk: ProgramColour,
    *,
    cuts: Sequence[EvaluatedCut],
    evaluate: Evaluate,
    is_overridden: Callable[[ProgramColour], bool],
    measure: Measure = measure_in_child,
) -> list[ProgramOfRun]:
    """Return what came of the programs of a run, in the order in which they are cut.

    Args:
        context: the completed one.
        approved_risk: the colour of the run's design, which no cut of the program may be worse than.
        cuts: what was found of each cut of a design with several, whose colours hold for programs of these.
        measure: reads and measures; a process of its own does, unless a test does it here.

    Raises:
        ValidationFailed: a number stands for no tool of the shop.
    """
    sent = list_sent(request)
    found = read_design_cuts(request.design)
    checked = []
    for program in sent:
        if program.cut is None and cuts:
            by_cuts = cover_by_cuts(engines.shop, program, request, cuts, evaluate, is_overridden, measure=measure)
            if found is not None and by_cuts is not None:
                checked.append(_describe_job(program, by_cuts, found))
                continue
        asked, of_cut, risk = request, context, approved_risk
        cut = None if program.cut is None or found is None else found.cuts[program.cut]
        if cut is not None and program.cut is not None:
            asked = msgspec.structs.replace(request, design=cut.design, tool_id=cut.tool_id)
            of_cut = read_cut_contexts(context)[program.cut]
            risk = cuts[program.cut].decide().risk_level if cuts else approved_risk
        checked.append(_check(engines, asked, program, of_cut, risk, cut, evaluate, is_overridden, measure))
    return checked


def _describe_job(sent: SentProgram, found: JobCover, cuts: DesignCuts) -> ProgramOfRun:
    """Return a program that was compared with all cuts of a job, as one of those that it is compared with."""
    place = found.places[0]
    return ProgramOfRun(
        sent=msgspec.structs.replace(sent, cut=place),
        checked=found.checked,
        verdict=found.verdict,
        cut=cuts.cuts[place],
        places=found.places,
    )


def list_sent(request: RunRequest) -> list[SentProgram]:
    """Return the programs that come with a request."""
    if request.made is not None:
        return list(request.made.programs)
    if request.program is not None:
        return [request.program]
    gcode = request.outputs.get("gcode_text")
    return [] if gcode is None else [SentProgram(data=gcode.encode())]


def _check(
    engines: Registry,
    request: RunRequest,
    sent: SentProgram,
    context: dict[str, Any],
    approved_risk: ProgramColour,
    cut: DesignCut | None,
    evaluate: Evaluate,
    is_overridden: Callable[[ProgramColour], bool],
    measure: Measure,
) -> ProgramOfRun:
    asked = ProgramRequest(
        context=context, tool_id=request.tool_id, machine_id=request.machine_id, options=sent.options
    )
    checked = check_program(engines.shop, sent.data, asked, evaluate, measure=measure)
    verdict = cover_checked(
        checked, request.design, context, engines.shop, approved_risk=approved_risk, is_overridden=is_overridden
    )
    return ProgramOfRun(sent=sent, checked=checked, verdict=verdict, cut=cut)


def decide_programs(decision: RunDecision, programs: Sequence[ProgramOfRun]) -> RunDecision:
    """Return the decision on a design together with its programs: the worst of all.

    With several, `program` in the details is the worst of them, `cover` that of all, and `programs` has each.
    """
    for program in sorted(programs, key=_rank):
        decision = decide_program(decision, program.checked, program.verdict)
    if not any(program.cut for program in programs):
        return decision
    exceeded = [item for number, program in enumerate(programs, 1) for item in program.list_excess(number)]
    details = {
        **decision.details,
        "cover": {"covered": are_covered(programs), "exceeded": exceeded},
        "programs": [_describe(number, program) for number, program in enumerate(programs, 1)],
    }
    return msgspec.structs.replace(decision, warnings=list(dict.fromkeys(decision.warnings)), details=details)


def _rank(program: ProgramOfRun) -> tuple[bool, int]:
    """Return what sorts the worst program last, which is the one that a decision tells of first."""
    is_covered = program.verdict is None or program.verdict.covered
    return not is_covered, severity_of(program.checked.colour)


def are_covered(programs: Sequence[ProgramOfRun]) -> bool:
    """Tell whether nothing goes beyond what was evaluated."""
    return all(program.verdict is not None and program.verdict.covered for program in programs)


def _describe(number: int, program: ProgramOfRun) -> dict[str, Any]:
    cover = {} if program.verdict is None else {"cover": dump_verdict(program.verdict)}
    about = {"number": number, "name": program.sent.name, "cut": program.sent.cut, **_name_cut(program.cut)}
    about |= {"compared_with": list(program.places)} if program.places else {}
    return {**about, **describe_program(program.checked), **cover}


def _name_cut(cut: DesignCut | None) -> dict[str, Any]:
    return {} if cut is None else {"operation": cut.operation, "ring": cut.ring, "tool_id": cut.tool_id}


def keep_programs_of(
    store: Store, request: RunRequest, programs: Sequence[ProgramOfRun], *, created_at_utc: str
) -> tuple[RunRequest, list[dict[str, Any]]]:
    """Make programs durable; return the request as it is recorded, with digests for texts, and the run's files.

    Only what a session covers is of the kind that leaves, and of several only all together.
    """
    kind = GCODE if request.event_type == TOOLPATHS and are_covered(programs) else GCODE_INPUT
    kept, attachments = [], []
    paths = None if request.made is None else request.made.toolpaths
    for program in programs:
        one = keep_program(
            store,
            program.sent.data,
            program.checked,
            kind=kind,
            name=program.sent.name,
            measured_name="measured.json" if program.cut is None else f"{Path(program.sent.name).stem}.measured.json",
            created_at_utc=created_at_utc,
        )
        of_paths = {} if paths is None else {"toolpaths_sha256": digest.sha256_hex(paths)}
        kept.append({**one.output, **_name_cut(program.cut), **of_paths})
        attachments += one.attachments
    if paths is not None:
        attachments.append(_keep_toolpaths(store, paths, created_at_utc))
    others = {name: value for name, value in request.outputs.items() if name != "gcode_text"}
    return msgspec.structs.replace(request, outputs={**others, "programs": kept}), attachments


def _keep_toolpaths(store: Store, paths: bytes, created_at_utc: str) -> dict[str, Any]:
    blob = store.blobs.put_bytes(paths)
    return {
        "sha256": blob.sha256,
        "kind": TOOLPATHS_FILE,
        "mime": "application/json",
        "filename": "toolpaths.json",
        "size_bytes": blob.size,
        "created_at_utc": created_at_utc,
    }
