"""What became of a cut, on its page: three taps, said once, corrected, by whoever may."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.errors.request import ValidationFailed
from rmos.web.outcome_page import make_outcome_body
from tests.makers import ANNA
from tests.web.conftest import CUT, OURS, PAGES, RUNS, SLOW, check_page

GOOD = {"ended": "completed", "part": "good"}


def find_key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def send(browser: FlaskClient, run_id: str, **said: str) -> TestResponse:
    """Send the form as the page has just given it."""
    key = find_key(browser.get(f"/runs/{run_id}/outcome", headers=PAGES).text)
    return browser.post(f"/runs/{run_id}/outcome", data={"key": key, **said}, headers=OURS)


def outcomes_of(app: Flask, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = app.extensions["rmos"].store.runs.record(run_id).view().outcomes
    return found


def test_the_first_tap_is_on_the_page_of_the_run_and_the_last_one_leads_back_to_it(
    app: Flask, client: FlaskClient, browse: Any, record: Any
) -> None:
    run_id = record()
    page = browse(f"/runs/{run_id}").text
    assert f'href="/runs/{run_id}/outcome?ended=completed">Finished</a>' in page
    form = browse(f"/runs/{run_id}/outcome?ended=completed")
    check_page(form)
    assert re.search(r'name="ended" value="completed" checked required>', form.text)
    assert form.text.count(" checked") == 1
    assert form.text.count('name="reason_code"') == 15
    assert form.headers["Cache-Control"] == "no-store"
    sent = send(client, run_id, **GOOD, minutes="7,5", quantity="2", last_line="9", note="<b>fine</b>")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/runs/{run_id}#outcome")
    (entry,) = outcomes_of(app, run_id)
    shown = {name: entry[name] for name in ("outcome", "measured_s", "quantity", "last_line", "by")}
    assert shown == {"outcome": "done", "measured_s": 450.0, "quantity": 2, "last_line": 9, "by": "local"}
    after = browse(f"/runs/{run_id}")
    assert "done Finished, good, 2 parts: <b>fine</b>" in check_page(after)
    assert "reported what became of it: done" in check_page(after)
    assert "<b>fine" not in after.text


def test_the_reason_of_scrap_is_the_button_that_saves_it(app: Flask, client: FlaskClient, record: Any) -> None:
    run_id = record()
    refused = send(client, run_id, ended="completed", part="scrap", note="Look here.")
    assert "Say why, for scrap and for failed" in check_page(refused, 422)
    assert re.search(r'name="part" value="scrap" checked', refused.text)
    assert "<details open>" in refused.text
    assert "Look here." in refused.text
    assert outcomes_of(app, run_id) == []
    assert send(client, run_id, ended="completed", part="scrap", reason_code="TEAR_OUT").status_code == 303
    assert "scrapped Finished, scrap, tear-out" in check_page(client.get(f"/runs/{run_id}", headers=PAGES))


def test_a_form_that_is_sent_twice_is_one_outcome_and_another_form_another(
    app: Flask, client: FlaskClient, browse: Any, record: Any
) -> None:
    run_id = record()
    said = {"key": find_key(browse(f"/runs/{run_id}/outcome").text), **GOOD}
    for _ in range(2):
        assert client.post(f"/runs/{run_id}/outcome", data=said, headers=OURS).status_code == 303
    assert len(outcomes_of(app, run_id)) == 1
    changed = client.post(f"/runs/{run_id}/outcome", data={**said, "note": "no"}, headers=OURS)
    assert "used with another outcome" in check_page(changed, 422)
    assert client.post(f"/runs/{run_id}/outcome", data=GOOD, headers=OURS).status_code == 422
    assert send(client, run_id, **GOOD).status_code == 303
    assert len(outcomes_of(app, run_id)) == 2


def test_an_outcome_is_corrected_once_and_both_are_shown(
    app: Flask, client: FlaskClient, browse: Any, record: Any
) -> None:
    run_id = record()
    send(client, run_id, **GOOD)
    assert f'href="/runs/{run_id}/outcome?corrects=1"' in browse(f"/runs/{run_id}").text
    form = browse(f"/runs/{run_id}/outcome?corrects=1")
    assert "takes the place of outcome 1" in check_page(form)
    assert '<input type="hidden" name="corrects" value="1">' in form.text
    assert send(client, run_id, ended="completed", part="rework", corrects="1").status_code == 303
    text = check_page(browse(f"/runs/{run_id}"))
    assert "corrected since, by number 2" in text
    assert text.count("Correct this") == 1
    late = send(client, run_id, **GOOD, corrects="1")
    assert "was corrected by number 2" in check_page(late, 409)
    assert len(outcomes_of(app, run_id)) == 2


def test_what_was_cut_against_the_decision_is_reported_and_said(client: FlaskClient, browse: Any, record: Any) -> None:
    run_id = record(SLOW)
    page = browse(f"/runs/{run_id}").text
    assert f'href="/runs/{run_id}/outcome">It was cut all the same</a>' in page
    assert "The decision blocks this cut." in check_page(browse(f"/runs/{run_id}/outcome"))
    assert send(client, run_id, **GOOD).status_code == 303
    assert "Cut against the decision." in check_page(browse(f"/runs/{run_id}"))


def test_what_an_override_covers_is_reported_as_any_other(app: Flask, browse: Any, record: Any) -> None:
    run_id = record(SLOW)
    granted = {"scope": "RED", "effective": True, "expires_at_utc": None}
    app.extensions["rmos"].store.runs.append(run_id, "override", lambda run: granted, actor=ANNA, us=ids.now_us())
    assert f'href="/runs/{run_id}/outcome?ended=completed">Finished</a>' in browse(f"/runs/{run_id}").text
    assert "The decision blocks this cut." not in check_page(browse(f"/runs/{run_id}/outcome"))


def test_who_may_only_look_gets_no_form_and_no_other_site_may_send_one(
    app: Flask, signed_in: dict[str, FlaskClient]
) -> None:
    store = app.extensions["rmos"].store
    run_id = signed_in["recorder"].post(RUNS, json=CUT, headers=OURS).json["run_id"]
    page = signed_in["viewer"].get(f"/runs/{run_id}/outcome", headers=PAGES)
    assert "takes the role recorder; you are viewer" in check_page(page)
    assert "<form method=" not in page.text.partition("<main")[2].partition("</main")[0]
    key = find_key(signed_in["recorder"].get(f"/runs/{run_id}/outcome", headers=PAGES).text)
    said = {"key": key, **GOOD}
    assert signed_in["viewer"].post(f"/runs/{run_id}/outcome", data=said, headers=OURS).status_code == 403
    foreign = {**PAGES, "Origin": "https://evil.example"}
    assert signed_in["recorder"].post(f"/runs/{run_id}/outcome", data=said, headers=foreign).status_code == 403
    assert store.runs.record(run_id).view().outcomes == []
    assert signed_in["recorder"].post(f"/runs/{run_id}/outcome", data=said, headers=OURS).status_code == 303


def test_tools_times_rating_and_photos_are_folded_away_and_recorded(
    app: Flask, client: FlaskClient, browse: Any, record: Any
) -> None:
    run_id = record()
    for name in ("part.png", "ring.svg"):
        photo = {"file": (io.BytesIO(name.encode()), name, "application/octet-stream"), "kind": "photo"}
        sent = client.post(f"{RUNS}/{run_id}/attachments", data=photo, content_type="multipart/form-data")
        assert sent.status_code == 201
    form = browse(f"/runs/{run_id}/outcome?ended=completed&part=good").text
    assert "<details>" in form
    assert re.findall(r'name="tool_(\d)"[^>]* value="([^"]*)"', form) == [("1", "em-3175-2f"), ("2", "")]
    chosen = re.findall(r'name="photo" value="([0-9a-f]{64})"', form)
    assert len(chosen) == 2
    # The tool that the page named, and nothing more: three taps say nothing of tools.
    assert send(client, run_id, **GOOD, tool_1="em-3175-2f").status_code == 303
    more = {"started_at_utc": "2025-12-23T08:00", "ended_at_utc": "2025-12-23T08:12:30", "rating": "4"}
    tools = {"tool_1": "em-3175-2f", "serial_1": "B", "tool_minutes_1": "7,5", "tool_2": "em-1000-2f", "broke_2": "yes"}
    key = find_key(browse(f"/runs/{run_id}/outcome").text)
    said = {"key": key, **GOOD, **more, **tools, "photo": chosen}
    assert client.post(f"/runs/{run_id}/outcome", data=said, headers=OURS).status_code == 303
    plain, full = outcomes_of(app, run_id)
    assert plain["tools"] == []
    assert [tool["tool_id"] for tool in plain["tool_work"]] == ["em-3175-2f"]
    assert full["tools"] == [
        {"tool_id": "em-3175-2f", "serial": "B", "minutes": 7.5, "broke": False},
        {"tool_id": "em-1000-2f", "serial": None, "minutes": None, "broke": True},
    ]
    assert (full["rating"], full["photo_sha256"]) == (4, chosen)
    assert (full["started_at_utc"][:19], full["ended_at_utc"][:19]) == ("2025-12-23T08:00:00", "2025-12-23T08:12:30")
    said |= {"key": find_key(browse(f"/runs/{run_id}/outcome").text), "ended_at_utc": "2025-12-23T07:00"}
    refused = client.post(f"/runs/{run_id}/outcome", data=said, headers=OURS)
    assert "Is before the start." in check_page(refused, 422)
    assert "<details open>" in refused.text
    assert refused.text.count(" checked") == 5  # the two taps, two photos, the tool that broke
    assert 'value="7,5"' in refused.text


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"minutes": "soon"}, "minutes"),
        ({"minutes": "1_0"}, "minutes"),
        ({"minutes": "nan"}, "minutes"),
        ({"minutes": "1e400"}, "minutes"),
        ({"quantity": "1.5"}, "quantity"),
        ({"last_line": "-1"}, "last_line"),
        ({"corrects": "1" * 10}, "corrects"),
        ({"quantity": "²"}, "quantity"),
        ({"tools": "x"}, "tools"),
        ({"rating": "good"}, "rating"),
        ({"tool_1": "em-1", "tool_minutes_1": "soon"}, "tool_minutes_1"),
        ({"tool_1": "em-1", "tool_minutes_1": "1_0"}, "tool_minutes_1"),
        ({"serial_2": "B"}, "tool_2"),
    ],
)
def test_a_number_that_is_none_is_told_by_its_field(said: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        make_outcome_body({**GOOD, **said})
    assert list(refused.value.errors or {}) == [field]
