"""The trail: who deleted, restored, overrode, approved or made tokens, and what was turned down.

    trail = Trail(store)
    trail.read(20)           # the last entries, oldest first
    trail.read_new()         # what came since, whatever the clock said meanwhile

What succeeded is read from the events of runs, sessions and tokens; what was turned down, or let through and never
came to anything, from the audit records. So nothing is shown as a success that was none, and nothing twice.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from rmos.errors.base import RmosError
from rmos.errors.store import ObjectMissing, ObjectUnavailable, ObjectUnreadable, RecordUnavailable, StorageFailed
from rmos.models import AuditRecord, Event
from rmos.store import Store, layout
from rmos.store.layout import AUDIT_RECORD, EVENT, SESSION_EVENT, TOKEN_EVENT, ObjectKind

_RUN_ACTIONS: Final = frozenset({"delete", "restore", "override"})
_SESSION_ACTIONS: Final = frozenset({"delete", "restore", "approve", "reject"})
_SHOWN: Final = ("reason", "mode", "scope", "name", "role", "cascade")
"""Members of an event's data that say what was done."""
_EVENTS_OF: Final = {EVENT.name: _RUN_ACTIONS, SESSION_EVENT.name: _SESSION_ACTIONS, TOKEN_EVENT.name: None}

_events: Final = msgspec.json.Decoder(Event)
_audits: Final = msgspec.json.Decoder(AuditRecord)


class AuditedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: `done`, `not done` (its process died, or the disk failed) or `refused`."""

    event_id: str
    created_at_utc: str
    action: str
    outcome: str
    target: str
    actor: str
    role: str
    address: str | None
    """Where the client was, where an audit record says so; None on the command line."""
    request_id: str | None
    error: str | None
    detail: str | None
    data: dict[str, Any]


class Trail:
    """The trail of one store, and how far it was read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._objects = store.objects
        self._tokens: dict[str, str] = {}
        self._seen: set[str] = set()
        self.unavailable = 0
        """Records that the storage did not give at the last reading; the next one asks for them again."""

    def read(self, limit: int) -> list[AuditedAttempt]:
        """Return the last entries, oldest first."""
        return self.read_new()[-limit:]

    def read_new(self) -> list[AuditedAttempt]:
        """Return what came since the last reading, oldest first; of folders that did not change nothing is listed."""
        audits: list[AuditRecord] = []
        events: list[Event] = []
        self.unavailable = 0
        for folder, kind in self._folders():
            token = self._objects.changed_since(folder, self._tokens.get(folder))
            if token is None:
                continue
            unavailable = [key for key in self._list_unseen(folder, kind) if not self._read_object(key, audits, events)]
            if unavailable:
                self._seen.difference_update(unavailable)
            else:
                self._tokens[folder] = token
            self.unavailable += len(unavailable)
        return sorted(self._entries(audits, events), key=lambda entry: (entry.created_at_utc, entry.event_id))

    def _folders(self) -> Iterator[tuple[str, ObjectKind]]:
        """Return the folders, each with the one kind of object in it that is read here."""
        yield from ((partition, EVENT) for partition in self._store.reader.partitions())
        for kind in (AUDIT_RECORD, SESSION_EVENT):
            names = (name for name in self._objects.names(kind.folder) if layout.is_level("date", name))
            yield from ((f"{kind.folder}/{name}", kind) for name in names)
        yield TOKEN_EVENT.folder, TOKEN_EVENT

    def _list_unseen(self, folder: str, kind: ObjectKind) -> Iterator[str]:
        # Most names are those of artifacts: the pattern passes them by at a twentieth of what `kind_of` takes.
        for name in sorted(filter(kind.pattern.fullmatch, self._objects.names(folder))):
            key = f"{folder}/{name}"
            if layout.kind_of(key) is kind and key not in self._seen:
                self._seen.add(key)
                yield key

    def _read_object(self, key: str, audits: list[AuditRecord], events: list[Event]) -> bool:
        """Read an audit record, or an event of an action that belongs here; verify tells of those that are damaged.

        Returns False when the storage did not give it.
        """
        kind = layout.kind_of(key)
        try:
            data = self._objects.read(key)
            if kind is AUDIT_RECORD:
                audits.append(_audits.decode(data))
                return True
            event = _events.decode(data)
        except ObjectUnavailable:
            return False
        except (ObjectMissing, ObjectUnreadable, msgspec.MsgspecError):
            return True
        wanted = _EVENTS_OF[kind.name] if kind is not None else None
        if wanted is None or event.kind in wanted:
            events.append(event)
        return True

    def _entries(self, audits: list[AuditRecord], events: list[Event]) -> Iterator[AuditedAttempt]:
        done = {(event.kind, event.record_id, event.actor, event.request_id): event for event in events}
        for record in audits:
            outcome = "refused"
            if record.outcome == "admitted":
                same = (record.action, record.target, record.actor, record.request_id)
                outcome = "done" if done.pop(same, None) or self._has_event(record) else "not done"
            members = {name: getattr(record, name) for name in AuditedAttempt.__struct_fields__ if name != "outcome"}
            yield AuditedAttempt(outcome=outcome, **members)
        for event in done.values():
            yield _make_attempt(event)

    def _has_event(self, record: AuditRecord) -> bool:
        """Tell whether the run has the event of just this attempt: it may have been read before its audit record."""
        try:
            events = self._store.deletes.events(record.target)
        except RmosError as error:
            if isinstance(error, StorageFailed) and not isinstance(error, RecordUnavailable):
                raise  # nothing is known of any run just now
            return False
        return any(
            (event.kind, event.actor, event.request_id) == (record.action, record.actor, record.request_id)
            for event in events
        )


def _make_attempt(event: Event) -> AuditedAttempt:
    return AuditedAttempt(
        event_id=event.event_id,
        created_at_utc=event.created_at_utc,
        action=event.kind,
        outcome="done",
        target=event.record_id,
        actor=event.actor,
        role=event.role,
        address=None,
        request_id=event.request_id,
        error=None,
        detail=None,
        data={name: event.data[name] for name in _SHOWN if event.data.get(name) is not None},
    )
