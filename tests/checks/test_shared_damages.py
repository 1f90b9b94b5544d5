"""verify finds in a bucket with an index in PostgreSQL each damage that it finds in a folder with one in a file.

A sound store is mirrored into objects in memory and indexed; then the folder is damaged, and mirrored once more. What a
bucket cannot have (an empty folder, a folder or a pipe in the place of an object, a file without permission) is left
out, and so is what was done to the file of the index.
"""

import secrets

import pytest

from rmos.checks.verify import verify_store
from rmos.index import open_index
from rmos.place import DatabaseUrl
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from rmos.store.specimens import row_schema
from tests.checks.damages import DAMAGES
from tests.checks.shops import Shop, faults
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.postgres import find_server

pytestmark = pytest.mark.long

OF_A_DISK = frozenset(
    {
        *(name for name in DAMAGES if name.startswith(("a ", "folder_in_the_place_of_"))),
        *("artifact_too_large_to_be_one", "artifact_too_large_whose_event_is_corrupt_too", "event_too_large_to_be_one"),
    }
)
"""Done to what a bucket does not have, or more than is held in memory here."""

OF_THE_FILE_OF_ROWS = frozenset(
    {
        *("row_altered", "row_altered_to_claim_events_that_never_were", "row_under_another_date"),
        *("rows_that_cannot_be_a_run", "row_behind_its_events", "row_of_another_state"),
        *("row_missing_though_the_file_is_back", "row_of_a_session_that_was_altered"),
        *("artifact_gone", "artifact_that_the_index_does_not_know", "session_without_any_event_left"),
        *("delete_event_lost", "event_of_a_hard_delete_lost"),
    }
)
"""Only rows that were written between two mirrors would tell of them."""

BY_ROWS = frozenset({"missing", "orphaned", "index_stale", "event_missing"})
"""Found by rows, which lack here what a damage has written first."""


def mirror(shop: Shop, objects: MemoryObjects) -> bool:
    """Let objects be just the files of a folder but for its index; tell whether anything changed."""
    files = {
        str(path.relative_to(shop.root)): path.read_bytes()
        for path in shop.root.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith("_index.sqlite")
    }
    files.pop("_index.lock", None)
    before = {key: held.data for key, held in objects._held.items()}
    for key in before.keys() - files.keys():
        objects.erase(key)
    for key, data in files.items():
        if before.get(key) != data:
            objects.put_raw(key, data)
    return before != files


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in OF_A_DISK | OF_THE_FILE_OF_ROWS])
def test_each_damage_is_found_in_a_bucket_too(shop: Shop, name: str) -> None:
    objects, server, schema = MemoryObjects(), find_server(18), f"damage_{secrets.token_hex(6)}"
    server.execute(f"CREATE SCHEMA {schema}")
    mirror(shop, objects)
    index = open_index(None, DatabaseUrl(server.url(schema)), row_schema=row_schema(dump_summary))
    store = Store(objects, index, summarise=dump_summary)
    store.reconcile()
    assert faults(verify_store(store, recheck_s=0)) == []
    expected = sorted(DAMAGES[name](shop))
    assert mirror(shop, objects), "a damage that leaves the files as they were belongs to those that are left out"
    found = faults(verify_store(store, recheck_s=0))
    strays = {path for kind, path in expected if kind == "stray"}
    empty = {
        path for path in strays - {path for _, path in found} if not any(key.startswith(path) for key in objects._held)
    }
    expected = [fault for fault in expected if fault[0] not in BY_ROWS and fault[1] not in empty]
    assert [fault for fault in found if fault[0] not in BY_ROWS] == expected
    assert found
    index.close()
