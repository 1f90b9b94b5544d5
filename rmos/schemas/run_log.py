"""The run log as clients see it: a line for each run, in the columns that the seed's log had, then ours.

    RUN_LOG_COLUMNS                              # the header of the CSV
    write_log_lines(page.runs)                   # NDJSON
    write_log_rows(page.runs)                    # CSV, safe for spreadsheets
    load_run_log(parameters)                     # which runs a client asks for

A line is put together from what the row of its run has: the summary, and the cells that were made with it. What nobody
knows is null, in a CSV an empty cell, and never 0.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields

from rmos import ids
from rmos.index.base import SEPARATOR
from rmos.log_rows import LoggedRun, RunLogCells
from rmos.row_models import Page, RunQuery
from rmos.schemas.fields import MomentField, RequestSchema
from rmos.schemas.lists import ListRequest, RunListSchema, load_filters, require_single
from rmos.store.run_log_lists import COUNTED, RunLogPage, RunLogTotals
from rmos.transfer.exporting import FORMULA


class RunLogEntry(msgspec.Struct, frozen=True):
    """A line of the run log; its members are the columns, in their order."""

    run_id: str
    created_at_utc: str
    mode: str | None
    tool_id: str | None
    status: str
    risk_level: str
    warning_count: int
    override_applied: bool | None
    block_reason: str | None
    rules_triggered: tuple[str, ...] | None
    input_filename: str | None
    loop_count: int | None
    bbox_width_mm: float | None
    bbox_height_mm: float | None
    tool_d_mm: float | None
    stepover: float | None
    stepdown_mm: float | None
    z_rough_mm: float | None
    strategy: str | None
    gcode_lines: int | None
    gcode_inline: bool | None
    feasibility_sha256: str | None
    gcode_sha256: str | None
    parent_run_id: str | None
    material_id: str | None
    machine_id: str | None
    session: str | None
    estimate_s: float | None
    ended: str | None
    part: str | None
    measured_s: float | None
    operator: str | None


RUN_LOG_COLUMNS: Final = RunLogEntry.__struct_fields__


class _LoggedMeta(msgspec.Struct, frozen=True):
    session_id: Any = None


class _LoggedSummary(msgspec.Struct, frozen=True):
    """What a line takes of the summary of its run (`RunAdvisorySummarySchema`)."""

    run_id: str
    created_at_utc: str
    status: str
    risk_level: str
    mode: str | None = None
    tool_id: str | None = None
    block_reason: str | None = None
    warnings: list[msgspec.Raw] = []
    parent_run_id: str | None = None
    material_id: str | None = None
    machine_id: str | None = None
    workflow_session_id: str | None = None
    meta: _LoggedMeta | None = None


_summaries: Final = msgspec.json.Decoder(_LoggedSummary)
_cells: Final = msgspec.json.Decoder(RunLogCells)
_encode: Final = msgspec.json.Encoder().encode
_NO_CELLS: Final = RunLogCells(feasibility_sha256="", override_applied=False)
_CHOSEN: Final = (
    *("mode", "tool_id", "block_reason", "rules_triggered", "input_filename", "strategy", "gcode_sha256"),
    *("parent_run_id", "material_id", "machine_id", "session", "operator"),
)
_FREE: Final = tuple(map(RUN_LOG_COLUMNS.index, _CHOSEN))
"""Where texts stand that others choose; the rest are ids, times, digests and words of ours, which begin no formula."""
_COMMAS: Final = len(RUN_LOG_COLUMNS) - 1
_FLAGS: Final = tuple(RUN_LOG_COLUMNS.index(name) for name in ("override_applied", "gcode_inline"))
_FLAG_WORDS: Final[Mapping[bool | None, str | None]] = {None: None, False: "false", True: "true"}
_RULES: Final = RUN_LOG_COLUMNS.index("rules_triggered")


def read_entry(run: LoggedRun) -> RunLogEntry:
    """Return the line of a run; of one whose record cannot be read what its row says."""
    listed, is_read = _summaries.decode(run.summary), run.cells is not None
    cells = _NO_CELLS if run.cells is None else _cells.decode(run.cells)
    session = listed.workflow_session_id
    if session is None and listed.meta is not None and isinstance(listed.meta.session_id, str):
        session = listed.meta.session_id
    return RunLogEntry(
        listed.run_id,
        listed.created_at_utc,
        listed.mode,
        listed.tool_id,
        listed.status,
        listed.risk_level,
        len(listed.warnings),
        cells.override_applied if is_read else None,
        listed.block_reason,
        cells.rules_triggered if is_read else None,
        cells.input_filename,
        cells.loop_count,
        cells.bbox_width_mm,
        cells.bbox_height_mm,
        cells.tool_d_mm,
        cells.stepover,
        cells.stepdown_mm,
        cells.z_rough_mm,
        cells.strategy,
        cells.gcode_lines,
        cells.gcode_inline,
        cells.feasibility_sha256 or None,
        cells.gcode_sha256,
        listed.parent_run_id,
        listed.material_id,
        listed.machine_id,
        session,
        cells.estimate_s,
        cells.ended,
        cells.part,
        cells.measured_s,
        cells.operator,
    )


def write_log_lines(runs: Sequence[LoggedRun]) -> bytes:
    """Return lines of JSON, each with its end."""
    return b"".join([_encode(read_entry(run)) + b"\n" for run in runs])


def write_log_rows(runs: Sequence[LoggedRun]) -> bytes:
    """Return rows of CSV: numbers as numbers, nothing for null, rules between `|`, no cell that begins a formula."""
    return "".join([_write_row(_make_row(read_entry(run))) for run in runs]).encode()


def _write_row(row: list[Any]) -> str:
    """Return a row with its end.

    The writer of `csv` looks at each sign of each cell, which is half of the time of a log. Most rows need no quotes:
    they have as many commas as there are between their cells.
    """
    line = ",".join(["" if cell is None else cell if type(cell) is str else str(cell) for cell in row])
    if line.count(",") == _COMMAS and not ('"' in line or "\n" in line or "\r" in line):
        return f"{line}\r\n"
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue()


def _make_row(entry: RunLogEntry) -> list[Any]:
    row: list[Any] = list(msgspec.structs.astuple(entry))
    if row[_RULES] is not None:
        row[_RULES] = "|".join(row[_RULES])
    for place in _FLAGS:
        row[place] = _FLAG_WORDS[row[place]]
    for place in _FREE:
        if (text := row[place]) and text[0] in FORMULA:
            row[place] = f"'{text}"
    return row


def show_log_page(page: RunLogPage) -> Page:
    """Return a page of the log as lists go out."""
    text = SEPARATOR.join(_encode(read_entry(run)).decode() for run in page.runs)
    return Page(text=text, count=len(page.runs), next_cursor=page.next_cursor)


class RunLogEntrySchema(Schema):
    """A line of the run log. What nobody knows is null."""

    run_id = fields.String()
    created_at_utc = fields.String()
    mode = fields.String(allow_none=True)
    tool_id = fields.String(allow_none=True)
    status = fields.String(metadata={"description": "OK, BLOCKED or ERROR"})
    risk_level = fields.String(metadata={"description": "GREEN, YELLOW, RED, UNKNOWN or ERROR"})
    warning_count = fields.Integer()
    override_applied = fields.Boolean(
        allow_none=True, metadata={"description": "Whether an override was put in force, whether or not it is over"}
    )
    block_reason = fields.String(allow_none=True)
    rules_triggered = fields.List(
        fields.String(), allow_none=True, metadata={"description": "Ids of rules and codes of findings; `|` in a CSV"}
    )
    input_filename = fields.String(allow_none=True, metadata={"description": "Of the program that was sent"})
    loop_count = fields.Integer(allow_none=True, metadata={"description": "Closed loops of the geometry"})
    bbox_width_mm = fields.Float(allow_none=True, metadata={"description": "Of what its programs cut, in X"})
    bbox_height_mm = fields.Float(allow_none=True, metadata={"description": "Of what its programs cut, in Y"})
    tool_d_mm = fields.Float(allow_none=True)
    stepover = fields.Float(allow_none=True, metadata={"description": "The engaged share of the diameter, 0 to 1"})
    stepdown_mm = fields.Float(allow_none=True)
    z_rough_mm = fields.Float(
        allow_none=True, metadata={"description": "The bottom of the cut; the top of the stock is 0"}
    )
    strategy = fields.String(allow_none=True, metadata={"description": "The operation, where no strategy was sent"})
    gcode_lines = fields.Integer(allow_none=True)
    gcode_inline = fields.Boolean(
        allow_none=True, metadata={"description": "Whether G-code stands in the record itself; null where is none"}
    )
    feasibility_sha256 = fields.String(allow_none=True)
    gcode_sha256 = fields.String(allow_none=True)
    parent_run_id = fields.String(allow_none=True)
    material_id = fields.String(allow_none=True)
    machine_id = fields.String(allow_none=True)
    session = fields.String(allow_none=True, metadata={"description": "The workflow session, else `meta.session_id`"})
    estimate_s = fields.Float(allow_none=True, metadata={"description": "All its programs together"})
    ended = fields.String(allow_none=True, metadata={"description": "Of the last outcome that counts"})
    part = fields.String(allow_none=True)
    measured_s = fields.Float(allow_none=True)
    operator = fields.String(
        allow_none=True, metadata={"description": "Who reported that outcome, else who took the operator pack"}
    )


class RunLogPageSchema(Schema):
    """A page of the run log, the latest run first."""

    items = fields.List(fields.Nested(RunLogEntrySchema))
    next_cursor = fields.String(allow_none=True)


class RunLogCsvSchema(RunListSchema):
    """The query parameters of the run log as CSV: the filters of the list of runs."""

    class Meta:
        """What goes with pages of JSON alone is left out."""

        exclude = ("include_total", "offset", "format")


class RunLogListSchema(RunLogCsvSchema):
    """The query parameters of the run log as JSON."""

    class Meta:
        """A byte order mark is for a CSV."""

        exclude = ("include_total", "offset", "format", "bom")


class RunLogSpanSchema(RequestSchema):
    """The query parameters of what the runs of a time amount to; a day is whole."""

    created_from = MomentField(attribute="created_from_us")
    created_to = MomentField(attribute="created_to_us", end=True)


def _count_field(name: str) -> fields.Field[Any]:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": f"By {name}, folded"})


class RunLogSummarySchema(Schema):
    """What the runs of a time amount to: how many there are, and of them of each kind."""

    runs = fields.Integer(required=True)
    first_at_utc = fields.String(required=True, allow_none=True)
    last_at_utc = fields.String(required=True, allow_none=True)
    status = _count_field("status")
    risk_level = _count_field("risk level")
    mode = _count_field("mode")
    event_type = _count_field("event type")
    machine_id = _count_field("machine")
    material_id = _count_field("material")
    rule = _count_field("the first rule that blocks or warns")
    outcome = _count_field("outcome")


_csv: Final = RunLogCsvSchema()
_list: Final = RunLogListSchema()
_span: Final = RunLogSpanSchema()


def load_run_log(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return the lines of the log that query parameters ask for, each given with all its values.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    filters, page = load_filters(_list, parameters)
    return ListRequest(query=RunQuery(**filters), page=page, limited="limit" in parameters)


def load_run_log_csv(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Return the rows of the log that query parameters ask for, and whether a byte order mark is to stand before them.

    Raises:
        ValidationError: as `load_run_log`.
    """
    filters, page = load_filters(_csv, parameters)
    bom = filters.pop("bom")
    return ListRequest(query=RunQuery(**filters), page=page, limited="limit" in parameters, bom=bom)


def load_span(parameters: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the time that query parameters ask for, by the names of `RunLogLists.add_up`.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    span: dict[str, int] = _span.load(require_single(parameters))
    return span


def dump_log_totals(totals: RunLogTotals) -> bytes:
    """Return the body of what the runs of a time amount to."""
    first, last = (None if us is None else ids.utc_text(us) for us in (totals.first_us, totals.last_us))
    counts = {name: totals.counts[name] for name in COUNTED}
    return _encode({"runs": totals.runs, "first_at_utc": first, "last_at_utc": last, **counts})
