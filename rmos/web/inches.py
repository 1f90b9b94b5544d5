"""Lengths and feeds in inches too, beside the millimetres, for whoever chose that (`/units`).

    {{ 3.175 | inches("mm") }}           # ' (1/8")' for whoever chose it, else nothing

What is typed, evaluated and recorded is in millimetres whatever is shown: an inch is a help to read, never an input.
"""

from fractions import Fraction
from typing import Final

from flask import Flask, request
from markupsafe import Markup

from rmos.units import MM_PER_INCH
from rmos.web.shared_words import WORDS

UNITS: Final = WORDS["units"]
"""What can be chosen, and how it is called at the foot of a page."""
UNITS_COOKIE: Final = "rmos_units"
_FINEST: Final = 64
"""Of an inch: the smallest part that rulers and drill charts have."""
_EXACT_MM: Final = 0.003
"""How far a fraction may be from what it stands for: a part of what a shop measures."""
_SIGNS: Final = {"mm": "″", "mm/min": " in/min"}


def init_app(app: Flask) -> None:
    """Give the templates of an app the filter."""
    app.jinja_env.filters["inches"] = show_inches


def wants_inches() -> bool:
    """Tell whether the reader of the page chose inches beside millimetres."""
    return request.cookies.get(UNITS_COOKIE) == "inch"


def show_inches(number: object, unit: str) -> Markup:
    """Return a number of millimetres in inches, to stand behind it, where the reader wants that and it is one."""
    if unit not in _SIGNS or isinstance(number, bool) or not isinstance(number, (int, float)) or not wants_inches():
        return Markup()
    return Markup(' <span class="unit">({}{})</span>').format(
        spell_inches(number, fractions=unit == "mm"), _SIGNS[unit]
    )


def spell_inches(mm: float, *, fractions: bool = True) -> str:
    """Return millimetres in inches: as a fraction where there is one of 64 parts at most, else with three digits."""
    parts = round(mm / MM_PER_INCH * _FINEST)
    if fractions and parts > 0 and abs(parts * MM_PER_INCH / _FINEST - mm) <= _EXACT_MM:
        whole, rest = divmod(parts, _FINEST)
        return " ".join(str(part) for part in (whole, Fraction(rest, _FINEST)) if part)
    return f"{mm / MM_PER_INCH:.3g}"
