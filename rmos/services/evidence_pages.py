"""What of a log anybody may read: checkpoint, tiles, bundles of entries, keys; and all of it as static files.

    read_public(store, "checkpoint")
    read_public(store, "tile/entries/000.p/17")
    publish_log(store, Path("/srv/www/evidence"))

The names and bytes are those of C2SP's tlog-tiles, so that other people's monitors and witnesses read them.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rmos.errors.evidence import EvidenceOff
from rmos.errors.http import RouteNotFound
from rmos.errors.request import ValidationFailed
from rmos.store import Store
from rmos.store.evidence.objects import Entry, LogObjects
from rmos.store.evidence.tree import LogTree
from rmos.tlog.note import Note, VerifierKey
from rmos.tlog.tiles import WIDTH, parse_tile_name, tile_name

_ENTRIES: Final = "tile/entries/"


class PublicLog:
    """The public part of one store's log, as it is at its last checkpoint."""

    def __init__(self, store: Store) -> None:
        """Look up the last checkpoint.

        Raises:
            EvidenceOff, Damage, IndexBroken, IndexUnavailable.
        """
        self._log = LogObjects(store.objects)
        if not self._log.has_started():
            raise EvidenceOff("This store has no log of evidence.")
        self._table = store.index.log
        self._tree = LogTree(self._log, self._table)
        last = self._table.last()
        self._number = 0 if last is None else last[0].number
        self.size = self._tree.size()

    def checkpoint(self) -> Note:
        """Return the last checkpoint.

        Raises:
            EvidenceOff: nothing was appended yet.
        """
        note = self._log.read_checkpoint(self._number) if self._number else None
        if note is None:
            raise EvidenceOff("Nothing was appended to the log yet.")
        return note

    def checkpoint_of(self, size: int) -> Note:
        """Return the checkpoint of a size.

        Raises:
            ValidationFailed: no batch of the log ends there.
        """
        batch = self._table.batch_at(size - 1)
        note = None
        if batch is not None and batch.first + batch.size == size:
            note = self._log.read_checkpoint(batch.number)
        if note is None:
            raise ValidationFailed(
                "The log has no checkpoint of this size.", errors={"size": ["Take the size that a checkpoint says."]}
            )
        return note

    def appended_at_utc(self) -> str:
        """Return when the last batch was begun."""
        return self._tree.read_batch(self._number).at

    def key(self) -> VerifierKey:
        """Return the key that signs now."""
        return self._log.read_keys()[-1].key

    def keys(self) -> str:
        """Return the verifier keys, one a line, in the order in which they signed."""
        return "".join(f"{event.key.text()}\n" for event in self._log.read_keys())

    def tile(self, name: str) -> bytes:
        """Return a tile by its name below `tile/`, also one that is not full.

        Raises:
            RouteNotFound: the log has no such tile, or not as wide.
        """
        found = parse_tile_name(name)
        if found is None or found.number * WIDTH + found.width > self.size >> 8 * found.level:
            raise RouteNotFound("The log has no such tile at its last checkpoint.")
        return self._tree.read_tile(found.level, found.number, found.width)

    def entries(self, name: str) -> bytes:
        """Return a bundle of entries by its name below `tile/entries/`: of each its length in two bytes, and its line.

        Raises:
            RouteNotFound: the log has no such bundle, or not as wide.
        """
        found = parse_tile_name(f"0/{name}")
        if found is None or found.number * WIDTH + found.width > self.size:
            raise RouteNotFound("The log has no such bundle of entries at its last checkpoint.")
        first = found.number * WIDTH
        lines = (self._tree.line_at(leaf) for leaf in range(first, first + found.width))
        return b"".join(len(line).to_bytes(2, "big") + line for line in lines)

    def names(self) -> Iterator[str]:
        """Yield the names of all tiles and bundles, the partial ones last of each level."""
        yield from (f"{_ENTRIES}{name.partition('/')[2]}" for name in self._level_names(0))
        level = 0
        while self.size >> 8 * level:
            yield from (f"tile/{name}" for name in self._level_names(level))
            level += 1

    def read(self, name: str) -> bytes:
        """Return what stands under a name that `names` yields."""
        if name.startswith(_ENTRIES):
            return self.entries(name.removeprefix(_ENTRIES))
        return self.tile(name.removeprefix("tile/"))

    def _level_names(self, level: int) -> Iterator[str]:
        full, rest = divmod(self.size >> 8 * level, WIDTH)
        for number in range(full):
            yield tile_name(level, number)
        if rest:
            yield tile_name(level, full, rest)


def publish_log(store: Store, folder: Path) -> int:
    """Write the public part of a log as static files, the checkpoint last; return how many were written now.

    A full tile that stands there already is left: it never changes.

    Raises:
        EvidenceOff, Damage, OSError.
    """
    log = PublicLog(store)
    written = 0
    for name in log.names():
        path = folder / name
        if not path.exists():
            _write_file(path, log.read(name))
            written += 1
    _write_file(folder / "keys", log.keys().encode())
    _write_file(folder / "checkpoint", log.checkpoint().encode())
    return written + 2


def list_day(store: Store, date: str) -> Iterator[tuple[Entry, bool]]:
    """Yield the entries of one date's objects, each with whether its object is gone.

    Raises:
        EvidenceOff, Damage, ObjectMissing, ObjectUnreadable.
    """
    log = LogObjects(store.objects)
    if not log.has_started():
        raise EvidenceOff("This store has no log of evidence.")
    for number in log.list_batches():
        for entry in log.read_batch(number).entries():
            folder = entry.key.rpartition("/")[0]
            if folder == date or folder.endswith(f"/{date}"):
                yield entry, not store.objects.has(entry.key)


def _write_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.write_bytes(data)
    os.replace(fresh, path)
