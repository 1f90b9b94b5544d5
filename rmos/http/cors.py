"""Scripts of other sites (CORS): off unless settings name their origins. They send a token, never a cookie."""

from typing import Final

from flask import Flask, Response, request

from rmos.config import Settings

_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "
    "Range, X-Request-Id",
    "Access-Control-Max-Age": "600",
}
_EXPOSED: Final = "Content-Disposition, ETag, Idempotency-Replayed, Link, Location, Retry-After, X-Request-Id"


def init_app(app: Flask, settings: Settings) -> None:
    """Allow the scripts of the origins in the settings to call an app; the guard comes after it."""
    origins = frozenset(settings.cors_origins)
    if not origins:
        return

    def respond_preflight() -> Response | None:
        """Answer the preflight request of a browser, which carries no token."""
        environ = request.environ
        preflight = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        if not preflight or environ.get("HTTP_ORIGIN") not in origins:
            return None
        return Response(status=204, headers=_ALLOWED)

    def allow_origin(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.environ.get("HTTP_ORIGIN")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    app.before_request(respond_preflight)
    app.after_request(allow_origin)
