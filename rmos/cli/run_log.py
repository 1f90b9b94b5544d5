"""`rmos run-log`: a line for each run, for a spreadsheet or another program."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import IndexReaders, add_span, read_answer
from rmos.cli.opening import open_for_reading
from rmos.cli.output import emit, json_option, write_parts
from rmos.cli.run_ids import find_session_id
from rmos.row_models import RunQuery
from rmos.schemas.run_log import RUN_LOG_COLUMNS, write_log_lines, write_log_rows
from rmos.store.run_log_lists import RunLogPage
from rmos.transfer.exporting import BOM

_PAGE = 500


@click.command("run-log")
@click.option(
    "--format",
    "form",
    type=click.Choice(("csv", "ndjson"), case_sensitive=False),
    default="csv",
    show_default=True,
    help="A table, or lines of JSON.",
)
@click.option("--bom", is_flag=True, help="Begin a CSV with a byte order mark, for Excel.")
@click.option("--to", "target", type=click.Path(path_type=Path), metavar="FILE", help="A new file.")
@click.option("--tool", metavar="TOOL_ID", help="The tool that would cut.")
@click.option("--material", metavar="MATERIAL_ID", help="What would be cut.")
@click.option("--machine", metavar="MACHINE_ID", help="The machine that would cut.")
@click.option("--batch", metavar="LABEL", help="Only the runs of this label.")
@click.option("--session", metavar="WS_ID", help="Only the runs of this workflow session.")
@add_span
@click.option("--deleted", is_flag=True, help="Also runs that were soft-deleted.")
@json_option
@with_appcontext
def run_log(form: str, bom: bool, target: Path | None, as_json: bool, **filters: Any) -> int:
    """Write the run log: a line for each run, the latest first.

    The first 24 columns are those of the legacy system's log, in its order,
    then come material, machine, session, estimated and measured time, and
    what became of the cut. What nobody knows is empty. To stdout or a new
    file, in UTF-8; cells of the CSV are safe against formulas. Brings the
    index up to the record first, and opens no artifact. Never overwrites a
    file.

    \b
    Exit codes: 0 written, 1 it cannot be written, 2 usage,
    10 no store there, 11 store locked, 130 interrupted.
    """
    if bom and form != "csv":
        raise click.UsageError("--bom goes with --format csv.")
    if as_json and target is None:
        raise click.UsageError("--json goes with --to: stdout is the log itself.")
    query = RunQuery(
        tool_id=filters["tool"],
        material_id=filters["material"],
        machine_id=filters["machine"],
        batch_label=filters["batch"],
        workflow_session_id=filters["session"] and find_session_id(open_for_reading(), filters["session"]),
        created_from_us=filters["since"],
        created_to_us=filters["until"],
        include_deleted=filters["deleted"],
    )
    none: Iterator[RunLogPage] = iter(())
    pages = read_answer(lambda listing: _walk(listing, query), nothing=none)
    parts = _write_csv(pages, bom=bom) if form == "csv" else (write_log_lines(page.runs) for page in pages)
    written = write_parts(parts, target)
    if as_json:
        emit({"bytes": written})
    return DONE


def _walk(listing: IndexReaders, query: RunQuery) -> Iterator[RunLogPage]:
    cursor: str | None = None
    while True:
        page = listing.run_log.page(query, limit=_PAGE, cursor=cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return


def _write_csv(pages: Iterator[RunLogPage], *, bom: bool) -> Iterator[bytes]:
    head = io.StringIO()
    csv.writer(head).writerow(RUN_LOG_COLUMNS)
    yield ((BOM if bom else "") + head.getvalue()).encode()
    for page in pages:
        yield write_log_rows(page.runs)
