"""The single-file store (`runs.json`) as the source of a migration: read once, backed up beside itself, never changed.

source = read_source(Path("runs.json"))
source.back_up()                             # runs.json.rmos-backup-<16 hex>, durable
find_source(Path("runs.json"))               # what was migrated: the file, or its back-up
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from rmos import digest
from rmos.errors.store import ObjectExists, SourceUnreadable
from rmos.objects import open_objects

_BACKUP: Final = "rmos-backup"
_ASIDE: Final = "rmos-aside"


class SingleFileStore(NamedTuple):
    """The single-file store as it was read."""

    path: Path
    data: bytes
    records: dict[str, Any]

    @property
    def backup_name(self) -> str:
        """The name of its back-up, beside it; it follows from the bytes."""
        return f"{self.path.name}.{_BACKUP}-{digest.sha256_hex(self.data)[:16]}"

    def has_backup(self) -> bool:
        """Tell whether the back-up was made."""
        return open_objects(self.path.parent).has(self.backup_name)

    def back_up(self) -> None:
        """Make the back-up durable; its name says which bytes it must have.

        Raises:
            SourceUnreadable: a file of this name has other bytes.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        folder = open_objects(self.path.parent)
        if not folder.has(self.backup_name):
            folder.create(self.backup_name, self.data)
        elif folder.digest(self.backup_name)[0] != digest.sha256_hex(self.data):
            raise SourceUnreadable("The back-up beside the old store is not what its name says; move it away first.")

    def set_aside(self, run_ids: list[str]) -> str:
        """Write some of the records into a file of their own, to be mended and migrated from there; return its name."""
        name, data = self._make_aside(run_ids)
        open_objects(self.path.parent).create(name, data)
        return name

    def aside_name(self, run_ids: list[str]) -> str:
        """Return the name of the file that `set_aside` writes."""
        return self._make_aside(run_ids)[0]

    def _make_aside(self, run_ids: list[str]) -> tuple[str, bytes]:
        data = json.dumps({run_id: self.records[run_id] for run_id in run_ids}, indent=2, sort_keys=True).encode()
        return f"{self.path.name}.{_ASIDE}-{digest.sha256_hex(data)[:16]}.json", data


def read_source(path: Path) -> SingleFileStore:
    """Read a single-file store.

    Raises:
        SourceUnreadable.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise SourceUnreadable("The old store's file is not there or cannot be read; name it with --from.") from None
    return _parse_store(path, data)


def _parse_store(path: Path, data: bytes) -> SingleFileStore:
    try:
        records = json.loads(data, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(f"The old store's file is not whole: {error}. Restore it from a back-up.") from None
    if not isinstance(records, dict):
        raise SourceUnreadable("The old store's file is not one JSON object of runs.")
    return SingleFileStore(path, data, records)


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members


def find_source(path: Path) -> SingleFileStore:
    """Return what was migrated: the file as it stands when it is the one backed up, else its back-up.

    A source that is gone is written again from the back-up, byte for byte.

    Raises:
        SourceUnreadable: there is no back-up, or several of them and none is of the file as it stands.
    """
    folder = open_objects(path.parent)
    names = sorted(name for name in folder.names("") if name.startswith(f"{path.name}.{_BACKUP}-"))
    if path.is_file():
        source = read_source(path)
        if source.backup_name in names:
            return source
    if len(names) != 1:
        detail = "several back-ups stand beside it" if names else "there is no back-up beside it"
        raise SourceUnreadable(f"It is not clear what was migrated: {detail}.")
    data = (path.parent / names[0]).read_bytes()
    source = _parse_store(path, data)
    if source.backup_name != names[0]:
        raise SourceUnreadable("The back-up beside the old store is not what its name says.")
    if not path.exists():
        try:
            folder.create(path.name, data)
        except ObjectExists:
            raise SourceUnreadable("The old store's file came back meanwhile; run the command again.") from None
    return source
