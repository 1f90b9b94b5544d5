"""`/theme`: light, dark, or as the system says; `/units`: inches too. Cookies keep both, and no script is needed.

The choice is no secret and says nothing of its reader, so the cookie outlives the sign-in.
"""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.guard import current_guard
from rmos.auth.roles import OPEN, requires
from rmos.errors.request import ValidationFailed
from rmos.http.themes import THEME_COOKIE, THEMES
from rmos.web.errors import read_inside
from rmos.web.form import read_form
from rmos.web.inches import UNITS, UNITS_COOKIE
from rmos.web.shell import send_to

bp = Blueprint("theme", __name__)

_LIFETIME_S: Final = 365 * 24 * 3600
_LARGEST_FORM: Final = 16_384
"""Bytes of a form that has a choice and the way back."""


@bp.post("/theme")
@requires(OPEN)
def choose_theme() -> WerkzeugResponse:
    """Keep a choice and go back to the page that it was made on."""
    return _keep_choice("theme", THEMES, THEME_COOKIE)


@bp.post("/units")
@requires(OPEN)
def choose_units() -> WerkzeugResponse:
    """Keep whether inches are shown too, and go back to the page that it was chosen on."""
    return _keep_choice("units", tuple(UNITS), UNITS_COOKIE)


def _keep_choice(name: str, choices: Sequence[str], cookie: str) -> WerkzeugResponse:
    """Return what keeps a choice that a form sends, and leads back to the page that it was made on.

    Args:
        choices: the first is what holds without a cookie, so it takes the cookie away.

    Raises:
        ValidationFailed: there is no such choice.
    """
    fields = read_form(_LARGEST_FORM)
    [chosen, *_] = fields.get(name, [""])
    if chosen not in choices:
        raise ValidationFailed.of_request({name: [f"Must be one of: {', '.join(choices)}."]})
    response = send_to(read_inside(fields.get("back", [""])[0]) or "/")
    response.set_cookie(
        cookie,
        chosen,
        max_age=0 if chosen == choices[0] else _LIFETIME_S,
        httponly=True,
        secure=current_guard().proxies.is_secure(request.environ),
        samesite="Lax",
        path=request.script_root or "/",
    )
    return response
