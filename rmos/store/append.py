"""Append: the one way in which something happens to a record after it was made, be it a run, a session or a token.

    appended = append(objects, "delete", lambda run: {"mode": "soft"}, read=read, actor=actor, us=us)
    appended.event                           # None when the record was so already, and nothing was written

An event is `<id>.<number>.json` and is created exclusively: the name is lock, order and version at once. Who loses the
race for a number reads the record again, decides again, and tries for the next one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from rmos import ids
from rmos.errors.records import VersionConflict
from rmos.errors.store import ObjectExists
from rmos.models import EVENT_SCHEMA, Actor, Event
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.records import encode_record
from rmos.store.seen import Announce, announce_nothing

_ATTEMPTS: Final = 100
"""How often an event tries for the next number; each loss means that another writer won one."""


class Appendable(Protocol):
    """A record as it was read, as far as its next event depends on it."""

    @property
    def record_id(self) -> str:
        """What its files are named after."""

    @property
    def folder(self) -> str:
        """Where they stand."""

    @property
    def version(self) -> int:
        """The number of the last event; 0 when there is none."""

    @property
    def last_sha256(self) -> str | None:
        """SHA-256 of the file that the next event comes after; None when it is the first file of the record."""


Read = TypeVar("Read", bound=Appendable)


class Appended(NamedTuple, Generic[Read]):
    """What became of a decision: the record that it was made on, the event that came of it, and the event's bytes."""

    before: Read
    event: Event | None
    data: bytes


def append(
    objects: Objects,
    kind: str,
    decide: Callable[[Read], Mapping[str, Any] | None],
    *,
    read: Callable[[bool], Read],
    actor: Actor,
    us: int,
    seen: Read | None = None,
    announce: Announce = announce_nothing,
) -> Appended[Read]:
    """Make an event durable under the next number of a record.

    Args:
        read: reads the record; True asks for a fresh look at the objects, with whatever was appended meanwhile.
        decide: returns the event's `data` from the record as it stands, None when nothing is left to do, or raises
            when the event may not be; asked again whenever another writer was faster.
        us: the moment of the request; recorded, never used for the order.
        seen: the record as the caller has read it, so that it is not read again unless it has changed.
        announce: is told each event before it is created, where the record has a row.

    Raises:
        VersionConflict: too many others write to this record.
        NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    record = read(False) if seen is None else seen
    for _ in range(_ATTEMPTS):
        data = decide(record)
        if data is None and record is seen:
            record = read(False)  # what was so when the caller read it may have been undone since
            continue
        if data is None:
            # The maker of what stands there may have died before it was durable.
            objects.ensure_durable(layout.last_key(record.folder, record.record_id, record.version))
            return Appended(record, None, b"")
        event = Event(
            schema=EVENT_SCHEMA,
            event_id=ids.new_event_id(us),
            number=record.version + 1,
            kind=kind,
            record_id=record.record_id,
            previous_sha256=record.last_sha256,
            created_at_utc=ids.utc_text(us),
            actor=actor.name,
            role=actor.role,
            request_id=actor.request_id,
            data=dict(data),
        )
        written = encode_record({name: getattr(event, name) for name in event.__struct_fields__}, record.record_id)
        announce(record.folder, record.record_id, event.number)
        try:
            # A crash before this line leaves nothing; behind it the event stands, acknowledged or not.
            objects.create(layout.event_key(record.folder, record.record_id, event.number), written)
        except ObjectExists:
            record = read(True)
            continue
        return Appended(record, event, written)
    raise VersionConflict("Too many others are writing to this record; try again.", record_id=record.record_id)
