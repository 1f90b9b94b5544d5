"""Headers of every response, added where WSGI hands it over, so that errors, files and pages all bear them.

What a view has set itself stands. A cached response is never another caller's: lists and records may be kept by the
caller alone and are validated each time; errors and the responses to writes are not kept at all.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask

from rmos.http.responses import NO_STORE, PRIVATE

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
_DEFAULTS: Final = [(name.lower(), (name, value)) for name, value in (_CSP, *_ALWAYS)]


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
