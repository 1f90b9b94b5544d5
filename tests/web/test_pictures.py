"""The pictures of the pages in the documents show the pages as they are, up to how letters are drawn.

A change that is meant: `RENEW_PICTURES=1 .venv/bin/python -m pytest -n0 tests/web/test_pictures.py -m chromium`, and
look at each picture.
"""

import base64
import getpass
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo
from playwright.sync_api import Browser

from rmos import create_app, ids
from rmos.cli import rmos_group
from rmos.config import Settings
from rmos.objects.local import LocalObjects
from tests.browser import chromium, open_page, serving
from tests.web.conftest import CUT, SLOW

pytestmark = [pytest.mark.chromium, pytest.mark.long, pytest.mark.timeout(600)]

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NOW_US = ids.parse_utc("2025-12-23T14:46:13.123456Z")
DESK, TABLET, PHONE = (1280, 800), (820, 1180), (390, 844)
SESSIONS = "/api/workflow-sessions"
SHOWN: dict[str, tuple[str, tuple[int, int], str]] = {
    "today": ("/", DESK, "light"),
    "runs": ("/runs", DESK, "light"),
    "run": ("RED", DESK, "light"),
    "try": ("/try?from=RED_ID", DESK, "light"),
    "job": ("JOB", TABLET, "light"),
    "studio": ("/rosettes/new?prompt=rope+pattern,+ebony+and+padauk,+6+mm+band&n=6&pick=1", DESK, "light"),
    "today-dark": ("/", DESK, "dark"),
    "run-phone": ("RED", PHONE, "dark"),
}
"""Name → the page, the size of the window, and the theme."""
DIFFERENCE = """async (pictures) => {
  const pixels = await Promise.all(pictures.map(async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const [width, height] = [Math.round(bitmap.width / 4), Math.round(bitmap.height / 4)];
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }));
  if (pixels[0].length !== pixels[1].length) return 1;
  let different = 0;
  for (let i = 0; i < pixels[0].length; i += 4) {
    const most = Math.max(...[0, 1, 2].map((j) => Math.abs(pixels[0][i + j] - pixels[1][i + j])));
    if (most > 40) different += 1;
  }
  return different / (pixels[0].length / 4);
}"""
"""The share of the places of two pictures, a quarter as large, whose colour differs by more than 40 of 255."""
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A shop whose clock stands and whose ids are drawn from a seed; gives its address and where things are."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patched:
        moments = iter(range(NOW_US, NOW_US + 10**9, 1_003))
        patched.setattr(ids, "now_us", lambda: next(moments))
        patched.setattr(os, "urandom", random.Random(5).randbytes)
        patched.setattr(getpass, "getuser", lambda: "anna")
        patched.setattr(LocalObjects, "free_bytes", lambda self: 212_000_000_000)
        app = create_app(Settings(runs_dir=folder / "runs", instance_path=folder))
        made = ["demo", "--runs", "150"]
        rmos_group.main(made, prog_name="rmos", obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
        with serving(app) as url:
            yield url, find_places(app)


def find_places(app: Flask) -> dict[str, str]:
    """Record what the pages show beside the invented runs; return where it is."""
    client = app.test_client()

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json

    post("/api/rmos/rosettes", {"prompt": "rope pattern, ebony and padauk, 6 mm band"})
    inputs = {name: CUT[name] for name in ("design", "context", "material_id", "machine_id")}
    job = post(SESSIONS, {**inputs, "state_data": {"title": "Parlour guitar, rosette channel"}, "user_id": "anna"})
    asked = {"mode": "router", "tool_id": CUT["tool_id"]}
    post(f"{SESSIONS}/{job['session_id']}/actions/request_feasibility", asked)
    red = post("/api/rmos/runs", {**CUT, **SLOW})["run_id"]
    return {"RED": f"/runs/{red}", "RED_ID": red, "JOB": f"/sessions/{job['session_id']}"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--font-render-hinting=none", "--disable-lcd-text") as browser:
        yield browser


@pytest.mark.parametrize("name", SHOWN)
def test_the_picture_of_a_page_is_that_page(shop: tuple[str, dict[str, str]], browser: Browser, name: str) -> None:
    url, places = shop
    path, (width, height), theme = SHOWN[name]
    for word, place in sorted(places.items(), reverse=True):
        path = path.replace(word, place)
    page = open_page(
        browser,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    page.clock.set_fixed_time("2025-12-23T14:46:20Z")
    page.goto(url + path, wait_until="networkidle")
    shown = page.screenshot(animations="disabled", caret="hide")
    page.close()
    file = PICTURES / f"{name}.png"
    if os.environ.get("RENEW_PICTURES"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(shown)
    blank = open_page(browser)
    pictures = [base64.b64encode(data).decode() for data in (file.read_bytes(), shown)]
    different = blank.evaluate(DIFFERENCE, pictures)
    blank.close()
    assert different <= TOLERANCE, json.dumps({name: different})


def test_every_picture_is_looked_at_and_shown() -> None:
    documents = "".join(
        (PICTURES.parents[1] / name).read_text(encoding="utf-8") for name in ("README.md", "docs/pages.md")
    )
    assert {file.stem for file in PICTURES.glob("*.png")} == set(SHOWN)
    assert [name for name in SHOWN if f"pictures/{name}.png" not in documents] == []
