"""A block of veneers gives enough pieces for its ring, and no more than it has room for."""

import math

import pytest

from rmos.rosette.draw import draw_ring
from rmos.rosette.glueup.blocks import BlockGlueUp, block_cuts
from rmos.rosette.glueup.plan import plan_of
from rmos.rosette.glueup.trade import BLOCK_WIDTH, KERF, LOG_LENGTH
from rmos.rosette.spec import Ring
from tests.rosette.makers import make_ring, make_spec

KINDS = ("herringbone", "half_herringbone", "wheat", "rope")
INNER = 46_000
RINGS = [
    *(make_ring(kind, width=width) for kind in KINDS for width in (1500, 5000, 9000)),
    make_ring("herringbone", width=9600, strip=600),
    make_ring("herringbone", width=3000, strip=500, slant=55, materials=("maple", "ebony", "koa")),
    make_ring("half_herringbone", width=2000, strip=600, slant=40),
    make_ring("rope", materials=("ebony",), slant=40),
    make_ring("wheat", materials=("maple", "koa", "ebony")),
]


def glue(ring: Ring) -> BlockGlueUp:
    return plan_of(make_spec(ring, channel_depth=1100)).blocks[0]


def slant_of(glued: BlockGlueUp) -> float:
    return math.atan(glued.tangent / 100)


@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: f"{ring.kind}-{ring.width}-{ring.strip}")
def test_the_pieces_reach_round_the_ring_in_every_row(ring: Ring) -> None:
    glued = glue(ring)
    around = 2 * math.pi * (INNER + ring.width / 2)
    assert glued.rows * glued.row == pytest.approx(ring.width, abs=glued.rows)
    assert glued.pieces / glued.rows * glued.piece_length >= around * 1.03
    assert (glued.pieces / glued.rows - 1) * glued.piece_length < around * 1.06


@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: f"{ring.kind}-{ring.width}-{ring.strip}")
def test_the_block_has_room_for_its_slabs_and_they_for_their_strips(ring: Ring) -> None:
    glued = glue(ring)
    lean = glued.thickness * math.tan(slant_of(glued))
    needed = lean + glued.slabs * (glued.sawn + KERF) / math.cos(slant_of(glued))
    assert needed <= glued.block_length + 2
    assert glued.block_length <= LOG_LENGTH or glued.slabs == 1
    strips = glued.width // (glued.height + KERF)
    assert glued.blocks * glued.slabs * strips >= glued.pieces
    assert (glued.blocks * glued.slabs - glued.blocks) * strips < glued.pieces


@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: f"{ring.kind}-{ring.width}-{ring.strip}")
def test_veneers_are_as_thick_as_the_strips_of_the_drawing(ring: Ring) -> None:
    glued = glue(ring)
    count = len(draw_ring(ring, inner=INNER, seed=5, place=1).order)
    repeat = 2 * math.pi * (INNER + ring.width / 2) / count
    whole = sum(layer.thickness for layer in glued.layers)
    assert whole == pytest.approx(repeat * math.cos(slant_of(glued)), rel=0.01)
    assert {layer.material for layer in glued.layers} == set(ring.materials)
    assert glued.piece_length == pytest.approx(glued.repeats * repeat, rel=0.01)
    if ring.strip:
        assert all(layer.thickness == pytest.approx(ring.strip, rel=0.01) for layer in glued.layers)


def test_the_cutting_list_has_every_veneer_of_every_block() -> None:
    glued = glue(make_ring("wheat", width=3400))
    cuts = block_cuts(glued)
    assert sum(cut.count for cut in cuts) == len(glued.layers) * glued.repeats * glued.blocks
    assert {(cut.length, cut.width) for cut in cuts} == {(glued.block_length, BLOCK_WIDTH)}
    assert [cut.material for cut in cuts] == ["maple", "walnut"]
    assert cuts[0].thickness > cuts[1].thickness


def test_a_channel_deeper_than_a_block_is_wide_gets_a_wider_block() -> None:
    glued = plan_of(make_spec(make_ring("rope"), channel_depth=20_000, top_thickness=20_000)).blocks[0]
    assert glued.width == glued.height + KERF
    assert glued.slabs * glued.blocks == glued.pieces
