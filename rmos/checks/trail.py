"""The trail of attempts: audit records with the outcome that the runs' own events tell.

    for entry in recent(store, 20): ...

A record that an attempt was let through is written before it is made; whether it came to anything is read from the
run, so that nothing is shown as a success that was none.
"""

from collections.abc import Iterator

import msgspec

from rmos.errors.base import RmosError
from rmos.models import AuditRecord
from rmos.store import Store


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: `done`, `not done` (its process died, or the disk failed) or `refused`."""

    event_id: str
    created_at_utc: str
    action: str
    outcome: str
    target: str
    actor: str
    role: str
    address: str | None
    """Where the client was; None on the command line."""
    request_id: str | None
    error: str | None
    detail: str | None
    data: dict[str, object]


def recent(store: Store, limit: int) -> list[Entry]:
    """Return the last attempts, oldest first."""
    records: list[AuditRecord] = []
    for date in reversed(store.audit.days()):
        records += store.audit.day(date)
        if len(records) >= limit:
            break
    last = sorted(records, key=lambda record: (record.created_at_utc, record.event_id))[-limit:]
    return [_entry(store, record) for record in last]


def since(store: Store, seen: set[str]) -> Iterator[Entry]:
    """Give the attempts of the last two days that are not among those seen, and add them to these."""
    records = [
        record for date in store.audit.days()[-2:] for record in store.audit.day(date) if record.event_id not in seen
    ]
    for record in sorted(records, key=lambda record: (record.created_at_utc, record.event_id)):
        seen.add(record.event_id)
        yield _entry(store, record)


def _entry(store: Store, record: AuditRecord) -> Entry:
    outcome = "refused"
    if record.outcome == "admitted":
        outcome = "done" if _is_done(store, record) else "not done"
    members = {name: getattr(record, name) for name in Entry.__struct_fields__ if name != "outcome"}
    return Entry(outcome=outcome, **members)


def _is_done(store: Store, record: AuditRecord) -> bool:
    """Tell whether the run has the delete event of just this attempt."""
    try:
        events = store.deletes.events(record.target)
    except RmosError:
        return False
    return any(
        event.kind == "delete" and (event.actor, event.request_id) == (record.actor, record.request_id)
        for event in events
    )
