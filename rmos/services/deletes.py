"""Delete and restore runs: who may, how often, and what is left in writing.

    delete_run(store, policy, DeleteRequest(run_id=run_id, reason="a trial cut"), actor=actor, us=now_us())

The delete event is the audit of a success; whatever is turned down leaves an audit record with its true outcome.
Doing the same again answers with what is there, costs no turn and writes nothing.
"""

import logging
from typing import Final, Literal

import msgspec

from rmos.config import Settings
from rmos.counts import count_of
from rmos.errors.base import RmosError
from rmos.errors.callers import Forbidden, HardDeleteDisabled
from rmos.errors.request import ValidationFailed
from rmos.errors.store import OutOfSpace, StorageFailed, StoreReadOnly
from rmos.models import Actor, Deletion
from rmos.store import Store
from rmos.store.audit import Attempt, RateLimit

log = logging.getLogger(__name__)

MIN_REASON: Final = 6
MAX_REASON: Final = 500
_MAY_DELETE: Final = ("operator", "admin")
_MAY_ERASE: Final = ("admin",)


class DeletePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What this installation allows."""

    allow_hard: bool = False
    limit: RateLimit = RateLimit(10, 60)

    @classmethod
    def of(cls, settings: Settings) -> "DeletePolicy":
        """Return the policy that the settings name."""
        limit = RateLimit(settings.delete_rate_limit_max, settings.delete_rate_limit_window)
        return cls(allow_hard=settings.delete_allow_hard, limit=limit)


class DeleteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A delete or a restore as it was asked for."""

    run_id: str
    reason: str | None = None
    mode: str = "soft"
    errors: dict[str, list[str]] = {}
    """What the edge found wrong with the request; it is refused here, so that the refusal is written down."""


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """How the run stands now."""

    run_id: str
    mode: Literal["soft", "hard"] | None
    deleted: bool
    reason: str | None
    request_id: str | None


def delete_run(store: Store, policy: DeletePolicy, request: DeleteRequest, *, actor: Actor, us: int) -> Deleted:
    """Delete a run, softly or for good.

    Raises:
        Forbidden, HardDeleteDisabled, ValidationFailed, RunNotFound, RateLimited: turned down, and written down.
        RecordDamaged: what cannot be read is not deleted.
        OutOfSpace, StoreReadOnly, StorageFailed.
    """
    attempt = Attempt("delete", request.run_id, {"mode": request.mode, "reason": request.reason})
    try:
        _require_role(actor, _MAY_ERASE if request.mode == "hard" else _MAY_DELETE, request.mode)
        if request.mode == "hard" and not policy.allow_hard:
            raise HardDeleteDisabled("This installation erases no runs; RMOS_DELETE_ALLOW_HARD is not set.")
        reason = _validate_reason(request, needed=True) or ""
        before = store.deletes.find(request.run_id)
    except RmosError as refusal:
        _audit_refusal(store, policy, attempt, refusal, actor, us)
        raise
    if before is None or (before.mode == "soft" and request.mode == "hard"):
        store.audit.admit(attempt, policy.limit, actor=actor, us=us)
    if request.mode == "hard" or (before is not None and before.mode == "hard"):
        outcome = store.deletes.hard(request.run_id, reason, actor=actor, us=us)
    else:
        outcome = store.deletes.soft(request.run_id, reason, actor=actor, us=us)
    if outcome.changed:
        log.info("run_deleted run_id=%s mode=%s by=%s", request.run_id, request.mode, actor.name)
    return _describe(request.run_id, outcome.deletion, actor)


def restore_run(store: Store, policy: DeletePolicy, request: DeleteRequest, *, actor: Actor, us: int) -> Deleted:
    """Undo a soft delete.

    Raises:
        Forbidden, ValidationFailed, RunNotFound, RunDeleted (it was erased), RateLimited: turned down, and written
            down.
        RecordDamaged, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    attempt = Attempt("restore", request.run_id, {"reason": request.reason})
    try:
        _require_role(actor, _MAY_DELETE, "restore")
        reason = _validate_reason(request, needed=False)
        outcome = store.deletes.restore(request.run_id, reason, actor=actor, us=us)
    except (OutOfSpace, StoreReadOnly, StorageFailed):
        raise
    except RmosError as refusal:
        _audit_refusal(store, policy, attempt, refusal, actor, us)
        raise
    if outcome.changed:
        log.info("run_restored run_id=%s by=%s", request.run_id, actor.name)
    return _describe(request.run_id, outcome.deletion, actor)


def _describe(run_id: str, deletion: Deletion | None, actor: Actor) -> Deleted:
    return Deleted(
        run_id=run_id,
        mode=deletion.mode if deletion else None,
        deleted=deletion is not None,
        reason=deletion.reason if deletion else None,
        request_id=actor.request_id,
    )


def _audit_refusal(
    store: Store, policy: DeletePolicy, attempt: Attempt, refusal: RmosError, actor: Actor, us: int
) -> None:
    """Leave a record of a refusal; a disk that takes none changes nothing about it."""
    try:
        store.audit.refuse(attempt, refusal, policy.limit, actor=actor, us=us)
    except (OutOfSpace, StoreReadOnly, StorageFailed) as error:
        log.error("a refusal could not be written down run_id=%s: %s", attempt.target[:64], error.detail)


def _require_role(actor: Actor, roles: tuple[str, ...], what: str) -> None:
    if actor.role not in roles:
        doing = {"hard": "Erasing a run", "restore": "Restoring a run"}.get(what, "Deleting a run")
        raise Forbidden(
            f"{doing} needs the role {roles[0]}; you are {actor.role}.", role_needed=roles[0], role=actor.role
        )


def _validate_reason(request: DeleteRequest, *, needed: bool) -> str | None:
    """Return the reason without blanks around it.

    Raises:
        ValidationFailed: it is not there, too short or too long, or the edge found something else wrong.
    """
    errors = dict(request.errors)
    reason = request.reason.strip() if request.reason is not None else None
    if reason is None and needed:
        errors.setdefault("reason", [f"Say why, in {MIN_REASON} to {MAX_REASON} characters."])
    if reason is not None and not MIN_REASON <= len(reason) <= MAX_REASON:
        length = count_of(len(reason), "character")
        errors.setdefault("reason", [f"Has {length}; {MIN_REASON} to {MAX_REASON} are taken."])
    if reason is not None and ("\x00" in reason or not _is_text(reason)):
        errors.setdefault("reason", ["Is not a text that can be recorded."])
    if request.mode not in ("soft", "hard"):
        errors.setdefault("mode", ["Must be one of: soft, hard."])
    if errors:
        raise ValidationFailed.of_request(errors)
    return reason


def _is_text(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
