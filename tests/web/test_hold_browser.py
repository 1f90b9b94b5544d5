"""What cannot be undone is held for a second on a screen that is touched, and pressed everywhere else."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, CDPSession, Page

from tests.browser import open_page

SESSIONS = "/api/workflow-sessions"

pytestmark = [pytest.mark.chromium, pytest.mark.long]


@pytest.fixture
def session_id(client: FlaskClient) -> str:
    """A job that can be deleted."""
    return str(client.post(SESSIONS, json={"workflow_type": "rosette"}).json["session_id"])


def open_delete(browser: Browser, url: str, session_id: str, **how: object) -> Page:
    page = open_page(browser, viewport={"width": 820, "height": 1180}, **how)
    page.clock.install()
    page.goto(f"{url}/sessions/{session_id}/delete", wait_until="load")
    return page


def touch(page: Page, finger: CDPSession, kind: str) -> None:
    """Put a finger on the button, or take it off."""
    points = [] if kind == "touchEnd" else [page.locator("[data-hold]").bounding_box()]
    places = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2} for box in points if box]
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


def test_a_touch_that_brushes_past_does_nothing_and_one_that_stays_a_second_deletes(
    browser: Browser, url: str, session_id: str, client: FlaskClient
) -> None:
    page = open_delete(browser, url, session_id, has_touch=True, is_mobile=True)
    finger, asked = page.context.new_cdp_session(page), list[str]()
    page.on("request", lambda request: asked.append(request.method) if request.method == "POST" else None)
    assert page.get_by_text("Hold the button for a second.").is_visible()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # from here on it goes only when it is told to
    touch(page, finger, "touchStart")
    page.clock.run_for(900)
    assert page.locator(".holding").count() == 1
    touch(page, finger, "touchEnd")
    page.clock.run_for(5000)
    assert page.locator(".holding").count() == 0
    assert asked == []
    assert client.get(f"{SESSIONS}/{session_id}").json["status"] == "ACTIVE"
    touch(page, finger, "touchStart")
    with page.expect_navigation():
        page.clock.run_for(1000)
    assert asked == ["POST"]
    assert client.get(f"{SESSIONS}/{session_id}").json["status"] == "DELETED"


@pytest.mark.parametrize("how", ["mouse", "keyboard", "without JavaScript"])
def test_a_mouse_a_keyboard_and_a_page_without_javascript_press_it(
    browser: Browser, url: str, session_id: str, client: FlaskClient, how: str
) -> None:
    if how == "without JavaScript":
        page = open_page(browser, java_script_enabled=False, has_touch=True, is_mobile=True)
        page.goto(f"{url}/sessions/{session_id}/delete", wait_until="load")
    else:
        page = open_delete(browser, url, session_id)
        assert not page.get_by_text("Hold the button for a second.").is_visible()
    button = page.locator("[data-hold]")
    with page.expect_navigation():
        if how == "keyboard":
            button.press("Enter")
        elif how == "mouse":
            button.click()
        else:
            button.tap()
    assert client.get(f"{SESSIONS}/{session_id}").json["status"] == "DELETED"
