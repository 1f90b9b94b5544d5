"""How a route is declared: one decorator has its parameters, body, responses and problems, at no cost to a request.

    bp = Blueprint("sessions", __name__, url_prefix="/api/workflow-sessions", description="Workflow sessions")

    @bp.patch("/<session_id>")
    @operation(
        responses={200: ResponseSpec("The session as it stands now.", SessionSchema, ("ETag",), "sessions.session")},
        problems=(SessionNotFound, PreconditionFailed, *WRITES),
        body=SessionPatchSchema,                 # read it with `read_object()` and the schema's `load`
        example="sessions.change",               # by file and name in rmos/api/examples/
        headers=("If-Match",),                   # request headers that it heeds, of `REQUEST_HEADERS`
        max_body_bytes=256 * 1024,               # instead of RMOS_MAX_BODY_BYTES
    )
    @requires("recorder")                        # sets `rmos_role`, and in `rmos_problems` what it can raise
    def patch_session(session_id: str) -> Response:
        '''Change the free fields of a session.

        What stands after an empty line is the description.
        '''

The first line of the docstring is the summary, the function's name the operationId. Every route may answer 400, 422 and
500; a body adds 413 and 415. A query schema is loaded with `load_query`; a route without one takes no parameters at
all. An id in the URL is described in `PATH_PARAMETERS`. Views are not wrapped: they parse with our own strict readers
and return finished responses, because marshmallow at work on each response would double its cost.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

import flask
import msgspec
from flask import Flask, current_app, request
from marshmallow import Schema
from werkzeug.routing import BaseConverter

from rmos.auth.guard import get_guard
from rmos.errors.base import RmosError
from rmos.errors.installation import StoreUnusable
from rmos.errors.request import BadHeader
from rmos.errors.store import (
    ClockOff,
    IndexRebuilding,
    IndexUnavailable,
    OutOfSpace,
    RecordDamaged,
    StorageFailed,
    StorageUnavailable,
    StoreReadOnly,
)
from rmos.http.json_body import limit_body
from rmos.http.query import refuse_query
from rmos.http.responses import JSON

FORM: Final = "multipart/form-data"
_KEY: Final = "Idempotency-Key"

Problems = tuple[type[RmosError], ...]
OPENING: Final[Problems] = (StoreUnusable, StoreReadOnly, StorageFailed, StorageUnavailable, OutOfSpace)
"""What the first request of a process may meet when the store is opened."""
READS: Final[Problems] = (RecordDamaged, *OPENING)
"""What reading a record can end in."""
LISTS: Final[Problems] = (IndexRebuilding, IndexUnavailable, *OPENING)
"""What a query of the index can end in."""
WRITES: Final[Problems] = (ClockOff, *OPENING)
"""What writing to the record can end in."""

View = TypeVar("View", bound=Callable[..., Any])


class ResponseSpec(msgspec.Struct, frozen=True):
    """One response of a route: its description, what its body is, the headers that it bears, an example by name."""

    description: str
    schema: Any = None
    """A marshmallow schema class, a schema of OpenAPI as a dict, or None for a response without a body."""
    headers: tuple[str, ...] = ()
    example: str | None = None
    content_type: str = JSON
    links: Mapping[str, Mapping[str, str]] = {}
    """What can be done next: by operationId, where each of its parameters stands in this response."""
    alternatives: Mapping[str, Any] = {}
    """Other content types in which it can be had (the request header Accept), each with its schema."""


class OperationSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a view takes and gives."""

    responses: Mapping[int, ResponseSpec]
    problems: Problems = ()
    query: type[Schema] | None = None
    body: Any = None
    """A marshmallow schema class, or a schema of OpenAPI as a dict."""
    example: str | None = None
    """Of the body, by name."""
    form: Any = None
    """The schema of the body as multipart/form-data, where it may come so as well, or comes so alone."""
    headers: tuple[str, ...] = ()
    max_body_bytes: int | None = None


def operation(
    *,
    responses: Mapping[int, ResponseSpec],
    problems: Problems = (),
    query: type[Schema] | None = None,
    body: Any = None,
    example: str | None = None,
    form: Any = None,
    headers: tuple[str, ...] = (),
    max_body_bytes: int | None = None,
) -> Callable[[View], View]:
    """Declare what a view takes and gives: as its attribute `rmos_operation`, without wrapping it."""
    spec = OperationSpec(
        responses=responses,
        problems=problems,
        query=query,
        body=body,
        example=example,
        form=form,
        headers=headers,
        max_body_bytes=max_body_bytes,
    )

    def declare(view: View) -> View:
        view.rmos_operation = spec  # type: ignore[attr-defined]
        return view

    return declare


def get_spec(view: object) -> OperationSpec | None:
    """Return what a view declares, or None for what is no view of ours."""
    return getattr(view, "rmos_operation", None)


class Blueprint(flask.Blueprint):
    """A blueprint that the document describes: each of its routes is declared; `description` is for people."""

    def __init__(self, name: str, import_name: str, *, description: str, url_prefix: str | None = None) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix, template_folder="templates")
        self.description = description


class RunIdConverter(BaseConverter):
    """An id in a URL beside which routes with a name stand: `<run:run_id>` is never one of their names.

    Without it `DELETE /api/rmos/runs/diff` would delete a run called `diff`, and `Allow` of the diff would name DELETE.
    As little is `GET /api/rmos/runs/batch` a question for a run.
    """

    regex = r"(?!(?:diff|batch)\Z)[^/]+"
    part_isolating = True


def refuses_key(view: object, method: str) -> bool:
    """Tell whether a route refuses an Idempotency-Key: it writes, and a second try would write again.

    To ignore the header would promise what does not hold. Routes that record nothing may be sent it.
    """
    spec = get_spec(view)
    is_writing = method in ("POST", "PATCH") and getattr(view, "rmos_role", None) not in (None, "viewer")
    return spec is not None and is_writing and _KEY not in spec.headers


def _refuse_key(spec: OperationSpec) -> NoReturn:
    detail = (
        "Idempotency-Key is heeded where a run, a rosette, a program or a session is made and where an outcome is "
        "reported, not here; leave it out."
    )
    if "If-Match" in spec.headers:
        detail += " Send the ETag as If-Match: when the first try was done, the second is refused."
    raise BadHeader(detail)


def init_app(app: Flask) -> None:
    """Have every request of an app admitted, and held to what its route declares, before its view."""
    guard = get_guard(app)

    def check_request() -> None:
        """Check the running request; one function, for Flask takes as much again to call a second."""
        environ = request.environ
        guard.admit(environ)
        enforce_spec(environ)

    app.before_request(check_request)


def enforce_spec(environ: dict[str, Any]) -> None:
    """Hold a request to what its route declares: no parameters, header or body that it would ignore or cannot take.

    Raises:
        BadRequest, ValidationError: there are parameters, and the route has none.
        BadHeader: there is an Idempotency-Key, and the route does not heed it.
    """
    if environ["REQUEST_METHOD"] == "GET" and not environ.get("QUERY_STRING"):
        return  # the usual request has neither
    view = current_app.view_functions.get(request.endpoint or "")
    spec = get_spec(view)
    if spec is None:
        return
    if "HTTP_IDEMPOTENCY_KEY" in environ and refuses_key(view, environ["REQUEST_METHOD"]):
        _refuse_key(spec)
    if spec.query is None and environ.get("QUERY_STRING"):
        refuse_query()
    if spec.max_body_bytes is not None:
        limit_body(spec.max_body_bytes)
