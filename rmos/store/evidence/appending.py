"""Append what is new to the log: the batch of lines is the decision, everything else follows from it.

    appended = append_entries(objects, index, key_file, us=us, everywhere=True)
    appended.entries, appended.size

The life of an entry: complete what a killed appender has left; find objects without an entry; make them durable; read
and hash them; create the batch under the next number; then the tiles that became full; then the signed checkpoint; then
the rows of the index. A crash before the batch leaves nothing, and after it the next append does the rest, with the
same bytes. The number of the batch is the only lock.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from rmos import digest, ids
from rmos.digest import hash_leaf
from rmos.errors.evidence import EvidenceKeyUnusable, EvidenceMalformed, EvidenceOff
from rmos.errors.store import ObjectExists
from rmos.index.base import Index
from rmos.index.log_table import LoggedBatch
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.evidence.arrivals import NewNames, find_new, keep_token, read_lines
from rmos.store.evidence.objects import (
    BATCH,
    LOG_ID,
    Entry,
    LogBatch,
    LogObjects,
    batch_key,
    checkpoint_key,
    encode_batch,
    event_key,
)
from rmos.store.evidence.signing import KeyFile, Signer
from rmos.store.evidence.tree import LogTree
from rmos.store.records import Damage
from rmos.store.workers import ordered_pool
from rmos.tlog.note import Checkpoint, parse_checkpoint
from rmos.tlog.tiles import Edge, load_edge

Progress = Callable[[int], None]
_AT_ONCE: Final = 1024
"""Objects that are read by a process at a time."""
_EVENTS: Final = f"{layout.EVIDENCE}/{LOG_ID}."


class AppendReport(NamedTuple):
    """What came of an append."""

    batches: int
    entries: int
    skipped: int
    """Objects that were not logged because they are damaged."""
    checkpoint: Checkpoint
    """Of the log as it is now."""


def append_entries(
    objects: Objects,
    index: Index,
    key_file: KeyFile,
    *,
    us: int,
    everywhere: bool,
    workers: int = 1,
    progress: Progress | None = None,
) -> AppendReport:
    """Bring the log up to the record.

    Args:
        us: the moment, for the heads of batches; nothing is decided by it.
        everywhere: list all folders, as a command does and the first pass of a process.
        workers: processes that read and hash; more than one forks, which only commands should do.

    Raises:
        EvidenceOff: no log was started.
        EvidenceKeyUnusable, EvidenceBehind: nothing was appended.
        Damage: log_altered, log_short: the log cannot be followed, and nothing was appended.
        IndexBroken, IndexUnavailable, ObjectUnreadable, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    log = LogObjects(objects)
    if not log.has_started():
        raise EvidenceOff("This store has no log of evidence.")
    with key_file.held() as signer:
        if log.read_keys()[-1].key not in signer.verifier_keys():
            raise EvidenceKeyUnusable("The key is not the one that signs the log of this store.")
    appender = _Appender(log, index, key_file, us)
    return appender.append(everywhere, workers, progress)


class _Appender:
    """One append."""

    def __init__(self, log: LogObjects, index: Index, key_file: KeyFile, us: int) -> None:
        self._log = log
        self._objects = log.objects
        self._index = index
        self._key_file = key_file
        self._us = us
        self._number = 0
        self._edge = Edge()
        self._roots: dict[int, bytes] = {}
        """Roots at ends of batches that were computed on the way."""
        self._batches = self._entries = self._skipped = 0
        self._damaged: set[str] = set()
        """Folders in which an object was left out."""
        self._origin = log.read_keys()[0].key.name

    def append(self, everywhere: bool, workers: int, progress: Progress | None) -> AppendReport:
        self._follow()
        self._finish_change()
        found: list[NewNames] = []
        new = find_new(self._objects, self._index, everywhere=everywhere)
        lines = self._read_lines(self._cut(new, found), workers, progress)
        while taken := list(islice(lines, BATCH - 1)):
            self._decide(taken)
        for names in found:
            if names.folder not in self._damaged:  # a damaged object may be restored, and is looked for again
                keep_token(self._index, names)
        return AppendReport(self._batches, self._entries, self._skipped, self._checkpoint())

    def _follow(self) -> None:
        """Take in the batches that the index does not know, and complete those whose maker died."""
        self._number, self._edge = self._known()
        numbers = range(self._number + 1, self._log.last_batch(self._number) + 1)
        self._settle(numbers)
        for number in numbers:
            self._take_in(self._log.read_batch(number))

    def _settle(self, numbers: Iterable[int]) -> None:
        """Make batches of others durable: whoever made one may have died before, and what is signed must stay."""
        for folder in sorted({batch_key(number).rpartition("/")[0] for number in numbers}):
            self._objects.ensure_folder_durable(folder)

    def _known(self) -> tuple[int, Edge]:
        """Return the last batch that the index knows and its edge; nothing when that does not lead to its root."""
        last = self._index.log.last()
        if last is not None:
            batch, text = last
            edge = load_edge(batch.first + batch.size, text)
            if edge is not None and self._read_checkpoint(batch.number) == self._checkpoint_of(edge):
                return batch.number, edge
            self._index.log.clear()
        return 0, Edge()

    def _cut(self, new: Iterable[NewNames], found: list[NewNames]) -> Iterator[list[str]]:
        """Yield the keys of new objects, some at a time, in folders that are durable."""
        for names in new:
            if names.keys:
                self._objects.ensure_folder_durable(names.folder)
            found.append(names)
            for first in range(0, len(names.keys), _AT_ONCE):
                yield names.keys[first : first + _AT_ONCE]

    def _read_lines(self, parts: Iterable[list[str]], workers: int, progress: Progress | None) -> Iterator[Entry]:
        with ordered_pool(partial(read_lines, self._objects), workers, self._objects.works_with) as read_parts:
            for read in read_parts(parts):
                yield from read.entries
                self._skipped += len(read.damaged)
                self._damaged.update(key.rpartition("/")[0] for key in read.damaged)
                if progress is not None:
                    progress(read.asked)

    def _decide(self, entries: Sequence[Entry]) -> None:
        """Create the next batch, or those of whoever was faster first."""
        todo = {entry.key: entry for entry in entries}
        while todo:
            number = self._number + 1
            lines = {entry.key: entry.line() for entry in todo.values()}
            if self._number:
                before = batch_key(self._number)
                lines[before] = Entry(digest.sha256_hex(self._objects.read(before)), before).line()
            ordered = [lines[key] for key in sorted(lines)]
            data = encode_batch(number, self._edge.size, ids.utc_text(self._us), ordered)
            try:
                # A crash before this line leaves nothing. After it the entries are in the log, whoever completes it.
                self._objects.create(batch_key(number), data)
            except ObjectExists:
                self._settle([number])
                theirs = self._log.read_batch(number)
                self._take_in(theirs)
                for entry in theirs.entries():
                    todo.pop(entry.key, None)
                continue
            self._take_in(LogBatch(number, self._edge.size, "", ordered))
            self._batches += 1
            self._entries += len(ordered)
            return

    def _take_in(self, batch: LogBatch) -> None:
        """Do what follows from a batch: tiles, checkpoint, rows of the index."""
        if batch.first != self._edge.size:
            raise Damage("log_altered", f"batch {batch.number} of the log does not begin where the one before it ends")
        self._roots[self._edge.size] = self._edge.root()
        for tile in self._edge.extend(map(hash_leaf, batch.lines)):
            try:
                self._log.create_tile(tile)
            except ObjectExists:
                raise Damage("log_altered", "a tile of the log has other hashes than its batches") from None
        keys = batch.list_keys()
        self._number = batch.number
        self._sign(batch.number, keys)
        self._index.log.add(LoggedBatch(batch.number, batch.first, len(keys)), keys, self._edge.dump())

        if any(key.startswith(_EVENTS) for key in keys):
            self._finish_change()

    def _finish_change(self) -> None:
        """Let the next key sign alone once the event that names it is logged: both have signed that checkpoint."""
        last = self._log.read_keys()[-1]
        following = self._key_file.read_next()
        is_ours = following is not None and following.verifier_key == last.key
        if is_ours and self._index.log.batch_of(event_key(last.number)) is not None:
            self._key_file.promote_next()

    def _sign(self, number: int, keys: Sequence[str]) -> None:
        if self._read_checkpoint(number) is not None:
            if self._read_checkpoint(number) != self._checkpoint():
                raise Damage("log_altered", f"the checkpoint after batch {number} is that of another log")
            return
        with self._key_file.held() as signer:
            if self._read_checkpoint(number) is None:
                self._create_checkpoint(number, keys, signer)

    def _create_checkpoint(self, number: int, keys: Sequence[str], signer: Signer) -> None:
        checkpoint = self._checkpoint()
        self._roots[checkpoint.size] = checkpoint.root
        tree = LogTree(self._log, self._index.log)
        last = self._log.read_keys()[-1]
        note = signer.sign(
            checkpoint,
            lambda size: self._roots.get(size) or tree.root_at(size),
            with_following=last.key != signer.key.verifier_key and event_key(last.number) in keys,
        )
        # A crash between the key's memory and this line is completed by the next append, with the same bytes.
        with contextlib.suppress(ObjectExists):
            self._objects.create(checkpoint_key(number), note.encode())

    def _read_checkpoint(self, number: int) -> Checkpoint | None:
        note = self._log.read_checkpoint(number)
        try:
            return None if note is None else parse_checkpoint(note.text)
        except EvidenceMalformed as error:
            raise Damage("log_altered", f"the checkpoint cannot be read: {error.detail}") from None

    def _checkpoint(self) -> Checkpoint:
        return self._checkpoint_of(self._edge)

    def _checkpoint_of(self, edge: Edge) -> Checkpoint:
        return Checkpoint(self._origin, edge.size, edge.root())
