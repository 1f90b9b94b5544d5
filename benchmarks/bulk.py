"""Many runs in one request, beside a bare loop that writes as many files of that size with an fsync each.

The bare loop is what the disk gives to whoever makes such files one after the other: open, write, fsync, close, and one
fsync of the folder at the end. Both are measured in turn on the same filesystem. Nothing is deleted in between: ext4
takes milliseconds to find an inode where thousands of files were deleted within the last minutes.
"""

import http.client
import json
import os
import secrets
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks import cuts, stores
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, Figure, measured, ratio
from benchmarks.servers import served
from benchmarks.stores import Say

RUNS: Final = 500
"""Of one request, as many as it may have."""
_CLIENTS: Final = 2
"""As many as gunicorn has workers."""
_FILE_BYTES: Final = 8192
_PATH: Final = "/api/rmos/runs/batch"
RATE: Final = 3000.0


def figures(below: Path, rounds: int, say: Say, *, runs: int = RUNS) -> list[Figure]:
    """Measure runs a second of two clients, without and with a key for each run, and files of the bare loop."""
    folder = below / "bulk"
    folder.mkdir()
    stores.spread(folder)
    plain, keyed, bare, alone, cpu_us = [], [], [], [], []
    with served("wsgi:app", stores.environment_of(folder / "runs"), ready="/readyz", log=below / "bulk.log") as service:
        _send(service.url, _make_body(1, keys=True))  # the first request opens the store
        for number in range(rounds):
            say(f"many runs in one request: round {number + 1} of {rounds}")
            bare.append(write_files(folder / f"bare-{number}", runs))
            used_s = service.cpu_s()
            plain.append(_record(service.url, runs, keys=False))
            cpu_us.append((service.cpu_s() - used_s) / (_CLIENTS * runs) * 1e6)
            keyed.append(_record(service.url, runs, keys=True))
            alone.append(_record(service.url, 1, keys=False, requests=runs // 10))
    return [
        measured("bare loop: files of 8 kB, an fsync each", bare, "files/s"),
        measured(
            "runs, 500 in a request",
            plain,
            "runs/s",
            target=AtLeast(RATE),
            besides={"CPU µs a run": round(statistics.median(cpu_us))},
        ),
        ratio("runs, 500 in a request / bare loop", plain, bare),
        measured("runs with a key each, 500 in a request", keyed, "runs/s"),
        ratio("runs, 500 in a request / one in a request", plain, alone),
    ]


def write_files(folder: Path, count: int) -> float:
    """Return how many files a second a bare loop makes durable in a new folder."""
    folder.mkdir()
    data = secrets.token_bytes(_FILE_BYTES)
    started = time.perf_counter()
    for number in range(count):
        fd = os.open(folder / str(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.write(fd, data)
        os.fsync(fd)
        os.close(fd)
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    return count / (time.perf_counter() - started)


def _record(url: str, runs: int, *, keys: bool, requests: int = 1) -> float:
    """Return how many runs a second all clients record together, each by so many requests of so many runs."""
    bodies = [[_make_body(runs, keys=keys) for _ in range(requests)] for _ in range(_CLIENTS)]
    started = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        list(clients.map(_send_all, [url] * _CLIENTS, bodies))
    return _CLIENTS * requests * runs / (time.perf_counter() - started)


def _make_body(runs: int, *, keys: bool) -> bytes:
    key = {"idempotency_key": ""} if keys else {}
    items = [{**cuts.body(place), **{name: secrets.token_hex(16) for name in key}} for place in range(runs)]
    return json.dumps({"runs": items}).encode()


def _send_all(url: str, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        _send(url, body)


def _send(url: str, body: bytes) -> None:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    try:
        connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if answer.get("failed") != 0:
        raise CannotMeasure(f"Not all runs of a request were recorded: {str(answer)[:300]}")
