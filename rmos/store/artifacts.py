"""Verifying the bytes of a run's artifact: its self-digest, its schema, its place, and the digests in it.

    examined = examine_artifact(data, "run_…", "2025-12-23")
    examined.run, examined.damages               # all that is wrong, so that no damage hides another

Pure functions of bytes. One of the legacy system has no `_sha256`; then the file's own SHA-256 stands for it.
"""

from typing import Final, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.models import RUN_SCHEMA, LegacyArtifact, RunArtifact, RunIdentity
from rmos.store.legacy import is_legacy_json
from rmos.store.records import DECODING_ERRORS, Damage, schema_damage

_artifacts: Final = msgspec.json.Decoder(RunArtifact)
_legacy_artifacts: Final = msgspec.json.Decoder(LegacyArtifact)
_identities: Final = msgspec.json.Decoder(RunIdentity)


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
    identity: RunIdentity | None = None
    """What was read of one of ours that was not decoded."""


def examine_artifact(data: bytes, run_id: str, partition: str) -> Examined:
    """Return what the bytes hold and all that is wrong, so that no damage hides another.

    The kinds are: corrupt, undecodable, newer_schema, misnamed, misplaced, feasibility_mismatch, inputs_mismatch.
    """
    has_self_digest = digest.has_self_digest(data)
    sha256 = digest.verify_self_digest(data) if has_self_digest else digest.sha256_hex(data)
    if sha256 is None:
        broken = Damage("corrupt", "the artifact's bytes do not match its `_sha256`")
        return Examined(None, digest.NO_DIGEST, has_self_digest, [broken])
    try:
        run = (_artifacts if has_self_digest else _legacy_artifacts).decode(data)
    except DECODING_ERRORS as error:
        return Examined(None, sha256, has_self_digest, [_describe_undecodable(data, str(error), has_self_digest)])
    damages = [
        damage
        for damage in (
            schema_damage(run.schema, RUN_SCHEMA, has_self_digest),
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
    except DECODING_ERRORS as error:
        raise _describe_undecodable(data, str(error), True) from None
    for damage in (
        schema_damage(run.schema, RUN_SCHEMA, True),
        *_place_damages(run.run_id, run.created_at_utc, run_id, partition, True),
        *_digest_damages(run, True),
    ):
        if damage is not None:
            raise damage
    return Artifact(data, run, digest.read_self_digest(data), True)


def verify_artifact(data: bytes, run_id: str, partition: str) -> Artifact:
    """Return the artifact, or raise the first thing that is wrong with it.

    Raises:
        Damage: of the kinds that `examine_artifact` lists.
    """
    examined = examine_artifact(data, run_id, partition)
    if examined.damages or examined.run is None:
        raise examined.damages[0]
    return Artifact(data, examined.run, examined.sha256, examined.has_self_digest)


def examine_identity(data: bytes, run_id: str, partition: str) -> Examined:
    """Return what is wrong with the `_sha256` and the place of an artifact of ours; the rest is not decoded.

    The kinds are: corrupt, undecodable, newer_schema, misnamed, misplaced.
    """
    sha256 = digest.verify_self_digest(data)
    if sha256 is None:
        broken = Damage("corrupt", "the artifact's bytes do not match its `_sha256`")
        return Examined(None, digest.NO_DIGEST, True, [broken])
    try:
        identity = _identities.decode(data)
    except DECODING_ERRORS as error:
        return Examined(None, sha256, True, [_describe_undecodable(data, str(error), True)])
    damages = (
        schema_damage(identity.schema, RUN_SCHEMA, True),
        *_place_damages(identity.run_id, identity.created_at_utc, run_id, partition, True),
    )
    return Examined(None, sha256, True, [damage for damage in damages if damage is not None], identity)


def _describe_undecodable(data: bytes, reason: str, has_self_digest: bool) -> Damage:
    if not data:
        return Damage("corrupt", "the file is empty")
    if has_self_digest:
        try:
            newer = schema_damage(_identities.decode(data).schema, RUN_SCHEMA, True)
        except DECODING_ERRORS:
            newer = None
        if newer is not None:
            return newer
    return Damage("undecodable", f"the artifact cannot be decoded: {reason}")


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
        holds = guarded or digest.sha256_hex(run.feasibility) == recorded or _is_carried(run)
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
