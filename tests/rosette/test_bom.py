import math
from collections import Counter

import pytest

from rmos.rosette.bom import Item, bill_of_materials
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
    sticks = Counter({item.material: item.count for item in items if item.what == "stick"})
    assert sticks.total() == 81
    assert all(item.width_mm == 0.6 for item in items if item.what == "stick")


@pytest.mark.parametrize("kind", TYPICAL)
def test_every_piece_of_the_drawing_is_on_the_bill(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind))
    items = [item for item in bill_of_materials(spec) if item.ring == 2]
    assert items
    assert {item.material for item in items} <= set(spec.rings[1].materials)
    assert all(0 < item.used <= 1 for item in items)
    assert all(min(item.count, item.length_mm, item.width_mm, item.height_mm) > 0 for item in items)
    drawing = draw_ring(spec.rings[1], inner=spec.inner_radius + 1500, seed=spec.seed, place=2)
    drawn = Counter(piece.material for at in drawing.order for piece in drawing.cells[at].pieces)
    if kind != "mosaic":
        assert {item.material: item.count for item in items if item.what in ("piece", "shell")} == drawn


def test_shell_is_counted_in_pieces_with_their_yield() -> None:
    spec = vary(interpret("D-45 style abalone ring").spec, 1)
    shell: list[Item] = [item for item in bill_of_materials(spec) if item.what == "shell"]
    assert [item.material for item in shell] == ["abalone"]
    assert shell[0].count == pytest.approx(2 * math.pi * 61 / 17, rel=0.25)
    assert 0.5 < shell[0].used < 0.95


def test_a_gap_needs_nothing() -> None:
    spec = interpret("three-ring Martin 28 look").spec
    assert {item.ring for item in bill_of_materials(spec)} == {1, 3, 5}
