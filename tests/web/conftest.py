"""A shop to look at, a browser that asks for pages, and what every page must be."""

import html.parser
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.test import TestResponse

from rmos import ids
from rmos.models import ROLES
from tests.browser import chromium, serving
from tests.makers import ANNA

RUNS = "/api/rmos/runs"
PAGES = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""What browsers ask for."""
OURS = {**PAGES, "Origin": "http://localhost"}
"""What they send with a form of ours."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
CUT: dict[str, Any] = {
    "mode": "router",
    "tool_id": "em-3175-2f",
    "material_id": "sitka_spruce",
    "machine_id": "light_desktop",
    "design": {
        "operation": "channel", "feed_mm_min": 1800, "plunge_feed_mm_min": 600, "spindle_rpm": 18000,
        "axial_depth_mm": 0.75, "total_depth_mm": 1.4, "feature_width_mm": 6, "floor_thickness_mm": 1.5,
    },
    "context": {"stock": {"thickness_mm": 2.9}},
}  # fmt: skip
"""A channel that is GREEN."""
SLOW = {"design": {**CUT["design"], "feed_mm_min": 60, "spindle_rpm": 24000}}
"""What makes it RED: the cutter rubs."""
PUBLIC = "https://rmos.shop.example/rmos"
"""Where people reach a service that was told so."""
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" {} viewBox="0 0 60 40">'
    '<path d="M0 0H60V40H0Z" fill="none" stroke="#000000"/></svg>'
)
"""A drawing without its size."""

ELSEWHERE = [
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)"),
    *("/\t/evil.example", "/\n/evil.example", " //evil.example", "/\x00", "///evil.example", "", "/\u2028", "/é"),
    *("evil.example", "/sign-out", "data:text/html,x", "/a\\b"),
]
"""What a way back must never be taken for."""


def attach(client: FlaskClient, run_id: str, text: str) -> None:
    """Attach a drawing to a run."""
    files = {"file": (io.BytesIO(text.encode()), "ring.svg", "image/svg+xml"), "kind": "svg"}
    response = client.post(f"{RUNS}/{run_id}/attachments", data=files, content_type="multipart/form-data")
    assert response.status_code < 300, response.text


class _Texts(html.parser.HTMLParser):
    """Collects what a page shows as text, and what in it could run or look as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("style", "iframe", "object", "embed", "base") or (tag == "script" and "src" not in values):
            self.active.append(tag)
        for name, value in values.items():
            if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:"):
                self.active.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown_text(page: str) -> str:
    """Return the text of a page as a reader sees it, its spaces as one."""
    return " ".join(" ".join(_parse(page).texts).split())


def _parse(page: str) -> _Texts:
    parser = _Texts()
    parser.feed(page)
    return parser


def check_page(response: TestResponse, status: int = 200) -> str:
    """Check what every page must be, and return its text."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    page = response.text
    assert re.search(r'<html lang="en">', page)
    assert re.search(r"<title>[^<]+ · RMOS</title>", page)
    assert page.index('<a class="skip" href="#main">') < page.index("<header")
    assert '<main id="main"' in page
    assert page.count("<h1") == 1
    assert _parse(page).active == []
    return shown_text(page)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The address of the service for a browser."""
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window; each page that is opened in it has cookies and storage of its own."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def browse(client: FlaskClient) -> Any:
    """Ask for a page as a browser does: `browse("/runs")`."""

    def browse(path: str, **how: Any) -> TestResponse:
        return client.get(path, headers=PAGES, **how)

    return browse


@pytest.fixture
def record(app: Flask) -> Any:
    """Record a run and return its id: `record(SLOW, notes="…")`."""

    def record(*changes: dict[str, Any], **over: Any) -> str:
        body = {name: value for part in (CUT, *changes, over) for name, value in part.items()}
        response = app.test_client().post(RUNS, json=body)
        assert response.status_code == 201, response.text
        return str(response.json["run_id"])

    return record


@pytest.fixture
def bearers(app: Flask) -> dict[str, str]:
    """The tokens of a caller of each role, called "a viewer" and so on, by role."""
    store, now_us = app.extensions["rmos"].store, ids.now_us()
    return {
        role: store.tokens.create(f"a {role}", role, expires_at_utc=None, actor=ANNA, us=now_us)[1] for role in ROLES
    }


@pytest.fixture
def signed_in(app: Flask, bearers: dict[str, str]) -> dict[str, FlaskClient]:
    """A browser of each role, signed in."""
    browsers = {role: app.test_client() for role in ROLES}
    for role, browser in browsers.items():
        assert browser.post("/sign-in", data={"token": bearers[role]}, headers=OURS).status_code == 303
    return browsers
