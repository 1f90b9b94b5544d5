"""A rosette as DXF for CAM programs: R12 in millimetres, arcs as ARC, circles as CIRCLE, a layer for each operation.

    dxf_text(spec)      # the same bytes on every machine

R12 is what every program reads. It knows no unit; `$INSUNITS` 4 and `$MEASUREMENT` 1 say millimetres to those that look
for it (AutoCAD's reference has them since R2000, and readers of R12 pass over what they do not know). The y axis points
up, and the seam of a rosette lies at the top.
"""

from collections.abc import Iterator
from typing import Final

from rmos.fixed import TURN, divide
from rmos.rosette.contour_shapes import XY, Arc, Circle, ContourShape, Curve, Line
from rmos.rosette.contours import ContourLayer, layers_of
from rmos.rosette.spec import RosetteSpec, mm_text

_COLOURS: Final = {"SOUNDHOLE": 5, "CHANNEL": 1, "INLAY_POCKET": 6, "RING_CUTOUT": 3, "INLAY_PART": 4, "REFERENCE": 8}
"""Operation → index of a colour: blue, red, magenta, green, cyan, grey."""

Pairs = Iterator[tuple[int, str]]


def dxf_text(spec: RosetteSpec) -> str:
    """Return what a machine may cut as a DXF document in mm.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    layers = layers_of(spec)
    pairs = [*_header(layers), *_tables(layers), *_entities(layers), (0, "EOF")]
    return "".join(f"{code:>3}\n{value}\n" for code, value in pairs)


def _header(layers: list[ContourLayer]) -> Pairs:
    points = [xy for layer in layers for shape in layer.shapes for xy in _extent(shape)]
    low, high = (tuple(map(end, zip(*points, strict=True))) for end in (min, max))
    yield from _section("HEADER")
    yield from ((9, "$ACADVER"), (1, "AC1009"), (9, "$INSUNITS"), (70, "4"), (9, "$MEASUREMENT"), (70, "1"))
    for name, (x, y) in (("$EXTMIN", (low[0], high[1])), ("$EXTMAX", (high[0], low[1]))):
        yield (9, name)
        yield from _at(x, y)
    yield (0, "ENDSEC")


def _extent(shape: ContourShape) -> list[XY]:
    if isinstance(shape, Line):
        return [shape.start, shape.end]
    if isinstance(shape, Curve):
        return list(shape.points)
    return [(shape.x + sign * shape.radius, shape.y + sign * shape.radius) for sign in (-1, 1)]


def _section(name: str) -> Pairs:
    yield from ((0, "SECTION"), (2, name))


def _tables(layers: list[ContourLayer]) -> Pairs:
    yield from _section("TABLES")
    yield from ((0, "TABLE"), (2, "LTYPE"), (70, "1"), (0, "LTYPE"), (2, "CONTINUOUS"), (70, "0"))
    yield from ((3, "Solid line"), (72, "65"), (73, "0"), (40, "0.0"), (0, "ENDTAB"))
    yield from ((0, "TABLE"), (2, "LAYER"), (70, str(len(layers) + 1)))
    for name, colour in [("0", 7), *((layer.name, _colour(layer)) for layer in layers)]:
        yield from ((0, "LAYER"), (2, name), (70, "0"), (62, str(colour)), (6, "CONTINUOUS"))
    yield from ((0, "ENDTAB"), (0, "ENDSEC"))


def _colour(layer: ContourLayer) -> int:
    return next(colour for operation, colour in _COLOURS.items() if layer.name.startswith(operation))


def _entities(layers: list[ContourLayer]) -> Pairs:
    yield from _section("ENTITIES")
    for layer in layers:
        for shape in layer.shapes:
            yield from _entity(layer.name, shape)
    yield (0, "ENDSEC")


def _entity(layer: str, shape: ContourShape) -> Pairs:
    if isinstance(shape, Circle):
        yield from ((0, "CIRCLE"), (8, layer), *_at(shape.x, shape.y), (40, _real(shape.radius)))
    elif isinstance(shape, Arc):
        yield from ((0, "ARC"), (8, layer), *_at(shape.x, shape.y), (40, _real(shape.radius)))
        # DXF goes counterclockwise from 3 o'clock: the end comes first.
        yield from ((50, _degrees(shape.end)), (51, _degrees(shape.start)))
    elif isinstance(shape, Line):
        (ax, ay), (bx, by) = shape
        yield from ((0, "LINE"), (8, layer), *_at(ax, ay))
        yield from ((11, _real(bx)), (21, _real(-by)), (31, "0.0"))
    else:
        yield from ((0, "POLYLINE"), (8, layer), (66, "1"), *_at(0, 0), (70, "1"))
        for x, y in shape.points:
            yield from ((0, "VERTEX"), (8, layer), *_at(x, y))
        yield from ((0, "SEQEND"), (8, layer))


def _at(x: int, y: int) -> Pairs:
    yield from ((10, _real(x)), (20, _real(-y)), (30, "0.0"))


def _real(um: int) -> str:
    text = mm_text(um)
    return text if "." in text else f"{text}.0"


def _degrees(angle: int) -> str:
    """Return an angle clockwise from 12 o'clock as degrees counterclockwise from 3 o'clock, six decimals."""
    millionths = divide((TURN // 4 - angle) % TURN * 360_000_000, TURN)
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
