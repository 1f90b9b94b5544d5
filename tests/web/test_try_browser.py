"""A cut is tried in a real browser: with the mouse, with sliders, and without scripts."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from tests.browser import open_page
from tests.web.conftest import SLOW
from tests.web.test_pages_browser import watch

pytestmark = [pytest.mark.chromium, pytest.mark.long, pytest.mark.timeout(300)]

FINE = '[data-part=map][data-steps="40"]'


def read_word(page: Page) -> str:
    return page.inner_text(".verdict .word").split()[-1]


def place_of(page: Page, letter: str) -> dict[str, float]:
    """Return where on the page the middle of a place of a colour is."""
    place: dict[str, float] = page.evaluate(
        """(letter) => {
          const map = document.querySelector("[data-part=map]");
          const [columns, rows] = [map.dataset.x.split(" ").length, map.dataset.y.split(" ").length];
          const index = map.dataset.colours.indexOf(letter);
          const plot = map.querySelector("[data-plot]");
          plot.scrollIntoView({block: "center"});
          const box = plot.getBoundingClientRect();
          return {
            x: box.left + ((index % columns) + 0.5) / columns * box.width,
            y: box.top + (rows - 0.5 - Math.floor(index / columns)) / rows * box.height,
          };
        }""",
        letter,
    )
    return place


def test_with_the_mouse_from_a_red_run_to_a_green_one(
    browser: Browser, url: str, record: Any, client: FlaskClient
) -> None:
    slow = record(SLOW)
    page = open_page(browser, viewport={"width": 1280, "height": 900})
    complaints = watch(page, url)
    page.goto(f"{url}/runs/{slow}")
    page.click("text=Try 610 mm/min")
    assert page.input_value("#feed") == "610"
    page.wait_for_selector(FINE)
    red = place_of(page, "R")
    page.mouse.move(red["x"], red["y"])
    assert "RED, " in page.inner_text("[data-hover]")
    page.mouse.click(red["x"], red["y"])
    page.wait_for_selector(".verdict.red")
    page.wait_for_selector(FINE)
    assert read_word(page) == "RED"
    green = place_of(page, "G")
    page.mouse.move(green["x"], green["y"])
    page.mouse.click(green["x"], green["y"])
    page.wait_for_selector(".verdict.green")
    feed = page.input_value("#feed")
    page.wait_for_url(lambda address: f"feed={feed}" in address)
    page.dblclick("text=Record this cut")
    page.wait_for_url(f"{url}/runs/run_*")
    assert read_word(page) == "GREEN"
    assert complaints == []
    runs = client.get("/api/rmos/runs").json["items"]
    assert [run["risk_level"] for run in runs] == ["GREEN", "RED"]
    assert runs[0]["parent_run_id"] == slow


def test_a_slider_moves_its_number_the_decision_and_the_map(browser: Browser, url: str) -> None:
    page = open_page(browser, viewport={"width": 1280, "height": 900})
    complaints = watch(page, url)
    page.goto(f"{url}/try")
    assert read_word(page) == "GREEN"
    page.focus("[data-slides=feed]")
    page.keyboard.press("Home")
    page.wait_for_selector(".verdict.red, .verdict.yellow")
    low = float(page.input_value("#feed"))
    page.wait_for_selector(FINE)
    page.keyboard.press("End")
    page.wait_for_function("low => Number(document.querySelector('#feed').value) > 30 * low", arg=low)
    high = page.input_value("#feed")
    page.wait_for_url(lambda address: f"feed={high}" in address)
    page.select_option("#operation", "saw_slice")
    page.wait_for_selector("#total", state="hidden")
    page.wait_for_selector(".verdict .say >> text=saw_slice")
    page.select_option("#operation", "channel")
    page.click("summary >> text=The piece")
    page.wait_for_selector("#total", state="visible")
    page.wait_for_selector(".verdict .say >> text=saw_slice", state="hidden")  # which stands until the answer has come
    before = page.inner_text(".verdict .say")
    page.fill("#feed", "quick")
    assert "cannot be read" in page.inner_text("[data-slip]")
    assert page.inner_text(".verdict .say") == before
    page.fill("#feed", "0,9e3")
    page.wait_for_selector("[data-slip]", state="hidden")
    assert complaints == []


def test_without_scripts_a_cut_is_tried_changed_taken_from_the_table_and_recorded(browser: Browser, url: str) -> None:
    page = open_page(browser, java_script_enabled=False, viewport={"width": 390, "height": 800})
    complaints = watch(page, url)
    page.goto(url)
    page.click(".tabs >> text=Try")
    page.fill("#feed", "60")
    page.select_option("#material", "ebony")
    page.click("button >> text=Show")
    assert "feed=60" in page.url
    assert read_word(page) == "RED"
    page.click("text=Show as a table")
    page.click(".map-table button.green >> nth=0")
    assert read_word(page) == "GREEN"
    assert page.input_value("#material") == "ebony"
    page.fill("#feed", "60")
    page.click("text=Record this cut")  # what is typed is what is recorded
    assert "/runs/run_" in page.url
    assert read_word(page) == "RED"
    page.go_back()
    page.fill("#feed", "fast")
    page.click("button >> text=Show")
    assert page.inner_text("#feed-wrong").startswith("✕ must be a number")
    assert page.input_value("#material") == "ebony"
    assert [text for text in complaints if "422" not in text] == []
