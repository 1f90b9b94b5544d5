"""What docs/cluster.md promises when something fails, asked of real processes over real sockets: two hosts, one record.

Outages last as long as what is asked meanwhile; one of each lasts a minute. What needs Ceph and networks that go down
is in `test_two_hosts`.
"""

import itertools
import re
import time
from collections.abc import Iterator

import pytest

from tests.faults.conftest import Announce
from tests.faults.outages import SharedShop, SharingHost
from tests.faults.service import RUNS, Answer
from tests.helpers import s3_proxy as faults
from tests.helpers.s3_proxy import Fault, Hold, Reply, Request
from tests.helpers.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

MINUTE_S = 60.0
LATEST_S = 20.0
"""When a request that has ten seconds has to have been answered, on a machine that has much else to do."""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedShop]:
    with SharedShop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def shop(shared: SharedShop) -> Iterator[SharedShop]:
    """Give the shop with some run in it; whatever a test does to it, nothing is missing or there twice afterwards."""
    shared.record(shared.hosts[0], label())
    yield shared
    shared.check()


def label() -> str:
    """Return a new label."""
    return f"run-{next(_numbers)}"


def lists_partitions(request: Request) -> bool:
    """Pick requests for the names in a partition or for the partitions, which a pass over all names has."""
    return "list-type" in request.target and re.search(r"prefix=shop(%2F|/)?(20\d\d-|&|$)", request.target) is not None


def demand_unavailable(answer: Answer) -> None:
    """Demand what a storage that is away is told by."""
    assert (answer.status, answer.json()["error"]) == (503, "STORAGE_UNAVAILABLE"), answer
    assert answer.retry_after


def ask_until_open(host: SharingHost, name: str) -> Answer:
    """Try to record until nothing is sent any more, as the time says after which to ask again."""

    def ask() -> Answer | None:
        answer = host.record(name)
        demand_unavailable(answer)
        return answer if answer.retry_after == "1" else None

    answer = wait_until(ask, "an answer without asking the storage")
    assert answer is not None
    return answer


LOST: dict[str, Fault] = {
    "answer lost": faults.lose_answer,
    "answer cut off": faults.cut_answer,
    "503 before": faults.refuse(503, "SlowDown"),
    "503 after": faults.refuse_after(503, "SlowDown"),
    "500 after": faults.refuse_after(500, "InternalError"),
    "409": faults.refuse(409, "ConditionalRequestConflict"),
}


def test_a_storage_that_loses_answers_holds_each_run_once_and_one_that_says_nothing_is_told_in_time(
    shop: SharedShop, announce: Announce
) -> None:
    host = shop.hosts[0]
    for fault in LOST.values():
        for place in range(2):  # the claim of the key, and the run
            host.storage.on(faults.puts, *[faults.pass_through] * place, fault)
            shop.record(host, label())
            host.storage.heal()
    name = label()
    host.storage.always(faults.anything, faults.fall_silent)
    began = time.monotonic()
    demand_unavailable(host.record(name))
    took_s = time.monotonic() - began
    host.storage.heal()
    announce(f"a storage that says nothing is told after {took_s:.1f} s")
    assert took_s < LATEST_S
    wait_until(lambda: host.record(name).status in (200, 201), "the storage to be found again")
    shop.record(host, name)


def test_a_storage_that_is_away_is_told_at_once_while_lists_go_on_and_is_found_when_it_was_said_to(
    shop: SharedShop,
) -> None:
    host, name = shop.hosts[0], label()
    run_id = shop.record(host, label())
    before = host.ask("GET", RUNS)
    host.storage.always(faults.anything, faults.reset_before)
    ask_until_open(host, name)
    for answer in (host.record(name), host.ask("GET", f"{RUNS}/{run_id}")):
        demand_unavailable(answer)
    assert host.status("/readyz") == 503
    assert host.ask("GET", RUNS) == before
    host.storage.heal()
    for _ in range(2):  # it is asked by one request a second, which may be that of another thread
        time.sleep(1)
        if host.record(name).status == 201:
            break
    shop.record(host, name)


REFUSALS: dict[str, Fault] = {
    "bucket gone": faults.refuse(404, "NoSuchBucket"),
    "wrong server": lambda exchange: exchange.answer(
        Reply(404, (("content-type", "text/html"),), b"<html>none</html>")
    ),
    "no permission": faults.refuse(403, "AccessDenied"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_bucket_that_is_gone_or_closed_or_another_server_makes_no_run_missing(shop: SharedShop, refusal: str) -> None:
    host, name = shop.hosts[0], label()
    run_id = shop.record(host, label())
    before = host.ask("GET", RUNS)
    host.storage.always(faults.anything, REFUSALS[refusal])
    done = host.run_command("rebuild")
    assert done.returncode not in (0, 1), done.stdout + done.stderr  # 1 is what damage is told by
    for known in (run_id, f"run_{'0' * 32}"):
        assert host.status(f"{RUNS}/{known}") == 503
    assert host.record(name).status == 503
    host.storage.heal()
    wait_until(lambda: host.status(f"{RUNS}/{run_id}") == 200, "the run")
    wait_until(lambda: host.status(RUNS) == 200, "lists, which the command that broke off has closed")
    assert host.ask("GET", RUNS) == before


def test_a_database_that_is_away_keeps_no_run_from_being_recorded_and_lists_it_when_it_is_back(
    shop: SharedShop, announce: Announce
) -> None:
    for host in shop.hosts:
        host.database.cut()
    for host in shop.hosts:
        run_id = shop.record(host, label(), indexed=False)
        assert all(one.status(f"{RUNS}/{run_id}") == 200 for one in shop.hosts)
        assert host.status(RUNS) == 503
        assert host.status("/readyz") == 200
    shop.mend()
    began = time.monotonic()
    shop.check()
    announce(f"a database that came back: lists are complete after {time.monotonic() - began:.1f} s")


@pytest.mark.parametrize("loss", ["wiped", "restored"])
def test_a_database_that_was_wiped_or_restored_lists_only_when_all_names_were_compared(
    shop: SharedShop, loss: str
) -> None:
    backup = shop.postgres.folder / "backup.sql"
    options = ("-h", shop.postgres.folder, "-U", "rmos")
    shop.postgres.run("pg_dump", *options, "-n", shop.schema, "-f", backup, "postgres")
    for host in shop.hosts:
        shop.record(host, label())
    late = Hold()
    for host in shop.hosts:
        host.storage.always(lists_partitions, late)
    drop = ("-c", f"DROP SCHEMA {shop.schema} CASCADE")
    again = ("-c", f"CREATE SCHEMA {shop.schema}") if loss == "wiped" else ("-f", backup)
    shop.postgres.run("psql", *options, "-q", "-1", "-v", "ON_ERROR_STOP=1", *drop, *again, "postgres")
    assert [host.labels() for host in shop.hosts] == [None, None]
    wait_until(late.arrived.is_set, "a pass over all names")
    assert [host.labels() for host in shop.hosts] == [None, None]
    for host in shop.hosts:
        shop.record(host, label(), indexed=None)  # the tables may be there again
    late.release()


def test_a_host_that_is_cut_off_from_the_storage_alone_leaves_the_work_to_the_other_one(shop: SharedShop) -> None:
    one, other = shop.hosts
    name = label()
    one.storage.always(faults.anything, faults.reset_before)
    ask_until_open(one, name)
    assert (one.status("/readyz"), other.status("/readyz")) == (503, 200)
    run_id = shop.record(other, name)
    assert name in (one.labels() or [])
    one.storage.heal()
    wait_until(lambda: one.record(name).status == 200, "the storage to be found again")
    assert one.record(name).json()["run_id"] == run_id


def test_a_host_that_is_cut_off_from_the_database_alone_records_and_the_other_one_lists_it(shop: SharedShop) -> None:
    one, other = shop.hosts
    one.database.cut()
    name = label()
    shop.record(one, name, indexed=False)
    assert one.status("/readyz") == 200
    wait_until(lambda: name in (other.labels() or []), "the run of the other host")
    assert one.status(RUNS) == 503


def test_the_index_and_the_storage_are_each_away_for_a_minute(shop: SharedShop, announce: Announce) -> None:
    """One host does without the objects and the other one without the rows, side by side."""
    without_objects, without_rows = shop.hosts
    waiting: list[str] = []
    without_objects.storage.always(faults.anything, faults.reset_before)
    without_rows.database.cut()
    began = time.monotonic()
    while time.monotonic() - began < MINUTE_S:
        waiting.append(label())
        demand_unavailable(without_objects.record(waiting[-1]))
        shop.record(without_rows, label(), indexed=False)
        assert (without_objects.status("/readyz"), without_rows.status("/readyz")) == (503, 200)
        assert (without_objects.status(RUNS), without_rows.status(RUNS)) == (200, 503)
        time.sleep(MINUTE_S / 12)
    shop.mend()
    mended = time.monotonic()
    wait_until(lambda: without_objects.record(waiting[0]).status == 201, "the storage to be found again")
    found = time.monotonic()
    for name in waiting:
        shop.record(without_objects, name)
    shop.check()
    announce(f"after a minute: storage found {found - mended:.1f} s, lists {time.monotonic() - mended:.1f} s later")
