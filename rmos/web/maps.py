"""The map of a cut as SVG made of attributes and classes, and as rows for the table beside it.

    draw_cut_map(cut_map, MapWords("feed", "Feed, mm/min", …), by="rule")      # beside `charts.PATTERNS`

Places of one colour and rule are one shape with a title that says both. YELLOW is hatched, RED crossed, UNKNOWN dotted
and the largest shape of each has its word on it, so that no colour stands alone.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from rmos.engines.suggest.colours import CutColour
from rmos.services.cut_maps import COLOUR_LETTERS, CutMap, MapAxis
from rmos.web.formats import format_number, sign_of, spell_out, tone_of

WIDTH: Final = 480
HEIGHT: Final = 288
_LEFT: Final = 68
_TOP: Final = 26
_BELOW: Final = 46
_RIGHT: Final = 26
_PATTERNS: Final = {"YELLOW": "hatch", "RED": "cross", "UNKNOWN": "dots", "ERROR": "dots"}
_ORDER: Final = ("GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR")
_DIGITS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""How the rules of places are told to the module that reads a map: one sign each, a dot for none."""
_TINTS: Final = 8
_LETTER: Final = 7.5
"""Width of a letter on the map."""
_TICKS_X: Final = (1, 2, 5)
_TICKS_Y: Final = (1, 1.5, 2, 3, 5, 7)


class MapMark(NamedTuple):
    """A sign on a map: its class, its shape, and where it stands."""

    name: str
    column: int
    row: int


class MapShape(NamedTuple):
    """The places of one colour and rule, as stretches of rows: row, first column, number of columns."""

    colour: CutColour
    stretches: list[tuple[int, int, int]]

    @property
    def size(self) -> int:
        """How many places it has."""
        return sum(length for _, _, length in self.stretches)

    @property
    def description(self) -> str:
        """Its colour and rule in words."""
        risk, rule = self.colour
        return risk if rule is None else f"{risk}: {spell_out(rule)}"


def list_shapes(cut_map: CutMap) -> list[MapShape]:
    """Return the shapes of a map, the best colour first, the larger of two first."""
    found: dict[CutColour, list[tuple[int, int, int]]] = {}
    width = len(cut_map.x.values)
    for row in range(len(cut_map.y.values)):
        begin = 0
        for column in range(1, width + 1):
            colour = cut_map.place(begin, row)
            if column == width or cut_map.place(column, row) != colour:
                found.setdefault(colour, []).append((row, begin, column - begin))
                begin = column
    shapes = [MapShape(colour, stretches) for colour, stretches in found.items()]
    return sorted(shapes, key=lambda shape: (_ORDER.index(shape.colour.risk), -shape.size, shape.colour.rule or ""))


class _Grid(NamedTuple):
    """The size of a place, and how many rows there are."""

    wide: int
    tall: int
    rows: int

    def left(self, column: int) -> int:
        return _LEFT + column * self.wide

    def top(self, row: int) -> int:
        return _TOP + (self.rows - 1 - row) * self.tall


def draw_cut_map(
    cut_map: CutMap, titles: tuple[str, str], description: str, marks: Sequence[MapMark], *, by: str
) -> Markup:
    """Return a map as SVG.

    Args:
        titles: what the axes are called.
        description: what the map shows, for whoever does not see it.
        by: `worst`: places have the fill of their colour; `rule`: of their rule, and the hatching of their colour.
    """
    columns, rows = len(cut_map.x.values), len(cut_map.y.values)
    grid = _Grid(WIDTH // columns, HEIGHT // rows, rows)
    shapes = list_shapes(cut_map)
    parts = [
        # What a click is measured by, whatever the shapes cover.
        Markup('<rect class="f-none" data-plot="" x="{}" y="{}" width="{}" height="{}"/>').format(
            _LEFT, _TOP, WIDTH, HEIGHT
        ),
        *(_draw_shape(shape, number, grid, by) for number, shape in enumerate(shapes)),
        *_draw_labels(shapes, grid, by),
        *_draw_ticks(cut_map.x, grid, is_x=True),
        *_draw_ticks(cut_map.y, grid, is_x=False),
        *_draw_titles(titles),
        *(_draw_mark(mark, grid) for mark in marks),
    ]
    return Markup('<svg class="map" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _LEFT + WIDTH + _RIGHT, _TOP + HEIGHT + _BELOW, description, Markup("").join(parts)
    )


def tint_of(number: int) -> str:
    """Return the class of a rule's fill by its place among the shapes."""
    return f"tint-{number % _TINTS}"


def fill_of(shape: MapShape, number: int, by: str) -> str:
    """Return the class that a shape is filled with."""
    return tint_of(number) if by == "rule" and shape.colour.rule is not None else f"f-{tone_of(shape.colour.risk)}"


def pattern_of(shape: MapShape) -> str:
    """Return the id of the pattern over a shape, empty for GREEN."""
    return _PATTERNS.get(shape.colour.risk, "")


def _draw_shape(shape: MapShape, number: int, grid: _Grid, by: str) -> Markup:
    path = "".join(
        f"M{grid.left(column)} {grid.top(row)}h{length * grid.wide}v{grid.tall}h-{length * grid.wide}z"
        for row, column, length in shape.stretches
    )
    drawn = Markup('<g shape-rendering="crispEdges"><title>{}</title><path class="{}" d="{}"/>').format(
        shape.description, fill_of(shape, number, by), path
    )
    if pattern := pattern_of(shape):
        drawn += Markup('<path class="over" fill="url(#{})" d="{}"/>').format(pattern, path)
    return drawn + Markup("</g>")


def _draw_labels(shapes: Sequence[MapShape], grid: _Grid, by: str) -> Iterator[Markup]:
    """Give the word of each shape, or of the largest of each colour, where it has room for it."""
    labelled: set[str] = set()
    for shape in sorted(shapes, key=lambda shape: -shape.size):
        risk, rule = shape.colour
        text = spell_out(rule) if by == "rule" and rule is not None else risk
        if text in labelled:
            continue
        length = max(length for _, _, length in shape.stretches)
        if length * grid.wide < len(text) * _LETTER:
            continue
        labelled.add(text)
        widest = [stretch for stretch in shape.stretches if stretch[2] == length]
        row, column, length = widest[len(widest) // 2]
        yield Markup('<text class="map-word" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            grid.left(column) + length * grid.wide // 2, grid.top(row) + grid.tall // 2 + 5, text
        )


def _draw_ticks(axis: MapAxis, grid: _Grid, *, is_x: bool) -> Iterator[Markup]:
    first, last = axis.values[0], axis.values[-1]
    size = grid.wide if is_x else grid.tall
    for value in _round_values(first, last, _TICKS_X if is_x else _TICKS_Y):
        place = round(math.log(value / first) / math.log(last / first) * (len(axis.values) - 1) * size + size / 2)
        if is_x:
            x, y, path, anchor = _LEFT + place, _TOP + HEIGHT + 16, f"M{_LEFT + place} {_TOP + HEIGHT}v5", "middle"
        else:
            y = _TOP + HEIGHT - place
            x, path, anchor = _LEFT - 8, f"M{_LEFT - 5} {y}h5", "end"
        text = Markup('<path class="rule-line" d="{}"/><text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>')
        yield text.format(path, x, y if is_x else y + 4, anchor, format_number(value))


def _round_values(first: float, last: float, factors: Sequence[float]) -> Iterator[float]:
    power = 10.0 ** math.floor(math.log10(first))
    while power <= last:
        for factor in factors:
            if first <= factor * power <= last:
                yield float(f"{factor * power:.3g}")
        power *= 10


def _draw_titles(titles: tuple[str, str]) -> Iterator[Markup]:
    text = Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>')
    yield text.format(_LEFT + WIDTH // 2, _TOP + HEIGHT + 38, "middle", titles[0])
    yield text.format(2, 17, "start", titles[1])


def _draw_mark(mark: MapMark, grid: _Grid) -> Markup:
    x, y = grid.left(mark.column) + grid.wide / 2, grid.top(mark.row) + grid.tall / 2
    return Markup('<g class="map-mark" transform="translate({:g} {:g})">{}</g>').format(x, y, MARKS[mark.name])


MARKS: Final = {
    "here": Markup('<circle class="halo" r="11"/><circle class="dot-here" r="5"/>'),
    "green": Markup('<path class="halo" d="M0 -11L11 0L0 11L-11 0z"/><path class="dot-here" d="M0 -5L5 0L0 5L-5 0z"/>'),
    "suggested": Markup('<path class="halo" d="M0 -12L11 9H-11z"/><path class="dot-here" d="M0 -6L6 5H-6z"/>'),
}
"""The signs of a map: where the cut stands, the nearest GREEN place, and what is suggested."""


def encode_colours(cut_map: CutMap) -> tuple[str, str, str]:
    """Return the colours of a map as one letter each, its rules as one sign each, and the rules in their order."""
    rules = sorted({colour.rule for colour in cut_map.colours if colour.rule is not None})[: len(_DIGITS)]
    signs = {rule: _DIGITS[number] for number, rule in enumerate(rules)}
    letters = "".join(COLOUR_LETTERS[colour.risk] for colour in cut_map.colours)
    return letters, "".join(signs.get(colour.rule or "", ".") for colour in cut_map.colours), " ".join(rules)


def list_rows(cut_map: CutMap) -> list[tuple[float, list[tuple[str, str, str]]]]:
    """Return the rows of the table from the highest down: the value of the row; tone, sign and words of each place."""
    width = len(cut_map.x.values)
    rows = []
    for row in reversed(range(len(cut_map.y.values))):
        places = [cut_map.place(column, row) for column in range(width)]
        cells = [(tone_of(place.risk), sign_of(place.risk), MapShape(place, []).description) for place in places]
        rows.append((cut_map.y.values[row], cells))
    return rows


def find_column(axis: MapAxis, value: float) -> int | None:
    """Return which place of an axis is nearest to a value, None when that is beyond its ends."""
    if not axis.values[0] * 0.95 <= value <= axis.values[-1] * 1.05:
        return None
    return min(range(len(axis.values)), key=lambda number: abs(math.log(axis.values[number] / value)))
