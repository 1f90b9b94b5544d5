"""A large blob in a bucket: what it takes to bring it, beside one bare PUT of the same bytes, and how much memory.

The bare PUT has its bytes in a file already, and sends the file. A blob is first hashed and written into the spool, as
nothing is sent before it is accepted; that part is shown beside.
"""

import mmap
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import obstore
from obstore.store import S3Store

from benchmarks.figures import AtLeast, AtMost, Figure, measured, ratio
from rmos.objects.base import NewBlob, key_of_digest
from rmos.objects.s3 import S3Objects

RATE: Final = 0.9
MEMORY_MIB: Final = 16
_MEBIBYTE: Final = 1024 * 1024
_SIZE: Final = 256 * _MEBIBYTE


class _Peak:
    """The most memory that a process had of its own while something was done, beyond what it had before."""

    def __enter__(self) -> "_Peak":
        self.before = self.most = _anonymous_bytes()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(0.005):
            self.most = max(self.most, _anonymous_bytes())

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def mebibytes(self) -> float:
        """How much it was."""
        return (self.most - self.before) / _MEBIBYTE


def figures(server: str, objects: S3Objects, bare: S3Store, below: Path, *, rounds: int) -> list[Figure]:
    """Measure over one server; `bare` has as much time for a request as a large blob takes."""
    bringing, sending, putting, reading, memory = [], [], [], [], []
    path = below / "large.bin"
    for _ in range(rounds):
        _fill(path)
        os.sync()  # what the disk has still to do is no part of what follows
        putting.append(_put(bare, path))
        os.sync()
        with _Peak() as peak:
            began = time.perf_counter()
            made, accepted = _bring(objects, path)
            ended = time.perf_counter()
            assert objects.open(key_of_digest(made.sha256)).size == _SIZE
            reading.append(time.perf_counter() - ended)
        bringing.append(ended - began)
        sending.append(ended - accepted)
        memory.append(peak.mebibytes)
    path.unlink()
    spooled = [whole - sent for whole, sent in zip(bringing, sending, strict=True)]
    return [
        ratio(
            f"one bare PUT / sending a blob of 256 MiB, {server}",
            putting,
            sending,
            target=AtLeast(RATE),
            besides={
                "MB/s": _SIZE / min(sending) / 1e6,
                "s before it is sent": min(spooled),
                "s to download and hash": min(reading),
            },
        ),
        measured(f"memory that a blob of 256 MiB takes, {server}", memory, "MiB", target=AtMost(MEMORY_MIB)),
    ]


def _fill(path: Path) -> None:
    block = secrets.token_bytes(_MEBIBYTE)
    with path.open("wb") as file:
        file.writelines(block[number:] + block[:number] for number in range(_SIZE // _MEBIBYTE))


def _bring(objects: S3Objects, path: Path) -> tuple[NewBlob, float]:
    """Bring a blob, and tell also when it was accepted, after which it is sent."""
    accepted = []

    def accept(sha256: str, size: int) -> None:
        accepted.append(time.perf_counter())

    return objects.create_blob(_read(path), max_bytes=_SIZE, accept=accept), accepted[0]


def _put(bare: S3Store, path: Path) -> float:
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    began = time.perf_counter()
    obstore.put(bare, f"bare/{secrets.token_hex(8)}", data, mode="create")
    return time.perf_counter() - began


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(256 * 1024):
            yield block


def _anonymous_bytes() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024
