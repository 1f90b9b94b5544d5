"""`rmos tool-life`: how long tools were in the cut, and what happened to them, from a terminal."""

import getpass
from pathlib import Path

import pytest

from tests.cli.conftest import Command, artifacts_of, document

TOOL = "em-3175-2f"


def test_tools_are_listed_shown_and_reset(run: Command, root: Path) -> None:
    assert run("tool-life").stdout.startswith("No tool has a life yet")
    run_id = artifacts_of(root)[0].stem
    job = ("outcome", run_id, "--ended", "completed", "--part", "good")
    assert run(*job, "--tool", f"{TOOL}=90.5", "--broke", TOOL).exit_code == 0
    assert run(*job, "--tool", TOOL).exit_code == 0
    (item,) = document(run("tool-life", "--json"))["items"]
    assert (item["tool_id"], item["life_minutes"], [tool["minutes"] for tool in item["tools"]]) == (TOOL, None, [90.5])
    listed = run("tool-life").stdout
    assert "90.5" in listed
    assert "Nobody knows the minutes of 1 job" in listed
    done = run("tool-life", TOOL.upper(), "--record", "Sharpened", "--note", "At last.")
    assert (done.exit_code, done.stdout) == (0, f"{TOOL}: sharpened, number 1. Its minutes begin again.\n")
    shown = document(run("tool-life", TOOL, "--json"))
    assert [(past["action"], past["minutes"], past["by"]) for past in shown["history"]] == [
        ("sharpened", 90.5, f"cli:{getpass.getuser()}")
    ]
    assert "At last." in run("tool-life", TOOL).stdout
    assert run("tool-life", TOOL, "--record", "new", "--serial", "B", "--json").exit_code == 0
    assert run("verify").exit_code == 0


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    (("em-3175-2",), 1, f"Did you mean {TOOL}"),
    (("em-3175-2", "--record", "new"), 1, f"Did you mean {TOOL}"),
    ((TOOL, "--record", "lost"), 2, "--record"),
    (("--record", "new"), 2, "name it"),
    ((TOOL, "--serial", "B"), 2, "--serial goes with --record"),
    ((TOOL, "--record", "new", "--serial", " "), 2, "serial"),
]


@pytest.mark.parametrize(("arguments", "code", "word"), WRONG)
def test_what_cannot_be_is_one_line_that_says_why(
    run: Command, arguments: tuple[str, ...], code: int, word: str
) -> None:
    result = run("tool-life", *arguments)
    assert (result.exit_code, word in result.stderr) == (code, True), result.stderr
    assert document(run("tool-life", "--json"))["items"] == []
