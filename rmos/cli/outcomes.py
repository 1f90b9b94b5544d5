"""`rmos outcome` and `rmos outcomes`: report what became of a cut, and see what became of many."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError

from rmos import ids
from rmos.cli.exits import DONE
from rmos.cli.listing import page_options, read_answer, read_page, say_page
from rmos.cli.opening import command_actor, open_for_writing
from rmos.cli.output import emit, json_option, say, say_table, terminal_width
from rmos.cli.run_ids import find_run_id, short_ids
from rmos.cli.tables import Column
from rmos.errors.request import ValidationFailed
from rmos.http.problems import flatten_errors
from rmos.outcomes import ENDED, PARTS, REASON_CODES
from rmos.row_models import OUTCOME_GROUPS, OutcomeQuery, OutcomeTotals
from rmos.schemas.outcomes import dump_reported, load_outcome, show_group
from rmos.services.outcomes import OutcomeReported, OutcomeRequest, report_outcome

_COLOURS: Final = {"done": "green", "interrupted": "yellow", "scrapped": "red"}
_COLUMNS: Final = (
    Column("WHEN (UTC)"),
    Column("RUN"),
    Column("NO.", number=True, spare=True),
    Column("OUTCOME"),
    Column("ENDED", spare=True),
    Column("PART"),
    Column("MIN", number=True, spare=True),
    Column("MACHINE", least=8, spare=True),
    Column("TOOL", least=8, spare=True),
    Column("BY", least=8, spare=True),
    Column("WHY"),
)
_TOTALS: Final = (
    Column("JOBS", number=True),
    Column("GOOD", number=True),
    Column("SCRAP", number=True),
    Column("MINUTES", number=True),
    Column("TIMED", number=True),
    Column("METRES", number=True),
    Column("MEASURED", number=True, spare=True),
    Column("LONGEST S", number=True, spare=True),
)


def _choose(words: Sequence[str]) -> click.Choice[str]:
    return click.Choice(words, case_sensitive=False)


@click.command("outcome")
@click.argument("run_id")
@click.option("--ended", type=_choose(ENDED), required=True, help="How the machine stopped.")
@click.option("--part", type=_choose(PARTS), required=True, help="What the part is good for.")
@click.option(
    "--reason",
    "reason_code",
    type=_choose(REASON_CODES),
    metavar="CODE",
    help=f"Why; needed for scrap and for failed. One of {', '.join(REASON_CODES)}.",
)
@click.option("--started", "started_at_utc", metavar="TIME", help="When it began, with an offset or Z.")
@click.option("--stopped", "ended_at_utc", metavar="TIME", help="When the machine stopped.")
@click.option("--seconds", "measured_s", type=float, metavar="S", help="How long it ran.")
@click.option("--line", "last_line", type=int, metavar="N", help="The line of the program at which it stopped.")
@click.option("--program", "program_sha256", metavar="SHA256", help="The digest of the program that ran.")
@click.option(
    "--tool", "tools", multiple=True, metavar="ID[=MINUTES]", help="A tool that took part, and its time in the cut."
)
@click.option("--broke", multiple=True, metavar="ID", help="A tool that broke.")
@click.option(
    "--feed-override", "feed_override_pct", type=float, metavar="PERCENT", help="As it was set at the machine."
)
@click.option("--quantity", type=int, metavar="N", help="Parts that came of it; 1 where nothing is said.")
@click.option("--rating", type=click.IntRange(1, 5), help="How good, 1 to 5.")
@click.option("--note", metavar="TEXT", help="Up to 2000 characters.")
@click.option("--photo", "photo_sha256", multiple=True, metavar="SHA256", help="An attachment of the run.")
@click.option("--corrects", type=int, metavar="N", help="The number of the outcome that this one replaces.")
@json_option
@with_appcontext
def outcome(run_id: str, as_json: bool, tools: tuple[str, ...], broke: tuple[str, ...], **options: Any) -> int:
    """Report what became of a cut; also of one that was blocked.

    RUN_ID is a run's id, a beginning of it that no other run has, or
    @latest. Each report is one job, a program that ran once. The run and
    what was reported before are never changed: --corrects takes the place
    of an outcome, and both stay in the record.

    \b
    Exit codes: 0 recorded, 1 it could not be recorded, the run was deleted,
    or there is no such run or outcome; 2 usage, or something that cannot
    be; 10 no store there, 130 interrupted.
    """
    store = open_for_writing()
    store.gaps.on_gap = lambda: say(
        "The index did not take it yet; it will at the next start, or with `rmos rebuild`.", err=True
    )
    body = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
    body = {name: value for name, value in body.items() if value is not None} | {"tools": _read_tools(tools, broke)}
    us = ids.now_us()
    try:
        reported = load_outcome(body, now_us=us)
    except ValidationError as error:
        raise ValidationFailed.of_request(flatten_errors(error)) from None
    asked = OutcomeRequest(run_id=find_run_id(store, run_id), reported=reported)
    return _say_reported(report_outcome(store, asked, actor=command_actor(ids.new_request_id()), us=us), as_json)


def _read_tools(tools: Sequence[str], broke: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tools of a job, each as `ID` or `ID=MINUTES`; one that broke took part.

    Raises:
        ClickException: usage, minutes that are no number.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in tools:
        tool_id, equals, minutes = text.rpartition("=")
        if not equals:
            found[text] = {"tool_id": text}
            continue
        try:
            found[tool_id] = {"tool_id": tool_id, "minutes": float(minutes)}
        except ValueError:
            raise click.BadParameter(f"{text!r} is no ID or ID=MINUTES.", param_hint="--tool") from None
    for tool_id in broke:
        found.setdefault(tool_id, {"tool_id": tool_id})["broke"] = True
    return list(found.values())


def _say_reported(reported: OutcomeReported, as_json: bool) -> int:
    if as_json:
        emit(json.loads(dump_reported(reported)))
        return DONE
    entry = reported.entry
    say(f"{entry['outcome']}: number {reported.number} of {reported.run_id}", colour=_COLOURS.get(entry["outcome"]))
    if entry["cut_against_decision"]:
        say("  It was cut against the decision, which blocks it; nothing covered that.", hang="  ")
    if entry["program_matches"] is False:
        say("  The program that ran is none of the run's.", hang="  ")
    return DONE


@click.command("outcomes")
@click.option("--machine", metavar="MACHINE_ID", help="The machine that cut.")
@click.option("--tool", metavar="TOOL_ID", help="A tool that took part.")
@click.option("--material", metavar="MATERIAL_ID", help="What was cut.")
@click.option("--part", type=_choose(PARTS), help="What the part is good for.")
@click.option("--ended", type=_choose(ENDED), help="How the machine stopped.")
@page_options
@click.option("--totals", type=_choose(OUTCOME_GROUPS), help="Add them up by this instead of listing them.")
@json_option
@with_appcontext
def outcomes(limit: int, cursor: str | None, totals: Any, as_json: bool, **filters: Any) -> int:
    """List what became of cuts, the latest job first, or add it up.

    Those that were corrected are left out, and those of deleted runs.
    Brings the index up to the record first; where the folder cannot be
    written it shows what the index has, and says how much that lacks.
    Never changes the record.

    \b
    Exit codes: 0 listed, also when nothing matches; 1 it cannot be listed,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    query = OutcomeQuery(
        machine_id=filters["machine"],
        tool_id=filters["tool"],
        material_id=filters["material"],
        part=filters["part"],
        ended=filters["ended"],
        since_us=filters["since"],
        until_us=filters["until"],
    )
    if totals is not None:
        none: list[OutcomeTotals] = []
        found = read_answer(lambda listing: listing.outcomes.totals(query, totals), nothing=none)
        return _say_totals(totals, found, as_json)
    page = read_page(lambda listing: listing.outcomes.page(query, limit=limit, cursor=cursor))
    shown = short_ids([str(json.loads(item)["run_id"]) for item in page.items]) if terminal_width() else {}
    say_page(page, as_json, _COLUMNS, lambda item: _row(item, shown), _colour, nothing="No outcomes match.")
    return DONE


def _colour(item: Mapping[str, Any]) -> str | None:
    return _COLOURS.get(str(item["outcome"]))


def _row(item: Mapping[str, Any], shown: Mapping[str, str]) -> list[str]:
    spent = item["spent_s"]
    against = "[against the decision] " if item["cut_against_decision"] else ""
    return [
        str(item["at_utc"])[:16].replace("T", " "),
        shown.get(item["run_id"], item["run_id"]),
        str(item["number"]),
        item["outcome"],
        item["ended"],
        item["part"],
        "" if spent is None else f"{spent / 60:.1f}",
        item["machine_id"] or "",
        ", ".join(item["tool_ids"]),
        item["by"],
        f"{against}{item['reason_code'] or ''} {item['note'] or ''}".strip(),
    ]


def _say_totals(by: str, totals: Sequence[OutcomeTotals], as_json: bool) -> int:
    groups = [show_group(group) for group in totals]
    if as_json:
        emit({"group_by": by, "items": groups})
    elif not groups:
        say("No outcomes match.")
    else:
        say_table((Column(by.upper()), *_TOTALS), [_total_row(group) for group in groups])
    return DONE


def _total_row(group: Mapping[str, Any]) -> list[str]:
    def show(value: float | None, form: Callable[[float], str]) -> str:
        return "" if value is None else form(value)

    return [
        group["group"] or "-",
        *(str(group[name]) for name in ("jobs", "good", "scrap")),
        show(group["minutes"], "{:.1f}".format),
        str(group["timed_jobs"]),
        show(group["metres"], "{:.2f}".format),
        str(group["measured_jobs"]),
        show(group["longest_s"], "{:.0f}".format),
    ]
