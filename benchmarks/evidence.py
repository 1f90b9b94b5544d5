"""The log of evidence: how fast entries are hashed into the tree, appended, proven, and what verify pays for it.

A tree of a million entries is made of lines alone, in memory: what a proof costs depends on tiles, not on files.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.stores import Say, ready_store, settings_of, working_copy
from rmos import ids
from rmos.checks.log import EvidenceTrust
from rmos.checks.verify import verify_store
from rmos.digest import hash_leaf
from rmos.models import Actor
from rmos.schemas.runs import dump_summary
from rmos.services.evidence import append_log, make_bundle, start_log
from rmos.store import Store
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.tiles import Edge, Nodes, ReadTile
from rmos.tlog.tree import prove_inclusion
from tests.makers import make_members

LEAVES: Final = 1_000_000
RUNS: Final = 20_000
NEW: Final = 100
_ACTOR: Final = Actor(name="bench", role="admin")


def figures(below: Path, *, rounds: int, say: Say) -> list[Figure]:
    """Measure the log on a store of its own."""
    say("evidence: a tree of a million entries")
    told = _measure_tree(rounds)
    say(f"evidence: {RUNS} runs")
    told += _measure_two_cores(working_copy(ready_store(below, RUNS, say), below / "evidence-two"))
    folder = working_copy(ready_store(below, RUNS, say), below / "evidence")
    store = Store.open(settings_of(folder), summarise=dump_summary)
    try:
        store.reconcile()
        return told + _measure_store(store, KeyFile(folder / KEY_FILE), rounds)
    finally:
        store.index.close()


def _measure_tree(rounds: int) -> list[Figure]:
    lines = [b"%064x  2025-12-23/run_%032x.json\n" % (place, place) for place in range(LEAVES)]
    tiles: dict[tuple[int, int], bytes] = {}
    edge = Edge()
    seconds = _cpu_s(lambda: tiles.update({tile[:2]: tile[2] for tile in edge.extend(map(hash_leaf, lines))}))
    levels = edge.levels

    def read(level: int, number: int, width: int) -> bytes:
        return tiles.get((level, number)) or b"".join(levels[level])[: width * 32]

    places = range(0, LEAVES, LEAVES // (20 * rounds))
    proofs = [_time_path(place, read) * 1000 for place in places]
    return [
        measured(
            "evidence: entries hashed into the tree, CPU", [LEAVES / seconds], "entries/s", target=AtLeast(300_000)
        ),
        measured("evidence: path of one entry of a million, CPU", proofs, "ms", target=AtMost(2)),
    ]


def _measure_two_cores(folder: Path) -> list[Figure]:
    """Measure a start with two processes that read, as if nobody else needed the machine's two cores.

    Either the one that writes is what takes longest, or all of them together do. Waiting for the disk is left out.
    """
    store = Store.open(settings_of(folder), summarise=dump_summary)
    store.reconcile()
    before, us = _children_s(), ids.now_us()
    own = _cpu_s(
        lambda: start_log(store, KeyFile(folder / KEY_FILE), origin="bench.example/log", actor=_ACTOR, us=us, workers=2)
    )
    others = _children_s() - before
    store.index.close()
    return [
        measured(
            "evidence: start with two processes, CPU of two cores",
            [RUNS / max(own, (own + others) / 2)],
            "objects/s",
            target=AtLeast(40_000),
        )
    ]


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _measure_store(store: Store, key_file: KeyFile, rounds: int) -> list[Figure]:
    us = ids.now_us()
    plain = [_cpu_s(lambda: verify_store(store, recheck_s=0)) for _ in range(rounds)]
    started = _cpu_s(lambda: start_log(store, key_file, origin="bench.example/log", actor=_ACTOR, us=us))
    size = append_log(store, key_file, us=us).checkpoint.size
    appends = []
    for _ in range(rounds):
        for _ in range(NEW):
            store.runs.put(make_members())
        appends.append(_cpu_s(lambda: append_log(store, key_file, us=ids.now_us(), everywhere=False)) * 1000)
    run_id = store.runs.put(make_members()).view.artifact.run_id
    append_log(store, key_file, us=ids.now_us(), everywhere=False)
    bundles = [_cpu_s(lambda: make_bundle(store, run_id)) * 1000 for _ in range(5 * rounds)]
    trust = EvidenceTrust((key_file.read().verifier_key,))
    logged = [_cpu_s(lambda: verify_store(store, recheck_s=0, evidence=trust)) for _ in range(rounds)]
    return [
        measured("evidence: start over what stands there, CPU", [size / started], "objects/s", target=AtLeast(25_000)),
        measured(f"evidence: append of {NEW} new runs, CPU", appends, "ms", target=AtMost(30)),
        measured("evidence: bundle of a run, CPU", bundles, "ms"),
        measured("evidence: verify with evidence / verify, CPU", [min(logged) / min(plain)], "", target=AtMost(1.25)),
    ]


def _time_path(place: int, read: ReadTile) -> float:
    return _cpu_s(lambda: prove_inclusion(place, LEAVES, Nodes(LEAVES, read)))


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
