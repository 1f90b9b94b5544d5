"""Headers of every answer, added where WSGI hands it over, so that errors, files and pages all bear them.

What a view has set itself stands. A kept answer is never another caller's: lists and records may be kept by the caller
alone and are asked for again, what has no digest in its URL is never kept unasked, errors and answers to writes not at
all.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from flask import Flask

Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer the Origin of our own forms would be null
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
CSP: Final = (
    "Content-Security-Policy",
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
"""Of what is no page: should a browser show it as one after all, it may load and do nothing."""
VARY: Final = ("Vary", "Authorization, Cookie")
_PRIVATE: Final = ("Cache-Control", "private, no-cache")
NO_STORE: Final = ("Cache-Control", "no-store")
_KEPT: Final = frozenset({"GET", "HEAD"})


def init_app(app: Flask) -> None:
    """Put the headers on every answer of an app."""
    app.wsgi_app = with_headers(app.wsgi_app)  # type: ignore[method-assign,assignment]  # as Flask's manual does


def with_headers(wsgi: Wsgi) -> Wsgi:
    """Return the application with the headers on its answers."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *more: Any) -> Any:
            kept = environ["REQUEST_METHOD"] in _KEPT and status[0] in "23"
            added = _added(kept, tuple([name for name, _ in headers]))  # the same few combinations, again and again
            return start_response(status, headers + added, *more)

        return wsgi(environ, start)

    return answer


@lru_cache(maxsize=512)
def _added(kept: bool, names: tuple[str, ...]) -> Headers:
    """Return what is to be added to the headers of an answer; it may be `kept`, or no cache may have it."""
    present = {name.lower() for name in names}
    added = [VARY, _PRIVATE if kept else NO_STORE, CSP, *_ALWAYS]
    return [header for header in added if header is VARY or header[0].lower() not in present]
