"""`rmos sessions`: the list of workflow sessions, newest first."""

import json
from typing import Any

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import listed
from rmos.cli.output import emit, json_option, say, say_table
from rmos.cli.types import Moment
from rmos.models import SESSION_STATUSES, WORKFLOW_STATES, Page, SessionQuery


@click.command("sessions")
@click.option("--user", metavar="USER_ID", help="Whose sessions.")
@click.option("--status", type=click.Choice(SESSION_STATUSES, case_sensitive=False), help="ACTIVE or DELETED.")
@click.option("--state", type=click.Choice(WORKFLOW_STATES, case_sensitive=False), help="How far the work has come.")
@click.option("--type", "workflow_type", metavar="TYPE", help="The type of workflow.")
@click.option("--since", type=Moment(), metavar="TIME", help="Made from this date or time (UTC) on.")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="Up to the end of this date, or before this time.")
@click.option("--deleted", is_flag=True, help="Also list sessions that were deleted.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=50, show_default=True, metavar="N", help="Lines of a page."
)
@click.option("--cursor", metavar="CURSOR", help="Go on where the page before ended.")
@json_option
@with_appcontext
def sessions(limit: int, cursor: str | None, as_json: bool, **filters: Any) -> int:
    """List the workflow sessions, newest first.

    Brings the index up to the record first, so that the list is complete;
    where the folder cannot be written it shows what the index has. Deleted
    sessions come with --deleted or --status DELETED. Never changes the
    record. `rmos runs --session ID` lists the runs of one.

    \b
    Exit codes: 0 listed, also when nothing matches; 1 it cannot be listed,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    query = SessionQuery(
        user_id=filters["user"],
        status=filters["status"],
        workflow_state=filters["state"],
        workflow_type=filters["workflow_type"],
        since_us=filters["since"],
        until_us=filters["until"],
        include_deleted=filters["deleted"],
    )
    page = listed(lambda listing: listing.sessions.page(query, limit=limit, cursor=cursor))
    items = [json.loads(item) for item in page.items]
    if as_json:
        emit({"items": items, "next_cursor": page.next_cursor})
    else:
        _say_items(items, page)
    return DONE


def _say_items(items: list[dict[str, Any]], page: Page) -> None:
    if not items:
        say("No sessions match.")
        return
    rows = [["CREATED (UTC)", "SESSION", "STATUS", "STATE", "USER", "TYPE", "NEXT STEP"]]
    rows += [_row(item) for item in items]
    say_table(rows, [None, *(_colour(item) for item in items)])
    if page.next_cursor:
        say(f"There are more: add --cursor {page.next_cursor}")


def _row(item: dict[str, Any]) -> list[str]:
    shown = [str(item[name] or "") for name in ("session_id", "status", "state", "user_id", "workflow_type")]
    created = str(item["created_at_utc"])[:19].replace("T", " ")
    return [created, *shown, str(item["next_step"] or item["error_message"] or "")]


def _colour(item: dict[str, Any]) -> str | None:
    """Return how a line is told from the others: damaged ones, deleted ones, those that wait for nobody."""
    if item["status"] != "ACTIVE":
        return "bright_black" if item["status"] else "red"
    return {"rejected": "red", "approved": "green"}.get(str(item["state"]))
