"""Judging the bytes of one object: does it vouch for itself, is it what its name says, can it be read?

Pure functions of bytes. What does not hold is raised as `Damage` with the kind of finding it is; the store answers it
as RECORD_DAMAGED, verify lists it.
"""

import json
from typing import Any, Final, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.errors import RecordDamaged
from rmos.models import EVENT_SCHEMA, RUN_SCHEMA, Claim, Event, RunArtifact, RunIdentity

_artifacts: Final = msgspec.json.Decoder(RunArtifact)
_identities: Final = msgspec.json.Decoder(RunIdentity)
_events: Final = msgspec.json.Decoder(Event)
_claims: Final = msgspec.json.Decoder(Claim)


class Damage(RecordDamaged):
    """What is wrong with a stored object; `kind` is the word for it in reports."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        return (Damage, (self.kind, self.detail))


class Artifact(NamedTuple):
    """A run's artifact that was judged and found whole."""

    data: bytes
    run: RunArtifact
    sha256: str
    """`_sha256`, or the file's SHA-256 where the earlier system wrote it."""
    vouched: bool


class StoredEvent(NamedTuple):
    """An event that was judged and found whole, and the SHA-256 of its file."""

    event: Event
    file_sha256: str


def judge_artifact(data: bytes, run_id: str, partition: str) -> Artifact:
    """Return the artifact, or say what is wrong with it.

    Raises:
        Damage: empty, corrupt, undecodable, newer_schema, misnamed, misplaced, feasibility_mismatch, inputs_mismatch.
    """
    vouched = digest.is_sealed(data)
    sha256 = _vouch(data, "artifact") if vouched else digest.sha256_hex(data)
    try:
        run = _artifacts.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _undecodable(data, str(error), vouched) from None
    _judge_schema(run.schema, RUN_SCHEMA, vouched)
    _judge_place(run.run_id, run.created_at_utc, run_id, partition, vouched)
    _judge_digests(run, vouched)
    return Artifact(data, run, sha256, vouched)


def judge_identity(data: bytes, run_id: str, partition: str) -> str:
    """Return the `_sha256` of a sealed artifact after checking it and the artifact's place; the rest is not decoded.

    Raises:
        Damage: as `judge_artifact`, but for what is inside.
    """
    sha256 = _vouch(data, "artifact")
    try:
        identity = _identities.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _undecodable(data, str(error), True) from None
    _judge_schema(identity.schema, RUN_SCHEMA, True)
    _judge_place(identity.run_id, identity.created_at_utc, run_id, partition, True)
    return sha256


def judge_event(data: bytes, record_id: str, number: int, previous_sha256: str | None) -> StoredEvent:
    """Return the event, or say what is wrong with it.

    Raises:
        Damage: event_corrupt, newer_schema, misnamed, event_chain_broken.
    """
    if digest.sealed_sha256(data) is None:
        raise Damage("event_corrupt", "the event's bytes do not match its `_sha256`")
    try:
        event = _events.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damage("event_corrupt", f"the event cannot be decoded: {error}") from None
    _judge_schema(event.schema, EVENT_SCHEMA, True)
    if event.record_id != record_id or event.number != number:
        raise Damage("misnamed", f"the event says it is no. {event.number} of {event.record_id}")
    if event.previous_sha256 != previous_sha256:
        raise Damage("event_chain_broken", f"event {number} was written after other bytes than stand before it")
    return StoredEvent(event, digest.sha256_hex(data))


def judge_claim(data: bytes) -> Claim:
    """Return the claim of an Idempotency-Key, or say what is wrong with it.

    Raises:
        Damage: corrupt, undecodable.
    """
    _vouch(data, "claim")
    try:
        return _claims.decode(data)
    except msgspec.MsgspecError as error:
        raise Damage("undecodable", f"the claim cannot be decoded: {error}") from None


def _vouch(data: bytes, what: str) -> str:
    sha256 = digest.sealed_sha256(data)
    if sha256 is None:
        raise Damage("corrupt", f"the {what}'s bytes do not match its `_sha256`")
    return sha256


def _undecodable(data: bytes, reason: str, vouched: bool) -> Damage:
    if not data:
        return Damage("corrupt", "the file is empty")
    if vouched:
        try:
            _judge_schema(_identities.decode(data).schema, RUN_SCHEMA, True)
        except Damage as damage:
            return damage
        except msgspec.MsgspecError:
            pass
    return Damage("undecodable", f"the artifact cannot be decoded: {reason}")


def _judge_schema(schema: str | None, ours: str, vouched: bool) -> None:
    """A record of ours has its schema and its `_sha256`, one of the earlier system has neither."""
    if schema == (ours if vouched else None):
        return
    if vouched and schema is not None and schema.startswith(ours.partition("/")[0] + "/"):
        raise Damage("newer_schema", f"the record has the schema {schema}; this release reads {ours}")
    raise Damage("corrupt", "the record's schema and its `_sha256` do not go together")


def _judge_place(found_id: str, created_at_utc: str, run_id: str, partition: str, vouched: bool) -> None:
    if found_id != run_id:
        raise Damage("misnamed", f"the artifact says it is {found_id}")
    try:
        created_us = ids.parse_utc(created_at_utc)
    except ValueError:
        raise Damage("undecodable", "`created_at_utc` is not a time") from None
    if vouched and ids.moment_of(run_id) not in (None, created_us):
        raise Damage("misnamed", "the id and `created_at_utc` are not the same moment")
    home = ids.partition_of(created_us)
    if home != partition:
        raise Damage("misplaced", f"the artifact belongs in {home}")


def _judge_digests(run: RunArtifact, vouched: bool) -> None:
    recorded = run.hashes.feasibility_sha256
    if vouched:
        now = digest.sha256_hex(bytes(run.feasibility))
    elif recorded == digest.NO_DIGEST:
        return  # the earlier system's completeness guard
    else:
        now = earlier_json_sha256(bytes(run.feasibility))
    if now != recorded and not (recorded == digest.NO_DIGEST and (run.meta or {}).get("completeness_guard") is True):
        raise Damage("feasibility_mismatch", "`feasibility` does not have the digest `hashes.feasibility_sha256`")
    if run.inputs is None:
        return
    for name in ("design", "context"):
        wanted = getattr(run.hashes, f"{name}_sha256")
        if wanted is not None and digest.sha256_hex(bytes(getattr(run.inputs, name))) != wanted:
            raise Damage("inputs_mismatch", f"`inputs.{name}` does not have the digest `hashes.{name}_sha256`")


def earlier_json_sha256(data: bytes) -> str:
    """Return the digest that the earlier system gave a JSON value: of sorted, compact `json.dumps`, not of RFC 8785."""
    value: Any = json.loads(data)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest.sha256_hex(text.encode("utf-8", "surrogatepass"))
