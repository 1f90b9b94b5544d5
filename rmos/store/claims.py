"""Claims: what an Idempotency-Key promises, made durable before the run or session that it names.

    run_id = claims.take_run_id(caller, key, request_sha256, us)             # ours, or that of whoever came first
    run_ids = claims.take_run_ids(caller, [WantedRun(key, request_sha256, us, run_id), …])      # the same for many
    session_id = claims.take_session_id(caller, key, request_sha256, us)

A claim without its record is one whose maker died: whoever comes next takes it over and makes the record under that id.
"""

from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from rmos import digest, ids
from rmos.errors.base import RmosError
from rmos.errors.request import IdempotencyKeyReused
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.models import CLAIM_SCHEMA, Claim
from rmos.objects.base import CreateResult, NewObject, Objects
from rmos.store import layout
from rmos.store.records import Damage, decode_claim, describe_unreadable, raise_problem


class WantedRun(NamedTuple):
    """A key for which a run's id is wanted, and the id that a new claim names."""

    key: str
    request_sha256: str
    us: int
    run_id: str


class _NewClaim(NamedTuple):
    """A claim that is about to be made."""

    name: str
    data: bytes
    claim: Claim


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

    def take_run_ids(self, caller: str, wanted: Sequence[WantedRun]) -> list[str | RmosError]:
        """Return for each key, none twice, what `take_run_id` would return or raise; new claims are made together."""
        new = [_make_claim(caller, one.key, one.request_sha256, one.us, run_id=one.run_id) for one in wanted]
        made = self._objects.create_many([NewObject(claim.name, claim.data) for claim in new])
        return [self._find_run_id(claim, result) for claim, result in zip(new, made, strict=True)]

    def _find_run_id(self, new: _NewClaim, made: CreateResult) -> str | RmosError:
        try:
            if isinstance(made, RmosError) and not isinstance(made, ObjectExists):
                return made
            claim = self._settle(new, is_taken=isinstance(made, ObjectExists))
            return claim.run_id or _refuse_reused(claim)
        except RmosError as error:
            return error

    def take_session_id(self, caller: str, key: str, request_sha256: str, us: int) -> str:
        """Return the id of the session that a key stands for, as `take_run_id` does that of a run."""
        claim = self._take(caller, key, request_sha256, us, session_id=ids.new_session_id(us))
        return claim.session_id or _refuse_reused(claim)

    def _take(self, caller: str, key: str, request_sha256: str, us: int, **named: str) -> Claim:
        """Return the claim on a key, made now or found."""
        new = _make_claim(caller, key, request_sha256, us, **named)
        try:
            # A crash before this line leaves nothing; behind it the id is promised to whoever sends the key again.
            self._objects.create(new.name, new.data)
        except ObjectExists:
            return self._settle(new, is_taken=True)
        return new.claim

    def _settle(self, new: _NewClaim, *, is_taken: bool) -> Claim:
        """Return the claim that stands under a name: the new one, or where the name was taken what is there."""
        if not is_taken:
            return new.claim
        claim = self._read(new.name)
        self._objects.ensure_durable(new.name)  # whoever made it may have died before that
        if claim.request_sha256 != new.claim.request_sha256:
            _refuse_reused(claim)
        return claim

    def _read(self, name: str) -> Claim:
        try:
            return decode_claim(self._objects.read(name), name)
        except ObjectMissing as error:
            raise Damage("unreadable", f"the claim of this Idempotency-Key: {error.detail}") from None
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error, "the claim of this Idempotency-Key: "))


def _make_claim(caller: str, key: str, request_sha256: str, us: int, **named: str) -> _NewClaim:
    members = {
        "schema": CLAIM_SCHEMA,
        "request_sha256": request_sha256,
        "created_at_utc": ids.utc_text(us),
        **named,
    }
    return _NewClaim(layout.claim_key(caller, key), digest.encode_record(members), Claim(**members))


def _refuse_reused(claim: Claim) -> NoReturn:
    made = {"run_id": claim.run_id} if claim.run_id else {"session_id": claim.session_id}
    raise IdempotencyKeyReused(
        "This Idempotency-Key was used with another request; take a new key for a new request.", **made
    )
