"""The service over objects in memory: whichever part of it opens the store finds them.

memory = put_into_memory(monkeypatch)         # before the app serves its first request
memory.fail = lambda verb, key: StorageUnavailable("Away.") if verb == "read" else None
"""

import contextlib
from collections.abc import Iterator

import pytest

from rmos.errors.base import RmosError
from rmos.errors.store import IndexUnavailable, StorageUnavailable
from rmos.schemas.runs import dump_summary
from rmos.store import founding, store, tokens
from rmos.store.specimens import row_schema
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.helpers.memory_objects import Fail, MemoryObjects

VERBS = (
    *("read", "has", "names", "entries", "open", "digest", "age_s", "changed_since"),
    *("create", "create_blob", "ensure_durable", "erase", "quarantine"),
)
"""What a storage is asked for; the verbs of a disk alone are left out."""


def put_into_memory(monkeypatch: pytest.MonkeyPatch) -> MemoryObjects:
    """Have all that opens the store find these objects from now on."""
    memory = MemoryObjects()
    for module in (store, tokens, founding):
        monkeypatch.setattr(module, "open_objects", lambda *place, **options: memory)
    return memory


def away(verb: str) -> Fail:
    """Let one verb end as it does when the storage cannot be reached."""

    def fail(asked: str, key: str) -> RmosError | None:
        return StorageUnavailable("The storage does not answer.") if asked == verb else None

    return fail


def share_in_memory(monkeypatch: pytest.MonkeyPatch) -> tuple[MemoryObjects, "ReachedIndex"]:
    """Have the service be one of several hosts: over these objects and this index, as far as it reaches it."""
    index = ReachedIndex()
    monkeypatch.setattr(store, "open_index", lambda *place, **options: index)
    return put_into_memory(monkeypatch), index


class ReachedIndex(MemoryIndex):
    """The index of several hosts as this one reaches it."""

    def __init__(self) -> None:
        super().__init__(MemoryDatabase(), row_schema(dump_summary))
        self.cut_off = False

    @contextlib.contextmanager
    def asked(self) -> Iterator[MemoryDatabase]:
        if self.cut_off:
            raise IndexUnavailable("The database does not answer.")
        with super().asked() as database:
            yield database
