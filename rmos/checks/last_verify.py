"""What the last whole verify came to, kept beside the settings for whoever looks at the service and ran none.

    keep_verify(settings.instance_path, report, at_us)
    read_last_verify(settings.instance_path, store.objects.root)

It is a note, no part of the record: it lies in the instance folder, is replaced by the next verify, and what it says of
another store counts for nothing. A folder that takes no file keeps a verify from nothing.
"""

import contextlib
import os
import secrets
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from rmos import ids
from rmos.checks.verify import Report

NOTE: Final = "last-verify.json"


class LastVerify(msgspec.Struct, frozen=True, kw_only=True):
    """When the store was last verified as a whole, what of, and what was found."""

    store_root: str
    at_utc: str
    ok: bool
    runs: int
    findings: dict[str, int]
    """How many of each kind."""


def keep_verify(folder: Path, report: Report, at_us: int) -> None:
    """Replace the note; without a word when the folder takes none."""
    note = LastVerify(
        store_root=report.store_root,
        at_utc=ids.utc_text(at_us),
        ok=report.ok,
        runs=report.counts.get("runs", 0),
        findings=dict(Counter(finding.kind for finding in report.findings)),
    )
    fresh = folder / f".{NOTE}.{secrets.token_hex(4)}"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_bytes(msgspec.json.encode(note))
            os.replace(fresh, folder / NOTE)
        finally:
            fresh.unlink(missing_ok=True)


def read_last_verify(folder: Path, store_root: str) -> LastVerify | None:
    """Return the note on a store, or None when there is none that can be read."""
    try:
        note = msgspec.json.decode((folder / NOTE).read_bytes(), type=LastVerify)
        ids.parse_utc(note.at_utc)
    except (OSError, ValueError):
        return None
    return note if note.store_root == store_root else None
