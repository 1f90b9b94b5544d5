"""Every system call of one append to the log fails in turn, or is its last: the next append makes it whole."""

from pathlib import Path
from typing import Final

import pytest

from rmos.checks.evidence import check_evidence
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust
from rmos.config import Settings
from rmos.services.evidence import start_log
from rmos.store import Store
from rmos.store.evidence.objects import LogObjects
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.note import VerifierKey
from tests.faults import records
from tests.faults.conftest import Announce
from tests.faults.each_call import FAULTS, EachCall
from tests.faults.tracing import Outcome, PutServer
from tests.makers import ANNA, US, make_members

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]

RUNS: Final = 3


def open_store(root: Path) -> Store:
    return Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=records.summarise)


def make_store(root: Path) -> VerifierKey:
    """Make a store with a log, and runs that are not in it yet."""
    store = open_store(root)
    store.reconcile()
    store.runs.put(make_members(US))
    key = start_log(store, KeyFile(root.parent / KEY_FILE), origin="shop.example/log", actor=ANNA, us=US).verifier_key
    for number in range(1, RUNS):
        store.runs.put(make_members(US + number))
    store.index.close()
    return key


def judge(root: Path, key: VerifierKey) -> None:
    """Demand that record and log agree, and that each run is in the log."""
    store = open_store(root)
    found = check_evidence(store.objects, EvidenceTrust((key,))).findings
    assert [(finding.kind, finding.path) for finding in found if finding.kind not in NOT_FAULTS] == []
    log = LogObjects(store.objects)
    keys = [entry.key for number in log.list_batches() for entry in log.read_batch(number).entries()]
    assert sum(key.startswith("2") for key in set(keys)) == RUNS
    store.index.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_one_call_of_an_append_that_fails_or_is_the_last_is_made_good_by_the_next(
    tmp_path: Path, server: PutServer, announce: Announce, fault: str
) -> None:
    root = tmp_path / "work" / "runs"
    key = make_store(tmp_path / "template" / "runs")
    arguments: list[str | Path] = [root, "1", "--append-log"]

    def judge_next(_: Outcome) -> None:
        assert server.run(arguments).status == 0
        judge(root, key)

    done = EachCall(server, tmp_path, arguments).break_off(fault, judge_next)
    assert done.calls > 2
    announce(f"one append: {done.calls} calls x {fault}, {done.hit} of them hit")
