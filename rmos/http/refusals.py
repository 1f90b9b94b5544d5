"""What gunicorn refuses before a route is looked for, as the problem that the application would answer.

    refusal = refuse(app, LimitRequestLine(9000, 8190))
    refusal.code, refusal.response              # "URI_TOO_LONG", a whole response; the connection ends with it

gunicorn's master imports this through its worker class, so nothing here may load the application.
"""

import logging
from typing import Final, NamedTuple

from flask import Flask, Response
from gunicorn.http import errors

from rmos.config import read_prefix
from rmos.errors.base import RmosError
from rmos.errors.http import (
    BadRequest,
    CodingNotImplemented,
    ExpectationFailed,
    HeadersTooLarge,
    RouteNotFound,
    UriTooLong,
)

log = logging.getLogger(__name__)

_SHOWN: Final = 200
"""Characters of what gunicorn found wrong that a client is told."""
_PROBLEMS: Final[dict[type[Exception], RmosError]] = {
    errors.LimitRequestLine: UriTooLong("The request line is longer than is read."),
    errors.LimitRequestHeaders: HeadersTooLarge("A header is longer than is read, or there are too many of them."),
    errors.ExpectationFailed: ExpectationFailed("Only the expectation 100-continue is met."),
    # gunicorn's word for a path outside the prefix that SCRIPT_NAME names in the environment.
    errors.ConfigurationProblem: RouteNotFound("There is no such page; the service lives under a prefix of its own."),
    errors.UnsupportedTransferCoding: CodingNotImplemented("Send the body whole, or in chunks."),
}
_OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
"""What gunicorn counts among the errors of clients, and is none."""


class Refusal(NamedTuple):
    """The code of a problem, and the response as it goes over the wire."""

    code: str
    response: bytes


def refuse(app: Flask, exc: BaseException) -> Refusal:
    """Return the response to a request that gunicorn refused, or whose answer gunicorn could not send."""
    error = _find_problem(exc)
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": read_prefix()}):
        answer = app.make_response(app.handle_user_exception(error))
        if type(error) is RmosError:
            log.error("error handling a request", exc_info=exc)
        else:
            log.warning("%s: %s", error.code, error.detail)
    return Refusal(error.code, _serialize(answer))


def _find_problem(exc: BaseException) -> RmosError:
    if isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
        return _PROBLEMS.get(type(exc)) or BadRequest(f"This is not HTTP as it should be. {str(exc)[:_SHOWN]}")
    return RmosError("Unexpected error; quote the request id to an operator.")


def _serialize(answer: Response) -> bytes:
    request_id = answer.get_json()["request_id"]
    headers = [*answer.headers, ("X-Request-Id", request_id), ("Connection", "close")]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {answer.status}\r\n{head}\r\n".encode("ascii") + answer.get_data()
