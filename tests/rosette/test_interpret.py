"""What a luthier gets for the words of a luthier, and what for words that cannot be followed."""

import time
from typing import Any

import pytest

from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.rosette.interpret import Interpretation, interpret
from rmos.rosette.prompt_words import MAX_PROMPT_BYTES
from rmos.rosette.spec import Ring
from rmos.rosette.svg import render


def rings(prompt: str) -> list[Ring]:
    return [ring for ring in interpret(prompt).spec.rings if ring.kind != "lines"]


def only(prompt: str) -> Ring:
    found = rings(prompt)
    assert len(found) == 1, found
    return found[0]


def lines(prompt: str) -> list[Ring]:
    return [ring for ring in interpret(prompt).spec.rings if ring.kind == "lines"]


def refusal(prompt: str) -> str:
    with pytest.raises(ValidationFailed) as refused:
        interpret(prompt)
    assert refused.value.errors is not None
    assert refused.value.errors["prompt"]
    return refused.value.detail


def test_classical_with_herringbone() -> None:
    understood = interpret("classical rosette, herringbone in maple and rosewood")
    assert (understood.spec.instrument, understood.spec.soundhole_diameter) == ("classical", 86_000)
    assert 18_000 <= understood.spec.width <= 22_000
    centre = next(ring for ring in understood.spec.rings if ring.kind == "herringbone")
    assert centre.materials == ("maple", "east_indian_rosewood")
    assert understood.unrecognized == ()


def test_torres_with_ears_of_wheat_and_a_greek_key() -> None:
    spec = interpret("Torres style, ears of wheat both edges, Greek key centre, 27 mm wide").spec
    assert spec.width == 27_000
    assert [ring.kind for ring in spec.rings if ring.kind not in ("lines", "band")] == ["wheat", "greek_key", "wheat"]


def test_a_simple_ring_for_a_parlor() -> None:
    spec = interpret("simple bwb ring for a parlor").spec
    assert spec.instrument == "parlor"
    assert [ring.materials for ring in spec.rings] == [("black_fibre", "white_fibre", "black_fibre")]


def test_d_45_style() -> None:
    spec = interpret("D-45 style abalone ring, black/white lines, 4 inch hole").spec
    assert spec.soundhole_diameter == 101_600
    assert [ring.kind for ring in spec.rings] == ["lines", "gap", "lines", "shell", "lines", "gap", "lines"]
    assert spec.rings[3].materials == ("abalone",)


def test_three_rings_of_a_martin_28() -> None:
    spec = interpret("three-ring Martin 28 look").spec
    assert [len(ring.materials) for ring in spec.rings if ring.kind == "lines"] == [5, 9, 5]
    assert [3200 <= ring.width <= 4800 for ring in spec.rings if ring.kind == "gap"] == [True, True]


@pytest.mark.parametrize(
    ("prompt", "members"),
    [
        (
            "rope pattern, ebony and padauk, 6 mm band",
            {"kind": "rope", "materials": ("ebony", "padauk"), "width": 6000},
        ),
        ("checkerboard abalone and ebony, 48 tiles", {"materials": ("abalone", "ebony"), "tile_count": 48}),
        ("celtic knot, walnut on maple, 1.5 mm strands", {"materials": ("walnut", "maple"), "strand": 1500}),
        ("12 spoke wheel, koa and maple", {"kind": "wheel", "tile_count": 12, "materials": ("koa", "maple")}),
        ("segmented rosewood, 12 wedges", {"kind": "wedges", "tile_count": 12, "materials": ("east_indian_rosewood",)}),
        ("mosaic tile 11x11 diamond, red green natural", {"kind": "mosaic", "rows": 11, "motif": "diamond"}),
        ("solid spalted maple ring 8 mm with bwb", {"kind": "solid", "width": 8000, "materials": ("spalted_maple",)}),
        ("bloodwood centre with maple purfling .020 inch", {"kind": "solid", "materials": ("bloodwood",)}),
        ("Greek key in wenge on holly, 9 mm", {"kind": "greek_key", "width": 9000, "materials": ("wenge", "holly")}),
        ("dots of pearl in ebony, 3 mm dots", {"kind": "dots", "strand": 3000}),
        ("rope in koa and ebony with maple lines", {"materials": ("koa", "ebony")}),
        ("herringbone 3 mm", {"width": 3000}),
        ("3 mm herringbone", {"width": 3000}),
        ("a herringbone ring, hole 90 mm, 3 mm wide band", {"width": 3000}),
        ("paua 3.5 mm ring", {"kind": "shell", "materials": ("paua",), "width": 3500}),
        ("hueso y ebano ajedrez", {"kind": "checkerboard", "materials": ("bone", "ebony")}),
        ("koa rope", {"materials": ("koa", "ebony")}),
    ],
)
def test_the_ring_is_what_was_said(prompt: str, members: dict[str, Any]) -> None:
    ring = only(prompt)
    assert {name: getattr(ring, name) for name in members} == members


def test_lines_are_as_thick_and_as_many_as_was_said() -> None:
    assert {ring.width for ring in lines("bloodwood centre with maple purfling .020 inch")} == {508}
    assert {ring.width for ring in lines("0.2 mm lines please")} == {600}
    assert {ring.materials for ring in lines("koa ring 5 mm, five lines")} == {
        ("black_fibre", "white_fibre", "black_fibre", "white_fibre", "black_fibre")
    }
    assert {ring.materials for ring in lines("rope, red and black lines")} == {
        ("red_veneer", "black_fibre", "red_veneer")
    }


def test_sizes_of_the_whole() -> None:
    understood = interpret("rosette for OM, 98 mm hole, 3/16 in wide, 1.5 mm deep")
    spec = understood.spec
    assert (spec.instrument, spec.soundhole_diameter, spec.width, spec.channel_depth) == ("om", 98_000, 4763, 1500)
    assert "3/16 in is 4.7625 mm, kept as 4.763 mm" in understood.assumptions
    assert interpret("hole 86 wide 20 mm herringbone").spec.soundhole_diameter == 86_000


def test_what_the_prompt_does_without_is_not_there() -> None:
    spec = interpret("no shell, all wood, dark on cedar top").spec
    assert spec.top == "cedar"
    used = {name for ring in spec.rings for name in ring.materials}
    assert used <= {"ebony", "walnut", "padauk", "east_indian_rosewood"}
    assert not lines("ears of wheat, no lines")
    without = interpret("D-45 style without abalone").spec
    assert "abalone" not in {name for ring in without.rings for name in ring.materials}


def test_spanish() -> None:
    spec = interpret("rosetta clásica con espiga").spec
    assert spec.instrument == "classical"
    assert "herringbone" in {ring.kind for ring in spec.rings}
    assert interpret("boca 85 mm, trenza sin filetes").spec.soundhole_diameter == 85_000


def test_hearts_are_not_supported_and_that_is_said() -> None:
    understood = interpret("abalone hearts")
    assert understood.unrecognized == ("hearts",)
    assert "hearts cannot be drawn yet; the nearest is dots" in understood.assumptions
    assert only("abalone hearts").materials[0] == "abalone"


def test_what_was_not_understood_comes_back() -> None:
    understood = interpret("herringbone with unicorns and 7 of those")
    assert understood.unrecognized == ("unicorns", "those", "7 (of what?)")


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "!!! ... ,,,", "-", "\x07\x1b[", "☃☃☃"])
def test_an_empty_or_symbol_only_prompt_is_answered_with_examples(prompt: str) -> None:
    with pytest.raises(PromptEmpty) as refused:
        interpret(prompt)
    assert "for example: classical rosette" in refused.value.detail
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("86 mm hole, 2 inch hole", "the soundhole is given twice: 86 mm and 2 in"),
        ("classical guitar, rope, for a dreadnought", "instrument is given twice: classical and dreadnought"),
        ("rope 6 mm band, 7 mm band", "the width is given twice: 6 mm and 7 mm"),
        ("-3 tiles", "say a whole number from 1 to 2000"),
        ("1e9 spokes", "say a whole number from 1 to 2000"),
        ("2.5 tiles mosaic", "say a whole number from 1 to 2000"),
        ("0 mm deep", "the depth can be 0.05 to 20 mm"),
        ("-86 mm hole", "the soundhole can be 20 to 200 mm"),
        ("9000 mm hole", "the soundhole can be 20 to 200 mm"),
        ("0.001 mm lines", "a line can be 0.05 to 20 mm"),
        ("rope 12 mm band, rosette 8 mm wide, wbw lines", "need 15 mm, the rosette is to be 8 mm wide"),
        ("dots, 8 mm dots, 6 mm ring", "strands or dots of 8 mm do not fit in a ring of 6 mm"),
        ("mosaic 11x9", "the built-in tiles are square"),
    ],
)
def test_contradictory_and_absurd_numbers_are_answered_clearly(prompt: str, said: str) -> None:
    assert said in refusal(prompt)


def test_saying_the_same_twice_is_no_contradiction() -> None:
    assert interpret("86 mm hole, rope, soundhole 8.6 cm").spec.soundhole_diameter == 86_000


def test_a_wide_rosette_and_thin_lines_are_drawn_as_they_were_asked_for() -> None:
    assert interpret("rosette 60 mm wide").spec.width == 60_000
    assert render(interpret("rosette 60 mm wide").spec)


@pytest.mark.parametrize("filler", ["rope ", "9 mm ", "no ", "1/2 ", "Ж", "\x01", "maple and ", "🎸", "- ", ","])
def test_a_prompt_of_10_kb_is_bounded_work(filler: str) -> None:
    prompt = "classical " + filler * (MAX_PROMPT_BYTES // len(filler.encode()) - 3)
    began = time.process_time()
    try:
        understood = interpret(prompt)
    except ValidationFailed as refused:
        assert len(str(refused.errors)) < 200_000  # noqa: PT017 - either outcome is fine, both are bounded
    else:
        assert len(understood.unrecognized) <= 50
    assert time.process_time() - began < 2


def test_a_longer_prompt_is_refused() -> None:
    assert interpret("rope" + " " * (MAX_PROMPT_BYTES - 4)).spec
    assert "too long" in refusal("rope" + " " * MAX_PROMPT_BYTES)


@pytest.mark.parametrize("prompt", ["rope\x00", "rope \ud800"])
def test_what_is_no_text_is_refused(prompt: str) -> None:
    assert "no text" in refusal(prompt)


def test_instrument_and_cutter_may_come_beside_the_prompt() -> None:
    understood: Interpretation = interpret("rope", instrument="parlor", tool_diameter_mm=1.5875)
    assert understood.spec.instrument == "parlor"
    assert understood.spec.constraints.tool_diameter == 1588
    for wrong in ({"instrument": "lute"}, {"tool_diameter_mm": 0.0}, {"tool_diameter_mm": float("nan")}):
        with pytest.raises(ValidationFailed):
            interpret("rope", **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValidationFailed, match="twice"):
        interpret("OM rope", instrument="parlor")


@pytest.mark.parametrize(
    ("prompt", "rows", "width"),
    [
        ("1 mm squares", 6, 6000),
        ("checkerboard of 1 mm squares, ebony and maple", 6, 6000),
        ("6 mm checkerboard of 1.4 mm squares", 4, 6000),
        ("damero con cuadrados de 2 mm", 3, 6000),
        ("checkerboard, 1 mm squares, 4 mm band", 4, 4000),
        ("1 mm squares 4 mm band", 4, 4000),
    ],
)
def test_squares_are_as_large_as_they_were_asked_for(prompt: str, rows: int, width: int) -> None:
    board = next(ring for ring in rings(prompt) if ring.kind == "checkerboard")
    assert (board.rows, board.width) == (rows, width)


def test_squares_that_do_not_fill_the_ring_are_said() -> None:
    found = interpret("6 mm checkerboard of 1.4 mm squares")
    assert "squares of 1.4 mm do not fill 6 mm: 4 rows of 1.5 mm" in found.assumptions


@pytest.mark.parametrize(
    ("prompt", "missed"),
    [
        ("squares of ebony and maple", "squares"),
        ("mosaic of 0.8 mm squares", "0.8 mm squares (the tiles of a mosaic follow from its motif)"),
    ],
)
def test_squares_that_mean_nothing_here_are_said(prompt: str, missed: str) -> None:
    assert interpret(prompt).unrecognized == (missed,)


@pytest.mark.parametrize(
    ("prompt", "count", "width"),
    [
        ("rope between two 1 mm lines", 1, 1000),
        ("abalone between 2 ebony lines", 1, 500),
        ("abalone zwischen zwei linien", 1, 500),
        ("nacar entre dos filetes de ebano", 1, 500),
        ("rope between four lines", 2, 1000),
        ("rope with two 1 mm lines", 2, 2000),
        ("rope between bwb lines", 3, 1500),
    ],
)
def test_lines_between_which_a_ring_stands_are_shared_by_its_sides(prompt: str, count: int, width: int) -> None:
    first, _, last = interpret(prompt).spec.rings
    assert (first.kind, len(first.materials), first.width) == ("lines", count, width)
    assert (last.kind, len(last.materials), last.width) == ("lines", count, width)
