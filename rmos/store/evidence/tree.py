"""The tree of a log, read from its tiles and, where a tile is not full yet, from its batches.

tree = LogTree(LogObjects(objects), index.log)
tree.root_at(4711)
tree.prove(index, size)                  # the path of RFC 6962
"""

from rmos.digest import hash_leaf
from rmos.errors.evidence import EvidenceMalformed
from rmos.errors.store import ObjectMissing
from rmos.index.log_table import LogTable
from rmos.store.evidence.objects import LogBatch, LogObjects, tile_key
from rmos.store.records import Damage
from rmos.tlog.note import parse_checkpoint
from rmos.tlog.tiles import HASH, WIDTH, Edge, Nodes, combine, load_edge
from rmos.tlog.tree import compute_root, prove_consistency, prove_inclusion


class LogTree:
    """Roots and proofs of one log; reads each batch and tile once."""

    def __init__(self, log: LogObjects, table: LogTable) -> None:
        self._log = log
        self._table = table
        self._batches: dict[int, LogBatch] = {}
        self._edge: Edge | None = None

    def size(self) -> int:
        """Return how many entries the batches that the index knows have."""
        last = self._table.last()
        return 0 if last is None else last[0].first + last[0].size

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the first `size` entries, None when there are fewer.

        Raises:
            Damage: log_altered, log_short.
        """
        return compute_root(size, self._nodes(size)) if size <= self.size() else None

    def prove(self, index: int, size: int) -> list[bytes]:
        """Return the path from an entry to the root of the first `size` entries.

        Raises:
            Damage: log_altered, log_short.
        """
        return prove_inclusion(index, size, self._nodes(size))

    def prove_growth(self, old_size: int, size: int) -> list[bytes]:
        """Return the path from an older root to a newer one.

        Raises:
            Damage: log_altered, log_short.
        """
        return prove_consistency(old_size, size, self._nodes(size))

    def read_batch(self, number: int) -> LogBatch:
        """Return a batch.

        Raises:
            Damage: log_altered, log_short.
        """
        if number not in self._batches:
            try:
                self._batches[number] = self._log.read_batch(number, strict=False)
            except ObjectMissing:
                raise Damage("log_short", f"batch {number} of the log is gone") from None
        return self._batches[number]

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first hashes of a tile, from its object when it is full.

        Raises:
            Damage: log_altered, log_short.
        """
        if width == WIDTH:
            try:
                data = self._log.objects.read(tile_key(level, number))
            except ObjectMissing:
                pass  # its maker died; the next append makes it
            else:
                if len(data) != WIDTH * HASH:
                    raise Damage("log_altered", "a tile of the log does not have 256 hashes")
                return data
        from_edge = self._read_edge(level, number, width)
        if from_edge is not None:
            return from_edge
        first = number * WIDTH
        return b"".join(self._compute_hash(level, place) for place in range(first, first + width))

    def _read_edge(self, level: int, number: int, width: int) -> bytes | None:
        """Return the beginning of the last tile of a level from the index; what is wrong there leads to no root."""
        if self._edge is None:
            last = self._table.last()
            if last is None:
                return None
            self._edge = load_edge(last[0].first + last[0].size, last[1]) or Edge()
        levels = self._edge.levels
        if level >= len(levels) or number != self._edge.size >> 8 * (level + 1) or width > len(levels[level]):
            return None
        return b"".join(levels[level][:width])

    def line_at(self, leaf: int) -> bytes:
        """Return the line that an entry is.

        Raises:
            Damage: log_altered, log_short.
        """
        known = self._table.batch_at(leaf)
        if known is None:
            raise Damage("log_short", f"no batch holds entry {leaf} of the log")
        batch = self.read_batch(known.number)
        if batch.first != known.first or len(batch.lines) != known.size:
            raise Damage("log_altered", f"batch {known.number} is not the one that was appended")
        return batch.lines[leaf - known.first]

    def _compute_hash(self, level: int, place: int) -> bytes:
        if not level:
            return hash_leaf(self.line_at(place))
        data = self.read_tile(level - 1, place, WIDTH)
        return combine([data[at : at + HASH] for at in range(0, WIDTH * HASH, HASH)])

    def _nodes(self, size: int) -> Nodes:
        return Nodes(size, self.read_tile)


def read_size(log: LogObjects, number: int) -> int | None:
    """Return the size that the checkpoint after a batch says, None when there is none.

    Raises:
        Damage: log_altered.
    """
    note = log.read_checkpoint(number)
    try:
        return None if note is None else parse_checkpoint(note.text).size
    except EvidenceMalformed as error:
        raise Damage("log_altered", f"the checkpoint cannot be read: {error.detail}") from None
