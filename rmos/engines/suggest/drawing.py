"""The map as an SVG: colours and letters, so that nobody has to tell red from green, and a ring around what is
suggested.
"""

from typing import Final

from rmos.engines.baseline.wording import num
from rmos.engines.suggest.feed_map import FeedMap

_CELL: Final = (20, 16)
_LEFT: Final = 64
_TOP: Final = 28
_BELOW: Final = 44
_FILLS: Final = {"G": "#a5d6a7", "Y": "#fff59d", "R": "#ef9a9a"}
_INK: Final = "#212121"
_BOLD: Final = ' font-weight="bold"'
_PAPER: Final = "#ffffff"
"""Behind all of it, so that the ink is read on a dark page too."""


def draw_map(feed_map: FeedMap) -> str:
    """Return a self-contained SVG document of a map."""
    columns, rows = len(feed_map.feeds_mm_min), len(feed_map.speeds_rpm)
    width, height = _LEFT + columns * _CELL[0] + 12, _TOP + rows * _CELL[1] + _BELOW
    column = feed_map.feeds_mm_min.index(feed_map.feed_mm_min)
    ringed = feed_map.speeds_rpm.index(feed_map.spindle_rpm)
    what = "tried" if feed_map.rows[ringed][column] == "R" else "suggested"
    setting = f"{num(feed_map.feed_mm_min)} mm/min at {num(feed_map.spindle_rpm)} rpm"
    title = f"Feed and speed: G is GREEN, Y YELLOW, R RED; {what} {setting}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{title}</title>",
        f'<path d="M0 0h{width}v{height}h-{width}z" fill="{_PAPER}"/>',
        f'<g font-family="sans-serif" font-size="10" fill="{_INK}">',
        f'<text x="{_LEFT}" y="14" font-size="11">{title}</text>',
    ]
    for number, letters in enumerate(feed_map.rows):
        parts += _row(number, rows, letters, feed_map.speeds_rpm[number], column if number == ringed else None)
    parts += _feeds(feed_map, _TOP + rows * _CELL[1])
    x, y = _LEFT + (column + 0.5) * _CELL[0], _top_of(ringed, rows)
    centre = f'cx="{x:g}" cy="{y + _CELL[1] / 2:g}"'
    parts.append(f'<circle {centre} r="9" fill="none" stroke="{_INK}" stroke-width="2"/>')
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _top_of(number: int, rows: int) -> int:
    return _TOP + (rows - 1 - number) * _CELL[1]


def _row(number: int, rows: int, letters: str, rpm: float, ringed: int | None) -> list[str]:
    """Return one speed: its number, and a box for each run of one colour."""
    y = _top_of(number, rows)
    cells = []
    start = 0
    for end in range(1, len(letters) + 1):
        if end == len(letters) or letters[end] != letters[start]:
            x, wide = _LEFT + start * _CELL[0], (end - start) * _CELL[0]
            fill = _FILLS[letters[start]]
            cells.append(f'<rect x="{x}" y="{y}" width="{wide}" height="{_CELL[1]}" fill="{fill}" stroke="{_PAPER}"/>')
            # The ringed place has the letter of its run.
            place = x + wide / 2 if ringed is None or not start <= ringed < end else _LEFT + (ringed + 0.5) * _CELL[0]
            cells.append(f'<text x="{place:g}" y="{y + 12}" text-anchor="middle">{letters[start]}</text>')
            start = end
    weight = "" if ringed is None else _BOLD
    return [f'<text x="{_LEFT - 6}" y="{y + 12}" text-anchor="end"{weight}>{num(rpm)}</text>', *cells]


def _feeds(feed_map: FeedMap, y: int) -> list[str]:
    suggested = feed_map.feed_mm_min
    labels = [
        f'<text x="{_LEFT + (column + 0.5) * _CELL[0]:g}" y="{y + 14}" text-anchor="middle"'
        f"{_BOLD if feed == suggested else ''}>{num(feed)}</text>"
        for column, feed in enumerate(feed_map.feeds_mm_min)
        if column % 4 == 0
    ]
    middle = _LEFT + len(feed_map.feeds_mm_min) * _CELL[0] / 2
    return [
        *labels,
        f'<text x="{middle:g}" y="{y + 32}" text-anchor="middle">feed, mm/min</text>',
        f'<text x="4" y="{_TOP - 4}">rpm</text>',
    ]
