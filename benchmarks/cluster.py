"""A record that hosts share: what a run costs beside one bare PUT, a pass beside bare requests, two hosts beside one.

Ceph and PostgreSQL run on this machine, and both write to its disk before they answer, as those of a shop do. What is
compared is done in turn; bare requests are those of the client library that RMOS uses too. Verify and rebuild have as
many workers as the commands take.
"""

import contextlib
import json
import os
import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import obstore
from obstore.store import S3Store

from benchmarks import cuts, stores
from benchmarks.cuts import small_members, small_templates
from benchmarks.figures import AtLeast, AtMost, Figure, ratio
from benchmarks.index_rows import make_rows
from benchmarks.load import drive, write_posts
from benchmarks.servers import Served, served
from benchmarks.stores import Say
from rmos import digest, ids
from rmos.checks.verify import verify_store
from rmos.cli.opening import BUCKET_WORKERS
from rmos.config import Settings
from rmos.objects.s3_client import DEFAULT_LIMITS, open_store
from rmos.place import Bucket, DatabaseUrl
from rmos.schemas.runs import dump_summary
from rmos.store import Store, layout
from rmos.systems import count_cores
from tests.helpers.buckets import ACCESS_KEY, REGION, SECRET_KEY
from tests.helpers.ceph import Ceph, find_lacking
from tests.helpers.postgres import DEBIAN, PostgresServer
from tests.helpers.s3_requests import make_bucket

RUN_TIMES: Final = 1.6
KEYED_TIMES: Final = 2.6
ANNOUNCE_SHARE: Final = 0.05
PASS_RATE: Final = 0.8
TWO_HOSTS: Final = 1.7
"""As long as the hosts are the limit, and not the servers that they share."""
_BUCKET: Final = "rmos-cluster"
_READERS: Final = 16
_GET: Final = f"GET by {_READERS} threads"
_CALLS: Final = 100
_RECORD: Final = 2400
_A_DAY: Final = 1000
_DAY_US: Final = 86_400_000_000


class Cluster(NamedTuple):
    """The servers that hosts share."""

    storage: str
    """The URL of the object storage."""
    database: PostgresServer
    below: Path

    def settings(self, name: str, host: str) -> dict[str, Any]:
        """Return the settings of a host that has a store, with a spool of its own."""
        return {
            "runs_dir": Bucket(_BUCKET, name),
            "database_url": DatabaseUrl(self.database.url(name)),
            "s3_endpoint": self.storage,
            "s3_region": REGION,
            "spool_dir": self.below / host,
            "secret_key": "5" * 64,
        }

    def environment(self, name: str, host: str) -> dict[str, str]:
        """Return the environment of a host that serves a store."""
        told = {f"RMOS_{key.upper()}": f"{value!s}" for key, value in self.settings(name, host).items()}
        return stores.environment_of(self.below) | told | {"RMOS_INSTANCE_DIR": str(self.below / host)}

    def open(self, name: str) -> tuple[Store, S3Store]:
        """Return a store whose every pass lists all names, and the bare library on the same bucket."""
        settings = Settings(instance_path=self.below, scan_hours=0, **self.settings(name, name))
        store = Store.open(settings, summarise=dump_summary)
        store.reconcile()
        return store, open_store(Bucket(_BUCKET), settings.s3_options, DEFAULT_LIMITS, 5)


def figures(below: Path, *, rounds: int, keys: int, seconds: int, say: Say) -> list[Figure]:
    """Measure over Ceph, with each PostgreSQL that there is.

    Args:
        keys: runs of the store that is passed over.
        seconds: how long each load lasts.
    """
    if lacking := find_lacking():
        say(f"cluster: {lacking[0]} is not there; the figures of a cluster are left out")
        return []
    (below / "ceph").mkdir(parents=True)
    say("cluster: Ceph starts")
    with Ceph(below / "ceph", store="bluestore") as ceph:
        return measure(ceph.url, below, rounds=rounds, keys=keys, seconds=seconds, say=say)


def measure(storage: str, below: Path, *, rounds: int, keys: int, seconds: int, say: Say) -> list[Figure]:
    """Measure over an object storage: writes with each version of PostgreSQL, all else with the newer one."""
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    make_bucket(storage, _BUCKET)
    told = []
    for version in (18, 15):
        if version == 15 and not (DEBIAN / "postgres").exists():
            say("cluster: PostgreSQL 15 is not there; its figures are left out")
            continue
        say(f"cluster: PostgreSQL {version}")
        server = PostgresServer(version).start(fsync="on", full_page_writes="on", shared_buffers="256MB")
        try:
            cluster = Cluster(storage, server, below)
            told += _measure_writes(cluster, version, rounds)
            if version == 18:
                say(f"cluster: {keys} runs")
                told += _measure_passes(cluster, rounds, keys)
                say("cluster: two hosts")
                told.append(_measure_hosts(cluster, rounds, seconds))
        finally:
            server.close()
    return told


def _measure_writes(cluster: Cluster, version: int, rounds: int) -> list[Figure]:
    store, bare = cluster.open(f"writes_{version}")
    made, rows = small_templates(), make_rows(_CALLS * (rounds + 1), ids.now_us())

    def record_keyed(run: dict[str, Any]) -> None:
        run_id = run["run_id"]
        store.claims.take_run_id("bench", f"key-{run_id}", "0" * 64, ids.now_us(), run_id=run_id)
        store.runs.put(run, fresh=True)

    calls: dict[str, Callable[[dict[str, Any]], object]] = {
        "bare PUT": lambda run: obstore.put(bare, f"bare/{run['run_id']}", secrets.token_bytes(_RECORD), mode="create"),
        "announcement": lambda run: store.announcer.announce(ids.partition_of(ids.now_us()), run["run_id"], 0),
        "row": lambda run: store.index.runs.upsert([next(rows)]),
        "POST of a run": lambda run: store.runs.put(run, fresh=True),
        "POST with an Idempotency-Key": record_keyed,
    }
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for round_number in range(rounds + 1):
        times: dict[str, list[float]] = {name: [] for name in calls}
        for place in range(_CALLS):
            for name, call in calls.items():
                run = small_members(made, place, ids.now_us())
                began = time.perf_counter()
                call(run)
                times[name].append(time.perf_counter() - began)
        if round_number:  # the first one makes connections
            for name, one in times.items():
                spent[name].append(statistics.median(one))
    store.index.close()

    shown = {f"{name} ms": min(spent[name]) * 1000 for name in spent}
    goals = {"announcement": ANNOUNCE_SHARE, "POST of a run": RUN_TIMES, "POST with an Idempotency-Key": KEYED_TIMES}
    return [
        ratio(
            f"{name} / bare PUT, p50, PostgreSQL {version}",
            spent[name],
            spent["bare PUT"],
            target=AtMost(goal),
            besides=shown if name == "POST of a run" else {},
        )
        for name, goal in goals.items()
    ]


def _measure_passes(cluster: Cluster, rounds: int, count: int) -> list[Figure]:
    store, bare = cluster.open("passes")
    made, now_us = small_templates(), ids.now_us()
    with ThreadPoolExecutor(_READERS) as threads:

        def fill(place: int) -> str:
            us = now_us - (1 + place // _A_DAY) * _DAY_US
            members = small_members(made, place, us)
            key = layout.artifact_key(ids.partition_of(us), members["run_id"])
            store.objects.create(key, digest.encode_record(members))
            return f"passes/{key}"

        keys = list(threads.map(fill, range(count)))
        store.reconcile()
        works: dict[str, Callable[[], int]] = {
            "LIST": lambda: sum(map(len, obstore.list(bare, "passes", chunk_size=1000))) - 1,  # but for _format.json
            "names pass": lambda: count + store.reconcile().indexed,
            _GET: lambda: sum(threads.map(lambda key: bool(obstore.get(bare, key).bytes()), keys)),
            "verify": lambda: _verify(store),
            "rebuild": lambda: store.reconcile(full=True, workers=BUCKET_WORKERS).indexed,
        }
        rates: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                started = time.perf_counter()
                done = work()
                rates[name].append(done / (time.perf_counter() - started))
                assert done == count, name
    store.index.close()

    return [
        ratio(
            f"{work} / bare {bare_work}, rate",
            rates[work],
            rates[bare_work],
            runs=count,
            target=AtLeast(PASS_RATE),
            besides={"keys/s": statistics.median(rates[work]), "bare keys/s": statistics.median(rates[bare_work])},
        )
        for work, bare_work in (("names pass", "LIST"), ("verify", _GET), ("rebuild", _GET))
    ]


def _verify(store: Store) -> int:
    report = verify_store(store, workers=BUCKET_WORKERS)
    assert report.ok, report.findings[:3]
    return report.indexed_runs


def _measure_hosts(cluster: Cluster, rounds: int, seconds: int) -> Figure:
    store, _ = cluster.open("hosts")
    store.index.close()
    script = write_posts(
        cluster.below / "hosts.lua", "/api/rmos/runs", [json.dumps(cuts.body(n)) for n in range(cuts.VARIANTS)]
    )
    hosts = [cluster.environment("hosts", name) for name in ("one", "other")]
    alone, together, cores = [], [], []
    with contextlib.ExitStack() as stack:
        log = cluster.below / "hosts.log"
        services = [stack.enter_context(served("wsgi:app", host, ready="/readyz", log=log)) for host in hosts]
        clients = stack.enter_context(ThreadPoolExecutor(len(services)))

        def load(loaded: Sequence[Served], seconds: int) -> float:
            return sum(clients.map(lambda host: drive(host.url, script, seconds=seconds).requests_per_s, loaded))

        load(services, 1)  # warms up
        for _ in range(rounds):
            alone.append(load(services[:1], seconds))
            began, used = time.perf_counter(), sum(host.cpu_s() for host in services)
            together.append(load(services, seconds))
            cores.append((sum(host.cpu_s() for host in services) - used) / (time.perf_counter() - began))
    besides: dict[str, float | str] = {
        "one POST/s": statistics.median(alone),
        "two POST/s": statistics.median(together),
        "cores that the two take": statistics.median(cores),
        "limit": f"{count_cores()} cores and one disk for hosts, servers and clients",
    }
    return ratio("two hosts / one host, POST/s", together, alone, target=AtLeast(TWO_HOSTS), besides=besides)
