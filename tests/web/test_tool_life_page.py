"""The lives of tools on their pages: bars, what happened, and the form that says more, for whoever may."""

import re
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import OURS, PAGES, RUNS, check_page

TOOL = "em-3175-2f"
LIFE = f"/shop/tools/{TOOL}/life"


def send(browser: FlaskClient, **said: str) -> TestResponse:
    """Send the form as the page has just given it."""
    found = re.search(r'name="version" value="(\d+)"', browser.get(LIFE, headers=PAGES).text)
    assert found is not None
    return browser.post(LIFE, data={"version": found[1], **said}, headers=OURS)


@pytest.fixture
def worn(app: Flask, client: FlaskClient, record: Any) -> str:
    """A run by which a tool has 110 of 100 minutes behind it."""
    engines = app.extensions["rmos"].engines
    engines.shop = msgspec.structs.replace(engines.shop, tool_lives={TOOL: 100.0})
    run_id = str(record())
    job = {"ended": "completed", "part": "good", "tools": [{"tool_id": TOOL, "minutes": 110, "broke": True}]}
    assert client.post(f"{RUNS}/{run_id}/outcomes", json=job).status_code == 201
    return run_id


def test_the_table_of_tools_leads_to_their_lives_and_those_to_each(browse: Any, worn: str) -> None:
    assert 'href="/shop/tools/life"' in browse("/shop/tools").text
    assert 'href="/shop/tools/life"' not in browse("/shop/materials").text
    page = browse("/shop/tools/life")
    assert "em-3175-2f 110 % 110.0 of 100 min in 1 job · broke once" in check_page(page)
    assert f'href="{LIFE}"' in page.text
    assert '<li class="red">' in page.text
    assert '<rect class="spent" width="100" height="8"/>' in page.text
    assert "Nothing is decided by them." in check_page(page)


def test_what_happened_is_recorded_once_and_shown(app: Flask, client: FlaskClient, browse: Any, worn: str) -> None:
    sent = send(client, action="sharpened", note="<b>At last</b>")
    assert (sent.status_code, sent.headers["Location"]) == (303, LIFE)
    page = browse(LIFE)
    assert "Sharpened after 110.0 min in 1 job: <b>At last</b>" in check_page(page)
    assert "0.0 of 100 min in 0 jobs" in check_page(page)
    assert "<b>At last" not in page.text
    again = client.post(LIFE, data={"version": "0", "action": "sharpened"}, headers=OURS)
    assert "Something else was recorded of this tool meanwhile." in check_page(again, 409)
    assert send(client, action="new", serial="B").status_code == 303
    resets = app.extensions["rmos"].store.tool_lives.records.get(TOOL).resets
    assert [(reset.action, reset.serial, reset.by) for reset in resets] == [
        ("sharpened", None, "local"),
        ("new", "B", "local"),
    ]


def test_what_cannot_be_is_said_by_its_field_and_the_form_keeps_the_rest(client: FlaskClient, worn: str) -> None:
    refused = send(client, action="lost", serial="B", note="Look here.")
    assert "action" in check_page(refused, 422)
    assert "Look here." in refused.text
    assert client.post(LIFE, data={"action": "new"}, headers=OURS).status_code == 422
    unknown = client.get("/shop/tools/em-3175-2/life", headers=PAGES)
    assert f"Did you mean {TOOL}" in check_page(unknown, 404)


def test_only_operators_may_say_it(signed_in: dict[str, FlaskClient]) -> None:
    page = signed_in["recorder"].get(LIFE, headers=PAGES)
    assert "To say what happened to a tool" in check_page(page)
    assert "<form" not in page.text.partition("<main")[2].partition("</main")[0]
    said = {"version": "0", "action": "new"}
    assert signed_in["recorder"].post(LIFE, data=said, headers=OURS).status_code == 403
    foreign = {**OURS, "Origin": "https://evil.example"}
    assert signed_in["operator"].post(LIFE, data=said, headers=foreign).status_code == 403
    assert send(signed_in["operator"], action="new").status_code == 303
