"""What each request gets and leaves, whatever comes of it: an id, figures for Prometheus, a line in the log.

    init_app(app)                # before any other part wraps the application

It stands around the application and not among Flask's hooks: there each of two functions would cost a request as much
again as what it does.
"""

import functools
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin

from rmos import ids, logs
from rmos.context import Rmos
from rmos.http.responses import Headers, Wsgi
from rmos.logs import Access, log_request, parse_trace_id
from rmos.metrics import UNMATCHED

log = logging.getLogger(__name__)

Environ = dict[str, Any]

REQUEST_ID_HEADER: Final = "X-Request-Id"
_CONVERTER: Final = re.compile("<[^<>:]+:")
_SHOWN: Final = 100
"""Characters of a refused request id that are logged."""


class NoSessions(SessionInterface):
    """Keeps no sessions: who calls is known by a token or by a cookie of `rmos.auth`."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Return the session that takes nothing; Flask makes one for each request otherwise (ADR 20)."""
        return self._none

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save nothing."""


def init_app(app: Flask) -> None:
    """Observe every request of an app, and keep no session for it."""
    app.session_interface = NoSessions()
    app.wsgi_app = observe_requests(app.extensions["rmos"], app.wsgi_app)  # type: ignore[method-assign,assignment]


def observe_requests(rmos: Rmos, wsgi: Wsgi) -> Wsgi:
    """Return the application, observed."""

    def respond(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started_s = time.perf_counter()
        request_id = environ[logs.REQUEST_ID] = choose_request_id(environ.get("HTTP_X_REQUEST_ID"))
        traceparent = environ.get("HTTP_TRACEPARENT")
        trace_id = environ[logs.TRACE_ID] = parse_trace_id(traceparent) if traceparent else None
        metrics = rmos.metrics

        def start(status: str, headers: Headers, *more: Any) -> Any:
            seconds = time.perf_counter() - started_s
            request: Request = environ["werkzeug.request"]
            route = UNMATCHED if request.url_rule is None else name_route(request.url_rule.rule)
            code = int(status[:3])
            metrics.observe_request(request.method, route, code, seconds)
            size = next((int(value) for name, value in headers if name == "Content-Length"), None)
            entry = Access(request.method, route, request.path, code, size, seconds * 1000)
            log_request(entry, request_id=request_id, trace_id=trace_id)
            return start_response(status, [*headers, (REQUEST_ID_HEADER, request_id)], *more)

        metrics.begin_request()
        try:
            return wsgi(environ, start)
        finally:
            metrics.end_request()

    return respond


@functools.cache
def name_route(rule: str) -> str:
    """Return how logs and figures call a route: what its parameters may be is no part of its name."""
    return _CONVERTER.sub("<", rule)


def choose_request_id(sent: str | None) -> str:
    """Return the request id that the client sent, or a new one when it sent none or none that can be used."""
    if sent is not None and ids.REQUEST_ID.fullmatch(sent):
        return sent
    request_id = ids.new_request_id()
    if sent is not None:
        log.warning("refused the request id %s", ascii(sent[:_SHOWN]), extra={"request_id": request_id})
    return request_id
