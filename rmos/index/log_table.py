"""What an index backend answers about the log of evidence.

index.log.last()                       # the last batch, and the edge of the tree behind it
index.log.batch_of("2025-12-23/run_….json")
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class LoggedBatch(NamedTuple):
    """A batch of the log: its number, the leaf that its first entry is, and how many entries it has."""

    number: int
    first: int
    size: int


class LogTable(Protocol):
    """What is known of the log, so that its batches need not be read again; nobody believes it without proof."""

    def add(self, batch: LoggedBatch, keys: Sequence[str], edge: str) -> None:
        """Add a batch with its keys and the edge of the tree behind it, in one transaction."""

    def last(self) -> tuple[LoggedBatch, str] | None:
        """Return the last batch and the edge of the tree behind it; None when there is none."""

    def names_in(self, folder: str) -> set[str]:
        """Return the names, below a folder, of the objects there that have an entry; never the root's."""

    def batch_of(self, key: str) -> int | None:
        """Return the number of the batch that holds a key, the last one of several."""

    def batch_at(self, leaf: int) -> LoggedBatch | None:
        """Return the batch that holds a leaf of the tree."""

    def clear(self) -> None:
        """Forget all of it."""
