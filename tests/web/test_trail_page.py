"""Who did what: the page says what `rmos audit tail` says, to admins alone."""

import html
import re
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.config import Settings
from rmos.store import Store
from rmos.store.audit import Attempt, RateLimit
from tests.makers import ANNA, BEARER, write_token
from tests.web.conftest import PAGES, SLOW, check_page

TRAIL = "/record/trail"


class Admin(NamedTuple):
    """A browser before a store that gets its first token late, so that runs can be recorded before."""

    app: Flask
    client: FlaskClient
    settings: Settings

    def sign_in(self, role: str = "admin") -> None:
        """Make the token of ada, of which the guard hears at once, and sign in."""
        write_token(self.settings.runs_dir, name="ada", role=role)
        self.app.extensions["rmos.guard"].callers._table = None
        response = self.client.post("/sign-in", data={"token": BEARER}, headers={"Origin": "http://localhost"})
        assert response.status_code == 303

    def get(self, path: str) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, headers=PAGES)


@pytest.fixture
def admin(app: Flask, settings: Settings) -> Admin:
    return Admin(app, app.test_client(), settings)


def test_an_empty_trail_says_that_nothing_happened(admin: Admin) -> None:
    admin.sign_in()
    page = admin.get(TRAIL)
    # The one entry is the token itself.
    assert "1 entry: deletes, restores" in check_page(page)
    assert "Nothing in the trail matches." in check_page(admin.get(f"{TRAIL}?outcome=refused"))


def test_deletes_restores_tokens_and_refusals_stand_there_with_what_became_of_them(
    admin: Admin, client: FlaskClient, record: Any
) -> None:
    run_id, other = record(SLOW), record()
    assert client.delete(f"/api/rmos/runs/{run_id}?reason=%3Cb%3EDrawn+twice").status_code == 200
    assert client.post(f"/api/rmos/runs/{run_id}/restore?reason=A+mistake").status_code == 200
    assert client.delete(f"/api/rmos/runs/{other}?mode=hard&reason=Not+allowed").status_code == 403
    admin.sign_in()
    page = admin.get(TRAIL)
    text = check_page(page)
    assert re.search(r"✓ done \d.* delete, soft .* local operator from 127.0.0.1 <b>Drawn twice", text)
    assert re.search(r"✓ done \d.* restore .* A mistake", text)
    assert re.search(r"! refused \d.* delete, hard .* Not allowed (FORBIDDEN|HARD_DELETE_DISABLED): ", text)
    assert "make a token, ada, admin" in text
    assert f'href="/runs/{run_id}"' in page.text
    assert "4 entries" in text
    refused = check_page(admin.get(f"{TRAIL}?outcome=REFUSED&action=delete&who=Local"))
    assert "Not allowed" in refused
    assert "Drawn twice" not in refused
    assert "Nothing in the trail matches" in check_page(admin.get(f"{TRAIL}?who=nobody"))
    assert "4 entries" in check_page(admin.get(f"{TRAIL}?outcome=&action=&who="))


def test_an_attempt_that_came_to_nothing_is_never_shown_as_done(admin: Admin, record: Any, app: Flask) -> None:
    run_id = record()
    store: Store = app.extensions["rmos"].store
    attempt = Attempt("delete", run_id, {"reason": "It died"})
    store.audit.admit(attempt, RateLimit(10, 60), actor=ANNA, us=ids.now_us())
    admin.sign_in()
    assert re.search(r"⚡ not done .* delete .* It died", check_page(admin.get(TRAIL)))


def test_the_trail_has_pages_that_neither_repeat_nor_leave_out(admin: Admin, app: Flask) -> None:
    store: Store = app.extensions["rmos"].store
    names = [f"press-{number}" for number in range(119)]
    for name in names:
        store.tokens.create(name, "viewer", expires_at_utc=None, actor=ANNA, us=ids.now_us())
    admin.sign_in()
    shown, path = [], f"{TRAIL}?action=create"
    for _ in range(3):
        page = admin.get(path)
        shown += re.findall(r"make a token, (press-\d+), viewer", check_page(page))
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = html.unescape(older[1]) if older else ""
    assert path == ""
    assert shown == names[::-1]
    check_page(admin.get(f"{TRAIL}?cursor=evt_0"), 400)
    for query in ("before=x", "outcome=odd", "action=x", "who=a&who=b", "limit=0"):
        check_page(admin.get(f"{TRAIL}?{query}"), 422)


@pytest.mark.parametrize("role", ["viewer", "recorder", "operator"])
def test_the_trail_and_the_tokens_are_for_admins(admin: Admin, role: str) -> None:
    admin.sign_in(role)
    for path in (TRAIL, "/access", "/access/abc123/revoke"):
        assert f"This takes the role admin; ada is {role}." in check_page(admin.get(path), 403)
    assert admin.client.post("/access/abc123/revoke", headers={"Origin": "http://localhost"}).status_code == 403
    for path in ("/", "/record"):
        page = admin.get(path).text
        assert TRAIL not in page
        assert "/access" not in page


def test_in_local_mode_nobody_is_admin(browse: Any) -> None:
    for path in (TRAIL, "/access", "/access/abc123/revoke"):
        text = check_page(browse(path), 403)
        assert "This takes an admin, and nobody is one yet" in text
        assert "rmos audit tail rmos token list" in text
        assert "rmos token create NAME --role admin" in text


def test_who_is_known_and_no_admin_is_not_told_to_make_a_token(admin: Admin) -> None:
    admin.sign_in("operator")
    assert "token create" not in check_page(admin.get(TRAIL), 403)


def test_admins_find_both_on_the_record_and_under_their_name(admin: Admin) -> None:
    admin.sign_in()
    page = admin.get("/record").text
    assert page.count(f'href="{TRAIL}"') == 2
    assert page.count('href="/access"') == 2
    assert admin.get("/").text.count('href="/access"') == 1
