"""How the service is: whether it takes records, lists in full, has space. `/readyz` and the page of the record say it.

check_health(current_rmos()).checks        # {"store": "ok", "index": "ok", "space": "ok"}
"""

from typing import Final, NamedTuple

from rmos.context import Rmos
from rmos.errors.base import RmosError
from rmos.errors.store import IndexBroken
from rmos.index.base import INDEX_ERRORS
from rmos.store import Store
from rmos.store.heartbeat import describe_differences
from rmos.store.reconcile import Reach

SPACE_NEEDED: Final = 64 * 1024 * 1024
"""Free bytes below which a store is not ready (RMOS policy): the index and a burst of records still fit."""
SPACE_WANTED: Final = 1024 * 1024 * 1024
"""Free bytes below which it is ready but degraded (RMOS policy): time to make room."""
OK: Final = "ok"
"""What a check says that found nothing wrong."""


class Health(NamedTuple):
    """How the service is."""

    checks: dict[str, str]
    is_ready: bool
    """Whether it can do all of its work; of one of several hosts, whether it can record."""
    lists: bool
    """Whether lists are answered."""
    reach: Reach | None = None
    """How far the index is, while it is being filled."""


def check_health(rmos: Rmos) -> Health:
    """Return the result of each check; nothing is waited for."""
    try:
        store = rmos.store
    except RmosError as error:
        return Health({"store": error.detail, "index": "not looked at", "space": "not looked at"}, False, False)
    if store.announcer.is_needed:
        return _check_shared(store)
    writable, listable, free = store.objects.writable(), store.is_listable(), _free_bytes(store)
    reach = None if listable else store.measure_index()
    checks = {
        "store": OK if writable else "no writes are taken until a restart: the disk reported an error",
        "index": OK if listable else _describe_filling(reach),
        "space": OK if free >= SPACE_WANTED else f"{free // (1024 * 1024)} MiB free",
    }
    return Health(checks, writable and listable and free >= SPACE_NEEDED, listable, reach)


def _check_shared(store: Store) -> Health:
    """Return how one of several hosts is: ready as long as it can record, which a balancer asks.

    An index that is away keeps no record from being taken, and taking all hosts out of the balancer for it would.
    """
    heartbeat, listable = store.heartbeat, store.is_listable()
    storage = heartbeat.storage_error
    if storage is None and not store.objects.writable():
        storage = "no writes are taken: the storage does not answer, or does not keep what a record needs"
    reach = None if listable or storage else store.measure_index()
    try:
        differences = describe_differences(heartbeat.list_hosts(), heartbeat.identity)
        hosts = "; ".join(differences) or OK
    except IndexBroken:  # as before the first pass of the first host
        hosts = OK
    except INDEX_ERRORS:
        hosts = "not known: the index is away"
    checks = {
        "store": storage or OK,
        "index": OK if listable else _describe_filling(reach),
        "clock": heartbeat.describe_clock() or OK,
        "hosts": hosts,
    }
    return Health(checks, storage is None and not heartbeat.is_clock_off, listable, reach)


def _describe_filling(reach: Reach | None) -> str:
    if reach is None or not reach.folders:
        return "being filled from the record"
    return f"being filled from the record: {reach.folders_done} of {reach.folders} folders are done"


def _free_bytes(store: Store) -> int:
    try:
        free = store.objects.free_bytes()
    except RmosError:
        return 0
    return SPACE_WANTED if free is None else free
