"""`rmos batch`: the runs that have a label or a session, as a tree or in another view."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import click
from flask.cli import with_appcontext

from rmos.cli.exits import DONE
from rmos.cli.listing import read_answer
from rmos.cli.opening import open_for_reading
from rmos.cli.output import COLOURS, emit, json_option, say, say_table, terminal_width
from rmos.cli.run_ids import find_session_id, short_ids
from rmos.cli.tables import Column
from rmos.counts import count_of
from rmos.lineage import build_lineage
from rmos.log_rows import BatchQuery
from rmos.schemas.batches import BATCH_SHAPES, BatchShape, show_batch
from rmos.store.batches import ReadBatch

_LABELS: Final = 10_000
"""Labels that are listed."""
_DEEPEST: Final = 20
"""Steps to the right that the tree goes in a terminal; what stands deeper says its depth."""
_TREE: Final = (
    Column("RUN"),
    Column("CREATED (UTC)", spare=True),
    Column("PHASE"),
    Column("STATUS"),
    Column("RISK", spare=True),
    Column("TOOL", least=8, spare=True),
    Column("GOOD", number=True),
    Column("SCRAP", number=True, spare=True),
    Column("OUTCOME"),
)
_TIMELINE: Final = (Column("WHEN (UTC)"), Column("RUN"), Column("PHASE"), Column("BY", least=8), Column("WHAT"))
_PROGRESS: Final = (
    Column("ROOT"),
    Column("RUNS", number=True),
    Column("FURTHEST"),
    Column("ROLLUP"),
    Column("GOOD", number=True),
    Column("SCRAP", number=True),
    Column("DONE"),
)
_BROKEN: Final = {
    "CYCLE": "is its own ancestor; the tree is cut before it",
    "PARENT_ABSENT": "names a parent that is not there",
    "PARENT_DELETED": "names a parent that was deleted",
    "PARENT_DAMAGED": "names a parent whose record is damaged",
}


@click.command("batch")
@click.argument("label", required=False)
@click.option("--session", metavar="WS_ID", help="The runs of this workflow session.")
@click.option(
    "--view",
    type=click.Choice(BATCH_SHAPES, case_sensitive=False),
    default="tree",
    show_default=True,
    help="What is shown of it.",
)
@json_option
@with_appcontext
def batch(label: str | None, session: str | None, view: str, as_json: bool) -> int:
    """Show the runs that have a label or a session, and what was made of them.

    LABEL is that of a batch, in any case; without it and without --session
    the labels are listed. A batch is COMPLETED when a good part came of
    every root. Parents that are absent, deleted or damaged, and circles,
    are named. Brings the index up to the record first, and opens no
    artifact. Never changes the record.

    \b
    Exit codes: 0 shown, also when nothing matches; 1 it cannot be shown,
    2 usage, 10 no store there, 11 store locked, 130 interrupted.
    """
    if label is None and session is None:
        return _say_labels(as_json)
    session_id = session and find_session_id(open_for_reading(), session)
    query = BatchQuery(batch_label=label, workflow_session_id=session_id)
    empty = ReadBatch(query, {}, {}, build_lineage([]), 0)
    found = read_answer(lambda listing: listing.batches.read(query), nothing=empty)
    shape = cast(BatchShape, view)
    shown = show_batch(found, shape)
    if as_json:
        emit(shown)
        return DONE
    if not found.rows:
        say("No runs match.")
        return DONE
    _say_head(found)
    _VIEWS[shape](shown, short_ids(list(found.rows)) if terminal_width() else {})
    return DONE


def _say_labels(as_json: bool) -> int:
    none: list[str] = []
    labels = read_answer(lambda listing: listing.batches.list_labels(limit=_LABELS), nothing=none)
    if as_json:
        emit({"labels": labels})
    elif not labels:
        say("No runs have a label.")
    for label in () if as_json else labels:
        say(label)
    return DONE


def _say_head(found: ReadBatch) -> None:
    lineage = found.lineage
    good = sum(root.good_parts for root in lineage.roots)
    scrap = sum(root.scrap_parts for root in lineage.roots)
    done = sum(root.completed for root in lineage.roots)
    roots = count_of(len(lineage.roots), "root")
    say(f"{found.state}: {count_of(len(found.rows), 'run')}, {roots}, {done} of them with a good part")
    say(f"Parts: {good} good, {scrap} scrap.")
    if found.more:
        say(f"Shown are the oldest {len(found.rows)}; {count_of(found.more, 'more is', 'more are')} not looked at.")
    for link in lineage.broken:
        say(f"Broken: {link.run_id} {_BROKEN[link.reason]} ({link.parent_run_id})", hang="  ")


def _say_tree(shown: Mapping[str, Any], short: Mapping[str, str]) -> None:
    rows = [
        [
            f"{_indent(node['depth'])}{short.get(node['run_id'], node['run_id'])}",
            node["created_at_utc"][:16].replace("T", " "),
            node["phase"],
            node["status"],
            node["risk_level"],
            node["tool_id"] or "",
            str(node["good_parts"] or ""),
            str(node["scrap_parts"] or ""),
            node["outcome"] or "",
        ]
        for node in shown["nodes"]
    ]
    say_table(_TREE, rows, colours=[COLOURS.get(node["risk_level"]) for node in shown["nodes"]])


def _indent(depth: int) -> str:
    return "  " * depth if depth <= _DEEPEST else f"{'  ' * _DEEPEST}({depth}) "


def _say_timeline(shown: Mapping[str, Any], short: Mapping[str, str]) -> None:
    rows = [
        [
            moment["at_utc"][:16].replace("T", " "),
            short.get(moment["run_id"], moment["run_id"]),
            moment["phase"],
            moment["by"] or "",
            _describe_moment(moment),
        ]
        for moment in shown["moments"]
    ]
    say_table(_TIMELINE, rows)


def _describe_moment(moment: Mapping[str, Any]) -> str:
    if moment["what"] == "outcome":
        return f"{moment['ended']}, {moment['quantity']} {moment['part']}"
    return "pack taken" if moment["what"] == "released" else f"recorded, {moment['status']}"


def _say_progress(shown: Mapping[str, Any], short: Mapping[str, str]) -> None:
    rows = [
        [
            short.get(root["run_id"], root["run_id"]),
            str(root["runs"]),
            root["phase"],
            root["rollup"],
            str(root["good_parts"]),
            str(root["scrap_parts"]),
            "yes" if root["completed"] else "no",
        ]
        for root in shown["branches"]
    ]
    say_table(_PROGRESS, rows)


def _say_summary(shown: Mapping[str, Any], short: Mapping[str, str]) -> None:
    for title in ("phases", "statuses", "risk_levels", "outcomes"):
        if shown[title]:
            counts = ", ".join(f"{name} {count}" for name, count in shown[title].items())
            say(f"{title.replace('_', ' ').capitalize()}: {counts}")
    say(f"From {shown['first_at_utc'][:16]}Z to {shown['last_at_utc'][:16]}Z".replace("T", " "))


_VIEWS: Final[Mapping[BatchShape, Callable[[Mapping[str, Any], Mapping[str, str]], None]]] = {
    "summary": _say_summary,
    "tree": _say_tree,
    "timeline": _say_timeline,
    "progress": _say_progress,
}
