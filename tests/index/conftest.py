"""The backends that the contract suite runs over: a second backend joins with one line in `BACKENDS`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rmos.index import open_index
from rmos.index.base import Index
from rmos.index.sqlite import SqliteIndex
from rmos.models import RunQuery
from tests.index.files import ROWS, fill


def sqlite(folder: Path) -> Index:
    """Open an index in a SQLite file beside the record."""
    return open_index(folder)


def sqlite_elsewhere(folder: Path) -> Index:
    """Open an index in a SQLite file that a URL names."""
    return open_index(folder, f"sqlite:///{folder / 'elsewhere.sqlite'}")


BACKENDS: list[Callable[[Path], Index]] = [sqlite, sqlite_elsewhere]


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Index]:
    """Open the index of this test once more, as another process would."""
    return lambda: request.param(tmp_path)


@pytest.fixture
def index(open_again: Callable[[], Index]) -> Iterator[Index]:
    """An empty index that is ready and complete."""
    made = open_again()
    assert made.prepare() is True
    made.complete()
    yield made
    made.close()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[SqliteIndex]:
    """A complete index with rows in it, and an open connection."""
    made = fill(tmp_path, ROWS)
    assert made.count(RunQuery()) == len(ROWS)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "_index.sqlite"
