"""Where a run stands in the log of evidence, for those who look at it: read from the index and one batch, not proven.

    place = find_log_place(store, record)
    place.state, place.entry                 # "logged", 4711

What a page says of it is a hint. Whoever needs to be sure takes the proof, which is checked before it goes out.
"""

from typing import Literal, NamedTuple

from rmos.digest import sha256_hex
from rmos.errors.store import IndexBroken, IndexUnavailable, ObjectMissing, ObjectUnreadable
from rmos.store import Store, layout
from rmos.store.evidence.objects import LogObjects, parse_line
from rmos.store.records import Damage
from rmos.store.run_records import RunRecord

LogState = Literal["logged", "waiting", "altered", "unknown"]
"""All of the run has an entry; something of it has none yet; the log has other bytes; it cannot be said just now."""


class LogPlace(NamedTuple):
    """Where a run stands in the log."""

    state: LogState
    entry: int | None = None
    """The index of the artifact's entry, from 0, as its proof has it."""
    size: int | None = None
    """How many entries the log has."""


def find_log_place(store: Store, record: RunRecord) -> LogPlace | None:
    """Return where a run stands in the log, None where no log was started."""
    log, table = LogObjects(store.objects), store.index.log
    try:
        if not log.has_started():
            return None
        key = layout.artifact_key(record.partition, record.run_id)
        number, last = table.batch_of(key), table.last()
        if number is None or last is None:
            return LogPlace("waiting")
        batch = log.read_batch(number, strict=False)
        place = batch.find(key)
        if place is None:
            return LogPlace("unknown")
        if parse_line(batch.lines[place]).sha256 != sha256_hex(record.data):
            return LogPlace("altered")
        events = [layout.event_key(record.partition, record.run_id, event.number) for event in record.events]
        state: LogState = "waiting" if any(table.batch_of(event) is None for event in events) else "logged"
        return LogPlace(state, batch.first + place, last[0].first + last[0].size)
    except (Damage, IndexBroken, IndexUnavailable, ObjectMissing, ObjectUnreadable):
        return LogPlace("unknown")
