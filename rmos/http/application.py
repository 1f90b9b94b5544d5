"""Flask, spared what comes out the same in every request (ADR 25).

app = Application("rmos", static_folder=None)    # responds exactly as Flask does
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Request
from werkzeug.routing import MapAdapter

_MAX_HOSTS: Final = 64
"""A client names any host it likes: adapters of no more than these are kept."""


class Application(Flask):
    """Flask whose views are all synchronous, and that checks once what a host is to its routes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._adapters: dict[tuple[str, str, str], MapAdapter] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the adapter that matches the path of a request, made from the one for the same host before."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
        if "HTTP_HOST" not in environ or "HTTP_UPGRADE" in environ or not (path.isascii() and query.isascii()):
            return super().create_url_adapter(request)
        place = (environ["HTTP_HOST"], environ.get("SCRIPT_NAME", ""), environ["wsgi.url_scheme"])
        first = self._adapters.get(place)
        if first is None:
            made = super().create_url_adapter(request)
            if made is not None and len(self._adapters) < _MAX_HOSTS:
                self._adapters[place] = made
            return made
        return MapAdapter(
            first.map,
            first.server_name,
            first.script_name,
            first.subdomain,
            first.url_scheme,
            path,
            environ["REQUEST_METHOD"],
            query,
        )
