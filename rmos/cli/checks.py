"""The checks of a cut as a table: each value beside where it is GREEN and YELLOW, as a bar too where there is room.

say_checks(feasibility, design, context, last="unit")        # of a record: the unit stands last
say_checks(feasibility, design, context, last="message")     # of a cut that is judged: what each check says
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from rmos.cli.output import COLOURS, escape_for_stream, say_table
from rmos.cli.tables import Column
from rmos.engines.bars import Bar, Range, read_bar
from rmos.engines.baseline.wording import num

_COLUMNS: Final = (
    Column("CHECK"),
    Column("RISK"),
    Column("VALUE", number=True),
    Column("GREEN"),
    Column("YELLOW", spare=True),
    Column("SCORE", number=True, spare=True),
    Column("BAR", spare=True),
)
_CELLS: Final = 17
_GREEN, _YELLOW, _RED, _VALUE = "━", "─", "┄", "●"
"""What a bar is made of: told apart without colour too."""
_BEYOND: Final = 1.25
"""How many times the last limit a bar reaches; what lies beyond stands at its end."""


def say_checks(
    feasibility: Mapping[str, Any], design: Any, context: Any, *, last: Literal["unit", "message"], indent: str = ""
) -> None:
    """Write the checks of a feasibility, whatever a record has there."""
    checks = feasibility.get("assessments")
    if not isinstance(checks, list) or not checks or not all(isinstance(check, dict) for check in checks):
        return
    has_bars = escape_for_stream(_GREEN) == _GREEN
    rows = []
    for check in checks:
        bar = read_bar(feasibility.get("engine_id"), check, design, context)
        limit = check.get("limit")
        rows.append(
            [
                str(check.get("id")),
                str(check.get("risk")),
                figure(check.get("value")),
                describe_range(bar.green) if bar else figure(limit),
                _describe_yellow(bar) if bar else "",
                figure(check.get("score")),
                draw_bar(bar) if bar and has_bars else "",
                str(check.get(last) or ""),
            ]
        )
    head = Column("WHAT", room=32) if last == "message" else Column("UNIT", room=12)
    say_table((*_COLUMNS, head), rows, colours=[COLOURS.get(row[1]) for row in rows], indent=indent)


def figure(value: object) -> str:
    """Return a number as people say it, a word as it is, nothing for nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def describe_range(ends: Range) -> str:
    """Return a range in words."""
    low, high = ends
    if low is None:
        return "any" if high is None else f"to {num(high)}"
    return f"from {num(low)}" if high is None else f"{num(low)} to {num(high)}"


def _describe_yellow(bar: Bar) -> str:
    """Return where a value is no worse than YELLOW; nothing where RED begins at once."""
    return "" if bar.yellow == bar.green else describe_range(bar.yellow)


def draw_bar(bar: Bar) -> str:
    """Return a bar of signs, from nothing to a little beyond the last limit, with the value on it."""
    ends = [end for end in (*bar.green, *bar.yellow) if end is not None]
    whole = _BEYOND * max(ends) if bar.better != "high" else 2 * max(ends)
    if whole <= 0:
        return ""
    signs = [_sign(bar, (place + 0.5) / _CELLS * whole) for place in range(_CELLS)]
    signs[min(max(int(bar.value / whole * _CELLS), 0), _CELLS - 1)] = _VALUE
    return "".join(signs)


def _sign(bar: Bar, at: float) -> str:
    for sign, (low, high) in ((_GREEN, bar.green), (_YELLOW, bar.yellow)):
        if (low is None or at >= low) and (high is None or at <= high):
            return sign
    return _RED
