"""`rmos runs`: the list of runs, newest first."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

import click
import msgspec
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import IndexReaders, list_options, open_readers, read_page, say_page
from rmos.cli.opening import open_for_reading
from rmos.cli.output import COLOURS, json_option, say, terminal_width
from rmos.cli.run_ids import find_session_id, short_ids
from rmos.cli.tables import Column
from rmos.models import RISK_LEVELS, RUN_STATUSES
from rmos.outcomes import OUTCOME_WORDS
from rmos.row_models import OVERRIDE_STATES, Page, RunQuery
from rmos.store.arrivals import Arrivals

_EVERY_S: Final = 1.0
"""Seconds between two looks of `--follow`."""

_COLUMNS: Final = (
    Column("CREATED (UTC)"),
    Column("RUN"),
    Column("STATUS", spare=True),
    Column("RISK"),
    Column("SCORE", number=True),
    Column("BATCH", least=8, spare=True),
    Column("TOOL", least=8, spare=True),
    Column("BY", least=8, spare=True),
    Column("WHY"),
)


@click.command("runs")
@click.option("--status", type=click.Choice(RUN_STATUSES, case_sensitive=False), help="OK, BLOCKED or ERROR.")
@click.option("--risk", type=click.Choice(RISK_LEVELS, case_sensitive=False), help="The decision's risk level.")
@click.option("--mode", metavar="MODE", help="router, saw, cam, art_studio ...")
@click.option("--tool", metavar="TOOL_ID", help="The tool that would cut.")
@click.option("--material", metavar="MATERIAL_ID", help="What would be cut.")
@click.option("--machine", metavar="MACHINE_ID", help="The machine that would cut.")
@click.option("--session", metavar="WS_ID", help="The workflow session.")
@click.option("--by", metavar="NAME", help="Who made the run.")
@click.option("--rule", metavar="RULE", help="The first rule that blocks or warns, HEAT for one.")
@click.option(
    "--override", type=click.Choice(OVERRIDE_STATES, case_sensitive=False), help="How an override of it stands now."
)
@click.option("--outcome", type=click.Choice(OUTCOME_WORDS, case_sensitive=False), help="What became of it.")
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
    below it, also those of a clock that was set back; with --json each is
    one line then.

    \b
    Exit codes: 0 listed, also when nothing matches; 1 it cannot be listed,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    query = RunQuery(
        status=filters["status"],
        risk_level=filters["risk"],
        mode=filters["mode"],
        tool_id=filters["tool"],
        material_id=filters["material"],
        machine_id=filters["machine"],
        workflow_session_id=filters["session"] and find_session_id(open_for_reading(), filters["session"]),
        created_by=filters["by"],
        rule=filters["rule"],
        override=filters["override"],
        outcome=filters["outcome"],
        created_from_us=filters["since"],
        created_to_us=filters["until"],
        include_deleted=filters["deleted"],
    )

    def ask(listing: IndexReaders) -> Page:
        return listing.runs.page(query, limit=limit, cursor=cursor)

    if follow:
        return _follow(query, ask, as_json)
    page = read_page(ask)
    shown = short_ids([str(json.loads(item)["run_id"]) for item in page.items]) if terminal_width() else {}
    say_page(page, as_json, _COLUMNS, lambda item: _row(item, shown), _colour, nothing="No runs match.")
    return DONE


def _colour(item: dict[str, Any]) -> str | None:
    return COLOURS.get(str(item.get("risk_level")))


def _follow(query: RunQuery, ask: Callable[[IndexReaders], Page], as_json: bool) -> NoReturn:
    """Show the page and then each run that comes; only an interruption ends it."""
    # Noted before the page is made, so that no run comes between the two.
    store = open_for_reading()
    arrivals = Arrivals(store.objects, store.reader)
    new = [json.loads(item) for item in reversed(read_page(ask).items)]
    shown = {str(item["run_id"]) for item in new}
    while True:
        for item in new:
            _say_line(item, as_json)
        time.sleep(_EVERY_S)
        new = [item for item in _arrived(query, arrivals) if item["run_id"] not in shown]


def _arrived(query: RunQuery, arrivals: Arrivals) -> Iterator[dict[str, Any]]:
    """Yield the runs that came and match, as far as the index knows them: writers index what they write."""
    store = open_for_reading()
    listing = open_readers(store)
    try:
        for row in arrivals.find(store.index):
            since, until = query.created_from_us or row.created_us, query.created_to_us or row.created_us + 1
            just_then = msgspec.structs.replace(
                query, created_from_us=max(since, row.created_us), created_to_us=min(until, row.created_us + 1)
            )
            found = map(json.loads, listing.runs.page(just_then, limit=500).items)
            yield from (item for item in found if item["run_id"] == row.run_id)
    finally:
        store.index.close()


def _say_line(item: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(item))
        return
    created, run_id, status, risk, score, batch, tool, by, why = _row(item, {})
    line = f"{created}  {run_id}  {status:<7}  {risk:<7}  {score:>5}  {batch}  {tool}  {by}  {why}"
    say(line.rstrip(), colour=_colour(item))


def _row(item: dict[str, Any], shown: dict[str, str]) -> list[str]:
    """Return the cells of a run; `shown` has shorter ids for the eye."""
    score = item.get("score")
    run_id = str(item.get("run_id", ""))
    return [
        str(item.get("created_at_utc", ""))[: 16 if shown else 19].replace("T", " "),
        shown.get(run_id, run_id),
        str(item.get("status", "")),
        str(item.get("risk_level") or ""),
        "" if score is None else f"{score:.1f}",
        str((item.get("meta") or {}).get("batch_label") or ""),
        str(item.get("tool_id") or ""),
        str((item.get("created_by") or {}).get("name") or ""),
        _explain_status(item),
    ]


def _explain_status(item: dict[str, Any]) -> str:
    """Return why a run is blocked or what to mind, and first who answers for it all the same."""
    why = str(item.get("block_reason") or next(iter(item.get("warnings") or []), ""))
    override = item.get("override")
    if not override:
        return why
    state = "overridden" if override.get("effective") else "override asked for"
    until = f" until {override['expires_at_utc'][:19]}Z" if override.get("expires_at_utc") else ""
    return f"[{state} by {override.get('by')}{until}] {why}"
