"""Checking what a record names outside itself: the blobs of a run, and the run that it came from."""

from collections.abc import Iterator
from typing import Final

from rmos import ids
from rmos.checks.findings import make_finding
from rmos.errors.store import ObjectUnreadable, RecordUnavailable
from rmos.models import Event, Finding, RunArtifact
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.blobs import blob_key
from rmos.store.naming import list_made_blobs
from rmos.store.reading import RunReader

_NAMING: Final = {"attachment": "sha256", "advisory": "advisory_id"}
"""Kinds of events that may name a blob, and the member that does."""


class References:
    """Looks for what records name; what stands in quarantine is reported there and not missed."""

    def __init__(self, objects: Objects, reader: RunReader) -> None:
        self._objects = objects
        self._reader = reader

    def of_run(self, key: str, run: RunArtifact) -> Iterator[Finding]:
        """Give what an artifact names and what is not there; parents of legacy runs may be erased ones."""
        for attachment in run.attachments or ():
            yield from self.of_id(key, run.run_id, attachment.sha256)
        for advisory in run.advisory_inputs or ():
            yield from self.of_id(key, run.run_id, advisory.get("advisory_id"))
        parent = run.parent_run_id
        ours = run.schema is not None and "migrated_from" not in (run.meta or {})
        if ours and parent and not (ids.is_run_id(parent) and self._run_stands(parent)):
            detail = f"the run names its parent {parent}, which is not there"
            yield make_finding("parent_missing", key, detail, run.run_id)

    def of_event(self, key: str, event: Event) -> Iterator[Finding]:
        """Give the blobs that an event names and that are not there."""
        if event.kind in _NAMING:
            yield from self.of_id(key, event.record_id, event.data.get(_NAMING[event.kind]))
        for sha256 in list_made_blobs([event]):
            yield from self.of_id(key, event.record_id, sha256)

    def of_id(self, key: str, run_id: str, named: object) -> Iterator[Finding]:
        """Give the blob when it is not there; what is not a whole digest is a bare reference and names none."""
        if isinstance(named, str) and ids.SHA256.fullmatch(named) and not self._blob_stands(named):
            yield make_finding("blob_missing", key, f"the run names the blob {named}, which is not there", run_id)

    def _run_stands(self, run_id: str) -> bool:
        try:
            if self._reader.find_partition(run_id) is not None:
                return True
            home = layout.home_partition(run_id)
            places = [home] if home else self._reader.quarantined_partitions()
            return any(self._objects.has(f"{QUARANTINE}/{layout.artifact_key(place, run_id)}") for place in places)
        except (ObjectUnreadable, RecordUnavailable):
            return True  # what cannot be looked at is found where it stands

    def _blob_stands(self, sha256: str) -> bool:
        try:
            if blob_key(self._objects, sha256) is not None:
                return True
            names = self._objects.names(f"{QUARANTINE}/{layout.blob_folder_key(sha256)}")
            return any(name.startswith(sha256) for name in names)
        except (ObjectUnreadable, RecordUnavailable):
            return True  # what cannot be looked at is found where it stands
