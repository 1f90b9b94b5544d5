"""What every index backend must do with rows, be they those of runs or of sessions; see `conftest.py`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.index.base import Index, KnownRun, KnownSession
from rmos.models import RunState
from rmos.row_models import RunQuery, RunRow, SessionQuery, SessionRow
from tests.index.rows import changed, make_session_row
from tests.makers import US, make_row
from tests.trying import tries

DAY = "2025-12-23"
DAY_US = 86_400_000_000


class Rows(NamedTuple):
    """One of the tables, and how its rows are made and asked for."""

    table: Any
    make: Callable[..., Any]
    query: Callable[..., Any]
    known: Callable[[Any], object]

    def stored(self, row: Any) -> Any:
        """Return the row that stands for the record now, whose checksum must hold."""
        record_id = id_of(row)
        [(found, holds)] = self.table.rows(row.partition, record_id, record_id)
        assert holds
        assert self.table.known_between(row.partition, record_id, record_id) == {record_id: (self.known(found), True)}
        return found

    def count(self, **query: Any) -> int:
        found: int = self.table.count(self.query(**query)).value
        return found


def id_of(row: Any) -> str:
    return str(msgspec.structs.astuple(row)[0])


@pytest.fixture(params=["runs", "sessions"])
def rows(request: pytest.FixtureRequest, index: Index) -> Rows:
    """The rows of runs, and those of sessions."""
    if request.param == "runs":
        return Rows(index.runs, make_row, RunQuery, lambda row: KnownRun(*_place(row), row.sha256))
    return Rows(
        index.sessions, make_session_row, SessionQuery, lambda row: KnownSession(*_place(row), bool(row.cascade))
    )


def _place(row: RunRow | SessionRow) -> tuple[str, int, RunState]:
    return row.partition, row.version, row.state


FULL_RUN = {
    "version": 3,
    "state": "deleted",
    "summary": '{"é":"\U0001d11e"}',
    "event_type": "rosette",
    "workflow_session_id": "ws_1",
    "batch_label": "b\x00\x1f",
    "session_id": "",
    "material_id": "Ébène",
    "machine_id": "m",
    "parent_run_id": "run_parent",
    "created_by": "anna",
    "rule": "HEAT",
    "request_id": "r",
    "source": "s",
    "explanation_status": "complete",
    "advisory_kinds": '{"note":1}',
    "latest_advisory_us": 2**53,
}
FULL_SESSION = {
    "version": 3,
    "state": "deleted",
    "cascade": 1,
    "status": "DELETED",
    "user_id": "Ébène",
    "workflow_type": "",
    "summary": '{"é":1}',
}


def test_a_row_comes_back_as_it_was_written(rows: Rows) -> None:
    row = rows.make(**(FULL_RUN if rows.make is make_row else FULL_SESSION))
    rows.table.upsert([row])
    assert rows.stored(row) == row
    assert rows.table.find(id_of(row)).value == rows.known(row)
    assert rows.table.known(DAY) == {id_of(row): rows.known(row)}
    assert rows.table.partitions() == [DAY]
    assert rows.table.state_counts() == {"deleted": 1}


def test_what_is_known_of_a_session_says_truly_whether_it_took_its_runs_along(index: Index) -> None:
    index.sessions.upsert([row := make_session_row(cascade=1)])
    known = index.sessions.find(row.session_id).value
    assert known is not None
    assert known.cascade is True  # as JSON has it: no 1


def test_an_unknown_record_is_not_found(rows: Rows) -> None:
    assert rows.table.find("run_361afb660060").value is None
    assert rows.table.known(DAY) == {}
    assert rows.table.rows(DAY) == []


def test_an_older_version_never_wins_a_newer_one_does_and_an_equal_one_refreshes(rows: Rows) -> None:
    row = rows.make(version=2, summary='"2"')
    rows.table.upsert([row])
    rows.table.upsert([changed(row, version=1, summary='"1"', state="deleted")])
    assert rows.stored(row).summary == '"2"'
    rows.table.upsert([changed(row, summary='"2 again"')])
    assert rows.stored(row).summary == '"2 again"'
    rows.table.upsert([changed(row, version=3, summary='"3"', state="deleted")])
    assert rows.stored(row).summary == '"3"'
    assert rows.count() == 0


def test_a_refresh_also_takes_values_away(rows: Rows) -> None:
    name = "material_id" if rows.make is make_row else "user_id"
    row = rows.make(**{name: "ebony"})
    rows.table.upsert([row])
    rows.table.upsert([changed(row, **{name: None})])
    assert getattr(rows.stored(row), name) is None
    assert rows.count(**{name: "ebony"}) == 0


@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=tries(25))
def test_rows_in_any_order_end_at_the_newest_version(rows: Rows, order: list[int], alone: list[bool]) -> None:
    row = rows.make()
    batch: list[Any] = []
    for version, single in zip(order, alone, strict=True):
        batch.append(changed(row, version=version, summary=f'"{version}"'))
        if single:
            rows.table.upsert(batch)
            batch = []
    rows.table.upsert(batch)
    assert rows.stored(row).version == 4
    assert rows.stored(row).summary == '"4"'


def test_an_altered_row_is_replaced_whatever_version_it_claims(rows: Rows) -> None:
    row, other = rows.make(version=1), rows.make(US + 1)
    rows.table.upsert([changed(row, version=99, state="deleted"), other])
    rows.table.upsert([row])
    assert rows.count() == 1
    rows.table.upsert([row], instead_of={id_of(row): 98})
    assert rows.count() == 1  # another row stands there than was seen
    rows.table.upsert([row], instead_of={id_of(row): 99, id_of(other): 0})
    assert rows.stored(row) == row
    assert rows.stored(other) == other  # it is not among the rows
    assert rows.count() == 2
    rows.table.upsert([changed(row, version=8, state="deleted"), changed(other, version=9, state="deleted")])
    rows.table.upsert([row, other], instead_of={id_of(row): 8, id_of(other): 9})
    assert (rows.stored(row), rows.stored(other)) == (row, other)


def test_writing_no_rows_is_no_error(rows: Rows) -> None:
    row = rows.make()
    rows.table.upsert([row])
    rows.table.upsert([])
    rows.table.forget([])
    assert rows.stored(row) == row


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("state", ["damaged", "missing"])
@pytest.mark.parametrize("version", [0, 7])
@pytest.mark.parametrize("first", [True, False])
def test_a_copy_or_event_in_another_partition_never_stands_for_the_healthy_record(
    rows: Rows, together: bool, state: RunState, version: int, first: bool
) -> None:
    row = rows.make()
    misplaced = changed(row, partition="2025-12-01", state=state, version=version, status="ERROR")
    both = [misplaced, row] if first else [row, misplaced]
    for batch in [[*both, rows.make(US + 1)]] if together else [[one] for one in both]:
        rows.table.upsert(batch)
    assert rows.stored(row) == row


def test_damage_at_its_own_place_replaces_the_row_and_healing_replaces_it_again(rows: Rows) -> None:
    row = rows.make(version=1)
    rows.table.upsert([row])
    rows.table.upsert([changed(row, state="damaged", status="ERROR")])
    assert rows.stored(row).state == "damaged"
    assert rows.count() == 1
    rows.table.upsert([changed(row, state="damaged", version=0)])
    assert rows.stored(row).version == 1  # damage of an older version is no news
    rows.table.upsert([row])
    assert rows.stored(row) == row


def test_a_record_that_is_missing_keeps_its_row_unlisted_until_it_is_found_again(rows: Rows) -> None:
    row = rows.make()
    rows.table.upsert([row])
    rows.table.upsert([changed(row, state="missing")])
    assert rows.stored(row) == changed(row, state="missing")
    assert (rows.count(), rows.count(include_deleted=True)) == (0, 0)
    rows.table.upsert([row])
    assert rows.stored(row) == row
    assert rows.count() == 1


def test_forgetting_removes_just_those_rows(rows: Rows) -> None:
    three = [rows.make(US + number) for number in range(3)]
    rows.table.upsert(three)
    rows.table.forget([id_of(three[0]), id_of(three[2]), "run_000000000000"])
    assert list(rows.table.known(DAY)) == [id_of(three[1])]


@pytest.mark.parametrize(
    ("state", "plain", "with_deleted"),
    [("live", 1, 1), ("damaged", 1, 1), ("deleted", 0, 1), ("missing", 0, 0), ("erased", 0, 0)],
)
def test_trap_06_a_row_is_listed_and_counted_by_its_state(
    rows: Rows, state: RunState, plain: int, with_deleted: int
) -> None:
    rows.table.upsert([rows.make(state=state)])
    for include_deleted, expected in ((False, plain), (True, with_deleted)):
        page = rows.table.page(rows.query(include_deleted=include_deleted), limit=5).value
        assert page.size == rows.count(include_deleted=include_deleted) == expected
    assert rows.table.state_counts() == {state: 1}


def test_rows_of_a_partition_come_from_id_to_id_in_order(rows: Rows) -> None:
    made = [rows.make(US + number) for number in range(6)]
    other = rows.make(US - DAY_US)
    rows.table.upsert([*reversed(made), other])
    found = rows.table.rows(DAY, id_of(made[1]), id_of(made[4]))
    assert [row for row, _ in found] == made[1:5]
    assert all(holds for _, holds in found)
    assert [row for row, _ in rows.table.rows(DAY)] == made
    assert rows.table.known(other.partition) == {id_of(other): rows.known(other)}
    assert rows.table.partitions() == [other.partition, DAY]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_trap_13_a_walk_shows_each_record_once_also_where_times_are_equal(rows: Rows, limit: int) -> None:
    made = [rows.make(US + number // 4, summary=str(number)) for number in range(21)]
    rows.table.upsert(made)
    walked: list[str] = []
    page = rows.table.page(rows.query(), limit=limit).value
    walked += page.text.split(",\n")
    while page.last:
        page = rows.table.page(rows.query(), limit=limit, before=page.last).value
        walked += page.text.split(",\n")
    expected = sorted(made, key=lambda row: (row.created_us, id_of(row)), reverse=True)
    assert walked == [row.summary for row in expected]


def test_an_offset_skips_from_the_newest_and_past_the_end_there_is_nothing(rows: Rows) -> None:
    made = [rows.make(US + number, summary=str(number)) for number in range(10)]
    rows.table.upsert(made)

    def shown(**how: Any) -> str:
        return str(rows.table.page(rows.query(), **how).value.text)

    assert shown(offset=3, limit=2) == "6,\n5"
    assert shown(offset=9, limit=5) == "0"
    assert shown(offset=10, limit=5) == ""
    assert shown(before=(made[8].created_us, id_of(made[8])), offset=2, limit=1) == "5"
