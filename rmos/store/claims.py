"""Claims: what an Idempotency-Key promises, made durable before the run that it names.

    claim = claims.take(caller, key, request_sha256, us)
    claim.run_id          # ours, or that of whoever came first

A claim without its run is one whose maker died: whoever comes next takes it over and makes the run under that id.
"""

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

    def take(self, caller: str, key: str, request_sha256: str, us: int) -> Claim:
        """Return the claim on a key, made now or found.

        Args:
            caller: who asks; a key is theirs alone.
            request_sha256: digest of the canonical body.
            us: the moment of the request, for a new claim's run id.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            Damage: the claim that stands there is damaged.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        name = layout.claim_key(caller, key)
        claim = Claim(
            schema=CLAIM_SCHEMA,
            run_id=ids.new_run_id(us),
            request_sha256=request_sha256,
            created_at_utc=ids.utc_text(us),
        )
        if self._objects.has(name):
            claim = self._read(name)
            self._objects.ensure_durable(name)
        else:
            try:
                self._objects.create(name, digest.seal({f: getattr(claim, f) for f in claim.__struct_fields__}))
            except ObjectExists:
                claim = self._read(name)
        if claim.request_sha256 != request_sha256:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used with another body; take a new key for a new request.",
                run_id=claim.run_id,
            )
        return claim

    def _read(self, name: str) -> Claim:
        try:
            return decode_claim(self._objects.read(name), name)
        except ObjectMissing as error:
            raise Damage("unreadable", f"the claim of this Idempotency-Key: {error.detail}") from None
        except ObjectUnreadable as error:
            raise_problem(describe_unreadable(error, "the claim of this Idempotency-Key: "))
