from pathlib import Path

from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, flip
from tests.earlier_system import snapshot


def test_a_healthy_store_is_told_to_be_so(run: Command, root: Path) -> None:
    result = run("status")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1] == "RMOS Runs Store Health Report"
    for line in (
        f"Store root: {root}",
        "Index exists: Yes",
        f"Indexed runs: {RUNS}",
        "Orphan artifacts: 0",
        "Missing artifacts: 0",
        "Partition mismatches: 0",
        "Deserialize failures: 0",
        "Overall: HEALTHY",
    ):
        assert line in lines


def test_a_damaged_store_needs_attention_and_says_where_to_look(run: Command, root: Path) -> None:
    corrupt, gone = artifacts_of(root)[:2]
    flip(corrupt)
    gone.unlink()
    before = snapshot(root)
    result = run("status")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "Missing artifacts: 1" in lines
    assert "Deserialize failures: 1" in lines
    assert "Overall: NEEDS_ATTENTION" in lines
    assert "`rmos verify`" in result.stdout
    assert snapshot(root) == before


def test_a_finding_that_no_line_counts_still_needs_attention(run: Command, root: Path) -> None:
    (root / "stray").write_text("")
    result = run("status", "--json")
    assert result.exit_code == 1
    assert document(result)["findings"] == {"stray": 1}
    assert document(result)["overall"] == "NEEDS_ATTENTION"


def test_quick_still_sees_a_flipped_byte(run: Command, root: Path) -> None:
    result = run("status", "--quick")
    assert result.exit_code == 0
    assert "as far as it was looked at: blobs were not hashed; records were not decoded." in result.stdout
    flip(artifacts_of(root)[0])
    result = run("status", "--quick", "--json")
    assert result.exit_code == 1
    assert document(result)["strict_deserialize"] is False


def test_quarantine_is_healthy_and_named(run: Command, root: Path) -> None:
    assert "Note" not in run("status").stdout
    flip(artifacts_of(root)[0])
    assert run("repair").exit_code == 0
    result = run("status")
    assert result.exit_code == 0
    assert "Overall: HEALTHY" in result.stdout.splitlines()
    assert "Note: 1 object is in quarantine, and its run cannot be read" in result.stdout


def test_an_empty_folder_is_a_healthy_store_without_runs(tmp_path: Path) -> None:
    result = command_on(tmp_path)("status", "--json")
    assert result.exit_code == 0
    assert document(result)["indexed_runs"] == 0
    assert document(result)["overall"] == "HEALTHY"
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_there_is_no_store(tmp_path: Path) -> None:
    assert command_on(tmp_path / "absent")("status").exit_code == 10
