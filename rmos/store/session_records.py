"""Reading a workflow session out of its events: each carries the whole session after it, so the last is the session.

    reader = SessionReader(objects)
    record = reader.record(session_id, (1, 2, 3))
    record.session, record.deletion

All events are verified, not only the last: a session whose history is damaged is answered as damaged.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos import ids
from rmos.models import Event, RunState, Session
from rmos.objects.base import Objects
from rmos.row_models import SessionRow
from rmos.store import layout
from rmos.store.history import read_chain
from rmos.store.read_ahead import read_ahead
from rmos.store.records import Damage

DAMAGED_SESSION: Final = "The record of this session is damaged; an operator should run `rmos verify`."
_encoder: Final = msgspec.json.Encoder()


class SessionRecord(NamedTuple):
    """A session as it was read: its events, all verified, and what they amount to."""

    events: list[Event]
    session: Session
    last_sha256: str | None
    """SHA-256 of the file that the next event comes after; None when the next one is the first."""

    @property
    def record_id(self) -> str:
        """What its files are named after."""
        return self.session.session_id

    @property
    def folder(self) -> str:
        """Where they stand."""
        folder = layout.session_folder(self.record_id)
        assert folder is not None  # a session was read from there, or is to be made under a new id
        return folder

    @property
    def version(self) -> int:
        """The number of the last event."""
        return len(self.events)

    @property
    def cascade(self) -> bool:
        """Whether the session was deleted together with its runs, and not restored."""
        return cascades(self.events)


class SessionReader:
    """Reads sessions out of the objects; knows no index."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def partitions(self) -> list[str]:
        """Return the dates that have sessions, oldest first."""
        entries = self._objects.entries(layout.SESSIONS)
        return sorted(entry.name for entry in entries if entry.kind == "directory" and ids.is_partition(entry.name))

    def numbers(self, session_id: str) -> tuple[int, ...]:
        """Return the numbers of a session's events, found by listing, never by probing up to the first gap."""
        folder = layout.session_folder(session_id)
        if folder is None:
            return ()
        return layout.list_numbers(
            lambda: layout.sort_out_events(layout.SESSION_EVENT, self._objects.names(folder, session_id)).get(
                session_id, ()
            )
        )

    def record(self, session_id: str, numbers: Sequence[int]) -> SessionRecord:
        """Return the session that these events, at least one, amount to.

        Raises:
            Damage: event_hole, event_missing, event_corrupt, event_chain_broken, newer_schema, misnamed, unreadable.
        """
        folder = layout.session_folder(session_id)
        assert folder is not None
        keys = [layout.event_key(folder, session_id, number) for number in numbers]
        chain = read_chain(read_ahead(self._objects, keys), folder, session_id, numbers, of="session")
        chain.require_whole()
        return SessionRecord(chain.events, decode_session(chain.events[-1]), chain.last_sha256)


def decode_session(event: Event) -> Session:
    """Return the session that an event carries.

    Raises:
        Damage: event_corrupt, misnamed.
    """
    try:
        session = msgspec.convert(event.data.get("state"), Session)
    except msgspec.ValidationError as error:
        raise Damage("event_corrupt", f"the event's state is no session: {error}") from None
    if session.session_id != event.record_id or session.version != event.number:
        state = f"version {session.version} of {session.session_id}"
        raise Damage("misnamed", f"the event carries the state of {state}")
    us = ids.moment_of_session(session.session_id)
    if us is None or session.created_at_utc != ids.utc_text(us):
        raise Damage("misnamed", "the id and `created_at_utc` are not the same moment")
    return session


def cascades(events: Sequence[Event]) -> bool:
    """Tell whether the last delete, if none has restored it, took the session's runs with it."""
    for event in reversed(events):
        if event.kind in ("delete", "restore"):
            return event.kind == "delete" and event.data.get("cascade") is True
    return False


def make_session_row(session: Session, cascade: bool) -> SessionRow:
    """Return a healthy session's row; its summary is the session itself, as clients read it."""
    us = ids.moment_of_session(session.session_id) or 0
    return SessionRow(
        session_id=session.session_id,
        created_us=us,
        partition=ids.partition_of(us),
        version=session.version,
        state="deleted" if session.status == "DELETED" else "live",
        cascade=int(cascade),
        summary=_encoder.encode(session).decode(),
        status=session.status,
        workflow_state=session.state,
        user_id=session.user_id,
        workflow_type=session.workflow_type,
    )


def make_damaged_session_row(session_id: str, version: int, state: RunState) -> SessionRow:
    """Return the row of a session whose record cannot be read: listed without a status, never hidden."""
    us = ids.moment_of_session(session_id) or 0
    shown: dict[str, Any] = dict.fromkeys(Session.__struct_fields__)
    shown |= {"session_id": session_id, "created_at_utc": ids.utc_text(us), "updated_at_utc": ids.utc_text(us)}
    shown |= {"version": version, "design": {}, "context": {}, "state_data": {}, "error_message": DAMAGED_SESSION}
    return SessionRow(
        session_id=session_id,
        created_us=us,
        partition=ids.partition_of(us),
        version=version,
        state=state,
        cascade=0,
        summary=_encoder.encode(shown).decode(),
    )
