"""The pack of a run in a real browser: on every screen and on both papers, and what somebody wrote stays text."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from rmos.config import Settings
from tests.browser import open_page
from tests.helpers.packs import SLOT_CONTEXT, quicken, store_slot
from tests.helpers.paper import print_sizes, read_code
from tests.helpers.rings import SLOT, SLOT_CUT
from tests.web.conftest import PUBLIC

pytestmark = [pytest.mark.chromium, pytest.mark.long]
HOSTILE = "<script>document.title = 'taken'</script> \u202eevil שלום مرحبا 👩\u200d🔧 " + "W" * 3000 + "\nnext"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", public_url=PUBLIC)


@pytest.fixture
def run_id(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run with a program and with notes that would do harm."""
    quicken(monkeypatch)
    body = {"mode": "router", "tool_id": "em-3175-2f", "design": SLOT_CUT, "notes": HOSTILE}
    context = {**SLOT_CONTEXT, "machine": {"class": "rigid"}, "hold_down": {"pressure_kpa": 60, "how": HOSTILE}}
    made = client.post("/api/rmos/runs", json={**body, "context": context, "outputs": {"gcode_text": SLOT}})
    assert made.json["risk_level"] == "GREEN", made.json
    return str(made.json["run_id"])


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("path", ["pack", "pack/sheet"])
def test_no_screen_has_to_be_pushed_sideways_and_nothing_in_a_record_acts(
    browser: Browser, url: str, run_id: str, path: str, width: int
) -> None:
    page = open_page(browser, viewport={"width": width, "height": 900})
    page.goto(f"{url}/runs/{run_id}/{path}", wait_until="load")
    root = page.locator("html")
    assert root.evaluate("root => root.scrollWidth - root.clientWidth") == 0
    assert page.title() != "taken"
    assert page.get_by_text("<script>document.title").count() == (1 if path == "pack/sheet" else 0) * 2


@pytest.mark.parametrize(("paper", "size"), [("A4", (210, 297)), ("Letter", (216, 279))])
def test_the_sheet_takes_two_pages_at_most_and_a_scanner_reads_its_code(
    browser: Browser, url: str, run_id: str, paper: str, size: tuple[int, int]
) -> None:
    page = open_page(browser)
    page.goto(f"{url}/runs/{run_id}/pack/sheet", wait_until="load")
    printed = print_sizes(page, format=paper)
    assert set(printed) == {size}
    assert len(printed) <= 2
    assert read_code(browser, page) == [f"{PUBLIC}/r/{run_id.removeprefix('run_')}"]


def test_a_sheet_of_one_cut_is_one_page(
    browser: Browser, url: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    page = open_page(browser)
    page.goto(f"{url}/runs/{store_slot(client, machine_id='rigid_router')}/pack/sheet", wait_until="load")
    assert print_sizes(page, format="Letter") == [(216, 279)]
    assert print_sizes(page, format="A4") == [(210, 297)]
