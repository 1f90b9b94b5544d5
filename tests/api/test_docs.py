"""`/api/docs`, looked at in a browser: all operations, nothing on the console, nothing asked for elsewhere."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from rmos.api.docs import read_assets
from rmos.http.themes import THEME_COOKIE
from tests.api.conftest import ROOT
from tests.browser import chromium, open_page, serving
from tests.helpers.problems import check_problem

DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_bytes())


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The service on a port of this machine."""
    with serving(app) as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of, and what it asks for anywhere else."""
    return []


@pytest.fixture
def page(address: str, complaints: list[str]) -> Iterator[Page]:
    """A page of a browser of this machine, which may ask nobody but the service."""
    with chromium() as browser:
        page = open_page(browser, viewport={"width": 1200, "height": 900})
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not is_own(asked.url, address) else None)
        page.on(
            "response", lambda given: complaints.append(f"{given.status} {given.url}") if given.status >= 400 else None
        )
        yield page


def is_own(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:"))


@pytest.mark.long
@pytest.mark.chromium
@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_the_page_is_dark_as_the_system_says_or_as_was_chosen(page: Page, address: str) -> None:
    for system, chosen, is_dark in (("dark", None, True), ("dark", "light", False), ("light", "dark", True)):
        page.context.clear_cookies()
        if chosen is not None:
            page.context.add_cookies([{"name": THEME_COOKIE, "value": chosen, "url": address}])
        page.emulate_media(color_scheme=system)
        page.goto(f"{address}/api/docs")
        page.wait_for_selector(".opblock")
        assert page.evaluate("document.documentElement.classList.contains('dark-mode')") is is_dark


@pytest.mark.long
@pytest.mark.chromium
def test_the_page_shows_every_operation_and_complains_of_nothing(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}/api/docs")
    page.wait_for_selector(".opblock")
    shown = {block.get_attribute("id") for block in page.query_selector_all(".opblock")}
    assert shown == {
        f"operations-{operation['tags'][0]}-{operation['operationId']}"
        for item in DOCUMENT["paths"].values()
        for operation in (value for value in item.values() if isinstance(value, dict))
    }
    assert page.inner_text(".info .title").startswith("RMOS")
    assert complaints == []


@pytest.mark.long
@pytest.mark.chromium
@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_an_operation_can_be_read_and_tried_from_the_page(page: Page, address: str, complaints: list[str]) -> None:
    page.goto(f"{address}/api/docs")
    block = "#operations-runs-create_run"
    page.click(f"{block} .opblock-summary-control")
    page.click(f"{block} .try-out__btn")
    page.click(f"{block} .execute")
    status = f"{block} .live-responses-table .response .response-col_status"
    page.wait_for_selector(status)
    assert page.inner_text(status).startswith("201")
    assert complaints == []


def test_the_files_have_their_types_and_no_other_file_is_there(client: FlaskClient) -> None:
    for name, asset in read_assets().items():
        response = client.get(asset.url)
        assert (response.status_code, response.data) == (200, asset.data)
        assert response.headers["Content-Type"] == asset.content_type
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        check_problem(client.get(asset.url.replace(name, "README.md")), 404, "NOT_FOUND")
        check_problem(client.get(asset.url.replace("/api/docs/", "/api/docs/0")), 404, "NOT_FOUND")


def test_what_was_taken_over_is_unchanged_and_named_with_its_release() -> None:
    folder = ROOT / "rmos" / "api" / "assets"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        sha256 = next(line for line in readme.splitlines() if f"`{name}` | `" in line).split("`")[3]
        assert read_assets()[name].url == f"/api/docs/{sha256[:16]}/{name}"
    assert "Swagger UI 5." in readme
    assert (folder / "LICENSE").exists()
    assert (folder / "NOTICE").exists()
