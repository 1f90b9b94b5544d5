"""Units that names of members end with, and lengths of time, as people say them.

split_unit("plunge_feed_mm_min")            # ("plunge_feed", "mm/min")
format_duration(131.2)                      # "2 min 11 s"
format_duration(7.84, digits=1)             # "7.8 s"
"""

from typing import Final

MM_PER_INCH: Final = 25.4
"""Exact, by the international yard and pound agreement of 1959."""
UNITS: Final = (
    ("_mm_min", "mm/min"),
    ("_inch_min", "inch/min"),
    ("_kg_m3", "kg/m³"),
    ("_j_mm3", "J/mm³"),
    ("_mm2", "mm²"),
    ("_in2", "in²"),
    ("_mm", "mm"),
    ("_inch", "inch"),
    ("_rpm", "rpm"),
    ("_lbf", "lbf"),
    ("_kpa", "kPa"),
    ("_deg", "degrees"),
    ("_w", "W"),
    ("_n", "N"),
)
"""The endings of names of inputs, and the units that they stand for; a longer ending before one that it ends with."""
_MINUTE: Final = 60
_HOUR: Final = 3600


def split_unit(name: str) -> tuple[str, str]:
    """Return the name of a member without its unit, and the unit, which is empty where it has none."""
    for ending, unit in UNITS:
        if name.endswith(ending):
            return name.removesuffix(ending), unit
    return name, ""


def format_duration(seconds: float | None, *, digits: int = 0) -> str:
    """Return a time in hours and minutes, in minutes and seconds, or in seconds with so many digits; `?` of None."""
    if seconds is None:
        return "?"
    if round(seconds, digits) < _MINUTE:
        least = 10**-digits
        shown = f"{seconds:.{digits}f}"
        shown = shown.rstrip("0").rstrip(".") if digits else shown
        return f"{shown} s" if float(shown) else f"< {least:g} s"
    hours, rest = divmod(round(seconds), _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {left:02} s"
