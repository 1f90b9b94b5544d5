"""The plan on paper: at full size, on sheets of A4, the same bytes everywhere."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from rmos.digest import sha256_hex
from rmos.rosette.glueup.plan import plan_of
from rmos.rosette.glueup.strip_cuts import sheet_width
from rmos.rosette.glueup.trade import round_up
from rmos.rosette.interpret import interpret
from rmos.rosette.materials import MATERIALS
from rmos.rosette.plan_pages import plan_html, plan_svg
from rmos.rosette.spec import RosetteSpec, mm_text
from rmos.rosette.vary import vary
from rmos.svg import validate_svg
from tests.browser import chromium
from tests.rosette.makers import BWB, SVG, TYPICAL, make_ring, make_spec, parse

HEIGHT = 297


def drawn(prompt: str) -> RosetteSpec:
    return vary(interpret(prompt).spec, 3)


def words(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in parse(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", TYPICAL)
def test_every_kind_has_a_plan_that_a_browser_may_show(kind: str) -> None:
    svg = plan_svg(make_spec(BWB, make_ring(kind), make_ring("mosaic", symmetry="inversion", motif="steps"), BWB))
    assert validate_svg(svg.encode()).ok
    root = parse(svg)
    sheets = [element for element in root.iter(f"{SVG}g") if element.get("id", "").startswith("sheet-")]
    assert root.attrib["width"] == "210mm"
    assert root.attrib["height"] == f"{HEIGHT * len(sheets)}mm"
    assert root.attrib["viewBox"] == f"0 0 210 {HEIGHT * len(sheets)}"


@pytest.mark.parametrize("prompt", ["classical rosette", "Torres", "D-45", "rosette 60 mm wide", "solid koa, no lines"])
def test_nothing_lies_outside_its_sheet(prompt: str) -> None:
    for sheet in parse(plan_svg(drawn(prompt))).iter(f"{SVG}g"):
        if not sheet.get("id", "").startswith("sheet-"):
            continue
        for element in sheet.findall(f"{SVG}text"):
            size, shown = float(element.attrib["font-size"]), "".join(element.itertext())
            x, y, wide = float(element.attrib["x"]), float(element.attrib["y"]), 0.55 * size * len(shown)
            left = {"middle": x - wide / 2, "end": x - wide}.get(element.get("text-anchor", ""), x)
            assert 5 < left <= left + wide < 207, shown
            assert 5 < y < HEIGHT - 5, shown
        for element in sheet.findall(f"{SVG}rect"):
            x, y, wide, high = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
            assert 5 < x < x + wide < 205
            assert 5 < y < y + high < HEIGHT - 5


def test_the_log_and_the_bar_are_at_full_size() -> None:
    spec = drawn("classical rosette")
    svg = plan_svg(spec)
    (glued,) = plan_of(spec).tiles
    tile = (glued.inner + glued.outer) * len(glued.logs[0].columns) // 2
    assert f'width="150" height="{mm_text(tile)}"' in svg
    assert "M12 289L112 289" in svg
    assert svg.count("100 mm: print at 100 %") == svg.count('id="sheet-')
    # The rosette itself: its check dimension, unscaled.
    assert "M-43 0H43" in svg


def test_the_tile_is_drawn_with_its_taper() -> None:
    spec = drawn("classical rosette")
    (glued,) = plan_of(spec).tiles
    shown = words(plan_svg(spec))
    assert f"column outside {mm_text(glued.outer)} mm" in shown
    assert f"column inside {mm_text(glued.inner)} mm" in shown
    assert f"taper {mm_text(glued.taper)} mm" in shown


@pytest.mark.parametrize(
    "prompt", ["classical rosette", "herringbone in maple and ebony", "Torres, inverted steps mosaic"]
)
def test_the_plan_tells_all_that_is_cut(prompt: str) -> None:
    spec = drawn(prompt)
    plan, shown = plan_of(spec), words(plan_svg(spec))
    for cut in plan.cuts:
        length, thickness = mm_text(round_up(cut.length, 100)), mm_text((cut.thickness + 5) // 10 * 10)
        assert {MATERIALS[cut.material].name, str(cut.count), length, thickness} <= set(shown)
        assert mm_text(sheet_width(cut)) in shown
    for stack in (stack for glued in plan.tiles for stack in glued.stacks):
        assert f"{stack.copies} col." in shown
    for glued in plan.tiles:
        assert any(f"Slice {glued.tile_count} tiles {mm_text(glued.height)} mm thick" in text for text in shown)
    for block in plan.blocks:
        piece = mm_text(round_up(block.piece_length, 100))
        assert any(f"{block.pieces} pieces {piece} mm long" in text for text in shown)


def test_a_sheet_takes_strips_and_a_kerf_between_each_two() -> None:
    cut = plan_of(drawn("classical rosette")).cuts[0]
    assert sheet_width(cut) == cut.width
    three = next(one for one in plan_of(drawn("herringbone")).cuts if one.use == "block")
    assert sheet_width(three) == three.count * three.width + (three.count - 1) * 600


@pytest.mark.parametrize(
    "prompt", ["celtic knot 10 mm", "16 spoke wheel, padauk and wenge", "pearl dots in ebony 5 mm"]
)
def test_every_wood_of_a_ring_is_on_some_list(prompt: str) -> None:
    spec = drawn(prompt)
    shown = words(plan_svg(spec))
    for name in {name for ring in spec.rings for name in ring.materials}:
        # Once in the key of colours, and once where it is cut.
        assert shown.count(MATERIALS[name].name) >= 2, name


def test_what_is_drawn_stays_on_its_sheet() -> None:
    for prompt in ("8 mm rope of ebony and maple", "herringbone 12 mm", "wheat 9 mm", "classical rosette"):
        charts = re.findall(r'stroke-width=".08" d="M([^"]*)Z"', plan_svg(drawn(prompt)))
        across = [float(corner.split()[0]) for chart in charts for corner in chart.split("L")]
        assert across
        assert max(across) <= 198


def test_a_block_of_thick_veneers_has_few_of_them() -> None:
    (rope,) = plan_of(drawn("8 mm rope of ebony and maple")).blocks
    assert rope.thickness <= 25_000
    assert rope.pieces * rope.piece_length >= math.tau * 51_500
    (thin,) = plan_of(drawn("herringbone")).blocks
    assert thin.repeats * len(thin.layers) == 24


def test_what_is_not_glued_from_strips_is_listed_as_boards_and_pieces() -> None:
    shown = words(plan_svg(drawn("D-45")))
    assert "Boards and pieces" in shown
    assert "Boards and pieces" not in words(plan_svg(drawn("bwb ring")))


def test_the_same_bytes_from_run_to_run_and_machine_to_machine() -> None:
    spec = drawn("classical rosette")
    assert plan_svg(spec) == plan_svg(spec)
    assert sha256_hex(plan_svg(spec).encode()) == "430c8fc0d745a6c25862377421abb95b9b31787d5be5ca66f1e19f8d2b4a465c"
    assert sha256_hex(plan_html(spec).encode()) == "6220a5b3a63d424bf1a724080b78fd611f13f9c6c5979e764b29139bc5164fc4"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.long
@pytest.mark.chromium
def test_the_page_prints_a_sheet_of_a4_on_each_page(browser: Browser, tmp_path: Path) -> None:
    html = plan_html(drawn("classical rosette"))
    file = tmp_path / "plan.html"
    file.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    box = page.locator("svg").first.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(210 * 96 / 25.4, abs=0.1)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == html.count("<svg ")
    sizes = {
        tuple(round(float(size)) for size in found.split()) for found in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)
    }
    assert sizes <= {(0, 0, 595, 842), (0, 0, 596, 842)}
