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


def draw_map(feed_map: FeedMap) -> str:
    """Return a self-contained SVG document of a map."""
    columns, rows = len(feed_map.feeds_mm_min), len(feed_map.speeds_rpm)
    width, height = _LEFT + columns * _CELL[0] + 12, _TOP + rows * _CELL[1] + _BELOW
    suggested = f"{num(feed_map.feed_mm_min)} mm/min at {num(feed_map.spindle_rpm)} rpm"
    title = f"Feed and speed: G is GREEN, Y YELLOW, R RED; suggested {suggested}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{title}</title>",
        f'<g font-family="sans-serif" font-size="10" fill="{_INK}">',
        f'<text x="{_LEFT}" y="14" font-size="11">{title}</text>',
    ]
    for number, row in enumerate(feed_map.rows):
        parts += _row(number, rows, row, feed_map.speeds_rpm[number])
    parts += _feeds(feed_map, _TOP + rows * _CELL[1])
    parts.append(_ring(feed_map, rows))
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _row(number: int, rows: int, letters: str, rpm: float) -> list[str]:
    y = _TOP + (rows - 1 - number) * _CELL[1]
    cells = []
    start = 0
    for end in range(1, len(letters) + 1):
        if end == len(letters) or letters[end] != letters[start]:
            x, wide = _LEFT + start * _CELL[0], (end - start) * _CELL[0]
            fill = _FILLS[letters[start]]
            cells.append(f'<rect x="{x}" y="{y}" width="{wide}" height="{_CELL[1]}" fill="{fill}" stroke="#ffffff"/>')
            cells.append(f'<text x="{x + wide / 2:g}" y="{y + 12}" text-anchor="middle">{letters[start]}</text>')
            start = end
    return [f'<text x="{_LEFT - 6}" y="{y + 12}" text-anchor="end">{num(rpm)}</text>', *cells]


def _feeds(feed_map: FeedMap, y: int) -> list[str]:
    labels = [
        f'<text x="{_LEFT + (column + 0.5) * _CELL[0]:g}" y="{y + 14}" text-anchor="middle">{num(feed)}</text>'
        for column, feed in enumerate(feed_map.feeds_mm_min)
        if column % 4 == 0
    ]
    middle = _LEFT + len(feed_map.feeds_mm_min) * _CELL[0] / 2
    return [
        *labels,
        f'<text x="{middle:g}" y="{y + 32}" text-anchor="middle">feed, mm/min</text>',
        f'<text x="4" y="{_TOP - 4}">rpm</text>',
    ]


def _ring(feed_map: FeedMap, rows: int) -> str:
    column = _nearest(feed_map.feeds_mm_min, feed_map.feed_mm_min)
    row = _nearest(feed_map.speeds_rpm, feed_map.spindle_rpm)
    x, y = _LEFT + (column + 0.5) * _CELL[0], _TOP + (rows - row - 0.5) * _CELL[1]
    return f'<circle cx="{x:g}" cy="{y:g}" r="9" fill="none" stroke="{_INK}" stroke-width="2"/>'


def _nearest(numbers: tuple[float, ...], wanted: float) -> int:
    return min(range(len(numbers)), key=lambda index: abs(numbers[index] / wanted - 1))
