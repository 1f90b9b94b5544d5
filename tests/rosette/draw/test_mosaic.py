import pytest

from rmos.rosette.draw.mosaic import MOTIFS, bitmap_of, diamonds, draw_mosaic
from rmos.rosette.draw.shapes import Drawing
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import Ring

CORNER = ("100", "200", "000")
MATERIALS = ("maple", "ebony", "padauk")


def drawn(**members: object) -> Drawing:
    ring = Ring(**{"kind": "mosaic", "width": 3000, "materials": MATERIALS, "bitmap": CORNER, **members})  # type: ignore[arg-type]
    return draw_mosaic(ring, 50_000, lambda name: Stream(seed=1, decision=name))


def tile(drawing: Drawing, at: int) -> tuple[str, ...]:
    """Read the sticks of a cell back, from the outside in."""
    signs = [str(MATERIALS.index(piece.material)) for piece in drawing.cells[drawing.order[at]].pieces]
    return tuple("".join(signs[row * 3 : row * 3 + 3]) for row in range(3))


@pytest.mark.parametrize(
    ("symmetry", "second"),
    [
        ("slip", ("100", "200", "000")),
        ("book", ("001", "002", "000")),
        ("inversion", ("000", "200", "100")),
        ("book_inversion", ("000", "002", "001")),
    ],
)
def test_the_four_symmetries(symmetry: str, second: tuple[str, ...]) -> None:
    drawing = drawn(symmetry=symmetry)
    assert tile(drawing, 0) == CORNER
    assert tile(drawing, 1) == second
    assert tile(drawing, 2) == CORNER
    if symmetry != "slip":
        assert len(drawing.order) % 2 == 0


def test_mirrored_at_the_seam_the_left_half_is_the_right_one_seen_in_a_mirror() -> None:
    drawing = drawn(mirror_at_seam=True, symmetry="inversion")
    count = len(drawing.order)
    assert count % 2 == 0
    for k in range(count // 2):
        assert tile(drawing, count - 1 - k) == tuple(row[::-1] for row in tile(drawing, k))


def test_motifs_are_square_and_use_at_most_four_materials() -> None:
    for name, rows in MOTIFS.items():
        assert {len(row) for row in rows} == {len(rows)}, name
        assert set("".join(rows)) <= set("0123"), name
        assert len(set("".join(rows))) >= 3, name


@pytest.mark.parametrize("size", range(3, 25))
def test_diamonds_of_any_size_are_symmetrical(size: int) -> None:
    bitmap = diamonds(size, size)
    assert bitmap == bitmap[::-1]
    assert bitmap == tuple(row[::-1] for row in bitmap)
    assert bitmap[0].count("0") >= size - 2


def test_a_larger_tile_frames_the_motif_and_a_smaller_one_falls_back_to_diamonds() -> None:
    ring = Ring(kind="mosaic", width=6000, materials=MATERIALS, motif="cross", rows=13)
    assert [len(row) for row in bitmap_of(ring)] == [13] * 13
    assert bitmap_of(ring)[2][2:11] == MOTIFS["cross"][0]
    small = Ring(kind="mosaic", width=6000, materials=MATERIALS, motif="cross", rows=5)
    assert bitmap_of(small) == diamonds(5, 5)
