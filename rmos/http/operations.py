"""How a route is declared: one decorator says what it takes and gives, and nothing of it costs a request time.

    bp = Blueprint("sessions", __name__, url_prefix="/api/workflow-sessions", description="Workflow sessions")

    @bp.patch("/<session_id>")
    @operation(
        answers={200: Answer("The session as it stands now.", SessionSchema, headers=("ETag",), example=SESSION)},
        problems=(SessionNotFound, PreconditionFailed, *WRITES),
        body=SessionPatchSchema,                 # read it with `read_object()` and the schema's `load`
        headers=("If-Match",),                   # request headers that it heeds, of `parts.REQUEST_HEADERS`
        max_body_bytes=256 * 1024,               # instead of RMOS_MAX_BODY_BYTES
    )
    @requires("recorder")                        # sets `rmos_role`, and in `rmos_problems` what it can raise
    def patch_session(session_id: str) -> Response:
        '''Change the free fields of a session.

        What stands after an empty line is the description; what stands after --- is not shown.
        '''

The first line of the docstring is the summary, the function's name the operationId. Every route may answer 400, 422 and
500; a body adds 413 and 415. A query schema is loaded with `load_query`; a route without one takes no parameters at
all. An id in the URL is described in `parts.PATH_PARAMETERS`. Views are not wrapped: they parse with our own strict
readers and return finished answers, because webargs and marshmallow at work on each answer would double its cost.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from apispec import APISpec
from flask import Flask
from flask_smorest.utils import load_info_from_docstring
from marshmallow import Schema
from werkzeug.routing import Rule

from rmos.errors.base import RmosError
from rmos.errors.http import BadRequest, RequestTimeout
from rmos.errors.request import BadJson, PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from rmos.errors.store import (
    IndexRebuilding,
    IndexUnavailable,
    OutOfSpace,
    RecordDamaged,
    StorageFailed,
    StoreReadOnly,
    StoreUnusable,
)
from rmos.http import openapi_components as parts

if TYPE_CHECKING:  # flask-smorest has no types; what is used of it here is what Flask has
    from flask import Blueprint as SmorestBlueprint
else:
    from flask_smorest import Blueprint as SmorestBlueprint

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
PROBLEM: Final = "application/problem+json"

Problems = tuple[type[RmosError], ...]
OPENING: Final[Problems] = (StoreUnusable, StoreReadOnly, StorageFailed, OutOfSpace)
"""What the first request of a process may meet when the store is opened."""
READS: Final[Problems] = (RecordDamaged, *OPENING)
"""What reading a record can end in."""
LISTS: Final[Problems] = (IndexRebuilding, IndexUnavailable, *OPENING)
"""What asking the index can end in."""
WRITES: Final[Problems] = OPENING
"""What writing to the record can end in."""
_ALWAYS: Final[Problems] = (BadRequest, ValidationFailed, RmosError)
_BODY: Final[Problems] = (BadJson, RequestTimeout, PayloadTooLarge, UnsupportedMediaType)

View = TypeVar("View", bound=Callable[..., Any])


class Answer(msgspec.Struct, frozen=True):
    """One answer of a route: its description, what its body is, an example, the headers that it bears."""

    description: str
    schema: Any = None
    """A marshmallow schema class, a schema of OpenAPI as a dict, or None for an answer without a body."""
    headers: tuple[str, ...] = ()
    example: Any = None
    content_type: str = JSON
    links: Mapping[str, Mapping[str, str]] = {}
    """What can be done next: by operationId, where each of its parameters stands in this answer."""
    also: Mapping[str, Any] = {}
    """Other content types in which it can be had (the request header Accept), each with its schema."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a view takes and gives."""

    answers: Mapping[int, Answer]
    problems: Problems = ()
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    example: Any = None
    """Of the body."""
    form: Any = None
    """The schema of the body as multipart/form-data, where it may come so as well."""
    headers: tuple[str, ...] = ()
    max_body_bytes: int | None = None


def operation(
    *,
    answers: Mapping[int, Answer],
    problems: Problems = (),
    query: type[Schema] | None = None,
    body: type[Schema] | None = None,
    example: Any = None,
    form: Any = None,
    headers: tuple[str, ...] = (),
    max_body_bytes: int | None = None,
) -> Callable[[View], View]:
    """Declare what a view takes and gives: as its attribute `rmos_operation`, without wrapping it."""
    declared = Operation(
        answers=answers,
        problems=problems,
        query=query,
        body=body,
        example=example,
        form=form,
        headers=headers,
        max_body_bytes=max_body_bytes,
    )

    def mark(view: View) -> View:
        view.rmos_operation = declared  # type: ignore[attr-defined]
        return view

    return mark


class Blueprint(SmorestBlueprint):
    """A blueprint whose routes all say what they take and give; `description` is what its noun is, for people."""

    def __init__(self, name: str, import_name: str, *, description: str, url_prefix: str | None = None) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix, template_folder="templates")
        self.description = description

    def register_views_in_doc(
        self, api: object, app: Flask, spec: APISpec, *, name: str, parameters: object = None
    ) -> None:
        """Describe each route of this blueprint, also when a view stands under several URLs.

        Raises:
            TypeError: a view is not declared, or its URL has a part that is not.
        """
        for rule in app.url_map.iter_rules():
            if rule.endpoint.rpartition(".")[0] == name:
                spec.path(rule=rule, operations=self._described(rule, app), parameters=_path_parameters(rule))

    def _described(self, rule: Rule, app: Flask) -> dict[str, Any]:
        view = app.view_functions[rule.endpoint]
        declared = declared_of(view)
        if declared is None:
            raise TypeError(f"The route {rule.rule} does not say what it takes and gives; see `operation`.")
        operation_id = view.__name__
        if rule.endpoint.partition(".")[0] != self.name:  # registered again under another name, for other URLs
            operation_id = f"{operation_id}_{rule.endpoint.partition('.')[0]}"
        described = {
            "tags": [self.name],
            "operationId": operation_id,
            **load_info_from_docstring(view.__doc__),
            **_request(declared),
            "responses": {**_answers(declared), **_problems(declared, getattr(view, "rmos_problems", ()))},
        }
        if role := getattr(view, "rmos_role", None):
            described |= {"security": parts.SECURITY.get(role, parts.NEEDS_CALLER), "x-rmos-role": role}
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        return {method.lower(): described for method in sorted(methods)}


def declared_of(view: object) -> Operation | None:
    """Return what a view declares, or None for what is no view of ours."""
    return getattr(view, "rmos_operation", None)


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    for name in rule.arguments:
        if name not in parts.PATH_PARAMETERS:
            raise TypeError(f"{rule.rule}: describe {name!r} in PATH_PARAMETERS of rmos/http/openapi_components.py.")
    return [
        {"in": "path", "name": name, "required": True, **parts.PATH_PARAMETERS[name]} for name in sorted(rule.arguments)
    ]


def _request(declared: Operation) -> dict[str, Any]:
    asked: list[Any] = [] if declared.query is None else [{"in": "query", "schema": declared.query}]
    asked += ["X-Request-Id", *declared.headers]  # names of components
    request: dict[str, Any] = {"parameters": asked}
    if declared.body is not None:
        content: dict[str, Any] = {"schema": declared.body}
        if declared.example is not None:
            content["example"] = declared.example
        forms = {} if declared.form is None else {FORM: {"schema": declared.form}}
        request["requestBody"] = {"required": True, "content": {JSON: content, **forms}}
    return request


def _answers(declared: Operation) -> dict[str, Any]:
    return {str(status): _answer(answer) for status, answer in declared.answers.items()}


def _answer(answer: Answer) -> dict[str, Any]:
    headers = {name: parts.reference("headers", name) for name in ("X-Request-Id", *answer.headers)}
    described: dict[str, Any] = {"description": answer.description, "headers": headers}
    if answer.schema is not None:
        content: dict[str, Any] = {"schema": answer.schema}
        if answer.example is not None:
            content["example"] = answer.example
        also = {name: {"schema": schema} for name, schema in answer.also.items()}
        described["content"] = {answer.content_type: content, **also}
    if answer.links:
        described["links"] = {
            name: {"operationId": name, "parameters": dict(where)} for name, where in answer.links.items()
        }
    return described


def _problems(declared: Operation, more: Problems) -> dict[str, Any]:
    """Describe the problems of a route by status: which codes, what each means, one example each."""
    body = () if declared.body is None else _BODY
    by_status: dict[int, dict[str, type[RmosError]]] = {}
    for kind in (*declared.problems, *more, *body, *_ALWAYS):
        by_status.setdefault(kind.status, {}).setdefault(kind.code, kind)
    return {str(status): _problem(kinds) for status, kinds in sorted(by_status.items())}


def _problem(kinds: Mapping[str, type[RmosError]]) -> dict[str, Any]:
    told = [f"`{code}`: {meaning_of(kind)}" for code, kind in kinds.items()]
    codes = {"type": "object", "properties": {"error": {"type": "string", "enum": list(kinds)}}}
    content = {
        "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, codes]},
        "examples": {code: parts.reference("examples", code) for code in kinds},
    }
    named = {name for kind in kinds.values() for name in kind.headers}
    headers = {name: parts.reference("headers", name) for name in ("X-Request-Id", *sorted(named))}
    return {"description": "\n\n".join(told), "headers": headers, "content": {PROBLEM: content}}


def meaning_of(kind: type[RmosError]) -> str:
    """Return what an error means, in a sentence."""
    if kind is RmosError:
        return "Something failed that nobody foresaw; the fault is the service's."
    return " ".join((kind.__doc__ or "").split())


def example_of(code: str, title: str, status: int, detail: str) -> dict[str, Any]:
    """Return what a problem looks like."""
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "error": code,
        "request_id": "req_0123456789abcdef",
    }
