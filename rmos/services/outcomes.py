"""Report what became of a cut: an event beside the run, whatever was decided on it.

    reported = report_outcome(store, OutcomeRequest(run_id=…, reported=…), actor=actor, us=us)
    reported.number, reported.entry["outcome"]

What happened is recorded also where it should not have happened: of a blocked run the event says
`cut_against_decision`. Each report is one job, a program that ran once; several are several parts. One that `corrects`
another takes its place in lists and totals, and both stay in the record.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rmos import ids
from rmos.counts import count_of
from rmos.errors.request import IdempotencyKeyReused, ValidationFailed
from rmos.errors.workflow import CorrectsUnknown
from rmos.models import TOOLPATHS, Actor, Event, RunArtifact, RunView
from rmos.outcomes import MAX_AHEAD_US, OUTCOME, CutOutcome, ReportedOutcome, classify_outcome
from rmos.services.artifact import Idempotency
from rmos.services.program_extents import measure_to_line
from rmos.store import Store
from rmos.store.run_records import RunRecord
from rmos.store.tool_work import JobWork, ProgramExtent, find_job_work, list_ran_programs, stops_early
from rmos.workflow import has_override

log = logging.getLogger(__name__)


class OutcomeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reports of a run."""

    run_id: str
    reported: ReportedOutcome
    idempotency: Idempotency | None = None


class OutcomeReported(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome that is durable, as the run shows it now."""

    run_id: str
    number: int
    entry: Mapping[str, Any]
    replayed: bool
    """Whether an earlier request with the same Idempotency-Key made it."""


def report_outcome(store: Store, request: OutcomeRequest, *, actor: Actor, us: int) -> OutcomeReported:
    """Append an outcome to a run; with an Idempotency-Key that was used before, return what it made.

    Args:
        us: the moment of the request, microseconds since the epoch.

    Raises:
        RunNotFound, RunDeleted, Damage.
        ValidationFailed: a photo is no attachment of the run, or its program has no such line.
        CorrectsUnknown: the run has no outcome of this number, or it was corrected already.
        IdempotencyKeyReused: the key came with another body before.
        VersionConflict, OutOfSpace, StoreReadOnly, StorageFailed: nothing was recorded.
    """

    extents: list[ProgramExtent | None] = []

    def decide(record: RunRecord) -> dict[str, Any] | None:
        if _find_same(record.events, request, actor) is not None:
            return None
        view = record.view()
        outcome = _decide_outcome(view, request, us)
        if not extents:  # measured once: whoever was faster has changed neither the program nor the line
            extents.append(_measure_extent(store, view.artifact, outcome))
        return _describe_outcome(outcome, find_job_work(view.artifact, outcome, to_line=extents[0]), request)

    changed = store.runs.append(request.run_id, OUTCOME, decide, actor=actor, us=us)
    if changed.made:
        entry = changed.view.outcomes[-1]
        log.info("outcome_reported run_id=%s number=%d outcome=%s", request.run_id, entry["number"], entry["outcome"])
    else:
        same = _find_same(store.runs.record(request.run_id).events, request, actor)
        entry = next(item for item in changed.view.outcomes if same is not None and item["number"] == same.number)
    return OutcomeReported(run_id=request.run_id, number=entry["number"], entry=entry, replayed=not changed.made)


def _find_same(events: Sequence[Event], request: OutcomeRequest, actor: Actor) -> Event | None:
    """Return the event that an earlier request of the caller with the same key made.

    The key stands in the event, and of two events one comes first: no claim is needed beside it.

    Raises:
        IdempotencyKeyReused: that one had another body.
    """
    if request.idempotency is None:
        return None
    for event in events:
        if event.kind != OUTCOME or event.actor != actor.name:
            continue
        used = event.data.get("idempotency")
        if not isinstance(used, dict) or used.get("key") != request.idempotency.key:
            continue
        if used.get("request_sha256") != request.idempotency.request_sha256:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used with another outcome; take a new key for a new one.",
                run_id=request.run_id,
            )
        return event
    return None


def _decide_outcome(view: RunView, request: OutcomeRequest, us: int) -> CutOutcome:
    """Return an outcome with what the record says of it."""
    reported = request.reported
    _require_corrigible(view, reported.corrects)
    program_matches = _match_program(view.artifact, reported.program_sha256)
    wrong = _find_wrong(view, reported, program_matches)
    if wrong:
        raise ValidationFailed.of_request(wrong)
    cut_us = us if reported.started_at_utc is None else ids.parse_utc(reported.started_at_utc)
    return CutOutcome(
        **msgspec.structs.asdict(reported),
        outcome=classify_outcome(reported.ended, reported.part),
        program_matches=program_matches,
        cut_against_decision=is_against_decision(view, cut_us=cut_us),
    )


def _measure_extent(store: Store, run: RunArtifact, outcome: CutOutcome) -> ProgramExtent | None:
    """Return how far the program of a job came that was stopped at a line, None where nobody can tell."""
    programs = list_ran_programs(run, outcome)
    if outcome.last_line is None or len(programs) != 1 or not stops_early(programs, outcome):
        return None
    return measure_to_line(store, programs[0], outcome.last_line)


def _describe_outcome(outcome: CutOutcome, work: JobWork, request: OutcomeRequest) -> dict[str, Any]:
    """Return what the event says: the outcome, and what tools did in the job, which no list then looks up again."""
    whole = msgspec.structs.replace(
        outcome,
        tool_work=work.tools,
        cut_mm=None if work.cut_mm is None else round(work.cut_mm, 3),
        path_origin=None if work.cut_mm is None else "measured_program",
    )
    members = {name: value for name, value in msgspec.to_builtins(whole).items() if value not in (None, [])}
    if request.idempotency is not None:
        members["idempotency"] = msgspec.to_builtins(request.idempotency)
    return members


def _require_corrigible(view: RunView, corrects: int | None) -> None:
    if corrects is None:
        return
    run_id = view.artifact.run_id
    before = next((entry for entry in view.outcomes if entry["number"] == corrects), None)
    if before is None:
        raise CorrectsUnknown(f"The run has no outcome number {corrects}.", run_id=run_id, corrects=corrects)
    if before["corrected_by"] is not None:
        raise CorrectsUnknown(
            f"Outcome number {corrects} was corrected by number {before['corrected_by']}; correct that one.",
            run_id=run_id,
            corrects=corrects,
            corrected_by=before["corrected_by"],
        )


def _match_program(run: RunArtifact, sha256: str | None) -> bool | None:
    """Tell whether the program that ran is one of the run; None when nobody said which one ran."""
    if sha256 is None:
        return None
    return sha256 in {run.hashes.gcode_sha256, *(program.get("sha256") for program in run.decision.list_programs())}


def _find_wrong(view: RunView, reported: ReportedOutcome, program_matches: bool | None) -> dict[str, list[str]]:
    """Return what does not fit the run, by field."""
    wrong: dict[str, list[str]] = {}
    known = {attachment.get("sha256") for attachment in view.attachments}
    if missing := [sha256 for sha256 in reported.photo_sha256 if sha256 not in known]:
        wrong["photo_sha256"] = [f"{missing[0]} is no attachment of the run: attach the photo first."]
    lines = None if program_matches is False else _count_lines(view.artifact, reported.program_sha256)
    if reported.last_line is not None and lines is not None and reported.last_line > lines:
        wrong["last_line"] = [f"The program of the run has {count_of(lines, 'line')}."]
    return wrong


def _count_lines(run: RunArtifact, sha256: str | None) -> int | None:
    """Return how many lines the program that ran has, the longest where nobody said which; None when nobody knows."""
    programs = run.decision.list_programs()
    chosen = [program.get("lines") for program in programs if sha256 in (None, program.get("sha256"))]
    return max((count for count in chosen if isinstance(count, int)), default=None)


def is_against_decision(view: RunView, *, cut_us: int) -> bool:
    """Tell whether a run was cut although its decision blocks that, and nothing covered it at that moment.

    An override in force covers it, and so does a session that approved just this program. One that came later covers
    nothing, but for the few minutes by which the clock that the start was read from may be wrong.

    Args:
        cut_us: when it was begun.
    """
    run = view.artifact
    cover = run.decision.details.get("cover")
    is_approved = run.event_type == TOOLPATHS and isinstance(cover, dict) and cover.get("covered") is True
    if run.status == "OK" or is_approved:
        return False
    until_utc = ids.utc_text(cut_us + MAX_AHEAD_US)
    before = [override for override in view.overrides if str(override.get("created_at_utc")) <= until_utc]
    return not has_override(before, run.decision.risk_level, now_utc=ids.utc_text(cut_us))
