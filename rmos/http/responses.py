"""Finished responses: a body that is JSON already, how long it may be kept (RFC 9111), and the headers of them all.

    return respond_json(dump_events(record))
    return respond_json(verdict, cache=NO_STORE)

The headers are added where WSGI hands a response over, so that errors, files and pages all bear them. What a view has
set itself stands. A cached response is never another caller's: lists and records may be kept by the caller alone and
are validated each time; errors and the responses to writes are not kept at all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug import datastructures

JSON: Final = "application/json"
PRIVATE: Final = "private, no-cache"
"""The caller may keep it and validates it each time: what a GET returns, unless its view says otherwise."""
IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""Bytes under a URL that has their digest: they can never change (RFC 8246; a year is for ever)."""
NO_STORE: Final = "no-store"
"""What holds for this moment only: every other response, unless its view says otherwise."""

Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer the Origin of our own forms would be null
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_CSP: Final = (
    "Content-Security-Policy",
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
"""Of what is no page: should a browser show it as one after all, it may load and do nothing."""
_VARY: Final = ("Vary", "Authorization, Cookie")
_PRIVATE: Final = ("Cache-Control", PRIVATE)
_NO_STORE: Final = ("Cache-Control", NO_STORE)
_CACHEABLE: Final = frozenset({"GET", "HEAD"})
_OK: Final = 200
_CHANGEABLE: Final = frozenset({"Location", "Content-Location"})
_DEFAULTS: Final = [(name.lower(), (name, value)) for name, value in (_CSP, *_ALWAYS)]


def prefix_path(path: str) -> str:
    """Return a path of the service as clients reach it: behind the prefix that `SCRIPT_NAME` names, if there is one."""
    return f"{request.script_root}{path}"


class JsonResponse(Response):
    """A response whose headers werkzeug goes through only when there may be something to change (ADR 25)."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> datastructures.Headers:
        """Return the headers as they are sent."""
        names = {name for name, _ in self.headers}
        if self.status_code == _OK and "Content-Length" in names and names.isdisjoint(_CHANGEABLE):
            return self.headers
        return super().get_wsgi_headers(environ)


def respond_json(
    body: bytes | str, *, cache: str | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response of JSON.

    Args:
        cache: its Cache-Control; None is PRIVATE for what a GET returns, NO_STORE for everything else.
    """
    response = JsonResponse(body, status=status, content_type=JSON)
    if cache is not None:
        response.headers["Cache-Control"] = cache
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def init_app(app: Flask) -> None:
    """Put the headers on every response of an app."""
    app.wsgi_app = with_headers(app.wsgi_app)  # type: ignore[method-assign,assignment]  # as Flask's manual does


def with_headers(wsgi: Wsgi) -> Wsgi:
    """Return the application with the headers on its responses."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *more: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            cacheable = environ["REQUEST_METHOD"] in _CACHEABLE and status[0] in "23"
            defaults = [("cache-control", _PRIVATE if cacheable else _NO_STORE), *_DEFAULTS]
            added = [header for name, header in defaults if name not in present]
            return start_response(status, [*headers, _VARY, *added], *more)

        return wsgi(environ, start)

    return respond
