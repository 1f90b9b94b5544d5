"""The index taken away, cut short and overwritten, while the service works and while it is down.

Each list is refused with INDEX_REBUILDING or complete, never silently short; afterwards the answers are those of
before, soft deletes included.
"""

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from rmos import ids
from rmos.config import load_settings
from rmos.models import Actor
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.faults import judging
from tests.faults.conftest import Announce
from tests.faults.one_put import NO_INSTANCE
from tests.faults.service import RUNS, Answer, Clients, Service, make_body
from tests.helpers.waiting import PATIENCE_S
from tests.makers import add_event

pytestmark = pytest.mark.long

RECORDED: Final = 40
DELETED: Final = 7
ACTOR: Final = Actor(name="test", role="operator")
_STEADY: Final = 20
"""Complete answers in a row, over new connections, by which both workers have got over a loss."""


def remove(index: Path) -> None:
    """Remove the index and what belongs to it."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{index}{suffix}").unlink(missing_ok=True)


def remove_file_alone(index: Path) -> None:
    """Remove the index and leave its log to whatever comes after it."""
    index.unlink(missing_ok=True)


def truncate(index: Path) -> None:
    """Cut the index off at some byte."""
    with contextlib.suppress(FileNotFoundError):
        os.truncate(index, random.randrange(index.stat().st_size or 1))


def empty(index: Path) -> None:
    """Cut the index off at its first byte."""
    with contextlib.suppress(FileNotFoundError):
        os.truncate(index, 0)


def overwrite(index: Path) -> None:
    """Write junk over the index in place."""
    with contextlib.suppress(FileNotFoundError), index.open("r+b") as file:
        file.write(random.randbytes(index.stat().st_size))


def put_junk_in_its_place(index: Path) -> None:
    """Put another file in the index's place, which is none."""
    junk = index.with_name("_index.sqlite.junk")
    junk.write_bytes(random.randbytes(50_000))
    junk.rename(index)


LOSSES: Final[dict[str, Callable[[Path], None]]] = {
    loss.__name__: loss for loss in (remove, remove_file_alone, truncate, empty, overwrite, put_junk_in_its_place)
}


class Shop:
    """A running service with runs in it, some of them soft-deleted."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.index = service.store / "_index.sqlite"
        self.deleted: list[str] = []

    def fill(self) -> None:
        """Record runs over HTTP and delete some of them, as a command on the same store would."""
        with self.service.connect() as connection:
            answers = [connection.ask("POST", RUNS, make_body(f"run {number}")) for number in range(RECORDED)]
        self.deleted = [answer.json()["run_id"] for answer in answers[:DELETED]]
        settings = load_settings({"RMOS_RUNS_DIR": str(self.service.store)}, NO_INSTANCE)
        store = Store.open(settings, summarise=dump_summary)
        with contextlib.closing(store.index):
            for run_id in self.deleted:
                deletion = {"mode": "soft", "reason": "a test of ours"}
                add_event(store, run_id, "delete", deletion, actor=ACTOR, us=ids.now_us())

    def ask(self, query: str) -> Answer:
        """Ask for a list over a connection of its own, so that any worker may answer."""
        with self.service.connect() as connection:
            return connection.ask("GET", f"{RUNS}?{query}")

    def insist(self, query: str) -> Any:
        """Ask for a list until it is given: one worker may be ready while the other still fills its index."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self.ask(query)).status != 200:
            demand_rebuilding(answer)
            assert time.monotonic() < deadline, self.service.log()[-3000:]
            time.sleep(0.02)
        return answer.json()

    def lists(self) -> list[Any]:
        """Return what the lists say: with the deleted and without them."""
        return [self.insist("limit=500&include_total=true"), self.insist("limit=500&include_deleted=true")]

    def recover(self, before: list[Any]) -> int:
        """Ask until the answers are steadily those of before; return how many were refused on the way."""
        refused = steady = 0
        deadline = time.monotonic() + PATIENCE_S
        while steady < _STEADY:
            assert time.monotonic() < deadline, self.service.log()[-3000:]
            answer = self.ask("limit=500&include_total=true")
            if answer.status == 200:
                assert answer.json() == before[0]
                steady += 1
            else:
                demand_rebuilding(answer)
                refused, steady = refused + 1, 0
                time.sleep(0.02)
        assert self.lists() == before
        return refused


def demand_rebuilding(answer: Answer) -> None:
    """Demand that a list which was not given was refused for the one reason there is."""
    assert (answer.status, answer.json()["error"]) == (503, "INDEX_REBUILDING"), answer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Give a running service with runs in it."""
    with Service(tmp_path / "runs", tmp_path / "service.log") as service:
        service.start()
        service.wait_for("/readyz")
        filled = Shop(service)
        filled.fill()
        yield filled


def test_an_index_lost_while_the_service_works_is_made_again_and_every_list_meanwhile_is_refused_or_complete(
    shop: Shop, announce: Announce
) -> None:
    before = shop.lists()
    assert (before[0]["total"], len(before[1]["items"])) == (RECORDED - DELETED, RECORDED)
    refused = Counter[str]()
    for name, lose in (*LOSSES.items(), ("truncate", truncate), ("truncate", truncate)):
        lose(shop.index)
        refused[name] += shop.recover(before)
    announce(f"index lost while the service works, lists refused meanwhile: {dict(refused)}")
    assert sum(refused.values()), "nothing was ever lost"
    with shop.service.connect() as connection:
        for run_id in shop.deleted:
            assert connection.ask("GET", f"{RUNS}/{run_id}").status == 410
    done = shop.service.verify()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("loss", LOSSES)
def test_an_index_lost_while_the_service_is_down_is_made_again_when_it_starts(shop: Shop, loss: str) -> None:
    before = shop.lists()
    shop.service.kill()
    LOSSES[loss](shop.index)
    shop.service.start()
    shop.recover(before)
    done = shop.service.verify()
    assert done.returncode == 0, done.stdout + done.stderr


class Watcher:
    """A thread that asks for the count, over and over: refused, or at least what was acknowledged before it asked."""

    def __init__(self, shop: Shop, clients: Clients) -> None:
        self._shop = shop
        self._clients = clients
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.complete = self.refused = 0
        self.failures: list[str] = []

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(timeout=60)

    def _work(self) -> None:
        while not self._stopped.is_set():
            least = RECORDED - DELETED + len(self._clients.acknowledged)
            answer = self._shop.ask("limit=1&include_total=true")
            if answer.status == 200:
                self.complete += 1
                if answer.json()["total"] < least:
                    self.failures.append(f"{least} runs were acknowledged and {answer.json()['total']} counted")
            elif answer.status == 503 and answer.json()["error"] == "INDEX_REBUILDING":
                self.refused += 1
            else:
                self.failures.append(str(answer))
            time.sleep(0.01)


def test_an_index_lost_under_load_never_makes_a_list_short_by_an_acknowledged_run(
    shop: Shop, announce: Announce
) -> None:
    with Clients(shop.service, 3) as clients, Watcher(shop, clients) as watcher:
        for lose in (*LOSSES.values(), *random.choices(list(LOSSES.values()), k=6)):
            time.sleep(random.uniform(0.3, 1.5))
            lose(shop.index)
        time.sleep(1)
    assert not clients.refusals
    assert clients.broken_off == 0
    page = shop.insist("limit=1&include_total=true")
    settled = judging.whole_runs(shop.service.store)
    assert page["total"] == len(settled) - DELETED
    assert set(clients.acknowledged) <= settled
    done = shop.service.verify()
    if [found["kind"] for found in json.loads(done.stdout)["findings"]] == ["index_unreadable"]:
        # The last loss hit a page that nobody has read since; what the finding says to do has to mend it.
        assert shop.service.run_command("rebuild").returncode == 0
        done = shop.service.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    announce(
        f"index lost 12 times under load: {len(clients.acknowledged)} runs acknowledged, "
        f"{watcher.complete} lists complete, {watcher.refused} refused"
    )
    assert not watcher.failures, watcher.failures[:5]
    assert watcher.complete > 20
