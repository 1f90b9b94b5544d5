"""Every system call of one append to the log fails in turn, or is its last: the next append makes it whole."""

import shutil
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
from tests.faults.tracing import READS, WRITES, Call, PutServer, at, record_calls
from tests.makers import ANNA, US, make_members
from tests.trying import some_of

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]

FAULTS: Final = {
    "EIO": ("error=EIO", WRITES | READS),
    "ENOSPC": ("error=ENOSPC", WRITES - {"close", "unlink", "unlinkat", "fchmod"}),
    "SIGKILL": ("signal=SIGKILL", WRITES | READS),
}
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
    what, names = FAULTS[fault]
    template, work, trace = tmp_path / "template", tmp_path / "work", tmp_path / "trace"
    key = make_store(template / "runs")
    shutil.copytree(template, work)
    arguments: list[str | Path] = [work / "runs", "1", "--append-log"]
    calls = [call for call in record_calls(server, arguments, work, trace) if call.name in names]
    assert len(calls) > 8
    calls = some_of(calls, list(FAULTS).index(fault))
    failures = []
    hit = 0
    for call in calls:
        shutil.rmtree(work)
        shutil.copytree(template, work)
        outcome = server.run(arguments, at(call, what, trace))
        hit += outcome.status == -9 if fault == "SIGKILL" else "(INJECTED)" in trace.read_text()
        try:
            assert fault == "SIGKILL" or outcome.status in (0, 1), f"it crashed: {outcome.errors[-900:]}"
            assert server.run(arguments).status == 0
            judge(work / "runs", key)
        except AssertionError as error:
            failures.append(f"{describe(call)}\n{error}")
    announce(f"one append: {len(calls)} calls x {fault}, {hit} of them hit")
    assert not failures, f"{len(failures)} of {len(calls)} points:\n" + "\n\n".join(failures)
    assert hit > len(calls) // 2


def describe(call: Call) -> str:
    return f"{call.name} no. {call.nth}, {call.text[:160]}"
