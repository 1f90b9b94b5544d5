"""The outcomes of a run: folded from its events, and as rows of the index.

    fold_outcome(known, event)                        # by number; one that corrects another takes its place
    counting = list_counting(view.outcomes)           # those that lists and totals go by
    jobs = list_jobs(view.artifact, counting)
    dump_outcome_rows(view.artifact, jobs)            # for `RunRow.outcomes`

Everything here follows from the record alone: what tools did in a job stands in its event, or follows from what the
decision says of the run's program (`tool_work`). So a rebuild finds the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos import ids
from rmos.models import Event, RunArtifact
from rmos.names import fold_name
from rmos.outcomes import CutOutcome, ToolWork, add_up_known, find_moment, find_seconds, read_outcome
from rmos.row_models import OutcomeRow, ToolWorkRow
from rmos.store.outcome_times import compare_times
from rmos.store.tool_work import JobWork, find_job_work

NOTE_CHARACTERS: Final = 200
"""Characters of a note that lists show."""
_encode: Final = msgspec.json.Encoder().encode
_SHOWN: Final = (
    *("ended", "part", "outcome", "reason_code", "quantity", "last_line", "rating"),
    *("program_matches", "cut_against_decision", "corrects"),
)


class CountingOutcome(NamedTuple):
    """An outcome that no other one has replaced, and when and by whom it was reported."""

    number: int
    created_at_utc: str
    by: str
    outcome: CutOutcome


def fold_outcome(known: list[dict[str, Any]], event: Event) -> None:
    """Add what an event reports; one that corrects another is noted there, and both stay.

    Events say what was said, the run shows each member, as clients read it.
    """
    corrects = event.data.get("corrects")
    for before in known:
        if corrects is not None and before["number"] == corrects and before["corrected_by"] is None:
            before["corrected_by"] = event.number
    members = {name: value for name, value in event.data.items() if name != "idempotency"}
    outcome = read_outcome(members)
    whole = {} if outcome is None else msgspec.to_builtins(outcome)
    of_event = {"number": event.number, "created_at_utc": event.created_at_utc, "by": event.actor}
    known.append({**whole, **members, **of_event, "corrected_by": None})


def list_counting(entries: Sequence[Mapping[str, Any]]) -> list[CountingOutcome]:
    """Return the outcomes of a run that were not corrected, in the order in which they were reported."""
    found = []
    for entry in entries:
        outcome = read_outcome(entry) if entry["corrected_by"] is None else None
        if outcome is not None:
            found.append(CountingOutcome(entry["number"], entry["created_at_utc"], entry["by"], outcome))
    return found


class CountedJob(NamedTuple):
    """A job that counts, and what its tools did in it."""

    job: CountingOutcome
    work: JobWork


def list_jobs(run: RunArtifact, counting: Sequence[CountingOutcome]) -> list[CountedJob]:
    """Return the jobs of a run with what tools did in them: as their events keep it, else as the decision has it."""
    return [CountedJob(job, read_job_work(run, job.outcome)) for job in counting]


def read_job_work(run: RunArtifact, outcome: CutOutcome) -> JobWork:
    """Return what tools did in a job, as its event keeps it; those of earlier releases keep nothing of it."""
    if outcome.tool_work:
        return JobWork(outcome.tool_work, outcome.cut_mm)
    return find_job_work(run, outcome)


def dump_outcome_rows(run: RunArtifact, jobs: Sequence[CountedJob]) -> str | None:
    """Return the rows of a run's outcomes as JSON text, None where there are none."""
    return _encode([row for job in jobs for row in _make_rows(run, *job)]).decode() if jobs else None


def dump_work_rows(run: RunArtifact, jobs: Sequence[CountedJob]) -> str | None:
    """Return the rows of what tools did in the jobs of a run as JSON text, None where there are none."""
    return _encode([row for job in jobs for row in _make_work_rows(run, *job)]).decode() if jobs else None


def _make_rows(run: RunArtifact, job: CountingOutcome, work: JobWork) -> Iterator[OutcomeRow]:
    """Yield the rows of a job, one for each of its tools."""
    outcome = job.outcome
    created_us, seconds = find_moment(outcome, job.created_at_utc), find_seconds(outcome)
    time = compare_times(run, outcome, seconds)
    tools: dict[str, list[ToolWork]] = {}
    for tool in work.tools:
        tools.setdefault(fold_name(tool.tool_id), []).append(tool)
    summary = _dump_summary(run, job, created_us, seconds, work.cut_mm, [tools[name][-1].tool_id for name in tools])
    for place, (tool_id, done) in enumerate(tools.items()):
        yield OutcomeRow(
            outcome_id=ids.make_outcome_id(run.run_id, job.number),
            tool_id=tool_id,
            lead=int(place == 0),
            created_us=created_us,
            month=ids.utc_text(created_us)[:7],
            machine_id=run.machine_id,
            material_id=run.material_id,
            ended=outcome.ended,
            part=outcome.part,
            quantity=outcome.quantity,
            spent_ms=_scale(seconds),
            cut_um=_scale(work.cut_mm),
            tool_ms=_scale(add_up_known([tool.cutting_s for tool in done])),
            tool_um=_scale(add_up_known([tool.cutting_mm for tool in done])),
            summary=summary,
            risk_level=run.decision.risk_level,
            reason_code=outcome.reason_code,
            time_basis=time.basis,
            time_ratio=time.ratio,
        )


def _make_work_rows(run: RunArtifact, job: CountingOutcome, work: JobWork) -> Iterator[ToolWorkRow]:
    """Yield the rows of the tools of a job, one for each of several with one id."""
    for tool in {(fold_name(tool.tool_id), fold_name(tool.serial or "")): tool for tool in work.tools}.values():
        yield ToolWorkRow(
            outcome_id=ids.make_outcome_id(run.run_id, job.number),
            tool_id=tool.tool_id,
            serial=tool.serial or "",
            created_us=find_moment(job.outcome, job.created_at_utc),
            worked_ms=_scale(tool.cutting_s),
            cut_um=_scale(tool.cutting_mm),
            broke=int(tool.broke),
            marked=tool.serial,
        )


def _scale(number: float | None) -> int | None:
    """Return s as ms, or mm as µm."""
    return None if number is None else round(number * 1000)


def _dump_summary(
    run: RunArtifact,
    job: CountingOutcome,
    created_us: int,
    seconds: float | None,
    path: float | None,
    tool_ids: Sequence[str],
) -> str:
    """Return what lists show of a job."""
    note = job.outcome.note
    return _encode(
        {
            "run_id": run.run_id,
            "number": job.number,
            "at_utc": ids.utc_text(created_us),
            "reported_at_utc": job.created_at_utc,
            "by": job.by,
            **{name: getattr(job.outcome, name) for name in _SHOWN},
            "risk_level": run.decision.risk_level,
            "machine_id": run.machine_id,
            "material_id": run.material_id,
            "tool_ids": tool_ids,
            "spent_s": seconds,
            "cut_mm": path,
            "note": None if note is None else note[:NOTE_CHARACTERS],
        }
    ).decode()
