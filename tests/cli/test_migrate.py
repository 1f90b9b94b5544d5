"""`rmos migrate`: its exit codes and what it says."""

from pathlib import Path

import pytest

from tests.cli.conftest import command_on, document, start
from tests.earlier_system import snapshot
from tests.single_file import ODDITIES, make_single_file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_single_file(tmp_path / "old", runs=8)


def test_the_whole_way_in_and_back(tmp_path: Path, old: Path) -> None:
    run = command_on(tmp_path / "new")
    before = old.read_bytes()
    moved = run("migrate", "migrate", "--from", str(old), "--json")
    assert (moved.exit_code, document(moved)["written"]) == (0, 8)
    assert run("migrate", "status", "--from", str(old)).exit_code == 0
    assert run("migrate", "verify", "--from", str(old)).exit_code == 0
    assert run("verify", "--min-runs", "8").exit_code == 0
    back = run("migrate", "rollback", "--from", str(old), "--json")
    assert (back.exit_code, document(back)["removed"]) == (0, 8)
    assert run("migrate", "verify", "--from", str(old)).exit_code == 1
    assert old.read_bytes() == before


def test_trap_12_a_second_run_ends_with_0_and_says_that_all_is_there(tmp_path: Path, old: Path) -> None:
    run = command_on(tmp_path / "new")
    assert run("migrate", "migrate", "--from", str(old)).exit_code == 0
    again = run("migrate", "migrate", "--from", str(old))
    assert (again.exit_code, "there 8" in again.stdout) == (0, True)


def test_what_was_set_aside_is_listed_and_ends_with_1(tmp_path: Path) -> None:
    old = make_single_file(tmp_path / "old", runs=3, oddities={"bad_times"})
    result = command_on(tmp_path / "new")("migrate", "migrate", "--from", str(old))
    assert result.exit_code == 1
    assert "Set aside: 5" in result.stdout
    assert "override_note" not in result.stdout
    assert "gate_policy_version" in result.stdout


def test_the_old_file_may_be_named_by_the_setting_and_must_be_named(tmp_path: Path, old: Path) -> None:
    process = start(tmp_path / "new", "migrate", "migrate", RMOS_RUN_STORE_PATH=str(old))
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, "written 8" in out) == (0, True)
    assert command_on(tmp_path / "new")("migrate", "status").exit_code == 2


def test_an_old_store_that_is_not_there_ends_with_10(tmp_path: Path) -> None:
    result = command_on(tmp_path / "new")("migrate", "migrate", "--from", str(tmp_path / "absent.json"))
    assert result.exit_code == 10
    assert not (tmp_path / "new").exists()


def test_trap_47_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path: Path, old: Path) -> None:
    run = command_on(tmp_path / "new")
    before = snapshot(tmp_path)
    told = run("migrate", "migrate", "--dry-run", "--from", str(old))
    assert (told.exit_code, snapshot(tmp_path)) == (0, before)
    assert "Would bring in 8 runs." in told.stdout
    assert told.stdout.endswith("Dry run: nothing was written.\n")
    planned = document(run("migrate", "migrate", "--dry-run", "--from", str(old), "--json"))
    assert (planned["dry_run"], planned["waiting"], planned["written"]) == (True, 8, 0)
    done = document(run("migrate", "migrate", "--from", str(old), "--json"))
    assert (done["written"], done["backup"]) == (planned["waiting"], planned["backup"])
    after = snapshot(tmp_path)
    again = run("migrate", "migrate", "--dry-run", "--from", str(old))
    assert "Would bring in 0 runs." in again.stdout
    assert "Here already: 8." in again.stdout
    assert {name for name in snapshot(tmp_path) if not name.startswith("new/_index")} == {
        name for name in after if not name.startswith("new/_index")
    }


def test_a_dry_run_names_what_would_be_set_aside_and_in_which_file(tmp_path: Path) -> None:
    old = make_single_file(tmp_path / "old", runs=3, oddities=ODDITIES)
    run = command_on(tmp_path / "new")
    planned = run("migrate", "migrate", "--dry-run", "--from", str(old), "--json")
    told = run("migrate", "migrate", "--dry-run", "--from", str(old)).stdout
    done = run("migrate", "migrate", "--from", str(old), "--json")
    assert planned.exit_code == done.exit_code == 1
    for name in ("kept_aside", "aside_file", "backup", "unmapped"):
        assert document(planned)[name] == document(done)[name], name
    assert f"  in {document(done)['aside_file']}\n  to be mended" in told
    assert f"Would set aside: {len(document(done)['kept_aside'])}" in told
