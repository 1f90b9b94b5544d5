"""What goes into the index: one row from a run as it stands now, or from what is left of it."""

from collections.abc import Callable
from typing import Any

import msgspec

from rmos import ids
from rmos.digest import NO_DIGEST
from rmos.models import Hashes, RunArtifact, RunDecision, RunRow, RunState, RunView
from rmos.store.layout import home_partition

Summarise = Callable[[RunView], str]
"""Shapes a run's summary as finished JSON text; handed in by the edge, where the schema lives."""

DAMAGED_REASON = "The record of this run is damaged; an operator should run `rmos verify`."


def row_of(view: RunView, partition: str, summarise: Summarise) -> RunRow:
    """Return a healthy run's row."""
    run = view.artifact
    if view.deletion is not None and view.deletion.mode == "hard":
        return row_of_erased(run.run_id, partition, view.version, summarise)
    meta: dict[str, Any] = run.meta or {}
    return RunRow(
        run_id=run.run_id,
        created_us=ids.parse_utc(run.created_at_utc),
        partition=partition,
        version=view.version,
        state="live" if view.deletion is None else "deleted",
        sha256=view.sha256,
        summary=summarise(view),
        status=run.status,
        risk_level=run.decision.risk_level,
        mode=run.mode,
        tool_id=run.tool_id,
        event_type=run.event_type,
        workflow_session_id=run.workflow_session_id,
        batch_label=_text(meta, "batch_label"),
        session_id=_text(meta, "session_id"),
        material_id=run.material_id,
        machine_id=run.machine_id,
        request_id=run.request_id or _text(meta, "request_id"),
        source=_text(meta, "source"),
    )


def row_of_erased(run_id: str, partition: str, version: int, summarise: Summarise) -> RunRow:
    """Return the tombstone of a hard-deleted run: unlisted, and the same whether its artifact is gone yet or not."""
    return row_of_damaged(run_id, partition, version, "erased", summarise)


def row_of_damaged(run_id: str, partition: str, version: int, state: RunState, summarise: Summarise) -> RunRow:
    """Return the row of a run whose record cannot be read: listed as an error, never hidden, never taken for sound."""
    us = ids.moment_of(run_id)
    if us is None or home_partition(run_id) != partition:
        us = ids.parse_utc(partition)
    artifact = RunArtifact(
        run_id=run_id,
        created_at_utc=ids.utc_text(us),
        status="ERROR",
        mode="unknown",
        tool_id="unknown",
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
