"""`rmos show`: one run on a page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click
import msgspec
from flask.cli import with_appcontext

from rmos.cli.checks import say_checks
from rmos.cli.exits import DONE
from rmos.cli.opening import open_for_reading
from rmos.cli.output import emit, json_option, say
from rmos.cli.run_ids import find_run_id
from rmos.models import Event
from rmos.schemas.runs import dump_run

_ABOUT: Final = (
    ("mode", "mode"),
    ("tool", "tool_id"),
    ("type", "event_type"),
    ("material", "material_id"),
    ("machine", "machine_id"),
    ("session", "workflow_session_id"),
    ("parent", "parent_run_id"),
)
_INDENT: Final = " " * 4
_BESIDE: Final = " " * 14
"""Before what goes on below: values stand under values."""


@click.command("show")
@click.argument("run_id")
@click.option("--events", "with_events", is_flag=True, help="Also what happened to the run since it was made.")
@json_option
@with_appcontext
def show(run_id: str, with_events: bool, as_json: bool) -> int:
    """Show one run: the decision and why, what was evaluated, the digests.

    RUN_ID is a run's id, a beginning of it that no other run has, or
    @latest. Reads the run's own files, with or without the index. A record
    that has no valid self-digest is not shown. Changes nothing.

    \b
    Exit codes: 0 shown, 1 there is no such run, it was deleted or its
    record is damaged, 2 usage, 10 no store there, 130 interrupted.
    """
    store = open_for_reading()
    record = store.runs.record(find_run_id(store, run_id))
    run: dict[str, Any] = json.loads(dump_run(record, store.is_deleted_with_session(record)))
    if as_json:
        emit({**run, "events": msgspec.to_builtins(record.events)} if with_events else run)
        return DONE
    _say_run(run, record.sha256)
    if with_events:
        _say_events(record.events)
    return DONE


def _say_run(run: Mapping[str, Any], sha256: str) -> None:
    decision, meta = run["decision"], run.get("meta") or {}
    say(f"Run {run['run_id']}")
    _say_pairs([("created", run["created_at_utc"]), ("by", _creator(run)), ("status", run["status"])])
    _say_pairs([("risk", decision["risk_level"]), ("score", decision.get("score"))])
    _say_pairs([("blocked by", decision.get("block_reason"))])
    _say_pairs([("warning", warning) for warning in decision.get("warnings") or []])
    _say_pairs([(label, run.get(name)) for label, name in _ABOUT])
    _say_pairs([("batch", meta.get("batch_label")), ("request", run.get("request_id")), ("notes", run.get("notes"))])
    inputs = run.get("inputs") or {}
    _say_feasibility(run.get("feasibility"), inputs)
    for name in ("design", "context"):
        _say_pairs([(name, ", ".join(_figures(inputs.get(name) or {})))])
    hashes = {"artifact": sha256, **run["hashes"]}
    _say_pairs([("digest", f"{value}  {name.removesuffix('_sha256')}") for name, value in hashes.items() if value])
    _say_pairs([("attachment", _attachment(entry)) for entry in run["attachments"]])
    _say_pairs([("advisory", _advisory(entry)) for entry in run["advisory_inputs"]])
    _say_pairs([("outcome", _outcome(entry)) for entry in run["outcomes"]])
    _say_pairs([("explanation", run.get("explanation_summary")), ("version", run["version"])])


def _creator(run: Mapping[str, Any]) -> str | None:
    """Return who made the run; an artifact of the legacy system may hold anything there."""
    creator = run.get("created_by")
    return f"{creator.get('name')} ({creator.get('role')})" if isinstance(creator, dict) else None


def _say_pairs(pairs: Sequence[tuple[str, Any]]) -> None:
    """Write one line for each pair that has a value."""
    for name, value in pairs:
        if value is not None and value != "":
            say(f"  {name:<11} {value}", hang=_BESIDE)


def _say_feasibility(feasibility: Any, inputs: Mapping[str, Any]) -> None:
    """Write what the engine found; an artifact of the legacy system may hold anything there."""
    if not isinstance(feasibility, dict):
        return
    engine = f"{feasibility.get('engine_id') or ''} {feasibility.get('engine_version') or ''}".strip()
    _say_pairs([("engine", engine)])
    say_checks(feasibility, inputs.get("design"), inputs.get("context"), last="unit", indent=_INDENT)
    for name in ("missing_inputs", "assumptions"):
        values = feasibility.get(name)
        _say_pairs(
            [(name.partition("_")[0].removesuffix("s"), value) for value in values or [] if isinstance(values, list)]
        )


def _figures(members: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Give the members as `name value`, those of inner objects as `outer.name value`."""
    for name, value in members.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name} {value if isinstance(value, str) else json.dumps(value)}"


def _attachment(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('kind')} {entry.get('filename') or ''} {entry.get('size_bytes')} bytes {entry.get('sha256')}"


def _advisory(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('kind') or 'unknown'} {entry.get('advisory_id')} {entry.get('title') or ''}".rstrip()


def _outcome(entry: Mapping[str, Any]) -> str:
    """Return an outcome in a line; an event of another hand may hold anything."""
    parts = [entry.get(name) for name in ("ended", "part", "reason_code", "note")]
    text = " ".join(str(value) for value in parts if value)
    against = " [against the decision]" if entry.get("cut_against_decision") else ""
    gone = "" if entry["corrected_by"] is None else f" [corrected by {entry['corrected_by']}]"
    return f"{entry['number']} {entry.get('outcome') or ''}: {text}{against}{gone}"


def _say_events(events: Sequence[Event]) -> None:
    say(f"Events: {len(events)}")
    for event in events:
        say(f"  {event.number}  {event.created_at_utc}  {event.kind}  by {event.actor} ({event.role})")
        _say_pairs([("", ", ".join(_figures(event.data)))])
