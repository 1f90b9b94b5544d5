from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.errors.request import ValidationFailed
from rmos.rosette.change import apply_change
from rmos.rosette.interpret import interpret
from rmos.rosette.spec import decode_spec, encode_spec, mm_text, spec_sha256
from rmos.rosette.svg import render
from tests.rosette.makers import BWB, TYPICAL, make_ring, make_spec

ROPE: dict[str, Any] = {"kind": "rope", "width_mm": 6, "materials": ["ebony", "padauk"]}

HERRINGBONE: dict[str, Any] = {"kind": "herringbone", "width_mm": 3, "materials": ["maple", "ebony"], "strip_mm": 0.6}
FIRST: dict[str, Any] = {"id": "rmos_rosette", "version": "1.0.0"}


def test_lengths_are_millimetres_outside_and_micrometres_inside() -> None:
    spec = decode_spec({"soundhole_diameter_mm": 100.8, "rings": [{**ROPE, "width_mm": 4.763}]})
    assert (spec.soundhole_diameter, spec.rings[0].width) == (100_800, 4763)
    assert encode_spec(spec)["soundhole_diameter_mm"] == 100.8
    assert encode_spec(spec)["rings"][0]["width_mm"] == 4.763


@pytest.mark.parametrize("kind", TYPICAL)
def test_a_spec_comes_back_as_it_was(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind), BWB, palette={"koa": "#aa5500"})
    assert decode_spec(encode_spec(spec)) == spec
    assert spec_sha256(decode_spec(encode_spec(spec))) == spec_sha256(spec)


def test_what_the_interpreter_says_can_be_sent_back() -> None:
    spec = interpret("rosette for OM, 98 mm hole, 3/16 in wide, 1.5 mm deep").spec
    assert decode_spec(encode_spec(spec)) == spec


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"soundhole_diameter_mm": "86"}, "soundhole_diameter_mm"),
        ({"soundhole_diameter_mm": 86.00001}, "3 decimals"),
        ({"soundhole_diameter_mm": float("nan")}, "soundhole_diameter_mm"),
        ({"soundhole_diameter": 86}, "write `soundhole_diameter_mm`"),
        ({"soundhole_diameter_mm": 5}, ">= 20000"),
        ({"colour": "red"}, "colour"),
        ({"rings": []}, "rings"),
        ({"rings": [{**ROPE, "kind": "heart"}]}, "rings[0].kind"),
        ({"rings": [{**ROPE, "materials": ["cheese"]}]}, "cheese is no known material"),
        ({"rings": [{**ROPE, "materials": []}]}, "at least one material"),
        ({"rings": [{**ROPE, "tile_count": 0}]}, "tile_count"),
        ({"rings": [{**ROPE, "tile_count": 48.0}]}, "tile_count"),
        ({"rings": [{**ROPE, "tile_count": True}]}, "tile_count"),
        ({"rings": [{**ROPE, "width_mm": 90}] * 3}, "250 mm is the most"),
        ({"rings": [{**ROPE, "tile_count": 2000}] * 7}, "more than 12000 tiles"),
        ({"rings": [{**ROPE, "kind": "mosaic", "bitmap": ["01", "012"]}]}, "same number of sticks"),
        ({"rings": [{**ROPE, "kind": "mosaic", "bitmap": ["02"]}]}, "beyond the list of materials"),
        ({"rings": [{**ROPE, "kind": "mosaic", "bitmap": ["0x"]}]}, "bitmap"),
        ({"rings": [{**ROPE, "kind": "dots", "strand_mm": 5}]}, "at most 80 %"),
        ({"palette": {"koa": "red"}}, "palette"),
        ({"palette": {"cheese": "#ff0000"}}, "cheese"),
        ({"top": "cheese"}, "cheese"),
        ({"generator": {"id": "rmos_rosette", "version": "0.0.1"}}, "version"),
        ({"rings": [{**HERRINGBONE, "kind": "rope"}]}, "only herringbone is glued from strips"),
        ({"rings": [HERRINGBONE], "generator": FIRST}, "1.0.0 cannot draw this"),
        ({"seed": 2**53}, "seed"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        decode_spec({"soundhole_diameter_mm": 86, "rings": [ROPE], **change})
    assert said in str(refused.value.errors)


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({}, "1.0.0"),
        ({"rings": [HERRINGBONE]}, "1.1.0"),
        ({"rings": [{**ROPE, "materials": ["boxwood", "ebony"]}]}, "1.1.0"),
        ({"palette": {"snakewood": "#803010"}}, "1.1.0"),
        ({"generator": {**FIRST, "version": "1.1.0"}}, "1.1.0"),
    ],
)
def test_a_spec_names_the_first_version_that_draws_it(change: dict[str, Any], version: str) -> None:
    spec = decode_spec({"soundhole_diameter_mm": 86, "rings": [ROPE], **change})
    assert spec.generator.version == version
    assert decode_spec(encode_spec(spec)) == spec
    assert f'"version":"{version}"' in render(spec)


def test_a_change_keeps_the_version_until_it_needs_another() -> None:
    rope = decode_spec({"soundhole_diameter_mm": 86, "rings": [ROPE]})
    assert apply_change(rope, "wider").spec.generator.version == "1.0.0"
    assert apply_change(rope, "rope in boxwood and ebony").spec.generator.version == "1.1.0"
    thin = apply_change(rope, "herringbone").spec
    assert (thin.rings[0].strip, thin.generator.version) == (600, "1.1.0")
    assert apply_change(thin, "0.5 mm strips herringbone").spec.rings[0].strip == 500
    assert apply_change(thin, "herringbone, 40 tiles").spec.rings[0].strip is None
    assert apply_change(thin, "rope").spec.rings[0].strip is None


@pytest.mark.parametrize("document", [None, [], "rope", 7, {}, {"rings": {}}, {"rings": [None]}])
def test_what_is_no_spec_at_all_is_refused_too(document: object) -> None:
    with pytest.raises(ValidationFailed):
        decode_spec(document)


@given(st.integers(-(10**9), 10**9))
def test_millimetres_are_written_in_the_shortest_way(um: int) -> None:
    text = mm_text(um)
    assert round(float(text) * 1000) == um
    assert text != "-0"
    assert len(text.partition(".")[2]) <= 3
    assert not ("." in text and text[-1] in "0.")
