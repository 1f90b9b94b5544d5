"""`/runs`: the runs that a question finds, newest first; the question is the URL, so it can be kept and sent on."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.http.responses import prefix_path
from rmos.models import RISK_LEVELS
from rmos.schemas.lists import load_list
from rmos.web.formats import split_reason, text_of
from rmos.web.shell import render_page

bp = Blueprint("runs_pages", __name__)

FILTERS: Final = ("tool_id", "material_id", "machine_id", "batch_label", "created_from", "created_to")
"""What the form asks for, in its order; the colours stand above it."""
_PLACES: Final = ("cursor", "offset", "limit")


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
    parameters = read_query()
    if any(value == "" for values in parameters.values() for value in values):
        return redirect(prefix_path(f"/runs{_query_of(parameters)}"), code=303)
    asked = load_list(parameters)
    page = current_rmos().store.runs.page(asked.query, **msgspec.structs.asdict(asked.page))
    return render_page(
        "runs.html",
        here="runs",
        runs=read_runs(page.text),
        filters={name: values[0] for name, values in parameters.items() if name not in _PLACES},
        levels=RISK_LEVELS,
        level_queries={level: _query_of(parameters, risk_level=level) for level in ("", *RISK_LEVELS)},
        is_first="cursor" not in parameters,
        first_query=_query_of(parameters),
        older_query=None if page.next_cursor is None else _query_of(parameters, cursor=page.next_cursor),
        exported_query=_query_of(parameters)[1:],
        shown_query=request.query_string.decode("ascii", "replace"),
    )


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


def _query_of(parameters: Mapping[str, Sequence[str]], **changes: str) -> str:
    """Return the query string of the same question from its beginning, with some of it changed; empty asks nothing."""
    kept = {name: values for name, values in parameters.items() if name not in (*_PLACES, *changes)}
    stated = [(name, value) for name, values in kept.items() for value in values if value]
    stated += [(name, value) for name, value in changes.items() if value]
    return f"?{urlencode(stated)}" if stated else ""
