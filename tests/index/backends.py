"""The backends that the contract suite runs over: another one joins with one line in `BACKENDS`."""

from pathlib import Path
from typing import Final, Protocol

from rmos.index import open_index
from rmos.index.base import Index
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex


class Backend(Protocol):
    """Opens the index of a folder, for rows that hold what `row_schema` stands for."""

    __name__: str

    def __call__(self, folder: Path, row_schema: str | None) -> Index: ...


def sqlite(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a SQLite file beside the record."""
    return open_index(folder, row_schema=row_schema)


def sqlite_elsewhere(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a SQLite file that a URL names."""
    return open_index(folder, f"sqlite:///{folder / 'elsewhere.sqlite'}", row_schema=row_schema)


_databases: Final[dict[Path, MemoryDatabase]] = {}


def memory(folder: Path, row_schema: str | None) -> Index:
    """Open an index in dictionaries, which are those of the folder's test."""
    return MemoryIndex(_databases.setdefault(folder, MemoryDatabase()), row_schema)


def forget_databases() -> None:
    """Forget the databases in memory of the tests that ended."""
    _databases.clear()


BACKENDS: Final[list[Backend]] = [sqlite, sqlite_elsewhere, memory]
ANNOUNCING: Final[list[Backend]] = [memory]
"""Those that several hosts share: they are told what may lack a row."""
