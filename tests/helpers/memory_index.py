"""An index in dictionaries: a backend that is no database, by which the contract is shown to be none of SQLite.

database = MemoryDatabase()
index, other = MemoryIndex(database), MemoryIndex(database)      # as two processes have it
"""

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.errors.store import IndexBroken, IndexUnavailable, StoreLocked
from rmos.index.base import (
    LAST_ID,
    NO_INDEX,
    SEPARATOR,
    VISIBILITY,
    Answer,
    Generation,
    IndexState,
    KnownRun,
    KnownSession,
    ListedPage,
    LoggedPage,
    PagePosition,
    RunFigures,
    TalliedRuns,
)
from rmos.index.hosts import Hosts
from rmos.index.log_table import LoggedBatch
from rmos.log_rows import BatchQuery, BatchRun, CountedValue, LoggedRun
from rmos.models import RunState
from rmos.row_models import (
    CountedJobs,
    OutcomeColumn,
    OutcomeGroup,
    OutcomeQuery,
    OutcomeRow,
    OutcomeTotals,
    RunQuery,
    RunRow,
    ToolSpan,
    ToolSpanTotals,
    ToolWorkRow,
    WorkedTool,
)
from tests.helpers.memory_announcements import MemoryAnnouncements, drop_announced
from tests.helpers.memory_hosts import MemoryHosts, Row

_generations: Final = itertools.count(1)


class MemoryDatabase:
    """What all who open the index share."""

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.lock = threading.Lock()
        self.behind = 0
        self.now_s = 0.0
        """The database's clock, which stands still until a test moves it."""
        self.beats: dict[tuple[str, int], Row] = {}
        self.clear("")
        self.generation: int | None = None

    def clear(self, schema: str) -> None:
        """Begin a new, empty index."""
        self.generation = next(_generations)
        self.schema = schema
        self.completed_at: int | None = None
        self.tables: dict[str, dict[str, Any]] = {"runs": {}, "sessions": {}}
        self.tokens: dict[str, str] = {}
        self.entries: dict[str, int] = {}
        self.batches: list[tuple[LoggedBatch, str]] = []
        self.announced: dict[tuple[str, str, int], float] = {}

    def state(self) -> IndexState:
        """Return which index this is and whether it is complete."""
        complete = self.completed_at == self.behind
        return IndexState(self.generation, self.schema, complete, self.completed_at is not None)


class MemoryIndex:
    """An index as one process has it."""

    def __init__(self, database: MemoryDatabase, row_schema: str | None = None) -> None:
        self._database = database
        self._row_schema = row_schema
        self._mark = 0
        self.runs = _Runs(self, "runs", lambda row: KnownRun(row.partition, row.version, row.state, row.sha256))
        self.outcomes = _Outcomes(self)
        self.tool_work = _ToolWork(self)
        self.log = _Log(self)
        self.announcements = MemoryAnnouncements(self.asked)
        self.hosts: Hosts | None = MemoryHosts(self.asked)
        self.sessions = _Table(
            self, "sessions", lambda row: KnownSession(row.partition, row.version, row.state, bool(row.cascade))
        )

    @contextlib.contextmanager
    def asked(self) -> Iterator[MemoryDatabase]:
        """Yield the database for one transaction."""
        with self._database.turn:
            if self._database.generation is None or not self._fits():
                raise IndexBroken("The index is being made again.")
            yield self._database

    def _fits(self) -> bool:
        return self._row_schema is None or self._database.schema == self._row_schema

    def state(self) -> IndexState:
        if self._database.generation is None:
            return NO_INDEX
        with self.asked() as database:
            return database.state()

    @contextlib.contextmanager
    def lock(self, *, wait_s: float) -> Iterator[None]:
        if not self._database.lock.acquire(timeout=wait_s or 0.001):
            raise StoreLocked("Another process is working on the index.")
        try:
            yield
        finally:
            self._database.lock.release()

    def prepare(self) -> bool:
        with self._database.turn:
            self._mark = self._database.behind
            if self._database.generation is not None and self._fits():
                return False
            self._database.clear(self._row_schema or "")
            return True

    def fall_behind(self) -> None:
        self._database.behind += 1

    def complete(self, generation: Generation | None) -> None:
        with self.asked() as database:
            if generation not in (None, database.generation):
                raise IndexBroken("The index was replaced.")
            database.completed_at = self._mark

    def change_tokens(self) -> dict[str, str]:
        with self.asked() as database:
            return dict(database.tokens)

    def set_change_token(self, folder: str, token: str | None) -> None:
        with self.asked() as database:
            if token is None:
                database.tokens.pop(folder, None)
            else:
                database.tokens[folder] = token

    def close(self) -> None:
        pass


class _Outcomes:
    """The outcomes that the rows of runs carry, looked up each time."""

    def __init__(self, index: MemoryIndex) -> None:
        self._index = index

    def page(
        self, query: OutcomeQuery, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        rows, state = self._list(query)
        keys = [(row.created_us, row.outcome_id) for row in rows]
        found = [row for key, row in zip(keys, rows, strict=True) if before is None or key < before][offset:]
        shown = found[:limit]
        last = (shown[-1].created_us, shown[-1].outcome_id) if len(found) > limit else None
        return Answer(ListedPage(SEPARATOR.join(row.summary for row in shown), len(shown), last), state)

    def count(self, query: OutcomeQuery) -> Answer[int]:
        rows, state = self._list(query)
        return Answer(len(rows), state)

    def _list(self, query: OutcomeQuery, *, of_tools: bool = False) -> Answer[list[OutcomeRow]]:
        with self._index.asked() as database:
            texts = [row.outcomes for row in database.tables["runs"].values() if VISIBILITY[row.state] == 2]
            state = database.state()
        rows = [row for text in texts if text for row in msgspec.json.decode(text, type=list[OutcomeRow])]
        chosen = [row for row in rows if (of_tools or query.tool_id or row.lead) and _is_asked(row, query)]
        return Answer(sorted(chosen, key=lambda row: (row.created_us, row.outcome_id), reverse=True), state)

    def totals(self, query: OutcomeQuery, by: OutcomeGroup) -> Answer[list[OutcomeTotals]]:
        rows, state = self._list(query, of_tools=by == "tool")
        groups: dict[str | None, list[OutcomeRow]] = {}
        for row in rows:
            groups.setdefault(getattr(row, by if by == "month" else f"{by}_id"), []).append(row)
        names = sorted(groups, key=lambda name: (name is not None, name or ""))
        return Answer([_add_up(name, groups[name], of_tool=by == "tool") for name in names], state)

    def count_groups(self, query: OutcomeQuery, by: tuple[OutcomeColumn, ...]) -> Answer[list[CountedJobs]]:
        rows, state = self._list(query)
        counts = Counter(tuple(getattr(row, name) for name in by) for row in rows)
        found = sorted(counts.items(), key=lambda item: [(value is not None, value or 0) for value in item[0]])
        return Answer([CountedJobs(values, jobs) for values, jobs in found], state)


class _ToolWork:
    """What tools did, in the rows of runs, looked up each time."""

    def __init__(self, index: MemoryIndex) -> None:
        self._index = index

    def tools(self) -> Answer[list[WorkedTool]]:
        rows, state = self._list()
        found: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            found.setdefault((row.tool_id, row.serial), []).extend([row.marked] if row.marked is not None else [])
        return Answer([WorkedTool(*key, max(found[key], default=None)) for key in sorted(found)], state)

    def totals(self, spans: Sequence[ToolSpan]) -> Answer[list[ToolSpanTotals]]:
        rows, state = self._list()
        return Answer([_add_up_work([row for row in rows if _is_in(row, span)]) for span in spans], state)

    def _list(self) -> Answer[list[ToolWorkRow]]:
        with self._index.asked() as database:
            texts = [row.tool_work for row in database.tables["runs"].values() if VISIBILITY[row.state] == 2]
            state = database.state()
        return Answer(
            [row for text in texts if text for row in msgspec.json.decode(text, type=list[ToolWorkRow])], state
        )


def _is_in(row: ToolWorkRow, span: ToolSpan) -> bool:
    return (row.tool_id, row.serial) == span[:2] and span.since_us <= row.created_us < span.until_us


def _add_up_work(rows: Sequence[ToolWorkRow]) -> ToolSpanTotals:
    times = [row.worked_ms for row in rows if row.worked_ms is not None]
    paths = [row.cut_um for row in rows if row.cut_um is not None]
    breaks = sum(row.broke for row in rows)
    return ToolSpanTotals(
        len(rows), len(times), sum(times) if times else None, len(paths), sum(paths) if paths else None, breaks
    )


def _is_asked(row: OutcomeRow, query: OutcomeQuery) -> bool:
    named = ("machine_id", "tool_id", "material_id", "part", "ended", "risk_level")
    if query.reasons is not None and row.reason_code not in query.reasons:
        return False
    since, until = query.since_us, query.until_us
    in_time = (since is None or row.created_us >= since) and (until is None or row.created_us < until)
    return in_time and all(getattr(query, name) in (None, getattr(row, name)) for name in named)


def _add_up(group: str | None, rows: Sequence[OutcomeRow], *, of_tool: bool) -> OutcomeTotals:
    spent = [row.tool_ms if of_tool else row.spent_ms for row in rows]
    path = [row.tool_um if of_tool else row.cut_um for row in rows]
    times, lengths = [ms for ms in spent if ms is not None], [um for um in path if um is not None]
    good, scrap = (sum(row.quantity for row in rows if row.part == part) for part in ("good", "scrap"))
    return OutcomeTotals(
        group=group,
        jobs=len(rows),
        good=good,
        scrap=scrap,
        timed=len(times),
        spent_ms=sum(times) if times else None,
        measured=len(lengths),
        cut_um=sum(lengths) if lengths else None,
        longest_ms=max(times, default=None),
    )


class _Log:
    """What is known of the log."""

    def __init__(self, index: MemoryIndex) -> None:
        self._index = index

    def add(self, batch: LoggedBatch, keys: Sequence[str], edge: str) -> None:
        with self._index.asked() as database:
            database.entries.update(dict.fromkeys(keys, batch.number))
            database.batches.append((batch, edge))

    def last(self) -> tuple[LoggedBatch, str] | None:
        with self._index.asked() as database:
            return database.batches[-1] if database.batches else None

    def names_in(self, folder: str) -> set[str]:
        with self._index.asked() as database:
            return {key.removeprefix(f"{folder}/") for key in database.entries if key.startswith(f"{folder}/")}

    def batch_of(self, key: str) -> int | None:
        with self._index.asked() as database:
            return database.entries.get(key)

    def batch_at(self, leaf: int) -> LoggedBatch | None:
        with self._index.asked() as database:
            found = [batch for batch, _ in database.batches if batch.first <= leaf < batch.first + batch.size]
            return found[0] if found else None

    def clear(self) -> None:
        with self._index.asked() as database:
            database.entries.clear()
            database.batches.clear()


class _Table:
    """The rows of one kind of records."""

    def __init__(self, index: MemoryIndex, name: str, known: Callable[[Any], Any]) -> None:
        self._index = index
        self._name = name
        self._known = known

    def upsert(self, rows: Sequence[Any], *, instead_of: Mapping[str, int] | None = None) -> None:
        with self._index.asked() as database:
            stored = database.tables[self._name]
            if any(isinstance(value, int) and value >= 2**63 for row in rows for value in msgspec.structs.astuple(row)):
                raise IndexUnavailable("A number is out of range.")
            seen = instead_of or {}
            for row in sorted(rows, key=lambda row: row.state in ("damaged", "missing")):
                record_id = _id_of(row)
                before = stored.get(record_id)
                if before is not None and seen.get(record_id) == before.version:
                    before = None
                if before is None or _wins(row, before):
                    stored[record_id] = row
                drop_announced(database, row.partition, record_id, row.version)

    def find(self, record_id: str) -> Answer[Any]:
        with self._index.asked() as database:
            row = database.tables[self._name].get(record_id)
            return Answer(None if row is None else self._known(row), database.state())

    def page(
        self, query: Any, *, limit: int, before: PagePosition | None = None, offset: int = 0
    ) -> Answer[ListedPage]:
        found, state = self._list(query, before, offset)
        shown = found[:limit]
        last = (shown[-1].created_us, _id_of(shown[-1])) if len(found) > limit else None
        return Answer(ListedPage(SEPARATOR.join(row.summary for row in shown), len(shown), last), state)

    def count(self, query: Any) -> Answer[int]:
        found, state = self._list(query)
        return Answer(len(found), state)

    def _list(self, query: Any, before: PagePosition | None = None, offset: int = 0) -> Answer[list[Any]]:
        with self._index.asked() as database:
            found = [row for row in database.tables[self._name].values() if _matches(row, query)]
            state = database.state()
        found.sort(key=lambda row: (row.created_us, _id_of(row)), reverse=True)
        if before is not None:
            found = [row for row in found if (row.created_us, _id_of(row)) < before]
        return Answer(found[offset:], state)

    def known(self, partition: str) -> dict[str, Any]:
        return {_id_of(row): self._known(row) for row, _ in self.rows(partition)}

    def known_between(self, partition: str, first: str, last: str) -> dict[str, tuple[Any, bool]]:
        return {_id_of(row): (self._known(row), holds) for row, holds in self.rows(partition, first, last)}

    def rows(self, partition: str, first: str = "", last: str = LAST_ID) -> list[tuple[Any, bool]]:
        with self._rows() as stored:
            chosen = sorted(record_id for record_id in stored if first <= record_id <= last)
            return [(stored[record_id], True) for record_id in chosen if stored[record_id].partition == partition]

    def partitions(self) -> list[str]:
        with self._rows() as stored:
            return sorted({row.partition for row in stored.values()})

    def forget(self, record_ids: Iterable[str]) -> None:
        with self._rows() as stored:
            for record_id in record_ids:
                stored.pop(record_id, None)

    def state_counts(self) -> dict[RunState, int]:
        with self._rows() as stored:
            return dict(Counter(row.state for row in stored.values()))

    @contextlib.contextmanager
    def _rows(self) -> Iterator[dict[str, Any]]:
        with self._index.asked() as database:
            yield database.tables[self._name]


class _Runs(_Table):
    """The rows of runs."""

    def figures(self, session_id: str) -> Answer[list[RunFigures]]:
        found, state = self._list(RunQuery(workflow_session_id=session_id))
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for row in found:
            groups.setdefault((row.explanation_status, row.risk_level, row.advisory_kinds), []).append(row)
        figures = [RunFigures(*alike, len(rows), _latest_us(rows)) for alike, rows in groups.items()]
        return Answer(figures, state)

    def count_up_to(self, query: RunQuery, limit: int) -> Answer[int]:
        found, state = self._list(query)
        return Answer(min(len(found), limit), state)

    def tally(self, name: str, first: str = "", last: str = LAST_ID) -> Answer[list[TalliedRuns]]:
        found, state = self._list(RunQuery())
        counts = Counter((row.partition, getattr(row, name)) for row in found if first <= row.partition <= last)
        told = [TalliedRuns(*key, runs) for key, runs in counts.items() if key[1] is not None]
        return Answer(sorted(told), state)

    def total(self, name: str, value: str | None) -> Answer[int]:
        counts, state = self.tally(name)
        return Answer(sum(tallied.runs for tallied in counts if value in (None, tallied.value)), state)

    def counts_by(
        self, name: str, created_from_us: int | None = None, created_to_us: int | None = None
    ) -> Answer[list[CountedValue]]:
        found, state = self._list(RunQuery(created_from_us=created_from_us, created_to_us=created_to_us))
        counts = Counter(getattr(row, name) for row in found)
        return Answer([CountedValue(value, counts[value]) for value in sorted(counts.keys() - {None})], state)

    def span(self, created_from_us: int | None, created_to_us: int | None) -> Answer[tuple[int | None, int | None]]:
        found, state = self._list(RunQuery(created_from_us=created_from_us, created_to_us=created_to_us))
        moments = [row.created_us for row in found]
        return Answer((min(moments, default=None), max(moments, default=None)), state)

    def log_page(self, query: RunQuery, *, limit: int, before: PagePosition | None = None) -> Answer[LoggedPage]:
        found, state = self._list(query, before)
        shown = [LoggedRun(row.summary, row.run_log) for row in found[:limit]]
        last = (found[limit - 1].created_us, found[limit - 1].run_id) if len(found) > limit else None
        return Answer(LoggedPage(shown, last), state)

    def batch(self, query: BatchQuery, *, limit: int) -> Answer[list[BatchRun]]:
        with self._index.asked() as database:
            stored, state = database.tables["runs"], database.state()
            listed = [row for row in stored.values() if VISIBILITY[row.state] == 2]
        sessions = {name: value for name, value in query.list_filters().items() if name != "batch_label"}
        here = [row for row in listed if all(getattr(row, name) == value for name, value in sessions.items())]
        found = {row.run_id: row for row in here if query.batch_label in (None, row.batch_label)}
        before = -1
        while query.batch_label is not None and len(found) != before:
            before = len(found)
            found |= {row.run_id: row for row in here if row.batch_label is None and row.parent_run_id in found}
        rows = sorted(found.values(), key=lambda row: (row.created_us, row.run_id))[:limit]
        return Answer([_as_batch_run(row, stored) for row in rows], state)

    def count_batch(self, query: BatchQuery) -> Answer[int]:
        found, state = self.batch(query, limit=10**9)
        return Answer(len(found), state)

    def values(self, name: str, *, limit: int) -> Answer[list[str]]:
        with self._index.asked() as database:
            found = {getattr(row, name) for row in database.tables[self._name].values()} - {None}
            return Answer(sorted(found)[:limit], database.state())

    def pending(self) -> list[tuple[str, str]]:
        with self._rows() as stored:
            rows = [row for row in stored.values() if row.explanation_status == "pending" and row.version > 0]
        return [(row.partition, row.run_id) for row in rows]


def _as_batch_run(row: RunRow, stored: Mapping[str, RunRow]) -> BatchRun:
    parent = stored.get(row.parent_run_id or "")
    values = {name: getattr(row, name) for name in BatchRun._fields if name != "parent_state"}
    return BatchRun(**values, parent_state=None if parent is None else parent.state)


def _latest_us(rows: Sequence[Any]) -> int | None:
    return max((row.latest_advisory_us for row in rows if row.latest_advisory_us is not None), default=None)


def _id_of(row: Any) -> str:
    return str(msgspec.structs.astuple(row)[0])


def _wins(row: Any, before: Any) -> bool:
    at_home = row.partition == before.partition
    if row.state in ("damaged", "missing"):
        return at_home and bool(row.version >= before.version)
    return bool(row.version >= before.version) or (not at_home and before.state in ("damaged", "missing"))


def _matches(row: Any, query: Any) -> bool:
    shows_deleted = query.include_deleted or (not isinstance(query, RunQuery) and query.status is not None)
    if VISIBILITY[row.state] < (1 if shows_deleted else 2):
        return False
    return all(
        _meets(row, name, value, query)
        for name in query.__struct_fields__
        if name not in ("include_deleted", "now_utc") and (value := getattr(query, name)) is not None
    )


def _meets(row: Any, name: str, value: Any, query: Any) -> bool:
    if name == "override":
        if row.override is None:
            return bool(value == "none")
        return bool(value == ("expired" if row.override_until <= query.now_utc else row.override))
    if name in ("created_from_us", "since_us"):
        return bool(row.created_us >= value)
    if name in ("created_to_us", "until_us"):
        return bool(row.created_us < value)
    if name == "tool_id_prefix":
        return bool(row.tool_id.startswith(value))
    return bool(getattr(row, name) == value)
