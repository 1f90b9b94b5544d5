"""`rmos judge` and `rmos record`: a cut in a file, decided on, and recorded.

The file holds what `POST /api/rmos/runs` takes, for `judge` also what `POST /api/rmos/feasibility` takes; `-` is the
standard input.
"""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Final, TypeVar

import click
import msgspec
from flask.cli import with_appcontext
from marshmallow import ValidationError

from rmos import ids
from rmos.cli.checks import say_checks
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import command_actor, open_or_create
from rmos.cli.output import COLOURS, emit, json_option, say, say_table
from rmos.cli.tables import Column
from rmos.context import current_rmos
from rmos.errors.request import ValidationFailed
from rmos.errors.store import StoreLocked
from rmos.http.json_body import parse_object
from rmos.http.problems import flatten_errors
from rmos.index.base import INDEX_ERRORS
from rmos.schemas.feasibility import brief_members
from rmos.schemas.requests import load_run_request
from rmos.schemas.workflow import dump_dry_run, load_dry_run
from rmos.services.artifact import RunRequest
from rmos.services.feasibility import DryRun, DryRunResult, evaluate_cuts
from rmos.services.runs import record_run
from rmos.store.complete import is_absent

_MANY: Final = (Column("CUT", number=True), Column("RISK"), Column("SCORE", number=True), Column("RULE"), Column("WHY"))
_CUT: Final = ("mode", "tool_id", "design", "context", "material_id", "machine_id")

Loaded = TypeVar("Loaded")


@click.command("judge")
@click.argument("file", type=click.File("rb"), metavar="FILE")
@json_option
@with_appcontext
def judge(file: IO[bytes], as_json: bool) -> int:
    """Say what would be decided on a cut, and why; nothing is recorded.

    FILE is the JSON that `POST /api/rmos/runs` takes, - the standard input.
    One with `items`, as `POST /api/rmos/feasibility` takes it, is up to 500
    cuts, which are listed one to a line. Asks the same engine, tools and
    materials as a recorded run.

    \b
    Exit codes: 0 GREEN or YELLOW, 1 RED, UNKNOWN or ERROR, of many cuts any
    of them; 2 usage, or the file is no such cut; 130 interrupted.
    """
    body = parse_object(file.read())
    asked = _load(load_dry_run, body) if "items" in body else _as_dry_run(_load(load_run_request, body))
    rmos = current_rmos()
    results = evaluate_cuts(
        rmos.engines,
        asked,
        request_id=ids.new_request_id(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )
    if as_json:
        reply = json.loads(dump_dry_run(results, brief=asked.view == "brief"))
        emit(reply if "items" in body else reply["results"][0])
    elif "items" in body:
        _say_briefly(results)
    else:
        _say_decision(results[0], asked.items[0])
    is_clear = all(result.decision.risk_level in ("GREEN", "YELLOW") for result in results)
    return DONE if is_clear else FINDINGS


@click.command("record")
@click.argument("file", type=click.File("rb"), metavar="FILE")
@json_option
@with_appcontext
def record(file: IO[bytes], as_json: bool) -> int:
    """Decide on a cut and record the run, whatever the decision is.

    FILE is the JSON that `POST /api/rmos/runs` takes, - the standard input.
    Makes the store's folder when there is none. A run is never changed
    afterwards.

    \b
    Exit codes: 0 recorded and GREEN or YELLOW, 1 recorded and blocked, or it
    could not be written; 2 usage, or the file is no such cut; 130
    interrupted.
    """
    request = _load(load_run_request, parse_object(file.read()))
    rmos, store = current_rmos(), open_or_create()
    # The run is recorded whatever the index is, and whether or not somebody else is at it.
    with contextlib.suppress(StoreLocked, *INDEX_ERRORS):
        if is_absent(store.index):
            store.reconcile(wait_s=0)
    recorded = record_run(
        store,
        rmos.engines,
        request,
        actor=command_actor(ids.new_request_id()),
        us=ids.now_us(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )
    if as_json:
        emit({name: value for name, value in msgspec.to_builtins(recorded).items() if name != "replayed"})
    else:
        score = "" if recorded.score is None else f" {recorded.score:.1f}"
        say(f"{recorded.risk_level}{score}  {recorded.run_id}", colour=COLOURS.get(recorded.risk_level))
        if recorded.block_reason:
            say(f"  {recorded.block_reason}", hang="  ")
        say(f"Next: `rmos show {recorded.run_id}`.")
    return DONE if recorded.risk_level in ("GREEN", "YELLOW") else FINDINGS


def _as_dry_run(request: RunRequest) -> DryRun:
    return DryRun(items=[{name: getattr(request, name) for name in _CUT}], engine_id=request.engine_id)


def _load(load: Callable[[dict[str, Any]], Loaded], body: dict[str, Any]) -> Loaded:
    try:
        return load(body)
    except ValidationError as error:
        raise ValidationFailed("The file is no cut.", errors=flatten_errors(error)) from None


def _say_briefly(results: Sequence[DryRunResult]) -> None:
    """Write one line for each cut, numbered as they stand in the file."""
    cuts = [brief_members(result) for result in results]
    say_table(
        _MANY,
        [
            [
                str(number),
                cut["risk_level"],
                "" if cut["score"] is None else f"{cut['score']:.1f}",
                cut["rule"] or "",
                cut["why"] or "",
            ]
            for number, cut in enumerate(cuts, 1)
        ],
        colours=[COLOURS.get(cut["risk_level"]) for cut in cuts],
    )


def _say_decision(result: DryRunResult, cut: Mapping[str, Any]) -> None:
    decision, feasibility = result.decision, result.found.record()
    if decision.details.get("unknown_names"):  # what could not be judged for want of them is said beside the verdict
        feasibility["assessments"] = [item for item in feasibility["assessments"] if item["risk"] != "UNKNOWN"]
    score = "" if decision.score is None else f" {decision.score:.1f}"
    say(f"{decision.risk_level}{score}", colour=COLOURS.get(decision.risk_level))
    shown = {item["id"] for item in feasibility["assessments"]}
    for reason in [decision.block_reason, *decision.warnings]:
        if reason and (reason == decision.block_reason or reason.partition(":")[0] not in shown):
            say(f"  {reason}", hang="  ")
    say_checks(feasibility, cut["design"], cut["context"], last="message")
    for label, entries in (("missing", decision.details["missing_inputs"]), ("assumption", feasibility["assumptions"])):
        for entry in entries:
            say(f"  {label}: {entry}")
