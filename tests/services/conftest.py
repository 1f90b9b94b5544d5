"""Services that write are tried over a folder, and once more as on one of several hosts: over PostgreSQL.

The second time is a long one. The objects are in memory there; what they are in a bucket has tests of its own.
"""

import secrets
from collections.abc import Iterator
from typing import Final

import pytest

from rmos.index import open_index
from rmos.index.base import Index
from rmos.place import DatabaseUrl
from rmos.store import store
from tests.helpers.memory_service import put_into_memory
from tests.helpers.postgres import find_server

WRITING: Final = frozenset(
    {"test_actions", "test_deletes", "test_many_outcomes", "test_recorder", "test_runs", "test_suggestions"}
)
IN_A_FOLDER: Final = frozenset(
    {
        "test_a_process_that_dies_between_run_and_event_leaves_a_run_that_opens_no_gate",  # a process of its own
        "test_trap_35_the_digest_is_known_before_anything_is_named_after_it",  # what a script calls, by settings
        "test_without_a_seed_the_function_derives_it_from_the_prompt",
        "test_a_parent_whose_record_is_damaged_still_exists",  # damaged on the disk
        "test_a_replay_tells_whether_lists_know_the_run",  # its index is a file that is lost
        "test_totals_of_thousands_with_corrections_are_a_plain_sum_and_a_rebuild_says_the_same",
    }
)
"""Tests that are about a folder."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try what writes in both places."""
    module = metafunc.module.__name__.rpartition(".")[2]
    if module in WRITING and metafunc.function.__name__ not in IN_A_FOLDER:
        shared = pytest.param("shared", marks=[pytest.mark.postgres, pytest.mark.long])
        metafunc.parametrize("place", ["folder", shared], indirect=True)


@pytest.fixture(autouse=True)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let all that opens a store find it where the test is to be tried."""
    if getattr(request, "param", "folder") == "folder":
        yield
        return
    put_into_memory(monkeypatch)
    server, schema, opened = find_server(18), f"services_{secrets.token_hex(6)}", list[Index]()

    def open_shared(*_: object, row_schema: str | None = None, read_only: bool = False) -> Index:
        url = DatabaseUrl(server.url(schema))
        opened.append(open_index(None, url, row_schema=row_schema, read_only=read_only))
        return opened[-1]

    monkeypatch.setattr(store, "open_index", open_shared)
    yield
    for index in opened:
        index.close()
    server.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
