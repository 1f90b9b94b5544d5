"""The index of a test, over each of the backends, and SQLite's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from rmos.index.base import Index
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery
from tests.index.backends import BACKENDS, forget_databases
from tests.index.files import ROWS, fill
from tests.index.rows import complete


class OpenAgain(Protocol):
    """Opens the index of a test once more, as another process would."""

    def __call__(self, row_schema: str | None = None) -> Index: ...


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenAgain]:
    """Open the index of this test once more, as another process would."""

    def open_again(row_schema: str | None = None) -> Index:
        made: Index = request.param(tmp_path, row_schema)
        return made

    yield open_again
    forget_databases()


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
