"""Which theme the reader of a page chose: the pages keep it in a cookie, and the page of the document follows it."""

from typing import Final

from flask import request

THEMES: Final = ("system", "light", "dark")
THEME_COOKIE: Final = "rmos_theme"
"""Has `light` or `dark`, where the reader chose one."""


def read_theme() -> str | None:
    """Return the theme that the reader chose, None where the system decides."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES[1:] else None
