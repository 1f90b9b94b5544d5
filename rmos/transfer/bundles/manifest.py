"""What a bundle says of itself: its scope, what it holds, and the digest and size of each member.

    manifest = Manifest(scope=…, counts=…, left_out=[…], objects=[BundleObject(key=…, sha256=…, size=…), …])
    manifest.encode()                            # canonical JSON, one line
    parse_manifest(data)                         # BundleRefused where it is none

`SHA256SUMS` names the same members and the manifest; the manifest names all but itself and `SHA256SUMS`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from rmos import digest, ids
from rmos.errors.bundles import BundleRefused
from rmos.services.zip_files import SUMS, make_sums
from rmos.store import layout
from rmos.store.evidence.objects import is_loggable
from rmos.transfer.source_blobs import is_blob_name

BUNDLE_FORMAT: Final = "rmos.bundle/1"
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
MAX_ENTRIES: Final = 100_000
MAX_BYTES: Final = 4 * 1024**3
"""Of all members together. With `MAX_ENTRIES` and `MAX_RATIO` RMOS policy against archives that only look small."""
MAX_RATIO: Final = 200
"""How many times its own size a bundle may unpack to."""
_PROOF: Final = re.compile(r"proof/(.+)\.proof\.zip", re.DOTALL)
_KINDS: Final = (layout.ARTIFACT, layout.EVENT, layout.LINK, layout.SESSION_EVENT)
"""What goes along beside blobs; everything else of a store stays in it."""


_RECORDS: Final = {"runs": (layout.ARTIFACT, layout.EVENT), "sessions": (layout.SESSION_EVENT,)}


class BundleObject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member: its name, which in the store is its key, and the digest and size of its bytes."""

    key: str
    sha256: str
    size: int


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, a session or a blob of the scope that could not be taken along, and why."""

    id: str
    reason: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle says of itself."""

    scope: dict[str, Any]
    counts: dict[str, int]
    left_out: list[LeftOut]
    objects: list[BundleObject]
    schema: str = BUNDLE_FORMAT

    def encode(self) -> bytes:
        """Return the bytes of `manifest.json`."""
        return digest.canonical(msgspec.to_builtins(self)) + b"\n"

    def make_sums(self) -> bytes:
        """Return the bytes of `SHA256SUMS`."""
        digests = {entry.key: entry.sha256 for entry in self.objects}
        return make_sums({**digests, MANIFEST: digest.sha256_hex(self.encode())})


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest that these bytes are, to the byte.

    Raises:
        BundleRefused: they are none of this release, or one in another form.
    """
    try:
        schema = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("schema")
        if schema is not None and bytes(schema) != msgspec.json.encode(BUNDLE_FORMAT):
            raise BundleRefused(f"{MANIFEST} is of another release; this one reads {BUNDLE_FORMAT}.")
        manifest = msgspec.json.decode(data, type=Manifest)
        is_same = manifest.encode() == data
    except (msgspec.MsgspecError, digest.NotCanonical, RecursionError) as error:
        raise BundleRefused(f"{MANIFEST} is no manifest of a bundle: {str(error)[:200]}.") from None
    if not is_same:
        raise BundleRefused(f"{MANIFEST} is not in its canonical form.")
    return manifest


def count_objects(objects: Sequence[BundleObject]) -> dict[str, int]:
    """Return what `counts` says of members, as their names and sizes tell it."""
    kinds = Counter(kind.counted_as for entry in objects if (kind := layout.kind_of(entry.key)) is not None)
    return {
        "events": kinds[layout.EVENT.counted_as] + kinds[layout.SESSION_EVENT.counted_as],
        "blobs": kinds[layout.BLOB.counted_as],
        "proofs": sum(find_proved(entry.key) is not None for entry in objects),
        "bytes": sum(entry.size for entry in objects),
    }


def has_right_counts(manifest: Manifest) -> bool:
    """Tell whether a manifest counts what it names. A run or a session that was left out is counted, and not named."""
    records = {
        name: {
            entry.key.rpartition("/")[2].partition(".")[0]
            for entry in manifest.objects
            if layout.kind_of(entry.key) in kinds
        }
        for name, kinds in _RECORDS.items()
    }
    counts, left_out = manifest.counts, len(manifest.left_out)
    runs = counts.get("runs", -1) + counts.get("parents", -1)
    return (
        all(counts.get(name) == count for name, count in count_objects(manifest.objects).items())
        and len(records["runs"]) <= runs <= len(records["runs"]) + left_out
        and len(records["sessions"]) <= counts.get("sessions", -1) <= len(records["sessions"]) + left_out
    )


def is_object_key(key: str) -> bool:
    """Tell whether a name is one of the store's own, of what a bundle takes along."""
    if key.startswith(f"{layout.BLOB.folder}/"):
        return is_blob_name(key.partition("/")[2])
    return key == layout.FORMAT_KEY or (is_loggable(key) and layout.kind_of(key) in _KINDS)


def is_member(name: str) -> bool:
    """Tell whether a bundle may hold a member of this name."""
    return name in (MANIFEST, SUMS, README) or find_proved(name) is not None or is_object_key(name)


def make_proof_name(run_id: str) -> str:
    """Return the name of the proof of a run."""
    return f"proof/{run_id}.proof.zip"


def find_proved(name: str) -> str | None:
    """Return the run that a member proves, None where it is no proof."""
    match = _PROOF.fullmatch(name)
    return match[1] if match and ids.is_run_id(match[1]) else None
