"""The lives of tools: what each has cut since it was new or sharpened last, from the index and the records of tools.

    lives = ToolLives(objects, index, answers)
    life = lives.read("em-3175-2f")
    life.serials[0].totals.worked_ms, life.serials[0].since_utc

What tools did is added up from the rows of jobs that count; a record of a tool says where to begin. So a corrected
outcome leaves its minutes out, and a rebuild finds the same. Of several with one id each has a life of its own, by its
serial; the one without a mark is one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rmos import ids
from rmos.index.base import Index
from rmos.names import fold_name
from rmos.objects.base import Objects
from rmos.row_models import ToolSpan, ToolSpanTotals, WorkedTool
from rmos.store.complete import CompleteAnswers
from rmos.store.records import Damage
from rmos.store.tool_records import RecordedReset, ToolRecord, ToolRecords, make_empty_record, make_record_id

_EVER: Final = (-(2**62), 2**62)
"""Microseconds before and after every moment."""


class SerialLife(NamedTuple):
    """One tool of an id: what it has cut since its last reset, None where there was none."""

    serial: str | None
    last: RecordedReset | None
    totals: ToolSpanTotals


class PastLife(NamedTuple):
    """A reset, and what the tool had cut until then since the one before."""

    reset: RecordedReset
    totals: ToolSpanTotals


class ToolLife(NamedTuple):
    """The tools of one id, by their serials, and all resets in the order in which they were recorded."""

    tool_id: str
    serials: Sequence[SerialLife]
    history: Sequence[PastLife]
    damage: Damage | None = None
    """Why nobody knows when the tool was new; there is then nothing else."""


class _Serial(NamedTuple):
    """One tool of an id: its serial as it is compared, empty without one, and as it is shown; its resets."""

    name: str
    shown: str | None
    resets: list[RecordedReset]


class ToolLives:
    """The lives of the tools of one store."""

    def __init__(self, objects: Objects, index: Index, answers: CompleteAnswers) -> None:
        self.records = ToolRecords(objects)
        self._index = index
        self._answers = answers

    def read(self, tool_id: str) -> ToolLife:
        """Return the life of a tool; one of which nothing is known has none.

        Raises:
            IndexRebuilding: the index is not complete.
            Damage, StorageUnavailable: the record of the tool cannot be read.
        """
        record = self.records.get(tool_id)
        record.require_whole()
        return self._make_lives([record])[0]

    def list_all(self, tool_ids: Iterable[str] = ()) -> list[ToolLife]:
        """Return the lives of all tools that ever took part in a job or were reset, and of these, by their ids.

        Raises:
            IndexRebuilding: the index is not complete.
            ObjectUnreadable: the records cannot be listed.
        """
        found = {record.record_id: record for record in self.records.list_all()}
        worked = (tool.tool_id for tool in self._answers.ask(self._index.tool_work.tools))
        recorded = (record.tool_id for record in found.values() if record.damage is None)
        names = dict.fromkeys(found, "") | {make_record_id(name): name for name in (*worked, *tool_ids, *recorded)}
        # A damaged record does not say whose it is; where no other place names its tool, its own name is shown.
        records = [
            found.get(record_id, make_empty_record(name))._replace(tool_id=name or record_id)
            for record_id, name in names.items()
        ]
        return self._make_lives(sorted(records, key=lambda record: fold_name(record.tool_id)))

    def _make_lives(self, records: Sequence[ToolRecord]) -> list[ToolLife]:
        wanted = {fold_name(record.tool_id) for record in records}
        worked = [tool for tool in self._answers.ask(self._index.tool_work.tools) if tool.tool_id in wanted]
        serials = [_list_serials(record, worked) for record in records]
        spans = [
            span
            for record, of_tool in zip(records, serials, strict=True)
            for serial in of_tool
            for span in _list_spans(fold_name(record.tool_id), serial)
        ]
        totals = iter(self._answers.ask(lambda: self._index.tool_work.totals(spans)) if spans else ())
        return [_make_life(record, of_tool, totals) for record, of_tool in zip(records, serials, strict=True)]


def _list_serials(record: ToolRecord, worked: Sequence[WorkedTool]) -> list[_Serial]:
    """Return the tools of one id with their resets, the one without a mark first; of a damaged record none."""
    if record.damage is not None:
        return []
    found: dict[str, _Serial] = {}
    for tool in worked:
        if tool.tool_id == fold_name(record.tool_id):
            found[tool.serial] = _Serial(tool.serial, tool.marked, [])
    for reset in record.resets:
        name = fold_name(reset.serial or "")
        resets = found[name].resets if name in found else []
        found[name] = _Serial(name, reset.serial, [*resets, reset])
    return [found[name] for name in sorted(found)]


def _list_spans(tool_id: str, serial: _Serial) -> list[ToolSpan]:
    """Return the spans between the resets of a tool: one more than there are resets, the last one goes on."""
    moments, latest = [], _EVER[0]
    for reset in serial.resets:
        # Resets go by number: a clock that went back turns none round.
        latest = max(latest, ids.parse_utc(reset.at_utc))
        moments.append(latest)
    return [ToolSpan(tool_id, serial.name, *span) for span in pairwise((_EVER[0], *moments, _EVER[1]))]


def _make_life(record: ToolRecord, serials: Sequence[_Serial], totals: Iterator[ToolSpanTotals]) -> ToolLife:
    """Return the life of a tool; its totals are taken off, in the order of its spans."""
    current: list[SerialLife] = []
    past: list[PastLife] = []
    for serial in serials:
        past += [PastLife(reset, next(totals)) for reset in serial.resets]
        current.append(SerialLife(serial.shown, serial.resets[-1] if serial.resets else None, next(totals)))
    return ToolLife(record.tool_id, current, sorted(past, key=lambda life: life.reset.number), record.damage)
