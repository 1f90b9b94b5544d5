"""Soft and hard deletes at the door of the store: what stays, what goes, and what a crash in between leaves."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import digest
from rmos.errors.records import RunDeleted, RunExists, RunNotFound
from rmos.errors.store import StorageFailed
from rmos.row_models import RunQuery
from rmos.store import Store
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store
from tests.objects.calls import Recorder
from tests.store.processes import in_processes
from tests.store.writing import DAY, add, age, answers, path_of, put


def soft(store: Store, run_id: str, reason: str = "a trial cut") -> bool:
    return store.deletes.soft(run_id, reason, actor=ANNA, us=US).changed


def hard(store: Store, run_id: str) -> bool:
    return store.deletes.hard(run_id, "a customer's name", actor=ANNA, us=US).changed


def test_a_soft_delete_takes_a_run_out_of_lists_and_counts_and_a_restore_brings_it_back(store: Store) -> None:
    kept, run_id = put(store), put(store, US + 1)
    assert soft(store, run_id) is True
    assert listed_ids(store) == [kept]
    assert store.runs.count(RunQuery()) == 1
    with pytest.raises(RunDeleted) as caught:
        store.runs.record(run_id)
    assert caught.value.members["deleted_by"] == "anna"
    assert caught.value.members["reason"] == "a trial cut"
    assert store.deletes.restore(run_id, None, actor=ANNA, us=US).changed is True
    assert listed_ids(store) == [run_id, kept]


def test_doing_the_same_again_answers_with_what_is_there_and_writes_nothing(store: Store, root: Path) -> None:
    run_id = put(store)
    assert store.deletes.restore(run_id, None, actor=ANNA, us=US).changed is False
    soft(store, run_id)
    before = sorted(path.name for path in root.rglob("*.json"))
    outcome = store.deletes.soft(run_id, "another reason", actor=ANNA, us=US)
    assert outcome.changed is False
    assert outcome.deletion is not None
    assert outcome.deletion.reason == "a trial cut"
    assert sorted(path.name for path in root.rglob("*.json")) == before


def test_a_hard_delete_erases_the_artifact_and_keeps_its_digest_and_its_event(store: Store, root: Path) -> None:
    run_id = put(store)
    add(store, run_id)
    sha256 = digest.sha256_hex(path_of(root, run_id).read_bytes())
    assert hard(store, run_id) is True
    assert not path_of(root, run_id).exists()
    [_, event] = store.deletes.events(run_id)
    assert (event.kind, event.data["mode"], event.data["artifact_sha256"]) == ("delete", "hard", sha256)
    known = store.index.runs.find(run_id).value
    assert known is not None
    assert (known.state, known.version) == ("erased", 2)
    assert listed_ids(store, include_deleted=True) == []
    assert hard(store, run_id) is False


def test_trap_49_a_hard_delete_that_was_cut_off_behind_its_event_is_finished_by_the_next_start(
    store: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, kept = put(store), put(store, US + 1)

    def failing(key: str) -> bool:
        raise StorageFailed("The disk did not take the object: input/output error.")

    monkeypatch.setattr(store.objects, "erase", failing)
    with pytest.raises(StorageFailed):
        hard(store, run_id)
    assert path_of(root, run_id).exists()
    store.reconcile()  # the disk fails still, and nothing else waits for that
    assert path_of(root, run_id).exists()
    assert listed_ids(store) == [kept]
    age(root / DAY)
    store.index.close()
    restarted = open_store(tmp_path)
    assert not path_of(root, run_id).exists()
    assert restarted.deletes.find(run_id) is not None
    assert path_of(root, kept).exists()
    assert listed_ids(restarted) == [kept]
    restarted.index.close()


def test_nothing_undoes_a_hard_delete_and_its_id_stays_taken(store: Store) -> None:
    members = make_members(US)
    run_id = store.runs.put(members).view.artifact.run_id
    hard(store, run_id)
    for attempt in (
        lambda: store.deletes.restore(run_id, None, actor=ANNA, us=US),
        lambda: store.runs.record(run_id, include_deleted=True),
        lambda: add_event(store, run_id, "advisory", {"advisory_id": "x"}, actor=ANNA, us=US),
    ):
        with pytest.raises(RunDeleted):
            attempt()
    with pytest.raises(RunExists):
        store.runs.put(members)


def test_a_run_that_is_not_there_cannot_be_deleted(store: Store) -> None:
    put(store)
    for run_id in ("run_0123456789ab", "nonsense", "../../etc/passwd"):
        with pytest.raises(RunNotFound):
            soft(store, run_id)
        with pytest.raises(RunNotFound):
            hard(store, run_id)


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_trap_06_deletes_of_both_kinds_survive_a_rebuild(store: Store, tmp_path: Path, index: str) -> None:
    runs = [put(store, US + number) for number in range(6)]
    soft(store, runs[0])
    hard(store, runs[1])
    soft(store, runs[2])
    hard(store, runs[2])
    soft(store, runs[3])
    store.deletes.restore(runs[3], None, actor=ANNA, us=US)
    before, states = answers(store), store.index.runs.state_counts()
    store.index.close()
    if index == "lost":
        for path in (tmp_path / "runs").glob("_index.sqlite*"):
            path.unlink()
    again = open_store(tmp_path)
    again.reconcile(full=True)
    assert answers(again) == before
    assert again.index.runs.state_counts() == states == {"live": 3, "deleted": 1, "erased": 2}
    again.index.close()


def test_trap_08_hard_deleting_one_run_touches_no_other_whose_name_begins_alike(store: Store, root: Path) -> None:
    short, longer = "run_aaaaaaaaaaaa", "run_aaaaaaaaaaaabbbb"
    for run_id in (short, longer):
        store.runs.put(make_members(US, run_id))
        add(store, run_id)
    link = path_of(root, short).with_name(f"{longer}_advisory_{short}.json")
    link.write_bytes(b'{"advisory_id": "run_aaaaaaaaaaaa"}')
    hard(store, short)
    assert not path_of(root, short).exists()
    assert path_of(root, short, 1).exists()
    assert path_of(root, longer).exists()
    assert link.exists()
    assert listed_ids(store) == [longer]


def test_nothing_is_unlinked_before_the_event_that_says_so_is_durable(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)
    recorder, genuine, seen = Recorder(monkeypatch, root), os.unlink, []

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if path == f"{run_id}.json":
            seen.extend(recorder.calls)
            recorder.calls.clear()
        genuine(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    hard(store, run_id)
    event, day = f"{run_id}.000001.json", path_of(root, run_id).parent.name
    assert seen.index(("fsync", "the file")) < seen.index(("link", event)) < seen.index(("fsync", day))
    assert ("fsync", day) in recorder.calls


def killed(work: Callable[[], object]) -> None:
    """Do the work in a process of its own, which must end by SIGKILL."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


STEPS = ["create", "after create", "erase", "after erase", "upsert"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("delete", [soft, hard])
def test_a_delete_that_is_killed_at_any_step_has_not_begun_or_is_completed_by_doing_it_again(
    store: Store, tmp_path: Path, root: Path, step: str, delete: Callable[[Store, str], bool]
) -> None:
    if delete is soft and "erase" in step:
        return
    run_id = put(store)
    store.index.close()

    def die_at_the_step() -> None:
        victim = open_store(tmp_path, reconcile=False)
        after, name = step.startswith("after "), step.removeprefix("after ")
        owner = victim.index.runs if name == "upsert" else victim.objects
        genuine = getattr(owner, name)

        def deadly(*arguments: object, **named: object) -> None:
            if after:
                genuine(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, deadly)
        delete(victim, run_id)

    killed(die_at_the_step)
    begun = step != "create"
    after = open_store(tmp_path)
    assert listed_ids(after) == ([] if begun else [run_id])
    if begun:
        with pytest.raises(RunDeleted):
            after.runs.record(run_id)
    delete(after, run_id)
    assert path_of(root, run_id).exists() is (delete is soft)
    known = after.index.runs.find(run_id).value
    assert known is not None
    assert known.state == ("deleted" if delete is soft else "erased")
    assert len(after.deletes.events(run_id)) == 1
    after.index.close()


def test_of_many_processes_that_delete_one_run_at_once_one_writes_the_event(store: Store, tmp_path: Path) -> None:
    run_id = put(store)
    store.index.close()

    def delete(number: int) -> bool:
        mine = open_store(tmp_path, reconcile=False)
        try:
            return mine.deletes.soft(run_id, f"by no. {number}", actor=ANNA, us=US).changed
        finally:
            mine.index.close()

    assert sum(in_processes(delete, range(4))) == 1
    assert len(store.deletes.events(run_id)) == 1


def test_an_artifact_that_the_disk_does_not_let_go_is_an_error_and_the_run_is_gone_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put(store)

    def failing(key: str) -> bool:
        raise StorageFailed("The disk did not take it.")

    with monkeypatch.context() as patch:
        patch.setattr(store.objects, "erase", failing)
        with pytest.raises(StorageFailed):
            hard(store, run_id)
    with pytest.raises(RunDeleted):
        store.runs.record(run_id, include_deleted=True)
    assert hard(store, run_id) is False
