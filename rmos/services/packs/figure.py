"""Zero and stock as a drawing: from above, and from the side, in millimetres, for the sheet.

    draw_setup(StockFacts(thickness_mm=3, width_mm=160, height_mm=160, origin="stock_centre", zero="stock_top", …))

Black on white, so that any printer does. Nothing but numbers of the record and words of ours is in it.
"""

from typing import Final, NamedTuple

import msgspec
from markupsafe import Markup

_WIDE: Final = 400.0
_TOP_HIGH: Final = 190.0
"""Room of the view from above, without its margins, in units of the drawing."""
_EDGE: Final = 26.0
_TOP: Final = 46.0
"""Above the view: the line that says what is drawn, and the arrow of a zero at the upper edge."""
_SIDE_HIGH: Final = 34.0
_LEAST: Final = 1e-6


class StockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn: mm, in the coordinates of the programs."""

    thickness_mm: float
    width_mm: float | None
    height_mm: float | None
    origin: str
    """`stock_corner`, `stock_centre`, or a hole somewhere in the stock; empty where nobody said it."""
    zero: str
    """`stock_top` or `bed`."""
    cutting: tuple[tuple[float, float, float], tuple[float, float, float]] | None
    """The lowest and the highest place of the tool's tip while it cuts; None where that is not known."""


class _SetupFrame(NamedTuple):
    """From mm to the drawing: Y goes up in a shop and down in an SVG."""

    scale: float
    left: float
    top: float

    def x(self, mm: float) -> float:
        return _EDGE + (mm - self.left) * self.scale

    def y(self, mm: float) -> float:
        return _TOP + (self.top - mm) * self.scale


def draw_setup(facts: StockFacts) -> Markup:
    """Return the drawing as an element of SVG."""
    stock = _find_plate(facts)
    cut = facts.cutting
    xs = [0.0, *((stock[0], stock[2]) if stock else ()), *((cut[0][0], cut[1][0]) if cut else ())]
    ys = [0.0, *((stock[1], stock[3]) if stock else ()), *((cut[0][1], cut[1][1]) if cut else ())]
    width, height = max(max(xs) - min(xs), _LEAST), max(max(ys) - min(ys), _LEAST)
    scale = min((_WIDE - 2 * _EDGE) / width, _TOP_HIGH / height)
    frame = _SetupFrame(scale, min(xs), max(ys))
    parts = [*_draw_plate(stock, frame, is_placed=facts.origin != "hole_centre"), *_draw_cut(cut, frame)]
    parts += _draw_zero(frame.x(0.0), frame.y(0.0))
    below = _TOP + height * scale + 2 * _EDGE
    parts += _draw_side(facts, below)
    total = below + _SIDE_HIGH + _EDGE
    label = "Zero and stock, from above and from the side"
    return Markup(  # noqa: S704 (numbers, and words of ours)
        f'<svg class="setup" viewBox="0 0 {_WIDE:.0f} {total:.1f}" role="img" aria-label="{label}" '
        f'font-size="11" font-family="sans-serif">{"".join(parts)}</svg>'
    )


def _find_plate(facts: StockFacts) -> tuple[float, float, float, float] | None:
    """Return the edges of the stock, left, bottom, right, top; None where its size is not stated."""
    if facts.width_mm is None or facts.height_mm is None:
        return None
    if facts.origin == "stock_corner":
        return (0.0, 0.0, facts.width_mm, facts.height_mm)
    return (-facts.width_mm / 2, -facts.height_mm / 2, facts.width_mm / 2, facts.height_mm / 2)


def _draw_plate(plate: tuple[float, float, float, float] | None, frame: _SetupFrame, *, is_placed: bool) -> list[str]:
    if plate is None:
        return [_text(_EDGE, 11, "size of the stock not stated: only what is cut is drawn")]
    left, bottom, right, top = plate
    dash = "" if is_placed else ' stroke-dasharray="6 4"'
    word = f"stock {right - left:.6g} × {top - bottom:.6g} mm" + ("" if is_placed else ", wherever its hole is")
    place = f'x="{frame.x(left):.1f}" y="{frame.y(top):.1f}"'
    size = f'width="{(right - left) * frame.scale:.1f}" height="{(top - bottom) * frame.scale:.1f}"'
    return [
        f'<rect {place} {size} fill="#f3efe6" stroke="#000" stroke-width="1.2"{dash}/>',
        _text(_EDGE, 11, word),
    ]


def _draw_cut(
    cut: tuple[tuple[float, float, float], tuple[float, float, float]] | None, frame: _SetupFrame
) -> list[str]:
    if cut is None:
        return []
    low, high = cut
    x, y = frame.x(low[0]), frame.y(high[1])
    width, height = (high[0] - low[0]) * frame.scale, (high[1] - low[1]) * frame.scale
    word = f"tip X {low[0]:.6g} … {high[0]:.6g}, Y {low[1]:.6g} … {high[1]:.6g}"
    size = f'width="{max(width, 1):.1f}" height="{max(height, 1):.1f}"'
    return [
        f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="none" stroke="#000" stroke-width=".8" stroke-dasharray="2 2"/>',
        _text(_WIDE - _EDGE, frame.y(low[1]) + 14, word, anchor="end"),
    ]


def _draw_zero(x: float, y: float) -> list[str]:
    arrows = (f"M{x:.1f} {y:.1f}h26m-5 -3l5 3l-5 3", f"M{x:.1f} {y:.1f}v-26m-3 5l3 -5l3 5")
    return [
        *(f'<path d="{arrow}" stroke="#000" stroke-width="1.6" fill="none"/>' for arrow in arrows),
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#000"/>',
        _text(x + 28, y + 4, "X"),
        _text(x - 3, y - 30, "Y"),
        _text(x + 5, y + 15, "X0 Y0", weight="bold"),
    ]


def _draw_side(facts: StockFacts, top: float) -> list[str]:
    """Return the stock from the side, with Z0 and the deepest cut; thin stock is drawn thicker than it is long."""
    width = _WIDE - 2 * _EDGE
    at_top = facts.zero != "bed"
    zero = top if at_top else top + _SIDE_HIGH
    parts = [
        f'<rect x="{_EDGE}" y="{top:.1f}" width="{width}" height="{_SIDE_HIGH}" fill="#f3efe6" stroke="#000"/>',
        f'<path d="M10 {top + _SIDE_HIGH:.1f}H{_WIDE - 10}" stroke="#000" stroke-width="2.5"/>',
        f'<path d="M4 {zero:.1f}H{_WIDE / 2}" stroke="#000" stroke-width="1.6" stroke-dasharray="7 3"/>',
        _text(
            _EDGE + 4, zero + (-4 if at_top else 13), f"Z0 = {'top of the stock' if at_top else 'bed'}", weight="bold"
        ),
        _text(_WIDE - _EDGE - 6, top - 4, f"thickness {facts.thickness_mm:.6g} mm", anchor="end"),
    ]
    if facts.cutting is not None:
        lowest = facts.cutting[0][2]
        depth = -lowest if at_top else facts.thickness_mm - lowest
        share = min(max(depth / facts.thickness_mm, 0.0), 1.15)
        parts.append(
            f'<rect x="{_WIDE * 0.55:.1f}" y="{top:.1f}" width="70" height="{share * _SIDE_HIGH:.1f}" fill="#fff" '
            'stroke="#000" stroke-dasharray="2 2"/>'
        )
        parts.append(_text(_WIDE * 0.55 - 6, top + 21, f"deepest Z {lowest:.6g}", anchor="end"))
    return parts


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>'
