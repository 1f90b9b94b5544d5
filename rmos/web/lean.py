"""Flask, spared what is the same in every request: of what each costs, a third is done once.

app = LeanFlask("rmos", static_folder=None)            # answers exactly as Flask does
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Request, Response
from werkzeug.datastructures import Headers
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_OK: Final = 200
_MENDED: Final = frozenset({"Location", "Content-Location"})
_MOST_PLACES: Final = 64
"""The host is what the client says it is, and could be anything: no more of them are kept."""


class LeanResponse(Response):
    """A response whose headers werkzeug looks through only when there may be something to mend."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers as they are sent."""
        names = {name for name, _ in self.headers}
        if self.status_code == _OK and "Content-Length" in names and names.isdisjoint(_MENDED):
            return self.headers
        return super().get_wsgi_headers(environ)


class LeanFlask(Flask):
    """Flask whose functions are all synchronous, and that works out only once what a host means for its routes."""

    response_class = LeanResponse

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._adapters: dict[tuple[str, str, str], MapAdapter] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches the path of a request, made like the one for the same host before."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
        if "HTTP_HOST" not in environ or "HTTP_UPGRADE" in environ or not (path.isascii() and query.isascii()):
            return super().create_url_adapter(request)
        place = (environ["HTTP_HOST"], environ.get("SCRIPT_NAME", ""), environ["wsgi.url_scheme"])
        known = self._adapters.get(place)
        if known is None:
            made = super().create_url_adapter(request)
            if made is not None and len(self._adapters) < _MOST_PLACES:
                self._adapters[place] = made
            return made
        return MapAdapter(
            known.map,
            known.server_name,
            known.script_name,
            known.subdomain,
            known.url_scheme,
            path,
            environ["REQUEST_METHOD"],
            query,
        )
