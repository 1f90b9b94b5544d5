"""An index in a SQLite file as tests fill it, ask it and damage it."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rmos.errors.store import IndexBroken, IndexUnavailable
from rmos.index.schema import schema_of
from rmos.index.sqlite import SqliteIndex
from rmos.row_models import RunQuery, RunRow
from tests.index.rows import complete
from tests.makers import US, make_row

ROWS = [
    make_row(
        US + number,
        run_id=f"run_{number:012x}",
        summary=f'{{"run_id":"run_{number:012x}","text":"' + "y" * (9000 if number % 40 == 1 else 600) + '"}',
        status=("OK", "BLOCKED", "ERROR")[number % 3],
        material_id=("ebony", None)[number % 2],
    )
    for number in range(101)
]
DAY = ROWS[0].partition


def open_sqlite(folder: Path, name: str = "_index.sqlite", **how: Any) -> SqliteIndex:
    row_schema = how.pop("row_schema", None)
    return SqliteIndex(folder / name, lock=folder / "_index.lock", wanted=schema_of(row_schema), **how)


def fill(folder: Path, rows: list[RunRow], **how: Any) -> SqliteIndex:
    """Make a complete index with these rows."""
    index = open_sqlite(folder, **how)
    index.prepare()
    index.runs.upsert(rows)
    complete(index)
    return index


def answers(index: SqliteIndex) -> tuple[object, ...]:
    """Ask all that there is to ask."""
    return (
        index.state()[1:],
        index.runs.count(RunQuery()).value,
        index.runs.count(RunQuery(status="OK", material_id="ebony")).value,
        index.runs.page(RunQuery(), limit=1000).value,
        index.runs.page(RunQuery(status="BLOCKED"), limit=1000).value,
        index.runs.page(RunQuery(), limit=5, before=(ROWS[9].created_us, ROWS[9].run_id)).value,
        [index.runs.find(row.run_id).value for row in ROWS[::7]],
        index.runs.known(DAY),
        index.runs.rows(DAY),
        index.runs.partitions(),
        index.runs.state_counts(),
    )


def right_or_refused(index: SqliteIndex, right: tuple[object, ...]) -> bool:
    """Tell whether the index answered; what it answered must be right."""
    try:
        found = answers(index)
    except (IndexBroken, IndexUnavailable):
        return False
    assert found == right
    return True


def cuts(size: int) -> list[int]:
    """Return every page boundary, many places in the last page and some in the others."""
    last = range(size - 4095, size, 61)
    return sorted({*range(0, size, 4096), *last, *range(1, 200, 13), *range(777, size, 7919)})


JUNK: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "zeros after the first page": lambda data: data[:4096] + bytes(len(data) - 4096),
    "text": lambda data: b"not a database\n" * (len(data) // 15 + 1),
    "longer text": lambda data: b"not a database\n" * (len(data) // 5),
    "one line": lambda data: b"junk",
    "json": lambda data: b'{"run_id": {}}',
    "every byte flipped": lambda data: bytes(byte ^ 0xFF for byte in data),
    "pages in another order": lambda data: data[:4096] + data[8192:] + data[4096:8192],
}


def everyone(index: SqliteIndex, folder: Path, ask: Callable[[SqliteIndex], bool]) -> list[bool]:
    """Ask from this thread, from a new one and as another process would."""
    outcomes = [ask(index)]

    def asking() -> None:
        outcomes.append(ask(index))
        index.close()

    thread = threading.Thread(target=asking)
    thread.start()
    thread.join()
    other = open_sqlite(folder)
    outcomes.append(ask(other))
    other.close()
    return outcomes


def alter(path: Path, statement: str, *values: object) -> None:
    """Change the index behind RMOS's back."""
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()
