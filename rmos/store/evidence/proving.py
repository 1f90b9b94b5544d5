"""Prove that objects are in the log: their entries, the paths to a checkpoint's root, and the checkpoint.

    prover = Prover(objects, index)
    proof = prover.prove("2025-12-23/run_….json")
    proof.entry.line(), proof.encoded        # the line of SHA256SUMS; a C2SP tlog-proof

Nothing goes out that does not hold: each path is verified against the root that the checkpoint says.
"""

from typing import NamedTuple

from rmos.digest import hash_leaf
from rmos.errors.evidence import EvidenceMalformed, EvidenceOff, NotLoggedYet
from rmos.index.base import Index
from rmos.objects.base import Objects
from rmos.store.evidence.objects import Entry, LogObjects
from rmos.store.evidence.tree import LogTree
from rmos.store.records import Damage
from rmos.tlog.note import Checkpoint, Note, parse_checkpoint
from rmos.tlog.proof import LogProof
from rmos.tlog.tree import verify_inclusion


class ObjectProof(NamedTuple):
    """That an object is in the log."""

    entry: Entry
    place: int
    """The index of the entry, from 0."""
    encoded: bytes
    """The proof as C2SP's tlog-proof."""


class Prover:
    """Proofs under one checkpoint: the last one, or one that was saved."""

    def __init__(self, objects: Objects, index: Index, saved: Note | None = None) -> None:
        """Take the checkpoint that proofs are under.

        Raises:
            EvidenceOff: no log was started.
            NotLoggedYet: nothing was appended yet, as far as the index knows.
            Damage: log_altered, log_short; with `saved` also log_forked.
            EvidenceMalformed: `saved` is no checkpoint.
        """
        self._log = LogObjects(objects)
        self._index = index
        self._tree = LogTree(self._log, index.log)
        self.note = self._read_last() if saved is None else saved
        self.checkpoint = _parse(self.note) if saved is None else parse_checkpoint(saved.text)
        if self._tree.root_at(self.checkpoint.size) != self.checkpoint.root:
            kind = "log_altered" if saved is None else "log_forked"
            raise Damage(kind, "the log does not lead to the root of the checkpoint")

    def prove(self, key: str) -> ObjectProof:
        """Prove one object.

        Raises:
            NotLoggedYet: it has no entry below this checkpoint.
            Damage: the log does not lead to the checkpoint's root.
        """
        number = self._index.log.batch_of(key)
        if number is None:
            raise NotLoggedYet("The object is not in the log yet.", key=key)
        batch = self._tree.read_batch(number)
        place = batch.find(key)
        if place is None:
            raise Damage("log_altered", f"batch {number} does not hold the object's entry")
        index, entry = batch.first + place, Entry(batch.lines[place][:64].decode(), key)
        if index >= self.checkpoint.size:
            raise NotLoggedYet("The object was logged after this checkpoint.", key=key)
        path = self._tree.prove(index, self.checkpoint.size)
        if not verify_inclusion(hash_leaf(entry.line()), index, self.checkpoint.size, path, self.checkpoint.root):
            raise Damage("log_altered", "the log's tiles and batches do not lead to the checkpoint's root")
        return ObjectProof(entry, index, LogProof(index, tuple(path), self.note.encode()).encode())

    def prove_growth(self, old_size: int) -> list[bytes]:
        """Return the path from the root of an older size to this checkpoint's.

        Raises:
            Damage, ValueError.
        """
        return self._tree.prove_growth(old_size, self.checkpoint.size)

    def _read_last(self) -> Note:
        if not self._log.has_started():
            raise EvidenceOff("This store has no log of evidence.")
        last = self._index.log.last()
        note = None if last is None else self._log.read_checkpoint(last[0].number)
        if note is None:
            raise NotLoggedYet("Nothing was appended to the log yet.")
        return note


def _parse(note: Note) -> Checkpoint:
    try:
        return parse_checkpoint(note.text)
    except EvidenceMalformed as error:
        raise Damage("log_altered", f"the checkpoint cannot be read: {error.detail}") from None
