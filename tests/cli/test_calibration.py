"""`rmos calibrate`: decisions beside what became of the cuts, from a terminal."""

from pathlib import Path

import pytest

from rmos.cli.calibration import _UNKNOWN, NOT_COMPARED
from rmos.decisions.calibration import CHECK_UNKNOWNS
from rmos.outcomes import ESTIMATES, TIME_BASES
from tests.cli.conftest import Command, artifacts_of, document

GOOD = ("--ended", "completed", "--part", "good")
SCRAP = ("--ended", "completed", "--part", "scrap", "--reason")


def test_without_outcomes_it_says_what_to_do(run: Command) -> None:
    done = run("calibrate")
    assert (done.exit_code, "rmos outcome RUN_ID" in done.stdout) == (0, True)
    assert document(run("calibrate", "--json", "--machine", "X", "--since", "2026-01-01"))["jobs"] == 0


def test_the_report_is_a_table_and_a_document_and_says_that_it_changes_no_limit(run: Command) -> None:
    items = document(run("runs", "--json", "--limit", "40"))["items"]
    green = [item["run_id"] for item in items if item["risk_level"] == "GREEN"]
    yellow = next(item["run_id"] for item in items if item["risk_level"] == "YELLOW")
    run("outcome", green[0], *SCRAP, "BURN", "--stopped", "2026-01-02T10:00:00Z")
    run("outcome", green[0], *SCRAP, "WRONG_ZERO")
    run("outcome", green[1], *SCRAP, "TEAR_OUT")
    run("outcome", green[1], *GOOD)
    run("outcome", yellow, *GOOD)
    text = run("calibrate").stdout
    for words in (
        "GREEN 0 4 1 (4.6-69.9 %) 0 (0.0-49.0 %) 3 (30.1-95.4 %)",
        "the nearest to its limit first: 1 job",
        "because somebody took the wrong thing: 1 job",
        "for a reason that no check is about: 1 job",
        "cut all the same, and good (1 YELLOW): 1 job",
        "without a time",
        "changes no limit",
    ):
        assert words in " ".join(text.split()), text
    report = document(run("calibrate", "--json"))
    (job,) = report["green_scrapped"]["check"]["items"]
    checks = document(run("show", green[0], "--json"))["feasibility"]["assessments"]
    (heat,) = (check for check in checks if check["id"] == job["check"]["id"])
    assert (job["check"]["value"], job["check"]["limit"]) == (heat["value"], heat["limit"])
    assert 0 < job["check"]["q"] <= 1
    assert document(run("calibrate", "--json", "--machine", "nobody"))["jobs"] == 0
    assert document(run("calibrate", "--json", "--since", "2026-01-03"))["jobs"] == 4


def test_a_backtest_by_outcomes_counts_what_would_have_been_blocked(run: Command) -> None:
    items = document(run("runs", "--json", "--limit", "40"))["items"]
    green, red = (next(item["run_id"] for item in items if item["risk_level"] == risk) for risk in ("GREEN", "RED"))
    assert "of 0 jobs" in run("backtest", "--engine", "baseline_v2", "--outcomes").stdout
    run("outcome", green, *GOOD)
    run("outcome", red, *SCRAP, "BURN")
    run("outcome", green, *SCRAP, "WRONG_TOOL")
    done = run("backtest", "--engine", "baseline_v2", "--outcomes")
    assert done.exit_code == 0
    text = " ".join(done.stdout.split())
    for words in ("scrap 1 0 1 1 (20.7-100.0 %) of 1", "good 1 0 0 0 (0.0-79.3 %) of 1", "changes no limit"):
        assert words in text
    report = document(run("backtest", "--engine", "baseline_v2", "--outcomes", "--json"))
    assert {kind: report[kind]["blocked"]["count"] for kind in ("scrap", "scrap_human", "good")} == {
        "scrap": 1,
        "scrap_human": 0,
        "good": 0,
    }
    assert run("backtest", "--engine", "baseline_v2", "--outcomes", "--csv").exit_code == 2


@pytest.mark.parametrize("wrong", [("--since", "soon"), ("--until", "2026-01-01"), ("more",)])
def test_what_it_does_not_take_is_usage(run: Command, wrong: tuple[str, ...]) -> None:
    assert run("calibrate", *wrong).exit_code == 2


def test_all_that_is_not_known_has_words(root: Path) -> None:
    assert set(_UNKNOWN) == set(CHECK_UNKNOWNS)
    assert set(NOT_COMPARED) == set(TIME_BASES) - set(ESTIMATES)
    assert artifacts_of(root)
