import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, flip, records_of
from tests.earlier_system import snapshot


def test_a_healthy_store_is_healthy(run: Command) -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert "OK: the record is whole." in result.stdout
    assert f"runs {RUNS}" in result.stdout


def test_the_report_has_the_keys_that_others_rely_on(run: Command, root: Path) -> None:
    report = document(run("verify", "--json"))
    assert set(report) == {
        "store_root",
        "index_exists",
        "indexed_runs",
        "missing_artifacts",
        "partition_mismatches",
        "deserialize_failures",
        "orphan_artifacts",
        "quarantined",
        "counts",
        "findings",
        "strict_deserialize",
        "since",
        "quick",
        "ok",
    }
    assert report["store_root"] == str(root)
    assert report["indexed_runs"] == report["counts"]["runs"] == RUNS
    assert report["ok"] is True


def test_trap_31_verify_creates_neither_folder_nor_index(tmp_path: Path) -> None:
    absent, empty = tmp_path / "absent" / "runs", tmp_path / "empty"
    assert command_on(absent)("verify").exit_code == 10
    assert not absent.parent.exists()
    empty.mkdir()
    result = command_on(empty)("verify", "--json")
    assert result.exit_code == 0
    assert document(result)["counts"].get("runs", 0) == 0
    assert list(empty.iterdir()) == []


def test_trap_31_verify_changes_nothing_in_a_store_with_findings(run: Command, root: Path) -> None:
    flip(artifacts_of(root)[3])
    before = snapshot(root)
    assert run("verify").exit_code == 1
    assert snapshot(root) == before


def test_trap_31_verify_sees_what_the_index_does_not_know(run: Command, root: Path) -> None:
    for name in os.listdir(root):
        if name.startswith("_index"):
            (root / name).unlink()
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert [found["kind"] for found in document(result)["findings"]] == ["index_missing"]
    flip(artifacts_of(root)[0])
    kinds = {found["kind"] for found in document(run("verify", "--json"))["findings"]}
    assert kinds == {"index_missing", "corrupt"}


def test_trap_31_verify_hashes_artifacts_that_the_index_takes_for_sound(run: Command, root: Path) -> None:
    victim = artifacts_of(root)[7]
    flip(victim)
    result = run("verify", "--json")
    assert result.exit_code == 1
    (found,) = document(result)["findings"]
    assert found["kind"] == "corrupt"
    assert found["path"] == f"{victim.parent.name}/{victim.name}"
    assert found["run_id"] == victim.stem
    assert "back-up" in found["next"]


def test_findings_come_in_groups_with_path_detail_and_next_step(run: Command, root: Path) -> None:
    first, second, third = artifacts_of(root)[:3]
    flip(first)
    flip(second)
    third.unlink()
    lines = run("verify").stdout.splitlines()
    assert "corrupt (2)" in lines
    assert "missing (1)" in lines
    assert f"  {second.parent.name}/{second.name}" in lines
    assert sum(line.startswith("  next: ") for line in lines) == 2
    assert lines[-1].startswith("NOT OK: 3 findings")


def test_people_see_fifty_findings_and_machines_all(run: Command, root: Path) -> None:
    for number in range(60):
        (root / f"stray_{number:02d}").write_text("x")
    result = run("verify")
    assert "stray (60)" in result.stdout
    assert sum(line.startswith("  stray_") for line in result.stdout.splitlines()) == 50
    assert "... and 10 more; --json shows all." in result.stdout
    assert len(document(run("verify", "--json"))["findings"]) == 60


def test_a_file_name_cannot_forge_a_line_or_clear_the_screen(run: Command, root: Path) -> None:
    (root / "x\nOK: the record is whole.\x1b[2J").write_text("")
    (root / os.fsdecode(b"broken\xff")).write_text("")
    result = run("verify")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "OK: the record is whole." not in result.stdout.splitlines()
    assert len(document(run("verify", "--json"))["findings"]) == 2


def test_fewer_runs_than_expected_are_a_finding(run: Command) -> None:
    assert run("verify", "--min-runs", str(RUNS)).exit_code == 0
    result = run("verify", "--min-runs", str(RUNS + 1), "--json")
    assert result.exit_code == 1
    assert [found["kind"] for found in document(result)["findings"]] == ["too_few_runs"]


def test_since_leaves_out_older_runs(run: Command, root: Path) -> None:
    days = sorted({path.parent.name for path in artifacts_of(root)})
    flip(artifacts_of(root)[0])
    assert run("verify", "--since", days[0]).exit_code == 1
    report = document(run("verify", "--since", days[1], "--json"))
    assert report["ok"] is True
    assert 0 < report["counts"]["runs"] < RUNS


@pytest.mark.parametrize("date", ["yesterday", "2025-13-01", "2025-12-23T10:00:00Z", ""])
def test_a_date_that_is_none_is_a_usage_error(run: Command, date: str) -> None:
    result = run("verify", "--since", date)
    assert result.exit_code == 2
    assert "2025-12-23" in result.stderr
    assert result.stdout == ""


def test_no_strict_and_quick_say_so_in_the_report(run: Command) -> None:
    report = document(run("verify", "--no-strict", "--quick", "--json"))
    assert report["strict_deserialize"] is False
    assert report["quick"] is True
    assert report["since"] is None
    assert report["ok"] is True


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "2001-01-01"), "only runs from 2001-01-01 on"),
        (("--quick",), "blobs were not hashed"),
        (("--no-strict",), "records were not decoded"),
        (
            ("--no-strict", "--quick", "--since", "2001-01-01"),
            "only runs from 2001-01-01 on; blobs were not hashed; records were not decoded",
        ),
    ],
)
def test_a_partial_look_claims_no_more_than_it_saw(run: Command, options: tuple[str, ...], told: str) -> None:
    result = run("verify", *options)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"OK as far as it was looked at: {told}."


def test_what_is_in_quarantine_is_in_the_last_sentence(run: Command, root: Path) -> None:
    for path, told in zip(artifacts_of(root), ("1 object is in", "2 objects are in"), strict=False):
        flip(path)
        assert run("repair").exit_code == 0
        result = run("verify")
        assert result.exit_code == 0
        assert result.stdout.splitlines()[-1].startswith(f"OK: nothing new is wrong; {told} quarantine, and ")
    last = run("verify", "--quick").stdout.splitlines()[-1]
    assert last.startswith("OK as far as it was looked at: blobs were not hashed; 2 objects are in quarantine, and ")


def test_the_report_file_is_what_json_prints(run: Command, root: Path, tmp_path: Path) -> None:
    flip(artifacts_of(root)[0])
    path = tmp_path / "report.json"
    path.write_text("an older one, much longer than" + "x" * 100_000)
    result = run("verify", "--json", "--report", str(path))
    assert result.exit_code == 1
    assert json.loads(path.read_text()) == document(result)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["last-verify.json", "report.json", "runs"]


def test_the_report_never_stands_inside_the_store(run: Command, root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    before = records_of(root)
    for path in (root / "report.json", tmp_path / "link" / "2025-12-23.json", tmp_path / "x" / ".." / "runs" / "r"):
        result = run("verify", "--report", str(path))
        assert result.exit_code == 2
        assert "inside the store" in result.stderr
    assert records_of(root) == before


def test_a_report_that_cannot_be_written_is_a_usage_error(run: Command, tmp_path: Path) -> None:
    result = run("verify", "--report", str(tmp_path / "absent" / "report.json"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_report_into_a_pipe_does_not_replace_the_pipe(run: Command, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("verify", "--report", str(pipe)).exit_code == 0
        assert json.loads(os.read(reader, 65536))["ok"] is True
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_copy_elsewhere_verifies_too(root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "elsewhere"))
    assert command_on(copy)("verify", "--min-runs", "1").exit_code == 0
