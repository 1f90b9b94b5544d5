"""Two hosts over a real Ceph and a real PostgreSQL: links go down, daemons are killed, and no acknowledged run is lost.

`python3 dev.py check --deep` has 20 000 runs acknowledged, which takes a quarter of an hour.
"""

import signal
import sys
from collections.abc import Iterator

import pytest

from tests.faults.two_hosts import Shop, wait_for
from tests.trying import tries

pytestmark = [
    pytest.mark.long,
    pytest.mark.ceph,
    pytest.mark.postgres,
    pytest.mark.netns,
    pytest.mark.curl,
    pytest.mark.timeout(7200),
]
RUNS = 20_000 if tries(100) == 100 else 800
"""How many runs are acknowledged, at least: some hundred in a check, and what was promised at night."""
FAULTS = 11
AT_A_TIME = RUNS // FAULTS + 1


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def test_nothing_that_was_acknowledged_is_lost_or_there_twice(shop: Shop) -> None:
    one, other = shop.hosts
    for host in shop.hosts:
        host.start_clients()
    shop.record(AT_A_TIME)
    with one.network.cut_off("db"):  # it records all the same, and says that it was not indexed
        shop.record(AT_A_TIME)
    with one.network.cut_off("s3"):  # the other one goes on
        shop.record(AT_A_TIME)
    with one.network.cut_off("s3", "db"):
        shop.record(AT_A_TIME)
    one.kill()
    shop.record(AT_A_TIME)
    one.start()
    shop.ceph.kill("rgw")
    shop.ceph.start("rgw")
    shop.record(AT_A_TIME)
    shop.ceph.kill("osd")
    shop.ceph.start("osd")
    shop.record(AT_A_TIME)
    shop.ceph.kill("mon")
    shop.ceph.start("mon")
    shop.record(AT_A_TIME)
    shop.postgres.end(signal.SIGKILL)  # with its last moments, which no announcement waited for
    shop.record(AT_A_TIME)
    assert other.get("/api/rmos/runs") is None  # lists are refused, records are not
    shop.start_postgres()
    shop.record(AT_A_TIME)
    other.kill()
    other.start()
    shop.record(AT_A_TIME)
    figures = shop.check()
    assert figures["acknowledged"] >= RUNS
    sys.stderr.write(f"{figures}\n")


def test_a_host_that_is_cut_off_from_the_database_is_seen_by_the_other_one(shop: Shop) -> None:
    one, other = shop.hosts
    with one.network.cut_off("db"):
        one.start_clients()
        shop.record(20)
        one.stop_clients()
        told = one.acknowledged()
        assert {flag for _, _, flag in told} == {"0"}
        wait_for(lambda: {run_id for _, run_id, _ in told} <= set(shop.list_runs(other)), "the runs of the other host")
        assert one.get("/readyz") is not None  # it can record, which is what a balancer asks
    shop.check()
