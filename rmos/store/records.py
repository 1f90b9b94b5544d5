"""Verifying the bytes of one object: does its self-digest hold, is it what its name says, can it be read?

Pure functions of bytes. What does not hold is raised as `Damage` with the kind of finding it is; the store answers it
as RECORD_DAMAGED, verify lists it.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from rmos import digest, ids
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectUnavailable, ObjectUnreadable, RecordDamaged, RecordUnavailable
from rmos.models import AUDIT_SCHEMA, CLAIM_SCHEMA, EVENT_SCHEMA, AuditRecord, Claim, Event
from rmos.objects.base import MAX_OBJECT_BYTES

_events: Final = msgspec.json.Decoder(Event)
_audits: Final = msgspec.json.Decoder(AuditRecord)
_claims: Final = msgspec.json.Decoder(Claim)
DECODING_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises on a file that somebody else wrote."""


Whole = TypeVar("Whole", Claim, AuditRecord)


class Damage(RecordDamaged):
    """What is wrong with a stored object; `kind` is the word for it in reports."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.kind, self.detail))


class UnavailableDamage(Damage):
    """What the storage did not give: one problem among others to a check, something to ask for again to a client."""


def describe_unreadable(error: ObjectUnreadable, what: str = "") -> Damage:
    """Return the problem that an object is which cannot be read; `what` names it."""
    kind = UnavailableDamage if isinstance(error, ObjectUnavailable) else Damage
    return kind("unreadable", what + error.detail)


def raise_problem(damage: Damage) -> NoReturn:
    """Raise a problem as what it is to whoever asked.

    Raises:
        RecordUnavailable: it could not be read.
        Damage: it was read, or is no file, and is wrong.
    """
    raise (RecordUnavailable(damage.detail) if isinstance(damage, UnavailableDamage) else damage) from None


def encode_record(members: Mapping[str, Any], record_id: str) -> bytes:
    """Return the bytes of a record, which must not be more than what is read back.

    Raises:
        NotCanonical, PayloadTooLarge.
    """
    data = digest.encode_record(members)
    if len(data) > MAX_OBJECT_BYTES:
        raise PayloadTooLarge("The record would be too large to be read back.", run_id=record_id)
    return data


def examine_event(
    data: bytes, record_id: str, number: int, previous_sha256: str | None, *, is_known: bool = True
) -> tuple[Event | None, list[Damage]]:
    """Return what an event says, also when it was written after other bytes, and what is wrong with it.

    The kinds are: event_corrupt, newer_schema, misnamed, event_chain_broken.

    Args:
        is_known: whether it is known what the event must have been written after.
    """
    if digest.verify_self_digest(data) is None:
        return None, [Damage("event_corrupt", "the event's bytes do not match its `_sha256`")]
    try:
        event = _events.decode(data)
    except DECODING_ERRORS as error:
        return None, [Damage("event_corrupt", f"the event cannot be decoded: {error}")]
    newer = schema_damage(event.schema, EVENT_SCHEMA, True)
    if newer is not None:
        return None, [newer]
    if event.record_id != record_id or event.number != number:
        return None, [Damage("misnamed", f"the event says it is no. {event.number} of {event.record_id}")]
    if is_known and event.previous_sha256 != previous_sha256:
        broken = f"event {number} was written after other bytes than stand before it"
        return event, [Damage("event_chain_broken", broken)]
    return event, []


def decode_claim(data: bytes, name: str) -> Claim:
    """Return the claim of an Idempotency-Key, whose name follows from what no record holds.

    Raises:
        Damage: claim_corrupt, newer_schema.
    """
    claim = _decode_whole(data, _claims, CLAIM_SCHEMA, "claim", "claim_corrupt")
    is_run = claim.run_id is not None and ids.NEW_RUN_ID.fullmatch(claim.run_id) is not None
    is_session = claim.session_id is not None and ids.moment_of_session(claim.session_id) is not None
    if is_run == is_session:
        raise Damage("claim_corrupt", "the claim names no run and no session, or both")
    return claim


def decode_audit(data: bytes, name: str) -> AuditRecord:
    """Return the audit record that stands under a name.

    Raises:
        Damage: audit_corrupt, newer_schema, misnamed.
    """
    record = _decode_whole(data, _audits, AUDIT_SCHEMA, "audit record", "audit_corrupt")
    if record.event_id != name.removesuffix(".json"):
        raise Damage("misnamed", f"the audit record says it is {record.event_id}")
    return record


def _decode_whole(data: bytes, decoder: "msgspec.json.Decoder[Whole]", schema: str, noun: str, kind: str) -> Whole:
    """Return a record that is no part of a larger one; `kind` is that of the finding when it cannot be trusted."""
    if digest.verify_self_digest(data) is None:
        raise Damage(kind, f"the {noun}'s bytes do not match its `_sha256`")
    try:
        record = decoder.decode(data)
    except DECODING_ERRORS as error:
        raise Damage(kind, f"the {noun} cannot be decoded: {error}") from None
    damage = schema_damage(record.schema, schema, True)
    if damage is not None:
        raise damage if damage.kind == "newer_schema" else Damage(kind, damage.detail)
    return record


def schema_damage(schema: str | None, ours: str, has_self_digest: bool) -> Damage | None:
    """Say what is wrong with the schema: a record of ours has it and a self-digest, a legacy one has neither."""
    if schema == (ours if has_self_digest else None):
        return None
    if has_self_digest and schema is not None and schema.startswith(ours.partition("/")[0] + "/"):
        return Damage("newer_schema", f"the record has the schema {schema}; this release reads {ours}")
    return Damage("corrupt", "the record's schema and its `_sha256` do not go together")
