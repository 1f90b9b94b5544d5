"""`/problems` and `/problems/<code>`: what each code means and what to do about it, for people.

The `type` of every problem leads here. The texts are those of the error tree: its docstrings and its `remedy`.
"""

import json
from http import HTTPStatus
from typing import Final

import msgspec
from flask import Response, request

from rmos.auth.roles import OPEN, requires
from rmos.errors.base import RmosError
from rmos.errors.http import RouteNotFound
from rmos.http.problems import explain_error, list_errors_by_code, make_example
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.web.shell import HTML, render_page

bp = Blueprint("problems", __name__, url_prefix="/problems", description="What each code of a problem means")

_HEADERS: Final = ("ETag", "Cache-Control")


class ProblemType(msgspec.Struct, frozen=True):
    """What a code means."""

    code: str
    title: str
    status: int
    meaning: str
    remedy: str


def list_problem_types() -> dict[str, ProblemType]:
    """Return what each code of the error tree means, by status."""
    types = [
        ProblemType(code, kind.title, kind.status, explain_error(kind), kind.remedy)
        for code, kind in list_errors_by_code().items()
    ]
    return {found.code: found for found in sorted(types, key=lambda found: (found.status, found.code))}


def _find_type(code: str) -> ProblemType | None:
    """Return what a code means; those of HTTP itself, which no part of RMOS raises, are known too."""
    found = list_problem_types().get(code)
    if found is None and code in HTTPStatus.__members__ and (status := HTTPStatus[code]) >= 400:
        meaning = f"{(status.description or status.phrase).rstrip('.')}."
        found = ProblemType(code, status.phrase, int(status), meaning, RmosError.remedy)
    return found


@bp.get("")
@operation(responses={200: ResponseSpec("The page.", {"type": "string"}, _HEADERS, content_type=HTML)})
@requires(OPEN)
def list_problems() -> Response:
    """Return a page with the code of every problem."""
    return render_page("problem_types.html", problems=list(list_problem_types().values()))


@bp.get("/<code>")
@operation(
    responses={200: ResponseSpec("The page.", {"type": "string"}, _HEADERS, content_type=HTML)},
    problems=(RouteNotFound,),
)
@requires(OPEN)
def get_problem(code: str) -> Response:
    """Return a page that says what a code means and what to do."""
    found = _find_type(code)
    if found is None:
        raise RouteNotFound("There is no such code; /problems lists them all.")
    problem = make_example(found.code, found.title, found.status, found.meaning, prefix=request.script_root)
    example = json.dumps(problem, indent=2, ensure_ascii=False)
    return render_page("problem_type.html", problem=found, example=example)
