"""A disk that is really full: a small tmpfs and a small ext4, filled to the last block and to a few blocks before."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.errors.store import OutOfSpace
from rmos.models import Stored
from rmos.row_models import RunQuery
from rmos.store.runs import NewRun
from tests.faults import disks, judging, records
from tests.faults.conftest import Announce
from tests.faults.tracing import Outcome, PutServer

pytestmark = [pytest.mark.long, pytest.mark.root]


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Give a small filesystem of its own."""
    image = None if request.param == "tmpfs" else disks.make_image(request.param, tmp_path / "image")
    with disks.mounted(tmp_path / "disk", image=image) as folder:
        yield folder


def judge(outcome: Outcome, number: int) -> str:
    """Return what came of a put: refused for want of space, acknowledged, or that and indexed; nothing else may."""
    assert outcome.status in (0, 1), f"it crashed ({outcome.status}): {outcome.errors[-600:]}"
    if not outcome.acknowledged(number):
        assert outcome.refusals == ["OUT_OF_SPACE"]
        return "refused"
    return outcome.said[0].split()[2]


def test_a_full_disk_is_a_507_that_tears_nothing_and_the_put_works_once_there_is_room(disk: Path) -> None:
    root = disk / "store"
    store = judging.open_store(root)
    with contextlib.closing(store.index):
        store.reconcile()
        store.runs.put(records.members(1))
        filler = disks.fill(disk)
        for number in range(2, 12):
            with pytest.raises(OutOfSpace) as caught:
                store.runs.put(records.members(number))
            assert caught.value.status == 507
        assert judging.whole_runs(root) == {records.run_id(1)}
        assert store.runs.record(records.run_id(1)).data == records.data(1)
        assert store.runs.count(RunQuery()) == 1
        filler.unlink()
        for number in range(2, 12):
            store.runs.put(records.members(number))
    judging.demand_runs(root, range(1, 12))
    judging.demand_agreement(root)


def test_of_many_runs_put_together_those_without_room_are_refused_and_the_others_stand(
    disk: Path, announce: Announce
) -> None:
    root = disk / "store"
    store = judging.open_store(root)
    told: Counter[str] = Counter()
    with contextlib.closing(store.index):
        store.reconcile()
        first = 1
        for blocks in (0, 5, 20, 40):
            filler = disks.fill(disk, leave_blocks=blocks)
            numbers = range(first, first + 30)
            results = store.runs.put_many([NewRun(records.members(number)) for number in numbers])
            filler.unlink()
            assert {type(result) for result in results} <= {Stored, OutOfSpace}
            stand = {number for number, one in zip(numbers, results, strict=True) if isinstance(one, Stored)}
            judging.demand_runs(root, stand)
            told += Counter(type(result).__name__ for result in results)
            again = store.runs.put_many([NewRun(records.members(number)) for number in numbers])
            assert all(isinstance(result, Stored) for result in again)
            first += 30
    announce(f"30 runs together with 0, 5, 20 and 40 free blocks: {dict(told)}")
    assert told.keys() == {"Stored", "OutOfSpace"}
    judging.demand_runs(root, range(1, first))
    judging.demand_agreement(root)


def test_a_disk_with_room_for_the_record_and_not_for_the_index_still_records(
    disk: Path, server: PutServer, announce: Announce
) -> None:
    root = disk / "store"
    assert judge(server.run([root, "0", "--reconcile"]), 0) == "indexed"
    outcomes: Counter[str] = Counter()
    kept = {0}
    for blocks in range(48):
        filler = disks.fill(disk, leave_blocks=blocks)
        outcome = judge(server.run([root, str(blocks + 1)]), blocks + 1)
        filler.unlink()
        outcomes[outcome] += 1
        kept |= {blocks + 1} - ({blocks + 1} if outcome == "refused" else set())
        assert judging.whole_runs(root) == {records.run_id(number) for number in kept}
    announce(f"puts with 0 to 47 free blocks of 4 KiB: {dict(outcomes)}")
    judging.demand_runs(root, kept)
    judging.demand_agreement(root)
    assert set(outcomes) == {"refused", "unindexed", "indexed"}


def test_an_index_that_lies_on_a_full_disk_of_its_own_keeps_no_run_from_being_recorded(
    disk: Path, tmp_path: Path, server: PutServer
) -> None:
    root = tmp_path / "store"
    index = ["--database-url", f"sqlite:///{disk}/index.sqlite"]
    assert judge(server.run([root, "0", "--reconcile", *index]), 0) == "indexed"
    filler = disks.fill(disk)
    for number in range(1, 6):
        assert judge(server.run([root, str(number), "--reconcile", *index]), number) == "unindexed"
    filler.unlink()
    assert judge(server.run([root, "6", "--reconcile", *index]), 6) == "indexed"
    judging.demand_runs(root, range(7))
    judging.demand_agreement(root)
