"""What a machine may cut, as lines, arcs and circles: one layer for each operation and depth, each line once.

    layers_of(spec)[0].name          # "CHANNEL_D1_1MM"
    layers_of(spec)[0].shapes        # (Circle(x=0, y=0, radius=66000), Circle(x=0, y=0, radius=46000))

The top lies round the origin: soundhole, channels, and pockets where they are cut. What is cut from other stock (solid
rings, inlays) lies beside it, to the right, each piece apart from the others, so that no line is drawn twice. Lengths
are micrometres, y points down as in the drawing.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from rmos.errors.request import ValidationFailed
from rmos.fixed import TURN, point
from rmos.rosette.contour_shapes import XY, Circle, ContourShape, Curve, Line, bounds_of, shapes_of, shift
from rmos.rosette.draw import draw_ring
from rmos.rosette.draw.dots import dot_diameter
from rmos.rosette.draw.flat import flatten
from rmos.rosette.draw.greek import key_edges
from rmos.rosette.draw.shapes import Drawing, Piece, ShapePath, turn_path
from rmos.rosette.draw.strands import wave_edges
from rmos.rosette.machining import spec_channels
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text, validate_spec
from rmos.rosette.svg import INLAID

_APART: Final = 10_000
"""Between the top and what lies beside it, and from one ring to the next, micrometres."""
_CLEAR: Final = 5000
"""Between pieces: room for the common 1/8" cutter on both sides."""
_THICKER: Final = 200
"""What inlaid parts and rings stand above their channel, to be levelled (as in `operations`)."""
_FILLING: Final = ("shell", "wedges")
"""Inlaid kinds whose pieces lie side by side: they have no ground, and so no pockets."""
_THICK: Final = (*_FILLING, "wheel")
"""Kinds whose parts stand above the channel (as in `operations`)."""
_WOOD_LETTERS: Final = 8
_MOVES: Final = {"M": 0, "Z": 0, "L": 1, "A": 1, "Q": 8, "C": 8}
"""Step of a path → about how many lines it becomes."""
MAX_MOVES: Final = 200_000
"""Lines, arcs and points of all contours (RMOS policy); a usual rosette has some thousands."""


class ContourLayer(NamedTuple):
    """The contours of one operation at one depth; `depth` is None for what is drawn for the eye only."""

    name: str
    depth: int | None
    shapes: tuple[ContourShape, ...]


def layers_of(spec: RosetteSpec) -> list[ContourLayer]:
    """Return the layers of a rosette: what is cut of the top, then what is cut of other stock, then the reference.

    Raises:
        ValidationFailed: when the spec cannot be drawn, or has more contours than a program can take.
    """
    validate_spec(spec)
    hole = ContourLayer(
        _name("SOUNDHOLE", spec.top_thickness), spec.top_thickness, (_circle(spec.soundhole_diameter // 2),)
    )
    rims = [radius for channel in spec_channels(spec) for radius in channel]
    channel = ContourLayer(_name("CHANNEL", spec.channel_depth), spec.channel_depth, tuple(map(_circle, rims)))
    placed = [
        (place, ring, inner, draw_ring(ring, inner=inner, seed=spec.seed, place=place))
        for place, (ring, inner, _) in enumerate(spec.placed(), start=1)
        if ring.kind in INLAID
    ]
    _require_bounded(drawing for _, _, _, drawing in placed)
    pockets = [_pockets(spec, place, ring, inner, drawing) for place, ring, inner, drawing in placed]
    layers = [hole, channel, *(layer for layer in pockets if layer.shapes), *_beside(spec, placed)]
    joints = [inner for _, inner, _ in spec.placed()]
    return _drop_repeats([*layers, ContourLayer("REFERENCE", None, tuple(map(_circle, joints)))])


def _require_bounded(drawings: Iterable[Drawing]) -> None:
    """Refuse more contours than are made in a second or two, and than CAM programs open.

    Raises:
        ValidationFailed: there are more.
    """
    moves = 0
    for drawing in drawings:
        sizes = [sum(_MOVES[sign] for piece in cell.pieces for sign, _ in piece.path) for cell in drawing.cells]
        moves += 2 * sum(sizes[at] for at in drawing.order)
    if moves > MAX_MOVES:
        raise ValidationFailed(
            "This is too much for one file of contours.",
            errors={"rings": [f"take fewer tiles: they have about {moves} moves, {MAX_MOVES} is the most"]},
        )


def _name(operation: str, depth: int, ring: int | None = None, wood: str = "") -> str:
    """Return the layer's name, in the letters that every reader of R12 takes: INLAY_PART_R2_ABALONE_D1_3MM."""
    parts = [operation, f"R{ring}" if ring else "", wood.replace("_", "").upper()[:_WOOD_LETTERS]]
    return "_".join([*filter(None, parts), f"D{mm_text(depth).replace('.', '_')}MM"])


def _circle(radius: int) -> Circle:
    return Circle(0, 0, radius)


def _drop_repeats(layers: list[ContourLayer]) -> list[ContourLayer]:
    """Return the layers without the shapes that an earlier one has already."""
    seen: set[object] = set()
    found = []
    for layer in layers:
        fresh: list[ContourShape] = []
        for shape in layer.shapes:
            key = frozenset((shape.start, shape.end)) if isinstance(shape, Line) else shape
            if key not in seen:
                seen.add(key)
                fresh.append(shape)
        if fresh:
            found.append(layer._replace(shapes=tuple(fresh)))
    return found


# On the top


def _pockets(spec: RosetteSpec, place: int, ring: Ring, inner: int, drawing: Drawing) -> ContourLayer:
    """Return the pockets of an inlaid ring, where they are cut."""
    name = _name("INLAY_POCKET", spec.channel_depth, place)
    if ring.kind in _FILLING or not drawing.cells:
        return ContourLayer(name, spec.channel_depth, ())
    shapes: list[ContourShape] = _rims(ring, inner, drawing) or []
    for k, at in enumerate(drawing.order):
        for piece in _loose(ring, drawing.cells[at].pieces):
            shapes += _outlines(ring, inner, drawing, turn_path(piece.path, drawing.angle(k)), angle=drawing.angle(k))
    return ContourLayer(name, spec.channel_depth, tuple(shapes))


def _rims(ring: Ring, inner: int, drawing: Drawing) -> list[ContourShape] | None:
    """Return the two edges of a figure that runs round the ring in one piece, None when it is in pieces."""
    edges = {"greek_key": key_edges, "wave": wave_edges}.get(ring.kind)
    if edges is None:
        return None
    count = len(drawing.order)
    return [
        shape
        for edge in edges(ring, inner, count)
        for shape in shapes_of(_round(edge, [drawing.angle(k) for k in range(count)]))
    ]


def _round(edge: ShapePath, angles: list[int]) -> ShapePath:
    """Return one edge of a cell, set round the ring and closed: each cell begins where the one before ends."""
    steps = list(turn_path(edge, angles[0]))
    for angle in angles[1:]:
        steps += turn_path(edge, angle)[1:]
    return (*steps, ("Z", ()))


def _loose(ring: Ring, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Return the pieces of a cell that are cut one by one."""
    running = ring.kind in ("greek_key", "wave")
    for at, piece in enumerate(pieces):
        if not (running and at == 0):
            yield piece


def _outlines(ring: Ring, inner: int, drawing: Drawing, path: ShapePath, *, angle: int) -> list[ContourShape]:
    """Return the shapes of one piece; a dot is the circle that it is."""
    if ring.kind != "dots":
        return shapes_of(path)
    middle = angle + TURN // (2 * len(drawing.order))
    x, y = point(middle, inner + ring.width // 2)
    return [Circle(x, y, dot_diameter(ring) // 2)]


# As figures: what toolpaths are made of


class PlacedFigure(NamedTuple):
    """One figure of an inlay: its closed outlines as points, or the circle that it is; µm, Y up as machines have it."""

    outlines: tuple[tuple[XY, ...], ...] = ()
    circle: Circle | None = None


def list_pocket_figures(spec: RosetteSpec, place: int) -> list[PlacedFigure]:
    """Return the figures of an inlaid ring where they lie in the top, the innermost ring being 1.

    Raises:
        ValidationFailed: it has more contours than a program can take.
    """
    ring, inner, drawing = _draw_inlaid(spec, place)
    figures = [PlacedFigure(whole)] if (whole := _list_edges(ring, inner, drawing)) else []
    for k, at in enumerate(drawing.order):
        angle = drawing.angle(k)
        figures += [
            _make_figure(ring, inner, drawing, piece, angle) for piece in _loose(ring, drawing.cells[at].pieces)
        ]
    return [_turn_up(figure) for figure in figures]


def list_part_figures(spec: RosetteSpec, place: int, engine_id: str) -> list[PlacedFigure]:
    """Return the parts of an inlaid ring that are of one material, side by side, from the lower left corner of a sheet.

    Raises:
        ValidationFailed: it has more contours than a program can take.
    """
    ring, inner, drawing = _draw_inlaid(spec, place)
    figures = []
    if (whole := _list_edges(ring, inner, drawing)) and MATERIALS[ring.materials[0]].engine_id == engine_id:
        figures.append(PlacedFigure(whole))
    for at in drawing.order:
        for piece in _loose(ring, drawing.cells[at].pieces):
            if MATERIALS[piece.material].engine_id == engine_id:
                figures.append(_make_figure(ring, inner, drawing, piece, 0))
    return list(_lay_out([_turn_up(figure) for figure in figures], 4 * spec.outer_radius))


def _draw_inlaid(spec: RosetteSpec, place: int) -> tuple[Ring, int, Drawing]:
    ring, inner, _ = spec.placed()[place - 1]
    drawing = draw_ring(ring, inner=inner, seed=spec.seed, place=place)
    _require_bounded([drawing])
    return ring, inner, drawing


def _list_edges(ring: Ring, inner: int, drawing: Drawing) -> tuple[tuple[XY, ...], ...]:
    """Return the two edges of a figure that runs round the ring in one piece; nothing of one that is in pieces."""
    edges = {"greek_key": key_edges, "wave": wave_edges}.get(ring.kind)
    if edges is None:
        return ()
    count = len(drawing.order)
    angles = [drawing.angle(k) for k in range(count)]
    return tuple(tuple(loop) for edge in edges(ring, inner, count) for loop in flatten(_round(edge, angles)))


def _make_figure(ring: Ring, inner: int, drawing: Drawing, piece: Piece, angle: int) -> PlacedFigure:
    if ring.kind == "dots":
        (circle,) = _outlines(ring, inner, drawing, piece.path, angle=angle)
        return PlacedFigure(circle=circle if isinstance(circle, Circle) else None)
    return PlacedFigure(tuple(tuple(loop) for loop in flatten(turn_path(piece.path, angle))))


def _turn_up(figure: PlacedFigure) -> PlacedFigure:
    """Return a figure with Y upwards: a part that is cut as it was drawn, Y down, would be the mirror of its pocket."""
    circle = figure.circle
    return PlacedFigure(
        tuple(tuple((x, -y) for x, y in loop) for loop in figure.outlines),
        None if circle is None else Circle(circle.x, -circle.y, circle.radius),
    )


def _lay_out(figures: Iterable[PlacedFigure], width: int) -> Iterator[PlacedFigure]:
    """Yield figures side by side, row above row, each apart from the others and from the edges of the sheet."""
    x = y = _CLEAR
    height = 0
    for figure in figures:
        low_x, low_y, high_x, high_y = _bound_figure(figure)
        if x > _CLEAR and x + high_x - low_x > width:
            x, y, height = _CLEAR, y + height + _CLEAR, 0
        dx, dy = x - low_x, y - low_y
        circle = figure.circle
        yield PlacedFigure(
            tuple(tuple((px + dx, py + dy) for px, py in loop) for loop in figure.outlines),
            None if circle is None else Circle(circle.x + dx, circle.y + dy, circle.radius),
        )
        x += high_x - low_x + _CLEAR
        height = max(height, high_y - low_y)


def _bound_figure(figure: PlacedFigure) -> tuple[int, int, int, int]:
    if figure.circle is not None:
        return bounds_of([figure.circle])
    return bounds_of([Curve(tuple(loop)) for loop in figure.outlines])


# Beside the top


def _beside(spec: RosetteSpec, placed: list[tuple[int, Ring, int, Drawing]]) -> list[ContourLayer]:
    """Return rings that are cut from a board, in a row, and below them the pieces of inlays."""
    layers = []
    at_x = spec.outer_radius + _APART
    for place, ring, inner, drawing in placed:
        depth = spec.channel_depth + _THICKER
        outer = inner + ring.width
        whole = [Circle(0, 0, outer), Circle(0, 0, inner)] if ring.kind == "solid" else _rims(ring, inner, drawing)
        if whole:
            name = "RING_CUTOUT" if ring.kind == "solid" else "INLAY_PART"
            depth = depth if ring.kind == "solid" else spec.channel_depth
            wood = "" if ring.kind == "solid" else ring.materials[0]
            shifted = tuple(shift(shape, at_x + outer, 0) for shape in whole)
            layers.append(ContourLayer(_name(name, depth, place, wood), depth, shifted))
            at_x += 2 * outer + _APART
    at_y = spec.outer_radius + _APART
    for place, ring, inner, drawing in placed:
        for wood, pieces in _by_wood(ring, inner, drawing).items():
            depth = spec.channel_depth + (_THICKER if ring.kind in _THICK else 0)
            shapes, at_y = _in_rows(pieces, (spec.outer_radius + _APART, at_y), 4 * spec.outer_radius)
            layers.append(ContourLayer(_name("INLAY_PART", depth, place, wood), depth, tuple(shapes)))
    return layers


def _by_wood(ring: Ring, inner: int, drawing: Drawing) -> dict[str, list[list[ContourShape]]]:
    """Return material → its pieces, each as it lies at 12 o'clock."""
    found: dict[str, list[list[ContourShape]]] = {}
    for at in drawing.order:
        for piece in _loose(ring, drawing.cells[at].pieces):
            found.setdefault(piece.material, []).append(_outlines(ring, inner, drawing, piece.path, angle=0))
    return found


def _in_rows(pieces: list[list[ContourShape]], corner: XY, width: int) -> tuple[list[ContourShape], int]:
    """Return the pieces side by side, row below row, and where the next row may begin."""
    left, top = corner
    x, height = left, 0
    shapes: list[ContourShape] = []
    for piece in pieces:
        low_x, low_y, high_x, high_y = bounds_of(piece)
        if x > left and x + high_x - low_x > left + width:
            x, top, height = left, top + height + _CLEAR, 0
        shapes += [shift(shape, x - low_x, top - low_y) for shape in piece]
        x += high_x - low_x + _CLEAR
        height = max(height, high_y - low_y)
    return shapes, top + height + _CLEAR
