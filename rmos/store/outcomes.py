"""The outcomes of a run: folded from its events, and as rows of the index.

    fold_outcome(known, event)                        # by number; one that corrects another takes its place
    jobs = list_counting(view.outcomes)               # those that lists and totals go by
    dump_outcome_rows(view.artifact, jobs)            # for `RunRow.outcomes`

Everything here follows from the record alone: the path of a job from what the decision says of the run's program, which
stands in the artifact. So a rebuild finds the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos import ids
from rmos.models import Event, RunArtifact
from rmos.names import fold_name
from rmos.outcomes import CutOutcome, find_moment, find_seconds, read_decimal, read_outcome
from rmos.row_models import OutcomeRow
from rmos.store.outcome_times import compare_times

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


class ProgramUse(NamedTuple):
    """What a program does with one tool: seconds and mm of cutting, None where nobody measured them."""

    tool_id: str
    cutting_s: float | None
    cutting_mm: float | None


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


def list_program_uses(run: RunArtifact) -> list[ProgramUse]:
    """Return what the programs of a run do with each tool of the shop that they name."""
    return [
        ProgramUse(str(use["tool_id"]), read_decimal(use.get("cutting_s")), read_decimal(use.get("cutting_mm")))
        for program in run.decision.list_programs()
        for use in (program["tools"] if isinstance(program.get("tools"), list) else [])
        if isinstance(use, dict) and isinstance(use.get("tool_id"), str) and use["tool_id"]
    ]


def dump_outcome_rows(run: RunArtifact, jobs: Sequence[CountingOutcome]) -> str | None:
    """Return the rows of a run's outcomes as JSON text, None where there are none."""
    if not jobs:
        return None
    uses = list_program_uses(run)
    return _encode([row for job in jobs for row in _make_rows(run, job, uses)]).decode()


def _make_rows(run: RunArtifact, job: CountingOutcome, uses: Sequence[ProgramUse]) -> Iterator[OutcomeRow]:
    """Yield the rows of a job, one for each of its tools."""
    outcome = job.outcome
    created_us, seconds = find_moment(outcome, job.created_at_utc), find_seconds(outcome)
    # What another program did, or how far one came that was stopped, nobody has measured.
    measured = uses if outcome.ended == "completed" and outcome.program_matches is not False else []
    path = _add_up([use.cutting_mm for use in measured])
    time = compare_times(run, outcome, seconds)
    tool_ids = _list_tools(run, outcome, uses)
    summary = _dump_summary(run, job, created_us, seconds, path, tool_ids)
    for place, tool_id in enumerate(tool_ids):
        of_tool = [use for use in measured if _is_same(use.tool_id, tool_id)]
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
            cut_um=_scale(path),
            tool_ms=_scale(_find_tool_seconds(outcome, tool_id, seconds, uses, alone=len(tool_ids) == 1)),
            tool_um=_scale(_add_up([use.cutting_mm for use in of_tool])),
            summary=summary,
            risk_level=run.decision.risk_level,
            reason_code=outcome.reason_code,
            time_basis=time.basis,
            time_ratio=time.ratio,
        )


def _list_tools(run: RunArtifact, outcome: CutOutcome, uses: Sequence[ProgramUse]) -> list[str]:
    """Return the tools of a job: those that were reported, else those of its program, else that of the run."""
    named = [tool.tool_id for tool in outcome.tools] or [use.tool_id for use in uses]
    return list({fold_name(name): name for name in named or [run.tool_id]}.values())


def _find_tool_seconds(
    outcome: CutOutcome, tool_id: str, seconds: float | None, uses: Sequence[ProgramUse], *, alone: bool
) -> float | None:
    """Return how long a tool was at work, s: as reported, else all of the time, or its share of the cutting."""
    minutes = [tool.minutes for tool in outcome.tools if _is_same(tool.tool_id, tool_id) and tool.minutes is not None]
    if minutes:
        return sum(minutes) * 60
    if alone or seconds is None:
        return seconds
    of_tool = _add_up([use.cutting_s for use in uses if _is_same(use.tool_id, tool_id)])
    of_all = _add_up([use.cutting_s for use in uses])
    return None if of_tool is None or not of_all else seconds * of_tool / of_all


def _is_same(one: str, other: str) -> bool:
    return fold_name(one) == fold_name(other)


def _add_up(numbers: Sequence[float | None]) -> float | None:
    """Return a sum, None where a part of it is not known or there is none."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known and len(known) == len(numbers) else None


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
