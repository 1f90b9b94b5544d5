"""Compute a recorded decision again from its recorded inputs, and say honestly what came of it.

    replayed = replay_run(record, engines, timeout_ms=2000)
    replayed.reproduced, replayed.changed_paths, replayed.note

The engine is the one that the record names. Where that is not installed, or is another version by now, nothing is
reproduced, and the note says why; what the present version says is shown beside it, never in its place.
"""

from typing import Any, Final

import msgspec

from rmos import digest
from rmos.diff import diff_runs
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.records import EngineNotFound
from rmos.models import RunArtifact
from rmos.store.run_records import RunRecord

_REQUEST_ID: Final = "replay"


class RecordedEngine(msgspec.Struct, frozen=True, kw_only=True):
    """What a recorded feasibility says of who computed it; records of the legacy system say nothing."""

    engine_id: str | None = None
    engine_version: str | None = None
    data_sha256: str | None = None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded decision beside what its inputs give now."""

    run_id: str
    reproduced: bool
    feasibility_sha256_recorded: str
    feasibility_sha256_now: str | None
    changed_paths: list[str]
    engine_id: str | None
    engine_version_recorded: str | None
    engine_version_now: str | None
    note: str | None


_named: Final = msgspec.json.Decoder(RecordedEngine)
_objects: Final = msgspec.json.Decoder(dict[str, Any])


def replay_run(record: RunRecord, engines: Registry, *, timeout_ms: float) -> Replayed:
    """Return what the recorded inputs give now, by the recorded engine.

    Args:
        timeout_ms: how long the engine may take.

    Raises:
        Damage: the record does not hold what it should.
    """
    run = record.view().artifact
    named = read_named_engine(run)
    inputs = read_inputs(run)
    if named.engine_id is None or inputs is None:
        return _describe_not_computed(
            run, named, "The record does not hold what it was evaluated by; it cannot be replayed."
        )
    try:
        engine = engines.get(named.engine_id)
    except EngineNotFound:
        return _describe_not_computed(run, named, f"The engine {named.engine_id} is not installed here.")
    design, context = inputs
    result = evaluate(engine, design=design, context=context, request_id=_REQUEST_ID, timeout_ms=timeout_ms)
    now = digest.canonical(result.record())
    sha256 = digest.sha256_hex(now)
    reproduced = sha256 == run.hashes.feasibility_sha256
    return Replayed(
        run_id=run.run_id,
        reproduced=reproduced,
        feasibility_sha256_recorded=run.hashes.feasibility_sha256,
        feasibility_sha256_now=sha256,
        changed_paths=[] if reproduced else _find_changed_paths(run.feasibility, now),
        engine_id=named.engine_id,
        engine_version_recorded=named.engine_version,
        engine_version_now=result.engine_version,
        note=None if reproduced else _explain_difference(named, result.engine_version, result.data_sha256),
    )


def read_named_engine(run: RunArtifact) -> RecordedEngine:
    """Return who computed a recorded feasibility, as far as it says so."""
    try:
        return _named.decode(run.feasibility)
    except msgspec.MsgspecError:
        return RecordedEngine()


def read_inputs(run: RunArtifact) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the design and the context that were evaluated, or None when the record lacks them."""
    if run.inputs is None:
        return None
    try:
        return _objects.decode(run.inputs.design), _objects.decode(run.inputs.context)
    except msgspec.MsgspecError:
        return None


def _describe_not_computed(run: RunArtifact, named: RecordedEngine, note: str) -> Replayed:
    return Replayed(
        run_id=run.run_id,
        reproduced=False,
        feasibility_sha256_recorded=run.hashes.feasibility_sha256,
        feasibility_sha256_now=None,
        changed_paths=[],
        engine_id=named.engine_id,
        engine_version_recorded=named.engine_version,
        engine_version_now=None,
        note=note,
    )


def _find_changed_paths(recorded: msgspec.Raw, now: bytes) -> list[str]:
    """Return the paths within the feasibility that differ."""
    a, b = ({"run_id": "", "feasibility": msgspec.json.decode(text)} for text in (recorded, now))
    return diff_runs(a, b).changed_paths


def _explain_difference(named: RecordedEngine, version: str, data_sha256: str) -> str:
    if named.engine_version != version:
        return (
            f"It was computed by {named.engine_id} {named.engine_version}, and {version} is installed; what is shown "
            "is what that says."
        )
    if (named.data_sha256 or "") != data_sha256:
        return "The shop's tables say something else of the material today."
    return "The same version gives another result for the same inputs; tell whoever looks after the engine."
