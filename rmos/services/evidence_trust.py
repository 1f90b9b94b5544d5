"""Whom a check of the log believes: keys that somebody kept, checkpoints that somebody kept, the key's own memory.

trust, source = gather_trust(key_file, keys=("shop.example/evidence+78430b55+AQOh…",), files=[Path("old.txt")])
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rmos.checks.log import EvidenceTrust, SavedCheckpoint
from rmos.errors.evidence import EvidenceKeyUnusable, EvidenceMalformed
from rmos.errors.request import ValidationFailed
from rmos.store.evidence.signing import KeyFile
from rmos.tlog.note import Note, parse_checkpoint, parse_note, parse_verifier_key


class GatheredTrust(NamedTuple):
    """Whom a check believes, and in words why."""

    trust: EvidenceTrust
    source: str


def gather_trust(key_file: KeyFile, keys: Sequence[str], files: Sequence[Path]) -> GatheredTrust:
    """Return whom to believe: the keys that are given, else the public half of this installation's key.

    Raises:
        ValidationFailed: a key or a checkpoint does not have its form, or a file cannot be read.
    """
    wrong: dict[str, list[str]] = {}
    trusted = []
    for text in keys:
        try:
            trusted.append(parse_verifier_key(text))
        except EvidenceMalformed as error:
            wrong.setdefault("key", []).append(error.detail)
    saved = []
    for path in files:
        try:
            note = parse_note(path.read_bytes())
            saved.append(SavedCheckpoint(path.name, note, parse_checkpoint(note.text)))
        except EvidenceMalformed as error:
            wrong.setdefault("checkpoint", []).append(f"{path.name}: {error.detail}")
        except OSError as error:
            wrong.setdefault("checkpoint", []).append(f"{path.name} cannot be read: {(error.strerror or '').lower()}.")
    if wrong:
        raise ValidationFailed("What the log is to be checked against cannot be used.", errors=wrong)
    source = "the keys that were given"
    if not trusted:
        try:
            trusted, source = [key_file.read().verifier_key], "the key of this installation"
        except EvidenceKeyUnusable:
            source = "the last key that the log itself names, as none was given and none is here"
    try:
        signed = key_file.last_signed()
    except EvidenceKeyUnusable:
        signed = None
    if signed is not None:
        saved.append(SavedCheckpoint("(what the key signed last)", Note(signed.text(), ()), signed, is_signed=False))
    return GatheredTrust(EvidenceTrust(tuple(trusted), tuple(saved)), source)
