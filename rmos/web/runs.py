"""`/runs`: the runs that a question finds, newest first; the question is the URL, so it can be kept and sent on."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.records import RunNotFound
from rmos.http.query import read_query
from rmos.http.responses import prefix_path
from rmos.models import RISK_LEVELS
from rmos.schemas.lists import load_list
from rmos.web.formats import split_reason, text_of
from rmos.web.run_filters import PLACES, count_runs, find_path, list_fields, list_set_filters, query_of
from rmos.web.shell import render_page, send_to

bp = Blueprint("runs_pages", __name__)

_FORMATS: Final = ("csv", "ndjson")


class ListedRun(msgspec.Struct, frozen=True):
    """One line of a list, as people read it."""

    run_id: str
    created_at_utc: str
    risk: str
    score: float | None
    rule: str
    why: str
    tool: str
    material: str
    machine: str
    batch: str
    maker: str
    deleted: bool


@bp.get("/runs")
@requires("viewer")
def list_runs() -> WerkzeugResponse:
    """Show a page of runs."""
    parameters, store = read_query(), current_rmos().store
    wanted = parameters.pop("find", [""])[0].strip()
    if wanted:
        return send_to(find_path(store, wanted))
    if request.args.get("find") is not None or any(value == "" for values in parameters.values() for value in values):
        # A form sends each of its fields; the URL that is kept has those that say something.
        return send_to(f"/runs{query_of(parameters)}")
    listed = load_list(parameters)
    page = store.runs.page(listed.query, **msgspec.structs.asdict(listed.page))
    filters = {name: values[0] for name, values in parameters.items() if name not in PLACES}
    is_first = listed.page.cursor is None and listed.page.offset == 0
    return render_page(
        "runs.html",
        here="runs",
        runs=read_runs(page.text),
        filters=filters,
        fields=list_fields(store, filters),
        set_filters=list_set_filters(parameters),
        levels=RISK_LEVELS,
        level_queries={level: query_of(parameters, risk_level=level) for level in ("", *RISK_LEVELS)},
        counted=count_runs(store, listed.query, filters, page, is_first=is_first),
        is_first="cursor" not in parameters,
        first_query=query_of(parameters),
        older_query=None if page.next_cursor is None else query_of(parameters, cursor=page.next_cursor),
        exports=_list_exports(parameters, page.count),
    )


def _list_exports(parameters: Mapping[str, Sequence[str]], shown: int) -> list[tuple[str, dict[str, str]]]:
    """Return the queries that export the runs of the page, and those that export all that match."""
    places = {name: parameters[name][0] for name in ("cursor", "offset") if name in parameters}
    these = {form: query_of(parameters, **places, limit=str(shown), format=form) for form in _FORMATS}
    everything = {form: query_of(parameters, format=form) for form in _FORMATS}
    return [("this one" if shown == 1 else f"these {shown}", these), ("all that match", everything)]


@bp.get("/r/<digits>")
@requires("viewer")
def follow_short_link(digits: str) -> WerkzeugResponse:
    """Lead from the beginning of an id, as a label has it, to the run, or to the runs that begin so."""
    path = find_path(current_rmos().store, digits)
    if not path.startswith(("/runs/", "/runs?created_from=")):
        raise RunNotFound("There is no run whose id begins so.")
    if path.removeprefix("/runs/") in (
        digits.lower(),
        f"run_{digits.lower()}",
    ):  # an id is one run's for good, a beginning is not
        return redirect(prefix_path(path), code=308)
    return send_to(path)


def read_runs(text: str) -> list[ListedRun]:
    """Return the lines of a page of summaries, which stand there as JSON."""
    return [read_run(summary) for summary in msgspec.json.decode(f"[{text}]")]


def read_run(summary: Mapping[str, Any]) -> ListedRun:
    """Return the line of a summary."""
    warnings = summary.get("warnings") or [""]
    rule, why = split_reason(summary.get("block_reason") or warnings[0])
    meta, maker = summary.get("meta") or {}, summary.get("created_by") or {}
    return ListedRun(
        run_id=summary["run_id"],
        created_at_utc=summary["created_at_utc"],
        risk=summary["risk_level"],
        score=summary.get("score"),
        rule=rule,
        why=why,
        tool=text_of(summary.get("tool_id")),
        material=text_of(summary.get("material_id")),
        machine=text_of(summary.get("machine_id")),
        batch=text_of(meta.get("batch_label")),
        maker=text_of(maker.get("name")),
        deleted=bool(summary.get("deleted")),
    )
