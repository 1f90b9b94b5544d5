"""The sign-in page: a token once, then a cookie that no script reads and no other site sends."""

import html
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import create_app, ids
from rmos.auth.callers import FRESH_S
from rmos.auth.cookies import COOKIE, KEY_FILE
from rmos.auth.guard import WRONG_TOKENS
from rmos.config import Settings
from rmos.store import Store
from tests.helpers.problems import check_problem
from tests.makers import ANNA, BEARER, write_token
from tests.web.conftest import ELSEWHERE

RUNS = "/api/rmos/runs"
OURS = {"Origin": "http://localhost"}
ASKS_PAGES = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def guarded(app: Flask, settings: Settings) -> FlaskClient:
    """A browser before a service with a token."""
    write_token(settings.runs_dir, name="anna", role="operator")
    return app.test_client()


def sign_in(client: FlaskClient, token: str = BEARER) -> TestResponse:
    return client.post("/sign-in", data={"token": token}, headers=OURS)


def test_a_token_gives_a_cookie_that_stands_for_its_caller(guarded: FlaskClient, settings: Settings) -> None:
    assert 'type="password"' in guarded.get("/sign-in").text
    response = sign_in(guarded, f"  {BEARER}\n")
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    cookie = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert BEARER.rpartition("_")[2] not in cookie
    page = guarded.get("/sign-in").text
    assert "<strong>anna</strong>" in page
    assert "<strong>operator</strong>" in page
    assert guarded.get(RUNS).status_code == 200
    assert (settings.instance_path / KEY_FILE).exists()


def test_over_tls_the_cookie_is_for_tls_only(settings: Settings, tmp_path: Path) -> None:
    app = create_app(Settings(instance_path=tmp_path / "i", runs_dir=settings.runs_dir, trusted_proxies=("127.0.0.1",)))
    write_token(settings.runs_dir)
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Origin": "https://localhost"}
    response = app.test_client().post("/sign-in", data={"token": BEARER}, headers=headers)
    assert "Secure" in response.headers["Set-Cookie"].split("; ")


def test_writes_with_a_cookie_must_say_from_which_page_they_come(guarded: FlaskClient) -> None:
    sign_in(guarded)
    body = {"mode": "router", "tool_id": "x"}
    assert guarded.post(RUNS, json=body, headers=OURS).status_code == 201
    assert guarded.post(RUNS, json=body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        response = guarded.post(RUNS, json=body, headers=headers)
        assert (response.status_code, response.json["error"]) == (403, "CROSS_SITE_REQUEST")


def test_signing_out_takes_the_cookie_back(guarded: FlaskClient) -> None:
    sign_in(guarded)
    response = guarded.post("/sign-out", headers=OURS)
    assert response.status_code == 303
    assert guarded.get_cookie(COOKIE) is None
    assert guarded.get(RUNS).status_code == 401


def test_a_revoked_token_ends_its_cookies(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    store: Store = app.extensions["rmos"].store
    made, bearer = store.tokens.create("anna", "viewer", expires_at_utc=None, actor=ANNA, us=ids.now_us())
    client = app.test_client()
    sign_in(client, bearer)
    assert client.get(RUNS).status_code == 200
    store.tokens.revoke(made.token_id, actor=ANNA, us=ids.now_us())
    now = time.monotonic()
    monkeypatch.setattr(app.extensions["rmos.guard"].callers, "_clock", lambda: now + FRESH_S)
    assert client.get(RUNS).status_code == 401


@pytest.mark.parametrize("value", ["", "x", "ImFiYzEyMyI.aaaa.bbbb", "\xe4", "x" * 3000])
def test_a_cookie_that_is_none_of_ours_is_nobodys(guarded: FlaskClient, value: str) -> None:
    response = guarded.get(RUNS, environ_overrides={"HTTP_COOKIE": f"{COOKIE}={value}"})
    assert (response.status_code, response.json["error"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("token", ["", "nonsense", f"{BEARER}x", "<script>alert(1)</script>"])
def test_a_wrong_token_is_told_on_the_page_and_not_shown(guarded: FlaskClient, token: str) -> None:
    response = sign_in(guarded, token)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="RMOS"'
    assert 'role="alert"' in response.text
    assert token not in response.text or token == ""
    assert "Set-Cookie" not in response.headers


def test_guessing_on_the_page_is_throttled_like_everywhere(guarded: FlaskClient) -> None:
    statuses = [sign_in(guarded, "nonsense").status_code for _ in range(WRONG_TOKENS + 2)]
    assert statuses == [401] * WRONG_TOKENS + [429] * 2
    assert sign_in(guarded).status_code == 303


def test_a_form_that_is_too_large_for_a_token_is_not_read(guarded: FlaskClient) -> None:
    assert sign_in(guarded, "x" * 9000).status_code == 413


def test_without_tokens_the_page_says_that_none_is_needed(client: FlaskClient) -> None:
    assert "No sign-in is needed" in client.get("/sign-in").text
    assert client.post("/sign-in", data={"token": "x"}, headers=OURS).status_code == 303
    assert client.get("/sign-in", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403


# The way back


@pytest.mark.parametrize("wanted", ["/", "/runs?risk_level=RED&tool_id=a%2Fb", "/runs/run_1#checks", "/r/01a2"])
def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(guarded: FlaskClient, wanted: str) -> None:
    page = guarded.get("/sign-in", query_string={"next": wanted}).text
    assert f'name="next" value="{html.escape(wanted)}"' in page
    response = guarded.post("/sign-in", data={"token": BEARER, "next": wanted}, headers=OURS)
    assert (response.status_code, response.headers["Location"]) == (303, wanted)
    # Who is signed in already goes on at once.
    again = guarded.get("/sign-in", query_string={"next": wanted})
    assert (again.status_code, again.headers["Location"]) == (303, wanted)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nothing_leads_elsewhere(guarded: FlaskClient, wanted: str) -> None:
    assert 'name="next"' not in guarded.get("/sign-in", query_string={"next": wanted}).text
    response = guarded.post("/sign-in", data={"token": BEARER, "next": wanted}, headers=OURS)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert guarded.get("/sign-in", query_string={"next": wanted}).status_code == 200


def test_who_asks_for_a_page_is_sent_to_the_sign_in_and_programs_are_told(guarded: FlaskClient) -> None:
    page = guarded.get("/runs?risk_level=RED&tool_id=%C3%A9", headers=ASKS_PAGES)
    assert (page.status_code, page.headers["Cache-Control"]) == (303, "no-store")
    back = "/runs?risk_level=RED&tool_id=%C3%A9"
    assert page.headers["Location"] == f"/sign-in?next={quote(back)}"
    assert guarded.get(page.headers["Location"]).text.count(html.escape(back)) == 1
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "application/json, text/html"}):
        assert check_problem(guarded.get("/runs", headers=headers), 401, "UNAUTHENTICATED")
    assert check_problem(guarded.get(RUNS, headers=ASKS_PAGES), 401, "UNAUTHENTICATED")


def test_a_link_on_another_site_is_followed_once_more_from_here(guarded: FlaskClient) -> None:
    sign_in(guarded)
    cookie = guarded.get_cookie(COOKIE)
    assert cookie is not None
    guarded.delete_cookie(COOKIE)
    first = guarded.get("/runs", headers={**ASKS_PAGES, "Sec-Fetch-Site": "cross-site"})
    assert first.status_code == 401
    assert '<meta http-equiv="refresh" content="0">' in first.text
    again = guarded.get("/runs", headers={**ASKS_PAGES, "Sec-Fetch-Site": "same-origin"})
    assert again.status_code == 303
