"""A store in use gives no false alarm; a suspicion becomes a finding only when it is still there at a second look."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rmos.checks import verify
from rmos.checks.orphans import find_orphans
from rmos.checks.verify import verify_store
from tests.checks.shops import DAY, RUNS, Shop, artifact, event, faults, open_store, verified

ROOT = Path(__file__).parents[2]
WRITERS = """
import os, random, sys
from pathlib import Path
from rmos import ids
from tests.checks.shops import open_store
from tests.makers import ANNA, make_members, add_event
root, shared = Path(sys.argv[1]), sys.argv[3:]
def write(number):
    store, chance = open_store(root, write=True), random.Random(number)
    rounds = os.open(root.parent / f"writer-{number}", os.O_WRONLY | os.O_CREAT)
    os.write(1, b"ready\\n")
    while True:
        os.write(rounds, b".")
        us = ids.now_us() + chance.randrange(-3_000_000, 3)
        run_id = store.runs.put(make_members(us)).view.artifact.run_id
        add_event(store, run_id, "advisory", {"advisory_id": "adv_1"}, actor=ANNA, us=us)
        for kind in ("delete", "restore", "advisory"):
            data = {"mode": "soft", "reason": "a test", "advisory_id": f"adv_{us}"}
            add_event(store, chance.choice(shared), kind, data, actor=ANNA, us=us)
for number in range(int(sys.argv[2])):
    if not os.fork():
        write(number)
os.wait()
print("a writer failed", flush=True)
"""


@contextmanager
def writers(root: Path, shared: list[str], *, processes: int) -> Iterator[None]:
    """Let processes put runs of their own and add events to runs that they share, as fast as they can."""
    program = [sys.executable, "-c", WRITERS, str(root), str(processes), *shared]
    parent = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert parent.stdout is not None
    try:
        for _ in range(processes):
            assert parent.stdout.readline() == "ready\n"
        yield
        assert parent.poll() is None, parent.stdout.read()
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


def verify_while_they_write(shop: Shop, monkeypatch: pytest.MonkeyPatch, *, processes: int, looks: int) -> None:
    """Verify again and again; between two looks each writer ends what it was about, however long that takes."""
    shared = [shop.take() for _ in range(3)]
    runs: list[int] = []
    sleep = time.sleep

    def rounds() -> list[int]:
        return [path.stat().st_size for path in sorted(shop.root.parent.glob("writer-*"))]

    def sleep_until_all_have_written(seconds: float) -> None:
        if seconds != verify.RECHECK_S:
            sleep(seconds)
            return
        before = rounds()
        while not all(now > then + 1 for now, then in zip(rounds(), before, strict=True)):
            sleep(0.01)

    monkeypatch.setattr(verify.time, "sleep", sleep_until_all_have_written)
    with writers(shop.root, shared, processes=processes):
        for _ in range(looks):
            store = open_store(shop.root)
            report = verify_store(store)
            assert faults(report) == []
            assert find_orphans(store) == []
            store.index.close()
            runs.append(report.counts["runs"])
            sleep_until_all_have_written(verify.RECHECK_S)
    assert len(set(runs)) == looks
    assert sorted(runs) == runs
    # Killed in the middle of a write: at most the last rows are behind, and the next start brings them.
    shop.store.reconcile()
    assert faults(verified(shop.root)) == []


def test_writers_at_work_give_no_false_alarm(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    verify_while_they_write(shop, monkeypatch, processes=3, looks=3)


@pytest.mark.long
def test_eight_writers_at_work_give_no_false_alarm(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    verify_while_they_write(shop, monkeypatch, processes=8, looks=8)


# One suspicion at a time: what happens between the two looks is done by a sleep that does more than sleep


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[float]]:
    """Return a function that has something done between the two looks, and tells how long was waited."""

    def do(something: Callable[[], object]) -> list[float]:
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            if not waited:
                something()
            waited.append(seconds)

        monkeypatch.setattr(verify.time, "sleep", sleep)
        return waited

    return do


Between = Callable[[Callable[[], object]], list[float]]


def looked_at(shop: Shop) -> list[tuple[str, str]]:
    store = open_store(shop.root)
    try:
        return faults(verify_store(store))
    finally:
        store.index.close()


def test_nobody_waits_when_there_is_no_suspicion(shop: Shop, between: Between) -> None:
    waited = between(lambda: None)
    assert looked_at(shop) == []
    assert waited == []


def test_a_suspicion_is_looked_at_again_after_two_seconds(shop: Shop, between: Between) -> None:
    shop.flip(artifact(shop.take()))
    waited = between(lambda: None)
    assert [kind for kind, _ in looked_at(shop)] == ["corrupt"]
    assert waited == [2.0]


def test_a_suspicion_that_goes_away_is_no_finding(shop: Shop, between: Between) -> None:
    """A file healed, a row that came late, a file that came after its row, an event that came late, a stray gone."""
    healed, late_row, late_file, late_event = (shop.take() for _ in range(4))
    whole = {key: shop.path(key).read_bytes() for key in (artifact(healed), artifact(late_file), event(late_event, 2))}
    shop.flip(artifact(healed))
    shop.store.index.runs.forget([late_row])
    shop.path(artifact(late_file)).unlink()
    shop.path(event(late_event, 2)).unlink()
    shop.overwrite("notes.txt", b"x")
    shop.overwrite(f"{DAY}/notes.txt", b"x")
    shop.overwrite("_attachments/notes.txt", b"x")

    def heal() -> None:
        for key, data in whole.items():
            shop.overwrite(key, data)
        shop.store.refold([(DAY, late_row)])
        for key in ("notes.txt", f"{DAY}/notes.txt", "_attachments/notes.txt"):
            shop.path(key).unlink()

    between(heal)
    assert looked_at(shop) == []


def test_of_several_suspicions_just_those_that_stay_are_findings(shop: Shop, between: Between) -> None:
    stays, goes = shop.take(), shop.take()
    data = shop.path(artifact(goes)).read_bytes()
    for run_id in (stays, goes):
        shop.flip(artifact(run_id))
    shop.overwrite("7stays.txt", b"x")
    shop.overwrite("7goes.txt", b"x")

    def heal() -> None:
        shop.overwrite(artifact(goes), data)
        shop.path("7goes.txt").unlink()

    between(heal)
    assert looked_at(shop) == [("corrupt", artifact(stays)), ("stray", "7stays.txt")]


def test_what_breaks_only_at_the_second_look_is_for_the_next_verify(shop: Shop, between: Between) -> None:
    first, second = shop.take(), shop.take()
    shop.flip(artifact(first))
    between(lambda: shop.flip(artifact(second)))
    assert looked_at(shop) == [("corrupt", artifact(first))]


def test_a_run_that_moves_on_between_the_looks_is_no_stale_row(shop: Shop, between: Between) -> None:
    """At both looks the row is one event behind, as it may be whenever many write to one run."""
    run_id = shop.take()
    rows = shop.store.index.runs.rows(DAY, run_id, run_id)

    def fall_behind() -> None:
        shop.event(run_id, "advisory", {"advisory_id": f"adv_{shop.us}"})
        newest = shop.store.index.runs.rows(DAY, run_id, run_id)[0][0]
        shop.store.index.runs.forget([run_id])
        shop.store.index.runs.upsert([rows[-1][0]])
        rows.append((newest, True))

    fall_behind()
    between(fall_behind)
    assert looked_at(shop) == []


def test_a_service_that_starts_between_the_looks_is_seen(shop: Shop, between: Between) -> None:
    """The first look read an index that nobody had open; the second must not be content with that."""
    shop.close()
    late = shop.take()
    shop.store.index.runs.forget([late])
    shop.close()
    assert not (shop.root / "_index.sqlite-wal").exists()
    between(lambda: shop.store.refold([(DAY, late)]))
    assert looked_at(shop) == []
    assert (shop.root / "_index.sqlite-wal").exists()


def test_an_index_that_is_made_between_the_looks_is_no_finding(shop: Shop, between: Between) -> None:
    shop.close()
    (shop.root / "_index.sqlite").unlink()
    between(lambda: shop.store.reconcile())
    assert looked_at(shop) == []


def test_an_index_that_is_replaced_under_verify_is_no_finding(shop: Shop, between: Between) -> None:
    """The first look meets a junk page in the middle; the second a new index."""
    shop.close()
    junk_pages(shop.root)

    def replace() -> None:
        os.unlink(shop.root / "_index.sqlite")
        shop.store.reconcile()

    between(replace)
    assert looked_at(shop) == []


def junk_pages(root: Path) -> None:
    """Overwrite all pages but the first three, so that the index opens and says that it is complete."""
    path = root / "_index.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[: 3 * 4096] + b"\xff" * (len(data) - 3 * 4096))


def test_an_index_that_breaks_in_the_middle_is_a_finding_and_hides_nothing(shop: Shop) -> None:
    run_id = shop.take()
    shop.flip(artifact(run_id))
    shop.close()
    junk_pages(shop.root)
    assert faults(verified(shop.root)) == [("corrupt", artifact(run_id)), ("index_unreadable", "_index.sqlite")]


def test_an_index_with_any_page_overwritten_never_stops_verify(shop: Shop) -> None:
    """Pages of the trees that only lists use are not read by verify; a list that meets one has the index made again."""
    shop.close()
    path = shop.root / "_index.sqlite"
    whole = path.read_bytes()
    seen = set()
    for at in range(0, len(whole), 4096):
        path.write_bytes(whole[:at] + b"\x01" * 4096 + whole[at + 4096 :])
        seen |= set(faults(verified(shop.root)))
    assert seen == {("index_unreadable", "_index.sqlite")}


@pytest.mark.parametrize("length", [0, 1, 100, 4096, 4097, 40_960, -4096, -1])
def test_an_index_cut_short_is_a_finding(shop: Shop, length: int) -> None:
    shop.close()
    path = shop.root / "_index.sqlite"
    path.write_bytes(path.read_bytes()[:length])
    assert faults(verified(shop.root)) == [("index_unreadable", "_index.sqlite")]


def test_an_index_that_was_never_completed_is_a_finding(shop: Shop) -> None:
    shop.sql("DELETE FROM facts WHERE name = 'complete'")
    assert faults(verified(shop.root)) == [("index_unreadable", "_index.sqlite")]


def test_a_big_folder_of_suspicions_is_looked_at_again_in_one_pass(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at each name once for each suspicion would take hours for a folder of 100 000."""
    connection = sqlite3.connect(shop.root / "_index.sqlite")
    with connection:
        connection.execute("DELETE FROM runs")
    connection.close()
    calls = []
    run_of = verify.layout.run_of

    def counted(name: str) -> str:
        calls.append(name)
        return run_of(name)

    monkeypatch.setattr(verify.layout, "run_of", counted)
    assert len(faults(verified(shop.root))) == RUNS
    assert len(calls) < 10 * 3 * RUNS
