import math
from collections import Counter

import pytest

from rmos.rosette.bom import BillItem, bill_of_materials
from rmos.rosette.draw import draw_ring
from rmos.rosette.interpret import interpret
from rmos.rosette.vary import vary
from tests.rosette.makers import BWB, TYPICAL, make_ring, make_spec


def test_strips_are_as_long_as_their_circle_and_a_twentieth_more() -> None:
    items = bill_of_materials(make_spec(BWB))
    assert [item.material for item in items] == ["black_fibre", "white_fibre", "black_fibre"]
    assert items[1].length_mm == pytest.approx(2 * math.pi * 46.75 * 1.05, abs=0.002)
    assert (items[1].width_mm, items[1].height_mm, items[1].used) == (0.5, 1.8, 0.952)


def test_logs_give_as_many_slices_as_saw_and_length_allow() -> None:
    items = bill_of_materials(
        make_spec(make_ring("mosaic", width=5400, motif="cross", symmetry="slip"), channel_depth=1100)
    )
    slices = next(item for item in items if item.what == "slice")
    assert slices.note == "75 slices of a log, kerf 0.6 mm"  # floor(150 / (1.4 + 0.6))
    assert slices.count == round(2 * math.pi * 48.7 / 5.4)


def test_a_mosaic_is_strips_of_veneer_for_stacks_and_a_log() -> None:
    """The cross has nine columns of nine sticks, four of them different: 36 strips, and not 57 times 81 cubes."""
    items = bill_of_materials(
        make_spec(make_ring("mosaic", width=5400, motif="cross", symmetry="slip"), channel_depth=1100)
    )
    assert sum(item.count for item in items if item.what == "veneer") == 4 * 9
    assert {item.height_mm for item in items if item.what == "veneer"} == {0.6}
    counts = {item.what: item.count for item in items if item.what != "veneer"}
    assert counts == {"stack": 4, "log": 1, "slice": 57}


@pytest.mark.parametrize("kind", ["herringbone", "half_herringbone", "wheat", "rope", "checkerboard"])
def test_patterns_from_strips_are_never_counted_in_pieces(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind, materials=("ebony", "maple")))
    items = [item for item in bill_of_materials(spec) if item.ring == 2]
    assert {item.what for item in items} <= {"veneer", "block", "stack", "log", "slice"}
    drawing = draw_ring(spec.rings[1], inner=spec.inner_radius + 1500, seed=spec.seed, place=2)
    pieces = sum(len(drawing.cells[at].pieces) for at in drawing.order)
    assert sum(item.count for item in items if item.what == "veneer") < pieces / 2


@pytest.mark.parametrize(("kind", "count"), [("wedges", 24), ("wheel", 12)])
def test_wedges_are_sawn_from_strips(kind: str, count: int) -> None:
    (strip,) = (
        item
        for item in bill_of_materials(make_spec(make_ring(kind, materials=("koa", "ebony"), tile_count=count)))
        if item.what == "strip" and item.material == "koa" and item.note != "bent"
    )
    pieces = count if kind == "wheel" else count // 2
    assert strip.note.startswith(f"{pieces} pieces of ")
    each = float(strip.note.split(" ")[3]) + 0.6
    assert strip.length_mm <= 300
    assert strip.count * strip.length_mm == pytest.approx(pieces * each, abs=each * strip.count)
    assert strip.count * round(strip.length_mm / each) >= pieces


@pytest.mark.parametrize("kind", TYPICAL)
def test_every_material_of_a_ring_is_on_the_bill(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind))
    items = [item for item in bill_of_materials(spec) if item.ring == 2]
    drawing = draw_ring(spec.rings[1], inner=spec.inner_radius + 1500, seed=spec.seed, place=2)
    drawn = {piece.material for cell in drawing.cells for piece in cell.pieces} | {drawing.base or "white_fibre"}
    assert drawn - {"white_fibre"} <= {item.material for item in items} <= set(spec.rings[1].materials)
    assert all(0 < item.used <= 1 for item in items)
    assert all(min(item.count, item.length_mm, item.width_mm, item.height_mm) > 0 for item in items)


@pytest.mark.parametrize("kind", ["dots", "diamond", "celtic", "braid", "shell"])
def test_inlays_are_counted_in_pieces(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind))
    items = [item for item in bill_of_materials(spec) if item.ring == 2]
    drawing = draw_ring(spec.rings[1], inner=spec.inner_radius + 1500, seed=spec.seed, place=2)
    drawn = Counter(piece.material for at in drawing.order for piece in drawing.cells[at].pieces)
    assert {item.material: item.count for item in items if item.what in ("piece", "shell")} == drawn


@pytest.mark.parametrize("kind", ["greek_key", "wave"])
def test_a_figure_that_runs_round_is_cut_from_a_board(kind: str) -> None:
    spec = make_spec(make_ring(kind, materials=("ebony", "maple")))
    assert [(item.what, item.material) for item in bill_of_materials(spec)] == [("board", "maple"), ("board", "ebony")]


def test_what_is_too_wide_to_be_bent_on_edge_is_sawn_from_a_board() -> None:
    narrow, wide = (
        bill_of_materials(make_spec(make_ring("band", materials=("koa",), width=width))) for width in (4000, 4100)
    )
    assert [item.what for item in (*narrow, *wide)] == ["strip", "board"]
    ground = bill_of_materials(make_spec(make_ring("dots", materials=("abalone", "ebony"), width=3000)))
    assert (ground[0].what, ground[0].material, ground[0].note) == ("strip", "ebony", "bent")


def test_shell_is_counted_in_pieces_with_their_yield() -> None:
    spec = vary(interpret("D-45 style abalone ring").spec, 1)
    shell: list[BillItem] = [item for item in bill_of_materials(spec) if item.what == "shell"]
    assert [item.material for item in shell] == ["abalone"]
    assert shell[0].count == pytest.approx(2 * math.pi * 61 / 17, rel=0.25)
    assert 0.5 < shell[0].used < 0.95


def test_a_gap_needs_nothing() -> None:
    spec = interpret("three-ring Martin 28 look").spec
    assert {item.ring for item in bill_of_materials(spec)} == {1, 3, 5}
