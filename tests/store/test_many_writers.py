"""Real processes at work on one store at the same time."""

import json
import os
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.errors.records import RunExists
from rmos.errors.store import IndexRebuilding
from rmos.row_models import RunQuery
from rmos.store import Store
from tests.helpers.waiting import wait_until
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store
from tests.store.processes import in_processes

DAY = "2025-12-23"
Job = tuple[Path, int]


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Path:
    """The folder of an empty store that this process holds no connection to."""
    store.index.close()
    return tmp_path


def jobs(folder: Path, count: int) -> list[Job]:
    return [(folder, worker) for worker in range(count)]


def put_200(job: Job) -> list[str]:
    store = open_store(job[0], reconcile=False)
    made = []
    for number in range(200):
        stored = store.runs.put(make_members(notes=f"{job[1]}-{number}"))
        assert stored.created
        assert stored.indexed
        made.append(stored.view.artifact.run_id)
    return made


def test_trap_02_8_processes_of_200_puts_leave_1600_files_and_1600_rows(store: Store, folder: Path) -> None:
    made = {run_id for run_ids in in_processes(put_200, jobs(folder, 8)) for run_id in run_ids}
    assert len(made) == 1600
    files = list((folder / "runs").glob("2*/*"))
    assert {path.name for path in files} == {f"{run_id}.json" for run_id in made}
    assert all(digest.verify_self_digest(path.read_bytes()) for path in files)
    assert store.runs.count(RunQuery()) == 1600
    assert set(listed_ids(store)) == made
    report = store.reconcile(full=True)
    assert (report.indexed, report.damaged, report.missing) == (1600, 0, 0)


def put_one_id(job: Job) -> list[str]:
    """Put the same ids as every other process, half of them with bytes of one's own."""
    store = open_store(job[0], reconcile=False)
    outcomes = []
    for number in range(40):
        notes = f"writer {job[1]}" if number % 2 else "the same"
        try:
            stored = store.runs.put(make_members(US + number, f"run_{number:012x}", notes=notes))
            outcomes.append("created" if stored.created else "again")
        except RunExists:
            outcomes.append("taken")
    return outcomes


def test_trap_05_of_racing_puts_of_one_id_one_wins_the_same_bytes_succeed_and_others_are_refused(
    store: Store, folder: Path
) -> None:
    for number, outcomes in enumerate(zip(*in_processes(put_one_id, jobs(folder, 8)), strict=True)):
        assert sorted(outcomes) == sorted(["created", *(["taken"] if number % 2 else ["again"]) * 7])
    assert store.runs.count(RunQuery()) == 40


def add_events(job: Job) -> list[int]:
    """Add events while the clock steps back, and say which numbers they got."""
    store = open_store(job[0], reconcile=False)
    numbers = []
    run_id = listed_of(job[0])[0]
    for number in range(12):
        data = {"advisory_id": f"adv_{job[1]}_{number}"}
        us = US + 10_000_000 - number * 1_000_000 * (job[1] + 1)
        numbers.append(add_event(store, run_id, "advisory", data, actor=ANNA, us=us).view.version)
    return numbers


def listed_of(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "runs").glob("2*/run_*.json") if "." not in path.stem)


@pytest.mark.parametrize("writers", [2, 8])
def test_writers_of_events_on_one_run_with_clocks_stepping_back_lose_no_number_and_fold_alike(
    store: Store, folder: Path, writers: int
) -> None:
    run_id = store.runs.put(make_members(US)).view.artifact.run_id
    store.index.close()
    numbers = in_processes(add_events, jobs(folder, writers))
    assert sorted(number for own in numbers for number in own) == list(range(1, 12 * writers + 1))
    assert all(own == sorted(own) for own in numbers)
    views = []
    for reader in (store, open_store(folder, reconcile=False), open_store(folder)):
        view = reader.runs.record(run_id).view()
        views.append([advisory["advisory_id"] for advisory in view.advisories])
        [item] = store.runs.page(RunQuery(), limit=5).items
        assert json.loads(item)["advisories"] == views[-1]
    (folder / "runs" / "_index.sqlite").unlink()
    without_index = open_store(folder, reconcile=False).runs.record(run_id).view()
    views.append([advisory["advisory_id"] for advisory in without_index.advisories])
    assert views[0] == views[1] == views[2] == views[3]
    assert len(set(views[0])) == 12 * writers
    for worker in range(writers):
        own = [one for one in views[0] if one.startswith(f"adv_{worker}_")]
        assert own == [f"adv_{worker}_{number}" for number in range(12)]


def delete_and_restore(job: Job) -> int:
    store = open_store(job[0], reconcile=False)
    [run_id] = listed_of(job[0])
    for number in range(15):
        kind = "delete" if (number + job[1]) % 2 else "restore"
        add_event(store, run_id, kind, {"mode": "soft", "reason": "a trial"}, actor=ANNA, us=ids.now_us())
    return 0


def test_trap_06_deletes_and_restores_at_once_end_the_same_in_the_list_and_in_the_record(
    store: Store, folder: Path
) -> None:
    run_id = store.runs.put(make_members(US)).view.artifact.run_id
    store.index.close()
    in_processes(delete_and_restore, jobs(folder, 4))
    record = store.runs.record(run_id, include_deleted=True)
    assert record.version == 60
    assert (record.deletion is None) == (record.events[-1].kind == "restore")
    assert listed_ids(store) == ([run_id] if record.deletion is None else [])
    before = listed_ids(store)
    store.reconcile(full=True)
    assert listed_ids(store) == before


def put_and_delete(job: Job) -> dict[str, bool]:
    """Put runs, delete every third, and say which of them live."""
    store = open_store(job[0], reconcile=False)
    lives = {}
    for number in range(60):
        run_id = store.runs.put(make_members()).view.artifact.run_id
        lives[run_id] = number % 3 != 0
        if number % 3 == 0:
            add_event(store, run_id, "delete", {"mode": "soft", "reason": "x"}, actor=ANNA, us=ids.now_us())
    store.index.close()
    (job[0] / f"done-{job[1]}").touch()
    return lives


def rebuild_until_done(job: Job) -> dict[str, bool]:
    """Rebuild again and again, at times after losing the index."""
    store = open_store(job[0])
    rounds = 0
    while sum(name.startswith("done-") for name in os.listdir(job[0])) < 4:
        rounds += 1
        if rounds % 4 == 2:
            (job[0] / "runs" / "_index.sqlite").unlink()
        if rounds % 4 == 0:
            os.truncate(job[0] / "runs" / "_index.sqlite", 9000)
        store.reconcile(full=rounds % 2 == 0)
    assert rounds > 1
    store.reconcile()
    store.index.close()
    return {}


def list_until_done(job: Job) -> dict[str, bool]:
    """List again and again: what was listed before and not deleted since must be listed again."""
    store = open_store(job[0])
    seen: set[str] = set()
    while sum(name.startswith("done-") for name in os.listdir(job[0])) < 4:
        there = {path.stem for path in (job[0] / "runs").glob("2*/run_*.json") if "." not in path.stem}
        try:
            listed = set(listed_ids_with_deleted(store))
        except IndexRebuilding:
            continue
        assert seen <= listed
        seen = listed & there
    store.index.close()
    return {}


def listed_ids_with_deleted(store: Store) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = store.runs.page(RunQuery(include_deleted=True), limit=100, cursor=cursor)
        found += [json.loads(item)["run_id"] for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def play(job: Job) -> dict[str, bool]:
    return (put_and_delete if job[1] < 4 else rebuild_until_done if job[1] == 4 else list_until_done)(job)


def test_trap_06_rebuilding_beside_four_writers_and_losing_the_index_meanwhile_loses_nothing(
    store: Store, folder: Path
) -> None:
    lives = {run_id: alive for made in in_processes(play, jobs(folder, 6)) for run_id, alive in made.items()}
    assert len(lives) == 240
    store.reconcile()
    assert set(listed_ids(store)) == {run_id for run_id, alive in lives.items() if alive}
    assert set(listed_ids(store, include_deleted=True)) == set(lives)
    before = listed_ids(store)
    store.reconcile(full=True)
    assert listed_ids(store) == before


def open_and_put(job: Job) -> str:
    store = open_store(job[0])
    stored = store.runs.put(make_members())
    assert stored.indexed
    assert store.runs.count(RunQuery()) >= 1
    return stored.view.artifact.run_id


def test_processes_that_open_a_store_that_is_not_there_yet_all_find_the_same_one(tmp_path: Path) -> None:
    made = in_processes(open_and_put, jobs(tmp_path, 6))
    store = open_store(tmp_path)
    assert sorted(listed_ids(store)) == sorted(made)
    assert not [name for name in os.listdir(tmp_path / "runs") if ".new-" in name]


def walk_while_others_write(job: Job) -> list[str]:
    """Walk by cursors while others put and delete; before each page one of them has written."""
    store = open_store(job[0])
    if job[1]:
        while not (job[0] / "walked").exists():
            run_id = store.runs.put(make_members(ids.now_us())).view.artifact.run_id
            add_event(store, run_id, "delete", {"mode": "soft", "reason": "x"}, actor=ANNA, us=ids.now_us())
        return []
    walked: list[str] = []
    cursor = None
    everything = RunQuery(include_deleted=True)
    while True:
        count = store.runs.count(everything)
        wait_until(lambda before=count: store.runs.count(everything) > before, "a write")  # type: ignore[misc]
        page = store.runs.page(RunQuery(), limit=3, cursor=cursor)
        walked += [json.loads(item)["run_id"] for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            (job[0] / "walked").touch()
            return walked


def test_trap_13_a_walk_shows_each_run_that_was_there_throughout_exactly_once(store: Store, folder: Path) -> None:
    there = [store.runs.put(make_members(US + number // 3)).view.artifact.run_id for number in range(90)]
    store.index.close()
    walked = in_processes(walk_while_others_write, jobs(folder, 3))[0]
    assert len(set(walked)) == len(walked)
    assert [run_id for run_id in walked if run_id in set(there)] == [
        run_id for _, run_id in sorted(((ids.moment_of(one) or 0, one) for one in there), reverse=True)
    ]
