"""A power cut under processes that put runs and append to the log of evidence: what a checkpoint said stays true.

The key and what it signed last lie on the disk that is cut off. Roots that were told before the cut are kept outside of
it, as a witness keeps checkpoints: the log has to begin with each of them, and the next append goes on from there. The
control, appenders that fsync nothing, must be found out.
"""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from rmos.checks.evidence import check_evidence
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust, SavedCheckpoint
from rmos.services.evidence import append_log, start_log
from rmos.store.evidence.objects import LogObjects
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.note import Checkpoint, Note, VerifierKey
from tests.faults import disks, judging, records
from tests.faults.conftest import Announce
from tests.faults.test_power_cut import KINDS, SPAN, Writers
from tests.makers import ANNA, US

pytestmark = [pytest.mark.long, pytest.mark.root]

ORIGIN: Final = "shop.example/log"
ROUNDS: Final = 5
APPENDERS: Final = 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_checkpoint_that_was_told_is_contradicted_after_a_power_cut(
    tmp_path: Path, announce: Announce, kind: str
) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        key = start(disk / "store")
    told: dict[int, bytes] = {}
    runs: set[int] = set()
    for turn in range(ROUNDS):
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            told |= append_until_cut(disk, tmp_path, 1 + turn * APPENDERS * SPAN, runs)
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            judge(disk / "store", key, told, runs)
    announce(f"power cut, {kind}: {ROUNDS} rounds, {len(told)} checkpoints told, none contradicted")
    assert len(told) > ROUNDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_control_that_never_fsyncs_contradicts_what_it_told(tmp_path: Path, kind: str) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        key = start(disk / "store")
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        told = append_until_cut(disk, tmp_path, 1, set(), "--no-fsync")
    with disks.mounted(tmp_path / "disk", image=image) as disk:
        store = judging.open_store(disk / "store")
        found = check_evidence(store.objects, trust_of(key, told)).findings
        store.index.close()
    assert {one.path for one in found if one.kind in ("log_short", "log_altered")} & {f"{size}" for size in told}


def start(root: Path) -> VerifierKey:
    """Make a store with a log."""
    store = judging.open_store(root)
    store.reconcile()
    key = start_log(store, KeyFile(root.parent / KEY_FILE), origin=ORIGIN, actor=ANNA, us=US).verifier_key
    store.index.close()
    return key


def append_until_cut(disk: Path, answers: Path, first: int, runs: set[int], *options: str) -> dict[int, bytes]:
    """Let appenders work until the power goes; return the roots that they told, and add the runs to `runs`."""
    with Writers(disk / "store", answers, first, APPENDERS, "--append-log", *options) as writers:
        writers.wait_until_busy()
        time.sleep(random.uniform(0.3, 0.9))
        sizes = writers.sizes()
        disks.cut_power(disk)
    runs |= writers.acknowledged(sizes)
    return writers.logged(sizes)


def trust_of(key: VerifierKey, told: dict[int, bytes]) -> EvidenceTrust:
    """Return the key, and what was told as checkpoints that somebody kept; their names are their sizes."""
    kept = [Checkpoint(ORIGIN, size, hashed) for size, hashed in told.items()]
    return EvidenceTrust(
        (key,), tuple(SavedCheckpoint(f"{one.size}", Note(one.text(), ()), one, is_signed=False) for one in kept)
    )


def judge(root: Path, key: VerifierKey, told: dict[int, bytes], runs: set[int]) -> None:
    """Demand that the log begins with each root that was told, and after an append holds all runs, each once."""
    judging.demand_runs(root, runs)
    store = judging.open_store(root)
    try:
        store.reconcile()
        append_log(store, KeyFile(root.parent / KEY_FILE), us=US)
        found = check_evidence(store.objects, trust_of(key, told)).findings
        assert [(one.kind, one.path) for one in found if one.kind not in NOT_FAULTS] == []
        log = LogObjects(store.objects)
        logged = Counter(key for number in log.list_batches() for key in log.read_batch(number).list_keys())
        assert {records.key(number) for number in runs} <= set(logged)
        assert set(logged.values()) == {1}
    finally:
        store.index.close()
