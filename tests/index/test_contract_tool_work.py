"""What every index backend must know of what tools did in jobs; see `conftest.py` for the backends."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import ids
from rmos.index.base import Index
from rmos.row_models import RunRow, ToolSpan, ToolSpanTotals, ToolWorkRow
from tests.makers import US, make_row
from tests.trying import tries

RUNS = [f"run_{number:032x}" for number in range(3)]
TOOLS = (("em-1", "", None), ("EM-1", "B", "B"), ("em-1", "b", "b"), ("em-2", "\u00e9", "E\u0301"))


@st.composite
def run_rows(draw: st.DrawFn) -> RunRow:
    run_id = draw(st.sampled_from(RUNS))
    rows: dict[tuple[Any, ...], ToolWorkRow] = {}
    for number in range(draw(st.integers(0, 3))):
        tool_id, serial, marked = draw(st.sampled_from(TOOLS))
        row = ToolWorkRow(
            outcome_id=ids.make_outcome_id(run_id, number),
            tool_id=tool_id,
            serial=serial,
            created_us=US + draw(st.integers(0, 4)),
            worked_ms=draw(st.sampled_from((None, 0, 1500))),
            cut_um=draw(st.sampled_from((None, 7))),
            broke=draw(st.integers(0, 1)),
            marked=marked,
        )
        rows[row.outcome_id, row.tool_id, row.serial] = row
    return make_row(
        US,
        run_id=run_id,
        tool_work=msgspec.json.encode(list(rows.values())).decode() if rows else None,
        version=draw(st.integers(0, 2)),
        state=draw(st.sampled_from(("live", "deleted", "damaged"))),
    )


moments = st.integers(US - 1, US + 6)
names = (st.sampled_from(("em-1", "em-2")), st.sampled_from(("", "b")))
spans = st.lists(st.builds(ToolSpan, *names, moments, moments), max_size=5)
steps = st.lists(st.one_of(st.lists(run_rows(), min_size=1), st.sampled_from(RUNS)), min_size=1, max_size=5)


def list_plainly(index: Index) -> list[ToolWorkRow]:
    rows = [row for day in index.runs.partitions() for row, _ in index.runs.rows(day)]
    texts = [row.tool_work for row in rows if row.state in ("live", "damaged") and row.tool_work]
    return [item for text in texts for item in msgspec.json.decode(text, type=list[ToolWorkRow])]


def add_plainly(rows: list[ToolWorkRow], span: ToolSpan) -> ToolSpanTotals:
    mine = [
        row for row in rows if (row.tool_id, row.serial) == span[:2] and span.since_us <= row.created_us < span.until_us
    ]
    times = [row.worked_ms for row in mine if row.worked_ms is not None]
    paths = [row.cut_um for row in mine if row.cut_um is not None]
    worked, cut = sum(times) if times else None, sum(paths) if paths else None
    return ToolSpanTotals(len(mine), len(times), worked, len(paths), cut, sum(row.broke for row in mine))


@given(steps, spans)
@settings(max_examples=tries(60))
def test_what_tools_did_follows_every_write_and_is_a_plain_sum(
    index: Index, written: list[list[RunRow] | str], asked: list[ToolSpan]
) -> None:
    index.runs.forget(RUNS)
    for step in written:
        if isinstance(step, str):
            index.runs.forget([step])
        else:
            index.runs.upsert(step)
    rows = list_plainly(index)
    assert index.tool_work.totals(asked).value == [add_plainly(rows, span) for span in asked]
    known = sorted({(row.tool_id, row.serial) for row in rows})
    assert [tool[:2] for tool in index.tool_work.tools().value] == known
