"""A rosette as SVG: the same bytes everywhere.

    render(spec)                    # profile `compact`: for viewing, with figure, repeats through <use>
    render(spec, profile="cam")     # closed paths in the layers CHANNEL, SOUNDHOLE and RINGS, no transforms

Width, height and viewBox are in mm. Text rules: at most 3 decimals, no trailing zeros, no `-0`, attributes in one fixed
order, `\\n` only, no time and no counter.
"""

from typing import Final, Literal

from rmos import digest
from rmos.fixed import TURN, divide
from rmos.rosette.draw import draw_ring
from rmos.rosette.draw.shapes import Drawing, Mark, PathStep, Piece, ShapePath, annulus, path_text, turn_path
from rmos.rosette.frame import dimensions, soundhole, top_wood
from rmos.rosette.machining import spec_channels
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text, spec_sha256, validate_spec
from rmos.rosette.wording import describe, title

Profile = Literal["compact", "cam"]
INLAID: Final = frozenset(
    {"solid", "greek_key", "celtic", "braid", "wheel", "wedges", "dots", "wave", "diamond", "shell"}
)
"""Kinds whose pieces a CNC may cut; the others are glued from strips and sticks by hand: only their ring is given."""
MARGIN: Final = 9000
FOOT: Final = 9000
_JOINT: Final = 'stroke="#140d08" stroke-width=".05" stroke-opacity=".45"'


def render(spec: RosetteSpec, profile: Profile = "compact", *, prompt_sha256: str | None = None) -> str:
    """Return the rosette as an SVG document that ends with a newline.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    validate_spec(spec)
    drawings = _drawings(spec)
    lines = _head(spec, profile, prompt_sha256)
    lines += _compact(spec, drawings) if profile == "compact" else _cam(spec, drawings)
    return "\n".join([*lines, "</svg>", ""])


def compact_lines(spec: RosetteSpec) -> list[str]:
    """Return the drawing for viewing without its root: its centre lies at the origin, a unit is a millimetre."""
    return _compact(spec, _drawings(spec))


def _drawings(spec: RosetteSpec) -> list[tuple[Ring, int, Drawing]]:
    return [
        (ring, inner, draw_ring(ring, inner=inner, seed=spec.seed, place=place))
        for place, (ring, inner, _) in enumerate(spec.placed(), start=1)
    ]


def _head(spec: RosetteSpec, profile: Profile, prompt_sha256: str | None) -> list[str]:
    half = spec.outer_radius + MARGIN
    side, height = mm_text(2 * half), mm_text(2 * half + FOOT)
    corner = mm_text(-half)
    about = {
        "generator": spec.generator.id,
        "version": spec.generator.version,
        "profile": profile,
        "seed": spec.seed,
        "spec_sha256": spec_sha256(spec),
        "prompt_sha256": prompt_sha256,
    }
    size = f'width="{side}mm" height="{height}mm" viewBox="{corner} {corner} {side} {height}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{title(spec)}</title>",
        f"<desc>{describe(spec)}</desc>",
        f"<metadata>{digest.canonical(about).decode()}</metadata>",
    ]


def colour_of(spec: RosetteSpec, name: str, shade: int = 0) -> str:
    """Return the flat colour of a material: the spec's own palette, else one of the material's shades."""
    shades = MATERIALS[name].shades
    return spec.palette.get(name) or shades[shade % len(shades)]


# The profile for viewing


def _compact(spec: RosetteSpec, drawings: list[tuple[Ring, int, Drawing]]) -> list[str]:
    defs: list[str] = []
    rings: list[str] = []
    for place, (ring, inner, drawing) in enumerate(drawings, start=1):
        if ring.kind != "gap":
            rings += [f'<g id="ring-{place}-{ring.kind}">', *_ring(spec, ring, inner, drawing, place, defs), "</g>"]
    channels = "".join(path_text(annulus(*channel)) for channel in spec_channels(spec))
    return [
        *(["<defs>", *defs, "</defs>"] if defs else []),
        '<g id="TOP">',
        *top_wood(spec, spec.outer_radius + MARGIN - 1000),
        "</g>",
        f'<g id="CHANNEL"><path fill="#3a2a1c" fill-rule="evenodd" d="{channels}"/></g>',
        '<g id="RINGS">',
        *rings,
        "</g>",
        '<g id="SOUNDHOLE">',
        *soundhole(spec),
        "</g>",
        '<g id="CHECK">',
        *dimensions(spec, spec.outer_radius + MARGIN),
        "</g>",
    ]


def _ring(spec: RosetteSpec, ring: Ring, inner: int, drawing: Drawing, place: int, defs: list[str]) -> list[str]:
    lines = []
    if drawing.base:
        lines.append(_piece(spec, Piece(drawing.base, 0, annulus(inner, inner + ring.width))))
    wholes, on_base = [_piece(spec, piece) for piece in drawing.rims], [_mark(mark) for mark in drawing.marks]
    # Lines are all rims: their figure lies on them. Elsewhere the figure is the base's.
    lines += [*on_base, *wholes] if drawing.base else [*wholes, *on_base]
    if drawing.cells:
        lines += [f"<g {_JOINT}>", *_cells(spec, drawing, f"r{place}", defs), "</g>"]
    edge = path_text(annulus(inner, inner + ring.width))
    lines.append(f'<path fill="none" stroke="#140d08" stroke-width=".07" stroke-opacity=".5" d="{edge}"/>')
    return lines


def _cells(spec: RosetteSpec, drawing: Drawing, name: str, defs: list[str]) -> list[str]:
    for at, cell in enumerate(drawing.cells):
        parts = [_piece(spec, piece) for piece in _join_pieces(cell.pieces)] + [_mark(mark) for mark in cell.marks]
        defs += [f'<g id="{name}c{at}">', *parts, "</g>"]
    count, block = len(drawing.order), _block(drawing.order)
    if block == 1:
        return [_use(f"{name}c{at}", drawing.angle(k)) for k, at in enumerate(drawing.order)]
    defs.append(f'<g id="{name}b">')
    defs += [_use(f"{name}c{drawing.order[k]}", k * TURN // count) for k in range(block)]
    defs.append("</g>")
    return [_use(f"{name}b", drawing.angle(k)) for k in range(0, count, block)]


def _block(order: tuple[int, ...]) -> int:
    """Return how many cells make a block that repeats all round, near the square root of their number; 1 for none."""
    count = len(order)
    fitting = [size for size in range(2, count) if count % size == 0 and order == order[:size] * (count // size)]
    return min(fitting, key=lambda size: (size + count // size, size), default=1)


def _use(name: str, angle: int) -> str:
    if angle == 0:
        return f'<use href="#{name}"/>'
    return f'<use href="#{name}" transform="rotate({mm_text(divide(angle * 360_000, TURN))})"/>'


def _join_pieces(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Return the pieces with those of one colour as one path."""
    paths: dict[tuple[str, int], list[PathStep]] = {}
    for piece in pieces:
        paths.setdefault((piece.material, piece.shade), []).extend(piece.path)
    return [Piece(name, shade, tuple(path)) for (name, shade), path in paths.items()]


def _piece(spec: RosetteSpec, piece: Piece) -> str:
    return (
        f'<path fill="{colour_of(spec, piece.material, piece.shade)}" fill-rule="evenodd" d="{path_text(piece.path)}"/>'
    )


def _mark(mark: Mark) -> str:
    opacity = "" if mark.opacity == 100 else f' opacity="{mm_text(mark.opacity * 10)}"'
    if mark.thick:
        style = f'fill="none" stroke="{mark.colour}" stroke-width="{mm_text(mark.thick)}" stroke-opacity="1"'
    else:
        style = f'fill="{mark.colour}" stroke="none"'
    return f'<path {style}{opacity} d="{path_text(mark.path)}"/>'


# The profile for cutting


def _layers(
    spec: RosetteSpec, drawings: list[tuple[Ring, int, Drawing]]
) -> dict[str, list[tuple[str, list[ShapePath]]]]:
    """Return layer → (name, closed paths) of everything that a machine may cut."""
    rings: list[tuple[str, list[ShapePath]]] = []
    for place, (ring, inner, drawing) in enumerate(drawings, start=1):
        if ring.kind == "gap":
            continue
        paths: list[ShapePath] = [annulus(inner, inner + ring.width)]
        if ring.kind in INLAID:
            for k, at in enumerate(drawing.order):
                paths += [turn_path(piece.path, drawing.angle(k)) for piece in drawing.cells[at].pieces]
        rings.append((f"ring-{place}-{ring.kind}", paths))
    hole = spec.soundhole_diameter // 2
    return {
        "CHANNEL": [(f"channel-{at}", [annulus(*channel)]) for at, channel in enumerate(spec_channels(spec), start=1)],
        "SOUNDHOLE": [("soundhole", [annulus(0, hole)[:4]])],
        "RINGS": rings,
    }


_CAM_COLOURS: Final = {"CHANNEL": "#c00000", "SOUNDHOLE": "#0000c0", "RINGS": "#007000"}


def _cam(spec: RosetteSpec, drawings: list[tuple[Ring, int, Drawing]]) -> list[str]:
    lines = []
    for layer, groups in _layers(spec, drawings).items():
        lines.append(f'<g id="{layer}" fill="none" stroke="{_CAM_COLOURS[layer]}" stroke-width=".1">')
        for name, paths in groups:
            lines += [f'<g id="{name}">', *(f'<path d="{path_text(path)}"/>' for path in paths), "</g>"]
        lines.append("</g>")
    half = spec.outer_radius + MARGIN
    x, y = mm_text(-half + 2000), mm_text(half + FOOT - 3000)
    lines.append(f'<g id="CHECK" fill="none" stroke="#606060" stroke-width=".1"><path d="M{x} {y}h10v1h-10Z"/></g>')
    return lines
