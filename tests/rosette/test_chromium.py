"""A browser shows the drawings without complaint, at the size they state."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from rmos.rosette.svg import Profile, render
from tests.browser import chromium, open_page
from tests.rosette.gallery import GALLERY, draw
from tests.rosette.makers import BWB, TYPICAL, make_ring, make_spec

pytestmark = [pytest.mark.chromium, pytest.mark.long]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def complaints(browser: Browser, path: Path, svg: str) -> list[str]:
    """Open the drawing as a file and return what the console said."""
    path.write_text(svg, encoding="utf-8")
    page = open_page(browser)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto(path.as_uri())
    root = page.locator("svg").first
    assert root.evaluate("one => one.querySelector('parsererror')") is None
    # A CSS millimetre is 96/25.4 px: the drawing is as large as it says.
    bar = page.locator("#scale-10mm")
    if bar.count():
        box = bar.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(10 * 96 / 25.4, abs=0.5)
    page.close()
    return said


@pytest.mark.parametrize(
    ("prompt", "seed"),
    [(prompt, seed) for _, prompt, seed, _ in GALLERY],
)
def test_drawings_of_the_gallery_render_without_a_word(
    browser: Browser, tmp_path: Path, prompt: str, seed: int
) -> None:
    assert complaints(browser, tmp_path / "drawing.svg", draw(prompt, seed)) == []


@pytest.mark.parametrize("profile", ["compact", "cam"])
def test_a_drawing_with_every_kind_renders_without_a_word(browser: Browser, tmp_path: Path, profile: Profile) -> None:
    spec = make_spec(BWB, *(make_ring(kind, width=3000) for kind in TYPICAL))
    assert complaints(browser, tmp_path / "all.svg", render(spec, profile)) == []
