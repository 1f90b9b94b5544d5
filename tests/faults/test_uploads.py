"""A file of a run, broken off: each system call of an upload fails or is the last, and the power goes under uploads.

What was acknowledged is there and is named by its run; a run never names what is not there.
"""

import random
import time
from pathlib import Path
from typing import Final

import pytest

from rmos import digest
from rmos.checks.verify import verify_store
from tests.faults import disks, judging, records
from tests.faults.conftest import Announce
from tests.faults.each_call import FAULTS, EachCall
from tests.faults.test_power_cut import KINDS, SPAN, WRITERS, Writers
from tests.faults.tracing import Outcome, PutServer
from tests.faults.uploads import file_of
from tests.trying import tries_at_night

pytestmark = pytest.mark.long

NUMBER: Final = 4


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
    root = tmp_path / "work" / "store"
    arguments: list[str | Path] = [root, str(NUMBER), "--upload"]
    assert server.run([tmp_path / "template" / "store", str(NUMBER), "--reconcile"]).acknowledged(NUMBER)

    def judge(outcome: Outcome) -> None:
        demand_files(root, {NUMBER} if is_filed(outcome) else set())
        demand_whole(root)
        assert is_filed(server.run(arguments))
        demand_files(root, {NUMBER})
        demand_whole(root)

    done = EachCall(server, tmp_path, arguments).break_off(fault, judge, lambda call: not call.on_index)
    assert done.calls >= 8
    announce(f"one upload: {done.calls} calls x {fault}, {done.hit} of them hit")


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
