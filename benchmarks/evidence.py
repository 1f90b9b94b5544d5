"""The log of evidence: how fast entries are hashed into the tree, appended, proven, and what verify pays for it.

A tree of a million entries is made of lines alone, in memory: what a proof costs depends on tiles, not on files.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import rmos
from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.stores import Say, crowd_folder, ready_store, settings_of, working_copy
from rmos import ids
from rmos.checks.log import EvidenceTrust
from rmos.checks.verify import verify_store
from rmos.digest import hash_leaf
from rmos.models import Actor
from rmos.schemas.runs import dump_summary
from rmos.services.evidence import append_log, make_proof, start_log
from rmos.store import Store, layout
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.tiles import Edge, Nodes
from rmos.tlog.tree import prove_inclusion
from tests.makers import make_members

LEAVES: Final = 1_000_000
MORE_LEAVES: Final = 10_000_000
RUNS: Final = 20_000
NEW: Final = 100
VERIFIER: Final = Path(rmos.__file__).parent / "verifier" / "rmos_verify.py"
_ACTOR: Final = Actor(name="bench", role="admin")


def figures(below: Path, *, rounds: int, crowd: int, large: bool, say: Say) -> list[Figure]:
    """Measure the log on a store of its own.

    Args:
        crowd: names in the folder of today, beside which new ones are appended.
        large: measure a tree of ten million entries too.
    """
    say("evidence: a tree of a million entries")
    told = _measure_tree(rounds, LEAVES)
    if large:
        say("evidence: a tree of ten million entries")
        more = _measure_tree(rounds, MORE_LEAVES)
        ratio = more[1].value / told[1].value
        told.append(measured("evidence: path of one entry of ten million / of one", [ratio], "", target=AtMost(1.3)))
    say(f"evidence: {crowd} runs of one day")
    told += _measure_crowd(working_copy(ready_store(below, 1000, say), below / "evidence-crowd"), crowd, rounds)
    say(f"evidence: {RUNS} runs")
    told += _measure_two_cores(working_copy(ready_store(below, RUNS, say), below / "evidence-two"))
    folder = working_copy(ready_store(below, RUNS, say), below / "evidence")
    store = Store.open(settings_of(folder), summarise=dump_summary)
    try:
        store.reconcile()
        return told + _measure_store(store, folder, rounds)
    finally:
        store.index.close()


def _measure_tree(rounds: int, count: int) -> list[Figure]:
    lines = (b"%064x  2025-12-23/run_%032x.json\n" % (place, place) for place in range(count))
    leaves = list(lines) if count == LEAVES else lines  # the time of making them counts where they are too many to keep
    tiles: dict[tuple[int, int], bytes] = {}
    edge = Edge()
    seconds = _cpu_s(lambda: tiles.update({tile[:2]: tile[2] for tile in edge.extend(map(hash_leaf, leaves))}))
    levels = edge.levels

    def read(level: int, number: int, width: int) -> bytes:
        return tiles.get((level, number)) or b"".join(levels[level])[: width * 32]

    places = range(0, count, count // (20 * rounds))
    proofs = [_cpu_s(partial(prove_inclusion, place, count, Nodes(count, read))) * 1000 for place in places]
    return [
        measured(
            "evidence: entries hashed into the tree, CPU", [count / seconds], "entries/s", target=AtLeast(300_000)
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


def _measure_crowd(folder: Path, crowd: int, rounds: int) -> list[Figure]:
    """Measure what an append costs when today's folder already has many names."""
    crowd_folder(folder, crowd)
    store, key_file = Store.open(settings_of(folder), summarise=dump_summary), KeyFile(folder / KEY_FILE)
    store.reconcile()
    start_log(store, key_file, origin="bench.example/log", actor=_ACTOR, us=ids.now_us())
    appends = _measure_appends(store, key_file, rounds)
    store.index.close()
    name = f"evidence: append of {NEW} new runs beside {crowd} of the same day, CPU"
    return [measured(name, appends, "ms", target=AtMost(150))]


def _measure_appends(store: Store, key_file: KeyFile, rounds: int) -> list[float]:
    """Return the milliseconds of each of some appends of `NEW` new runs."""
    took = []
    for _ in range(rounds):
        for _ in range(NEW):
            store.runs.put(make_members())
        took.append(_cpu_s(lambda: append_log(store, key_file, us=ids.now_us(), everywhere=False)) * 1000)
    return took


def _measure_script(folder: Path, bundle: bytes, key: str, rounds: int) -> list[float]:
    """Return the CPU seconds, with Python's start, in which somebody else verifies a bundle."""
    path, took = folder / "run.zip", []
    path.write_bytes(bundle)
    command = [sys.executable, "-I", "-S", str(VERIFIER), "proof", str(path), "--key", key]
    for _ in range(rounds):
        before = _children_s()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(_children_s() - before)
    return took


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _measure_store(store: Store, folder: Path, rounds: int) -> list[Figure]:
    us, key_file = ids.now_us(), KeyFile(folder / KEY_FILE)
    plain = [_cpu_s(lambda: verify_store(store, recheck_s=0)) for _ in range(rounds)]
    started = _cpu_s(lambda: start_log(store, key_file, origin="bench.example/log", actor=_ACTOR, us=us))
    size = append_log(store, key_file, us=us).checkpoint.size
    appends = _measure_appends(store, key_file, rounds)
    run_id = store.runs.put(make_members()).view.artifact.run_id
    append_log(store, key_file, us=ids.now_us(), everywhere=False)
    bundles = [_cpu_s(lambda: make_proof(store, run_id)) * 1000 for _ in range(5 * rounds)]
    key = key_file.read().verifier_key
    script = _measure_script(folder, make_proof(store, run_id), key.text(), rounds)
    trust = EvidenceTrust((key,))
    entries = append_log(store, key_file, us=ids.now_us()).checkpoint.size
    bytes_of_log = sum(path.stat().st_size for path in (folder / layout.EVIDENCE).rglob("*") if path.is_file())
    logged = [_cpu_s(lambda: verify_store(store, recheck_s=0, evidence=trust)) for _ in range(rounds)]
    return [
        measured("evidence: start over what stands there, CPU", [size / started], "objects/s", target=AtLeast(25_000)),
        measured(f"evidence: append of {NEW} new runs, CPU", appends, "ms", target=AtMost(30)),
        measured("evidence: bundle of a run, CPU", bundles, "ms"),
        measured("evidence: a bundle verified by the script, CPU", script, "s", target=AtMost(0.3)),
        measured("evidence: bytes on disk of an entry", [bytes_of_log / entries], "B", target=AtMost(160)),
        measured("evidence: verify with evidence / verify, CPU", [min(logged) / min(plain)], "", target=AtMost(1.25)),
    ]


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
