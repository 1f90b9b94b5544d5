"""How values look on pages: times, numbers, sizes, names; the filters of the templates.

{{ run.created_at_utc | when }}      <time datetime="2025-12-23T09:46:13Z">23 Dec 2025 09:46 UTC</time>
{{ 24000 | number }}                 24 000
{{ "em-3175-2f" | named }}           the same: ids of people stay as they are
"""

import math
import re
from typing import Any, Final

from flask import Flask
from markupsafe import Markup

from rmos import ids
from rmos.models import RISK_LEVELS
from rmos.web.shared_words import name_verdict

NARROW: Final = "\u202f"
"""Between groups of three digits: a narrow space that no line is broken at."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS: Final = {"GREEN": "✓", "YELLOW": "!", "RED": "✕", "UNKNOWN": "?", "ERROR": "⚡"}
_REASON: Final = re.compile(r"([A-Z][A-Z0-9_]{2,40}): (.+)", re.DOTALL)
_DIGITS: Final = 4
"""Significant digits that people are shown; the record has six."""
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def init_app(app: Flask) -> None:
    """Give the templates of an app these filters."""
    app.jinja_env.filters.update(
        when=format_time,
        day=format_day,
        number=format_number,
        size=format_size,
        sign=sign_of,
        tone=tone_of,
        words=spell_out,
        short=shorten_id,
        code=show_code,
        verdict=name_verdict,
    )


def format_time(text: object) -> Markup:
    """Return a moment as an element that says it in UTC; a module of the page shows it in the reader's zone."""
    try:
        us = ids.parse_utc(str(text))
    except (ValueError, OverflowError):
        return Markup("<span>{}</span>").format(text if isinstance(text, str) else "at no known time")
    stated = ids.utc_text(us)
    return Markup(f'<time datetime="{stated[:19]}Z">{format_day(stated)} {stated[11:16]} UTC</time>')  # noqa: S704 (digits)


def format_day(text: str) -> str:
    """Return the day of a date such as `2025-12-23`: 23 Dec 2025."""
    year, month, day = text[:10].split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}"


def format_number(value: object) -> str:
    """Return a number with as many digits as people read, its thousands apart; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10_000 or float(value).is_integer():
        whole = f"{value:,.0f}"
        return whole.replace(",", NARROW) if abs(value) >= 10_000 else whole.replace(",", "")
    return f"{value:.{_DIGITS}g}"


def format_size(size: object) -> str:
    """Return a number of bytes in the unit that suits it: 1.4 MB."""
    if isinstance(size, bool) or not isinstance(size, (int, float)) or size < 0:
        return ""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.2g} {_UNITS[unit]}"


def show_code(text: str) -> Markup:
    """Return a sentence with what stands between backticks set as code."""
    parts = [Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(text.split("`"))]
    return Markup("").join(parts)


def sign_of(risk: object) -> str:
    """Return the sign that stands beside a colour, for whoever does not tell colours apart."""
    return _SIGNS.get(str(risk), "–")


def tone_of(risk: object) -> str:
    """Return the class of a colour; no text of a record ever becomes one."""
    return str(risk).lower() if risk in RISK_LEVELS else "none"


def spell_out(name: object) -> str:
    """Return an id of ours as words: CHIP_RUBBING is Chip rubbing, hard_maple hard maple."""
    text = str(name).replace("_", " ")
    return text.capitalize() if text.isupper() else text


def shorten_id(text: object) -> str:
    """Return the beginning of an id or digest, enough to tell it from its neighbours."""
    digits = str(text).removeprefix("run_").removeprefix("ws_")
    return digits[:16]


def split_reason(reason: object) -> tuple[str, str]:
    """Return the rule that a reason begins with, empty when there is none, and what it says."""
    text = reason if isinstance(reason, str) else ""
    match = _REASON.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def text_of(value: Any) -> str:
    """Return a text member of a record, empty when it is none."""
    return value if isinstance(value, str) else ""
