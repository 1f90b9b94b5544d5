"""Draw a program from above as SVG: cuts coloured by depth and as wide as the tool, rapids dashed, the stock outlined.

    svg = draw_program(motions, setup, worst_line=9)

The same motions give the same text. A long program is drawn with fewer points, never with fewer places: what is closer
than the eye can tell is left out, so that a picture stays below some 400 kB. It is readable on light and dark pages.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from rmos.cam.measure.arcs import Position, count_chords, resolve_arc
from rmos.cam.measure.bounds import Corners, find_bounds
from rmos.cam.measure.measured import format_mm
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.measure.windows import find_tool
from rmos.cam.motion import MotionKind, Motions
from rmos.cam.strokes import Strokes

_SIDE: Final = 760.0
"""Pixels of the longer side of what is drawn."""
_MARGIN: Final = 20.0
_FOOT: Final = 46.0
_SHADES: Final = 6
_MAX_POINTS: Final = 16_000
_FINEST: Final = 0.35
"""Pixels between points from which on nothing is gained."""
_STYLE: Final = """
text{paint-order:stroke;stroke-width:3;stroke-linejoin:round}
.page{fill:#fff}.stock{fill:#f4ece0;stroke:#8a7a63}.ink{fill:#333;stroke:#fff}.rapid{stroke:#888}.air{stroke:#b9a36b}
.axis{stroke:#333}.worst{stroke:#d4002a}.mark{fill:none;stroke:#d4002a}
.d0{stroke:#9ecae1}.d1{stroke:#6baed6}.d2{stroke:#4292c6}.d3{stroke:#2171b5}.d4{stroke:#08519c}.d5{stroke:#08306b}
@media (prefers-color-scheme:dark){
.page{fill:#16181c}.stock{fill:#2a2620;stroke:#8a7a63}.ink{fill:#ddd;stroke:#16181c}.rapid{stroke:#8b8f98}.air{stroke:#7d7047}
.axis{stroke:#ddd}.worst{stroke:#ff5468}.mark{stroke:#ff5468}
.d0{stroke:#1f4e79}.d1{stroke:#2b6ca3}.d2{stroke:#3d8bc9}.d3{stroke:#62aee6}.d4{stroke:#99cff5}.d5{stroke:#d9effd}}
"""


class Sheet(NamedTuple):
    """How millimetres lie on the page: pixels for a µm, and what lies at its lower left corner."""

    scale: float
    left: float
    top: float
    """Y of the upper edge, µm."""
    width: float
    height: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies, pixels from the upper left corner."""
        return _MARGIN + (x - self.left) * self.scale, _MARGIN + (self.top - y) * self.scale


def draw_program(motions: Motions, setup: ProgramSetup, *, worst_line: int | None = None) -> str:
    """Return a top view as an SVG document that ends with a newline.

    Args:
        worst_line: the line of the program whose motions are marked.
    """
    corners = find_bounds(motions)
    stock = _find_stock(setup)
    sheet = _lay_out(corners, stock)
    deepest = max(1.0, setup.top_um - corners[0][2]) if corners else 1.0
    strokes, worst = _trace(motions, setup, sheet, deepest, worst_line)
    width, height = sheet.width + 2 * _MARGIN, sheet.height + 2 * _MARGIN + _FOOT
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="11">',
        f"<title>Top view of the program, {_format_size(corners)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
        *_draw_stock(stock, sheet),
        *strokes.draw_paths(),
        *_draw_worst(worst, worst_line),
        *_draw_zero(sheet),
        *_draw_key(deepest, sheet, worst_line),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _find_stock(setup: ProgramSetup) -> tuple[float, float, float, float] | None:
    """Return left, lower, right and upper edge of the stock, µm; None when nobody says where it lies."""
    stock = setup.stock
    if stock.width_mm is None or stock.height_mm is None or stock.origin == "hole_centre":
        return None
    width, height = stock.width_mm * 1000, stock.height_mm * 1000
    if stock.origin == "stock_corner":
        return 0.0, 0.0, width, height
    return -width / 2, -height / 2, width / 2, height / 2


def _lay_out(corners: Corners | None, stock: tuple[float, float, float, float] | None) -> Sheet:
    """Return a page on which the motions, the stock and X0 Y0 lie."""
    boxes = [(0.0, 0.0, 0.0, 0.0)]
    boxes += [(corners[0][0], corners[0][1], corners[1][0], corners[1][1])] if corners else []
    boxes += [stock] if stock else []
    left, low = (min(box[edge] for box in boxes) for edge in (0, 1))
    right, top = (max(box[edge] for box in boxes) for edge in (2, 3))
    scale = _SIDE / max(right - left, top - low, 1000.0)
    return Sheet(scale, left, top, (right - left) * scale, (top - low) * scale)


def _trace(
    motions: Motions, setup: ProgramSetup, sheet: Sheet, deepest: float, worst_line: int | None
) -> tuple[Strokes, Strokes]:
    """Return the strokes of all motions, and those of the worst line."""
    tools = [find_tool(state.tool, setup) for state in motions.setups]
    widths = [tool.diameter_mm * 1000 * sheet.scale if tool else 0.0 for tool in tools]
    strokes, worst = Strokes(_find_step(motions, sheet)), Strokes(_FINEST)
    top = setup.top_um
    columns = zip(motions.kind, motions.starts(), motions.x, motions.y, motions.z, motions.setup, strict=True)
    for place, (kind, start, x, y, z, number) in enumerate(columns):
        if kind in (MotionKind.DWELL, MotionKind.MACHINE) or not math.isfinite(sum(start) + x + y + z):
            continue
        depth = top - min(z, start[2])
        name, width = _name_stroke(kind, depth, deepest), widths[number] if depth > 0 else 0.0
        begin = sheet.place(start[0], start[1])
        for point in _list_points(motions, place, start, (x, y, z), sheet):
            strokes.add(name, width if kind != MotionKind.RAPID else 0.0, begin, point)
            if motions.line[place] == worst_line:
                worst.add("worst", 0.0, begin, point)
            begin = point
    return strokes, worst


def _name_stroke(kind: int, depth: float, deepest: float) -> str:
    if kind == MotionKind.RAPID:
        return "rapid"
    return "air" if depth <= 0 else f"d{min(_SHADES - 1, math.ceil(depth / deepest * _SHADES) - 1)}"


def _list_points(
    motions: Motions, place: int, start: Position, end: Position, sheet: Sheet
) -> Iterator[tuple[float, float]]:
    """Yield where a motion goes on the page; an arc in chords that nobody tells from it."""
    if motions.kind[place] != MotionKind.ARC:
        yield sheet.place(end[0], end[1])
        return
    arc = resolve_arc(start, end, motions.arcs[place])
    chords = min(2000, max(4, count_chords(arc.radius, arc.sweep, 0.2 / sheet.scale)))
    for x, y, _ in arc.points(chords):
        yield sheet.place(x, y)


def _find_step(motions: Motions, sheet: Sheet) -> float:
    """Return how far points are apart, pixels, so that no more are drawn than may be."""
    length = 0.0
    for (x0, y0, _), x, y in zip(motions.starts(), motions.x, motions.y, strict=True):
        travel = abs(x - x0) + abs(y - y0)
        length += travel if travel < math.inf else 0.0
    for place, shape in motions.arcs.items():
        arc = resolve_arc(
            (motions.x[place - 1], motions.y[place - 1], 0.0) if place else (0.0, 0.0, 0.0),
            (motions.x[place], motions.y[place], 0.0),
            shape,
        )
        length += arc.length() if arc.length() < math.inf else 0.0
    return max(_FINEST, length * sheet.scale / _MAX_POINTS)


def _draw_stock(stock: tuple[float, float, float, float] | None, sheet: Sheet) -> list[str]:
    if stock is None:
        return []
    x, y = sheet.place(stock[0], stock[3])
    width, height = (stock[2] - stock[0]) * sheet.scale, (stock[3] - stock[1]) * sheet.scale
    return [f'<rect class="stock" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>']


def _draw_worst(worst: Strokes, line: int | None) -> list[str]:
    first = worst.first
    if line is None or first is None:
        return []
    x, y = first
    return [
        *worst.draw_marks(2.5),
        f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="7" stroke-width="2"/>',
        f'<text class="ink" x="{x + 10:.1f}" y="{y - 6:.1f}">line {line}</text>',
    ]


def _draw_zero(sheet: Sheet) -> list[str]:
    x, y = sheet.place(0.0, 0.0)
    return [
        f'<path class="axis" fill="none" d="M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12"/>',
        f'<text class="ink" x="{x + 8:.1f}" y="{y - 5:.1f}">X0 Y0</text>',
    ]


def _draw_key(deepest: float, sheet: Sheet, worst_line: int | None) -> list[str]:
    """Draw what the colours mean, and a bar of a round length."""
    y = sheet.height + 2 * _MARGIN + 8
    lines = []
    for shade in range(_SHADES):
        x = _MARGIN + 52 * shade
        depth = format_mm(deepest * (shade + 1) / _SHADES // 10 * 10 if deepest >= 60 else deepest)
        lines.append(f'<path class="d{shade}" stroke-width="8" d="M{x:.1f} {y:.1f}h40"/>')
        lines.append(f'<text class="ink" x="{x:.1f}" y="{y + 18:.1f}">{depth}</text>')
    x = _MARGIN + 52 * _SHADES
    lines.append(f'<text class="ink" x="{x:.1f}" y="{y + 4:.1f}">mm deep at most</text>')
    lines.append(f'<path class="rapid" stroke-dasharray="5 4" d="M{x:.1f} {y + 14:.1f}h30"/>')
    lines.append(f'<text class="ink" x="{x + 36:.1f}" y="{y + 18:.1f}">rapid</text>')
    lines.append(f'<path class="air" d="M{x + 76:.1f} {y + 14:.1f}h30"/>')
    lines.append(f'<text class="ink" x="{x + 112:.1f}" y="{y + 18:.1f}">above the stock</text>')
    return lines


def _format_size(corners: Corners | None) -> str:
    if corners is None:
        return "which moves nowhere"
    (x0, y0, z0), (x1, y1, z1) = corners
    return f"{format_mm(x1 - x0)} x {format_mm(y1 - y0)} mm, Z {format_mm(z0)} to {format_mm(z1)} mm"
