"""Files of runs: how fast they go in and out of the real service, beside the speed at which this Python hashes.

Each round hashes, writes, uploads and downloads the same size one after the other, so that a machine that gets slower
does so for all of them; a figure is the ratio of the rounds. What hashing and writing one after the other reach shows
what a durable upload can reach on this machine.
"""

import http.client
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks import cuts, stores
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, Figure, ratio
from benchmarks.servers import served
from benchmarks.stores import Say
from rmos import digest
from rmos.checks.attachments import verify_attachments
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from rmos.store.workers import ordered_pool
from rmos.systems import count_cores

MIB: Final = 1024 * 1024
SIZE: Final = 64 * MIB
_BLOCK: Final = 256 * 1024
_EDGE: Final = b"------------------------d74496d66958873e"
"""As curl makes them."""
_HEAD: Final = b"--" + _EDGE + b'\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
_TAIL: Final = b"\r\n--" + _EDGE + b"--\r\n"
_SHARE: Final = 0.7
"""Of the speed of hashing, which an upload and a download reach."""
_VERIFY_SHARE: Final = 0.8
_WARM_UP: Final = 6
"""Downloads before the one that counts: the first of each worker hashes what it gives."""
_BLOBS: Final = 64
"""Files that `attachments verify` hashes, each an eighth of `SIZE`."""


def figures(below: Path, *, rounds: int, say: Say) -> list[Figure]:
    """Measure uploads, downloads and `attachments verify` against hashing."""
    return [*_large(below, rounds, say), *_verified(below / "verified", rounds, say)]


def _large(below: Path, rounds: int, say: Say) -> list[Figure]:
    hashing: list[float] = []
    writing: list[float] = []
    uploads: list[float] = []
    downloads: list[float] = []
    folder = below / "files"
    with served("wsgi:app", stores.environment_of(folder), ready="/readyz", log=below / "files.log") as service:
        host = urlsplit(service.url).netloc
        url = f"/api/rmos/runs/{_new_run(host)}/attachments"
        for number in range(rounds):
            say(f"files: round {number + 1} of {rounds}")
            data = secrets.token_bytes(MIB) * (SIZE // MIB)
            hashing.append(_mib_s(partial(digest.sha256_hex, data)))
            writing.append(_mib_s(partial(_hash_and_write, folder, data)))
            uploads.append(_mib_s(partial(_upload, host, url, data)))
            place = f"{url}/{digest.sha256_hex(data)}"
            for _ in range(_WARM_UP):
                _asked(host, "GET", place)
            downloads.append(_mib_s(partial(_asked, host, "GET", place)))
    besides = {"hashing MiB/s": max(hashing)}
    return [
        ratio("64 MiB hashed, written and fsynced by a bare loop / hashing it", writing, hashing),
        ratio("upload of 64 MiB / hashing it", uploads, hashing, target=AtLeast(_SHARE), besides=besides),
        ratio("download of 64 MiB / hashing it", downloads, hashing, target=AtLeast(_SHARE), besides=besides),
    ]


def _new_run(host: str) -> str:
    body = json.dumps(cuts.body(0)).encode()
    return str(json.loads(_asked(host, "POST", "/api/rmos/runs", [body], "application/json"))["run_id"])


def _hash_and_write(folder: Path, data: bytes) -> None:
    judge, view = digest.Sha256(), memoryview(data)
    with tempfile.TemporaryFile(dir=folder) as file:
        for start in range(0, len(data), _BLOCK):
            judge.update(view[start : start + _BLOCK])
            file.write(view[start : start + _BLOCK])
        file.flush()
        os.fsync(file.fileno())


def _verified(folder: Path, rounds: int, say: Say) -> list[Figure]:
    """Measure `attachments verify` against hashing as many bytes, in one process and on all cores."""
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    part = SIZE // 8
    for _ in range(_BLOBS):
        store.blobs.put_bytes(secrets.token_bytes(part))
    told = []
    data = bytes(part)
    for cores in sorted({1, count_cores()}):
        hashing, verifying = [], []
        for number in range(rounds):
            say(f"files: verify on {cores}, round {number + 1} of {rounds}")
            hashing.append(_mib_s(partial(_hash_on, cores, data), size=_BLOBS * part))
            verifying.append(_mib_s(partial(verify_attachments, store, workers=cores), size=_BLOBS * part))
        name = f"attachments verify / hashing, {cores} process{'es' if cores > 1 else ''}"
        besides = {"verify MiB/s": max(verifying)}
        told.append(ratio(name, verifying, hashing, target=AtLeast(_VERIFY_SHARE), besides=besides))
    return told


def _hash_on(processes: int, data: bytes) -> None:
    with ordered_pool(lambda _: digest.sha256_hex(data), processes, "processes") as each:
        for _ in each(range(_BLOBS)):
            pass


def _mib_s(work: Callable[[], object], *, size: int = SIZE) -> float:
    started = time.perf_counter()
    work()
    return size / MIB / (time.perf_counter() - started)


def _upload(host: str, url: str, data: bytes) -> None:
    view = memoryview(data)
    blocks = (view[start : start + _BLOCK] for start in range(0, len(data), _BLOCK))
    _asked(host, "POST", url, [_HEAD, *blocks, _TAIL], f"multipart/form-data; boundary={_EDGE.decode()}")


def _asked(
    host: str, method: str, url: str, pieces: list[bytes | memoryview] | None = None, content_type: str = ""
) -> bytes:
    """Send a request on a connection of its own and return the answer's body, read in pieces.

    Raises:
        CannotMeasure: it was refused.
    """
    connection = http.client.HTTPConnection(host, timeout=60)
    headers = {}
    if pieces is not None:
        headers = {"Content-Type": content_type, "Content-Length": str(sum(map(len, pieces)))}
    connection.request(method, url, iter(pieces) if pieces is not None else None, headers)
    answer = connection.getresponse()
    body = b"".join(_pieces(answer)) if answer.status != http.client.OK else _last(_pieces(answer))
    connection.close()
    if answer.status not in (http.client.OK, http.client.CREATED):
        raise CannotMeasure(f"{method} {url} answered {answer.status}")
    return body


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read(_BLOCK):
        yield piece


def _last(pieces: Iterator[bytes]) -> bytes:
    """Return the last piece: nobody here needs a whole file at once."""
    last = b""
    for piece in pieces:
        last = piece
    return last
