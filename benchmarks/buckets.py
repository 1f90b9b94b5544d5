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
from benchmarks.servers import ROOT
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
_PREFIX: Final = "bench"
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

    def get(self, key: str) -> Callable[[], object]:
        """Return what reads an object by one GET."""
        return lambda: obstore.get(self.bare, f"{_PREFIX}/{key}").bytes()


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
    bucket = Bucket(_BUCKET, _PREFIX)
    way = Way(url, S3Objects(bucket, options, Spool(options.spool_dir)), open_store(bucket, options, DEFAULT_LIMITS, 5))
    way.create()
    way.put()
    keys = _make_run(way)
    creates, runs = [], []
    for number in range(rounds):
        say(f"buckets: {server}, round {number + 1} of {rounds}")
        creates.append(_measure_in_turn(way.put, way.create))
        runs.append(_measure_in_turn(way.get(keys[0]), lambda: way.objects.read_all(keys)))
    (putting, creating), (get, run) = zip(*creates, strict=True), zip(*runs, strict=True)
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
            target=AtMost(GET_TIMES) if server == "Ceph" else None,  # the small one does one thing at a time
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


def _measure_in_turn(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Spent, Spent]:
    """Do both by turns, call by call, so that what else the machine does meets both alike."""
    times: tuple[list[float], list[float]] = [], []
    cpu = [0.0, 0.0]
    for _ in range(_CALLS):
        for place, work in enumerate((first, second)):
            started, started_cpu = time.perf_counter(), time.process_time()
            work()
            times[place].append(time.perf_counter() - started)
            cpu[place] += time.process_time() - started_cpu
    return Spent(statistics.median(times[0]), cpu[0] / _CALLS), Spent(statistics.median(times[1]), cpu[1] / _CALLS)


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
    (below / "localbucket").mkdir()
    with (below / "localbucket.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "devtools.bucket_server", "--port", str(port), str(below / "localbucket")],
            cwd=ROOT,
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
