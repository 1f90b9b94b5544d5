"""Take a workflow session from its design to an approved cut: one action, one event, and a run for each attempt.

    acted = perform(store, engines, Wish(session_id=…, action="approve", said={"reason": "…"}), how, actor=actor, us=us)
    acted.stored.session.state, acted.run_id

The run is written first; the session's event, which names the run's id and digest, is what makes the action happen. A
process that dies between the two leaves a run that no event names, and such a run opens no gate. Who loses a race for
the session marks its run `superseded`.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from rmos import digest, ids, workflow
from rmos.engines.registry import Registry
from rmos.errors.base import RmosError
from rmos.errors.callers import Forbidden
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, TransitionBlocked
from rmos.models import ROLES, Actor, RiskLevel, RunView, Session, WorkflowState
from rmos.services.artifact import RunRequest
from rmos.services.runs import Recorded, completed_context, record_run
from rmos.services.sessions import completed, refuse_deleted
from rmos.store import Store
from rmos.store.session_records import SessionRecord
from rmos.store.sessions import Change, SessionStored
from rmos.workflow import Action, Judged, Move, Standing

log = logging.getLogger(__name__)

AI: Final = "ai"
"""The role of a model that acts with a person's token."""
ACTOR_ROLES: Final = (AI, *ROLES)
_EVENT_TYPES: Final[dict[Action, str]] = {
    "request_feasibility": "feasibility_check",
    "approve": "approval",
    "reject": "rejection",
    "store_toolpaths": "toolpaths",
}
"""The actions that make a run, and of which type."""
_MOVED: Final[dict[Action, WorkflowState]] = {
    "require_revision": "design_revision_required",
    "approve": "approved",
    "reject": "rejected",
    "request_toolpaths": "toolpaths_requested",
    "store_toolpaths": "toolpaths_ready",
    "archive": "archived",
}
_LOST: Final = (TransitionBlocked, SessionDeleted, PreconditionFailed, VersionConflict)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of a session: the action and its fields, which passed the edge's checks."""

    session_id: str
    action: Action
    said: Mapping[str, Any] = {}
    version: int | None = None
    """The version that the caller has seen, from `If-Match`."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the installation says on judging and overriding."""

    engine_timeout_ms: float
    allow_red_override: bool


class SessionActed(NamedTuple):
    """The session after an action, and the run that it made."""

    stored: SessionStored
    run: Recorded | None


class _Finding(NamedTuple):
    """What an engine says of the session's inputs, as far as gates look at it."""

    risk: RiskLevel
    score: float | None
    feasibility_sha256: str


def perform(store: Store, engines: Registry, wish: Wish, rules: Rules, *, actor: Actor, us: int) -> SessionActed:
    """Carry out an action; it has happened when its event is durable.

    Raises:
        SessionNotFound, Damage, SessionDeleted, PreconditionFailed, VersionConflict.
        Forbidden: the role does not reach, `actor_role` is above the caller's, or a model approves.
        TransitionBlocked: the state does not allow the action; `allowed` names those that it does.
        ApprovalBlocked: a gate is closed; the attempt that was recorded is `run_id`.
        EngineNotFound: the attempt was recorded, the session is as it was.
        OutOfSpace, StoreReadOnly, StorageFailed: the action did not happen.
    """
    actor = _lowered(actor, wish.said.get("actor_role"))
    _require_role(wish.action, actor)
    return _Attempt(store, engines, wish, rules, actor, us).make()


class _Attempt:
    """One action on one session."""

    def __init__(self, store: Store, engines: Registry, wish: Wish, rules: Rules, actor: Actor, us: int) -> None:
        self._store = store
        self._engines = engines
        self._wish = wish
        self._rules = rules
        self._actor = actor
        self._us = us

    def make(self) -> SessionActed:
        action = self._wish.action
        record = self._store.sessions.record(self._wish.session_id)
        self._refuse_unseen(record)
        standing = self._ready(record)
        if action not in _EVENT_TYPES:
            return SessionActed(self._append(self._change), None)
        request = self._request(record.session, standing)
        run = record_run(
            self._store,
            self._engines,
            request,
            actor=self._actor,
            us=self._us,
            engine_timeout_ms=self._rules.engine_timeout_ms,
        )
        basis = _basis(record.session, standing)

        def change(now: SessionRecord) -> Change:
            if _basis(now.session, self._ready(now)) != basis:
                raise VersionConflict("The session has changed meanwhile; read it again.", version=now.version)
            return self._confirmed(now.session, standing, request, run)

        return SessionActed(self._committed(change, run), run)

    def _committed(self, change: Callable[[SessionRecord], Change], run: Recorded) -> SessionStored:
        # A crash before the event leaves a run that nothing names; after it the action has happened.
        try:
            return self._append(change)
        except ApprovalBlocked as blocked:
            blocked.members["run_id"] = run.run_id
            raise
        except _LOST as lost:
            said = {"session_id": self._wish.session_id, "action": self._wish.action, "error": lost.code}
            self._store.runs.add_event(run.run_id, "superseded", said, actor=self._actor, us=self._us)
            lost.members |= {"session_id": self._wish.session_id, "run_id": run.run_id}
            raise

    def _append(self, change: Callable[[SessionRecord], Change | None]) -> SessionStored:
        wish = self._wish
        stored = self._store.sessions.append(
            wish.session_id, wish.action, change, actor=self._actor, us=self._us, version=wish.version
        )
        log.info("session_action session_id=%s action=%s state=%s", wish.session_id, wish.action, stored.session.state)
        return stored

    def _refuse_unseen(self, record: SessionRecord) -> None:
        """Refuse before a run is made what the append would refuse after it."""
        if self._wish.version not in (None, record.version):
            raise PreconditionFailed(
                "The session has changed since you read it; read it again.",
                session_id=self._wish.session_id,
                version=record.version,
            )

    def _ready(self, record: SessionRecord) -> Standing:
        """Return where a session stands that takes the action."""
        refuse_deleted(record.session)
        standing = standing_of(record)
        allowed = workflow.allowed(standing)
        if self._wish.action not in allowed:
            told = ", ".join(allowed) or "nothing"
            raise TransitionBlocked(
                f"The session is {standing.state}, which does not allow {self._wish.action}; it allows: {told}.",
                session_id=self._wish.session_id,
                state=standing.state,
                allowed=list(allowed),
            )
        return standing

    # What makes no run

    def _change(self, now: SessionRecord) -> Change | None:
        session, said = now.session, self._wish.said
        standing = self._ready(now)
        if self._wish.action in ("set_design", "set_context"):
            return _inputs_set(session, said)
        if self._wish.action == "request_toolpaths":
            self._refuse_unapproved(session, standing)
        return self._moved(session, {name: said[name] for name in ("reason", "note") if said.get(name) is not None})

    def _moved(self, session: Session, said: Mapping[str, Any], state: WorkflowState | None = None) -> Change:
        state = state or _MOVED[self._wish.action]
        has = {"has_design": bool(session.design), "has_context": bool(session.context)}
        return Change(fields={"state": state, "next_step": workflow.next_step(state, **has)}, said=said)

    def _refuse_unapproved(self, session: Session, standing: Standing) -> None:
        """Refuse toolpaths unless just these inputs were approved, and what that rests on still holds."""
        judged = standing.approved
        request = None if judged is None else _run_request(session, judged, "toolpaths")
        context_sha256 = "" if request is None else self._context_sha256(request)
        refusal = workflow.toolpaths_refusal(
            standing, design_sha256=session.design_sha256 or "", context_sha256=context_sha256
        )
        if refusal is not None or judged is None:
            raise self._blocked(refusal or "")
        found = self._named(judged).artifact
        finding = _Finding(found.decision.risk_level, found.decision.score, found.hashes.feasibility_sha256)
        self._refuse_unfit(session, standing, judged, finding, context_sha256)

    # What makes a run

    def _request(self, session: Session, standing: Standing) -> RunRequest:
        wish = self._wish
        said = {name: wish.said[name] for name in ("reason", "note") if wish.said.get(name) is not None}
        told = {"action": wish.action, "session_version": session.version, **said}
        if wish.action == "request_feasibility":
            return RunRequest(
                mode=wish.said["mode"],
                tool_id=wish.said["tool_id"],
                engine_id=wish.said.get("engine_id"),
                parent_run_id=standing.earlier[-1].run_id if standing.earlier else None,
                workflow=told,
                **_inputs_of(session),
            )
        judged = standing.feasibility
        if judged is None:
            raise self._blocked("Nothing was judged in this session; request the feasibility.")
        parent = standing.approval_run_id if wish.action == "store_toolpaths" else judged.run_id
        request = _run_request(session, judged, _EVENT_TYPES[wish.action])
        outputs = wish.said.get("outputs", {})
        return msgspec.structs.replace(request, parent_run_id=parent, outputs=outputs, workflow=told)

    def _confirmed(self, session: Session, standing: Standing, request: RunRequest, run: Recorded) -> Change:
        """Return what the event says that names the run, once every gate is open."""
        said: dict[str, Any] = {"run_id": run.run_id, "run_sha256": run.run_sha256}
        said |= {name: value for name, value in request.workflow.items() if name in ("reason", "note")}
        if self._wish.action == "request_feasibility":
            return self._judged(session, standing, request, run, said)
        finding = _Finding(_risk(run), run.score, run.feasibility_sha256)
        judged = standing.feasibility
        if self._wish.action == "store_toolpaths":
            self._refuse_unapproved(session, standing)
        if self._wish.action != "reject" and judged is not None:
            self._refuse_unfit(session, standing, judged, finding, self._context_sha256(request))
            said["approved_run_id"] = judged.run_id
        return self._moved(session, said)

    def _judged(
        self, session: Session, standing: Standing, request: RunRequest, run: Recorded, said: dict[str, Any]
    ) -> Change:
        judged = Judged(
            run_id=run.run_id,
            run_sha256=run.run_sha256,
            mode=request.mode,
            tool_id=request.tool_id,
            engine_id=request.engine_id,
            design_sha256=session.design_sha256 or "",
            context_sha256=self._context_sha256(request),
            feasibility_sha256=run.feasibility_sha256,
        )
        overridden = self._overridden(session, standing, judged, _risk(run))
        state = workflow.landing(_risk(run), overridden=overridden)
        said |= {"judged": msgspec.to_builtins(judged), "risk_level": run.risk_level, "overridden": overridden}
        moved = self._moved(session, said, state)
        return msgspec.structs.replace(moved, fields={**moved.fields, "tool_id": request.tool_id})

    # The gates

    def _refuse_unfit(
        self, session: Session, standing: Standing, judged: Judged, finding: _Finding, context_sha256: str
    ) -> None:
        """Refuse what the rules do not let through: `finding` is what the engine says of the inputs as they are."""
        self._named(judged)
        refusal = workflow.approval_refusal(
            risk=finding.risk,
            score=finding.score,
            min_score=session.policy.min_score_to_approve,
            overridden=self._overridden(session, standing, judged, finding.risk),
            unchanged=judged.same_inputs(session.design_sha256 or "", context_sha256)
            and judged.feasibility_sha256 == finding.feasibility_sha256,
        )
        if refusal is not None:
            raise self._blocked(refusal)

    def _named(self, judged: Judged) -> RunView:
        """Return the run that an event names, which must still be there, with the digest that the event names."""
        try:
            view = self._store.runs.record(judged.run_id).view()
        except (RunDeleted, RunNotFound):
            raise self._blocked("The run that judged this is gone; request the feasibility again.") from None
        if view.sha256 != judged.run_sha256:
            raise self._blocked("The run is not the one that the session names; request the feasibility again.")
        return view

    def _overridden(self, session: Session, standing: Standing, judged: Judged, risk: RiskLevel) -> bool:
        """Tell whether an override is in force for this very finding on these very inputs, whichever run bears it."""
        if risk == "GREEN" or (risk != "YELLOW" and not self._red_allowed(session)):
            return False
        now_utc = ids.utc_text(ids.now_us())
        same = [
            earlier
            for earlier in (*standing.earlier, judged)
            if earlier.same_inputs(judged.design_sha256, judged.context_sha256)
            and earlier.feasibility_sha256 == judged.feasibility_sha256
        ]
        for run in same:
            try:
                view = self._store.runs.record(run.run_id).view()
            except (RunDeleted, RunNotFound):
                continue
            if view.sha256 == run.run_sha256 and workflow.override_in_force(view.overrides, risk, now_utc=now_utc):
                return True
        return False

    def _red_allowed(self, session: Session) -> bool:
        return self._rules.allow_red_override and session.policy.allow_red_override

    def _context_sha256(self, request: RunRequest) -> str:
        return digest.canonical_sha256(completed_context(request, self._engines.shop))

    def _blocked(self, refusal: str) -> RmosError:
        return ApprovalBlocked(refusal, session_id=self._wish.session_id)


def standing_of(record: SessionRecord) -> Standing:
    """Return where a session stands, from its events."""
    moves = [
        Move(
            action=event.kind,
            judged=None if "judged" not in event.data else msgspec.convert(event.data["judged"], Judged),
            approved_run_id=event.data.get("approved_run_id"),
            run_id=event.data.get("run_id"),
        )
        for event in record.events
    ]
    return workflow.standing_of(record.session.state, moves)


def _lowered(actor: Actor, role: str | None) -> Actor:
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


def _require_role(action: Action, actor: Actor) -> None:
    if action in workflow.DECIDING and ACTOR_ROLES.index(actor.role) < ACTOR_ROLES.index("operator"):
        raise Forbidden(
            f"To {action} takes the role operator; {actor.name} acts as {actor.role}.",
            role_needed="operator",
            role=actor.role,
        )


def _inputs_set(session: Session, said: Mapping[str, Any]) -> Change | None:
    given = {name: said[name] for name in ("design", "context") if name in said}
    inputs = {"design": session.design, "context": session.context, **given}
    if session.state in workflow.PREPARING and all(getattr(session, name) == given[name] for name in given):
        return None
    return Change(fields=completed(inputs, "draft"))


def _inputs_of(session: Session) -> dict[str, Any]:
    return {
        "workflow_session_id": session.session_id,
        "design": session.design,
        "context": session.context,
        "material_id": session.material_id,
        "machine_id": session.machine_id,
    }


def _run_request(session: Session, judged: Judged, event_type: str) -> RunRequest:
    """Return what asks for the session's inputs as they are to be judged the way they were."""
    return RunRequest(
        mode=judged.mode,
        tool_id=judged.tool_id,
        engine_id=judged.engine_id,
        event_type=event_type,
        **_inputs_of(session),
    )


def _basis(session: Session, standing: Standing) -> tuple[Any, ...]:
    """Return what a run was made on: when another writer changed it meanwhile, the run is worth nothing."""
    inputs = (session.design_sha256, session.context_sha256, session.material_id, session.machine_id)
    return (*inputs, standing.state, standing.feasibility, standing.approved)


def _risk(run: Recorded) -> RiskLevel:
    risk: RiskLevel = msgspec.convert(run.risk_level, RiskLevel)
    return risk
