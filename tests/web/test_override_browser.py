"""The second person in a real browser: which forms, passwords and cookies it sends only it can tell."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from rmos.config import Settings
from tests.browser import chromium, open_page, serving
from tests.web.conftest import CUT, OURS, RUNS, SLOW

pytestmark = [pytest.mark.chromium, pytest.mark.long]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", allow_red_override=True)


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield open_page(browser, java_script_enabled=False, viewport={"width": 820, "height": 1100})


def test_two_people_override_a_red_at_one_tablet(
    app: Flask, page: Page, signed_in: dict[str, FlaskClient], bearers: dict[str, str]
) -> None:
    run_id = signed_in["recorder"].post(RUNS, json={**CUT, **SLOW}, headers=OURS).json["run_id"]
    with serving(app) as url:
        page.goto(f"{url}/runs/{run_id}")  # leads to the sign-in, and back
        page.fill("#token", bearers["operator"])
        page.click("button >> text=Sign in")
        page.click("text=Override…")
        page.fill("#reason-own", "Scrap wood, tried before.")
        page.check("input[name=acknowledge_risk]")
        page.click("text=Ask a second person")
        page.goto(url)
        assert "a operator asks for a second person" in page.inner_text(".line >> nth=0")
        page.click(".line >> nth=0")
        assert page.url == f"{url}/runs/{run_id}/override"
        page.fill("#reason-other", "Seen it, the edge is sharp.")
        page.check("input[name=acknowledge_risk]")
        page.fill("#token", bearers["admin"])
        page.click("text=Agree, and put it in force")
        assert page.url == f"{url}/runs/{run_id}"
        assert "Overridden by a admin" in page.inner_text(".verdict")
        assert page.inner_text(".who summary") == "a operator · operator"
