"""The artifact of a new run: its members in the form that is written once and stays for ever."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos import digest, ids
from rmos.engines.base import EngineResult
from rmos.engines.decision import run_status
from rmos.engines.recorded import canonical_record
from rmos.models import RUN_SCHEMA, TOOLPATHS, Actor, RunDecision
from rmos.services.programs.setup import ProgramOptions

MAX_KEYS: Final = 50
"""Members of one object that `request_summary` shows."""
_SHOWN: Final = 200
"""Characters of a text, and of a member's name, that `request_summary` shows."""
_ITEMS: Final = 10
"""Items of a list that `request_summary` shows."""
_DEPTH: Final = 3
"""Levels of nesting that `request_summary` shows."""
_FIGURES: Final = frozenset({int, float, bool, type(None)})
_SERVERS_OWN: Final = frozenset(
    {"request_id", "compute_ms", "idempotency", "completeness_guard", "client_feasibility_stripped", "workflow"}
)
"""Members of `meta` that only the server writes; a client's are dropped."""


class SentProgram(msgspec.Struct, frozen=True, kw_only=True):
    """The program of a run, as it was sent."""

    data: bytes
    name: str = "program.nc"
    options: ProgramOptions = ProgramOptions()
    cut: int | None = None
    """Which cut of a design with several it makes; None of one that a design as a whole stands for."""


class MadePrograms(msgspec.Struct, frozen=True, kw_only=True):
    """The programs of a design, and the toolpaths that they were written from."""

    programs: tuple[SentProgram, ...]
    toolpaths: bytes
    """Canonical bytes of `rmos.toolpaths/1`."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A cut to be evaluated and recorded: JSON values that passed the edge's checks."""

    mode: str
    tool_id: str
    event_type: str = "feasibility_check"
    workflow_session_id: str | None = None
    engine_id: str | None = None
    design: dict[str, Any] = {}
    context: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    program: SentProgram | None = None
    """Of a program that came otherwise than in `outputs`, and of one about which more is known."""
    made: "MadePrograms | None" = None
    """Programs that were made of the design."""
    material_id: str | None = None
    machine_id: str | None = None
    parent_run_id: str | None = None
    notes: str | None = None
    meta: dict[str, Any] = {}
    stripped: bool = False
    """Whether the client sent a decision of its own, which was dropped."""
    workflow: dict[str, Any] = {}
    """Of a run that an action of a workflow session makes: the action and what was said with it."""


class Idempotency(msgspec.Struct, frozen=True, kw_only=True):
    """An Idempotency-Key and the digest of the canonical body that it came with."""

    key: str
    request_sha256: str


def artifact_members(
    run_id: str,
    request: RunRequest,
    context: dict[str, Any],
    result: EngineResult,
    decision: RunDecision,
    errors: list[dict[str, str]],
    *,
    actor: Actor,
    idempotency: Idempotency | None,
    attachments: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the artifact's members; what has a digest is encoded once, hashed and embedded as it is.

    Args:
        attachments: the files that the run names from the beginning.
    """
    feasibility = canonical_record(result)
    design, evaluated = digest.canonical(request.design), digest.canonical(context)
    outputs, output_hashes = _outputs(request.outputs, request.event_type)
    details = {**decision.details, "error": errors[0]["error"]} if errors else decision.details
    us = ids.moment_of(run_id)
    return {
        "schema": RUN_SCHEMA,
        "run_id": run_id,
        "created_at_utc": ids.utc_text(us or 0),
        "status": run_status(decision.risk_level),
        "mode": request.mode,
        "tool_id": request.tool_id,
        "event_type": request.event_type,
        "workflow_session_id": request.workflow_session_id,
        "request_id": actor.request_id,
        "inputs": {"design": msgspec.Raw(design), "context": msgspec.Raw(evaluated)},
        "request_summary": request_summary(request, design),
        "feasibility": msgspec.Raw(feasibility),
        "decision": _plain(decision, details),
        "hashes": {
            "feasibility_sha256": digest.sha256_hex(feasibility),
            "design_sha256": digest.sha256_hex(design),
            "context_sha256": digest.sha256_hex(evaluated),
            **output_hashes,
        },
        "outputs": outputs,
        "attachments": attachments or [],
        "explanation_status": "NONE",
        "explanation_summary": None,
        "material_id": request.material_id or _material_of(context),
        "machine_id": request.machine_id,
        "parent_run_id": request.parent_run_id,
        "created_by": {"name": actor.name, "role": actor.role},
        "notes": request.notes,
        "engine_version": result.engine_version,
        "errors": errors,
        "meta": _meta(request, result, actor, idempotency),
    }


def _plain(decision: RunDecision, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "risk_level": decision.risk_level,
        "score": decision.score,
        "block_reason": decision.block_reason,
        "warnings": decision.warnings,
        "details": details,
    }


def _outputs(sent: Mapping[str, Any], event_type: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the outputs as recorded, and their digests: of the program's bytes, of the canonical JSON.

    The toolpaths of a workflow session are all that was stored as such: their digest is that of the whole of `outputs`.
    A program is named by its digest; its bytes are a file of the run.
    """
    outputs: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    if programs := sent.get("programs"):
        outputs["programs"] = programs
        hashes["gcode_sha256"] = programs[0]["sha256"]
    if (opplan := sent.get("opplan_json")) is not None:
        data = digest.canonical(opplan)
        outputs["opplan_json"] = msgspec.Raw(data)
        hashes["opplan_sha256"] = digest.sha256_hex(data)
    if event_type == TOOLPATHS and outputs:
        hashes["toolpaths_sha256"] = digest.canonical_sha256(outputs)
    return outputs, hashes


def _material_of(context: Mapping[str, Any]) -> str | None:
    """Return the material that was evaluated, so that lists can be asked for it however it was sent."""
    material = context.get("material")
    found = material.get("id") if isinstance(material, dict) else context.get("material_id")
    return found if isinstance(found, str) and 0 < len(found) <= _SHOWN else None


def _meta(request: RunRequest, result: EngineResult, actor: Actor, idempotency: Idempotency | None) -> dict[str, Any]:
    meta = {name: value for name, value in request.meta.items() if name not in _SERVERS_OWN}
    meta["compute_ms"] = result.compute_ms
    if actor.request_id is not None:
        meta["request_id"] = actor.request_id
    if idempotency is not None:
        meta["idempotency"] = {"key": idempotency.key, "request_sha256": idempotency.request_sha256}
    if request.stripped:
        meta["client_feasibility_stripped"] = True
    if request.workflow:
        meta["workflow"] = request.workflow
    return meta


def request_summary(request: RunRequest, design: bytes = b"") -> dict[str, Any]:
    """Return what people read of a request: its ids and its figures, long values cut with their length noted.

    Args:
        design: the canonical bytes of `request.design`, shown as they are when nothing in them has to be cut.
    """
    summary: dict[str, Any] = {
        "mode": request.mode,
        "tool_id": request.tool_id,
        "design": msgspec.Raw(design)
        if design and _is_flat(request.design)
        else _shorten_value(request.design, _DEPTH),
        "context": _shorten_value(request.context, _DEPTH),
    }
    for name in ("engine_id", "material_id", "machine_id", "parent_run_id", "workflow_session_id"):
        value = getattr(request, name)
        if value is not None:
            summary[name] = value
    if request.outputs:
        summary["outputs"] = _shorten_value(request.outputs, _DEPTH)
    return summary


def _is_flat(design: Mapping[str, Any]) -> bool:
    """Tell whether an object is a few short values, as nearly every design is."""
    if len(design) > MAX_KEYS:
        return False
    for name, value in design.items():
        kind = type(value)
        if len(name) > _SHOWN or not (kind in _FIGURES or (kind is str and len(value) <= _SHOWN)):
            return False
    return True


def _shorten_value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _cut(value) if len(value) > _SHOWN else value
    if isinstance(value, dict):
        if depth == 0:
            return f"(an object of {len(value)} members)"
        shown = list(value) if len(value) <= MAX_KEYS else list(value)[: MAX_KEYS - 1]
        short = {_cut(name): _shorten_value(value[name], depth - 1) for name in shown}
        if len(shown) < len(value):
            short["(more)"] = f"({len(value) - len(shown)} more members)"
        return short
    if isinstance(value, list):
        if depth == 0:
            return f"(a list of {len(value)} items)"
        short_items = [_shorten_value(item, depth - 1) for item in value[:_ITEMS]]
        return short_items if len(value) <= _ITEMS else [*short_items, f"({len(value) - _ITEMS} more items)"]
    return value


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
