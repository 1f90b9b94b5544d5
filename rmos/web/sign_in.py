"""`/sign-in`: a page that takes a token and gives a cookie in its place; `/sign-out` takes the cookie back.

The token goes to the server once and is stored nowhere in the browser. The cookie is `HttpOnly` (no script reads it),
`SameSite=Strict` (no other site sends it) and ends after twelve hours, or with its token. Whoever came from another
page gets back to it: `next` is a path of this service and nothing else.
"""

from typing import Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.callers import Caller
from rmos.auth.cookies import COOKIE, LIFETIME_S
from rmos.auth.guard import current_guard
from rmos.auth.roles import OPEN, requires
from rmos.errors.base import RmosError
from rmos.errors.callers import TooManyAttempts, Unauthenticated
from rmos.http.json_body import limit_body
from rmos.web.errors import read_next
from rmos.web.shell import render_page, send_to

bp = Blueprint("sign_in", __name__)

_LARGEST_FORM: Final = 8192
"""Bytes of a form with one token and the way back in it (RMOS policy)."""


@bp.get("/sign-in")
@requires(OPEN)
def show_sign_in() -> WerkzeugResponse:
    """Show who is signed in, or ask for a token."""
    guard = current_guard()
    wanted = read_next(request.args.get("next"))
    try:
        caller = guard.find_caller(request.environ)
    except (Unauthenticated, TooManyAttempts):
        return _respond_page(None, wanted)
    return _respond_page(caller, None) if wanted is None else send_to(wanted)


@bp.post("/sign-in")
@requires(OPEN)
def sign_in() -> WerkzeugResponse:
    """Take a token and give a cookie."""
    guard = current_guard()
    if guard.callers.read_table().local:
        return send_to("/sign-in")
    limit_body(_LARGEST_FORM)
    wanted = read_next(request.form.get("next"))
    try:
        caller = guard.authenticate(request.form.get("token", "").strip(), request.environ)
    except (Unauthenticated, TooManyAttempts) as refusal:
        return _respond_page(None, wanted, refusal)
    assert caller.token_id is not None
    response = send_to(wanted or "/")
    response.set_cookie(
        COOKIE,
        guard.cookies.sign(caller.token_id),
        max_age=LIFETIME_S,
        httponly=True,
        secure=guard.proxies.is_secure(request.environ),
        samesite="Strict",
        path=_cookie_path(),
    )
    return response


@bp.post("/sign-out")
@requires(OPEN)
def sign_out() -> WerkzeugResponse:
    """Take the cookie back."""
    response = send_to("/sign-in")
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict", path=_cookie_path())
    return response


def _cookie_path() -> str:
    """Return where browsers send the cookie: to this service, and to no other one under another prefix."""
    return request.script_root or "/"


def _respond_page(caller: Caller | None, wanted: str | None, refusal: RmosError | None = None) -> Response:
    status = refusal.status if refusal else 200
    response = render_page("sign_in.html", status=status, keeps=False, signed_in=caller, refusal=refusal, wanted=wanted)
    if refusal is not None and refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if isinstance(refusal, Unauthenticated):
        response.headers.update(refusal.headers)
    return response
