"""What is asked for is drawn, or said not to be: sentences that were once drawn otherwise, and their brothers."""

from itertools import pairwise

import pytest

from rmos.errors.request import ValidationFailed
from rmos.rosette.interpret import NOTHING, interpret
from rmos.rosette.manufacture import manufacture
from tests.rosette.makers import outline

SHELL_BETWEEN = "lines 1.5 bwb | shell 2.381 abalone | lines 1.5 bwb"
THREE = "shell 5 abalone | lines 1.5 bwb | rope 3 koa+ebony"
DOTS = "lines 1.5 bwb | dots 5 mother_of_pearl+ebony x24 | lines 1.5 bwb"


@pytest.mark.parametrize(
    ("prompt", "rings"),
    [
        # A number and a material stay with their ring when lines are named behind it.
        ('abalone 3/32" with bwb purfling both sides', SHELL_BETWEEN),
        ("3/32 inch abalone with bwb", SHELL_BETWEEN),
        ("3/32 in abalone flanked by bwb purfling", SHELL_BETWEEN),
        ("3/32nds of an inch abalone between bwb lines", SHELL_BETWEEN),
        ('3/32" abalone ring, bwb each side', SHELL_BETWEEN),
        ("herringbone in maple and koa with bwb", "lines 1.5 bwb | herringbone 5 maple+koa | lines 1.5 bwb"),
        ("maple and ebony with wbw", "lines 1.5 wbw | wedges 9 maple+ebony | lines 1.5 wbw"),
        ("rope in koa and maple 6 mm with bwb", "lines 1.5 bwb | rope 6 koa+maple | lines 1.5 bwb"),
        ("rope and bwb both sides", "lines 1.5 bwb | rope 5 ebony+maple | lines 1.5 bwb"),
        ("rope, bwb lines, both sides", "lines 1.5 bwb | rope 5 ebony+maple | lines 1.5 bwb"),
        ("20 thou lines, koa ring 5 mm", "lines 1.524 bwb | solid 5 koa | lines 1.524 bwb"),
        ('abalone ring, 1/8" wide, with bwb', "lines 1.5 bwb | shell 3.175 abalone | lines 1.5 bwb"),
        ("maple ring 12 mm bordered by ebony lines 0.6 mm", "lines 0.6 ebony | solid 12 maple | lines 0.6 ebony"),
        (
            "ebony/maple/ebony purfling around a 5 mm pear ring",
            "lines 1.5 ebony/maple/ebony | solid 5 pear | lines 1.5 ebony/maple/ebony",
        ),
        ("rope, bwb lines, 4 mm band", "lines 1.5 bwb | rope 4 ebony+maple | lines 1.5 bwb"),
        ("bwb on the inside and outside, 4 mm koa", "lines 1.5 bwb | solid 4 koa | lines 1.5 bwb"),
        ("simple ebony line", "lines 2.4 ebony"),
        ("wheel in koa with boxwood spokes 1 mm", "lines 1.5 bwb | wheel 9 koa+boxwood | lines 1.5 bwb"),
        # A list of woods is one list, whatever divides it; a tile of one wood has a ground.
        ("rope in koa, maple and ebony", "lines 1.5 bwb | rope 5 koa+maple+ebony | lines 1.5 bwb"),
        (
            "mosaic in red, black, and natural",
            "lines 1.5 bwb | mosaic 6.5 natural_veneer+red_veneer+black_veneer | lines 1.5 bwb",
        ),
        ("mosaic in koa", "lines 1.5 bwb | mosaic 6.5 natural_veneer+koa | lines 1.5 bwb"),
        ("mosaic in bone", "lines 1.5 bwb | mosaic 6.5 bone+black_veneer | lines 1.5 bwb"),
        # The nearer of two lengths is the hole's; a narrow whole is a ring, wide tiles are a whole.
        ("wheat in pear and ebony 5 mm around 90 mm soundhole", "lines 1.5 bwb | wheat 5 pear+ebony | lines 1.5 bwb"),
        ("rosace en ormeau de 4 mm avec filets noir blanc noir", "lines 1.5 bwb | shell 4 abalone | lines 1.5 bwb"),
        ("Hauser mosaic 20 mm", "lines 1.5 black_fibre/natural_veneer/black_fibre | half_herringbone 1.8 …"),
        # Of shell there are no veneers, and bordo is maple in Portuguese.
        (
            "herringbone in maple with abalone",
            "lines 1.5 bwb | shell 2 abalone | lines 1.5 bwb | herringbone 5 maple+ebony …",
        ),
        ("roseta de corda em ébano e bordo 6 mm", "lines 1.5 bwb | rope 6 ebony+maple | lines 1.5 bwb"),
        ("braided rope in walnut and maple", "lines 1.5 bwb | braid 6 walnut+maple | lines 1.5 bwb"),
        ("Perlmutt Punkte in Ebenholz, 12 Stück", DOTS.replace("x24", "x12")),
        # Nothing but what is named.
        ("black lines only, 3 lines", "lines 1.5 bbb"),
        ("only a koa ring 6 mm", "solid 6 koa"),
        ("just herringbone, nothing else", "herringbone 6 maple+ebony"),
        (
            "3 mm herringbone each side of a 12 mm koa ring",
            "lines 1.5 bwb | herringbone 3 maple+ebony | lines 1.5 bwb | solid 12 …",
        ),
        # Edges are rings of their own when they are named by their material.
        ("koa rope and 2 mm abalone edges", "lines 1.5 bwb | shell 2 abalone | lines 1.5 bwb | rope 5 koa+ebony …"),
        ("rope with abalone edges", "lines 1.5 bwb | shell 2 abalone | lines 1.5 bwb | rope 5 ebony+maple …"),
        ("rope in the middle, abalone on both sides", "lines 1.5 bwb | shell 2 abalone | lines 1.5 bwb | rope 5 …"),
        (
            "rope centre, wheat edges, 4 mm centre, 2 mm edges",
            "lines 1.5 bwb | wheat 2 maple+walnut | lines 1.5 bwb | rope 4 …",
        ),
        (
            "3 mm rope both sides of a 10 mm koa centre",
            "lines 1.5 bwb | rope 3 ebony+maple | lines 1.5 bwb | solid 10 …",
        ),
        ("3 mm herringbone and abalone ring 4 mm", "lines 1.5 bwb | shell 4 abalone | lines 1.5 bwb | herringbone 3 …"),
        ("5 mm abalone and 3 mm koa", "lines 1.5 bwb | solid 3 koa | lines 1.5 bwb | shell 5 abalone …"),
        # Dots lie in the wood that was said, as far apart as was said.
        ("ebony band with pearl dots every 15 degrees", DOTS),
        ("pearl dots every 15 degrees in an ebony ring", DOTS),
        ("dots of pearl in ebony, spaced 15 degrees apart", DOTS),
        ("ebony ring 5 mm inlaid with 24 pearl dots", DOTS),
        ("ebony ring, 5 mm wide, with 24 pearl dots", DOTS),
        ("pearl dots in ebony every 15°", DOTS),
        ("maple dots on walnut, 12 dots", "lines 1.5 bwb | dots 5 maple+walnut x12 | lines 1.5 bwb"),
        ("koa band with diamonds", "lines 1.5 bwb | diamond 6 mother_of_pearl+koa | lines 1.5 bwb"),
        ("koa band with maple diamonds, bwb, 4 mm band", "lines 1.5 bwb | diamond 4 maple+koa | lines 1.5 bwb"),
        (
            "maple and ebony ring with pearl dots",
            "lines 1.5 bwb | dots 3 mother_of_pearl+ebony | lines 1.5 bwb | wedges 9 maple+ebony …",
        ),
        ("wedges every 30 degrees", "lines 1.5 bwb | wedges 9 east_indian_rosewood x12 | lines 1.5 bwb"),
        # Rings that are listed are all drawn, in their order, and no others.
        ("5 mm abalone, then bwb, then 3 mm rope in koa and ebony", THREE),
        ("first 5 mm abalone, second bwb, third 3 mm rope in koa and ebony", THREE),
        ("from the outside in: 3 mm rope in koa and ebony, bwb, 5 mm abalone", THREE),
        ("from the hole outwards: bwb, 3 mm gap, 4 mm koa", "lines 1.5 bwb | gap 3 | solid 4 koa"),
        ("bwb, 5 mm abalone, bwb, 3 mm koa, bwb", "lines 1.5 bwb | shell 5 abalone | lines 1.5 bwb | solid 3 koa …"),
        ("bwb, rope, wbw", "lines 1.5 bwb | rope 5 ebony+maple | lines 1.5 wbw"),
        ("4 mm koa with bwb, then 3 mm rope", "lines 1.5 bwb | solid 4 koa | lines 1.5 bwb | rope 3 ebony+maple"),
        ("1 mm bwb, then 4 mm koa, then 1 mm bwb", "lines 1 bwb | solid 4 koa | lines 1 bwb"),
        (
            "herringbone, 4 mm abalone ring, checkerboard",
            "lines 1.5 bwb | herringbone 6 maple+ebony | lines 1.5 bwb | shell 4 abalone | lines 1.5 bwb | checker …",
        ),
        ("0.8 mm maple, 2 mm ebony, 0.8 mm maple", "solid 0.8 maple | solid 2 ebony | solid 0.8 maple"),
        ("three concentric rings: 2 mm bwb, 6 mm rope, 2 mm bwb", "lines 2 bwb | rope 6 ebony+maple | lines 2 bwb"),
        (
            "wbwbw purfling 2.5 mm, then 3 mm of spruce, then 4 mm abalone",
            "lines 2.5 wbwbw | gap 3 | shell 4 abalone",
        ),
        # What is done without is not there.
        ("no shell or lines, rope", "rope 5 ebony+maple"),
        ("no shell or lines around a koa rope", "rope 5 koa+ebony"),
        ("rope without shell and lines", "rope 5 ebony+maple"),
        ("without lines and rope in koa", "rope 5 koa+ebony"),
        ("line-free rope", "rope 5 ebony+maple"),
        # Numbers that end a name are no sizes.
        ("D-28 in koa", "lines 2 bwbwb | gap 4 | solid 8 koa | gap 4 | lines 2 bwbwb"),
        ("style 45 in paua, no lines", "gap 3.6 | shell 4 paua | gap 3.6"),
        ("herringbone like an HD28", "lines 2 bwbwb | gap 4 | herringbone 6 maple+ebony | gap 4 | lines 2 bwbwb"),
        # Parts of an inch in words.
        ("half an inch rope", "lines 1.5 bwb | rope 12.7 ebony+maple | lines 1.5 bwb"),
        ("an eighth of an inch abalone", "lines 1.5 bwb | shell 3.175 abalone | lines 1.5 bwb"),
        ("1/8th inch koa ring", "lines 1.5 bwb | solid 3.175 koa | lines 1.5 bwb"),
        # Woods and styles.
        ("boxwood purfling, pear centre", "lines 0.5 boxwood | solid 8 pear | lines 0.5 boxwood"),
        ("snakewood and holly checkerboard", "lines 1.5 bwb | checkerboard 6 snakewood+holly | lines 1.5 bwb"),
        (
            "walnut burl ring 6 mm, maple burl edges 2 mm",
            "lines 1.5 bwb | solid 2 maple_burl | lines 1.5 bwb | solid 6 …",
        ),
    ],
)
def test_the_rings_are_those_that_were_asked_for(prompt: str, rings: str) -> None:
    understood = interpret(prompt)
    drawn, (begins, open_end, _) = outline(understood.spec), rings.partition(" …")
    assert drawn == begins or (open_end and drawn.startswith(begins)), drawn
    assert understood.unrecognized == ()


@pytest.mark.parametrize("wide", [4, 6, 9, 12, 15, 18, 22, 27])
@pytest.mark.parametrize(
    "said",
    ["rope", "5 mm koa band", "herringbone edges", "mosaic", "bwb, rope", "Torres", "Hauser", "wheel, 0.6 mm lines"],
)
def test_the_width_is_the_one_that_was_said_or_the_prompt_is_refused(said: str, wide: int) -> None:
    try:
        rings = interpret(f"{said}, rosette {wide} mm wide").spec.rings
    except ValidationFailed as refused:
        assert f"the rosette is to be {wide} mm wide" in refused.detail  # noqa: PT017 - either outcome is fine
        return
    assert sum(ring.width for ring in rings) == wide * 1000
    assert [ring.kind for ring in rings] == [ring.kind for ring in reversed(rings)]
    # Both sides are alike, but for a micrometre that cannot be shared.
    assert all(abs(ring.width - other.width) <= 1 for ring, other in zip(rings, reversed(rings), strict=True))


def test_a_slant_is_an_angle_without_every() -> None:
    ring = next(ring for ring in interpret("herringbone 55 degrees").spec.rings if ring.kind == "herringbone")
    assert (ring.slant, ring.strip, ring.given) == (55, 600, ("kind", "slant"))
    with pytest.raises(ValidationFailed, match="80 deg slant: say a whole number from 20 to 70"):
        interpret("rope at 80°")


def test_how_far_it_begins_from_the_hole_is_no_width() -> None:
    spec = interpret("classical rosette, starts 2.5 mm from the hole, 20 mm wide").spec
    assert (spec.edge_gap, spec.width) == (2500, 20_000)


def test_bands_give_way_before_lines_do() -> None:
    spec = interpret("half herringbone edges 2 mm, mosaic centre 7 mm, 20 mm total width").spec
    assert [ring.kind for ring in spec.rings].count("lines") == 6
    assert (spec.width, spec.rings[1].width, spec.rings[5].width) == (20_000, 2000, 7000)


def test_lines_that_have_to_make_up_a_width_stay_lines() -> None:
    wide = interpret("OM, 5 mm koa band, rosette 20 mm wide")
    assert outline(wide.spec).startswith("band 6 east_indian_rosewood | lines 1.5 bwb | solid 5 koa | lines 1.5 bwb")
    assert "plain bands of 6 mm outside and inside make up 20 mm" in wide.assumptions
    assert outline(interpret("5 mm koa band, rosette 6 mm wide").spec) == "lines 0.5 b | solid 5 koa | lines 0.5 b"


@pytest.mark.parametrize("wide", [12, 14, 15, 16])
def test_no_stack_of_lines_lies_beside_an_equal_one_where_a_band_was_left_out(wide: int) -> None:
    rings = interpret(f"classical mosaic, {wide} mm wide").spec.rings
    assert all(one.kind != "lines" or one.materials != other.materials for one, other in pairwise(rings))
    assert sum(ring.width for ring in rings) == wide * 1000


@pytest.mark.parametrize(
    ("prompt", "offered"),
    [
        ("asdf qwer", ("asdf", "qwer")),
        ("herringbon", ("herringbon (did you mean herringbone?)",)),
        ("unicorn rosette please", ("unicorn",)),
    ],
)
def test_a_prompt_of_which_nothing_was_understood_says_so_first(prompt: str, offered: tuple[str, ...]) -> None:
    understood = interpret(prompt)
    assert understood.assumptions[0] == NOTHING
    assert understood.unrecognized == offered


@pytest.mark.parametrize("prompt", ["rosette", "classical", "86 mm hole, unicorns", "no shell", "dark"])
def test_a_prompt_of_which_something_was_understood_does_not(prompt: str) -> None:
    assert NOTHING not in interpret(prompt).assumptions


@pytest.mark.parametrize(
    ("word", "known"),
    [("abalnoe", "abalone"), ("rosewod", "rosewood"), ("checkrboard", "checkerboard"), ("Tores", "torres")],
)
def test_a_misspelt_word_is_offered_as_it_is_known_and_not_taken(word: str, known: str) -> None:
    assert f"{word.lower()} (did you mean {known}?)" in interpret(f"rope, {word}").unrecognized
    assert outline(interpret(f"rope, {word}").spec) == outline(interpret("rope").spec)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("no rings at all", "without rings leaves nothing to draw"),
        ("without a rosette", "without rings leaves nothing to draw"),
        ("no lines, bwb ring", "lines: asked for and ruled out"),
        ("Torres, no wheat, no edges, no mosaic, no lines, ears of wheat", "asked for and ruled out"),
    ],
)
def test_what_leaves_nothing_or_contradicts_itself_is_refused(prompt: str, said: str) -> None:
    with pytest.raises(ValidationFailed, match=said):
        interpret(prompt)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("dots in ebony every 7 degrees", "7 deg: 51 of them close the ring, 7.059 deg apart"),
        ("2 mm bwb, then 4 mm koa", "2 mm is taken for the whole stack of 3 lines"),
        ("classical, no mosaic", "no mosaic tiles: a solid ring in its place"),
        ("herringbone, rope, braid", "lines black/white/black beside the rings (none were named)"),
        ("dots in ebony", "none were named, usual beside it: lines black/white/black"),
        ("maple herringbone", "herringbone: ebony beside maple (no second wood was named)"),
        ("classical in ebony and maple", "ebony and maple: taken for mosaic tiles"),
        ("Torres", "instrument: classical (usual for this style)"),
        ("Hauser mosaic 20 mm", "20 mm is taken for the whole rosette: tiles are narrower"),
    ],
)
def test_what_was_decided_is_said(prompt: str, said: str) -> None:
    assert said in interpret(prompt).assumptions


def test_a_model_names_its_instrument() -> None:
    assert interpret("OM-28 style").spec.instrument == "om"
    assert interpret("D-28 style").spec.instrument == "dreadnought"


def test_what_was_left_out_is_not_said_to_be_beside_it() -> None:
    understood = interpret("klassische Rosette mit Fischgrätmuster aus Ahorn und Palisander, 9 mm breit")
    assert outline(understood.spec) == "lines 1.5 bwb | herringbone 6 maple+east_indian_rosewood | lines 1.5 bwb"
    assert not any("plain band" in said for said in understood.assumptions)


def test_what_cannot_be_drawn_together_is_said() -> None:
    assert interpret("Torres, maple lines, koa centre, bwb").unrecognized == (
        "maple lines (one kind of lines is drawn; list the rings in order for more)",
    )
    assert interpret("herringbone, 40 tiles, 0.5 mm strips").unrecognized == (
        "strips of 0.5 mm (their number or length was given, which decides)",
    )


@pytest.mark.parametrize(
    ("prompt", "motif"),
    [("mosaic with waves", "waves"), ("maple mosaic tiles with diamonds", "diamond"), ("diamond mosaic", "diamond")],
)
def test_a_motif_beside_a_mosaic_is_no_ring_of_its_own(prompt: str, motif: str) -> None:
    rings = [ring for ring in interpret(prompt).spec.rings if ring.kind in ("mosaic", "wave", "diamond")]
    assert [(ring.kind, ring.motif) for ring in rings] == [("mosaic", motif)]


@pytest.mark.parametrize("prompt", ["Torres, dark", "Torres, light", "Hauser, light", "wave, light", "wheel, dark"])
def test_a_pattern_of_two_woods_stays_one_whatever_the_tone(prompt: str) -> None:
    plain = ("lines", "band", "solid")
    assert all(len(set(ring.materials)) > 1 for ring in interpret(prompt).spec.rings if ring.kind not in plain)


STYLES = ("classical rosette", "classical mosaic", "Hauser", "Santos", "Fleta", "Bouchet")


@pytest.mark.parametrize(
    "prompt",
    [
        *(
            style + tone
            for style in (*STYLES, "Torres", "Martin 28")
            for tone in ("", ", dark", ", light", ", no edges", ", no wheat")
        ),
        *(f"{style}, {wide} mm wide" for style in STYLES for wide in (18, 22, 24, 28)),
    ],
)
def test_a_style_has_nothing_against_itself(prompt: str) -> None:
    assert [warning.message for warning in manufacture(interpret(prompt).spec).warnings] == []
