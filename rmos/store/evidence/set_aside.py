"""Say in the log's own terms that objects are about to be moved aside or taken back, before they are.

    note_set_aside(store.objects, store.audit, keys, actor=actor, us=us)

An entry of the log stays when its object goes, so whoever checks the log wants to know why. The audit record that says
so is logged like any other.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.models import Actor
from rmos.objects.base import Objects
from rmos.store.audit import Attempt, Audit
from rmos.store.evidence.objects import LogObjects
from rmos.store.records import Damage

_AT_ONCE: Final = 1000
"""Keys in one audit record."""


def note_set_aside(objects: Objects, audit: Audit, keys: Iterable[str], *, actor: Actor, us: int) -> None:
    """Write down which of these keys are logged, with the digests of their entries; nothing where there is no log.

    Raises:
        OutOfSpace, StoreReadOnly, StorageFailed: nothing may be moved.
    """
    log, wanted = LogObjects(objects), set(keys)
    if not wanted or not log.has_started():
        return
    pairs = _find_entries(log, wanted)
    while some := list(islice(pairs, _AT_ONCE)):
        audit.admit_unlimited(Attempt("set_aside", f"{len(some)} objects", {"keys": some}), actor=actor, us=us)


def _find_entries(log: LogObjects, wanted: set[str]) -> Iterator[list[str]]:
    for number in log.list_batches():
        try:
            entries = log.read_batch(number).entries()
        except (Damage, ObjectMissing, ObjectUnreadable):
            continue  # verify names it; the other batches may hold the keys as well
        for entry in entries:
            if entry.key in wanted:
                yield [entry.key, entry.sha256]
