"""The one form of an error: problem+json (RFC 9457), never with a path of the server, never with a traceback.

    {"type":"/problems/RUN_NOT_FOUND","title":"Run not found","status":404,"detail":"There is no run with this id.",
     "error":"RUN_NOT_FOUND","request_id":"req_0123456789abcdef","run_id":"run_..."}

`error` is for programs, `title` and `detail` are for people; further members name what is concerned.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Flask, Response, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from rmos.context import require_request_id
from rmos.errors.base import RmosError, every_error
from rmos.errors.http import (
    BadRequest,
    CodingNotImplemented,
    HeadersTooLarge,
    PreconditionFailed,
    RangeNotSatisfiable,
    RouteNotFound,
    UriTooLong,
)
from rmos.errors.http import (
    MethodNotAllowed as RouteMethodNotAllowed,
)
from rmos.errors.request import UnsupportedMediaType, ValidationFailed
from rmos.errors.store import IndexRebuilding
from rmos.http.json_body import make_too_large_error

log = logging.getLogger(__name__)

PROBLEM: Final = "application/problem+json"
_BY_STATUS: Final = {
    kind.status: kind
    for kind in (
        BadRequest,
        RouteNotFound,
        RouteMethodNotAllowed,
        PreconditionFailed,
        UriTooLong,
        UnsupportedMediaType,
        RangeNotSatisfiable,
        HeadersTooLarge,
        RmosError,
    )
}
"""What we call the errors of the framework, by status."""
_SERVERS: Final = "gunicorn.http.errors"
"""The module whose errors a view meets when it reads a body that is wrongly sent."""
_ONE_LINE: Final = 300
"""Characters of a `detail` that comes from the web framework; ours are short by themselves."""


def init_app(app: Flask) -> None:
    """Answer every error of an app in this form."""
    app.register_error_handler(Exception, respond_error)


def respond_error(error: Exception) -> Response:
    """Return the problem that an error is to a client; an unexpected one is logged and stays inside."""
    if isinstance(error, ValidationError):
        error = ValidationFailed.of_request(flatten_errors(error))
    elif isinstance(error, RequestEntityTooLarge):
        error = make_too_large_error()
    elif type(error).__module__ == _SERVERS:
        error = BadRequest("The body broke off or is wrongly encoded.")
    if isinstance(error, RmosError):
        return _respond_rmos_error(error)
    if isinstance(error, HTTPException):
        return _respond_http_exception(error)
    log.error("unexpected error", exc_info=error)
    detail = f"Unexpected error; quote request id {require_request_id()} to an operator."
    return respond_problem(500, RmosError.code, RmosError.title, detail)


def _respond_rmos_error(error: RmosError) -> Response:
    headers = dict(error.headers)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return respond_problem(error.status, error.code, error.title, error.detail, _collect_members(error), headers)


def _collect_members(error: RmosError) -> dict[str, Any]:
    """Return what an error says besides what every problem has; one that is not the client's affair is logged."""
    # The ids in the URL are concerned, whoever found the error.
    members: dict[str, Any] = {**(request.view_args or {}), **error.members}
    if error.status >= 500:
        # An index that is being filled is the usual start of a service; an unknown coding is a client's affair.
        level = logging.WARNING if isinstance(error, (IndexRebuilding, CodingNotImplemented)) else logging.ERROR
        log.log(level, "%s %s: %s", error.code, members.get("run_id", "-"), error.detail)
    if error.errors:
        members["errors"] = error.errors
    return members


def describe_problem(error: RmosError) -> dict[str, Any]:
    """Return the problem that an error of one of many is, where others of the same request went well.

    What a response of its own says in the header Retry-After is its member `retry_after_s`.
    """
    members = _collect_members(error)
    if error.retry_after_s is not None:
        members["retry_after_s"] = error.retry_after_s
    problem = make_problem(
        error.code, error.title, error.status, error.detail, require_request_id(), prefix=request.script_root
    )
    return problem | {**members, **problem}


def _respond_http_exception(error: HTTPException) -> Response:
    """Keep the headers that belong to a status: Allow, Retry-After, Content-Range, WWW-Authenticate."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # it is a finished response, such as a redirect
    status = HTTPStatus(error.code or 500)
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    detail = _suggest_route(error) or " ".join((error.description or status.description or status.phrase).split())
    kind = _BY_STATUS.get(status)
    code, title = (kind.code, kind.title) if kind else (status.name, status.phrase)
    return respond_problem(status, code, title, detail[:_ONE_LINE], headers=headers)


def _suggest_route(error: HTTPException) -> str:
    """Return what to do instead, where no route takes the URL or the method; else nothing."""
    if isinstance(error, NotFound) and error is request.routing_exception:
        return f"There is nothing here; runs are at {request.script_root}/api/rmos/runs."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        *others, last = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"}) or sorted(error.valid_methods)
        return f"Use {', '.join(others)} or {last}." if others else f"Use {last}."
    return ""


def respond_problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response that says what went wrong; no member replaces one that every problem has."""
    problem = make_problem(code, title, status, detail, require_request_id(), prefix=request.script_root)
    return Response(
        msgspec.json.encode(problem | {**(members or {}), **problem}),
        status=status,
        headers=dict(headers or {}),
        content_type=PROBLEM,
    )


def make_problem(
    code: str, title: str, status: int, detail: str, request_id: str, *, prefix: str = ""
) -> dict[str, Any]:
    """Return the members that every problem has.

    Args:
        prefix: under which the service lives; `type` leads to its page of problems.
    """
    return {
        "type": f"{prefix}/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "error": code,
        "request_id": request_id,
    }


def make_example(code: str, title: str, status: int, detail: str, *, prefix: str = "") -> dict[str, Any]:
    """Return what a problem looks like, for the document and the pages."""
    return make_problem(code, title, status, detail, "req_0123456789abcdef", prefix=prefix)


def list_errors_by_code() -> dict[str, type[RmosError]]:
    """Return the error that each code stands for, in the order of the codes; several errors may share one."""
    kinds: dict[str, type[RmosError]] = {}
    for kind in every_error():
        kinds.setdefault(kind.code, kind)
    return dict(sorted(kinds.items()))


def explain_error(kind: type[RmosError]) -> str:
    """Return what an error means, in a sentence."""
    if kind is RmosError:
        return "Unexpected error; the fault is the service's."
    return " ".join((kind.__doc__ or "").split())


def flatten_errors(error: ValidationError) -> dict[str, list[str]]:
    """Return a marshmallow error as field → messages, nested fields by their dotted names."""
    errors: dict[str, list[str]] = {}

    def collect(name: str, messages: Any) -> None:
        if isinstance(messages, Mapping):
            for inner, of_inner in messages.items():
                if inner == "_schema":  # marshmallow's word for the object itself
                    collect(name or "body", of_inner)
                else:
                    collect(f"{name}.{inner}" if name else str(inner), of_inner)
        elif isinstance(messages, list):
            errors.setdefault(name, []).extend(str(message) for message in messages)
        else:
            errors.setdefault(name, []).append(str(messages))

    collect("", error.messages)
    return errors
