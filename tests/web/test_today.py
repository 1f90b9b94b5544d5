"""Today: what was cut, what waits, why cuts were blocked."""

import itertools
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from tests.makers import ANNA
from tests.web.conftest import RUNS, SLOW, check_page

NOON_US = 1_766_491_200_000_000
"""Of 23 December 2025: no test sees its runs of today become those of yesterday."""


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a millisecond each time it is read."""
    clock = itertools.count(NOON_US, 1000)
    monkeypatch.setattr(ids, "now_us", lambda: next(clock))


def test_the_figures_are_those_of_the_runs_of_today(browse: Any, record: Any, client: FlaskClient) -> None:
    red = [record(SLOW) for _ in range(2)]
    record()
    gone = record()
    assert client.delete(f"{RUNS}/{gone}?reason=a+trial+of+nothing").status_code < 300
    text = check_page(browse("/"))
    assert "3 runs today 1 ✓ GREEN 0 ! YELLOW 2 ✕ RED 0 ? UNKNOWN" in text
    assert "3 runs, at most 3 on one day" in browse("/").text
    rule = client.get(f"{RUNS}?limit=1&risk_level=RED").json["items"][0]["rule"]
    assert re.search(rf"{rule.replace('_', ' ').capitalize()} 2\b", text)
    for run_id in red:
        assert f'href="/runs/{run_id}"' in browse("/").text


def test_each_number_leads_to_the_runs_that_it_counts(browse: Any, record: Any) -> None:
    record(SLOW)
    record()
    page = browse("/").text
    links = [part.split('"')[0].replace("&amp;", "&") for part in page.split('href="/runs?')[1:]]
    assert len(links) > 5
    for query in links:
        check_page(browse(f"/runs?{query}"))
    tile = re.search(r'<a class="tile red" href="([^"]+)"><b>1 ', page)
    assert tile is not None
    assert browse(tile[1].replace("&amp;", "&")).text.count('class="chip red"') == 1


def test_an_override_that_waits_for_a_second_person_stands_first(browse: Any, record: Any, app: Flask) -> None:
    store = app.extensions["rmos"].store
    asked, others = record(SLOW), [record(SLOW) for _ in range(8)]
    asked_for = {"scope": "RED", "effective": False, "expires_at_utc": "2999-01-01T00:00:00.000000Z"}
    over = {**asked_for, "expires_at_utc": "2001-01-01T00:00:00.000000Z"}
    granted = {**asked_for, "effective": True}
    for run_id, data in ((asked, asked_for), (others[0], over), (others[-2], granted), (others[-1], over)):
        store.runs.append(run_id, "override", lambda _, data=data: data, actor=ANNA, us=ids.now_us())
    page = browse("/").text
    waiting = re.findall(r'<a class="line" href="/runs/(run_\w+(?:/override)?)"', page)
    # The one that waits, then those that are blocked, without what is in force; what is over waits for somebody again.
    assert waiting == [f"{asked}/override", *(others[number] for number in (-1, -3, -4, -5, -6))]
    assert page.count("asks for a second person") == 1
    assert "All that wait for a second person (1)" in page


def test_however_long_ago_it_was_asked_for_a_second_person_is_still_awaited(
    browse: Any, record: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = app.extensions["rmos"].store
    old = [record(SLOW) for _ in range(8)]
    for run_id in old:
        data = {"scope": "RED", "effective": False, "expires_at_utc": None}
        store.runs.append(run_id, "override", lambda _, data=data: data, actor=ANNA, us=ids.now_us())
    for _ in range(25):
        record(SLOW)
    page = browse("/").text
    waiting = re.findall(r'<a class="line" href="/runs/(run_\w+)/override"', page)
    assert waiting == old[:1:-1]
    assert "All that wait for a second person (8)" in page
    monkeypatch.setattr("rmos.web.today._COUNTED", 7)
    assert "All that wait for a second person (more than 7)" in browse("/").text
    assert [f'data-run="{run_id}"' in browse("/runs?override=asked").text for run_id in old] == [True] * 8


def test_nothing_waits_where_everything_is_green(browse: Any, record: Any) -> None:
    record()
    text = check_page(browse("/"))
    assert "Nothing waits. The last cut was" in text
    assert "No rule blocked a cut" in text
