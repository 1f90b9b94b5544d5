"""`rmos runs`: the list of runs, newest first."""

import json
import time
from typing import Any, Final, NoReturn

import click
import msgspec
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.listing import as_it_stands, list_options, listed, say_page
from rmos.cli.opening import open_for_reading
from rmos.cli.output import COLOURS, json_option, say, terminal_width
from rmos.cli.references import short_ids
from rmos.cli.tables import Column
from rmos.models import RISK_LEVELS, RUN_STATUSES, Page, RunQuery

_EVERY_S: Final = 1.0
"""Seconds between two looks of `--follow`."""
_LOOK_BACK_US: Final = 60_000_000
"""How long before the newest run that was shown one may have begun that comes only now."""

_COLUMNS: Final = (
    Column("CREATED (UTC)", least=16),
    Column("RUN"),
    Column("STATUS", spare=True),
    Column("RISK"),
    Column("SCORE", number=True),
    Column("BATCH", least=8, spare=True),
    Column("WHY"),
)


@click.command("runs")
@click.option("--status", type=click.Choice(RUN_STATUSES, case_sensitive=False), help="OK, BLOCKED or ERROR.")
@click.option("--risk", type=click.Choice(RISK_LEVELS, case_sensitive=False), help="The decision's risk level.")
@click.option("--mode", metavar="MODE", help="router, saw, cam, art_studio ...")
@click.option("--tool", metavar="TOOL_ID", help="The tool that would cut.")
@click.option("--session", metavar="WS_ID", help="The workflow session.")
@list_options
@click.option("--follow", is_flag=True, help="Go on and show new runs as they come, until Ctrl-C.")
@json_option
@with_appcontext
def runs(limit: int, cursor: str | None, follow: bool, as_json: bool, **filters: Any) -> int:
    """List the runs, newest first.

    Brings the index up to the record first, so that the list is complete;
    where the folder cannot be written it shows what the index has, and says
    how much that lacks. Never changes the record. With --follow the page is
    turned round, so that the newest run is the last line, and new ones come
    below it; with --json each is one line then.

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
    page = listed(lambda store: store.runs.page(query, limit=limit, cursor=cursor))
    if follow:
        return _follow(query, page, as_json)
    shown = short_ids([str(json.loads(item)["run_id"]) for item in page.items]) if terminal_width() else {}
    say_page(page, as_json, _COLUMNS, lambda item: _row(item, shown), _colour, nothing="No runs match.")
    return DONE


def _colour(item: dict[str, Any]) -> str | None:
    return COLOURS.get(str(item.get("risk_level")))


def _follow(query: RunQuery, page: Page, as_json: bool) -> NoReturn:
    """Show the page and then each run that comes; only an interruption ends it."""
    shown: dict[str, int] = {}
    new = [json.loads(item) for item in reversed(page.items)]
    while True:
        for item in new:
            shown[str(item["run_id"])] = ids.parse_utc(str(item["created_at_utc"]))
            _say_line(item, as_json)
        # Of two runs made at once the newer one may be indexed first, so a while back is looked at again.
        since = max(shown.values(), default=ids.now_us()) - _LOOK_BACK_US
        shown = {run_id: us for run_id, us in shown.items() if us >= since}
        time.sleep(_EVERY_S)
        found = _since(msgspec.structs.replace(query, created_from_us=max(since, query.created_from_us or since)))
        new = [item for item in reversed(found) if item["run_id"] not in shown]


def _since(query: RunQuery) -> list[dict[str, Any]]:
    """Return all runs that match, newest first, as far as the index knows them: writers index what they write."""
    store = open_for_reading()
    listing = as_it_stands(store)
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    try:
        while True:
            page = listing.runs.page(query, limit=500, cursor=cursor)
            items += [json.loads(item) for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return items
    finally:
        store.index.close()


def _say_line(item: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(item))
        return
    created, run_id, status, risk, score, batch, why = _row(item, {})
    line = f"{created}  {run_id}  {status:<7}  {risk:<7}  {score:>5}  {batch}  {why}"
    say(line.rstrip(), colour=_colour(item))


def _row(item: dict[str, Any], shown: dict[str, str]) -> list[str]:
    """Return the cells of a run; `shown` has shorter ids for the eye."""
    score = item.get("score")
    run_id = str(item.get("run_id", ""))
    return [
        str(item.get("created_at_utc", ""))[:19].replace("T", " "),
        shown.get(run_id, run_id),
        str(item.get("status", "")),
        str(item.get("risk_level") or ""),
        "" if score is None else f"{score:.1f}",
        str((item.get("meta") or {}).get("batch_label") or ""),
        _why(item),
    ]


def _why(item: dict[str, Any]) -> str:
    """Return why a run is blocked or what to mind, and first who answers for it all the same."""
    why = str(item.get("block_reason") or next(iter(item.get("warnings") or []), ""))
    override = item.get("override")
    if not override:
        return why
    state = "overridden" if override.get("effective") else "override asked for"
    until = f" until {override['expires_at_utc'][:19]}Z" if override.get("expires_at_utc") else ""
    return f"[{state} by {override.get('by')}{until}] {why}"
