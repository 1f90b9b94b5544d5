"""What may lack a row: told to all hosts before an object is created, so that a pass need not look for it.

    index.announcements.add("2025-12-23", run_id, 0)        # then the object, then its row
    index.announcements.older_than(30)                      # what a host that died has left without a row

A folder of one host says by its time that something came. Object storage has no such times, so the index is told
first. The row of a record takes off what was announced of it, in its own transaction.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class Announcement(NamedTuple):
    """An object that was about to be created and whose row has not come yet."""

    folder: str
    """The partition of a run, or the folder of a session's events."""
    record_id: str
    number: int
    """0 is the record itself (an artifact, a session's first event), else that of the event."""
    age_s: float
    """Since it was announced, by the clock of the database, which is the same for all hosts."""


class Announcements(Protocol):
    """The announcements of one index. An upsert drops those of its record up to its version, in its transaction.

    Every method may raise what those of `Index` do.
    """

    def add(self, folder: str, record_id: str, number: int) -> None:
        """Announce an object before it is created; a crash of the database itself may forget it."""

    def add_many(self, announced: Sequence[tuple[str, str, int]]) -> None:
        """Announce objects, each by its folder, record and number and none twice, in one statement."""

    def older_than(self, seconds: float) -> list[Announcement]:
        """Return what was announced longer ago than that, the oldest first."""

    def drop(self, announcements: Iterable[Announcement]) -> None:
        """Drop announcements whose object is not there, or has its row."""
