"""The pages in a real browser: a quiet console, nothing from elsewhere, accessible, and of use without scripts."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from tests.browser import chromium, open_page, serving
from tests.web.conftest import CUT, SLOW

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(600)]

ASSETS = Path(__file__).parents[1] / "assets"
AXE = (ASSETS / "axe.min.js").read_text(encoding="utf-8")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (standards) => (await axe.run({runOnly: standards})).violations.map(
  (found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
STUDIO = "/rosettes/new?prompt=rope+in+ebony,+herringbon&n=3"
REFUSED = (f"{STUDIO}&pick=3&change=-3+tiles", "/rosettes/new?prompt=2+mm+hole")
"""Pages that say why they cannot show what was asked for; of these a browser's console tells the status."""
SESSIONS = "/api/workflow-sessions"
WIDTHS = (390, 820, 1280)
LONG = "A name that is as long as names become when nobody minds them, with no end in sight ".replace(" ", "_") * 2


@pytest.fixture
def job_paths(client: FlaskClient) -> list[str]:
    """The pages of jobs, two of them: one that is judged, and one with long names."""
    inputs = {name: CUT[name] for name in ("design", "context", "material_id", "machine_id")}
    longest = {"state_data": {"title": LONG}, "user_id": LONG[:100], "design": {**CUT["design"], LONG: LONG}}
    judged, long = (client.post(SESSIONS, json={**inputs, **over}).json["session_id"] for over in ({}, longest))
    said = {"mode": "router", "tool_id": CUT["tool_id"]}
    assert client.post(f"{SESSIONS}/{judged}/actions/request_feasibility", json=said).status_code == 200
    steps = ("approve", "request_feasibility", "delete")
    return [
        *("/sessions", "/sessions?limit=5", "/sessions?state=archived", "/sessions/new", f"/sessions/{judged}"),
        *(f"/sessions/{long}", f"/sessions/{long}/set_design", *(f"/sessions/{judged}/{step}" for step in steps)),
    ]


@pytest.fixture
def paths(record: Any, client: FlaskClient, job_paths: list[str]) -> list[str]:
    """Every page of a shop with some runs, one of them with long names, and two jobs."""
    slow, fine = record(SLOW), record()
    record(SLOW, tool_id=LONG[:100], material_id=LONG[:60], meta={"batch_label": LONG}, notes=LONG)
    longest = record(SLOW, machine_id=LONG[:100], design={**SLOW["design"], LONG: LONG})
    rosette = client.post("/api/rmos/rosettes", json={"prompt": "rope in koa, 60 mm band"}).json["run_id"]
    return [
        *("/rosettes", "/rosettes/new", STUDIO, f"{STUDIO}&pick=3&change=wider&tool=em-3175-2f", f"/runs/{rosette}"),
        *(f"/rosettes/new?begin={rosette}", f"/rosettes/new?n=1&prompt={'x' * 400}", *REFUSED),
        *("/", "/runs", "/runs?risk_level=RED&tool_id=em-3175-2f", "/runs?batch_label=none"),
        *(f"/runs/{slow}", f"/runs/{fine}", f"/runs/{longest}", f"/compare?run={slow}&run={fine}&run={longest}"),
        *("/shop/tools", "/shop/materials", "/shop/machines", "/record", "/help", "/help/rules/HEAT"),
        *job_paths,
        *("/sign-in", "/problems", "/problems/BAD_JSON"),
    ]


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def watch(page: Page, url: str) -> list[str]:
    """Collect what the page complains of and what it asks for elsewhere."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else complaints.append(asked.url))
    return complaints


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_quiet_accessible_and_fits_at_every_width(
    browser: Browser, url: str, paths: list[str], theme: Any
) -> None:
    found: list[str] = []
    for width in WIDTHS:
        page = open_page(browser, viewport={"width": width, "height": 900}, color_scheme=theme)
        complaints = watch(page, url)
        for path in paths:
            page.goto(f"{url}{path}", wait_until="load")
            for details in page.query_selector_all("main details"):
                details.evaluate("element => { element.open = true; }")
            wide = page.evaluate("document.documentElement.scrollWidth")
            page.evaluate(AXE)
            at_fault = page.evaluate(CHECK, STANDARDS)
            at_fault += [said for said in complaints if path not in REFUSED or "a status of 422" not in said]
            at_fault += [f"{wide} px wide"] if wide > width else []
            found += [f"{path} at {width}: {fault}" for fault in at_fault]
            complaints.clear()
        page.close()
    assert found == []


def test_what_checks_the_pages_finds_what_is_wrong(browser: Browser) -> None:
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256((ASSETS / "axe.min.js").read_bytes()).hexdigest() in readme
    page = open_page(browser)
    page.set_content('<html><body><img src="data:,"><input><a href="#">x</a></body></html>')
    page.evaluate(AXE)
    names = {fault.partition(":")[0] for fault in page.evaluate(CHECK, STANDARDS)}
    assert {"image-alt", "label", "html-has-lang"} <= names


def test_without_scripts_a_run_is_found_read_and_compared(browser: Browser, url: str, record: Any) -> None:
    slow, fine = record(SLOW), record()
    page = open_page(browser, java_script_enabled=False, viewport={"width": 390, "height": 800})
    complaints = watch(page, url)
    page.goto(url)
    page.click(".tabs >> text=Runs")
    page.click("summary >> text=Filter by")
    page.select_option("#material_id", "sitka_spruce")
    page.click("button >> text=Show")
    assert page.url == f"{url}/runs?material_id=sitka_spruce"
    page.check(f"input[value={slow}]")
    page.check(f"input[value={fine}]")
    page.click("text=Compare the selected")
    assert page.inner_text("h1") == "2 runs side by side"
    page.go_back()
    page.fill("#find", slow[:24])
    page.click("button >> text=Find")
    assert page.url == f"{url}/runs/{slow}"
    page.click("summary >> text=How it is reckoned >> nth=0")
    assert page.is_visible("text=Formula >> nth=0")
    assert complaints == []


def test_without_scripts_a_job_is_judged_and_approved(browser: Browser, url: str, job_paths: list[str]) -> None:
    page = open_page(browser, java_script_enabled=False, viewport={"width": 390, "height": 800})
    complaints = watch(page, url)
    page.goto(f"{url}/sessions")
    page.click(".tabs >> text=Jobs")
    page.click(".job >> text=to be decided")
    page.click("text=Approve…")
    page.fill("#reason", "Same feed as on the last six tops.")
    page.click("button >> text=Approve")
    assert page.url.removeprefix(url) in job_paths
    assert "● Toolpaths" in page.inner_text("[aria-current=step]")
    assert "Same feed as on the last six tops." in page.inner_text(".timeline")
    assert complaints == []


def test_scripts_add_local_times_keys_and_what_is_new(browser: Browser, url: str, record: Any) -> None:
    first = record(SLOW)
    second = record()
    page = open_page(browser, timezone_id="Asia/Tokyo", locale="de-DE")
    complaints = watch(page, url)
    page.goto(f"{url}/runs")
    shown = page.evaluate("document.querySelector('tr[data-run] time').textContent")
    stated = page.evaluate("document.querySelector('tr[data-run] time').dateTime")
    local = page.evaluate(
        "(text) => new Date(text).toLocaleTimeString('de-DE', {hour: '2-digit', minute: '2-digit'})", stated
    )
    assert shown.endswith(local)
    assert page.is_disabled("[data-compare]")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.inner_text("[data-selected]") == "2 selected"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("gtj")  # in a field keys are text
    assert page.input_value("#find") == "gtj"
    page.evaluate("document.activeElement.blur()")
    record()
    page.wait_for_selector("[data-live] >> text=1 new")
    assert page.inner_text("tr[data-run] .why") == "Every check passes"
    page.keyboard.press("c")
    page.wait_for_url(f"{url}/compare?run={second}&run={first}")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url(f"{url}/")
    assert complaints == []
