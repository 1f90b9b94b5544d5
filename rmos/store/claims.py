"""Claims: what an Idempotency-Key promises, made durable before the run or session that it names.

    run_id = claims.take_run_id(caller, key, request_sha256, us)             # ours, or that of whoever came first
    session_id = claims.take_session_id(caller, key, request_sha256, us)

A claim without its record is one whose maker died: whoever comes next takes it over and makes the record under that id.
"""

from typing import NoReturn

from rmos import digest, ids
from rmos.errors.request import IdempotencyKeyReused
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.models import CLAIM_SCHEMA, Claim
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.records import Damage, decode_claim, describe_unreadable, raise_problem


class Claims:
    """The claims of one store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def take_run_id(self, caller: str, key: str, request_sha256: str, us: int, *, run_id: str | None = None) -> str:
        """Return the id of the run that a key stands for, claimed now or before.

        Args:
            caller: who asks; a key is theirs alone.
            request_sha256: digest of the canonical body.
            us: the moment of the request, for a new claim's id.
            run_id: the id that a new claim names; None makes one.

        Raises:
            IdempotencyKeyReused: the key was used with another body, or for a session.
            Damage: the claim that stands there is damaged.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        claim = self._take(caller, key, request_sha256, us, run_id=run_id or ids.new_run_id(us))
        return claim.run_id or _refuse_reused(claim)

    def take_session_id(self, caller: str, key: str, request_sha256: str, us: int) -> str:
        """Return the id of the session that a key stands for, as `take_run_id` does that of a run."""
        claim = self._take(caller, key, request_sha256, us, session_id=ids.new_session_id(us))
        return claim.session_id or _refuse_reused(claim)

    def _take(self, caller: str, key: str, request_sha256: str, us: int, **named: str) -> Claim:
        """Return the claim on a key, made now or found."""
        name = layout.claim_key(caller, key)
        members = {
            "schema": CLAIM_SCHEMA,
            "request_sha256": request_sha256,
            "created_at_utc": ids.utc_text(us),
            **named,
        }
        try:
            # A crash before this line leaves nothing; behind it the id is promised to whoever sends the key again.
            self._objects.create(name, digest.encode_record(members))
            claim = Claim(**members)
        except ObjectExists:
            claim = self._read(name)
            self._objects.ensure_durable(name)  # whoever made it may have died before that
        if claim.request_sha256 != request_sha256:
            _refuse_reused(claim)
        return claim

    def _read(self, name: str) -> Claim:
        try:
            return decode_claim(self._objects.read(name), name)
        except ObjectMissing as error:
            raise Damage("unreadable", f"the claim of this Idempotency-Key: {error.detail}") from None
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error, "the claim of this Idempotency-Key: "))


def _refuse_reused(claim: Claim) -> NoReturn:
    made = {"run_id": claim.run_id} if claim.run_id else {"session_id": claim.session_id}
    raise IdempotencyKeyReused(
        "This Idempotency-Key was used with another request; take a new key for a new request.", **made
    )
