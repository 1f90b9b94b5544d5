"""Make a bundle: found out first, as a manifest, then written piece by piece; the bytes follow from the manifest.

    bundle = plan_bundle(store, Scope(session_id="ws_…"))
    bundle.manifest.counts, bundle.etag
    for piece in bundle.write(): file.write(piece)

The same record, the same scope and, where the store has a log of evidence, the same checkpoint give the same bytes,
here and in a shop that took the bundle in. What cannot go along is found before the first byte is written.
"""

import zipfile
from collections.abc import Iterator
from typing import Final

from rmos import digest
from rmos.errors.evidence import EvidenceOff, NotLoggedYet
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageUnavailable
from rmos.services.evidence import prove_run
from rmos.services.zip_files import SUMS, ZipPipe, make_entry
from rmos.store import Store, layout
from rmos.store.blobs import BLOCK_BYTES, blob_key
from rmos.store.evidence.proving import Prover
from rmos.store.records import Damage
from rmos.store.store import FORMAT
from rmos.tlog.note import Note
from rmos.transfer.bundles.manifest import (
    MANIFEST,
    MAX_BYTES,
    MAX_ENTRIES,
    README,
    BundleObject,
    LeftOut,
    Manifest,
    count_objects,
    find_proved,
    is_object_key,
    make_proof_name,
)
from rmos.transfer.bundles.scopes import Scope, Selection, select_runs
from rmos.transfer.bundles.withholding import Withhold, withhold_nothing
from rmos.transfer.run_objects import RunObjects

_FORMAT: Final = digest.canonical({"format": FORMAT}) + b"\n"
_README: Final = b"""\
A bundle of RMOS: runs of one shop with all that belongs to them, for another.

Is it whole? In the folder that it was unpacked to:

  sha256sum -c SHA256SUMS          (macOS: shasum -a 256 -c SHA256SUMS)

Take it into another store, as it is, without unpacking it:

  rmos bundle import THIS.zip

Nothing there is overwritten. manifest.json tells what is inside, and what could
not be taken along. The folders are those of a store, so the unpacked bundle can
also be opened as one. Programs lie in it under their digests as the record that
they are; whether one may run, the other shop's own gate decides.

Where there is a folder proof/, each file in it proves a run to somebody who
trusts neither shop: rmos_verify.py proof proof/RUN.proof.zip --key KEY
"""


class PlannedBundle:
    """A bundle whose every byte is decided."""

    def __init__(self, store: Store, manifest: Manifest, saved: Note | None) -> None:
        self.manifest = manifest
        self._store = store
        self._saved = saved

    @property
    def etag(self) -> str:
        """Return what tells it from any other bundle: the digest of its manifest."""
        return digest.sha256_hex(self.manifest.encode())

    def write(self) -> Iterator[bytes]:
        """Give the zip piece by piece, in constant memory.

        Raises:
            Damage, StorageUnavailable: something changed or broke since it was planned; this is no whole bundle.
        """
        pipe = ZipPipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as zipped:
            for member in self.manifest.objects:
                with zipped.open(make_entry(member.key, member.size), "w") as entry:
                    for block in self._read(member):
                        entry.write(block)
                        yield pipe.take()
            zipped.writestr(make_entry(MANIFEST), self.manifest.encode())
            zipped.writestr(make_entry(SUMS), self.manifest.make_sums())
            yield pipe.take()
        yield pipe.take()

    def _read(self, member: BundleObject) -> Iterator[bytes]:
        hasher, size = digest.Sha256(), 0
        for block in _read_member(self._store, member.key, self._saved):
            hasher.update(block)
            size += len(block)
            if size > member.size:
                break
            yield block
        if (hasher.hexdigest(), size) != (member.sha256, member.size):
            raise Damage("altered", f"{member.key} changed while it was read; make the bundle again")


def plan_bundle(store: Store, scope: Scope, withhold: Withhold = withhold_nothing) -> PlannedBundle:
    """Find all that goes into a bundle, and hash it.

    Args:
        withhold: returns what of a run must not go along.

    Raises:
        RunNotFound, RunDeleted, Damage: of a run that the scope names by its id.
        SessionNotFound, BundleEmpty.
        PayloadTooLarge: there is more than a bundle may hold.
        IndexRebuilding, StorageFailed.
    """
    selection = select_runs(store, scope, withhold)
    saved = _find_checkpoint(store)
    planner = _Planner(store, saved)
    for run in selection.runs.values():
        planner.add_run(run)
    for session_id, keys in selection.sessions.items():
        planner.add_record(session_id, keys)
    planner.add(layout.FORMAT_KEY)
    planner.add(README)
    members = sorted(planner.members.values(), key=lambda member: member.key)
    left_out = sorted([*selection.left_out, *planner.left_out], key=lambda left: left.id)
    manifest = Manifest(scope=scope.describe(), counts=_count(selection, members), left_out=left_out, objects=members)
    return PlannedBundle(store, manifest, saved)


def _find_checkpoint(store: Store) -> Note | None:
    """Return the checkpoint that proofs are under; None where there is no log, or nothing in it yet."""
    try:
        return Prover(store.objects, store.index).note
    except (EvidenceOff, NotLoggedYet):
        return None


def _count(selection: Selection, members: list[BundleObject]) -> dict[str, int]:
    return {
        "runs": selection.asked,
        "parents": len(selection.runs) - selection.asked,
        "sessions": len(selection.sessions),
        **count_objects(members),
    }


class _Planner:
    """Collects the members of a bundle, each once."""

    def __init__(self, store: Store, saved: Note | None) -> None:
        self.members: dict[str, BundleObject] = {}
        self.left_out: list[LeftOut] = []
        self._store = store
        self._saved = saved
        self._size = 0

    def add_run(self, run: RunObjects) -> None:
        """Add a run, its blobs and its proof; where any of it is not whole, none of it."""
        keys = list(run.keys)
        for sha256 in run.blobs:
            key = blob_key(self._store.objects, sha256)
            if sha256 in run.withheld:
                self.left_out.append(LeftOut(id=sha256, reason=f"{run.run_id}: {run.withheld[sha256]}"))
            elif key is None:
                self.left_out.append(LeftOut(id=sha256, reason=f"{run.run_id} names it, and it is not there"))
            else:
                keys.append(key)
        if self.add_record(run.run_id, keys) and self._saved is not None:
            try:
                self.add(make_proof_name(run.run_id))
            except (Damage, NotLoggedYet) as error:
                self.left_out.append(LeftOut(id=make_proof_name(run.run_id), reason=error.detail))

    def add_record(self, record_id: str, keys: list[str]) -> bool:
        """Add the objects of a record, all or none, and tell whether they were."""
        try:
            if any(not is_object_key(key) for key in keys):
                raise Damage(
                    "misnamed", "a file of it has a name of the earlier system that no list of digests can hold"
                )
            found = [self._describe(key) for key in keys if key not in self.members]
        except (Damage, ObjectMissing, ObjectUnreadable) as error:
            if isinstance(error, StorageUnavailable):
                raise
            self.left_out.append(LeftOut(id=record_id, reason=error.detail))
            return False
        for member in found:
            self._take(member)
        return True

    def add(self, name: str) -> None:
        """Add a member."""
        self._take(self._describe(name))

    def _describe(self, name: str) -> BundleObject:
        hasher, size = digest.Sha256(), 0
        for block in _read_member(self._store, name, self._saved):
            hasher.update(block)
            size += len(block)
        return BundleObject(key=name, sha256=hasher.hexdigest(), size=size)

    def _take(self, member: BundleObject) -> None:
        self.members[member.key] = member
        self._size += member.size
        if len(self.members) + 2 > MAX_ENTRIES or self._size > MAX_BYTES:
            detail = (
                f"A bundle holds at most {MAX_ENTRIES} files and {MAX_BYTES} bytes: make several, one for a session."
            )
            raise PayloadTooLarge(detail, limit_bytes=MAX_BYTES)


def _read_member(store: Store, name: str, saved: Note | None) -> Iterator[bytes]:
    """Give the bytes of a member, block by block."""
    run_id = find_proved(name)
    if name == README:
        yield _README
    elif name == layout.FORMAT_KEY:
        yield _FORMAT
    elif run_id is not None:
        yield prove_run(store, run_id, saved)
    elif layout.kind_of(name) is layout.BLOB:
        with store.blobs.open(name.rpartition("/")[2][:64]) as blob:
            offset = 0
            while block := blob.read_at(offset, BLOCK_BYTES):
                yield block
                offset += len(block)
    else:
        yield store.objects.read(name)
