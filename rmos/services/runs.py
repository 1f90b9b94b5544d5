"""Evaluate a cut and record the run.

    recorded = record_run(store, engines, RunRequest(mode="router", tool_id="em-3175-2f", design={…}, context={…}),
                          actor=actor, us=now_us(), engine_timeout_ms=5000)
    recorded.run_id, recorded.risk_level

The server, never the client, decides: what a client says of feasibility, risk or hashes is not taken.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from rmos import ids
from rmos.cam.cover import ProgramColour
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.records import EngineNotFound, RunDeleted, RunExists, RunNotFound
from rmos.errors.request import PayloadTooLarge, ValidationFailed
from rmos.errors.store import IndexBroken, IndexUnavailable, RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionNotFound
from rmos.models import Actor, RunDecision, RunView, Stored
from rmos.services.artifact import Idempotency, RunRequest, artifact_members
from rmos.services.deciding import complete_context, decide_cut, mind_new_mode
from rmos.services.evaluated_cuts import EvaluatedCut, decide_design, evaluate_design, read_finding_sha256
from rmos.services.run_programs import ProgramOfRun, check_programs_of, decide_programs, keep_programs_of
from rmos.store import Store

log = logging.getLogger(__name__)

MAX_GCODE_BYTES: Final = 200 * 1024
"""UTF-8 bytes of G-code that a request carries inline; more comes as a file."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is durable, as the caller is told of it."""

    run_id: str
    run_status: str
    risk_level: str
    score: float | None
    block_reason: str | None
    feasibility_sha256: str
    run_sha256: str
    """What the artifact says of itself in `_sha256`."""
    indexed: bool
    replayed: bool
    finding_sha256: str = ""
    """The digest of all that was found of the design, of its cuts too where it has several."""
    programs: tuple[ProgramOfRun, ...] = ()
    """What came of its programs; none of a run that was there before."""


def never_overridden(risk: ProgramColour) -> bool:
    """Tell that no override covers cuts of a colour."""
    return False


def record_run(
    store: Store,
    engines: Registry,
    request: RunRequest,
    *,
    actor: Actor,
    us: int,
    engine_timeout_ms: float,
    idempotency: Idempotency | None = None,
    is_overridden: Callable[[ProgramColour], bool] = never_overridden,
    program: ProgramOfRun | None = None,
) -> Recorded:
    """Evaluate a cut and make the run durable; with an Idempotency-Key that was used before, return its run instead.

    A program that comes with it is read, measured and evaluated cut by cut, and compared with the design.

    Args:
        us: the moment of the request, microseconds since the epoch.
        is_overridden: tells whether an override in force covers cuts of a colour.
        program: one that was checked already.
        engine_timeout_ms: how long the engine may take before its result is an ERROR.

    Raises:
        PayloadTooLarge: G-code above `MAX_GCODE_BYTES`.
        IdempotencyKeyReused: the key came with another body before.
        SessionNotFound, ValidationFailed: the session or the parent run is not there.
        SessionDeleted: the session takes no runs any more.
        RecordDamaged: the session's record is damaged, so nobody knows whether it takes runs.
        EngineNotFound: there is no such engine; the attempt was recorded and its `run_id` is a member of the error.
        OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    refuse_large_gcode(request.outputs)
    run_id, is_fresh, replayed = _take_run_id(store, idempotency, actor, us)
    if replayed is not None:
        return replayed
    made = make_run(
        store,
        engines,
        request,
        run_id,
        actor=actor,
        us=us,
        engine_timeout_ms=engine_timeout_ms,
        idempotency=idempotency,
        is_overridden=is_overridden,
        program=program,
    )
    recorded = _put_run(store, run_id, made.members, is_claimed=idempotency is not None, is_fresh=is_fresh)
    return msgspec.structs.replace(recorded, programs=() if recorded.replayed else made.programs)


class MadeRun(NamedTuple):
    """A run that was evaluated: the members of its artifact, and what came of its programs."""

    members: dict[str, Any]
    programs: tuple[ProgramOfRun, ...]


def make_run(
    store: Store,
    engines: Registry,
    request: RunRequest,
    run_id: str,
    *,
    actor: Actor,
    us: int,
    engine_timeout_ms: float,
    idempotency: Idempotency | None,
    is_overridden: Callable[[ProgramColour], bool] = never_overridden,
    program: ProgramOfRun | None = None,
) -> MadeRun:
    """Evaluate a cut and return the run that is to be recorded; its programs are kept as files by then.

    Args and errors are those of `record_run`.
    """
    require_session_and_parent(store, request)
    context = complete_context(request, engines.shop)
    evaluated = _evaluate_cut(engines, request, context, actor, engine_timeout_ms)
    result, decision, errors = evaluated.result, evaluated.decision, evaluated.errors
    if program is not None:
        programs = [program]
    else:
        programs = _check_programs(engines, request, context, evaluated, actor, engine_timeout_ms, is_overridden)
    attachments: list[dict[str, Any]] = []
    if programs:
        decision = decide_programs(decision, programs)
        request, attachments = keep_programs_of(store, request, programs, created_at_utc=ids.utc_text(us))
    members = artifact_members(
        run_id,
        request,
        context,
        result,
        mind_new_mode(decision, request.mode, store),
        errors,
        actor=actor,
        idempotency=idempotency,
        attachments=attachments,
    )
    return MadeRun(members, tuple(programs))


def _check_programs(
    engines: Registry,
    request: RunRequest,
    context: dict[str, Any],
    evaluated: "_EvaluatedDesign",
    actor: Actor,
    engine_timeout_ms: float,
    is_overridden: Callable[[ProgramColour], bool],
) -> list[ProgramOfRun]:
    """Return what came of the programs of a run; the engine that evaluated its design evaluates their cuts."""
    return check_programs_of(
        engines,
        request,
        context,
        evaluated.decision.risk_level,
        cuts=evaluated.cuts,
        evaluate=lambda design, of_tool: _evaluate(engines, request, design, of_tool, actor, engine_timeout_ms),
        is_overridden=is_overridden,
    )


class _TakenId(NamedTuple):
    """The id of the run to make, whether this request made it, and the run of an earlier one with the same key."""

    run_id: str
    is_fresh: bool
    replayed: Recorded | None = None


def _take_run_id(store: Store, idempotency: Idempotency | None, actor: Actor, us: int) -> _TakenId:
    store.heartbeat.require_clock()
    minted = ids.new_run_id(us)
    if idempotency is None:
        return _TakenId(minted, True)
    run_id = store.claims.take_run_id(actor.name, idempotency.key, idempotency.request_sha256, us, run_id=minted)
    if run_id == minted:
        return _TakenId(run_id, True)
    # An earlier request's claim; without a run, its maker died and we take it over.
    return _TakenId(run_id, False, find_replayed(store, run_id))


def _put_run(store: Store, run_id: str, members: Mapping[str, Any], *, is_claimed: bool, is_fresh: bool) -> Recorded:
    """Make a run durable; under a claimed id a twin of the request may have been faster, and its run is returned."""
    try:
        stored = store.runs.put(members, fresh=is_fresh)
    except RunExists:
        if is_claimed and (replayed := find_replayed(store, run_id)):
            return replayed
        raise
    return describe_stored(stored)


def describe_stored(stored: Stored) -> Recorded:
    """Return what the caller is told of a run that was just recorded.

    Raises:
        EngineNotFound: it asked for an engine that is not there.
    """
    run = stored.view.artifact
    log.info("run_created run_id=%s risk=%s", run.run_id, run.decision.risk_level)
    return _describe_run(stored.view, indexed=stored.indexed, replayed=False)


def _describe_run(view: RunView, *, indexed: bool, replayed: bool) -> Recorded:
    """Return what the caller is told of a run; of one that asked for an unknown engine it is told by an error."""
    run, decision = view.artifact, view.artifact.decision
    if decision.details.get("error") == EngineNotFound.code:
        raise EngineNotFound(
            decision.block_reason or "", run_id=run.run_id, engine_id=decision.details.get("engine_id")
        )
    return Recorded(
        run_id=run.run_id,
        run_status=run.status,
        risk_level=decision.risk_level,
        score=decision.score,
        block_reason=decision.block_reason,
        feasibility_sha256=run.hashes.feasibility_sha256,
        finding_sha256=read_finding_sha256(run),
        run_sha256=view.sha256,
        indexed=indexed,
        replayed=replayed,
    )


def find_replayed(store: Store, run_id: str) -> Recorded | None:
    """Return the run that an Idempotency-Key has made before, or None when it was never finished."""
    try:
        record = store.runs.record(run_id, include_deleted=True)
        view = record.view()
    except RunNotFound:
        return None
    except RecordDamaged as damage:
        damage.members["run_id"] = run_id
        raise
    store.runs.ensure_durable(record)
    try:
        indexed = store.index.runs.find(run_id).value is not None
    except (IndexBroken, IndexUnavailable):
        indexed = False
    return _describe_run(view, indexed=indexed, replayed=True)


def refuse_large_gcode(outputs: Mapping[str, Any]) -> None:
    """Refuse G-code above `MAX_GCODE_BYTES`."""
    gcode = outputs.get("gcode_text")
    if gcode is not None and len(gcode.encode()) > MAX_GCODE_BYTES:
        raise PayloadTooLarge(
            f"outputs.gcode_text is above the limit of {MAX_GCODE_BYTES} bytes.", limit_bytes=MAX_GCODE_BYTES
        )


def require_session_and_parent(store: Store, request: RunRequest) -> None:
    """Refuse a run of a session that does not exist or is deleted, or after a run that does not exist."""
    session_id, parent_id = request.workflow_session_id, request.parent_run_id
    if session_id is not None:
        _require_active_session(store, session_id)
    if parent_id is None:
        return
    try:
        store.runs.record(parent_id, include_deleted=True)
    except RunNotFound:
        raise ValidationFailed(
            "The request names a run that does not exist.",
            errors={"parent_run_id": ["There is no run with this id."]},
            parent_run_id=parent_id,
        ) from None
    except (RecordDamaged, RunDeleted):
        pass  # it exists or did, and what it holds does not matter here


def _require_active_session(store: Store, session_id: str) -> None:
    try:
        deleted = store.sessions.is_deleted(session_id)
    except (SessionNotFound, RecordDamaged) as error:
        error.members = {"workflow_session_id": session_id}
        raise
    if deleted:
        raise SessionDeleted(
            "The workflow session was deleted; restore it before it takes runs.", workflow_session_id=session_id
        )


class _EvaluatedDesign(NamedTuple):
    """What the engine says of a design, the decision, the errors to record, and what was found of its cuts."""

    result: EngineResult
    decision: RunDecision
    errors: list[dict[str, str]]
    cuts: tuple[EvaluatedCut, ...] = ()


def _evaluate_cut(
    engines: Registry, request: RunRequest, context: dict[str, Any], actor: Actor, timeout_ms: float
) -> _EvaluatedDesign:
    """Return what the engine says and what is decided.

    An engine that is not there has failed as well.
    """
    try:
        info = engines.get(request.engine_id).info
    except EngineNotFound as error:
        result = _make_missing(request, error, actor)
        return _EvaluatedDesign(result, decide(result), [{"error": error.code, "detail": error.detail}])
    result = _evaluate(engines, request, request.design, context, actor, timeout_ms)
    decision = decide_cut(request, info, engines.shop, context, result)
    if result.status == "ERROR":
        return _EvaluatedDesign(result, decision, [{"error": "ENGINE_FAILED", "detail": "; ".join(result.reasons)}])
    cuts = evaluate_design(
        request,
        context,
        info,
        engines.shop,
        evaluate=lambda design, of_cut: _evaluate(engines, request, design, of_cut, actor, timeout_ms),
    )
    return _EvaluatedDesign(result, decide_design(request, cuts, engines.shop) if cuts else decision, [], cuts)


def _evaluate(
    engines: Registry,
    request: RunRequest,
    design: dict[str, Any],
    context: dict[str, Any],
    actor: Actor,
    timeout_ms: float,
) -> EngineResult:
    """Return what the engine of a request says of a cut; one that is not there has failed as well."""
    try:
        engine = engines.get(request.engine_id)
    except EngineNotFound as error:
        return _make_missing(request, error, actor)
    request_id = actor.request_id or "-"
    return evaluate(engine, design=design, context=context, request_id=request_id, timeout_ms=timeout_ms)


def _make_missing(request: RunRequest, error: EngineNotFound, actor: Actor) -> EngineResult:
    return EngineResult(
        engine_id=request.engine_id or "unknown",
        engine_version="0.0.0",
        status="ERROR",
        request_id=actor.request_id or "-",
        reasons=[error.detail],
    )
