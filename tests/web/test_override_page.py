"""Overrides on the page: one operator answers for YELLOW; RED takes two people, who may share one screen."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import create_app, ids
from rmos.auth.guard import WRONG_TOKENS
from rmos.config import Settings
from rmos.models import ROLES
from tests.makers import ANNA
from tests.web.conftest import CUT, OURS, PAGES, RUNS, SLOW, check_page

YELLOW = {"design": {**CUT["design"], "plunge_feed_mm_min": 2200}}
SAID = {"reason": "Scrap wood, tried before.", "hours": "24", "acknowledge_risk": "yes"}
AGREED = {**SAID, "reason": "Seen it, the edge is sharp."}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A shop in which two people together may override a RED."""
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", allow_red_override=True)


@pytest.fixture
def red(signed_in: dict[str, FlaskClient]) -> str:
    """A run that is RED."""
    made = signed_in["recorder"].post(RUNS, json={**CUT, **SLOW}, headers=OURS)
    return str(made.json["run_id"])


@pytest.fixture
def bearers(app: Flask, bearers: dict[str, str]) -> dict[str, str]:
    """The tokens of the shop, and that of a second operator, Bo."""
    store = app.extensions["rmos"].store
    return {
        **bearers,
        "second": store.tokens.create("bo", "operator", expires_at_utc=None, actor=ANNA, us=ids.now_us())[1],
    }


@pytest.fixture
def tablet(signed_in: dict[str, FlaskClient]) -> FlaskClient:
    """The tablet of the shop, at which the operator is signed in."""
    return signed_in["operator"]


def send(browser: FlaskClient, run_id: str, **fields: str) -> TestResponse:
    return browser.post(f"/runs/{run_id}/override", data={**SAID, **fields}, headers=OURS)


def overrides_of(app: Flask, run_id: str) -> list[tuple[str, str, bool]]:
    view = app.extensions["rmos"].store.runs.record(run_id).view()
    return [(entry["by"], entry["role"], entry["effective"]) for entry in view.overrides]


def test_an_operator_answers_for_yellow_alone_and_once(
    app: Flask, browse: Any, record: Any, client: FlaskClient
) -> None:
    run_id = record(YELLOW)
    assert f'href="/runs/{run_id}/override"' in browse(f"/runs/{run_id}").text
    text = check_page(browse(f"/runs/{run_id}/override"))
    assert "YELLOW takes one operator" in text
    for _ in range(2):
        sent = send(client, run_id)
        assert (sent.status_code, sent.headers["Location"]) == (303, f"/runs/{run_id}")
    assert overrides_of(app, run_id) == [("local", "operator", True)]
    (entry,) = client.get(f"{RUNS}/{run_id}").json["overrides"]
    assert ids.parse_utc(entry["expires_at_utc"]) - ids.parse_utc(entry["created_at_utc"]) == 24 * 3600 * 10**6
    assert "An override is in force." in check_page(browse(f"/runs/{run_id}/override"))
    assert "in force already" in check_page(send(client, run_id, reason="Another reason."), 409)


def test_a_second_person_agrees_on_the_same_tablet_and_the_first_stays_signed_in(
    app: Flask, tablet: FlaskClient, red: str, bearers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = tablet.get(f"/runs/{red}/override", headers=PAGES)
    assert "Ask a second person" in check_page(page)
    assert 'name="token"' not in page.text
    assert send(tablet, red).status_code == 303
    page = tablet.get(f"/runs/{red}/override", headers=PAGES)
    text = check_page(page)
    assert "a operator : Scrap wood, tried before." in text.replace("a operator:", "a operator :")
    assert "A operator has asked; it is not you who can agree." in text
    assert re.search(r'<input id="token" name="token" type="password" autocomplete="off"', page.text)
    for _ in range(2):
        sent = send(tablet, red, **AGREED, token=f" {bearers['admin']}\n")
        assert (sent.status_code, sent.headers["Location"]) == (303, f"/runs/{red}")
        assert "Set-Cookie" not in sent.headers
    assert overrides_of(app, red) == [("a operator", "operator", False), ("a admin", "admin", True)]
    shown = tablet.get(f"/runs/{red}", headers=PAGES)
    assert "a operator · operator" in check_page(shown)
    assert "Overridden by a admin" in check_page(shown)
    events = tablet.get(f"{RUNS}/{red}/events").text
    secret = bearers["admin"][18:]
    for text in (caplog.text, events, shown.text):
        assert secret not in text


def test_who_is_signed_in_as_an_admin_agrees_without_another_token(
    app: Flask, tablet: FlaskClient, signed_in: dict[str, FlaskClient], red: str
) -> None:
    send(tablet, red)
    admin = signed_in["admin"]
    assert "Agree, and put it in force" in check_page(admin.get(f"/runs/{red}/override", headers=PAGES))
    assert send(admin, red, **AGREED).status_code == 303
    assert overrides_of(app, red)[-1] == ("a admin", "admin", True)


@pytest.mark.parametrize(
    ("whose", "status", "said"),
    [
        ("operator", 422, "who is signed in here"),
        ("second", 403, "takes the role admin; bo is operator"),
        ("recorder", 403, "takes the role admin; a recorder is recorder"),
        ("nobody", 401, "The token is not known."),
        ("nonsense", 401, "does not have the form"),
    ],
)
def test_no_other_token_puts_it_in_force_and_none_is_shown(
    app: Flask, tablet: FlaskClient, red: str, bearers: dict[str, str], whose: str, status: int, said: str
) -> None:
    tokens = {
        **bearers,
        "nobody": f"rmos_{'0' * 12}_{bearers['admin'][18:]}",
        "nonsense": "<script>alert(1)</script>",
    }
    send(tablet, red)
    sent = send(tablet, red, **AGREED, token=tokens[whose])
    assert said in check_page(sent, status)
    assert tokens[whose] not in sent.text
    assert AGREED["reason"] in sent.text
    assert overrides_of(app, red) == [("a operator", "operator", False)]
    assert tablet.get("/", headers=PAGES).status_code == 200


def test_whoever_asked_cannot_agree_under_another_ones_sign_in(
    app: Flask, red: str, signed_in: dict[str, FlaskClient], bearers: dict[str, str]
) -> None:
    assert send(signed_in["admin"], red).status_code == 303
    sent = send(signed_in["operator"], red, **AGREED, token=bearers["admin"])
    assert "a admin has asked for this already; somebody else, an admin, has to agree." in check_page(sent, 409)
    assert overrides_of(app, red) == [("a admin", "admin", False)]


def test_a_token_before_anybody_has_asked_records_nothing(
    app: Flask, tablet: FlaskClient, red: str, bearers: dict[str, str]
) -> None:
    assert "Nobody has asked" in check_page(send(tablet, red, token=bearers["admin"]), 422)
    assert overrides_of(app, red) == []


def test_guessing_tokens_here_is_throttled_as_at_the_sign_in(tablet: FlaskClient, red: str) -> None:
    send(tablet, red)
    statuses = [send(tablet, red, token="nonsense").status_code for _ in range(WRONG_TOKENS + 1)]
    assert statuses == [401] * WRONG_TOKENS + [429]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "short"}, "reason"),
        ({"acknowledge_risk": ""}, "acknowledge_risk"),
        ({"hours": "9999"}, "Choose one of 8, 24, 168, never."),
    ],
)
def test_what_the_form_lacks_is_said(
    app: Flask, tablet: FlaskClient, red: str, fields: dict[str, str], said: str
) -> None:
    assert said in check_page(send(tablet, red, **fields), 422)
    assert overrides_of(app, red) == []


def test_roles_and_other_sites_are_as_everywhere(
    app: Flask, red: str, signed_in: dict[str, FlaskClient], bearers: dict[str, str]
) -> None:
    for role, browser in signed_in.items():
        text = check_page(browser.get(f"/runs/{red}/override", headers=PAGES))
        may = ROLES.index(role) >= ROLES.index("operator")
        assert ("Takes the role operator; you are" in text) != may
        if not may:
            assert send(browser, red).status_code == 403
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        form = {**SAID, "token": bearers["admin"]}
        sent = signed_in["operator"].post(f"/runs/{red}/override", data=form, headers={**PAGES, **headers})
        check_page(sent, 403)
    assert overrides_of(app, red) == []
    assert app.test_client().post(f"/runs/{red}/override", data=SAID, headers=OURS).status_code == 401


def test_where_nothing_can_be_overridden_the_page_says_why(
    browse: Any, record: Any, client: FlaskClient, settings: Settings
) -> None:
    fine, red = record(), record(SLOW)
    assert "there is nothing in it to override" in check_page(browse(f"/runs/{fine}/override"))
    assert "RED overrides nothing in it." in check_page(send(client, fine), 409)
    text = check_page(browse(f"/runs/{red}/override"))
    assert "an override of RED needs two tokens" in text
    strict = create_app(Settings(instance_path=settings.instance_path, runs_dir=settings.runs_dir))
    page = strict.test_client().get(f"/runs/{red}/override", headers=PAGES)
    assert "No RED is overridden in this installation." in check_page(page)
    strict.extensions["rmos"].close()
    check_page(browse("/runs/run_0123456789ab/override"), 404)
