"""The drawing as a stranger reads it: an XML parser, a ruler, the rules of the text."""

import json
import re

import pytest

from rmos.digest import sha256_hex
from rmos.rosette.interpret import interpret
from rmos.rosette.spec import Ring, RosetteSpec, spec_sha256
from rmos.rosette.svg import Profile, render
from rmos.rosette.vary import vary
from rmos.svg import validate_svg
from tests.rosette.makers import BWB, SVG, TYPICAL, by_id, make_ring, make_spec, outlines, parse, paths_of
from tests.rosette.prompts import PROMPTS

DRAWN = [prompt for prompt, _ in PROMPTS]
HALF_UM = 0.0006


def drawn(prompt: str) -> tuple[RosetteSpec, str]:
    spec = vary(interpret(prompt).spec, 5)
    return spec, render(spec)


@pytest.mark.parametrize("prompt", DRAWN)
def test_the_rings_measure_what_the_spec_states(prompt: str) -> None:
    """Radii from the parsed geometry: each ring begins where the one before it ends, from the hole's edge on."""
    spec, svg = drawn(prompt)
    root = parse(svg)
    radius = spec.soundhole_diameter // 2 / 1000 + spec.edge_gap / 1000
    hole = by_id(root, "SOUNDHOLE").find(f"{SVG}circle")
    assert hole is not None
    assert float(hole.attrib["r"]) * 2 == pytest.approx(spec.soundhole_diameter / 1000, abs=0.0011)
    for place, ring in enumerate(spec.rings, start=1):
        outer = radius + ring.width / 1000
        if ring.kind != "gap":
            edge = outlines(list(paths_of(by_id(root, f"ring-{place}-{ring.kind}")))[-1])
            assert [outline.closed for outline in edge] == [True, True]
            assert min(edge[1].radii) == pytest.approx(radius, abs=HALF_UM)
            assert max(edge[0].radii) == pytest.approx(outer, abs=HALF_UM)
        radius = outer
    assert radius == pytest.approx(spec.outer_radius / 1000)


@pytest.mark.parametrize("prompt", DRAWN)
def test_the_text_keeps_its_rules(prompt: str) -> None:
    _, svg = drawn(prompt)
    assert svg.endswith("</svg>\n")
    assert "\r" not in svg
    assert not re.search(r"-0(?![.\d])", svg)
    assert not re.search(r"\d\.\d{4}", svg.replace(json_of(svg), ""))
    assert not re.search(
        r"\.\d*0(?=[^\d])", re.sub(r"<metadata>.*?</metadata>|<title>.*?</desc>|<text.*?</text>", "", svg, flags=re.S)
    )
    assert len(svg.encode()) < 60_000
    assert "<script" not in svg
    assert not re.search(r"\bon\w+=|https?://(?!www\.w3\.org/2000/svg)", svg)


@pytest.mark.parametrize("profile", ["compact", "cam"])
@pytest.mark.parametrize("prompt", DRAWN)
def test_a_browser_may_be_shown_either_profile(prompt: str, profile: Profile) -> None:
    verdict = validate_svg(render(drawn(prompt)[0], profile).encode())
    assert verdict.ok, verdict.reason


def json_of(svg: str) -> str:
    found = re.search(r"<metadata>(.*?)</metadata>", svg)
    assert found is not None
    return found.group(1)


def test_the_root_is_in_real_millimetres_with_a_scale_bar() -> None:
    root = parse(render(make_spec(BWB, make_ring("rope"))))
    width = float(root.attrib["width"].removesuffix("mm"))
    height = float(root.attrib["height"].removesuffix("mm"))
    assert root.attrib["viewBox"].split()[2:] == [root.attrib["width"][:-2], root.attrib["height"][:-2]]
    assert width == 2 * (43 + 3 + 7.5 + 9)
    assert height > width
    assert "h10v" in by_id(root, "scale-10mm").attrib["d"]
    assert any(text.text == "Ø 86 mm" for text in root.iter(f"{SVG}text"))


def test_title_description_and_metadata_say_what_it_is() -> None:
    spec = make_spec(BWB, make_ring("rope"))
    svg = render(spec, prompt_sha256=sha256_hex(b"rope"))
    root = parse(svg)
    assert root.findtext(f"{SVG}title") == "Rosette: rope in ebony and padauk"
    assert "rope in ebony and padauk, 6 mm" in (root.findtext(f"{SVG}desc") or "")
    about = json.loads(json_of(svg))
    assert about == {
        "generator": "rmos_rosette",
        "version": "1.0.0",
        "profile": "compact",
        "seed": 5,
        "spec_sha256": spec_sha256(spec),
        "prompt_sha256": sha256_hex(b"rope"),
    }
    assert json_of(svg) == json.dumps(about, sort_keys=True, separators=(",", ":"))


def test_the_palette_of_the_spec_wins() -> None:
    svg = render(make_spec(make_ring("band", materials=("koa",)), palette={"koa": "#123456"}))
    assert 'fill="#123456"' in svg


@pytest.mark.parametrize("kind", TYPICAL)
def test_the_profile_for_cutting_has_closed_paths_in_layers_and_no_transforms(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind), Ring(kind="gap", width=3000), BWB)
    svg = render(spec, "cam")
    assert "transform" not in svg
    assert "<use" not in svg
    root = parse(svg)
    layers = [group.get("id") for group in root.findall(f"{SVG}g")]
    assert layers == ["CHANNEL", "SOUNDHOLE", "RINGS", "CHECK"]
    for layer in layers[:3]:
        for d in paths_of(by_id(root, str(layer))):
            assert all(outline.closed for outline in outlines(d))
    channels = [outlines(d) for d in paths_of(by_id(root, "CHANNEL"))]
    assert [[round(max(outline.radii), 3) for outline in channel] for channel in channels] == [
        [53.5, 46.0],
        [58.0, 56.5],
    ]
    hole = outlines(next(paths_of(by_id(root, "SOUNDHOLE"))))
    assert [round(max(outline.radii), 3) for outline in hole] == [43.0]


@pytest.mark.parametrize("kind", ["shell", "wedges", "wheel", "dots", "greek_key", "celtic", "diamond"])
def test_both_profiles_show_the_same_pieces(kind: str) -> None:
    """As many outlines as repeats times the pieces of one cell, and the same area."""
    spec = make_spec(make_ring(kind), seed=3)
    cam = [line for d in paths_of(by_id(parse(render(spec, "cam")), f"ring-1-{kind}")) for line in outlines(d)][2:]
    root = parse(render(spec))
    used = list(by_id(root, f"ring-1-{kind}").iter(f"{SVG}use"))
    blocks = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    places = []
    for use in used:
        group = blocks[use.attrib["href"][1:]]
        inner = list(group.iter(f"{SVG}use"))
        places += [blocks[one.attrib["href"][1:]] for one in inner] if inner else [group]
    pieces = [
        outline
        for group in places
        for path in group.iter(f"{SVG}path")
        if path.get("fill-rule") == "evenodd"
        for outline in outlines(path.attrib["d"])
    ]
    assert len(pieces) == len(cam) > 0
    assert sum(piece.area for piece in pieces) == pytest.approx(sum(piece.area for piece in cam), rel=2e-3)
