"""`rmos sessions`: the list of workflow sessions, newest first."""

import json
from typing import Any, Final

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import list_options, read_page, say_page
from rmos.cli.output import json_option, terminal_width
from rmos.cli.run_ids import short_ids
from rmos.cli.tables import Column
from rmos.models import SESSION_STATUSES, WORKFLOW_STATES
from rmos.row_models import SessionQuery

_COLUMNS: Final = (
    Column("CREATED (UTC)"),
    Column("SESSION"),
    Column("STATUS", spare=True),
    Column("STATE"),
    Column("USER", least=8, spare=True),
    Column("TYPE", least=8, spare=True),
    Column("NEXT STEP", room=18),
)


@click.command("sessions")
@click.option("--user", metavar="USER_ID", help="Whose sessions.")
@click.option("--status", type=click.Choice(SESSION_STATUSES, case_sensitive=False), help="ACTIVE or DELETED.")
@click.option(
    "--state",
    type=click.Choice(WORKFLOW_STATES, case_sensitive=False),
    metavar="STATE",
    help=f"How far the work has come: {', '.join(WORKFLOW_STATES)}.",
)
@click.option("--type", "workflow_type", metavar="TYPE", help="The type of workflow.")
@list_options
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
    page = read_page(lambda listing: listing.sessions.page(query, limit=limit, cursor=cursor))
    shown = short_ids([str(json.loads(item)["session_id"]) for item in page.items]) if terminal_width() else {}
    say_page(page, as_json, _COLUMNS, lambda item: _row(item, shown), _colour, nothing="No sessions match.")
    return DONE


def _row(item: dict[str, Any], shown: dict[str, str]) -> list[str]:
    """Return the cells of a session; `shown` has shorter ids for the eye."""
    session_id = str(item["session_id"])
    about = [str(item[name] or "") for name in ("status", "state", "user_id", "workflow_type")]
    created = str(item["created_at_utc"])[: 16 if shown else 19].replace("T", " ")
    return [created, shown.get(session_id, session_id), *about, str(item["next_step"] or item["error_message"] or "")]


def _colour(item: dict[str, Any]) -> str | None:
    """Return how a line is told from the others: damaged ones, deleted ones, those that wait for nobody."""
    if item["status"] != "ACTIVE":
        return "bright_black" if item["status"] else "red"
    return {"rejected": "red", "approved": "green"}.get(str(item["state"]))
