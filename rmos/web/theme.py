"""`/theme`: light, dark, or as the system says; a cookie keeps the choice, and no script is needed.

The choice is no secret and says nothing of its reader, so the cookie outlives the sign-in.
"""

from typing import Final

from flask import Blueprint, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.guard import current_guard
from rmos.auth.roles import OPEN, requires
from rmos.errors.request import ValidationFailed
from rmos.http.themes import THEME_COOKIE, THEMES
from rmos.web.errors import read_inside
from rmos.web.form import read_form
from rmos.web.shell import send_to

bp = Blueprint("theme", __name__)

_LIFETIME_S: Final = 365 * 24 * 3600
_LARGEST_FORM: Final = 16_384
"""Bytes of a form that has a choice and the way back."""


@bp.post("/theme")
@requires(OPEN)
def choose_theme() -> WerkzeugResponse:
    """Keep a choice and go back to the page that it was made on."""
    fields = read_form(_LARGEST_FORM)
    [chosen, *_] = fields.get("theme", [""])
    if chosen not in THEMES:
        raise ValidationFailed.of_request({"theme": [f"Must be one of: {', '.join(THEMES)}."]})
    response = send_to(read_inside(fields.get("back", [""])[0]) or "/")
    response.set_cookie(
        THEME_COOKIE,
        chosen,
        max_age=0 if chosen == "system" else _LIFETIME_S,
        httponly=True,
        secure=current_guard().proxies.is_secure(request.environ),
        samesite="Lax",
        path=request.script_root or "/",
    )
    return response
