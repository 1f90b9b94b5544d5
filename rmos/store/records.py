"""Verifying the bytes of one object: does its self-digest hold, is it what its name says, can it be read?

Pure functions of bytes. What does not hold is raised as `Damage` with the kind of finding it is; the store answers it
as RECORD_DAMAGED, verify lists it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from rmos import digest, ids
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import RecordDamaged
from rmos.models import (
    AUDIT_SCHEMA,
    CLAIM_SCHEMA,
    EVENT_SCHEMA,
    RUN_SCHEMA,
    AuditRecord,
    Claim,
    Event,
    RunArtifact,
    RunIdentity,
)
from rmos.objects.base import MAX_OBJECT_BYTES

_artifacts: Final = msgspec.json.Decoder(RunArtifact)
_identities: Final = msgspec.json.Decoder(RunIdentity)
_events: Final = msgspec.json.Decoder(Event)
_audits: Final = msgspec.json.Decoder(AuditRecord)
_claims: Final = msgspec.json.Decoder(Claim)
_DECODING: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises on a file that somebody else wrote."""


Whole = TypeVar("Whole", Claim, AuditRecord)


class Damage(RecordDamaged):
    """What is wrong with a stored object; `kind` is the word for it in reports."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        return (Damage, (self.kind, self.detail))


class Artifact(NamedTuple):
    """A run's artifact that was verified."""

    data: bytes
    run: RunArtifact
    sha256: str
    """`_sha256`, or the file's SHA-256 where the legacy system wrote it."""
    has_self_digest: bool


class Examined(NamedTuple):
    """What could be made of an artifact's bytes, and everything that is wrong with them."""

    run: RunArtifact | None
    sha256: str
    has_self_digest: bool
    damages: list[Damage]


def seal_record(members: Mapping[str, Any], record_id: str) -> bytes:
    """Return the bytes of a record, which must not be more than what is read back.

    Raises:
        NotCanonical, PayloadTooLarge.
    """
    data = digest.seal(members)
    if len(data) > MAX_OBJECT_BYTES:
        raise PayloadTooLarge("The record would be too large to be read back.", run_id=record_id)
    return data


def examine_artifact(data: bytes, run_id: str, partition: str) -> Examined:
    """Return what the bytes hold and all that is wrong, so that no damage hides another.

    The kinds are: corrupt, undecodable, newer_schema, misnamed, misplaced, feasibility_mismatch, inputs_mismatch.
    """
    has_self_digest = digest.is_sealed(data)
    sha256 = digest.sealed_sha256(data) if has_self_digest else digest.sha256_hex(data)
    if sha256 is None:
        broken = Damage("corrupt", "the artifact's bytes do not match its `_sha256`")
        return Examined(None, digest.NO_DIGEST, has_self_digest, [broken])
    try:
        run = _artifacts.decode(data)
    except _DECODING as error:
        return Examined(None, sha256, has_self_digest, [_undecodable(data, str(error), has_self_digest)])
    damages = [
        damage
        for damage in (
            _schema_damage(run.schema, RUN_SCHEMA, has_self_digest),
            *_place_damages(run.run_id, run.created_at_utc, run_id, partition, has_self_digest),
            *_digest_damages(run, has_self_digest),
        )
        if damage is not None
    ]
    return Examined(run, sha256, has_self_digest, damages)


def decode_sealed(data: bytes, run_id: str, partition: str) -> Artifact:
    """Return the artifact in bytes whose `_sha256` was made or checked a moment ago: they are not hashed again.

    Raises:
        Damage: undecodable, misnamed, misplaced, or a digest inside that does not belong to its member.
    """
    try:
        run = _artifacts.decode(data)
    except _DECODING as error:
        raise _undecodable(data, str(error), True) from None
    for damage in (
        _schema_damage(run.schema, RUN_SCHEMA, True),
        *_place_damages(run.run_id, run.created_at_utc, run_id, partition, True),
        *_digest_damages(run, True),
    ):
        if damage is not None:
            raise damage
    return Artifact(data, run, digest.recorded_sha256(data), True)


def verify_artifact(data: bytes, run_id: str, partition: str) -> Artifact:
    """Return the artifact, or raise the first thing that is wrong with it.

    Raises:
        Damage: of the kinds that `examine_artifact` lists.
    """
    run, sha256, has_self_digest, damages = examine_artifact(data, run_id, partition)
    if damages or run is None:
        raise damages[0]
    return Artifact(data, run, sha256, has_self_digest)


def examine_identity(data: bytes, run_id: str, partition: str) -> Examined:
    """Return what is wrong with the `_sha256` and the place of an artifact of ours; the rest is not decoded.

    The kinds are: corrupt, undecodable, newer_schema, misnamed, misplaced.
    """
    sha256 = digest.sealed_sha256(data)
    if sha256 is None:
        broken = Damage("corrupt", "the artifact's bytes do not match its `_sha256`")
        return Examined(None, digest.NO_DIGEST, True, [broken])
    try:
        identity = _identities.decode(data)
    except _DECODING as error:
        return Examined(None, sha256, True, [_undecodable(data, str(error), True)])
    damages = (
        _schema_damage(identity.schema, RUN_SCHEMA, True),
        *_place_damages(identity.run_id, identity.created_at_utc, run_id, partition, True),
    )
    return Examined(None, sha256, True, [damage for damage in damages if damage is not None])


def examine_event(
    data: bytes, record_id: str, number: int, previous_sha256: str | None, *, is_known: bool = True
) -> tuple[Event | None, list[Damage]]:
    """Return what an event says, also when it was written after other bytes, and what is wrong with it.

    The kinds are: event_corrupt, newer_schema, misnamed, event_chain_broken.

    Args:
        is_known: whether it is known what the event must have been written after.
    """
    if digest.sealed_sha256(data) is None:
        return None, [Damage("event_corrupt", "the event's bytes do not match its `_sha256`")]
    try:
        event = _events.decode(data)
    except _DECODING as error:
        return None, [Damage("event_corrupt", f"the event cannot be decoded: {error}")]
    newer = _schema_damage(event.schema, EVENT_SCHEMA, True)
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
    if not ids.NEW_RUN_ID.fullmatch(claim.run_id):
        raise Damage("claim_corrupt", "the claim names no run")
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
    if digest.sealed_sha256(data) is None:
        raise Damage(kind, f"the {noun}'s bytes do not match its `_sha256`")
    try:
        record = decoder.decode(data)
    except _DECODING as error:
        raise Damage(kind, f"the {noun} cannot be decoded: {error}") from None
    damage = _schema_damage(record.schema, schema, True)
    if damage is not None:
        raise damage if damage.kind == "newer_schema" else Damage(kind, damage.detail)
    return record


def _undecodable(data: bytes, reason: str, has_self_digest: bool) -> Damage:
    if not data:
        return Damage("corrupt", "the file is empty")
    if has_self_digest:
        try:
            newer = _schema_damage(_identities.decode(data).schema, RUN_SCHEMA, True)
        except _DECODING:
            newer = None
        if newer is not None:
            return newer
    return Damage("undecodable", f"the artifact cannot be decoded: {reason}")


def _schema_damage(schema: str | None, ours: str, has_self_digest: bool) -> Damage | None:
    """Say what is wrong with the schema: a record of ours has it and a self-digest, a legacy one has neither."""
    if schema == (ours if has_self_digest else None):
        return None
    if has_self_digest and schema is not None and schema.startswith(ours.partition("/")[0] + "/"):
        return Damage("newer_schema", f"the record has the schema {schema}; this release reads {ours}")
    return Damage("corrupt", "the record's schema and its `_sha256` do not go together")


def _place_damages(
    found_id: str, created_at_utc: str, run_id: str, partition: str, has_self_digest: bool
) -> tuple[Damage | None, ...]:
    """Say what is wrong with the place: the name, the id and the date must agree."""
    if has_self_digest and found_id == run_id and created_at_utc[:10] == partition:
        us = ids.moment_of(found_id)
        if us is not None and ids.is_utc_text(created_at_utc, us):
            return ()  # as we write them, which is nearly always: no time has to be parsed
    misnamed = None if found_id == run_id else Damage("misnamed", f"the artifact says it is {found_id}")
    try:
        created_us = ids.parse_utc(created_at_utc)
    except (ValueError, OverflowError):
        return misnamed, Damage("undecodable", "`created_at_utc` is not a time")
    if has_self_digest and ids.moment_of(found_id) not in (None, created_us):
        return misnamed, Damage("misnamed", "the id and `created_at_utc` are not the same moment")
    home = ids.partition_of(created_us)
    return misnamed, None if home == partition else Damage("misplaced", f"the artifact belongs in {home}")


def _digest_damages(run: RunArtifact, has_self_digest: bool) -> list[Damage]:
    recorded, guarded = run.hashes.feasibility_sha256, run.hashes.feasibility_sha256 == digest.NO_DIGEST
    damages = []
    if has_self_digest:
        guarded = guarded and (run.meta or {}).get("completeness_guard") is True
        holds = guarded or _is_carried(run) or digest.sha256_hex(run.feasibility) == recorded
    else:
        holds = guarded or is_legacy_json(bytes(run.feasibility), recorded)
    if not holds:
        damages.append(
            Damage("feasibility_mismatch", "`feasibility` does not have the digest `hashes.feasibility_sha256`")
        )
    for name in ("design", "context") if run.inputs is not None else ():
        wanted = getattr(run.hashes, f"{name}_sha256")
        if wanted is not None and digest.sha256_hex(getattr(run.inputs, name)) != wanted:
            damages.append(
                Damage("inputs_mismatch", f"`inputs.{name}` does not have the digest `hashes.{name}_sha256`")
            )
    return damages


def _is_carried(run: RunArtifact) -> bool:
    """Tell whether the digest is one that a single-file store had in its place, and that was carried over as it was."""
    carried = (run.meta or {}).get("migrated_from")
    return isinstance(carried, dict) and carried.get("request_hash") == run.hashes.feasibility_sha256


def legacy_json_sha256(data: bytes) -> str:
    """Return the digest that the legacy system gave a JSON value: of sorted, compact `json.dumps`, not of RFC 8785."""
    value: Any = json.loads(data)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest.sha256_hex(text.encode("utf-8", "surrogatepass"))


def is_legacy_json(data: bytes, sha256: str) -> bool:
    """Tell whether the legacy system named a JSON blob so: after the compact form of the value that it holds."""
    try:
        return legacy_json_sha256(data) == sha256
    except (ValueError, RecursionError):  # no JSON, an integer of thousands of digits, nesting beyond reason
        return False
