"""Checking the log itself: do its batches lead to every signed checkpoint, and is nothing of it gone?

    reading = check_log(LogObjects(objects), trust, tally)
    reading.folders["2025-12-23"]            # [1, 7]: the batches that hold entries of that folder

Constant memory: a batch is read, hashed into the edge of the tree and let go. Each checkpoint is compared as text with
the one that follows from the batches; signatures are verified where trust begins: of the last one, of those at which
the key changes, and of those that somebody saved.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rmos.checks.findings import Tally
from rmos.digest import hash_leaf
from rmos.errors.store import ObjectMissing, ObjectUnavailable, ObjectUnreadable
from rmos.store import layout
from rmos.store.evidence.objects import (
    KeyEvent,
    LogBatch,
    LogObjects,
    batch_key,
    checkpoint_key,
    event_key,
    is_log_name,
    tile_key,
)
from rmos.store.records import Damage
from rmos.tlog.keys import is_signed
from rmos.tlog.note import Checkpoint, Note, VerifierKey
from rmos.tlog.tiles import WIDTH, Edge, parse_number, parse_tile_name

OnBatch = Callable[[LogBatch], None]
OnTile = Callable[[str, bytes], None]
"""Is called with the key of a full tile that is gone or altered, and with the bytes that follow from the batches."""


class SavedCheckpoint(NamedTuple):
    """A checkpoint that lay where whoever changes the store cannot write, and what to call it."""

    name: str
    note: Note
    checkpoint: Checkpoint
    is_signed: bool = True
    """Whether its signature counts; the key's own memory is believed for its place."""


class EvidenceTrust(NamedTuple):
    """Whom a check believes."""

    keys: tuple[VerifierKey, ...]
    """One of them must have signed the last checkpoint; none takes the last key that the log names."""
    saved: tuple[SavedCheckpoint, ...] = ()


class LogReading(NamedTuple):
    """A log as it was read."""

    size: int
    folders: dict[str, list[int]]
    """Of each folder the batches that hold entries of it, in order."""


def check_log(
    log: LogObjects,
    trust: EvidenceTrust,
    tally: Tally,
    on_batch: OnBatch = lambda batch: None,
    on_lost_tile: OnTile = lambda key, data: None,
) -> LogReading:
    """Check a log against itself and against what is trusted; `on_batch` is handed each batch."""
    return _LogCheck(log, trust, tally, on_batch, on_lost_tile).check()


class _LogCheck:
    """One check of a log."""

    def __init__(
        self, log: LogObjects, trust: EvidenceTrust, tally: Tally, on_batch: OnBatch, on_lost_tile: OnTile
    ) -> None:
        self._log = log
        self._trust = trust
        self._tally = tally
        self._on_batch = on_batch
        self._on_lost_tile = on_lost_tile
        self._edge = Edge()
        self._folders: dict[str, list[int]] = defaultdict(list)
        self._saved: dict[int, list[SavedCheckpoint]] = defaultdict(list)
        self._keys: list[KeyEvent] = []
        self._cross_signed: set[int] = set()
        """The key events at which the key before signed for the one that follows."""

    def check(self) -> LogReading:
        try:
            self._keys = self._log.read_keys()
        except Damage as damage:
            self._tally.find("log_altered", event_key(1), damage.detail)
            return LogReading(0, {})
        for saved in self._trust.saved:
            self._saved[saved.checkpoint.size].append(saved)
        numbers = self._log.list_batches()
        last = self._follow(numbers)
        if last is not None:
            self._check_last(last)
        self._check_names(set(numbers))
        self._check_saved_left(is_whole=last == (numbers[-1] if numbers else 0))
        self._tally.count("evidence_entries", self._edge.size)
        return LogReading(self._edge.size, dict(self._folders))

    def _follow(self, numbers: Sequence[int]) -> int | None:
        """Follow the batches as far as they lead; return the last one, None when there is none."""
        last = 0
        for number in numbers:
            if number != last + 1:
                self._tally.find("log_short", batch_key(last + 1), "this batch of the log is gone")
                break
            if not self._take_in(number):
                break
            last = number
        return last or None

    def _take_in(self, number: int) -> bool:
        try:
            batch = self._log.read_batch(number)
        except ObjectMissing:
            return False  # gone since it was listed: at the second look it is short
        except (Damage, ObjectUnreadable) as error:
            self._tally.find("log_altered", batch_key(number), error.detail)
            return False
        if batch.first != self._edge.size:
            self._tally.find("log_altered", batch_key(number), "it does not begin where the batch before it ends")
            return False
        for tile in self._edge.extend(map(hash_leaf, batch.lines)):
            self._check_tile(tile_key(tile.level, tile.number), tile.data)
        folders = {line[66:-1].rpartition(b"/")[0] for line in batch.lines}
        for folder in folders:
            self._folders[folder.decode()].append(number)
        self._check_checkpoint(number, batch)
        self._on_batch(batch)
        return True

    def _check_tile(self, key: str, data: bytes) -> None:
        try:
            if self._log.objects.read(key) == data:
                return
            detail = "the tile has other hashes than the batches"
        except ObjectMissing:
            detail = "this tile of the log is gone; the batches that it follows from are there"
        except ObjectUnavailable as error:
            self._tally.find("unreadable", key, error.detail)  # it may be whole
            return
        except ObjectUnreadable as error:
            detail = error.detail
        self._tally.find("log_altered", key, detail)
        self._on_lost_tile(key, data)

    def _check_checkpoint(self, number: int, batch: LogBatch) -> None:
        key, wanted = checkpoint_key(number), self._checkpoint()
        try:
            note = self._log.read_checkpoint(number)
        except (Damage, ObjectUnreadable) as error:
            self._tally.find("log_altered", key, error.detail)
            return
        if note is None:
            self._tally.find("log_short", key, "the checkpoint after this batch is gone, or its maker died")
            return
        if note.text != wanted.text():
            self._tally.find("log_altered", key, "the batches do not lead to the root of this checkpoint")
        for change in self._keys[1:]:
            if batch.find(event_key(change.number)) is not None:
                self._check_change(key, note, change)
        for saved in self._saved.pop(self._edge.size, []):
            self._check_saved(saved, wanted)

    def _check_change(self, key: str, note: Note, change: KeyEvent) -> None:
        """Check that the checkpoint at which a key changes is signed by the old key and the new one."""
        old = self._keys[change.number - 2].key
        if not is_signed(note, change.key):
            self._tally.find("checkpoint_unsigned", key, "the key that signs from here on has not signed it")
        if not is_signed(note, old):
            detail = f"the key {old.text()} did not vouch for the one that follows it, {change.key.text()}"
            self._tally.find("key_replaced", key, detail)
        elif is_signed(note, change.key):
            self._cross_signed.add(change.number)

    def _check_saved(self, saved: SavedCheckpoint, wanted: Checkpoint) -> None:
        if saved.checkpoint != wanted:
            self._tally.find("log_forked", saved.name, "at its size the log has another root: two logs were shown")
        elif saved.is_signed and not any(is_signed(saved.note, key) for key in self._trusted()):
            self._tally.find("checkpoint_unsigned", saved.name, "it is not signed by a key of this log that is trusted")

    def _check_last(self, number: int) -> None:
        key = checkpoint_key(number)
        try:
            note = self._log.read_checkpoint(number)
        except (Damage, ObjectUnreadable):
            return  # it is a finding already
        trusted = self._follow_keys()
        if note is not None and not any(is_signed(note, one) for one in trusted):
            names = ", ".join(one.text() for one in trusted)
            self._tally.find("checkpoint_unsigned", key, f"the last checkpoint is not signed by {names}")

    def _check_names(self, numbers: set[int]) -> None:
        """Find what stands in the log's folders without belonging there, or without the batch that it came from."""
        for name in sorted(self._log.list_names()):
            key = f"{layout.EVIDENCE}/{name}"
            what, _, rest = name.partition("/")
            tile = parse_tile_name(rest) if what == "tile" else None
            if what == "checkpoint" and (number := parse_number(rest)) is not None:
                if number not in numbers:
                    self._tally.find("log_short", key, "the batch that this checkpoint comes after is gone")
            elif tile is not None and tile.width == WIDTH:
                if (tile.number + 1) * WIDTH > self._edge.size >> 8 * tile.level:
                    self._tally.find(
                        "log_short", key, "batches that this tile was made of are gone, or cannot be followed"
                    )
            elif not is_log_name(name):
                self._tally.find("stray", key, "no object of the log has such a name")

    def _check_saved_left(self, *, is_whole: bool) -> None:
        """Find saved checkpoints that no batch of the log ends at."""
        for size, group in sorted(self._saved.items()):
            for saved in group:
                if size > self._edge.size:
                    detail = f"it is of {size} entries, and the log has {self._edge.size}: somebody cut it back"
                    self._tally.find("log_short", saved.name, detail)
                elif is_whole and saved.checkpoint != Checkpoint(self._keys[0].key.name, 0, Edge().root()):
                    self._tally.find("log_forked", saved.name, "no batch of the log ends at its size")

    def _follow_keys(self) -> list[VerifierKey]:
        """Return the keys that are trusted, and those for which they vouched."""
        if not self._trust.keys:
            return [self._keys[-1].key]
        trusted = list(self._trust.keys)
        for before, after in itertools.pairwise(self._keys):
            if before.key in trusted and after.number in self._cross_signed:
                trusted.append(after.key)
        return trusted

    def _trusted(self) -> tuple[VerifierKey, ...]:
        return (*self._trust.keys, *(event.key for event in self._keys))

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self._keys[0].key.name, self._edge.size, self._edge.root())
