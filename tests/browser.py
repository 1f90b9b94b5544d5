"""A browser of this machine, and the service in this process for it to open."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.helpers.waiting import PATIENCE_S


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve on a port of this machine while the block lasts; gives the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """Start chromium without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not there: install the Debian package chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *options])
        yield browser
        browser.close()


def open_page(browser: Browser, **how: Any) -> Page:
    """Open a page that waits for what it is told to do as long as it takes."""
    page = browser.new_page(**how)
    page.set_default_timeout(PATIENCE_S * 1000)
    return page
