"""`rmos tool-life`: how much of their lives tools have behind them, and what happened to one."""

import json
from collections.abc import Sequence
from typing import Final

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.listing import read_answer
from rmos.cli.opening import command_actor, open_for_writing
from rmos.cli.output import emit, json_option, say, say_table
from rmos.cli.tables import Column
from rmos.context import current_rmos
from rmos.counts import count_of
from rmos.errors.request import ValidationFailed
from rmos.http.problems import flatten_errors
from rmos.schemas.tools import dump_reset, load_reset, show_life
from rmos.services.tool_life import (
    WORN_SHARE,
    PastReset,
    ToolLifeReport,
    ToolMinutes,
    list_tool_lives,
    make_not_found,
    read_tool_life,
    reset_tool,
)
from rmos.store.tool_records import TOOL_ACTIONS

_COLUMNS: Final = (
    Column("TOOL", least=8),
    Column("SERIAL", least=4),
    Column("MINUTES", number=True),
    Column("OF", number=True),
    Column("SHARE", number=True),
    Column("JOBS", number=True),
    Column("TIMED", number=True, spare=True),
    Column("METRES", number=True, spare=True),
    Column("BROKE", number=True, spare=True),
    Column("SINCE", spare=True),
)
_PAST: Final = (
    Column("NO.", number=True, spare=True),
    Column("WHEN (UTC)"),
    Column("SERIAL"),
    Column("WHAT"),
    Column("AFTER MIN", number=True),
    Column("JOBS", number=True, spare=True),
    Column("BY", least=8, spare=True),
    Column("NOTE"),
)


@click.command("tool-life")
@click.argument("tool_id", required=False)
@click.option(
    "--record",
    "action",
    type=click.Choice(TOOL_ACTIONS, case_sensitive=False),
    help="Say that the tool is new, was sharpened or is thrown away.",
)
@click.option("--serial", metavar="MARK", help="With --record: which of several; without it the one that has no mark.")
@click.option("--note", metavar="TEXT", help="With --record: up to 500 characters.")
@json_option
@with_appcontext
def tool_life(tool_id: str | None, action: str | None, as_json: bool, **options: str | None) -> int:
    """Show how much of their lives tools have behind them.

    All of them, or TOOL_ID alone with what happened to it. Minutes in the
    cut are added up from the outcomes that count, since the tool was new or
    sharpened last. How long one lasts stands in the shop's tools.toml as
    life_minutes; nothing is decided by it. --record says what happened to a
    tool: from there on its minutes begin again.

    \b
    Exit codes: 0 shown or recorded; 1 there is no such tool, or it could not
    be shown or recorded; 2 usage, 10 no store there, 11 store locked,
    130 interrupted.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if action is not None:
        if tool_id is None:
            raise click.UsageError("--record says what happened to one tool: name it.")
        return _record(tool_id, {"action": action, **given}, as_json)
    if given:
        raise click.UsageError(f"--{next(iter(given))} goes with --record.")
    return _list(as_json) if tool_id is None else _show(tool_id, as_json)


def _record(tool_id: str, body: dict[str, str], as_json: bool) -> int:
    try:
        reset = load_reset(tool_id, body)
    except ValidationError as error:
        raise ValidationFailed.of_request(flatten_errors(error)) from None
    store, shop = open_for_writing(), current_rmos().engines.shop
    store.trust_index()  # it is asked for ids that are in no table of the shop
    actor = command_actor(ids.new_request_id())
    name, recorded = reset_tool(store, shop, reset, actor=actor, us=ids.now_us())
    if as_json:
        emit(json.loads(dump_reset(name, recorded)))
    else:
        serial = f" {recorded.serial}" if recorded.serial else ""
        say(f"{name}{serial}: {recorded.action}, number {recorded.number}. Its minutes begin again.")
    return DONE


def _list(as_json: bool) -> int:
    shop = current_rmos().engines.shop
    none: list[ToolLifeReport] = []
    found = read_answer(lambda listing: list_tool_lives(listing.tools, shop), nothing=none)
    if as_json:
        emit({"items": [show_life(report) for report in found]})
    elif not found:
        say("No tool has a life yet: none took part in a job, none was recorded as new, and tools.toml gives none.")
    else:
        _say_lives(found)
    return DONE


def _show(tool_id: str, as_json: bool) -> int:
    shop = current_rmos().engines.shop
    report = read_answer(lambda listing: read_tool_life(listing.tools, shop, tool_id), nothing=None)
    if report is None:
        raise make_not_found(tool_id, shop.tools)
    if as_json:
        emit(show_life(report))
        return DONE
    _say_lives([report])
    if report.history:
        say("")
        say_table(_PAST, [_past_row(past) for past in report.history])
    return DONE


def _say_lives(reports: Sequence[ToolLifeReport]) -> None:
    for report in reports:
        if report.damage is not None:
            say(f"{report.tool_id}: its record cannot be read ({report.damage}); run `rmos verify`.", err=True)
    shown = [(report, tool) for report in reports for tool in report.tools]
    if shown:
        say_table(_COLUMNS, [_row(*pair) for pair in shown], colours=[_choose_colour(tool) for _, tool in shown])
    untimed = sum(tool.jobs - tool.timed_jobs for _, tool in shown)
    if untimed:
        say(f"Nobody knows the minutes of {count_of(untimed, 'job')}: what is shown is less than the truth.")


def _choose_colour(tool: ToolMinutes) -> str | None:
    if tool.share is None or tool.share < WORN_SHARE:
        return None
    return "red" if tool.share > 1 else "yellow"


def _row(report: ToolLifeReport, tool: ToolMinutes) -> list[str]:
    return [
        report.tool_id,
        tool.serial or "",
        _show_number(tool.minutes),
        "" if report.life_minutes is None else _show_number(report.life_minutes),
        "" if tool.share is None else f"{tool.share * 100:.0f} %",
        str(tool.jobs),
        str(tool.timed_jobs),
        _show_number(tool.metres),
        str(tool.breaks),
        "" if tool.since_utc is None else f"{tool.last_action} {tool.since_utc[:10]}",
    ]


def _past_row(past: PastReset) -> list[str]:
    return [
        str(past.number),
        past.at_utc[:16].replace("T", " "),
        past.serial or "",
        past.action,
        _show_number(past.minutes),
        str(past.jobs),
        past.by,
        past.note or "",
    ]


def _show_number(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"
