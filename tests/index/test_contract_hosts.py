"""The processes that serve one record, as every index of a cluster knows them."""

import pytest

from rmos.index.base import Index
from rmos.index.hosts import HostBeat, Hosts
from tests.index.backends import ANNOUNCING

pytestmark = pytest.mark.parametrize("open_again", ANNOUNCING, ids=lambda make: make.__name__, indirect=True)
ONE = HostBeat("shop-1", 4711, "3.0.0", "a" * 64, 0.25)
OTHER = HostBeat("shop-2", 12, "3.0.1", "b" * 64, -61.5)


@pytest.fixture
def hosts(index: Index) -> Hosts:
    """The processes of an index that several hosts share."""
    assert index.hosts is not None
    return index.hosts


def test_each_process_is_seen_as_it_was_last_heard_of(hosts: Hosts) -> None:
    for beat in (OTHER, ONE._replace(release="2.9.9"), ONE):
        hosts.beat(beat)
    seen = hosts.seen_within(60)
    assert [tuple(host)[:5] for host in seen] == [tuple(ONE), tuple(OTHER)]
    assert all(0 <= host.age_s < 60 for host in seen)


def test_a_process_that_was_not_heard_of_is_not_seen(hosts: Hosts) -> None:
    assert hosts.seen_within(60) == []


def test_the_clock_is_compared_with_that_of_the_database(hosts: Hosts) -> None:
    assert abs(hosts.clock_skew()) < 5  # both are on this machine
