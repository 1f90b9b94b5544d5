"""Take a workflow session from its design to an approved cut: one action, one event, and a run for each attempt.

    request = ActionRequest(session_id=…, action="approve", fields={"reason": "…"})
    done = perform_action(store, engines, request, policy, actor=actor, us=us)
    done.stored.session.state, done.run

The run is written first; the session's event, which names the run's id and digest, is what makes the action happen. A
process that dies between the two leaves a run that no event names, and such a run opens no gate. Who loses a race for
the session marks its run `superseded`.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from rmos import workflow
from rmos.engines.registry import Registry
from rmos.errors.callers import Forbidden
from rmos.errors.http import PreconditionFailed
from rmos.errors.programs import NotCovered
from rmos.errors.records import VersionConflict
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, TransitionBlocked
from rmos.models import ROLES, Actor, RiskLevel, Session, WorkflowState
from rmos.services.action_inputs import EVENT_TYPES, NOTES, ActionInputs, ActionRequest, list_fields
from rmos.services.artifact import RunRequest
from rmos.services.gates import EvaluatedInputs, GatePolicy, Gates
from rmos.services.run_programs import ProgramOfRun, are_covered
from rmos.services.runs import Recorded, record_run
from rmos.services.sessions import complete_fields, refuse_deleted
from rmos.services.standing import read_standing
from rmos.store import Store
from rmos.store.session_records import SessionRecord
from rmos.store.sessions import SessionChange, SessionStored
from rmos.workflow import EvaluatedRun, Standing, WorkflowAction

log = logging.getLogger(__name__)

AI: Final = "ai"
"""The role of a model that acts with a person's token."""
ACTOR_ROLES: Final = (AI, *ROLES)
_STATE_AFTER: Final[dict[WorkflowAction, WorkflowState]] = {
    "require_revision": "design_revision_required",
    "approve": "approved",
    "reject": "rejected",
    "request_toolpaths": "toolpaths_requested",
    "make_toolpaths": "toolpaths_ready",
    "store_toolpaths": "toolpaths_ready",
    "archive": "archived",
}
_LOST_RACE: Final = (TransitionBlocked, SessionDeleted, PreconditionFailed, VersionConflict)


class ActionDone(NamedTuple):
    """The session after an action, and the run that it made."""

    stored: SessionStored
    run: Recorded | None


def perform_action(
    store: Store, engines: Registry, request: ActionRequest, policy: GatePolicy, *, actor: Actor, us: int
) -> ActionDone:
    """Carry out an action; it has happened when its event is durable.

    Raises:
        SessionNotFound, Damage, SessionDeleted, PreconditionFailed, VersionConflict.
        Forbidden: the role does not reach, `actor_role` is above the caller's, or a model approves.
        TransitionBlocked: the state does not allow the action; `allowed` names those that it does.
        ApprovalBlocked: a gate is closed; the attempt that was recorded is `run_id`.
        RosetteNotFound, RunNotFound, RunDeleted: the rosette that is named is not there.
        ShapeUnknown, ToolDoesNotFit, NoEntry, TabsTooLong, OutsideStock, OutsideTravel, TooManyMoves: there are no
            toolpaths of what was approved; nothing was recorded.
        NotCovered: the program does more than was approved; the attempt that was recorded is `run_id`.
        AttachmentNotFound, PayloadTooLarge: the program that is named is not there, or too large to be measured.
        EngineNotFound: the attempt was recorded, the session is as it was.
        OutOfSpace, StoreReadOnly, StorageFailed: the action did not happen.
    """
    actor = _lower_role(actor, request.fields.get("actor_role"))
    _require_role(request.action, actor)
    return _Attempt(store, engines, request, policy, actor, us).make()


class _Attempt:
    """One action on one session."""

    def __init__(
        self, store: Store, engines: Registry, request: ActionRequest, policy: GatePolicy, actor: Actor, us: int
    ) -> None:
        self._store = store
        self._engines = engines
        self._request = request
        self._policy = policy
        self._actor = actor
        self._us = us
        self._gates = Gates(store, engines, policy, request.session_id)
        self._notes = list_fields(request, NOTES)
        self._inputs = ActionInputs(store, engines, request, policy, self._gates, request_id=actor.request_id)

    def make(self) -> ActionDone:
        record = self._store.sessions.record(self._request.session_id)
        self._refuse_unseen(record)
        standing = self._require_allowed(record)
        if self._request.action not in EVENT_TYPES:
            return ActionDone(self._append(self._decide_change), None)
        run_request = self._inputs.make_run_request(record.session, standing)
        run = record_run(
            self._store,
            self._engines,
            run_request,
            actor=self._actor,
            us=self._us,
            engine_timeout_ms=self._policy.engine_timeout_ms,
            is_overridden=lambda risk: self._is_overridden(record.session, standing, risk),
        )
        self._refuse_uncovered(run)
        basis = _basis(record.session, standing)

        def decide(now: SessionRecord) -> SessionChange:
            if _basis(now.session, self._require_allowed(now)) != basis:
                raise VersionConflict("The session has changed meanwhile; read it again.", version=now.version)
            return self._confirm_run(now.session, standing, run_request, run)

        return ActionDone(self._commit(decide, run), run)

    def _is_overridden(self, session: Session, standing: Standing, risk: RiskLevel) -> bool:
        """Tell whether an override in force of what was approved covers cuts of a colour."""
        approved = standing.approved
        return approved is not None and self._gates.is_overridden(session, standing, approved, risk)

    def _refuse_uncovered(self, run: Recorded) -> None:
        """Refuse a program that does more than was approved; its run stands, and the session stays as it is.

        Raises:
            NotCovered.
        """
        if not run.programs or are_covered(run.programs):
            return
        session_id = self._request.session_id
        exceeded = [item for number, one in enumerate(run.programs, 1) for item in self._list_excess(number, one)]
        log.info("program_not_covered session_id=%s run_id=%s", session_id, run.run_id)
        raise NotCovered(run.block_reason or "", session_id=session_id, run_id=run.run_id, exceeded=exceeded)

    def _list_excess(self, number: int, program: ProgramOfRun) -> list[dict[str, Any]]:
        """Return what goes beyond what was approved, with the number of the program where there may be several."""
        return program.list_excess(number if self._request.action == "make_toolpaths" else None)

    def _commit(self, decide: Callable[[SessionRecord], SessionChange], run: Recorded) -> SessionStored:
        # A crash before the event leaves a run that nothing names; after it the action has happened.
        try:
            return self._append(decide)
        except ApprovalBlocked as blocked:
            blocked.members["run_id"] = run.run_id
            raise
        except _LOST_RACE as lost:
            data = {"session_id": self._request.session_id, "action": self._request.action, "error": lost.code}
            self._store.runs.append(
                run.run_id, "superseded", lambda _: data, actor=self._actor, us=self._us, include_deleted=True
            )
            lost.members |= {"session_id": self._request.session_id, "run_id": run.run_id}
            raise

    def _append(self, decide: Callable[[SessionRecord], SessionChange | None]) -> SessionStored:
        session_id, action = self._request.session_id, self._request.action
        stored = self._store.sessions.append(
            session_id, action, decide, actor=self._actor, us=self._us, version=self._request.version
        )
        log.info("session_action session_id=%s action=%s state=%s", session_id, action, stored.session.state)
        return stored

    def _refuse_unseen(self, record: SessionRecord) -> None:
        """Refuse before a run is made what the append would refuse after it."""
        if self._request.version not in (None, record.version):
            raise PreconditionFailed(
                "The session has changed since you read it; read it again.",
                session_id=self._request.session_id,
                version=record.version,
            )

    def _require_allowed(self, record: SessionRecord) -> Standing:
        """Return where a session stands that takes the action."""
        refuse_deleted(record.session)
        standing = read_standing(record)
        allowed = workflow.allowed_actions(standing)
        if self._request.action not in allowed:
            listed = ", ".join(allowed) or "nothing"
            raise TransitionBlocked(
                f"The session is {standing.state}, which does not allow {self._request.action}; it allows: {listed}.",
                session_id=self._request.session_id,
                state=standing.state,
                allowed=list(allowed),
            )
        return standing

    # What makes no run

    def _decide_change(self, now: SessionRecord) -> SessionChange | None:
        standing = self._require_allowed(now)
        if self._request.action in ("set_design", "set_context"):
            return _set_inputs(now.session, self._inputs.take_rosette(now.session))
        if self._request.action == "request_toolpaths":
            self._gates.require_approved(now.session, standing)
        return self._move(now.session, self._notes)

    def _move(self, session: Session, data: Mapping[str, Any], state: WorkflowState | None = None) -> SessionChange:
        state = state or _STATE_AFTER[self._request.action]
        has = {"has_design": bool(session.design), "has_context": bool(session.context)}
        return SessionChange(fields={"state": state, "next_step": workflow.next_step(state, **has)}, data=data)

    def _confirm_run(self, session: Session, standing: Standing, request: RunRequest, run: Recorded) -> SessionChange:
        """Return what the event says that names the run, once every gate is open."""
        data: dict[str, Any] = {"run_id": run.run_id, "run_sha256": run.run_sha256, **self._notes}
        if self._request.action == "request_feasibility":
            return self._confirm_feasibility(session, standing, request, run, data)
        finding = EvaluatedInputs(_risk_of(run), run.score, run.finding_sha256)
        evaluated = standing.feasibility
        if self._request.action in workflow.GIVING_TOOLPATHS:
            self._gates.require_approved(session, standing)
        if self._request.action != "reject" and evaluated is not None:
            context_sha256 = self._gates.context_sha256(request)
            self._gates.require_approvable(session, standing, evaluated, finding, context_sha256)
            data["approved_run_id"] = evaluated.run_id
        return self._move(session, data)

    def _confirm_feasibility(
        self, session: Session, standing: Standing, request: RunRequest, run: Recorded, data: dict[str, Any]
    ) -> SessionChange:
        evaluated = EvaluatedRun(
            run_id=run.run_id,
            run_sha256=run.run_sha256,
            mode=request.mode,
            tool_id=request.tool_id,
            engine_id=request.engine_id,
            design_sha256=session.design_sha256 or "",
            context_sha256=self._gates.context_sha256(request),
            feasibility_sha256=run.finding_sha256,
        )
        overridden = self._gates.is_overridden(session, standing, evaluated, _risk_of(run))
        state = workflow.state_after_feasibility(_risk_of(run), overridden=overridden)
        # The member's name is part of the format on disk.
        data |= {"judged": msgspec.to_builtins(evaluated), "risk_level": run.risk_level, "overridden": overridden}
        moved = self._move(session, data, state)
        return msgspec.structs.replace(moved, fields={**moved.fields, "tool_id": request.tool_id})


def _lower_role(actor: Actor, role: str | None) -> Actor:
    """Return the actor in the role that the request asks for, which can only be a lesser one."""
    if role is None:
        return actor
    if ACTOR_ROLES.index(role) > ACTOR_ROLES.index(actor.role):
        raise Forbidden(
            f"`actor_role` may lower the caller's role, and {actor.role} is below {role}.",
            role_needed=role,
            role=actor.role,
        )
    return msgspec.structs.replace(actor, role=role)


def _require_role(action: WorkflowAction, actor: Actor) -> None:
    if action in workflow.DECIDING and ACTOR_ROLES.index(actor.role) < ACTOR_ROLES.index("operator"):
        raise Forbidden(
            f"To {action} takes the role operator; {actor.name} acts as {actor.role}.",
            role_needed="operator",
            role=actor.role,
        )


def _set_inputs(session: Session, fields: Mapping[str, Any]) -> SessionChange | None:
    given = {name: fields[name] for name in ("design", "context", "tool_id", "machine_id") if name in fields}
    inputs = {"design": session.design, "context": session.context, **given}
    if session.state in workflow.PREPARING and all(getattr(session, name) == given[name] for name in given):
        return None
    return SessionChange(fields=complete_fields(inputs, "draft"))


def _basis(session: Session, standing: Standing) -> tuple[Any, ...]:
    """Return what a run was made on: when another writer changed it meanwhile, the run is worth nothing."""
    inputs = (session.design_sha256, session.context_sha256, session.material_id, session.machine_id)
    return (*inputs, standing.state, standing.feasibility, standing.approved)


def _risk_of(run: Recorded) -> RiskLevel:
    risk: RiskLevel = msgspec.convert(run.risk_level, RiskLevel)
    return risk
