"""The service over objects in memory: whichever part of it opens the store finds them.

memory = put_into_memory(monkeypatch)         # before the app serves its first request
memory.fail = lambda verb, key: StorageUnavailable("Away.") if verb == "read" else None
"""

import pytest

from rmos.errors.base import RmosError
from rmos.errors.store import StorageUnavailable
from rmos.store import founding, store, tokens
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
