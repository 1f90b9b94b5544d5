"""Appending: cut off at any step it is completed by the next one, and appenders beside each other make one log."""

import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rmos import ids
from rmos.checks.evidence import check_evidence
from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust
from rmos.errors.store import OutOfSpace
from rmos.index.sqlite_log import SqliteLog
from rmos.objects.local import LocalObjects
from rmos.services.evidence import append_log, change_key, start_log
from rmos.store import Store
from rmos.store.evidence import appending, signing
from rmos.store.evidence.objects import LogObjects
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.note import VerifierKey
from tests.helpers.waiting import wait_until
from tests.makers import ANNA, US, make_members, open_store
from tests.store.processes import in_processes

ORIGIN = "shop.example/evidence"
STEPS = ((LocalObjects, "create"), (signing, "replace_file"), (SqliteLog, "add"))
"""What an append does to the world, and a change of keys."""


class Cut(BaseException):
    """The process ends here."""


class Steps:
    """Counts the steps of what is done, and cuts it off before one of them, or behind it."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int = -1, *, behind: bool = False, error: type = Cut) -> None:
        self.count = 0
        self._at, self._behind, self._error = at, behind, error
        for place, name in STEPS:
            patch.setattr(place, name, self._watch(getattr(place, name)))

    def _watch(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self._at and not self._behind:
                raise self._error("cut off")
            done = step(*arguments, **options)
            if number == self._at:
                raise self._error("cut off")
            return done

        return watched


def start(folder: Path) -> VerifierKey:
    """Make a store with some runs and a log."""
    store = open_store(folder, reconcile=True)
    for number in range(3):
        store.runs.put(make_members(US + number))
    key = start_log(store, KeyFile(folder / KEY_FILE), origin=ORIGIN, actor=ANNA, us=US).verifier_key
    store.runs.put(make_members(US + 10))
    store.index.close()
    return key


def list_logged(folder: Path) -> Counter[str]:
    """Return how often each key of the record stands in the log, as its batches have it."""
    log = LogObjects(open_store(folder, reconcile=False).objects)
    return Counter(entry.key for number in log.list_batches() for entry in log.read_batch(number).entries())


def find_faults(folder: Path, *keys: VerifierKey) -> list[tuple[str, str]]:
    """Return kind and path of what is wrong with record and log."""
    found = check_evidence(open_store(folder, reconcile=False).objects, EvidenceTrust(keys)).findings
    return [(finding.kind, finding.path) for finding in found if finding.kind not in NOT_FAULTS]


def demand_whole(folder: Path, *keys: VerifierKey) -> None:
    """Demand that the log is sound under a key, and that each artifact is in it once."""
    assert find_faults(folder, *keys) == []
    logged = list_logged(folder)
    artifacts = {f"{path.parent.name}/{path.name}" for path in (folder / "runs").glob("2*/run_*.json")}
    assert {key for key in logged if key.startswith("2")} == artifacts
    assert set(logged.values()) == {1}


def do_append(folder: Path, us: int = US + 20) -> None:
    store = open_store(folder, reconcile=False)
    append_log(store, KeyFile(folder / KEY_FILE), us=us)
    store.index.close()


def do_change(folder: Path) -> None:
    store = open_store(folder, reconcile=False)
    change_key(store, KeyFile(folder / KEY_FILE), lost=False, actor=ANNA, us=US + 20)
    store.index.close()


def count_steps(folder: Path, work: Callable[[Path], None]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        steps = Steps(patch)
        work(folder)
    return steps.count


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("work", [do_append, do_change], ids=["append", "rotate-key"])
def test_what_is_cut_off_at_any_step_is_completed(tmp_path: Path, work: Callable[[Path], None], behind: bool) -> None:
    key = start(tmp_path / "template")
    shutil.copytree(tmp_path / "template", tmp_path / "counted")
    steps = count_steps(tmp_path / "counted", work)
    assert steps > 2
    for at in range(steps):
        folder = Path(shutil.copytree(tmp_path / "template", tmp_path / f"cut-{at}"))
        with pytest.MonkeyPatch.context() as patch:
            Steps(patch, at, behind=behind)
            with pytest.raises(Cut):
                work(folder)
        work(folder)
        demand_whole(folder, key)
        names = sorted(path.name for path in folder.glob("evidence.*"))
        assert names == ["evidence.key", "evidence.signed"]


def watch_order(patch: pytest.MonkeyPatch) -> list[str]:
    """Return the folders that are made durable and the objects that are created from now on, in order."""
    order: list[str] = []
    settle, create = LocalObjects.ensure_folder_durable, LocalObjects.create

    def settle_folder(objects: LocalObjects, folder: str) -> None:
        settle(objects, folder)
        order.append(folder)

    def create_object(objects: LocalObjects, key: str, data: bytes) -> bool:
        order.append(key)
        return create(objects, key, data)

    patch.setattr(LocalObjects, "ensure_folder_durable", settle_folder)
    patch.setattr(LocalObjects, "create", create_object)
    return order


def test_the_batch_of_one_who_died_is_durable_before_it_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        Steps(patch, 0, behind=True)  # the batch is there, and nothing of what follows from it
        with pytest.raises(Cut):
            do_append(tmp_path)
    order = watch_order(monkeypatch)
    do_append(tmp_path)
    assert order.index("_evidence/batch") < order.index("_evidence/checkpoint/002")


def test_the_batch_of_one_who_was_faster_is_durable_before_it_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path)
    create = LocalObjects.create

    def let_another_be_faster(objects: LocalObjects, key: str, data: bytes) -> bool:
        if key == "_evidence/batch/002.sha256":
            monkeypatch.setattr(LocalObjects, "create", create)
            with pytest.MonkeyPatch.context() as patch:
                Steps(patch, 0, behind=True)
                with pytest.raises(Cut):
                    do_append(tmp_path, US + 21)
            watched.append(watch_order(monkeypatch))
        return create(objects, key, data)

    watched: list[list[str]] = []
    monkeypatch.setattr(LocalObjects, "create", let_another_be_faster)
    do_append(tmp_path)
    (seen,) = watched
    assert seen.index("_evidence/batch") < seen.index("_evidence/checkpoint/002")


def test_a_full_disk_at_any_step_loses_nothing(tmp_path: Path) -> None:
    key = start(tmp_path / "template")
    shutil.copytree(tmp_path / "template", tmp_path / "counted")
    for at in range(count_steps(tmp_path / "counted", do_append)):
        folder = Path(shutil.copytree(tmp_path / "template", tmp_path / f"full-{at}"))
        with pytest.MonkeyPatch.context() as patch:
            Steps(patch, at, error=OutOfSpace)
            with pytest.raises(OutOfSpace):
                do_append(folder)
        do_append(folder)
        demand_whole(folder, key)


def test_the_clock_is_not_what_orders_the_log(tmp_path: Path) -> None:
    key = start(tmp_path)
    store = open_store(tmp_path, reconcile=False)
    for number in range(3):
        store.runs.put(make_members(US + 100 + number))
        append_log(store, KeyFile(tmp_path / KEY_FILE), us=US - number * 1_000_000)
    store.index.close()
    demand_whole(tmp_path, key)


# Processes


def test_the_log_is_the_same_however_many_processes_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "_AT_ONCE", 2)
    template = tmp_path / "template"
    store = open_store(template, reconcile=True)
    damaged = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(8)][3]
    store.index.close()
    (path,) = template.glob(f"runs/2*/{damaged}.json")
    path.write_bytes(path.read_bytes().replace(b"router", b"Router"))
    key_file = KeyFile(tmp_path / KEY_FILE)
    reports = []
    for workers in (1, 2):
        store = open_store(Path(shutil.copytree(template, tmp_path / f"{workers}")), reconcile=False)
        read: list[int] = []
        started = start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US, workers=workers, progress=read.append)
        reports.append((started.appended, set(list_logged(tmp_path / f"{workers}")), sum(read)))
        again = append_log(store, key_file, us=US, everywhere=False)
        assert (again.skipped, again.entries) == (1, 0)  # what is damaged may be restored, and is looked for again
        store.index.close()
        tmp_path.joinpath("evidence.signed").unlink()
    assert reports[0][1:] == reports[1][1:]
    assert reports[0][0].checkpoint.size == reports[1][0].checkpoint.size
    assert (reports[0][0].entries, reports[0][0].skipped, reports[0][2]) == (8, 1, 9)


def put_and_append(job: tuple[Path, int]) -> int:
    """Put runs and append after each, beside others who do the same."""
    folder, _ = job
    store = open_store(folder, reconcile=False)
    key_file = KeyFile(folder / KEY_FILE)
    return sum(put_one(store, key_file) for _ in range(8))


def put_one(store: Store, key_file: KeyFile) -> int:
    store.runs.put(make_members())
    return append_log(store, key_file, us=ids.now_us(), everywhere=False).batches


def test_appenders_beside_each_other_make_one_log(tmp_path: Path) -> None:
    key = start(tmp_path)
    made = in_processes(put_and_append, [(tmp_path, worker) for worker in range(4)])
    do_append(tmp_path)
    store = open_store(tmp_path, reconcile=False)
    assert sum(made) <= len(LogObjects(store.objects).list_batches())
    store.index.close()
    demand_whole(tmp_path, key)


def count_runs(folder: Path) -> int:
    return len(list((folder / "runs").glob("2*/run_*.json")))


def append_until_killed(folder: Path) -> int:
    """Fork an appender that puts and appends for ever, and return its process id."""
    pid = os.fork()
    if pid == 0:
        try:
            store = open_store(folder, reconcile=False)
            while True:
                put_one(store, KeyFile(folder / KEY_FILE))
        finally:
            os._exit(1)
    return pid


@pytest.mark.long
def test_appenders_that_are_killed_at_any_moment_lose_nothing(tmp_path: Path) -> None:
    key = start(tmp_path)
    rng = random.Random(7)
    running = [append_until_killed(tmp_path) for _ in range(3)]
    for _ in range(40):
        wanted = count_runs(tmp_path) + rng.randrange(1, 6)
        wait_until(lambda wanted=wanted: count_runs(tmp_path) >= wanted, "the appenders to put runs")
        pid = running.pop(rng.randrange(len(running)))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        running.append(append_until_killed(tmp_path))
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    do_append(tmp_path)
    demand_whole(tmp_path, key)
