"""Make, change, delete and restore workflow sessions. A record is not erased: a deletion is one more event.

made = create_session(store, {"workflow_type": "rosette", "design": {…}}, actor=actor, us=us)
patch_session(store, made.session.session_id, {"context": {…}}, actor=actor, us=us, version=1)
delete_session(store, session_id, force=False, cascade=True, reason=None, actor=actor, us=us)
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos import digest, ids, workflow
from rmos.counts import count_of
from rmos.errors.callers import Forbidden
from rmos.errors.store import OutOfSpace, RecordDamaged, StorageFailed, StoreReadOnly
from rmos.errors.workflow import SessionDeleted, SessionHasRuns, SessionNotFound, TransitionBlocked
from rmos.models import Actor, Session, SessionPolicy, WorkflowState
from rmos.row_models import RunQuery
from rmos.services.artifact import Idempotency
from rmos.store import Store
from rmos.store.audit import Attempt
from rmos.store.session_records import SessionRecord
from rmos.store.sessions import SessionChange, SessionStored

log = logging.getLogger(__name__)

_MERGED: Final = ("design", "context", "state_data", "policy")
"""Fields that hold objects: a change is merged into them, member by member (RFC 7396)."""
_MAY_LOOSEN: Final = ("operator", "admin")
"""Who may make the rules milder that a session's cuts are approved by: those who approve them."""


def create_session(
    store: Store, fields: Mapping[str, Any], *, actor: Actor, us: int, idempotency: Idempotency | None = None
) -> SessionStored:
    """Make a session; design and context may come now or later, in either order.

    With an Idempotency-Key that was used before, return its session instead, as it stands now and not `changed`.

    Args:
        fields: the free fields that the caller set; absent ones are empty.
        us: the moment of the request, microseconds since the epoch.

    Raises:
        Forbidden: its policy is milder than that of any session, and the caller approves nothing; it is written down.
        IdempotencyKeyReused: the key came with another request before.
        RecordDamaged: the session that the key made is damaged.
        NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        _refuse_loosened(SessionPolicy(), given, actor)
    except Forbidden as refusal:
        _audit_refusal(store, Attempt("policy", "a new session", given["policy"]), refusal, actor, us)
        raise
    store.heartbeat.require_clock()
    session_id, data = ids.new_session_id(us), {}
    if idempotency is not None:
        session_id = store.claims.take_session_id(actor.name, idempotency.key, idempotency.request_sha256, us)
        data = {"idempotency": msgspec.to_builtins(idempotency)}
        # A claim made at another moment is an earlier request's; without a session, its maker died and we take it over.
        if ids.moment_of_session(session_id) != us and (replayed := _find_replayed(store, session_id)):
            return replayed
    change = SessionChange(fields=complete_fields(given, "draft"), data=data)
    stored = store.sessions.create(session_id, change, actor=actor, us=us)
    if stored.changed:
        log.info("session_created session_id=%s", session_id)
    return stored


def _find_replayed(store: Store, session_id: str) -> SessionStored | None:
    """Return the session that an Idempotency-Key has made before, or None when it was never made."""
    try:
        record = store.sessions.record(session_id)
    except SessionNotFound:
        return None
    except RecordDamaged as damage:
        damage.members["session_id"] = session_id
        raise
    store.sessions.ensure_durable(record)
    return SessionStored(session=record.session, indexed=store.sessions.is_indexed(record.session), changed=False)


def patch_session(
    store: Store, session_id: str, patch: Mapping[str, Any], *, actor: Actor, us: int, version: int | None = None
) -> SessionStored:
    """Merge fields into a session; what changes nothing writes nothing.

    Args:
        patch: free fields; null empties one, and objects are merged member by member (RFC 7396).
        version: the version that the caller has seen, from `If-Match`; without one, both of two writers are merged.

    Raises:
        SessionNotFound, Damage, SessionDeleted, PreconditionFailed, VersionConflict.
        Forbidden: the policy would be milder, and the caller approves nothing; it is written down.
        TransitionBlocked: design or context are past being written.
    """

    def change(now: SessionRecord) -> SessionChange | None:
        session = now.session
        refuse_deleted(session)
        before = {name: _to_builtins(getattr(session, name)) for name in patch}
        after = {name: _merge_fields(name, before[name], value) for name, value in patch.items()}
        changed = {name: value for name, value in after.items() if value != before[name]}
        if not changed:
            return None
        _refuse_loosened(session.policy, changed, actor)
        if session.state not in workflow.PREPARING and not changed.keys().isdisjoint(("design", "context")):
            allowed = " or ".join(workflow.PREPARING)
            raise TransitionBlocked(
                f"Design and context are written only while a session is {allowed}; this one is {session.state}.",
                session_id=session_id,
                state=session.state,
            )
        whole = {"design": session.design, "context": session.context, **changed}
        return SessionChange(fields=complete_fields(whole, session.state))

    try:
        return store.sessions.append(session_id, "update", change, actor=actor, us=us, version=version)
    except Forbidden as refusal:
        _audit_refusal(store, Attempt("policy", session_id, patch["policy"] or {}), refusal, actor, us)
        raise


def delete_session(
    store: Store,
    session_id: str,
    *,
    force: bool,
    cascade: bool,
    reason: str | None,
    actor: Actor,
    us: int,
    version: int | None = None,
) -> SessionStored:
    """Delete a session by an event; what was deleted already, in the same way, stays as it is.

    Args:
        force: delete it although runs are linked to it.
        cascade: its runs count as deleted with it, until it is restored; not a byte of theirs changes.

    Raises:
        SessionNotFound, Damage, PreconditionFailed, VersionConflict.
        SessionHasRuns: runs are linked to it, and `force` is False.
        IndexRebuilding: nobody can tell just now whether there are runs, and `force` is False.
    """

    def change(now: SessionRecord) -> SessionChange | None:
        if now.session.status == "DELETED" and (now.cascade or not cascade):
            return None
        if not force:
            _refuse_linked(store, session_id)
        data = {"force": force, "cascade": cascade, "reason": reason}
        return SessionChange(fields={"status": "DELETED", "next_step": None}, data=data)

    stored = store.sessions.append(session_id, "delete", change, actor=actor, us=us, version=version)
    log.info("session_deleted session_id=%s cascade=%s", session_id, cascade)
    return stored


def restore_session(
    store: Store, session_id: str, *, actor: Actor, us: int, version: int | None = None
) -> SessionStored:
    """Undo a deletion, and with it that of the runs that went along; an active session stays as it is.

    Raises:
        SessionNotFound, Damage, PreconditionFailed, VersionConflict.
    """

    def change(now: SessionRecord) -> SessionChange | None:
        session = now.session
        if session.status == "ACTIVE":
            return None
        fields = complete_fields({"design": session.design, "context": session.context}, session.state)
        return SessionChange(fields={**fields, "status": "ACTIVE"})

    stored = store.sessions.append(session_id, "restore", change, actor=actor, us=us, version=version)
    log.info("session_restored session_id=%s", session_id)
    return stored


def complete_fields(fields: dict[str, Any], state: WorkflowState) -> dict[str, Any]:
    """Return the fields with what follows from design and context: their digests, the state and the next step."""
    for name in ("design", "context"):
        value = fields.get(name)
        fields[f"{name}_sha256"] = digest.canonical_sha256(value) if value else None
    has = {"has_design": bool(fields.get("design")), "has_context": bool(fields.get("context"))}
    fields["state"] = workflow.state_after_preparation(state, **has)
    fields["next_step"] = workflow.next_step(fields["state"], **has)
    return fields


def refuse_deleted(session: Session) -> None:
    """Refuse to change a session that was deleted.

    Raises:
        SessionDeleted.
    """
    if session.status == "DELETED":
        raise SessionDeleted("The session was deleted; restore it first.", session_id=session.session_id)


def _refuse_loosened(before: SessionPolicy, changed: Mapping[str, Any], actor: Actor) -> None:
    """Refuse a milder policy from somebody who may approve nothing: nobody loosens the rules that judge them.

    Raises:
        Forbidden.
    """
    if "policy" not in changed or actor.role in _MAY_LOOSEN:
        return
    after = msgspec.convert(changed["policy"], SessionPolicy)
    milder = []
    if after.allow_red_override and not before.allow_red_override:
        milder.append("allow_red_override")
    if after.min_score_to_approve < before.min_score_to_approve:
        milder.append("min_score_to_approve")
    if milder:
        raise Forbidden(
            f"To make policy.{' and policy.'.join(milder)} milder takes the role {_MAY_LOOSEN[0]}; "
            f"{actor.name} is {actor.role}, who may make a policy stricter.",
            role_needed=_MAY_LOOSEN[0],
            role=actor.role,
        )


def _audit_refusal(store: Store, attempt: Attempt, refusal: Forbidden, actor: Actor, us: int) -> None:
    """Leave a record of a refusal; a disk that takes none changes nothing about it."""
    try:
        store.audit.note(attempt, refusal, actor=actor, us=us)
    except (OutOfSpace, StoreReadOnly, StorageFailed) as error:
        log.error("a refusal could not be written down session_id=%s: %s", attempt.target, error.detail)


def _refuse_linked(store: Store, session_id: str) -> None:
    linked = store.runs.count(RunQuery(workflow_session_id=session_id))
    if linked:
        raise SessionHasRuns(
            f"{count_of(linked, 'run is', 'runs are')} linked to the session; add force=true to delete it anyway.",
            session_id=session_id,
            linked_runs=linked,
        )


def _to_builtins(value: Any) -> Any:
    return msgspec.to_builtins(value) if isinstance(value, SessionPolicy) else value


def _merge_fields(name: str, before: Any, patch: Any) -> Any:
    """Return a field after a change; null puts it back to what it is in an empty session."""
    if patch is None:
        empty = Session(session_id="", created_at_utc="", updated_at_utc="", version=0)
        return _to_builtins(getattr(empty, name))
    return _merge(before, patch) if name in _MERGED else patch


def _merge(before: Any, patch: Any) -> Any:
    """Merge a JSON value into another one (RFC 7396): null removes a member, what is no object replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
