"""Finding and reading the objects of one run: its partition, its events in order, what the legacy system left."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rmos import digest, ids
from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageUnavailable
from rmos.index.base import KnownRun
from rmos.models import Deletion, Event
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.folding import fold_deletion
from rmos.store.history import ReadObject, read_chain
from rmos.store.legacy import Tombstones, read_tombstones
from rmos.store.read_ahead import list_keys, read_ahead

_QUARANTINE_DEPTH: Final = 3
"""Folders that a key has at most: those of a blob."""


class Erasure(NamedTuple):
    """A hard delete that is durable: who, when and why, the run's version, and the digest of the artifact's file."""

    deletion: Deletion
    version: int
    artifact_sha256: str


class RunReader:
    """Reads runs out of the objects; knows no index."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._tombstones: tuple[str | None, Tombstones] | None = None

    def partitions(self) -> list[str]:
        """Return the partitions that are there, oldest first."""
        return sorted(
            entry.name
            for entry in self._objects.entries("")
            if entry.kind == "directory" and ids.is_partition(entry.name)
        )

    def quarantined_partitions(self) -> list[str]:
        """Return the partitions that have runs in quarantine."""
        return sorted(name for name in self._objects.names(QUARANTINE) if ids.is_partition(name))

    def quarantined(self) -> list[str]:
        """Return the keys that what repair moved aside had before; bundles that were refused are none of the record."""
        refused = layout.REFUSED_BUNDLES.partition("/")[2]
        return sorted(key for key in self._under(QUARANTINE, "") if not key.startswith(f"{refused}/"))

    def _under(self, folder: str, before: str) -> Iterator[str]:
        """Give what lies in a folder of the quarantine; a folder that was itself moved aside counts as one."""
        for name, kind in self._objects.entries(folder):
            is_moved = layout.kind_of(before + name) is not None
            if kind == "directory" and not is_moved and before.count("/") < _QUARANTINE_DEPTH:
                yield from self._under(f"{folder}/{name}", f"{before}{name}/")
            else:
                yield before + name

    def find_partition(self, run_id: str) -> str | None:
        """Return the partition that holds a run, by its id, else by looking into each."""
        home = layout.home_partition(run_id)
        if home and any(self._objects.has(key) for key in _first_keys(home, run_id)):
            return home
        for partition in self.partitions():
            if any(self._objects.has(key) for key in _first_keys(partition, run_id)):
                return partition
        return None

    def files(self, run_id: str, partition: str, known: KnownRun | None, *, trusted: bool) -> layout.RunFiles:
        """Return the names that belong to a run.

        A known version is trusted only when the index is complete and no later event stands there, and never for runs
        of the legacy system, whose links only a listing shows. Probing from 1 up to the first gap is never done: a
        lost delete event would bring the run back.
        """
        if (
            known
            and trusted
            and layout.home_partition(run_id) == partition
            and not self._objects.has(layout.event_key(partition, run_id, known.version + 1))
        ):
            return layout.RunFiles(run_id, True, tuple(range(1, known.version + 1)), ())
        listings: list[layout.RunFiles] = []

        def list_once() -> tuple[int, ...]:
            listings.append(self._list_files(run_id, partition))
            return listings[-1].events

        events = layout.list_numbers(list_once)
        files = listings[-1]._replace(events=events)
        last = files.events[-1] if files.events else 0
        if known and last < known.version:  # events that were indexed are gone: reading them will say so
            return files._replace(events=(*files.events, *range(last + 1, known.version + 1)))
        return files

    def _list_files(self, run_id: str, partition: str) -> layout.RunFiles:
        at_home = self._objects.works_with == "threads" and layout.home_partition(run_id) == partition
        names = self._objects.names(partition, run_id if at_home else "")
        listing = layout.sort_out(name for name in names if run_id in name)
        return listing.runs.get(run_id, layout.RunFiles(run_id, False, (), ()))

    def read_known(self, known: KnownRun, run_id: str) -> tuple[layout.RunFiles, ReadObject] | None:
        """Ask for all that is known of a run and for its next event at once, where that is quicker than one by one.

        Returns the names and what reads them; None where they must be listed, as a later event stands there.
        """
        if self._objects.works_with != "threads" or layout.home_partition(run_id) != known.partition:
            return None
        files = layout.RunFiles(run_id, True, tuple(range(1, known.version + 1)), ())
        following = layout.event_key(known.partition, run_id, known.version + 1)
        read = read_ahead(self._objects, [*list_keys(known.partition, files), following])
        try:
            read(following)
        except ObjectMissing:
            return files, read
        except ObjectUnreadable:
            pass  # whatever it is, the listing shows it
        return None

    def events(self, run_id: str, partition: str, numbers: Sequence[int]) -> list[Event]:
        """Return the events of a run whose artifact is gone, in order.

        Raises:
            Damage: event_hole, event_missing, event_corrupt, event_chain_broken, newer_schema, misnamed, unreadable.
        """
        chain = read_chain(self._objects.read, partition, run_id, numbers, of="run", is_known=False)
        chain.require_whole()
        return chain.events

    def read_erasure(self, run_id: str, partition: str, numbers: Sequence[int]) -> Erasure | None:
        """Return the hard delete of a run whose artifact is gone, from its events alone, or None when there was none.

        The chain proves the digest: the delete event names the same as event no. 1 was written after.

        Raises:
            Damage: as `events`.
        """
        return find_erasure(self.events(run_id, partition, numbers))

    def tombstones(self) -> Tombstones:
        """Return the soft deletes of the legacy system, read again whenever its index file changes or was not given."""
        kept = self._tombstones
        token = self._objects.changed_since(layout.LEGACY_INDEX_KEY, kept[0] if kept else None)
        if kept is None or token is not None:
            kept = (token, read_tombstones(self._objects))
            self._tombstones = None if kept[1].unavailable else kept
        return kept[1]

    def tombstone(self, run_id: str, known: KnownRun | None) -> Deletion | None:
        """Return the legacy system's soft delete of a run.

        When its index is gone or cannot be read any more, what our index learned from it stands; events that came
        after it are folded over it.

        Raises:
            StorageUnavailable: the storage does not give it, and our index does not know the run.
        """
        tombstones = self.tombstones()
        if tombstones.unavailable and known is None:
            raise StorageUnavailable(
                "It is not known just now whether the run was deleted: _index.json cannot be read."
            )
        if not (tombstones.present and tombstones.readable) and known and known.state == "deleted":
            return Deletion(mode="soft", deleted_at_utc=None, deleted_by=None, reason=None)
        return tombstones.deletions.get(run_id)


def find_erasure(events: Sequence[Event]) -> Erasure | None:
    """Return the hard delete among a run's events, all of them in order, when it names the artifact that they name."""
    deletion: Deletion | None = None
    for event in events:
        deletion = fold_deletion(event, deletion)
        if deletion is not None and deletion.mode == "hard":
            named = event.data.get("artifact_sha256")
            if named != events[0].previous_sha256:
                return None
            return Erasure(deletion, events[-1].number, str(named))
    return None


def is_altered(sha256: str, known: KnownRun | None) -> bool:
    """Tell whether an artifact of the legacy system is not the one that the index knows."""
    return known is not None and known.sha256 not in (sha256, digest.NO_DIGEST)


def _first_keys(partition: str, run_id: str) -> tuple[str, str]:
    return layout.artifact_key(partition, run_id), layout.event_key(partition, run_id, 1)
