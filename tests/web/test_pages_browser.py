"""The pages in a real browser: a quiet console, nothing from elsewhere, accessible, and of use without scripts."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from rmos import ids
from rmos.config import Settings
from tests.browser import open_page
from tests.makers import ANNA, BEARER, write_token
from tests.web.conftest import CUT, SLOW

pytestmark = [pytest.mark.chromium, pytest.mark.long, pytest.mark.timeout(600)]

ASSETS = Path(__file__).parents[1] / "assets"
AXE = (ASSETS / "axe.min.js").read_text(encoding="utf-8")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (standards) => (await axe.run({runOnly: standards})).violations.map(
  (found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
STUDIO = "/rosettes/new?prompt=rope+in+ebony,+herringbon&n=3"
REFUSED = {
    **dict.fromkeys((f"{STUDIO}&pick=3&change=-3+tiles", "/rosettes/new?prompt=2+mm+hole"), 422),
    **dict.fromkeys(("/record/trail", "/access"), 403),  # nobody is an admin where no token was ever made
}
"""Pages of what was refused, each with the status of which a browser complains."""
"""Pages that say why they cannot show what was asked for; of these a browser's console tells the status."""
SESSIONS = "/api/workflow-sessions"
WIDTHS = (390, 820, 1280)
THEMES = pytest.mark.parametrize(("theme", "widths"), [("light", WIDTHS), ("dark", WIDTHS[::2])], ids=["light", "dark"])
"""Where things stand does not depend on the theme; what a theme alone decides is looked at in both."""
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
    spoilt = {"ended": "failed", "part": "scrap", "reason_code": "MATERIAL_FLAW", "note": LONG * 9, "quantity": 9}
    assert client.post(f"/api/rmos/runs/{longest}/outcomes", json=spoilt).status_code == 201
    for said in (spoilt, spoilt | {"reason_code": "BURN"}, {"ended": "completed", "part": "good"}):
        assert client.post(f"/api/rmos/runs/{fine}/outcomes", json=said).status_code == 201
    rosette = client.post("/api/rmos/rosettes", json={"prompt": "rope in koa, 60 mm band"}).json["run_id"]
    return [
        *("/rosettes", "/rosettes/new", STUDIO, f"{STUDIO}&pick=3&change=wider&tool=em-3175-2f", f"/runs/{rosette}"),
        *(f"/rosettes/new?begin={rosette}", f"/rosettes/new?n=1&prompt={'x' * 400}", *REFUSED),
        *("/", "/runs", "/runs?risk_level=RED&tool_id=em-3175-2f", "/runs?batch_label=none"),
        *(f"/runs/{slow}", f"/runs/{fine}", f"/runs/{longest}", f"/compare?run={slow}&run={fine}&run={longest}"),
        *(
            "/try",
            f"/try?from={slow}&by=rule",
            f"/try?from={fine}&axes=stickout_pass",
            "/try?operation=saw_slice&as=table",
            "/programs/check",
        ),
        *("/shop/tools", "/shop/tools/life", "/shop/tools/em-3175-2f/life"),
        *("/shop/materials", "/shop/machines", "/record", "/help", "/help/rules/HEAT"),
        *(f"/runs/{longest}/sheet", f"/runs/{rosette}/sheet", f"/runs/{longest}/label"),
        *(f"/labels?run={longest}&run={fine}", "/record/trail", "/access"),
        *(f"/runs/{slow}/override", *job_paths),
        *(f"/runs/{longest}/outcome", f"/runs/{fine}/outcome?ended=failed&part=scrap&corrects=1"),
        *("/reports/calibration", "/sign-in", "/problems", "/problems/BAD_JSON"),
    ]


def watch(page: Page, url: str) -> list[str]:
    """Collect what the page complains of and what it asks for elsewhere."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else complaints.append(asked.url))
    return complaints


def find_faults(
    browser: Browser,
    url: str,
    paths: list[str],
    theme: Any,
    widths: tuple[int, ...],
    headers: dict[str, str] | None = None,
) -> list[str]:
    """Return what is wrong with pages at these widths: what they complain of, what axe finds, what sticks out."""
    found: list[str] = []
    page = open_page(browser, color_scheme=theme, extra_http_headers=headers)
    complaints = watch(page, url)
    for path in paths:
        page.goto(f"{url}{path}", wait_until="load")
        page.evaluate("document.querySelectorAll('main details').forEach((element) => { element.open = true; })")
        page.evaluate(AXE)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            at_fault = page.evaluate(CHECK, STANDARDS)
            at_fault += [said for said in complaints if f"a status of {REFUSED.get(path, 200)}" not in said]
            at_fault += [f"{wide} px wide"] if wide > width else []
            found += [f"{path} at {width}: {fault}" for fault in at_fault]
            complaints.clear()
    page.close()
    return found


@THEMES
def test_the_pages_of_admins_are_quiet_accessible_and_fit(
    browser: Browser, app: Flask, url: str, record: Any, settings: Settings, theme: Any, widths: tuple[int, ...]
) -> None:
    run_id = record(SLOW)
    reason = LONG.replace("_", "x")
    assert app.test_client().delete(f"/api/rmos/runs/{run_id}?reason={reason}").status_code == 200
    store = app.extensions["rmos"].store
    store.tokens.create(LONG[:64], "viewer", expires_at_utc=None, actor=ANNA, us=ids.now_us())
    write_token(settings.runs_dir, name="ada", role="admin")
    app.extensions["rmos.guard"].callers._table = None
    paths = ["/record", "/record/trail", "/record/trail?who=nobody", "/access", "/access/abc123/revoke"]
    assert find_faults(browser, url, paths, theme, widths, {"Authorization": f"Bearer {BEARER}"}) == []


@THEMES
def test_every_page_is_quiet_accessible_and_fits_at_every_width(
    browser: Browser, url: str, paths: list[str], theme: Any, widths: tuple[int, ...]
) -> None:
    assert find_faults(browser, url, paths, theme, widths) == []


def test_at_400_percent_nothing_scrolls_sideways(browser: Browser, url: str, paths: list[str]) -> None:
    page = open_page(browser, viewport={"width": 1280 // 4, "height": 1024 // 4})
    wide = {}
    for path in paths:
        page.goto(f"{url}{path}", wait_until="load")
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in wide.items() if width > 320} == {}


def press_tab_until(page: Page, words: str) -> None:
    """Go on with the Tab key until what says these words has the focus, which must be seen at every step."""
    for _ in range(300):
        page.keyboard.press("Tab")
        said, outline = page.evaluate(
            """() => [document.activeElement.innerText ?? "", getComputedStyle(document.activeElement).outlineStyle]"""
        )
        assert outline != "none", said
        if words in said:
            return
    pytest.fail(f"the keyboard does not get to {words!r}", pytrace=False)


def test_with_the_keyboard_alone_a_red_cut_is_found_changed_and_recorded(
    browser: Browser, url: str, record: Any
) -> None:
    slow = record(SLOW)
    page = open_page(browser)
    page.goto(f"{url}/")
    press_tab_until(page, "Skip to")
    page.keyboard.press("Enter")
    press_tab_until(page, "Heat")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{slow}")
    press_tab_until(page, "Try 610 mm/min")
    page.keyboard.press("Enter")
    page.wait_for_url("**/try?**")
    press_tab_until(page, "Record this cut")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/run_*")
    assert page.inner_text(".verdict .word").split()[-1] == "GREEN"


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


def test_without_scripts_a_rosette_is_drawn_picked_changed_and_recorded(browser: Browser, url: str) -> None:
    page = open_page(browser, java_script_enabled=False, viewport={"width": 390, "height": 800})
    complaints = watch(page, url)
    page.goto(f"{url}/rosettes")
    page.fill("#prompt", "herringbon in maple and ebony, 6 mm band")
    page.click("text=Draw 12")
    page.click("dd >> text=herringbone")
    assert page.locator(".cards img").count() == 12
    page.click(".cards a >> nth=6")
    page.click(".pills >> text=wider")
    page.fill("#change", "in koa")
    page.click("text=Change it")
    assert page.is_visible("text=Take “in koa” back")
    page.click("text=Record this rosette")
    assert page.url.startswith(f"{url}/runs/run_")
    page.click("text=Change this rosette")
    assert page.locator("#picked img").count() == 1
    assert complaints == []


def test_a_theme_is_chosen_without_scripts_and_goes_before_the_systems(browser: Browser, url: str) -> None:
    page = open_page(browser, java_script_enabled=False, color_scheme="light")
    complaints = watch(page, url)
    page.goto(f"{url}/runs?risk_level=RED")

    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def choose(theme: str) -> None:
        with page.expect_navigation():  # a page that is left still has its colours
            page.click(f".look >> text={theme}")

    light = paper()
    choose("Dark")
    assert page.url == f"{url}/runs?risk_level=RED"
    dark = paper()
    assert dark != light
    page.emulate_media(color_scheme="dark")
    choose("Light")
    assert paper() == light
    choose("System")
    assert paper() == dark
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
