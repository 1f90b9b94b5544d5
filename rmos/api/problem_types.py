"""`/problems` and `/problems/<code>`: what each code means and what to do about it, for people.

The `type` of every problem leads here. The texts are those of the error tree: its docstrings and its `remedy`.
"""

import functools
import json
from http import HTTPStatus

import msgspec
from flask import Response

from rmos.api.docs import HTML, page
from rmos.auth.roles import OPEN, requires
from rmos.errors.base import RmosError, every_error
from rmos.errors.http import RouteNotFound
from rmos.http.operations import Answer, Blueprint, example_of, meaning_of, operation

bp = Blueprint("problems", __name__, url_prefix="/problems", description="What each code of a problem means")


class ProblemType(msgspec.Struct, frozen=True):
    """What a code means."""

    code: str
    title: str
    status: int
    meaning: str
    remedy: str


@functools.cache
def problem_types() -> dict[str, ProblemType]:
    """Return what each code of the error tree means, by status."""
    types: dict[str, ProblemType] = {}
    for kind in every_error():
        types.setdefault(kind.code, ProblemType(kind.code, kind.title, kind.status, meaning_of(kind), kind.remedy))
    return dict(sorted(types.items(), key=lambda item: (item[1].status, item[0])))


def _find(code: str) -> ProblemType | None:
    """Return what a code means; those of HTTP itself, which no part of RMOS raises, are known too."""
    found = problem_types().get(code)
    if found is None and code in HTTPStatus.__members__ and (status := HTTPStatus[code]) >= 400:
        meaning = f"{(status.description or status.phrase).rstrip('.')}."
        found = ProblemType(code, status.phrase, int(status), meaning, RmosError.remedy)
    return found


@bp.get("")
@operation(answers={200: Answer("The page.", {"type": "string"}, ("Cache-Control",), content_type=HTML)})
@requires(OPEN)
def list_problems() -> Response:
    """Return a page with the code of every problem."""
    return page(
        "problems.html", problems=sorted(problem_types().values(), key=lambda found: (found.status, found.code))
    )


@bp.get("/<code>")
@operation(
    answers={200: Answer("The page.", {"type": "string"}, ("Cache-Control",), content_type=HTML)},
    problems=(RouteNotFound,),
)
@requires(OPEN)
def get_problem(code: str) -> Response:
    """Return a page that says what a code means and what to do."""
    found = _find(code)
    if found is None:
        raise RouteNotFound("There is no such code; /problems lists them all.")
    example = json.dumps(example_of(found.code, found.title, found.status, found.meaning), indent=2, ensure_ascii=False)
    return page("problem.html", problem=found, example=example)
