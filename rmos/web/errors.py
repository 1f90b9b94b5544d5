"""Errors as pages, for whoever asks for a page outside the API; everybody else gets problem+json.

Who is not signed in is sent to the sign-in and back. A link on another site's page brings no cookie (it is Strict), so
such a request is first sent once more, from here.
"""

import re
from typing import Any, Final
from urllib.parse import quote

import msgspec
from flask import Flask, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.callers import LOCAL
from rmos.errors.callers import Forbidden
from rmos.http.problems import respond_error
from rmos.http.responses import NO_STORE, prefix_path
from rmos.web.shell import find_shown_caller, render_page, wants_page

_API: Final = "/api/"
_INSIDE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this service: one slash, and no sign that a browser takes for another one or leaves out."""


def init_app(app: Flask) -> None:
    """Answer the errors of an app with pages where pages are wanted."""
    app.register_error_handler(Exception, respond_page_error)


def respond_page_error(error: Exception) -> WerkzeugResponse:
    """Return what an error is to whoever sent the request: a page, the way to the sign-in, or a problem."""
    response = respond_error(error)
    if response.mimetype != "application/problem+json" or request.path.startswith(_API) or not wants_page():
        return response
    problem: dict[str, Any] = msgspec.json.decode(response.get_data())
    if response.status_code == 401 and request.method in ("GET", "HEAD"):
        return _send_to_sign_in()
    template = "local_mode.html" if _takes_an_admin_where_none_is(problem) else "problem_page.html"
    page = render_page(template, status=response.status_code, keeps=False, problem=problem)
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            page.headers[name] = value
    return page


def _takes_an_admin_where_none_is(problem: dict[str, Any]) -> bool:
    """Tell whether a page was refused only because no token was ever made, so that nobody can be an admin."""
    caller = find_shown_caller()
    return problem["error"] == Forbidden.code and problem.get("role_needed") == "admin" and caller == LOCAL


def _send_to_sign_in() -> WerkzeugResponse:
    query = request.query_string.decode("ascii", "replace")
    here = quote(request.path) + (f"?{query}" if query else "")
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return render_page("from_elsewhere.html", status=401, keeps=False)
    response = redirect(prefix_path(f"/sign-in?next={quote(here)}"), code=303)
    response.headers["Cache-Control"] = NO_STORE
    return response


def read_next(text: str | None) -> str | None:
    """Return the path of this service that a sign-in leads back to, or None for anything that may lead elsewhere."""
    inside = read_inside(text)
    return None if inside is None or inside.startswith("/sign-") else inside


def read_inside(text: str | None) -> str | None:
    """Return a path of this service, or None for anything that may lead elsewhere."""
    return text if text is not None and _INSIDE.fullmatch(text) else None
