"""What is told of a rosette that was recorded, read from its run and drawing alone.

    describe_rosette(run, svg, spec, list_materials(spec), indexed=True, replayed=False).variant_sha256
    find_replayed_rosettes(store, first_id)            # all variants of a request that was sent before

A request that is sent again is answered from here, and so is the first one: both say the same.
"""

from typing import Any, Final

import msgspec

from rmos.errors.records import RunNotFound
from rmos.models import Attachment, RunArtifact
from rmos.rosette.bom import bill_of_materials
from rmos.rosette.spec import RosetteSpec, decode_spec
from rmos.rosette.wording import title
from rmos.store import Store


class RosetteMade(msgspec.Struct, frozen=True, kw_only=True):
    """One variant that is durable, as the caller is told of it."""

    run_id: str
    run_status: str
    risk_level: str
    score: float | None
    block_reason: str | None
    warnings: list[str]
    operations: list[dict[str, Any]]
    title: str
    svg: str
    variant_sha256: str
    variant_seed: int
    seed_source: str
    attachment: Attachment
    spec: dict[str, Any]
    assumptions: list[str]
    unrecognized: list[str]
    changed: list[str]
    bom: list[dict[str, Any]]
    feasibility: msgspec.Raw
    feasibility_sha256: str
    indexed: bool
    replayed: bool


class RecordedRosette(msgspec.Struct, frozen=True, kw_only=True):
    """What the design of a run says of its rosette."""

    request: dict[str, Any]
    spec: dict[str, Any]
    seed_source: str
    assumptions: list[str]
    unrecognized: list[str]
    changed: list[str]


class _Design(msgspec.Struct, frozen=True):
    rosette: RecordedRosette


_designs: Final = msgspec.json.Decoder(_Design)


def read_rosette(run: RunArtifact) -> RecordedRosette:
    """Return what the design of a run says of its rosette.

    Raises:
        msgspec.MsgspecError: it is no rosette.
    """
    return _designs.decode(run.inputs.design if run.inputs else b"{}").rosette


def list_materials(spec: RosetteSpec) -> list[dict[str, Any]]:
    """Return the bill of materials as plain values."""
    return [msgspec.to_builtins(item) for item in bill_of_materials(spec)]


def describe_rosette(
    run: RunArtifact, svg: str, spec: RosetteSpec, bom: list[dict[str, Any]], *, indexed: bool, replayed: bool
) -> RosetteMade:
    """Return what the caller is told of a run, from the record alone."""
    recorded, decision = read_rosette(run), run.decision
    attachment = (run.attachments or [])[0]
    return RosetteMade(
        run_id=run.run_id,
        run_status=run.status,
        risk_level=decision.risk_level,
        score=decision.score,
        block_reason=decision.block_reason,
        warnings=decision.warnings,
        operations=decision.details.get("operations", []),
        title=title(spec),
        svg=svg,
        variant_sha256=attachment.sha256,
        variant_seed=spec.seed,
        seed_source=recorded.seed_source,
        attachment=attachment,
        spec=recorded.spec,
        assumptions=recorded.assumptions,
        unrecognized=recorded.unrecognized,
        changed=recorded.changed,
        bom=bom,
        feasibility=run.feasibility,
        feasibility_sha256=run.hashes.feasibility_sha256,
        indexed=indexed,
        replayed=replayed,
    )


def find_replayed_rosettes(store: Store, first_id: str) -> list[RosetteMade] | None:
    """Return the variants that an Idempotency-Key has made before, or None when they were never finished."""
    try:
        record = store.runs.record(first_id, include_deleted=True)
    except RunNotFound:
        return None
    run_ids = [first_id]
    named = record.view().artifact.meta or {}
    if isinstance(rosette := named.get("rosette"), dict):
        run_ids = [str(run_id) for run_id in rosette.get("run_ids", run_ids)]
    made = []
    for run_id in run_ids:
        record = store.runs.record(run_id, include_deleted=True)
        run = record.view().artifact
        store.runs.ensure_durable(record)
        svg = store.blobs.read((run.attachments or [])[0].sha256).decode()
        spec = decode_spec(read_rosette(run).spec)
        indexed = store.index.runs.find(run_id).value is not None
        made.append(describe_rosette(run, svg, spec, list_materials(spec), indexed=indexed, replayed=True))
    return made
