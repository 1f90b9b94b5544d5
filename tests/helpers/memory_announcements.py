"""What may lack a row, in a dictionary: beside the tables of `memory_index`."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from rmos.index.announcements import Announcement


class Announced(Protocol):
    """The part of a database in memory that announcements are."""

    announced: dict[tuple[str, str, int], float]
    now_s: float


class MemoryAnnouncements:
    """The announcements of a database in memory, whose clock stands still until a test moves it."""

    def __init__(self, asked: Callable[[], AbstractContextManager[Announced]]) -> None:
        self._asked = asked

    def add(self, folder: str, record_id: str, number: int) -> None:
        self.add_many([(folder, record_id, number)])

    def add_many(self, announced: Sequence[tuple[str, str, int]]) -> None:
        with self._asked() as database:
            for key in announced:
                database.announced.pop(key, None)
                database.announced[key] = database.now_s

    def older_than(self, seconds: float) -> list[Announcement]:
        with self._asked() as database:
            found = [Announcement(*key, database.now_s - at) for key, at in database.announced.items()]
        old = [announcement for announcement in found if announcement.age_s > seconds]
        return sorted(old, key=lambda announcement: -announcement.age_s)

    def drop(self, announcements: Iterable[Announcement]) -> None:
        with self._asked() as database:
            for announcement in announcements:
                database.announced.pop(announcement[:3], None)


def drop_announced(database: Announced, partition: str, record_id: str, version: int) -> None:
    """Drop what the row of a record brings: the record at its own place, with its events up to a version."""
    for key in list(database.announced):
        folder, of_record, number = key
        if of_record == record_id and number <= version and folder.endswith(partition):
            del database.announced[key]
