"""What goes into the index: one row from a run as it stands now, or from what is left of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.digest import NO_DIGEST
from rmos.models import Hashes, RunArtifact, RunDecision, RunState, RunView
from rmos.row_models import RunQuery, RunRow
from rmos.store.layout import home_partition
from rmos.store.naming import list_gated
from rmos.store.outcomes import dump_outcome_rows, dump_work_rows, list_counting, list_jobs
from rmos.store.rules import find_rule
from rmos.store.run_log import dump_run_log
from rmos.workflow import find_standing_override, is_granted, read_expiry

Summarise = Callable[[RunView], str]
"""Shapes a run's summary as finished JSON text; handed in by the edge, where the schema lives."""

ADVISORY_KINDS: Final = ("explanation", "advisory", "note", "unknown")
_EXPLANATION_WORDS: Final = {"pending": "pending", "ready": "complete", "complete": "complete"} | dict.fromkeys(
    ("error", "failed"), "failed"
)
"""How lists call the states of an explanation, by the words that records and older clients use for them."""
DAMAGED_REASON = "The record of this run is damaged; an operator should run `rmos verify`."
_NOT_READ: Final = "unknown"
"""The mode and the tool of a run that cannot be read; no other has both, and is an ERROR."""
DAMAGED_RUNS: Final = RunQuery(risk_level="ERROR", mode=_NOT_READ, tool_id=_NOT_READ)
"""Finds the rows of damaged runs."""


def make_row(view: RunView, partition: str, summarise: Summarise) -> RunRow:
    """Return a healthy run's row."""
    run = view.artifact
    if view.deletion is not None and view.deletion.mode == "hard":
        return make_erased_row(run.run_id, partition, view.version, summarise)
    meta: dict[str, Any] = run.meta or {}
    risk = run.decision.risk_level
    standing = find_standing_override(view.overrides, risk)
    counting = list_counting(view.outcomes)
    jobs = list_jobs(run, counting)
    return RunRow(
        run_id=run.run_id,
        created_us=ids.parse_utc(run.created_at_utc),
        partition=partition,
        version=view.version,
        state="live" if view.deletion is None else "deleted",
        sha256=view.sha256,
        summary=summarise(view),
        status=run.status,
        risk_level=risk,
        mode=run.mode,
        tool_id=run.tool_id,
        event_type=run.event_type,
        workflow_session_id=run.workflow_session_id,
        batch_label=_text(meta, "batch_label"),
        session_id=_text(meta, "session_id"),
        material_id=run.material_id,
        machine_id=run.machine_id,
        parent_run_id=run.parent_run_id,
        created_by=None if run.created_by is None else run.created_by.name,
        rule=find_rule(run.decision),
        request_id=run.request_id or _text(meta, "request_id"),
        source=_text(meta, "source"),
        program_sha256=next((named.sha256 for named in list_gated(view)), None),
        explanation_status=explanation_status(view),
        advisory_kinds=_kinds(view.advisories),
        latest_advisory_us=_latest_us(view.advisories),
        override=None if standing is None else "granted" if is_granted(standing, risk) else "asked",
        override_until=None if standing is None else read_expiry(standing),
        outcome=counting[-1].outcome.outcome if counting else None,
        outcomes=dump_outcome_rows(run, jobs),
        run_log=dump_run_log(view, counting),
        tool_work=dump_work_rows(run, jobs),
    )


def make_erased_row(run_id: str, partition: str, version: int, summarise: Summarise) -> RunRow:
    """Return the tombstone of a hard-deleted run: unlisted, and the same whether its artifact is gone yet or not."""
    return make_damaged_row(run_id, partition, version, "erased", summarise)


def make_missing_row(row: RunRow) -> RunRow:
    """Return the row of a run whose object is gone: unlisted, and kept as it was otherwise."""
    return msgspec.structs.replace(row, state="missing")


def explanation_status(view: RunView) -> str | None:
    """Return the list's word for the state of a run's explanation: pending, complete, failed or None.

    What the latest event or the field says counts; where that is NONE or nothing, what `meta` says.
    """
    for word in (view.explanation_status, (view.artifact.meta or {}).get("explanation_status")):
        known = _EXPLANATION_WORDS.get(word.lower()) if isinstance(word, str) else None
        if known is not None:
            return known
    return None


def _kinds(advisories: Sequence[Mapping[str, Any]]) -> str | None:
    """Return how many advisories of each kind there are, as JSON text that is the same for the same counts."""
    if not advisories:
        return None
    kinds = (advisory.get("kind") for advisory in advisories)
    counts = Counter(kind if isinstance(kind, str) and kind in ADVISORY_KINDS else "unknown" for kind in kinds)
    return msgspec.json.encode(counts, order="sorted").decode()


def _latest_us(advisories: Sequence[Mapping[str, Any]]) -> int | None:
    """Return when the latest advisory was made; a time that is none counts for nothing."""
    latest: int | None = None
    for advisory in advisories:
        try:
            us = ids.parse_utc(str(advisory.get("created_at_utc")))
        except (ValueError, OverflowError):
            continue
        latest = us if latest is None or us > latest else latest
    return latest


def make_damaged_row(run_id: str, partition: str, version: int, state: RunState, summarise: Summarise) -> RunRow:
    """Return the row of a run whose record cannot be read: listed as an error, never hidden, never taken for sound."""
    us = ids.moment_of(run_id)
    if us is None or home_partition(run_id) != partition:
        us = ids.parse_utc(partition)
    artifact = RunArtifact(
        run_id=run_id,
        created_at_utc=ids.utc_text(us),
        status="ERROR",
        mode=_NOT_READ,
        tool_id=_NOT_READ,
        decision=RunDecision(risk_level="ERROR", block_reason=DAMAGED_REASON),
        hashes=Hashes(feasibility_sha256=NO_DIGEST),
        feasibility=msgspec.Raw(b"{}"),
    )
    view = RunView(artifact=artifact, sha256=NO_DIGEST, version=version)
    return RunRow(
        run_id=run_id,
        created_us=us,
        partition=partition,
        version=version,
        state=state,
        sha256=NO_DIGEST,
        summary=summarise(view),
        status=artifact.status,
        risk_level="ERROR",
        mode=artifact.mode,
        tool_id=artifact.tool_id,
    )


def _text(meta: dict[str, Any], field: str) -> str | None:
    value = meta.get(field)
    return value if isinstance(value, str) else None
