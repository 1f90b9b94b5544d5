"""What may lack its row is announced before it is written, where several hosts share one record.

    announcer = Announcer(objects, index)
    announcer.announce("2025-12-23", run_id, 0)           # then the artifact, then its row
    announcer.keep(RecordVersion("2025-12-23", run_id, 0))   # the row was not taken: any host that can shall bring it
    announcer.clear(RecordVersion("2025-12-23", run_id, 0))  # the row is in

The index is told; its row takes the announcement off in its own transaction. Where the index cannot be told, an empty
object says the same: `_behind/<folder>/<record>.<number>`. So whatever was acknowledged has its row, or is announced in
the one place or the other, and no pass needs folder times, clocks or the order of ids to find it. On one host, whose
folders tell what is new in them, nothing here does anything.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from rmos.errors.base import RmosError
from rmos.errors.store import ObjectExists
from rmos.index.base import INDEX_ERRORS, Index
from rmos.objects.base import NewObject, Objects
from rmos.store import layout

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"((?:run_|ws_)?[0-9a-f]{12,32})\.([0-9]{1,9})")

Announce = Callable[[str, str, int], None]
"""Is called with folder, record and number before an object of a record is created."""


def announce_nothing(folder: str, record_id: str, number: int) -> None:
    """Announce nothing, as for records that have no rows."""


class RecordVersion(NamedTuple):
    """A record as it is after a number of events, and the folder that it stands in."""

    folder: str
    record_id: str
    number: int
    """0 is the record itself."""


class Announcer:
    """Announces what one process writes to one store."""

    def __init__(self, objects: Objects, index: Index) -> None:
        self._objects = objects
        self._announcements = index.announcements
        self._made: dict[tuple[str, str], set[int]] = {}
        """What this process has said by objects and not cleared, by record."""
        self._untold: set[RecordVersion] = set()
        """What could be said nowhere and has no row: only this process knows."""

    @property
    def is_needed(self) -> bool:
        """Whether other hosts must be told, because no folder tells them."""
        return self._announcements is not None

    def announce(self, folder: str, record_id: str, number: int) -> None:
        """Say that an object is about to be created; when this raises, it must not be.

        Raises:
            StorageFailed, StoreReadOnly, OutOfSpace: neither the index nor the objects took it.
        """
        if self._announcements is None:
            return
        try:
            self._announcements.add(folder, record_id, number)
        except INDEX_ERRORS:
            self._make_object(RecordVersion(folder, record_id, number))

    def announce_many(self, versions: Sequence[RecordVersion]) -> None:
        """Say that objects are about to be created, none of them twice; when this raises, none of them must be.

        Raises:
            StorageFailed, StoreReadOnly, OutOfSpace: neither the index nor the objects took it.
        """
        if self._announcements is None or not versions:
            return
        try:
            self._announcements.add_many(versions)
        except INDEX_ERRORS:
            self._make_objects(versions)

    def keep(self, version: RecordVersion) -> None:
        """Say by an object that a row was not taken: the index may have lost its announcement with its last moments."""
        if version.number in self._made.get(version[:2], ()):
            return
        try:
            self._make_object(version)
        except RmosError as error:
            log.warning("only this process knows that %s has no row: %s", version.record_id, error.detail)
            self._untold.add(version)

    def clear(self, version: RecordVersion) -> None:
        """Take back what this process said by objects of a record whose row is in."""
        for number in sorted(self._made.get(version[:2], ())):
            if number <= version.number:
                self.remove(version._replace(number=number))

    def remove(self, version: RecordVersion) -> None:
        """Erase the object that announces a version; one that stays is looked at again by the next pass."""
        self.forget(version)
        try:
            self._objects.erase(behind_key(version))
        except RmosError as error:
            log.info("an announcement stays, though its row is in: %s", error.detail)

    def forget(self, version: RecordVersion) -> None:
        """Note that somebody has seen to a version, in the objects too."""
        self._untold.discard(version)
        numbers = self._made.get(version[:2], set())
        numbers.discard(version.number)
        if not numbers:
            self._made.pop(version[:2], None)

    def list_behind(self) -> list[RecordVersion]:
        """Return what was announced by objects, by any host, and what only this process knows.

        Raises:
            ObjectUnreadable, StorageFailed.
        """
        found = [*_list_versions(self._objects, layout.BEHIND), *self._untold]
        return sorted(set(found))

    def _make_object(self, version: RecordVersion) -> None:
        self._make_objects([version])

    def _make_objects(self, versions: Sequence[RecordVersion]) -> None:
        made = self._objects.create_many([NewObject(behind_key(version), b"") for version in versions])
        for version, result in zip(versions, made, strict=True):
            if isinstance(result, ObjectExists):
                log.warning("what stands under %s is no announcement of ours", behind_key(version))
            elif isinstance(result, RmosError):
                raise result
            self._made.setdefault(version[:2], set()).add(version.number)


def behind_key(version: RecordVersion) -> str:
    """Return the key of the empty object that announces a version of a record."""
    return f"{layout.BEHIND}/{version.folder}/{version.record_id}.{version.number}"


def _list_versions(objects: Objects, folder: str) -> Iterator[RecordVersion]:
    for name, kind in objects.entries(folder):
        if kind == "directory":
            yield from _list_versions(objects, f"{folder}/{name}")
        elif match := _NAME.fullmatch(name):
            yield RecordVersion(folder.removeprefix(f"{layout.BEHIND}/"), match[1], int(match[2]))
