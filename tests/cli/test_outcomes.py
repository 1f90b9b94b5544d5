"""`rmos outcome` and `rmos outcomes`: what became of cuts, from a terminal."""

import getpass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, artifacts_of, document, listed

ABSENT = "run_" + "0" * 32
GOOD = ("--ended", "completed", "--part", "good")


@pytest.fixture
def run_id(root: Path) -> str:
    return artifacts_of(root)[0].stem


def test_an_outcome_is_reported_shown_listed_and_corrected(run: Command, run_id: str) -> None:
    before = artifacts_of_bytes(run, run_id)
    times = ("--started", "2025-01-01T10:00:00Z", "--stopped", "2025-01-01T11:10:00+01:00")
    tools = ("--tool", "em-1=2.5", "--tool", "a=b=1", "--broke", "em-2", "--broke", "em-1")
    more = ("--quantity", "2", "--rating", "4", "--note", "fine", "--feed-override", "90", "--line", "7")
    done = run("outcome", run_id, *GOOD, *times, *tools, *more, "--json")
    assert done.exit_code == 0, done.stderr
    number = document(done)["number"]
    (entry,) = document(run("show", run_id, "--json"))["outcomes"]
    assert (entry["number"], entry["outcome"], entry["by"]) == (number, "done", f"cli:{getpass.getuser()}")
    assert {name: entry[name] for name in ("quantity", "rating", "note", "feed_override_pct", "last_line")} == {
        "quantity": 2,
        "rating": 4,
        "note": "fine",
        "feed_override_pct": 90.0,
        "last_line": 7,
    }
    assert [(tool["tool_id"], tool["minutes"], tool["broke"]) for tool in entry["tools"]] == [
        ("em-1", 2.5, True),
        ("a=b", 1.0, False),
        ("em-2", None, True),
    ]
    again = run(
        "outcome", run_id, "--ended", "FAILED", "--part", "scrap", "--reason", "burn", "--corrects", str(number)
    )
    assert again.stdout.startswith(f"scrapped: number {number + 1} of {run_id}")
    (item,) = listed(run, "outcomes")
    assert (item["run_id"], item["outcome"], item["corrects"]) == (run_id, "scrapped", number)
    assert f"[corrected by {number + 1}]" in run("show", run_id).stdout
    assert [one["run_id"] for one in document(run("runs", "--outcome", "Scrapped", "--json"))["items"]] == [run_id]
    assert run("verify").exit_code == 0
    assert artifacts_of_bytes(run, run_id) == before


def artifacts_of_bytes(run: Command, run_id: str) -> dict[str, Any]:
    """Return what the run says of itself, without what was said of it."""
    shown: dict[str, Any] = document(run("show", run_id, "--json"))
    return {name: shown[name] for name in ("decision", "hashes", "status")}


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    ((ABSENT, *GOOD), 1, "Run not found"),
    (("RUN", *GOOD, "--corrects", "99"), 1, "No such outcome to correct"),
    (("RUN", "--ended", "failed", "--part", "good"), 2, "reason_code"),
    (("RUN", *GOOD, "--seconds", "nan"), 2, "measured_s"),
    (("RUN", *GOOD, "--stopped", "2999-01-01T00:00:00Z"), 2, "in the future"),
    (("RUN", *GOOD, "--tool", "em-1=soon"), 2, "ID=MINUTES"),
    (("RUN", *GOOD, "--tool", "em-1=-1"), 2, "tools.0.minutes"),
    (("RUN", "--part", "good"), 2, "--ended"),
]


def test_what_cannot_be_is_one_line_with_its_field(run: Command, run_id: str) -> None:
    for arguments, code, word in WRONG:
        result = run("outcome", *(run_id if said == "RUN" else said for said in arguments))
        assert (result.exit_code, word in result.stderr) == (code, True), result.stderr
    assert document(run("outcomes", "--json"))["items"] == []


def test_what_was_cut_against_the_decision_is_said(run: Command) -> None:
    red = document(run("runs", "--json", "--risk", "RED", "--limit", "1"))["items"][0]["run_id"]
    done = run("outcome", red, *GOOD, "--program", "a" * 64)
    assert "against the decision" in done.stdout
    assert "The program that ran is none of the run's." in done.stdout
    assert "[against the decision]" in run("outcomes").stdout


def test_filters_and_totals_are_those_of_the_list(run: Command, root: Path) -> None:
    one, other = (path.stem for path in artifacts_of(root)[:2])
    for run_id, month, more in ((one, "01", ("--tool", "em-1")), (other, "02", ("--tool", "em-2", "--seconds", "90"))):
        run("outcome", run_id, *GOOD, "--stopped", f"2025-{month}-03T10:00:00Z", *more)
    found = {
        filters: [item["run_id"] for item in listed(run, "outcomes", *filters)]
        for filters in (
            *(("--tool", "EM-1"), ("--since", "2025-02-01"), ("--until", "2025-01-03"), ("--part", "scrap")),
            ("--ended", "completed"),
        )
    }
    assert list(found.values()) == [[one], [other], [one], [], [other, one]]
    totals = document(run("outcomes", "--totals", "month", "--json"))
    assert [(group["group"], group["jobs"], group["minutes"]) for group in totals["items"]] == [
        ("2025-01", 1, None),
        ("2025-02", 1, 1.5),
    ]
    assert "2025-02" in run("outcomes", "--totals", "month").stdout
    assert run("outcomes", "--totals", "tool", "--machine", "x").stdout == "No outcomes match.\n"
    assert run("outcomes", "--machine", "x").stdout == "No outcomes match.\n"
