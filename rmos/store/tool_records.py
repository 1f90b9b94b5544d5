"""What happened to the tools of a shop: each is a record of events, that one is new, was sharpened or is thrown away.

    records = ToolRecords(objects)
    records.add(ToolReset(tool_id="em-3175-2f", action="sharpened", serial="B"), actor=actor, us=us)
    records.get("EM-3175-2F").resets[-1].at_utc

A record is of one id of a tool, in any case; its events say which of several they mean by its serial. Each of them is a
reset: what the tool has cut counts from there on. The record is named after the digest of the id, for nothing that a
client sends is ever part of a name.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import msgspec

from rmos import digest, ids
from rmos.errors.records import VersionConflict
from rmos.models import Actor, Event
from rmos.names import fold_name
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.append import append
from rmos.store.history import read_chain
from rmos.store.records import Damage, UnavailableDamage, raise_problem

ToolAction = Literal["new", "sharpened", "discarded"]
TOOL_ACTIONS: Final = get_args(ToolAction)
"""What can happen to a tool: each begins another life of it."""
_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class ToolReset(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says has happened to a tool."""

    tool_id: str
    action: ToolAction
    serial: str | None = None
    """Which of several with this id; None is the one that has no mark."""
    note: str | None = None


class RecordedReset(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a tool."""

    number: int
    action: ToolAction
    serial: str | None
    note: str | None
    at_utc: str
    by: str


class ToolRecord(NamedTuple):
    """A tool's events as they were read, or what is wrong with its record."""

    record_id: str
    tool_id: str
    """As it was written first; of a record that cannot be read as it was asked for, else empty."""
    version: int
    last_sha256: str | None
    resets: Sequence[RecordedReset]
    damage: Damage | None = None

    @property
    def folder(self) -> str:
        """Where its files stand."""
        return layout.TOOLS

    def require_whole(self) -> None:
        """Raise what is wrong with the record.

        Raises:
            Damage, StorageUnavailable.
        """
        if self.damage is not None:
            raise_problem(self.damage)


class _ResetMembers(msgspec.Struct, frozen=True, kw_only=True):
    """What an event of a tool says."""

    tool_id: _NonEmpty
    serial: _NonEmpty | None = None
    note: str | None = None


class ToolRecords:
    """The records of the tools of one store; a tool of which nothing was ever said has none."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def list_all(self) -> list[ToolRecord]:
        """Return every record with what is wrong with it, by its name.

        Raises:
            ObjectUnreadable: the folder cannot be listed.
        """
        found = layout.list_records(layout.TOOL_EVENT, partial(self._objects.names, layout.TOOLS))
        return [self._read(record_id, numbers, "") for record_id, numbers in found.items()]

    def get(self, tool_id: str) -> ToolRecord:
        """Return the record of a tool, with what is wrong with it; an empty one where nothing was ever said of it."""
        record_id = make_record_id(tool_id)
        numbers = layout.list_numbers(lambda: self._list_numbers(record_id))
        return self._read(record_id, numbers, tool_id) if numbers else make_empty_record(tool_id)

    def _list_numbers(self, record_id: str) -> tuple[int, ...]:
        names = self._objects.names(layout.TOOLS, f"{record_id}.")
        return layout.sort_out_events(layout.TOOL_EVENT, names).get(record_id, ())

    def add(self, reset: ToolReset, *, actor: Actor, us: int, expected_version: int | None = None) -> RecordedReset:
        """Make durable what has happened to a tool.

        Args:
            expected_version: the number of the last event that the caller knows; None is whichever there is.

        Raises:
            Damage: its record cannot be read.
            VersionConflict, OutOfSpace, StoreReadOnly, StorageFailed: nothing was recorded.
        """
        members = {"tool_id": reset.tool_id, "serial": reset.serial, "note": reset.note}

        def decide(record: ToolRecord) -> Mapping[str, Any]:
            record.require_whole()
            if expected_version not in (None, record.version):
                raise VersionConflict("Something else was recorded of this tool meanwhile.", tool_id=reset.tool_id)
            return {name: value for name, value in members.items() if value is not None}

        _, event, _ = append(
            self._objects, reset.action, decide, read=lambda _: self.get(reset.tool_id), actor=actor, us=us
        )
        assert event is not None  # it is always decided for
        return _read_reset(event, make_record_id(reset.tool_id))

    def _read(self, record_id: str, numbers: tuple[int, ...], tool_id: str) -> ToolRecord:
        chain = read_chain(self._objects.read, layout.TOOLS, record_id, numbers, of="tool")
        damages = [problem.damage for problem in chain.problems]
        if not damages:
            try:
                resets = fold_tool(record_id, chain.events)
                name = str(chain.events[0].data["tool_id"])
                return ToolRecord(record_id, name, len(resets), chain.last_sha256, resets)
            except Damage as damage:
                damages = [damage]
        # What the storage did not give may be all that is wrong: asked again, it may.
        unavailable = (damage for damage in damages if isinstance(damage, UnavailableDamage))
        return ToolRecord(record_id, tool_id, numbers[-1], None, (), next(unavailable, damages[0]))


def make_record_id(tool_id: str) -> str:
    """Return what the files of a tool are named after."""
    return f"tool_{digest.sha256_hex(fold_name(tool_id).encode(errors='surrogatepass'))[:32]}"


def make_empty_record(tool_id: str) -> ToolRecord:
    """Return the record of a tool of which nothing was ever said."""
    return ToolRecord(make_record_id(tool_id), tool_id, 0, None, ())


def fold_tool(record_id: str, events: Sequence[Event]) -> list[RecordedReset]:
    """Return what the events of a tool say, by number.

    Raises:
        Damage: tool_corrupt: one says nothing of this tool that is understood.
    """
    return [_read_reset(event, record_id) for event in events]


def _read_reset(event: Event, record_id: str) -> RecordedReset:
    try:
        said = msgspec.convert(event.data, _ResetMembers)
        action = msgspec.convert(event.kind, ToolAction)
        ids.parse_utc(event.created_at_utc)
    except (ValueError, OverflowError) as error:  # also msgspec's
        raise Damage("tool_corrupt", f"event {event.number} of the tool cannot be used: {error}") from None
    if make_record_id(said.tool_id) != record_id:
        raise Damage("tool_corrupt", f"event {event.number} is of another tool than its name says")
    return RecordedReset(
        number=event.number,
        action=action,
        serial=said.serial,
        note=said.note,
        at_utc=event.created_at_utc,
        by=event.actor,
    )
