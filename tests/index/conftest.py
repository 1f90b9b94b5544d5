"""The backends that the contract suite runs over: a second backend joins with one line in `BACKENDS`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from rmos.index import open_index
from rmos.index.base import Index
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.index.files import ROWS, fill
from tests.index.rows import complete


class Backend(Protocol):
    """Opens the index of a folder, for rows that hold what `row_schema` stands for."""

    __name__: str

    def __call__(self, folder: Path, row_schema: str | None) -> Index: ...


class OpenAgain(Protocol):
    """Opens the index of a test once more, as another process would."""

    def __call__(self, row_schema: str | None = None) -> Index: ...


def sqlite(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a SQLite file beside the record."""
    return open_index(folder, row_schema=row_schema)


def sqlite_elsewhere(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a SQLite file that a URL names."""
    return open_index(folder, f"sqlite:///{folder / 'elsewhere.sqlite'}", row_schema=row_schema)


_databases: dict[Path, MemoryDatabase] = {}


def memory(folder: Path, row_schema: str | None) -> Index:
    """Open an index in dictionaries, which are those of the folder's test."""
    return MemoryIndex(_databases.setdefault(folder, MemoryDatabase()), row_schema)


BACKENDS: list[Backend] = [sqlite, sqlite_elsewhere, memory]


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenAgain]:
    """Open the index of this test once more, as another process would."""

    def open_again(row_schema: str | None = None) -> Index:
        made: Index = request.param(tmp_path, row_schema)
        return made

    yield open_again
    _databases.clear()


@pytest.fixture
def index(open_again: OpenAgain) -> Iterator[Index]:
    """An empty index that is ready and complete."""
    made = open_again()
    with made.lock(wait_s=0):
        assert made.prepare() is True
        complete(made)
    assert made.state().complete
    yield made
    made.close()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[SqliteIndex]:
    """A complete index with rows in it, and an open connection."""
    made = fill(tmp_path, ROWS)
    assert made.runs.count(RunQuery()).value == len(ROWS)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "_index.sqlite"
