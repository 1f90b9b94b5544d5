"""`rmos runs`: the list of runs, newest first."""

import json
import shutil
import sys
from typing import Any

import click
from flask.cli import with_appcontext

from rmos.checks.orphans import find_orphans
from rmos.cli.exits import DONE
from rmos.cli.opening import LOCK_WAIT_S, count_runs, open_for_reading, open_for_writing, workers_for
from rmos.cli.output import emit, json_option, progress, say, table
from rmos.cli.types import Moment
from rmos.errors import IndexRebuilding, IndexUnavailable, StoreLocked, StoreReadOnly
from rmos.models import RISK_LEVELS, RUN_STATUSES, Page, RunQuery
from rmos.store import Runs


@click.command("runs")
@click.option("--status", type=click.Choice(RUN_STATUSES, case_sensitive=False), help="OK, BLOCKED or ERROR.")
@click.option("--risk", type=click.Choice(RISK_LEVELS, case_sensitive=False), help="The decision's risk level.")
@click.option("--mode", metavar="MODE", help="router, saw, cam, art_studio ...")
@click.option("--tool", metavar="TOOL_ID", help="The tool that would cut.")
@click.option("--session", metavar="WS_ID", help="The workflow session.")
@click.option("--since", type=Moment(), metavar="TIME", help="From this date or time (UTC) on.")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="Up to the end of this date, or before this time.")
@click.option("--deleted", is_flag=True, help="Also list runs that were deleted.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=50, show_default=True, metavar="N", help="Lines of a page."
)
@click.option("--cursor", metavar="CURSOR", help="Go on where the page before ended.")
@json_option
@with_appcontext
def runs(limit: int, cursor: str | None, as_json: bool, **filters: Any) -> int:
    """List the runs, newest first.

    Brings the index up to the record first, so that the list is complete;
    where the folder cannot be written it shows what the index has, and says
    how much that lacks. Never changes the record.

    \b
    Exit codes: 0 listed, also when nothing matches; 1 it cannot be listed,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    query = RunQuery(
        status=filters["status"],
        risk_level=filters["risk"],
        mode=filters["mode"],
        tool_id=filters["tool"],
        workflow_session_id=filters["session"],
        created_from_us=filters["since"],
        created_to_us=filters["until"],
        include_deleted=filters["deleted"],
    )
    page = _page(query, limit, cursor)
    items = [json.loads(item) for item in page.items]
    if as_json:
        emit({"items": items, "next_cursor": page.next_cursor})
    else:
        _say_items(items, page)
    return DONE


def _page(query: RunQuery, limit: int, cursor: str | None) -> Page:
    """Return the page from an index that was just brought up to the record, or, failing that, as the index stands."""
    if not open_for_reading().objects.writable():
        return _page_as_it_stands(query, limit, cursor)
    try:
        store = open_for_writing()
        total = 0 if store.index.exists() else count_runs(store)
        with progress("Indexing", total) as told:
            store.reconcile(wait_s=LOCK_WAIT_S, workers=workers_for(total), progress=told)
        return store.runs.page(query, limit=limit, cursor=cursor)
    except (StoreReadOnly, IndexUnavailable, StoreLocked):
        return _page_as_it_stands(query, limit, cursor)


def _page_as_it_stands(query: RunQuery, limit: int, cursor: str | None) -> Page:
    """Return the page that the index has now; what it lacks is said, so that no list is silently short.

    Raises:
        IndexRebuilding: there are runs, and no complete index.
    """
    store = open_for_reading()
    if not store.index.exists() or not store.index.was_completed():
        if count_runs(store) == 0:
            return Page(text="")
        raise IndexRebuilding(
            "The index is not complete and cannot be completed from here: the folder cannot be written, or another "
            "process is at it. Try again later, or copy the store to a folder that you may write and list it there."
        )
    lacking = len(find_orphans(store))
    say(f"The index is read as it stands, without bringing it up to the record: {lacking} runs are lacking.", err=True)
    listed = Runs(store.objects, store.index, store.reader, store.summarise, store.index.was_completed)
    return listed.page(query, limit=limit, cursor=cursor)


def _say_items(items: list[dict[str, Any]], page: Page) -> None:
    if not items:
        say("No runs match.")
        return
    rows = [["CREATED (UTC)", "RUN", "STATUS", "RISK", "SCORE", "BATCH", "WHY"]]
    rows += [_row(item) for item in items]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(rows, numbers=[4]):
        say(line[:width])
    if page.next_cursor:
        say(f"There are more: add --cursor {page.next_cursor}")


def _row(item: dict[str, Any]) -> list[str]:
    score = item.get("score")
    return [
        str(item.get("created_at_utc", ""))[:19].replace("T", " "),
        str(item.get("run_id", "")),
        str(item.get("status", "")),
        str(item.get("risk_level") or ""),
        "" if score is None else f"{score:.1f}",
        str((item.get("meta") or {}).get("batch_label") or ""),
        str(item.get("block_reason") or next(iter(item.get("warnings") or []), "")),
    ]
