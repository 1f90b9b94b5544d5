"""`/sign-in`: a page that takes a token and gives a cookie in its place; `/sign-out` takes the cookie back.

The token goes to the server once and is stored nowhere in the browser. The cookie is `HttpOnly` (no script reads it),
`SameSite=Strict` (no other site sends it) and ends after twelve hours, or with its token.
"""

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.callers import Caller
from rmos.auth.cookies import COOKIE, LIFETIME_S
from rmos.auth.guard import current_guard
from rmos.auth.roles import OPEN, requires
from rmos.errors.base import RmosError
from rmos.errors.callers import TooManyAttempts, Unauthenticated
from rmos.http.json_body import limit_body
from rmos.http.responses import NO_STORE, prefix_path

bp = Blueprint("web", __name__, template_folder="templates")

_LARGEST_FORM: Final = 4096
"""Bytes of a form with one token in it (RMOS policy)."""
_PAGE: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": NO_STORE,
}
_STYLE: Final = (Path(__file__).parent / "templates" / "sign_in.css").read_bytes()


@bp.get("/sign-in")
@requires(OPEN)
def show_sign_in() -> Response:
    """Show who is signed in, or ask for a token."""
    guard = current_guard()
    try:
        caller = guard.find_caller(request.environ)
    except (Unauthenticated, TooManyAttempts):
        return _respond_page(None)
    return _respond_page(caller)


@bp.post("/sign-in")
@requires(OPEN)
def sign_in() -> WerkzeugResponse:
    """Take a token and give a cookie."""
    guard = current_guard()
    if guard.callers.read_table().local:
        return redirect(prefix_path("/sign-in"), code=303)
    limit_body(_LARGEST_FORM)
    try:
        caller = guard.authenticate(request.form.get("token", "").strip(), request.environ)
    except (Unauthenticated, TooManyAttempts) as refusal:
        return _respond_page(None, refusal)
    assert caller.token_id is not None
    response = redirect(prefix_path("/sign-in"), code=303)
    response.headers["Cache-Control"] = NO_STORE
    response.set_cookie(
        COOKIE,
        guard.cookies.sign(caller.token_id),
        max_age=LIFETIME_S,
        httponly=True,
        secure=guard.proxies.is_secure(request.environ),
        samesite="Strict",
    )
    return response


@bp.post("/sign-out")
@requires(OPEN)
def sign_out() -> WerkzeugResponse:
    """Take the cookie back."""
    response = redirect(prefix_path("/sign-in"), code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


@bp.get("/sign-in.css")
@requires(OPEN)
def show_style() -> Response:
    """Return how the page looks."""
    return Response(_STYLE, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


def _respond_page(caller: Caller | None, refusal: RmosError | None = None) -> Response:
    text = render_template("sign_in.html", caller=caller, refusal=refusal)
    response = Response(text, status=refusal.status if refusal else 200, headers=_PAGE)
    if refusal is not None and refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if isinstance(refusal, Unauthenticated):
        response.headers.update(refusal.headers)
    return response
