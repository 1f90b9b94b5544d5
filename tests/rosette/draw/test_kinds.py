"""Every kind of ring, measured: pieces lie in their ring, do not overlap, and leave no gap where they fill it."""

import math

import pytest

from rmos.fixed import TURN, circumference
from rmos.rosette.draw import DRAWERS, draw_ring, usual_length
from rmos.rosette.draw.flat import area, flatten
from rmos.rosette.draw.shapes import Drawing, ShapePath, turn_path
from rmos.rosette.spec import KINDS, Ring, least_tiles
from tests.rosette.makers import TYPICAL, make_ring

INNER = 47_000
FILLING = ("mosaic", "herringbone", "half_herringbone", "rope", "checkerboard", "wedges", "shell")
"""Kinds whose pieces fill the ring from edge to edge."""
SIZES = [(1500, None), (6000, None), (12_000, None), (6000, 0), (6000, 100)]
"""Width and number of tiles; 0 stands for the fewest that the kind can have."""


def drawing_of(ring: Ring, seed: int = 4) -> Drawing:
    return draw_ring(ring, inner=INNER, seed=seed, place=2)


def pieces_of(drawing: Drawing) -> list[ShapePath]:
    return [piece.path for at in drawing.order for piece in drawing.cells[at].pieces]


def sized(kind: str, width: int, count: int | None) -> Ring:
    if count is None or kind in ("lines", "band", "solid"):
        return make_ring(kind, width=width)
    return make_ring(kind, width=width, tile_count=count or least_tiles(kind))


def test_every_kind_but_a_gap_has_a_drawing() -> None:
    assert set(DRAWERS) == set(KINDS) - {"gap"} == set(TYPICAL)
    assert draw_ring(Ring(kind="gap", width=3000), inner=INNER, seed=1, place=1) == Drawing(base=None)


@pytest.mark.parametrize(("width", "count"), SIZES)
@pytest.mark.parametrize("kind", TYPICAL)
def test_pieces_lie_within_their_ring_and_are_closed(kind: str, width: int, count: int | None) -> None:
    drawing = drawing_of(sized(kind, width, count))
    for cell in drawing.cells:
        for piece in cell.pieces:
            assert piece.path[-1][0] == "Z"
            for outline in flatten(piece.path):
                assert len(outline) > 2
                for x, y in outline:
                    # A straight edge between two points of a circle bows inwards by its sagitta.
                    assert INNER - 3 - (width if count == 0 else 0) <= math.hypot(x, y) <= INNER + width + 3


@pytest.mark.parametrize(("width", "count"), SIZES)
@pytest.mark.parametrize("kind", FILLING)
def test_pieces_fill_the_ring_without_gap_or_overlap(kind: str, width: int, count: int | None) -> None:
    drawing = drawing_of(sized(kind, width, count))
    total = sum(area(outline) for path in pieces_of(drawing) for outline in flatten(path))
    whole = math.pi * ((INNER + width) ** 2 - INNER**2)
    # Curves are measured as polygons.
    assert total == pytest.approx(whole, rel=0.03 if count == 0 else 0.004)


@pytest.mark.parametrize("kind", [kind for kind in TYPICAL if kind not in ("lines", "band", "solid")])
def test_cells_close_the_ring(kind: str) -> None:
    ring = make_ring(kind)
    drawing = drawing_of(ring)
    count = len(drawing.order)
    wanted = usual_length(ring, INNER)
    if ring.tile_count is None:
        assert circumference(INNER + 3000) / count == pytest.approx(wanted, rel=0.12)
    else:
        assert count == ring.tile_count
    assert set(drawing.order) <= set(range(len(drawing.cells)))
    assert drawing.angle(0) == 0
    assert drawing.angle(count - 1) == (count - 1) * TURN // count


@pytest.mark.parametrize("kind", ["dots", "diamond", "wheel", "celtic", "braid", "greek_key", "wheat"])
def test_inlaid_pieces_do_not_overlap(kind: str) -> None:
    """Areas on a fine raster: no point of the ring lies in two pieces."""
    drawing = drawing_of(make_ring(kind, phase=0))
    first = [
        turn_path(piece.path, drawing.angle(k)) for k in range(3) for piece in drawing.cells[drawing.order[k]].pieces
    ]
    shapes = [flatten(path) for path in first]
    hits = 0
    # The middle cell's angles: its neighbours on both sides are there.
    for step in range(60):
        angle = (drawing.angle(1) + (drawing.angle(2) - drawing.angle(1)) * (step + 0.37) / 60) / TURN * 2 * math.pi
        for level in range(1, 30):
            radius = INNER + 6000 * (level + 0.21) / 30
            x, y = radius * math.sin(angle), -radius * math.cos(angle)
            # A piece with a hole for another one counts by the even-odd rule.
            inside = sum(sum(contains(outline, x, y) for outline in shape) % 2 for shape in shapes)
            assert inside <= 1
            hits += inside
    assert hits > 100


def contains(shape: list[tuple[int, int]], x: float, y: float) -> bool:
    inside = False
    for (ax, ay), (bx, by) in zip(shape, [*shape[1:], shape[0]], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def test_lines_share_the_width_to_a_micrometre() -> None:
    drawing = drawing_of(Ring(kind="lines", width=1000, materials=("black_fibre", "white_fibre", "black_fibre")))
    radii = [sorted({radius for _, points in rim.path for _, radius in points}) for rim in drawing.rims]
    assert radii == [[47_000, 47_333], [47_333, 47_666], [47_666, 48_000]]


def test_herringbone_strips_meet_on_the_centre_line() -> None:
    drawing = drawing_of(make_ring("herringbone"))
    corners = {radius for piece in drawing.cells[0].pieces for _, points in piece.path for _, radius in points}
    assert corners == {INNER, INNER + 3000, INNER + 6000}
    assert len(drawing.cells[0].pieces) == 4


def test_celtic_strands_go_over_and_under_in_turn() -> None:
    """Each piece of strand is over once, so there are as many pieces as crossings."""
    drawing = drawing_of(make_ring("celtic", rows=4))
    assert len(drawing.cells[0].pieces) == 8 // 2 * 3 - 2
    braid = drawing_of(make_ring("braid"))
    assert len(braid.cells[0].pieces) == 2


def test_a_wheel_has_as_many_spokes_as_were_asked_for_and_they_are_parallel() -> None:
    drawing = drawing_of(make_ring("wheel", tile_count=12, strand=1000))
    assert len(drawing.order) == 12
    (piece,) = drawing.cells[0].pieces
    points = [point for _, path in piece.path for point in path]
    inside = min(angle for angle, radius in points if radius < INNER + 3000)
    outside = min(angle for angle, radius in points if radius > INNER + 3000)
    low, high = INNER + 750, INNER + 6000 - 750
    assert inside * 2 * math.pi / TURN * low == pytest.approx(500, abs=1)
    assert outside * 2 * math.pi / TURN * high == pytest.approx(500, abs=1)


@pytest.mark.parametrize("kind", TYPICAL)
def test_figure_differs_from_seed_to_seed_and_pieces_do_not(kind: str) -> None:
    ring = make_ring(kind)
    one, other = drawing_of(ring, 1), drawing_of(ring, 2)
    assert one == drawing_of(ring, 1)
    assert len(one.order) == len(other.order)
    assert one.rims == other.rims
