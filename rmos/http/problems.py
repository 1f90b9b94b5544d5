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
from rmos.errors.base import RmosError
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
from rmos.errors.request import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from rmos.errors.store import IndexRebuilding
from rmos.http.conditions import NO_STORE
from rmos.http.json_body import body_limit
from rmos.http.operations import PROBLEM

log = logging.getLogger(__name__)

_FRAMEWORKS: Final = {
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
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """Return the problem that an error is to a client; what nobody foresaw is logged and stays inside."""
    if isinstance(error, ValidationError):
        error = ValidationFailed("The request holds what cannot be taken; see `errors`.", errors=flattened(error))
    elif isinstance(error, RequestEntityTooLarge):
        limit = body_limit()
        error = PayloadTooLarge(f"The body is above the limit of {limit} bytes.", limit_bytes=limit)
    elif type(error).__module__ == _SERVERS:
        error = BadRequest("The body broke off or is wrongly encoded.")
    if isinstance(error, RmosError):
        return _answer_ours(error)
    if isinstance(error, HTTPException):
        return _answer_frameworks(error)
    log.error("unexpected error", exc_info=error)
    return problem(
        500, RmosError.code, RmosError.title, "Something failed that nobody foresaw; the log tells more by request id."
    )


def _answer_ours(error: RmosError) -> Response:
    # The ids in the URL are concerned, whoever found the error.
    members: dict[str, Any] = {**(request.view_args or {}), **error.members}
    if error.status >= 500:
        # An index that is being filled is the usual start of a service; an unknown coding is a client's affair.
        level = logging.WARNING if isinstance(error, (IndexRebuilding, CodingNotImplemented)) else logging.ERROR
        log.log(level, "%s %s: %s", error.code, members.get("run_id", "-"), error.detail)
    if error.errors:
        members["errors"] = error.errors
    headers = dict(error.headers)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return problem(error.status, error.code, error.title, error.detail, members, headers)


def _answer_frameworks(error: HTTPException) -> Response:
    """Keep the headers that belong to a status: Allow, Retry-After, Content-Range, WWW-Authenticate."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # it is a finished answer, such as a redirect
    status = HTTPStatus(error.code or 500)
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    detail = _told(error) or " ".join((error.description or status.description or status.phrase).split())[:_ONE_LINE]
    kind = _FRAMEWORKS.get(status)
    code, title = (kind.code, kind.title) if kind else (status.name, status.phrase)
    return problem(status, code, title, detail, headers=headers)


def _told(error: HTTPException) -> str:
    """Return what to do instead, where no route takes the URL or the method; else nothing."""
    if isinstance(error, NotFound) and error is request.routing_exception:
        return "There is nothing here; runs are at /api/rmos/runs."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        *others, last = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"}) or sorted(error.valid_methods)
        return f"Use {', '.join(others)} or {last}." if others else f"Use {last}."
    return ""


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that says what went wrong."""
    body = {
        "type": f"/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "error": code,
        "request_id": require_request_id(),
    }
    return Response(
        msgspec.json.encode({**body, **{name: value for name, value in (members or {}).items() if name not in body}}),
        status=status,
        headers={**(headers or {}), "Cache-Control": NO_STORE},
        content_type=PROBLEM,
    )


def flattened(error: ValidationError) -> dict[str, list[str]]:
    """Return a marshmallow error as field → messages, nested fields by their dotted names."""
    found: dict[str, list[str]] = {}

    def collect(name: str, messages: Any) -> None:
        if isinstance(messages, Mapping):
            for inner, told in messages.items():
                if inner == "_schema":  # marshmallow's word for the object itself
                    collect(name or "body", told)
                else:
                    collect(f"{name}.{inner}" if name else str(inner), told)
        elif isinstance(messages, list):
            found.setdefault(name, []).extend(str(message) for message in messages)
        else:
            found.setdefault(name, []).append(str(messages))

    collect("", error.messages)
    return found
