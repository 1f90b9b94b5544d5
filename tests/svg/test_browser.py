"""What a browser does with drawings under the headers of previews, even with those that the gate would block."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Frame, Page

from tests.browser import chromium, open_page
from tests.helpers.waiting import wait_until
from tests.svg.hostile import HOSTILE, RUN, drawing
from tests.svg.test_svg import TEXTS

pytestmark = [pytest.mark.chromium, pytest.mark.long]

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
SHOWABLE = {
    name: hostile.data
    for name, hostile in HOSTILE.items()
    if len(hostile.data) < 100_000 and not name.startswith("bomb/copies")
}
"""Of the bombs those that do not stop a browser: ten copies of ten copies ... do, for minutes."""
DRAWINGS = {f"honest/{name}": data for name, data in TEXTS.items()} | SHOWABLE
CONTROLS = {
    "control/run": drawing(f"<script>{RUN}</script>"),
    "control/load": drawing('<image href="/evil" width="9" height="9"/>'),
    "control/load_elsewhere": drawing('<image href="http://evil.invalid/x" width="9" height="9"/>'),
}
"""Served without the headers, to show that the test would see what runs and what is fetched."""


class Served(NamedTuple):
    """A server of all drawings, and what was asked of it."""

    address: str
    asked: list[str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Every drawing under its name, as a document and in a page that shows it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path)
            asked.append(f"{self.headers['Host'].split(':')[0]} {path}")
            kind, _, name = path[1:].partition("/")
            if kind == "drawing" and name in DRAWINGS:
                self.answer("image/svg+xml", DRAWINGS[name], {"Content-Security-Policy": POLICY})
            elif kind == "drawing" and name in CONTROLS:
                self.answer("image/svg+xml", CONTROLS[name], {})
            elif kind in ("img", "iframe"):
                tags = "".join(f'<{kind} src="/drawing/{key}"></{kind}>' for key in DRAWINGS if key.startswith(name))
                self.answer(
                    "text/html; charset=utf-8", f"<!doctype html><link rel=icon href=data:,>{tags}".encode(), {}
                )
            else:
                self.answer("text/plain", b"", {})

        def answer(self, kind: str, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(200)
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(data)),
                "X-Content-Type-Options": "nosniff",
            } | headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", asked)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[Browser]:
    """A browser of this machine to which every other host is the server."""
    port = served.address.rpartition(":")[2]
    with chromium(f"--host-resolver-rules=MAP *.invalid 127.0.0.1:{port}") as browser:
        yield browser


@pytest.fixture
def messages() -> list[str]:
    """What the browser says on its console."""
    return []


@pytest.fixture
def page(browser: Browser, served: Served, messages: list[str]) -> Iterator[Page]:
    """A page of it."""
    served.asked.clear()
    page = open_page(browser, viewport={"width": 400, "height": 400})
    page.on("console", lambda message: messages.append(f"{message.location['url']} {message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(f"{page.url} {error}"))
    yield page
    page.close()


def others(served: Served) -> list[str]:
    """What was asked for besides the drawings, the pages and the icon of a tab."""
    own = ("127.0.0.1 /drawing/", "127.0.0.1 /img/", "127.0.0.1 /iframe/")
    return [
        asked
        for asked in served.asked
        if asked != "127.0.0.1 /favicon.ico" and (not asked.startswith(own) or "?" in asked)
    ]


def ran(shown: Page | Frame) -> bool:
    return bool(shown.evaluate("document.documentElement && document.documentElement.hasAttribute('data-ran')"))


def test_what_runs_and_what_is_fetched_would_be_seen(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/drawing/control/run")
    assert ran(page)
    for name, fetched in (("load", "127.0.0.1 /evil"), ("load_elsewhere", "evil.invalid /x")):
        page.goto(f"{served.address}/drawing/control/{name}")
        wait_until(lambda asked=fetched: asked in others(served), fetched)  # type: ignore[misc]


GROUPS = sorted({name.split("/")[0] for name in SHOWABLE})


def test_nothing_of_a_hostile_document_runs_or_is_fetched(page: Page, served: Served) -> None:
    for group in GROUPS:
        page.goto(f"{served.address}/iframe/{group}/")
        assert len(page.frames) > 1
        assert [frame.url for frame in page.frames if ran(frame)] == []
    page.wait_for_timeout(500)
    assert others(served) == []


def test_a_click_on_a_link_that_runs_does_nothing(page: Page, served: Served) -> None:
    for name in [name for name in SHOWABLE if name.startswith("href/javascript")]:
        page.goto(f"{served.address}/drawing/{name}")
        page.mouse.click(4, 4)
        page.wait_for_timeout(100)
        assert not ran(page), name
    assert others(served) == []


def test_nothing_of_a_hostile_picture_runs_or_is_fetched(page: Page, served: Served) -> None:
    for group in GROUPS:
        page.goto(f"{served.address}/img/{group}/")
    page.wait_for_timeout(500)
    assert others(served) == []


def test_every_honest_drawing_is_drawn_as_a_picture_without_a_message(
    page: Page, served: Served, messages: list[str]
) -> None:
    page.goto(f"{served.address}/img/honest/")
    sizes = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(sizes) == len(TEXTS)
    assert all(sizes)
    assert (messages, others(served)) == ([], [])


def test_every_honest_drawing_is_drawn_as_a_document_without_a_message(
    page: Page, served: Served, messages: list[str]
) -> None:
    """Those with pictures within are complete in `<img>` only: the policy lets a document load none, not even these."""
    page.goto(f"{served.address}/iframe/honest/")
    assert len(page.frames) == 1 + len(TEXTS)
    for frame in page.frames[1:]:
        assert frame.evaluate("document.documentElement.localName") == "svg", frame.url
        assert not frame.query_selector("parsererror"), frame.url
    page.wait_for_timeout(200)
    pictured = {f"{served.address}/drawing/honest/{name}" for name, data in TEXTS.items() if b"data:image" in data}
    assert [message for message in messages if message.split()[0] not in pictured] == []
    assert others(served) == []
