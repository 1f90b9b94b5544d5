"""The sign-in page in a real browser: what it sends with forms and cookies only it can tell."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page

from rmos.config import Settings
from tests.browser import chromium, open_page, serving
from tests.makers import BEARER, write_token

pytestmark = [pytest.mark.chromium, pytest.mark.long]

POST = """async () => (await fetch('/api/rmos/runs', {method: 'POST', headers: {'Content-Type': 'application/json'},
  body: JSON.stringify({mode: 'router', tool_id: 'x'})})).status"""


@pytest.fixture
def url(app: Flask, settings: Settings) -> Iterator[str]:
    """The service in this process, with one token."""
    write_token(settings.runs_dir, name="anna", role="recorder")
    with serving(app) as address:
        yield address


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield open_page(browser)


def test_a_browser_signs_in_records_a_run_and_signs_out(page: Page, url: str) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Policy" in message.text else None)
    page.goto(f"{url}/sign-in")
    page.fill("#token", "wrong")
    page.click("button")
    assert "does not have the form" in page.inner_text("[role=alert]")
    page.fill("#token", BEARER)
    page.click("button")
    assert page.inner_text(".who summary") == "anna · recorder"
    assert page.evaluate("document.cookie") == ""
    page.goto(f"{url}/api/docs")
    assert page.evaluate(POST) == 201
    # The same machine under another name is another site: its page sends no cookie, and says where it comes from.
    page.goto(f"{url.replace('127.0.0.1', 'localhost')}/api/docs")
    assert page.evaluate(POST) == 401
    page.goto(f"{url}/runs")
    page.click(".who summary")
    page.click(".who button")
    assert "Your token" in page.inner_text("main")
    assert page.goto(f"{url}/api/rmos/runs").status == 401  # type: ignore[union-attr]
    assert refused == []


def test_a_page_of_another_site_cannot_write(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("#token", BEARER)
    page.click("button")
    form = f'<form method="post" enctype="multipart/form-data" action="{url}/api/rmos/runs"><button>x</button></form>'
    page.goto(f"data:text/html,{form}")
    page.click("button")
    page.wait_for_url(f"{url}/api/rmos/runs")
    assert "CROSS_SITE_REQUEST" in page.inner_text("body")
