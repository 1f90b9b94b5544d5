import json
from pathlib import Path

import pytest

from rmos import digest
from tests.cli.conftest import Command, artifacts_of, command_on, document, flip
from tests.makers import US, make_members


def two_of(root: Path) -> tuple[str, str]:
    """Return a GREEN run and a RED one."""
    found = {}
    for path in artifacts_of(root):
        found.setdefault(json.loads(path.read_bytes())["decision"]["risk_level"], path.stem)
    return found["GREEN"], found["RED"]


def test_trap_19_a_run_does_not_differ_from_itself(run: Command, root: Path) -> None:
    one, _ = two_of(root)
    result = run("diff", one, one)
    assert (result.exit_code, result.stdout) == (0, "NONE: the runs are alike.\n")
    assert document(run("diff", one, one, "--json"))["diff_severity"] == "NONE"


def test_differences_are_a_table_with_the_gravest_first(run: Command, root: Path) -> None:
    one, other = two_of(root)
    result = run("diff", one, other)
    assert result.exit_code == 0
    head, columns, *lines = result.stdout.splitlines()
    assert head.startswith("CRITICAL: ")
    assert columns.split() == ["SEVERITY", "PATH", "A", "B"]
    assert [line.split() for line in lines if " status " in line] == [["CRITICAL", "status", '"OK"', '"BLOCKED"']]
    severities = [line.split()[0] for line in lines]
    assert severities.index("INFO") > severities.index("WARNING") > severities.index("CRITICAL") == 0
    assert max(map(len, lines)) < 250


def test_json_is_what_the_service_answers(run: Command, root: Path) -> None:
    one, other = two_of(root)
    found = document(run("diff", one, other, "--json"))
    assert (found["a"], found["b"], found["diff_severity"]) == (one, other, "CRITICAL")
    assert found["diff"]["decision.risk_level"] == {"severity": "CRITICAL", "a": "GREEN", "b": "RED"}
    assert list(found["diff"]) == found["changed_paths"]


def test_words_of_records_cannot_forge_lines(run: Command, root: Path) -> None:
    one, _ = two_of(root)
    members = make_members(US, notes="fine\nCRITICAL  status\x1b[2J\u2028", meta={"a\nb": 1})
    path = root / "2025-12-23" / f"{members['run_id']}.json"
    path.parent.mkdir()
    path.write_bytes(digest.encode_record(members))
    found = document(run("diff", one, path.stem, "--json"))
    lines = run("diff", one, path.stem).stdout.splitlines()
    assert len(lines) == len(found["changed_paths"]) + 2 + (found["note"] is not None)
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("absent", ["run_" + "0" * 32, "../x", ""])
def test_a_run_that_is_not_there_is_one_clear_line(run: Command, root: Path, absent: str) -> None:
    result = run("diff", two_of(root)[0], absent)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Run not found: ")


def test_a_damaged_run_is_never_compared(run: Command, root: Path) -> None:
    victim = artifacts_of(root)[4]
    flip(victim)
    result = run("diff", victim.stem, victim.stem, "--json")
    assert (result.exit_code, document(result)["error"]) == (1, "RECORD_DAMAGED")


def test_without_a_folder_there_is_no_store(tmp_path: Path) -> None:
    assert command_on(tmp_path / "absent")("diff", "a", "b").exit_code == 10
