"""What a POST, a GET and a verify cannot be without, each part by itself and as bare as it can be written.

A request through Flask that does nothing; a file that is durable (written without a name, fsync, link, fsync of its
folder); a row with the indexes that lists need; what decides; canonical JSON with its digest. All in one process, CPU
time of one call. A bare POST is one of each after the other, in turn with a POST: a part that is repeated by itself has
all that it needs in the processor's caches, and takes a third. What the service takes above the sum is its own.

A verify cannot be without reading each file, its digest and its JSON.
"""

import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import cuts, hello, stores
from benchmarks.figures import Figure, measured, ratio
from benchmarks.operations import answered, environ_of, quiet
from benchmarks.stores import Say
from rmos import create_app, digest, ids
from rmos.engines.registry import Registry
from rmos.store import Store, layout

_RUNS: Final = "/api/rmos/runs"
_BATCH: Final = 150
_POST: Final = "WSGI POST"
_GET: Final = "WSGI GET one run"
_HELLO: Final = "a request through Flask"
_READ: Final = "a file read, with its digest"
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    _POST: (
        _HELLO,
        "a durable file",
        "a row with its indexes",
        "body and engine (baseline_v2)",
        "canonical JSON and digest",
    ),
    _GET: (_HELLO, _READ),
}

Call = Callable[[int], object]


def figures(below: Path, kept: Path, size: int, rounds: int, say: Say) -> list[Figure]:
    """Measure requests and their parts in turn on a store of `size` runs, and a loop over its files."""
    copy = stores.working_copy(stores.ready_store(kept, size, say), below / "floor")
    known = stores.run_ids(copy)
    bodies = [json.dumps(cuts.body(place)).encode() for place in range(cuts.VARIANTS)]
    with quiet():
        app = create_app(stores.settings_of(copy))
        data = _post_one(app.extensions["rmos"].store)
        parts = _bare_parts(below / "bare", copy / "_index.sqlite", data, bodies, known)
        wholes: dict[str, Call] = {
            _POST: lambda place: answered(app, environ_of("POST", _RUNS, body=bodies[place % len(bodies)])),
            _GET: lambda place: answered(app, environ_of("GET", f"{_RUNS}/{known[place * 7 % len(known)]}")),
        }
        told: list[Figure] = []
        for whole, call in wholes.items():
            say(f"floor: {whole}")
            told += _compare(whole, call, {name: parts[name] for name in _PARTS[whole]}, rounds, size)
        app.extensions["rmos"].close()
    return [*told, *_files(copy, known, rounds, size)]


def _post_one(store: Store) -> bytes:
    return store.runs.put(cuts.members(Registry(), 1, ids.now_us())).data


def _bare_parts(folder: Path, index: Path, data: bytes, bodies: list[bytes], known: list[str]) -> dict[str, Call]:
    """Return the parts, each by itself."""
    folder.mkdir(parents=True)
    engines = Registry()
    members = json.loads(data)
    database, row = _copy_index(index, folder / "index.sqlite")
    marks = ", ".join("?" * len(row))

    def insert(place: int) -> None:
        moment = ids.now_us()
        new = {"run_id": ids.new_run_id(moment), "created_us": moment}
        database.execute(f"INSERT INTO runs VALUES ({marks})", [new.get(name, row[name]) for name in row])

    def decide(place: int) -> None:
        msgspec.json.decode(bodies[place % len(bodies)])
        cuts.judged(engines, place)

    paths = [_path_of(index.parent, run_id) for run_id in known]
    return {
        _HELLO: lambda place: answered(hello.app, environ_of("GET", "/")),
        "a durable file": lambda place: _make_durable(folder, f"{place}", data),
        "a row with its indexes": insert,
        "body and engine (baseline_v2)": decide,
        "canonical JSON and digest": lambda place: digest.encode_record(members),
        _READ: lambda place: hashlib.sha256(paths[place * 7 % len(paths)].read_bytes()).hexdigest(),
    }


def _path_of(folder: Path, run_id: str) -> Path:
    return folder / layout.artifact_key(str(layout.home_partition(run_id)), run_id)


def _copy_index(index: Path, copy: Path) -> tuple[sqlite3.Connection, dict[str, Any]]:
    """Return a connection to a copy of an index, and its newest row by column."""
    connection = sqlite3.connect(copy, isolation_level=None)
    with sqlite3.connect(index) as source:
        source.backup(connection)
    source.close()
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA temp_store=MEMORY")
    found = connection.execute("SELECT * FROM runs ORDER BY created_us DESC LIMIT 1")
    return connection, dict(zip((column[0] for column in found.description), found.fetchone(), strict=True))


def _make_durable(folder: Path, name: str, data: bytes) -> None:
    parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    file = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o444)
    os.write(file, data)
    os.fsync(file)
    os.link(f"/proc/self/fd/{file}", name, dst_dir_fd=parent, follow_symlinks=True)
    os.fsync(parent)
    os.close(file)
    os.close(parent)


def _compare(whole: str, call: Call, parts: dict[str, Call], rounds: int, size: int) -> list[Figure]:
    """Measure a request in turn with one of each of its parts."""
    samples: dict[str, list[float]] = {name: [] for name in (whole, *parts)}
    for turn in range(rounds + 1):
        used = dict.fromkeys(samples, 0)
        for place in range(turn * _BATCH, (turn + 1) * _BATCH):
            for name, one in ((whole, call), *parts.items()):
                started = time.process_time_ns()
                one(place)
                used[name] += time.process_time_ns() - started
        for name, found in samples.items():
            found.append(used[name] / _BATCH / 1000)
    samples = {name: found[1:] for name, found in samples.items()}  # the first fills what is cached
    sums = [sum(found) for found in zip(*(samples[name] for name in parts), strict=True)]
    return [
        *(measured(f"{name}, CPU", found, "µs", runs=size) for name, found in samples.items()),
        ratio(f"{whole}, CPU against the sum of its parts", samples[whole], sums, runs=size),
    ]


def _files(folder: Path, known: list[str], rounds: int, size: int) -> list[Figure]:
    """Measure what each verify does to a file, and `sha256sum`, by CPU time."""
    paths = [str(_path_of(folder, run_id)) for run_id in known]
    summed, looped = [], []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        names = "\0".join(paths).encode()
        subprocess.run(["xargs", "-0", "sha256sum"], input=names, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        summed.append(used / len(paths) * 1e6)
        started = time.process_time_ns()
        for path in paths:
            with open(path, "rb", buffering=0) as file:
                data = file.read()
            hashlib.sha256(data).hexdigest()
            msgspec.json.decode(data)
        looped.append((time.process_time_ns() - started) / len(paths) / 1000)
    return [
        measured("sha256sum of one file, CPU", summed, "µs", runs=size),
        measured("a file read, its digest and its JSON, CPU", looped, "µs", runs=size),
        ratio("sha256sum, CPU against read, digest and JSON", summed, looped, runs=size),
    ]
