"""Tokens: listed without their secrets, revoked after a question, made elsewhere."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.config import Settings
from rmos.store import Store
from rmos.store.tokens import token_state
from tests.makers import ANNA, BEARER, write_token
from tests.web.conftest import PAGES, check_page

HOSTILE = '<img src=x onerror="alert(1)">'
OURS = {"Origin": "http://localhost"}


@pytest.fixture
def tokens(app: Flask, settings: Settings) -> dict[str, str]:
    """The ids of tokens in every state by name; `ada`, an admin, is who asks."""
    store: Store = app.extensions["rmos"].store
    us = ids.now_us()
    made = {}
    for name, role, expires in (("ben", "operator", None), (HOSTILE, "viewer", None), ("old", "recorder", us - 10**6)):
        token, _ = store.tokens.create(
            name,
            role,  # type: ignore[arg-type]
            expires_at_utc=None if expires is None else ids.utc_text(expires),
            actor=ANNA,
            us=us - 10**7,
        )
        made[name] = token.token_id
    gone, _ = store.tokens.create("gone", "admin", expires_at_utc=None, actor=ANNA, us=us)
    store.tokens.revoke(gone.token_id, actor=ANNA, us=us)
    write_token(settings.runs_dir, name="ada", role="admin")
    return {**made, "gone": gone.token_id, "ada": "abc123"}


@pytest.fixture
def ada(app: Flask, tokens: dict[str, str]) -> FlaskClient:
    """A browser that an admin has signed in with."""
    client = app.test_client()
    assert client.post("/sign-in", data={"token": BEARER}, headers=OURS).status_code == 303
    return client


def ask(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, headers=PAGES)


def state_of(app: Flask, token_id: str) -> str:
    store: Store = app.extensions["rmos"].store
    token = store.tokens.get(token_id).token
    assert token is not None
    return token_state(token, ids.now_us())


def test_tokens_are_listed_with_their_states_and_never_a_secret(
    ada: FlaskClient, tokens: dict[str, str], settings: Settings
) -> None:
    page = ask(ada, "/access")
    text = check_page(page)
    assert text.index("✓ in force ada you admin abc123") < text.index("✓ in force ben operator") < text.index("expired")
    assert re.search(r"✕ revoked gone admin .* revoked .* by anna", text)
    assert HOSTILE in text
    assert HOSTILE not in page.text
    assert "rmos token create NAME --role operator" in text
    assert page.text.count("btn ghost") == 3
    for path in (settings.runs_dir / "_tokens").iterdir():
        for digits in re.findall(r'"secret_sha256":"([0-9a-f]{64})"', path.read_text()):
            assert digits not in page.text


def test_a_token_is_revoked_after_a_question_once_and_for_good(
    ada: FlaskClient, app: Flask, tokens: dict[str, str]
) -> None:
    path = f"/access/{tokens['ben']}/revoke"
    text = check_page(ask(ada, path))
    assert "Revoke the token of ben?" in text
    assert "signed in with" not in text
    assert state_of(app, tokens["ben"]) == "in force"
    for _ in range(2):
        response = ada.post(path, headers={**PAGES, **OURS})
        assert (response.status_code, response.headers["Location"]) == (303, "/access")
    assert state_of(app, tokens["ben"]) == "revoked"
    assert "It lets nobody in as it is: revoked." in check_page(ask(ada, path))
    trail = check_page(ask(ada, "/record/trail?action=revoke&who=ada"))
    assert trail.count("✓ done") == 1


def test_revoking_ones_own_and_the_last_admins_is_warned_of(ada: FlaskClient, tokens: dict[str, str]) -> None:
    text = check_page(ask(ada, "/access/abc123/revoke"))
    assert "It is the one that you are signed in with." in text
    assert "It is the last one of an admin." in text
    assert ada.post("/access/abc123/revoke", headers={**PAGES, **OURS}).status_code == 303


@pytest.mark.parametrize("token_id", ["nobody", "x" * 500, "%3Cscript%3E", "..%2F..", "tok_abc123", "*"])
def test_a_token_that_is_not_there_is_a_page_that_says_so(ada: FlaskClient, token_id: str) -> None:
    check_page(ask(ada, f"/access/{token_id}/revoke"), 404)
    check_page(ada.post(f"/access/{token_id}/revoke", headers={**PAGES, **OURS}), 404)


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_page_of_another_site_revokes(
    ada: FlaskClient, app: Flask, tokens: dict[str, str], headers: dict[str, str]
) -> None:
    assert ada.post(f"/access/{tokens['ben']}/revoke", headers=headers).status_code == 403
    assert state_of(app, tokens["ben"]) == "in force"


def test_a_damaged_token_is_shown_as_one_that_lets_nobody_in(
    ada: FlaskClient, tokens: dict[str, str], settings: Settings
) -> None:
    path = settings.runs_dir / "_tokens" / f"tok_{tokens['ben']}.000001.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("operator", "admin"))
    assert "⚡ damaged Lets nobody in." in check_page(ask(ada, "/access"))
    assert "It lets nobody in as it is: damaged." in check_page(ask(ada, f"/access/{tokens['ben']}/revoke"))
