"""Workflow sessions: folds of immutable events; their lists are in `session_lists`.

    sessions.create(ids.new_session_id(us), SessionChange(fields=changed), actor=actor, us=us)
    sessions.append(session_id, "update", change, actor=actor, us=us, version=3)
    sessions.record(session_id).session

An event is the commit: its name, the last number plus one, is created exclusively, so of two writers one wins the
number and the other folds again. The row comes after the object; when only the row fails, reconcile brings it.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.errors.http import PreconditionFailed
from rmos.errors.workflow import SessionNotFound
from rmos.index.base import Index, KnownSession
from rmos.models import Actor, Event, Session
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.append import append
from rmos.store.complete import IndexGaps, find_known
from rmos.store.records import Damage
from rmos.store.seen import RecordVersion
from rmos.store.session_records import SessionReader, SessionRecord, cascades, decode_session, make_session_row

log = logging.getLogger(__name__)

_events: Final = msgspec.json.Decoder(Event)


class SessionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an event does to a session: the fields that it sets, and what else it says."""

    fields: Mapping[str, Any]
    data: Mapping[str, Any] = {}


DecideChange = Callable[[SessionRecord], SessionChange | None]
"""Returns what an event does to a session as it stands, with its history; None when nothing is left to do."""


class SessionStored(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is durable, and whether the index knows it as it is now."""

    session: Session
    indexed: bool
    changed: bool
    """Whether this call made it so; otherwise it was so already."""


class Sessions:
    """The workflow sessions of one store."""

    def __init__(self, objects: Objects, index: Index, gaps: IndexGaps) -> None:
        self._objects = objects
        self._index = index
        self._gaps = gaps
        self._reader = SessionReader(objects)

    # Writing

    def create(self, session_id: str, change: SessionChange, *, actor: Actor, us: int) -> SessionStored:
        """Make a session durable, then index it; one that is there already stays as it is.

        Args:
            session_id: a new id, or one that was claimed for this request.
            change: the fields that are not as in an empty session, and what else the event says.
            us: the moment of the request.

        Raises:
            NotCanonical, PayloadTooLarge, OutOfSpace, StoreReadOnly, StorageFailed.
            Damage: a twin of the request made it meanwhile, and its record cannot be trusted.
        """
        moment = ids.utc_text(ids.moment_of_session(session_id) or us)
        empty = Session(session_id=session_id, created_at_utc=moment, updated_at_utc=moment, version=0)

        def decide(now: SessionRecord) -> SessionChange | None:
            return None if now.version else change

        nothing = SessionRecord([], empty, None)
        return self._append(session_id, "create", decide, actor=actor, us=us, seen=nothing)

    def ensure_durable(self, record: SessionRecord) -> None:
        """Make sure that what was read of a session stands: its maker may have died before it was durable.

        Raises:
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        self._objects.ensure_durable(layout.last_key(record.folder, record.record_id, record.version))

    def append(
        self,
        session_id: str,
        kind: str,
        decide: DecideChange,
        *,
        actor: Actor,
        us: int,
        version: int | None = None,
    ) -> SessionStored:
        """Append an event to a session; whoever loses the race for a number folds again.

        Args:
            decide: returns from the session as it stands what the event does, None when nothing is left to do, or
                raises when it may not be.
            version: the version that the caller has seen; another one is refused.

        Raises:
            SessionNotFound, Damage, PreconditionFailed, VersionConflict, NotCanonical, PayloadTooLarge, OutOfSpace,
            StoreReadOnly, StorageFailed, and what `decide` raises.
        """

        def decide_on_seen(now: SessionRecord) -> SessionChange | None:
            if version is not None and version != now.version:
                raise PreconditionFailed(
                    "The session has changed since you read it; read it again.",
                    session_id=session_id,
                    version=now.version,
                )
            return decide(now)

        return self._append(session_id, kind, decide_on_seen, actor=actor, us=us)

    def _append(
        self,
        session_id: str,
        kind: str,
        decide: DecideChange,
        *,
        actor: Actor,
        us: int,
        seen: SessionRecord | None = None,
    ) -> SessionStored:
        def decide_data(now: SessionRecord) -> Mapping[str, Any] | None:
            change = decide(now)
            if change is None:
                return None
            after = _change_session(now.session, change.fields, us)
            return {
                "action": kind,
                "from_state": now.session.state if now.version else None,
                "to_state": after.state,
                "state": msgspec.to_builtins(after),
                **change.data,
            }

        before, event, data = append(
            self._objects,
            kind,
            decide_data,
            read=lambda fresh: self.record(session_id, fresh=fresh),
            actor=actor,
            us=us,
            seen=seen,
            announce=self._gaps.announcer.announce,
        )
        if event is None:
            return SessionStored(session=before.session, indexed=self.is_indexed(before.session), changed=False)
        # As it is read back: canonical JSON has sorted the members and made 4.0 a 4, and the row must say the same.
        event = _events.decode(data)
        session = decode_session(event)
        indexed = self._index_session(session, cascades([*before.events, event]))
        return SessionStored(session=session, indexed=indexed, changed=True)

    def _index_session(self, session: Session, cascade: bool) -> bool:
        row = make_session_row(session, cascade)
        version = RecordVersion(layout.session_folder(row.session_id) or "", row.session_id, row.version)
        return self._gaps.write(lambda: self._index.sessions.upsert([row]), [version])

    def is_indexed(self, session: Session) -> bool:
        """Tell whether the index knows a session as it is."""
        known, _ = self._known(session.session_id)
        return known is not None and known.version >= session.version

    # Reading

    def record(self, session_id: str, *, fresh: bool = False) -> SessionRecord:
        """Return a session as it stands, found by its id, with or without the index.

        Args:
            fresh: list the folder instead of trusting the version in the index.

        Raises:
            SessionNotFound: no session has this id.
            Damage: its record cannot be trusted, or part of it is gone.
        """
        known, current = (None, False) if fresh else self._known(session_id)
        if known is not None and current and self._is_last(session_id, known.version):
            numbers: tuple[int, ...] = tuple(range(1, known.version + 1))
        else:
            numbers = self._reader.numbers(session_id)
            if known is not None and (not numbers or numbers[-1] < known.version):
                last = numbers[-1] if numbers else 0
                numbers = (*numbers, *range(last + 1, known.version + 1))  # reading what is gone will say so
        if not numbers:
            raise SessionNotFound("There is no workflow session with this id.", session_id=session_id)
        return self._reader.record(session_id, numbers)

    def is_deleted(self, session_id: str) -> bool:
        """Tell whether a session is deleted, from its row when that is up to date.

        Raises:
            SessionNotFound, Damage.
        """
        known = self._current(session_id)
        if known is not None:
            return known.state == "deleted"
        return self.record(session_id).session.status == "DELETED"

    def is_deleted_with_runs(self, session_id: str) -> bool | None:
        """Tell whether a session was deleted together with its runs; None when its record is damaged.

        A session that has no record, as those of the legacy system, was not.
        """
        known = self._current(session_id)
        if known is not None:
            return known.cascade
        try:
            return self.record(session_id).cascade
        except SessionNotFound:
            return False
        except Damage:
            return None

    def exists(self, session_id: str) -> bool:
        """Tell whether a session was ever made, also one that is damaged; its events are not opened."""
        return self._known(session_id)[0] is not None or bool(self._reader.numbers(session_id))

    def list_ids_beginning(self, beginning: str) -> set[str]:
        """Return the ids of all sessions that begin so, from their names alone."""
        return {
            name.partition(".")[0]
            for partition in self._reader.partitions()
            for name in self._objects.names(f"{layout.SESSIONS}/{partition}")
            if name.startswith(beginning) and layout.SESSION_EVENT.pattern.fullmatch(name)
        }

    def has_any(self) -> bool:
        """Tell whether any session was ever made."""
        return bool(self._reader.partitions())

    def _current(self, session_id: str) -> KnownSession | None:
        """Return what the index knows of a sound session when no later event is there."""
        known, current = self._known(session_id)
        if known is None or not current or known.state not in ("live", "deleted"):
            return None
        return known if self._is_last(session_id, known.version) else None

    def _is_last(self, session_id: str, version: int) -> bool:
        """Tell whether no later event stands where the next one of an indexed version would."""
        folder = layout.session_folder(session_id)
        return folder is not None and not self._objects.has(layout.event_key(folder, session_id, version + 1))

    def _known(self, session_id: str) -> tuple[KnownSession | None, bool]:
        return find_known(self._index.sessions, session_id)


def _change_session(before: Session, fields: Mapping[str, Any], us: int) -> Session:
    members = {name: getattr(before, name) for name in before.__struct_fields__}
    made = {"version": before.version + 1, "updated_at_utc": ids.utc_text(us)}
    return msgspec.convert({**members, **fields, **made}, Session)
