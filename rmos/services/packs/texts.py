"""Text of a record on paper: whatever somebody wrote, cut, without what could mislead a reader, and numbers in words.

    clean_text("notes\\u202e…", 600)         # directions and control characters are gone
    spell_member("hold_down.pressure_kpa")  # "hold down pressure (kPa)"

What is shown is escaped by the template; this is about what a reader sees.
"""

import unicodedata
from typing import Any, Final

from rmos.units import split_unit

_JOINERS: Final = "\u200c\u200d"
"""Format characters that belong to words and emoji; all others turn text around or hide it."""


def clean_text(value: object, most: int) -> str:
    """Return a text of a record in one paragraph or several, at most so many characters; empty when it is none."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\r\n", "\n").replace("\r", "\n")[: 2 * most]
    text = "".join(sign if sign == "\n" or not _is_hidden(sign) else " " if sign == "\t" else "" for sign in text)
    text = text.strip()
    if len(value) <= most:
        return text
    return f"{text[:most].rstrip()} … ({len(value)} characters; record.json has all of them)"


def clean_line(value: object, most: int = 60) -> str:
    """Return a text of a record in one line, at most so many characters."""
    text = " ".join(clean_text(value, 2 * most).split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _is_hidden(sign: str) -> bool:
    return sign in "\u2028\u2029" or (unicodedata.category(sign)[0] == "C" and sign not in _JOINERS)


def format_quantity(value: object, unit: str = "") -> str:
    """Return a number with up to six digits and its unit; a text that is one stays as it is, anything else is `?`."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return "?"
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return "?"
    return f"{value:.6g} {unit}".rstrip()


def format_utc(value: object) -> str:
    """Return a moment of the record in UTC, to the minute."""
    text = clean_line(value, 30)
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 17 and text[10] == "T" else text


def spell(name: object) -> str:
    """Return an id of ours as words: `stock_top` is stock top, CHIP_RUBBING Chip rubbing."""
    text = clean_line(name).replace("_", " ")
    return text.capitalize() if text.isupper() else text


def spell_member(path: str) -> str:
    """Return the name of an input as words with its unit: `hold_down.pressure_kpa` is hold down pressure (kPa)."""
    stem, unit = split_unit(path)
    name = spell(stem.replace(".", " "))
    return f"{name} ({unit})" if unit else name


def object_of(value: Any) -> dict[str, Any]:
    """Return a member of a record that should be an object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def number_of(value: object) -> float | None:
    """Return a number that stands in a record as such or as a decimal, None of anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e12:
        return None
    return float(value)
