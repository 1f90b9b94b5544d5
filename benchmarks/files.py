"""Files of runs: how fast they go in and out of the real service, beside the speed at which this Python hashes.

Each round hashes, uploads and downloads the same size one after the other, so that a machine that gets slower does so
for all three; a figure is the ratio of the rounds.
"""

import http.client
import json
import secrets
import time
from collections.abc import Callable, Iterator
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
from rmos.schemas import dump_summary
from rmos.store import Store

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


def figures(below: Path, *, rounds: int, say: Say) -> list[Figure]:
    """Measure uploads, downloads and `attachments verify` against hashing."""
    folder = below / "files"
    hashing: list[float] = []
    uploads: list[float] = []
    downloads: list[float] = []
    with served("wsgi:app", stores.environment_of(folder), ready="/readyz", log=below / "files.log") as service:
        host = urlsplit(service.url).netloc
        body = json.dumps(cuts.body(0)).encode()
        run_id = json.loads(_asked(host, "POST", "/api/rmos/runs", [body], "application/json"))["run_id"]
        url = f"/api/rmos/runs/{run_id}/attachments"
        for number in range(rounds):
            say(f"files: round {number + 1} of {rounds}")
            data = secrets.token_bytes(MIB) * (SIZE // MIB)
            hashing.append(_mib_s(lambda data=data: digest.sha256_hex(data)))
            uploads.append(_mib_s(lambda data=data: _upload(host, url, data)))
            place = f"{url}/{digest.sha256_hex(data)}"
            _asked(host, "GET", place)  # the first reader hashes what it is given
            downloads.append(_mib_s(lambda place=place: _asked(host, "GET", place)))
    besides = {"hashing MiB/s": max(hashing)}
    return [
        ratio("upload of 64 MiB / hashing it", uploads, hashing, target=AtLeast(_SHARE), besides=besides),
        ratio("download of 64 MiB / hashing it", downloads, hashing, target=AtLeast(_SHARE), besides=besides),
        _verified(folder, rounds, say),
    ]


def _verified(folder: Path, rounds: int, say: Say) -> Figure:
    """Measure `attachments verify` in one process against hashing as many bytes."""
    say("files: verify")
    store = Store.open(stores.settings_of(folder), summarise=dump_summary, write=False)
    size = sum(path.stat().st_size for path in Path(store.objects.root, "_attachments").rglob("*") if path.is_file())
    data = bytes(SIZE)
    hashing, verifying = [], []
    for _ in range(rounds):
        hashing.append(_mib_s(lambda: digest.sha256_hex(data)))
        verifying.append(_mib_s(lambda: verify_attachments(store), size=size))
    name = "attachments verify / hashing, one process"
    return ratio(name, verifying, hashing, target=AtLeast(_VERIFY_SHARE))


def _mib_s(work: Callable[[], object], *, size: int = SIZE) -> float:
    started = time.perf_counter()
    work()
    return size / MIB / (time.perf_counter() - started)


def _upload(host: str, url: str, data: bytes) -> None:
    blocks = (data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK))
    _asked(host, "POST", url, [_HEAD, *blocks, _TAIL], f"multipart/form-data; boundary={_EDGE.decode()}")


def _asked(host: str, method: str, url: str, pieces: list[bytes] | None = None, content_type: str = "") -> bytes:
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
