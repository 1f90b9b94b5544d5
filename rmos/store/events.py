"""Events: the one way in which something happens to a record after it was made, be it a run, a session or a token.

    appended = append_event(objects, "2025-12-23", record, "delete", lambda _: {"mode": "soft"}, record_id=run_id,
                            actor=actor, us=us, again=lambda: read_again(run_id))
    appended.event.number

An event is `<id>.<number>.json` and is created exclusively: the name is lock, order and version at once. Who loses the
race for a number reads the record again, decides again, and tries for the next one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from rmos import digest, ids
from rmos.errors.objects import ObjectExists
from rmos.errors.records import VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.models import EVENT_SCHEMA, Actor, Event
from rmos.objects.base import MAX_OBJECT_BYTES, Objects
from rmos.store import layout

_ATTEMPTS: Final = 100
"""How often an event tries for the next number; each loss means that another writer won one."""


class Chained(Protocol):
    """A record as it was read, as far as its next event depends on it."""

    @property
    def version(self) -> int:
        """The number of the last event; 0 when there is none."""

    @property
    def last_sha256(self) -> str | None:
        """SHA-256 of the file that the next event comes after; None when it is the first file of the record."""


Read = TypeVar("Read", bound=Chained)


class Appended(NamedTuple, Generic[Read]):
    """An event that is durable, its bytes, and the record that it came after."""

    event: Event
    data: bytes
    before: Read


def append_event(
    objects: Objects,
    folder: str,
    record: Read,
    kind: str,
    decide: Callable[[Read], Mapping[str, Any]],
    *,
    record_id: str,
    actor: Actor,
    us: int,
    again: Callable[[], Read],
) -> Appended[Read]:
    """Make an event durable under the next number of its record.

    Args:
        folder: where the record's events stand.
        record: the record as it was read last.
        decide: returns the event's `data` from the record as it stands, or raises when the event may not be; asked
            again whenever another writer was faster.
        us: the moment of the request; recorded, never used for the order.
        again: reads the record from the objects, with whatever was appended meanwhile.

    Raises:
        VersionConflict: too many others write to this record.
        NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    for _ in range(_ATTEMPTS):
        event = Event(
            schema=EVENT_SCHEMA,
            event_id=ids.new_event_id(us),
            number=record.version + 1,
            kind=kind,
            record_id=record_id,
            previous_sha256=record.last_sha256,
            created_at_utc=ids.utc_text(us),
            actor=actor.name,
            role=actor.role,
            request_id=actor.request_id,
            data=dict(decide(record)),
        )
        data = sealed({name: getattr(event, name) for name in event.__struct_fields__}, record_id)
        try:
            objects.create(layout.event_key(folder, record_id, event.number), data)
        except ObjectExists:
            record = again()
            continue
        return Appended(event, data, record)
    raise VersionConflict("Too many others are writing to this record; try again.", record_id=record_id)


def sealed(members: Mapping[str, Any], record_id: str) -> bytes:
    """Return the bytes of a record, which must not be more than what is read back.

    Raises:
        NotCanonical, PayloadTooLarge.
    """
    data = digest.seal(members)
    if len(data) > MAX_OBJECT_BYTES:
        raise PayloadTooLarge("The record would be too large to be read back.", run_id=record_id)
    return data
