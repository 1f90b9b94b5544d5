"""The stacks, logs and slices of a ring of tiles give back the tiles that are drawn."""

import math
from itertools import pairwise

import pytest

from rmos.rosette.draw.mosaic import MOTIFS, bitmap_of
from rmos.rosette.glueup.plan import plan_of
from rmos.rosette.glueup.tiles import Log, TileGlueUp, tile_cuts
from rmos.rosette.glueup.trade import KERF, LOG_LENGTH
from rmos.rosette.manufacture import tiles_of
from tests.rosette.makers import BWB, make_ring, make_spec

VENEERS = ("natural_veneer", "black_veneer", "red_veneer", "green_veneer")


def glue(kind: str = "mosaic", **members: object) -> TileGlueUp:
    ring = make_ring(kind, **{"materials": VENEERS, "symmetry": "slip", **members})
    return plan_of(make_spec(BWB, ring, channel_depth=1100)).tiles[0]


def rebuild(glued: TileGlueUp, log: Log) -> list[tuple[str, ...]]:
    """Return the rows of the tile that the columns of a log make, from the outside in."""
    layers = {stack.name: stack.layers for stack in glued.stacks}
    columns = [layers[column.stack][::-1] if column.turned else layers[column.stack] for column in log.columns]
    return list(zip(*columns, strict=True))


def drawn(motif: str, **members: object) -> list[tuple[str, ...]]:
    bitmap = bitmap_of(make_ring("mosaic", materials=VENEERS, motif=motif, **members))
    return [tuple(VENEERS[int(sign)] for sign in row) for row in bitmap]


@pytest.mark.parametrize("symmetry", ["slip", "book", "inversion", "book_inversion"])
@pytest.mark.parametrize("motif", MOTIFS)
def test_the_columns_make_the_tile_that_is_drawn(motif: str, symmetry: str) -> None:
    glued = glue(motif=motif, symmetry=symmetry)
    tile = drawn(motif)
    assert rebuild(glued, glued.logs[0]) == tile
    if len(glued.logs) == 2:
        assert rebuild(glued, glued.logs[1]) == tile[::-1]
    else:
        upside_down = tile[::-1]
        same = upside_down == tile or [row[::-1] for row in upside_down] == tile
        assert same or symmetry in ("slip", "book")
    assert sum(log.tiles for log in glued.logs) == glued.tile_count


def test_columns_that_are_alike_come_from_one_stack() -> None:
    diamond = glue(motif="diamond")
    assert [column.stack for column in diamond.logs[0].columns] == list("ABCDEFEDCBA")
    assert [(stack.name, stack.copies) for stack in diamond.stacks] == [*((name, 2) for name in "ABCDE"), ("F", 1)]
    pinwheel = glue(motif="pinwheel")
    assert any(column.turned for column in pinwheel.logs[0].columns)
    assert len(pinwheel.stacks) < 9


def test_every_second_tile_of_a_book_match_is_turned_over_and_needs_no_log() -> None:
    book = glue(motif="steps", symmetry="book")
    assert (len(book.logs), book.turned_over) == (1, book.tile_count // 2)
    assert glue(motif="steps").turned_over == 0
    assert glue(motif="steps", mirror_at_seam=True).turned_over > 0


def test_columns_taper_as_the_ring_does() -> None:
    glued = glue(motif="cross", width=6300)
    spec = make_spec(BWB, make_ring("mosaic", materials=VENEERS, symmetry="slip", motif="cross", width=6300))
    (tiles,) = tiles_of(spec)
    assert glued.tile_count == tiles.count
    assert glued.outer == pytest.approx(2 * math.pi * (46_000 + 1500 + 6300) / tiles.count / 9, abs=1)
    assert glued.inner == pytest.approx(2 * math.pi * (46_000 + 1500) / tiles.count / 9, abs=1)
    assert glued.taper == glued.outer - glued.inner == pytest.approx(tiles.stick_taper, abs=1)
    assert glued.sawn > glued.outer
    assert glued.veneer == 700


@pytest.mark.parametrize(
    "members", [{}, {"width": 3000, "tile_count": 200}, {"symmetry": "inversion", "motif": "steps"}]
)
def test_stacks_are_wide_enough_and_logs_long_enough(members: dict[str, object]) -> None:
    glued = glue(**members)
    for stack in glued.stacks:
        columns = sum(log.logs * [column.stack for column in log.columns].count(stack.name) for log in glued.logs)
        assert stack.copies == columns
        assert stack.width >= columns * (glued.sawn + KERF)
    for log in glued.logs:
        each = log.cut_length // (glued.height + KERF)
        assert log.cut_length <= LOG_LENGTH
        assert log.tiles < log.logs * each <= log.logs * glued.slices
        assert log.logs * each <= log.tiles + 2 + log.logs


def test_the_cutting_list_has_a_strip_for_each_layer_of_each_stack() -> None:
    glued = glue(motif="star")
    cuts = tile_cuts(glued)
    assert sum(cut.count for cut in cuts) == len(glued.stacks) * glued.rows == 6 * 11
    for name in VENEERS:
        layers = sum(stack.layers.count(name) for stack in glued.stacks)
        assert sum(cut.count for cut in cuts if cut.material == name) == layers
    assert {cut.thickness for cut in cuts} == {glued.veneer}


@pytest.mark.parametrize(("rows", "stacks"), [(2, 1), (3, 2), (4, 1)])
def test_a_checkerboard_is_a_tile_of_two_columns(rows: int, stacks: int) -> None:
    glued = glue("checkerboard", materials=("ebony", "maple"), symmetry=None, rows=rows, tile_count=96)
    assert (glued.tile_count, len(glued.logs[0].columns), len(glued.stacks)) == (48, 2, stacks)
    tile = rebuild(glued, glued.logs[0])
    assert all(row[0] != row[1] for row in tile)
    assert all(below[0] != above[0] for below, above in pairwise(tile))
    # The drawing begins with the first wood at the inside.
    assert tile[-1] == ("ebony", "maple")


def test_a_checkerboard_of_shell_has_no_stacks() -> None:
    assert plan_of(make_spec(make_ring("checkerboard", materials=("abalone", "ebony")))).tiles == ()
