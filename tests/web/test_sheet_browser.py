"""Paper in a real browser: how many pages it takes, that millimetres are millimetres, and that the code is read."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from rmos.config import Settings
from tests.browser import open_page
from tests.helpers.paper import print_sizes, read_code
from tests.web.conftest import CUT, DRAWING, PUBLIC, SLOW, attach

pytestmark = [pytest.mark.chromium, pytest.mark.long]

HOLD_DOWN = {"context": {**CUT["context"], "hold_down": {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35}}}
LONG = {
    "notes": "Book-matched, grain runs out at the waist. " * 40,
    "meta": {"batch_label": "a_batch_" * 20},
    "design": {**SLOW["design"], **{f"member_{number}": "x" * 200 for number in range(60)}},
    "context": {**HOLD_DOWN["context"], "machine": {f"member_{number}": number for number in range(60)}},
}
MM = 96 / 25.4
"""CSS pixels of a millimetre."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", public_url=PUBLIC)


@pytest.mark.parametrize("over", [[SLOW, HOLD_DOWN], [LONG]])
@pytest.mark.parametrize(("paper", "size"), [("A4", (210, 297)), ("Letter", (216, 279))])
def test_a_sheet_is_one_page_whatever_the_run_holds(
    browser: Browser, url: str, record: Any, client: FlaskClient, over: Any, paper: str, size: tuple[int, int]
) -> None:
    run_id = record(*over)
    attach(client, run_id, DRAWING.format('width="60mm" height="40mm"'))
    page = open_page(browser)
    page.goto(f"{url}/runs/{run_id}/sheet", wait_until="load")
    assert print_sizes(page, format=paper) == [size]


def test_a_tall_drawing_has_a_page_of_its_own(browser: Browser, url: str, record: Any, client: FlaskClient) -> None:
    run_id = record(SLOW, HOLD_DOWN)
    attach(client, run_id, DRAWING.format('width="180mm" height="235mm"'))
    page = open_page(browser)
    page.goto(f"{url}/runs/{run_id}/sheet", wait_until="load")
    assert print_sizes(page, format="Letter") == [(216, 279)] * 2
    assert print_sizes(page, format="A4") == [(210, 297)] * 2


def test_a_millimetre_is_a_millimetre(browser: Browser, url: str, record: Any, client: FlaskClient) -> None:
    run_id = record()
    attach(client, run_id, DRAWING.format('width="60mm" height="40mm"'))
    page = open_page(browser, viewport={"width": 703, "height": 1000})
    page.emulate_media(media="print")
    page.goto(f"{url}/runs/{run_id}/sheet", wait_until="load")
    for selector, width, height in ((".true-size", 60, 40), (".rule", 10, 3)):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert (box["width"] / MM, box["height"] / MM) == pytest.approx((width, height), abs=0.05)


def test_a_label_is_one_page_of_its_own_size(browser: Browser, url: str, record: Any) -> None:
    for run_id in (record(SLOW), record(LONG, tool_id="a_tool_" * 14, material_id="a_wood_" * 14)):
        page = open_page(browser)
        page.goto(f"{url}/runs/{run_id}/label", wait_until="load")
        assert print_sizes(page, prefer_css_page_size=True) == [(62, 42)]


def test_selected_runs_come_off_the_tape_one_label_each(browser: Browser, url: str, record: Any) -> None:
    made = [record(), record(LONG), record(SLOW)]
    page = open_page(browser)
    page.goto(f"{url}/runs", wait_until="load")
    button = page.get_by_role("button", name="Labels of the selected")
    assert button.is_disabled()
    for run_id in made[:2]:
        page.check(f'input[value="{run_id}"]')
    button.click()
    page.wait_for_url(f"{url}/labels?*")
    assert print_sizes(page, prefer_css_page_size=True) == [(62, 42)] * 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["sheet", "label"])
def test_a_scanner_reads_the_address_of_the_run(browser: Browser, url: str, record: Any, kind: str, theme: Any) -> None:
    run_id = record()
    page = open_page(browser, color_scheme=theme, device_scale_factor=2)
    page.goto(f"{url}/runs/{run_id}/{kind}", wait_until="load")
    assert read_code(browser, page) == [f"{PUBLIC}/r/{run_id.removeprefix('run_')}"]
