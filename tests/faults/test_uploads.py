"""A file of a run, broken off: each system call of an upload fails or is the last, and the power goes under uploads.

What was acknowledged is there and is named by its run; a run never names what is not there.
"""

import random
import shutil
import time
from pathlib import Path
from typing import Final

import pytest

from rmos import digest
from rmos.checks.verify import verify_store
from tests.faults import disks, judging, records
from tests.faults.conftest import Announce
from tests.faults.test_power_cut import KINDS, SPAN, WRITERS, Writers
from tests.faults.tracing import READS, WRITES, Outcome, PutServer, at, record_calls
from tests.faults.uploads import file_of
from tests.trying import some_of, tries_at_night

pytestmark = pytest.mark.long

NUMBER: Final = 4
FAULTS: Final = {
    "EIO": ("error=EIO", WRITES | READS),
    "ENOSPC": ("error=ENOSPC", WRITES - {"close", "unlink", "unlinkat", "fchmod"}),
    "SIGKILL": ("signal=SIGKILL", WRITES | READS),
}


def is_filed(outcome: Outcome) -> bool:
    """Tell whether the process said that the file is durable."""
    return any(line.startswith(f"FILED {records.run_id(NUMBER)}") for line in outcome.said)


def demand_files(root: Path, filed: set[int]) -> None:
    """Demand that each of these runs names its file, and that all that any run of these names is whole."""
    store = judging.open_store(root)
    for number in filed:
        named = [entry["sha256"] for entry in store.runs.record(records.run_id(number)).view().attachments]
        assert named == [digest.sha256_hex(file_of(number))], number
        assert store.blobs.verify(named[0]).ok, number
    store.index.close()


def demand_whole(root: Path) -> None:
    """Demand that the record is whole: nothing is damaged, and nothing that is named is missing."""
    store = judging.open_store(root)
    store.reconcile()
    report = verify_store(store, recheck_s=0)
    store.index.close()
    assert report.ok, report.findings[:3]


@pytest.mark.strace
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("fault", FAULTS)
def test_one_call_of_an_upload_that_fails_or_is_the_last_tears_nothing(
    tmp_path: Path, server: PutServer, announce: Announce, fault: str
) -> None:
    what, names = FAULTS[fault]
    template, work, trace = tmp_path / "template", tmp_path / "work", tmp_path / "trace"
    root = work / "store"
    assert server.run([template / "store", str(NUMBER), "--reconcile"]).acknowledged(NUMBER)
    arguments: list[str | Path] = [root, str(NUMBER), "--upload"]
    shutil.copytree(template, work)
    calls = [call for call in record_calls(server, arguments, work, trace) if call.name in names and not call.on_index]
    assert sum(call.name == "fsync" for call in calls) >= 4 * (fault != "ENOSPC")
    calls = some_of(calls, list(FAULTS).index(fault))
    failures, hit = [], 0
    for call in calls:
        shutil.rmtree(work)
        shutil.copytree(template, work)
        outcome = server.run(arguments, at(call, what, trace))
        hit += outcome.status == -9 if fault == "SIGKILL" else "(INJECTED)" in trace.read_text()
        try:
            assert fault == "SIGKILL" or outcome.status in (0, 1), f"it crashed: {outcome.errors[-900:]}"
            demand_files(root, {NUMBER} if is_filed(outcome) else set())
            demand_whole(root)
            assert is_filed(server.run(arguments))
            demand_files(root, {NUMBER})
            demand_whole(root)
        except AssertionError as error:
            failures.append(f"{call.name} no. {call.nth}, {call.text[:160]}\n{error}")
    announce(f"one upload: {len(calls)} calls x {fault}, {hit} of them hit")
    assert not failures, f"{len(failures)} of {len(calls)} points:\n" + "\n\n".join(failures)
    assert hit > len(calls) // 2


@pytest.mark.root
@pytest.mark.parametrize("kind", KINDS)
def test_no_acknowledged_file_is_lost_in_a_power_cut(tmp_path: Path, announce: Announce, kind: str) -> None:
    image = disks.make_image(kind, tmp_path / "image")
    filed: set[int] = set()
    rounds = tries_at_night(5, 3)
    for turn in range(rounds):
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            with Writers(disk / "store", tmp_path, 1 + turn * WRITERS * SPAN, WRITERS, "--upload") as writers:
                writers.wait_until_busy()
                time.sleep(random.uniform(0.1, 0.5))
                sizes = writers.sizes()
                disks.cut_power(disk)
            filed |= writers.filed(sizes)
        with disks.mounted(tmp_path / "disk", image=image) as disk:
            demand_files(disk / "store", filed)
            demand_whole(disk / "store")
    assert filed
    announce(f"power cut, {kind}: {rounds} rounds, {len(filed)} acknowledged files, none lost")
