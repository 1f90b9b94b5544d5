"""Objects in a bucket: what a create and the reading of a run cost, beside one bare request of the same client library.

Both are done in turn, so that a machine or a server that gets slower does so for both. It is measured over localbucket,
a small server whose own work is most of the time, and over Ceph where it is installed. CPU is that of the client's
process; boto3 is installed for the measure alone, into an environment that is thrown away.
"""

import contextlib
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import obstore
from obstore.store import S3Store

from benchmarks import large_blobs
from benchmarks.figures import AtMost, Figure, ratio
from benchmarks.stores import Say
from rmos import digest
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import DEFAULT_LIMITS, open_store
from rmos.objects.spool import Spool
from rmos.place import Bucket, S3Options
from tests.helpers.ceph import ACCESS_KEY, SECRET_KEY, find_lacking, share_ceph
from tests.helpers.s3_requests import make_bucket

CREATE_TIMES: Final = 1.15
GET_TIMES: Final = 1.6
CPU_OF_BOTO3: Final = 0.2
_BUCKET: Final = "rmos-bench"
_CALLS: Final = 100
_LARGE_S: Final = 300.0
_RECORD: Final = 2400
"""Bytes of one run, as in the other figures."""
_BOTO3: Final = "boto3>=1.36,<2"
_BOTO3_WORK: Final = """
import boto3, json, secrets, sys, time
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1")
data = secrets.token_bytes(int(sys.argv[3]))
put = lambda: client.put_object(Bucket=sys.argv[2], Key="boto3/" + secrets.token_hex(8), Body=data, IfNoneMatch="*")
put()
started = time.process_time()
for _ in range(int(sys.argv[4])):
    put()
print(json.dumps((time.process_time() - started) / int(sys.argv[4])))
"""


class Spent(NamedTuple):
    """What calls took: the median of their times, and the CPU time of each."""

    median_s: float
    cpu_s: float


class Way(NamedTuple):
    """One server, reached by the objects of RMOS and by the bare library."""

    url: str
    objects: S3Objects
    bare: S3Store

    def create(self) -> None:
        """Create an object as a record is."""
        self.objects.create(f"2025-12-23/{secrets.token_hex(8)}.json", secrets.token_bytes(_RECORD))

    def put(self) -> None:
        """Create an object by one conditional PUT."""
        obstore.put(self.bare, f"bare/{secrets.token_hex(8)}.json", secrets.token_bytes(_RECORD), mode="create")


def figures(below: Path, *, rounds: int, say: Say) -> list[Figure]:
    """Measure over each server that there is."""
    below.mkdir(parents=True, exist_ok=True)
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    told = []
    with _localbucket(below) as url:
        told += _over("localbucket", url, below, rounds, say)
    if lacking := find_lacking():
        say(f"buckets: {lacking[0]} is not there; the figures over Ceph are left out")
        return told
    say("buckets: Ceph starts")
    with share_ceph(below / "ceph") as url:
        told += _over("Ceph", url, below, rounds, say)
    return told


def _over(server: str, url: str, below: Path, rounds: int, say: Say) -> list[Figure]:
    make_bucket(url, _BUCKET)
    options = S3Options(below / "spool", endpoint=url, region="us-east-1", addressing="path")
    bucket = Bucket(_BUCKET, "bench")
    way = Way(url, S3Objects(bucket, options, Spool(options.spool_dir)), open_store(bucket, options, DEFAULT_LIMITS, 5))
    way.create()
    way.put()
    creating, putting, run, get = [], [], [], []
    keys = _make_run(way)
    for number in range(rounds):
        say(f"buckets: {server}, round {number + 1} of {rounds}")
        putting.append(_measure(way.put))
        creating.append(_measure(way.create))
        run.append(_measure(lambda: _read_run(way, keys)))
        get.append(_measure(lambda: obstore.get(way.bare, f"bench/{keys[0]}").bytes()))
    besides = {"create ms": min(one.median_s for one in creating) * 1000}
    created, put = [one.cpu_s for one in creating], [one.cpu_s for one in putting]
    return [
        ratio(
            f"create / one conditional PUT, p50, {server}",
            [one.median_s for one in creating],
            [one.median_s for one in putting],
            target=AtMost(CREATE_TIMES),
            besides=besides,
        ),
        ratio(
            f"create / one conditional PUT, CPU, {server}", created, put, besides={"create CPU ms": min(created) * 1000}
        ),
        ratio(
            f"run whose event was read before, in one batch / one GET, p50, {server}",
            [one.median_s for one in run],
            [one.median_s for one in get],
            target=AtMost(GET_TIMES),
            besides={"GET ms": min(one.median_s for one in get) * 1000},
        ),
        *large_blobs.figures(
            server, way.objects, open_store(bucket, options, DEFAULT_LIMITS, _LARGE_S), below, rounds=rounds
        ),
        *_beside_boto3(server, way, below, created, say),
    ]


def _make_run(way: Way) -> list[str]:
    """Make an artifact and an event; the key after it is asked for in vain, as it is to see that none came since."""
    name = f"2025-12-23/run_{secrets.token_hex(16)}"
    keys = [f"{name}.json", f"{name}.000001.json", f"{name}.000002.json"]
    for key in keys[:2]:
        way.objects.create(key, digest.encode_record({"text": secrets.token_hex(_RECORD // 2)}))
    return keys


def _read_run(way: Way, keys: list[str]) -> None:
    way.objects.read_all(keys)


def _measure(work: Callable[[], Any]) -> Spent:
    times = []
    cpu = time.process_time()
    for _ in range(_CALLS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return Spent(statistics.median(times), (time.process_time() - cpu) / _CALLS)


def _beside_boto3(server: str, way: Way, below: Path, created: list[float], say: Say) -> list[Figure]:
    folder = below / "boto3"
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _BOTO3]
    try:
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
            subprocess.run(install, check=True, capture_output=True, timeout=180)
    except (OSError, subprocess.SubprocessError):
        say("buckets: boto3 cannot be installed; its figure is left out")
        return []
    work = [python, "-c", _BOTO3_WORK, way.url, _BUCKET, str(_RECORD), str(_CALLS)]
    theirs = [float(json.loads(subprocess.run(work, check=True, capture_output=True).stdout)) for _ in created]
    return [
        ratio(
            f"create / put_object of boto3, CPU, {server}",
            created,
            theirs,
            target=AtMost(CPU_OF_BOTO3),
            besides={"boto3 CPU ms": min(theirs) * 1000},
        )
    ]


@contextlib.contextmanager
def _localbucket(below: Path) -> Iterator[str]:
    """Start the small server on a free port, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (below / "localbucket.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "localbucket", "--port", str(port), below / "localbucket"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
