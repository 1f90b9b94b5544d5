"""`/compare?run=…&run=…`: two to six runs side by side, and of their inputs and checks what differs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Blueprint, redirect
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.http.responses import prefix_path
from rmos.models import RunView
from rmos.web.formats import format_number, split_reason
from rmos.web.lessons import Lesson, find_rules, list_inputs, make_lessons
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import render_page

bp = Blueprint("compare", __name__)

MOST: Final = 6
"""Runs side by side: more fit on no screen."""


class Side(msgspec.Struct, frozen=True):
    """One of the runs that are compared."""

    view: RunView
    title: str
    why: str
    lessons: dict[str, Lesson]
    inputs: dict[str, str]


class ComparedLine(msgspec.Struct, frozen=True):
    """A line of the comparison: what it is of, its cells, and whether they differ."""

    name: str
    cells: list[Any]
    differs: bool


@bp.get("/compare")
@requires("viewer")
def compare_runs() -> WerkzeugResponse:
    """Show runs side by side."""
    parameters = read_query()
    run_ids = list(dict.fromkeys(parameters.pop("run", [])))
    if parameters:
        raise ValidationError({name: ["Unknown field."] for name in parameters})
    if not run_ids:  # nobody has chosen yet: it is done among the runs
        return redirect(prefix_path("/runs"), 303)
    if not 2 <= len(run_ids) <= MOST:
        raise ValidationError({"run": [f"Choose 2 to {MOST} different runs; {len(run_ids)} came."]})
    sides = [_read_side(run_id) for run_id in run_ids]
    checks = [_compare_check(rule_id, sides) for rule_id in _names(side.lessons for side in sides)]
    return render_page(
        "compare.html",
        here="runs",
        sides=sides,
        inputs=[_compare_input(name, sides) for name in _names(side.inputs for side in sides)],
        checks=checks,
    )


def _read_side(run_id: str) -> Side:
    rmos = current_rmos()
    record = rmos.store.runs.record(run_id)
    view, run = record.view(), decode_members(record.data)
    feasibility, inputs = object_of(run.get("feasibility")), object_of(run.get("inputs"))
    lessons = make_lessons(feasibility, inputs, find_rules(rmos.engines, feasibility.get("engine_id")))
    lines = [line for part in ("design", "context") for line in list_inputs(object_of(inputs.get(part)))]
    decision = view.artifact.decision
    return Side(
        view,
        title_run(view, inputs),
        split_reason(decision.block_reason or next(iter(decision.warnings), None))[1],
        {lesson.rule_id: lesson for lesson in lessons},
        {line.name: f"{line.value} {line.unit}".strip() for line in lines},
    )


def _names(members: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the names of several mappings, each once, in the order in which they come."""
    return list(dict.fromkeys(name for part in members for name in part))


def _compare_input(name: str, sides: Sequence[Side]) -> ComparedLine:
    cells = [side.inputs.get(name, "") for side in sides]
    return ComparedLine(name, cells, len(set(cells)) > 1)


def _compare_check(rule_id: str, sides: Sequence[Side]) -> ComparedLine:
    lessons = [side.lessons.get(rule_id) for side in sides]
    distinct = {(lesson.risk, _value_of(lesson)) if lesson else None for lesson in lessons}
    return ComparedLine(
        rule_id, [(lesson, _value_of(lesson) if lesson else "") for lesson in lessons], len(distinct) > 1
    )


def _value_of(lesson: Lesson) -> str:
    return "" if lesson.limits is None else f"{format_number(lesson.limits.value)} {lesson.limits.unit}".strip()
