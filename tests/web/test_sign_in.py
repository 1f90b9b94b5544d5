"""The sign-in page: a token once, then a cookie that no script reads and no other site sends."""

import time
from pathlib import Path

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
from tests.makers import ANNA, BEARER, write_token

RUNS = "/api/rmos/runs"
OURS = {"Origin": "http://localhost"}


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
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
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
    assert "<script" not in response.text
    assert "Set-Cookie" not in response.headers


def test_guessing_on_the_page_is_throttled_like_everywhere(guarded: FlaskClient) -> None:
    statuses = [sign_in(guarded, "nonsense").status_code for _ in range(WRONG_TOKENS + 2)]
    assert statuses == [401] * WRONG_TOKENS + [429] * 2
    assert sign_in(guarded).status_code == 303


def test_a_form_that_is_too_large_for_a_token_is_not_read(guarded: FlaskClient) -> None:
    assert sign_in(guarded, "x" * 5000).status_code == 413


def test_without_tokens_the_page_says_that_none_is_needed(client: FlaskClient) -> None:
    assert "No sign-in is needed" in client.get("/sign-in").text
    assert client.post("/sign-in", data={"token": "x"}, headers=OURS).status_code == 303
    assert client.get("/sign-in", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403


def test_the_page_holds_no_script_and_no_style_of_its_own(guarded: FlaskClient) -> None:
    response = guarded.get("/sign-in")
    assert "<script" not in response.text
    assert "<style" not in response.text
    assert " style=" not in response.text
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
