"""Bringing the index up to the record, and what damage changes in it."""

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rmos import digest, ids
from rmos.errors.store import IndexUnavailable
from rmos.row_models import RunQuery, SessionQuery
from rmos.services.sessions import create_session
from rmos.store import Store, layout
from rmos.store.sessions import SessionChange
from tests.helpers.failing import failing_to_open
from tests.makers import ANNA, US, add_event, listed_ids, make_event, open_store, write_raw
from tests.store.writing import DAY, DAY_US, add, age, answers, fill, put, write_run, write_unseen


def test_what_others_wrote_is_picked_up_with_its_events(store: Store, root: Path) -> None:
    known = put(store)
    run_id = write_run(root, US + 1)
    artifact = (root / DAY / f"{run_id}.json").read_bytes()
    write_raw(root / DAY / f"{run_id}.000001.json", make_event(run_id, 1, digest.sha256_hex(artifact)))
    report = store.reconcile()
    assert (report.indexed, report.damaged, report.missing, report.replaced_index) == (1, 0, 0, False)
    [first, second] = [json.loads(item) for item in store.runs.page(RunQuery(), limit=5).items]
    assert (first["run_id"], first["version"], first["advisories"]) == (run_id, 1, ["adv_1"])
    assert second["run_id"] == known


def test_events_that_the_index_missed_are_picked_up(store: Store, root: Path, tmp_path: Path) -> None:
    run_id = put(store)
    blind = open_store(tmp_path, reconcile=False)
    blind.runs._summarise = None
    add(blind, run_id, "delete", mode="soft", reason="a trial")
    assert listed_ids(store) == [run_id]
    assert store.reconcile().indexed == 1
    assert listed_ids(store) == []


def test_nothing_new_is_nothing_to_do(store: Store) -> None:
    fill(store)
    before = answers(store)
    for _ in range(2):
        report = store.reconcile()
        assert (report.indexed, report.damaged, report.missing) == (0, 0, 0)
    assert answers(store) == before


def test_a_folder_that_has_not_changed_is_not_listed_again(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store)
    age(root / DAY)
    store.reconcile()
    unseen = write_unseen(root, US + 1)
    assert store.reconcile().indexed == 0
    age(root / DAY)
    assert store.reconcile().indexed == 1
    assert unseen in listed_ids(store)


def test_a_folder_that_changed_just_now_is_listed_again_even_if_its_time_is_the_same(store: Store, root: Path) -> None:
    put(store)
    store.reconcile()
    unseen = write_unseen(root, US + 1)  # within one tick of the folder's clock
    assert store.reconcile().indexed == 1
    assert unseen in listed_ids(store)


def test_a_folder_from_the_future_is_listed_every_time(store: Store, root: Path) -> None:
    put(store)
    then = time.time_ns() + 3_600_000_000_000  # the clock was set back since
    os.utime(root / DAY, ns=(then, then))
    store.reconcile()
    unseen = write_unseen(root, US + 1)
    assert store.reconcile().indexed == 1
    assert unseen in listed_ids(store)


def test_the_time_that_is_remembered_is_the_one_before_the_listing(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store)
    age(root / DAY)
    genuine = store.objects.names
    late: list[str] = []

    def racing(folder: str) -> list[str]:
        names = genuine(folder)
        if folder == DAY and not late:
            late.append(write_run(root, US + 1))  # comes right after the listing
        return names

    monkeypatch.setattr(store.objects, "names", racing)
    store.reconcile()
    store.reconcile()
    assert late[0] in listed_ids(store)


def test_old_debris_of_writers_is_swept_and_young_debris_is_kept(store: Store, root: Path) -> None:
    put(store)
    for name, seconds in ((".tmp-old", 4000), (".tmp-young", 60)):
        write_raw(root / DAY / name, b"")
        os.utime(root / DAY / name, (time.time() - seconds,) * 2)
    store.reconcile()
    assert [name for name in os.listdir(root / DAY) if name.startswith(".tmp")] == [".tmp-young"]


def test_a_rebuild_sweeps_what_writers_left_beside_the_runs_and_keeps_what_they_wrote(store: Store, root: Path) -> None:
    claim = f"_claims/ab/{'ab' * 32}.json"
    old = ["_claims/ab/.tmp-1", "_tokens/.tmp-2", f"_audit/{DAY}/.tmp-3"]
    for key in (claim, "_claims/ab/.tmp-young", *old):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(b"{}")
    for key in (claim, *old):
        os.utime(root / key, (time.time() - 7200,) * 2)
    store.reconcile()
    assert (root / old[0]).exists(), "a pass over what changed does not go there"
    store.reconcile(full=True)
    assert not any((root / key).exists() for key in old)
    assert (root / claim).exists()
    assert (root / "_claims/ab/.tmp-young").exists()


def test_trap_07_damaged_runs_are_listed_as_errors_and_heal_when_their_bytes_are_back(store: Store, root: Path) -> None:
    runs = fill(store)
    healthy = answers(store)
    paths = [next(root.glob(f"*/{run_id}.json")) for run_id in runs[:3]]
    kept = [path.read_bytes() for path in paths]
    for path in paths:
        write_raw(path, b"junk")
    report = store.reconcile(full=True)
    assert report.damaged == 3
    shown = {run["run_id"]: run for run in map(json.loads, store.runs.page(RunQuery(), limit=500).items)}
    for run_id in runs[:3]:
        assert (shown[run_id]["status"], shown[run_id]["risk_level"]) == ("ERROR", "ERROR")
    for path, data in zip(paths, kept, strict=True):
        write_raw(path, data)
    store.reconcile()
    assert answers(store) == healthy


def test_a_run_whose_file_is_gone_is_unlisted_and_comes_back_with_it(store: Store, root: Path) -> None:
    runs = fill(store)
    before = answers(store)
    for full in (False, True):
        aside = []
        for run_id in runs[2:5]:
            for path in root.glob(f"*/{run_id}*"):
                aside.append((path, path.with_name(f"x{path.name}")))
        for path, away in aside:
            path.rename(away)
        assert store.reconcile(full=full).missing == 3
        assert not {*runs[2:5]} & {*listed_ids(store, include_deleted=True)}
        assert store.index.runs.state_counts()["missing"] == 3
        for path, away in aside:
            away.rename(path)
        store.reconcile()
        assert answers(store) == before
        assert "missing" not in store.index.runs.state_counts()


def test_a_run_whose_artifact_is_gone_but_not_its_events_is_unlisted_too(store: Store, root: Path) -> None:
    run_id = put(store)
    add(store, run_id)
    (root / DAY / f"{run_id}.json").rename(root / "kept")
    assert store.reconcile().missing == 1
    assert listed_ids(store) == []
    (root / "kept").rename(root / DAY / f"{run_id}.json")
    store.reconcile()
    assert listed_ids(store) == [run_id]


def test_a_partition_that_is_gone_leaves_its_rows_unlisted(store: Store, root: Path) -> None:
    runs = fill(store)
    before = answers(store)
    (root / DAY).rename(root / "away")
    gone = [run_id for run_id in runs if layout.home_partition(run_id) == DAY]
    assert store.reconcile().missing == len(gone) > 1
    assert not {*gone} & {*listed_ids(store, include_deleted=True)}
    (root / "away").rename(root / DAY)
    store.reconcile()
    assert answers(store) == before


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("partition", ["2025-01-01", "2025-12-31"])
@pytest.mark.parametrize("what", ["copy", "copy with an event more", "event", "link"])
def test_what_stands_in_another_partition_never_changes_the_healthy_run(
    store: Store, root: Path, full: bool, partition: str, what: str
) -> None:
    run_id = put(store)
    data = (root / DAY / f"{run_id}.json").read_bytes()
    before = answers(store)
    event = make_event(run_id, 1, digest.sha256_hex(data), {"kind": "delete", "data": {"mode": "soft"}})
    if what.startswith("copy"):
        write_raw(root / partition / f"{run_id}.json", data)
    if "event" in what:
        write_raw(root / partition / f"{run_id}.000001.json", event)
    if what == "link":
        write_raw(root / partition / f"{run_id}_advisory_x.json", b'{"advisory_id": "x"}')
    store.reconcile(full=full)
    assert answers(store) == before
    (root / "_index.sqlite").unlink()
    store.reconcile()
    assert answers(store) == before
    assert store.runs.record(run_id).version == 0


@pytest.mark.parametrize("events", [0, 2])
def test_a_run_in_quarantine_stays_listed_as_an_error_without_a_gap(store: Store, root: Path, events: int) -> None:
    run_id, other = put(store), put(store, US + 1)
    for _ in range(events):
        add(store, run_id)
    path = root / DAY / f"{run_id}.json"
    write_raw(path, path.read_bytes()[:-1])
    store.objects.quarantine(layout.artifact_key(DAY, run_id))
    for _ in range(2):
        store.reconcile()
        assert listed_ids(store) == [other, run_id]
        assert store.index.runs.state_counts() == {"live": 1, "damaged": 1}
    assert store.reconcile(full=True).missing == 0
    (root / "_index.sqlite").unlink()
    store.reconcile()
    assert listed_ids(store) == [other, run_id]


def test_hostile_files_of_every_kind_do_not_stop_a_reconcile(store: Store, root: Path, tmp_path: Path) -> None:
    healthy = put(store)
    folder = root / DAY
    earlier = iter(f"run_{number:012x}" for number in range(100))
    os.mkfifo(folder / f"{next(earlier)}.json")
    (folder / f"{next(earlier)}.json").mkdir()
    (folder / f"{next(earlier)}.json").symlink_to("/etc/passwd")
    os.truncate(write_raw(folder / f"{next(earlier)}.json", b""), 2**40)
    for data in (b"", b"[" * 100_000, b"{}", b"null", b"\xff\xfe", b'{"run_id": 5}', b'{"_sha256":"' + b"0" * 64):
        write_raw(folder / f"{next(earlier)}.json", data)
    for name in ("run_test.json", "a" * 250, "\udcff.json", "run_000000000000.999999999.json", "x\n.json"):
        write_raw(folder / name, b"")
    (root / "2025-12-24").symlink_to(tmp_path)
    write_raw(root / "2025-12-25", b"")
    write_raw(root / "9999-99-99" / "x", b"")
    (root / "2025-12-26").mkdir()
    for full in (False, True):
        store.reconcile(full=full)
        assert healthy in listed_ids(store)
        assert store.index.runs.state_counts()["damaged"] == 11


def test_a_run_from_beyond_the_end_of_time_is_damage_and_no_crash(store: Store, root: Path) -> None:
    write_raw(root / DAY / "run_ffffffffffff70008000000000000000.json", b"junk")
    assert store.reconcile().damaged == 1


def test_single_rows_are_computed_again_whatever_they_say_and_no_list_misses_them(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [put(store, US + number) for number in range(4)]
    before = answers(store)
    altered: dict[str, Any] = {"version": 9, "summary": '{"run_id": "altered"}', "status": "ERROR"}
    for row, _ in store.index.runs.rows(DAY, runs[1], runs[2]):
        store.index.runs.upsert([msgspec.structs.replace(row, **altered)])
    assert answers(store) != before
    genuine = store.index.runs.upsert

    def looking(*args: Any, **how: Any) -> None:
        assert store.runs.count(RunQuery()) == 4
        genuine(*args, **how)
        assert store.runs.count(RunQuery()) == 4

    monkeypatch.setattr(store.index.runs, "upsert", looking)
    store.refold([(DAY, runs[1]), (DAY, runs[2]), (DAY, "run_000000000000")])
    assert answers(store) == before
    store.refold([], forget=[runs[0]])
    assert listed_ids(store) == runs[:0:-1]


def test_a_partition_that_comes_back_with_its_old_time_is_listed_again(store: Store, root: Path) -> None:
    runs, later = [put(store), put(store, US + 1)], put(store, US + DAY_US)
    age(root / DAY)
    store.reconcile()
    (root / DAY).rename(root / "away")
    store.reconcile()
    assert listed_ids(store) == [later]
    (root / "away").rename(root / DAY)
    store.reconcile()
    assert listed_ids(store) == [later, *runs[::-1]]


def test_a_store_whose_folder_is_empty_though_its_index_is_not_is_not_taken_for_empty(
    store: Store, root: Path, tmp_path: Path
) -> None:
    fill(store)
    before = answers(store)
    days = [path for path in root.iterdir() if path.name.startswith("2")]
    for day in days:
        day.rename(tmp_path / day.name)  # a disk that is not mounted
    for full in (False, True):
        with pytest.raises(IndexUnavailable, match="mounted"):
            store.reconcile(full=full)
    for day in days:
        (tmp_path / day.name).rename(day)
    store.reconcile()
    assert answers(store) == before


def test_a_first_run_that_comes_between_two_looks_is_no_lost_disk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is listed, then a writer makes the first folder of a date and its row, then the index is asked."""
    seen: list[list[str]] = []
    reader = type(store.reader)
    partitions = reader.partitions

    def listed(self: Any) -> list[str]:
        found = partitions(self)
        if not seen:
            seen.append(found)
            put(store)
        return found

    monkeypatch.setattr(reader, "partitions", listed)
    store.reconcile()
    assert (seen, len(listed_ids(store))) == ([[]], 1)


def test_trap_49_lists_say_too_that_an_explanation_was_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> list[str]:
        return [json.loads(item)["explanation_status"] for item in store.runs.page(RunQuery(), limit=5).items]

    us = DAY_US + 1_000_000
    monkeypatch.setattr(ids, "now_us", lambda: us)
    run_id = put(store)
    add_event(store, run_id, "explanation", {"status": "PENDING"}, actor=ANNA, us=us)
    store.reconcile()
    assert shown() == ["PENDING"]
    assert store.runs.record(run_id).view().explanation_status == "PENDING"
    monkeypatch.setattr(ids, "now_us", lambda: us + 301_000_000)
    assert store.runs.record(run_id).view().explanation_status == "ERROR"
    store.reconcile()
    assert shown() == ["ERROR"]
    assert store.index.runs.pending() == []


def test_of_runs_side_by_side_just_those_are_unlisted_whose_files_are_gone(store: Store, root: Path) -> None:
    runs = [put(store, US + number) for number in range(5)]
    for run_id in (runs[1], runs[3]):
        (root / DAY / f"{run_id}.json").unlink()
    assert store.reconcile().missing == 2
    assert listed_ids(store) == [runs[4], runs[2], runs[0]]


def test_an_index_that_is_replaced_while_it_is_filled_is_filled_from_the_start(
    store: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    before = answers(store)
    other = open_store(tmp_path, reconcile=False)
    genuine = store.index.runs.upsert
    replaced: list[bool] = []

    def replace_after(*arguments: Any, **how: Any) -> None:
        genuine(*arguments, **how)
        if not replaced:
            (root / "_index.sqlite").unlink()
            replaced.append(other.index.prepare())

    monkeypatch.setattr(store.index.runs, "upsert", replace_after)
    store.reconcile(full=True)
    assert replaced == [True]
    assert answers(store) == before
    other.index.close()


def make_session(store: Store) -> str:
    """Make a session of a past day and return its folder."""
    session_id = store.sessions.create(
        ids.new_session_id(US), SessionChange(fields={"user_id": "anna"}), actor=ANNA, us=US
    ).session.session_id
    return str(layout.session_folder(session_id))


def test_a_folder_of_sessions_that_has_not_changed_is_not_listed_again_unless_all_are(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session(store)
    age(root / folder)
    assert store.reconcile().sessions == 1
    genuine = store.objects.names
    listed: list[str] = []

    def names(folder: str) -> list[str]:
        listed.append(folder)
        return genuine(folder)

    monkeypatch.setattr(store.objects, "names", names)
    assert store.reconcile().sessions == 0
    assert folder not in listed
    assert store.reconcile(full=True).sessions == 1
    assert folder in listed


def test_a_folder_of_sessions_that_comes_back_with_its_old_time_is_listed_again(store: Store, root: Path) -> None:
    folder = make_session(store)
    age(root / folder)
    store.reconcile()
    (root / folder).rename(root / "away")
    assert store.reconcile().missing == 1
    assert store.session_lists.page(SessionQuery(), limit=5).count == 0
    (root / "away").rename(root / folder)
    store.reconcile()
    assert store.session_lists.page(SessionQuery(), limit=5).count == 1


def test_the_legacy_index_has_everything_folded_again_when_it_changes_and_not_when_it_is_gone(
    store: Store, root: Path
) -> None:
    run_id = put(store)
    age(root / DAY)
    store.reconcile()
    path = write_raw(root / layout.LEGACY_INDEX_KEY, b"{}")
    assert store.reconcile().indexed == 1
    assert store.reconcile().indexed == 0
    path.rename(root / "away")
    assert store.reconcile().indexed == 0
    (root / "away").rename(path)  # as it was
    assert store.reconcile().indexed == 0
    write_raw(path, b"{ }")
    os.utime(path, ns=(1, 1))
    assert store.reconcile().indexed == 1
    assert listed_ids(store) == [run_id]


def test_trap_49_what_could_not_be_read_is_looked_at_again_though_nothing_changed(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unseen = put(store), write_run(root, US + 1)
    age(root / DAY)
    genuine = os.open

    def failing(path: Any, *args: Any, **how: Any) -> int:
        if str(path).endswith(f"{unseen}.json"):
            raise OSError(errno.EIO, "Input/output error", path)
        return genuine(path, *args, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", failing)
        assert store.reconcile().damaged == 1
    assert store.reconcile().indexed == 1
    assert sorted(listed_ids(store)) == sorted([known, unseen])
    assert store.reconcile().indexed == 0


def test_trap_49_a_session_that_could_not_be_read_keeps_its_row_and_is_looked_at_again(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = create_session(store, {}, actor=ANNA, us=US).session.session_id
    store.reconcile()
    writer = open_store(root.parent, reconcile=False)
    monkeypatch.setattr(writer.gaps, "write", lambda upsert, version: False)
    second = create_session(writer, {}, actor=ANNA, us=US + 1).session.session_id
    age(root / "_sessions" / DAY)
    with failing_to_open(monkeypatch, "ws_"):
        report = store.reconcile(full=True)
    assert (report.unavailable, report.damaged, report.sessions) == (2, 1, 0)
    states = {row: known.state for row, known in store.index.sessions.known(DAY).items()}
    assert states == {first: "live", second: "damaged"}
    assert store.reconcile().sessions == 2
    assert {known.state for known in store.index.sessions.known(DAY).values()} == {"live"}
