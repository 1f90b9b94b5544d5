"""Three taps in a real browser: what a label, a radio and a button of a form do, only it can tell."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import open_page

pytestmark = [pytest.mark.chromium, pytest.mark.long]


@pytest.mark.parametrize("scripted", [False, True])
def test_what_became_of_a_cut_is_three_taps_on_a_tablet(
    url: str, browser: Browser, record: Any, scripted: bool
) -> None:
    run_id = record()
    page = open_page(browser, java_script_enabled=scripted, has_touch=True, viewport={"width": 820, "height": 1180})
    page.goto(f"{url}/runs/{run_id}")
    page.tap("#outcome a >> text=Finished")
    page.tap(".taps label >> text=Good")
    assert not page.is_visible("text=Tear-out")
    page.tap("button >> text=Save")
    page.wait_for_url(f"{url}/runs/{run_id}#outcome")
    page.tap("#outcome a >> text=Cancelled")
    page.tap(".taps label >> text=Scrap")
    assert not page.is_visible("button >> text=Save")
    page.tap("button >> text=Tear-out")
    for said in ("Finished, good", "Cancelled, scrap, tear-out"):
        page.wait_for_selector(f"#outcome >> text={said}")


def test_a_keyboard_alone_reports_it_and_enter_in_a_field_takes_no_reason(
    url: str, browser: Browser, record: Any
) -> None:
    page = open_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(f"{url}/runs/{record()}/outcome?ended=failed")
    page.focus("[name=part]")
    page.keyboard.press("Space")  # good
    page.click(".outcome summary")
    page.fill("#minutes", "3")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Say why, for scrap and for failed")
    page.focus("button[value=BURN]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#outcome >> text=Failed, good, burnt")
