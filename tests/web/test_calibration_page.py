"""Decisions beside what became of the cuts, on their page: tables, pictures, and what to do while there is nothing."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.decisions.calibration import ColourParts, ComparedTimes, MachineTimes
from rmos.decisions.proportions import make_proportion
from rmos.web.calibration_charts import draw_shares, draw_times
from tests.web.conftest import RUNS, SLOW, check_page

PAGE = "/reports/calibration"
GOOD = {"ended": "completed", "part": "good"}
SCRAP = {"ended": "completed", "part": "scrap"}


def report(client: FlaskClient, run_id: str, said: dict[str, Any], **more: Any) -> None:
    assert client.post(f"{RUNS}/{run_id}/outcomes", json={**said, **more}).status_code == 201


def test_while_there_is_nothing_it_says_what_to_do(browse: Any) -> None:
    assert "No outcomes yet" in check_page(browse(PAGE))
    assert "No outcomes match" in check_page(browse(f"{PAGE}?machine_id=x&since="))
    assert browse(f"{PAGE}?since=soon").status_code == 422


def test_it_says_what_became_of_few_cuts_and_that_it_changes_no_limit(
    client: FlaskClient, browse: Any, record: Any
) -> None:
    green, red = record(), record(SLOW)
    report(client, green, GOOD)
    report(client, green, SCRAP, reason_code="BURN", note="<b>black</b> edges")
    report(client, green, SCRAP, reason_code="WRONG_ZERO")
    report(client, green, SCRAP, reason_code="TEAR_OUT")
    report(client, green, {"ended": "cancelled", "part": "unjudged"})
    report(client, red, GOOD)
    response = browse(PAGE)
    text = check_page(response)
    for words in (
        "6 jobs that count",
        "This page changes no limit",
        "GREEN 4 1 4.6–69.9 % 0 0.0–49.0 % 3 30.1–95.4 % 1",
        "For a reason that a check is about: 1 burnt",
        "Because somebody took the wrong thing: 1 wrong zero",
        "For a reason that no check is about: 1 tear-out",
        "<b>black</b> edges",
        "1 RED: where the decisions may be too careful.",
        "cut against the decision",
        "1 did not run to the end, 5 without a time",
    ):
        assert words in text
    (rule_id,) = set(re.findall(r'href="/help/rules/(\w+)"', response.text))
    assert rule_id in ("HEAT", "CHIP_RUBBING")
    assert browse(f"/help/rules/{rule_id}").status_code == 200
    assert response.text.count(f'href="/runs/{green}#outcome"') == 3
    assert f'href="{PAGE}"' in browse(f"/runs/{green}").text
    assert f'href="{PAGE}"' in browse(f"/runs/{green}/outcome").text
    assert "6 jobs" in check_page(browse(f"{PAGE}?machine_id=LIGHT_DESKTOP&since=2025-01-01"))
    assert "No outcomes match" in check_page(browse(f"{PAGE}?machine_id=other"))


def test_it_names_how_many_runs_cannot_be_read(app: Flask, client: FlaskClient, browse: Any, record: Any) -> None:
    fine, damaged = record(), record()
    for run_id in (fine, damaged):
        report(client, run_id, GOOD)
    rmos = app.extensions["rmos"]
    path = next(rmos.settings.runs_dir.rglob(f"{damaged}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"spruce", b"sprace"))
    rmos.store.reconcile(full=True)
    text = check_page(browse(PAGE))
    assert "1 job that counts" in text
    assert "Not counted is what was reported of 1 run whose record is damaged" in text


def test_a_share_is_drawn_with_its_interval_between_none_and_all() -> None:
    shares = {part: make_proportion(count, 40) for part, count in (("good", 37), ("rework", 0), ("scrap", 3))}
    drawn = draw_shares([ColourParts(risk_level="GREEN", jobs=41, unjudged=1, **shares)])
    assert "3 of 40" in drawn
    lines = [(float(low), float(high)) for low, high in re.findall(r'limit-line" d="M([\d.]+) [^"]*?H([\d.]+)m', drawn)]
    share = (320 - 118 - 68) / 100
    assert lines[2] == pytest.approx((118 + 2.58 * share, 118 + 19.86 * share), abs=0.1)
    assert lines[1][0] == 118.0
    nothing = {part: make_proportion(0, 0) for part in shares}
    assert draw_shares([ColourParts(risk_level="RED", jobs=1, unjudged=1, **nothing)]) == ""


def test_times_are_drawn_of_enough_jobs_and_however_long_they_took() -> None:
    few = ComparedTimes(basis="planned", jobs=4)
    slow = ComparedTimes(basis="feed_only", jobs=9, lower_quartile=1.5, median=3.0, upper_quartile=99.0)
    machines = [
        MachineTimes(machine_id=name, jobs=9, compared=compared, not_compared={})
        for name, compared in (("few", [few]), ("<a very long name of a machine>", [slow]))
    ]
    assert draw_times(machines[:1]) == ""
    drawn = draw_times(machines)
    assert "<title>&lt;a very long name of a machine&gt;</title>" in drawn
    assert "3.00, n 9" in drawn
    assert all(float(x) <= 320 for x in re.findall(r' x="([\d.]+)"', drawn))
