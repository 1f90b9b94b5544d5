from pathlib import Path
from typing import Any

import pytest

from rmos import digest
from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, flip, records_of
from tests.earlier_system import snapshot
from tests.makers import US, make_members


def kinds_of(plan: Any) -> list[tuple[str, str]]:
    return [(action["action"], action["path"]) for action in plan["actions"]]


def key_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def hurt(root: Path) -> dict[str, Path]:
    """Leave a corrupt artifact, one without a row, and a row without its artifact."""
    corrupt, gone = artifacts_of(root)[2:4]
    flip(corrupt)
    gone.unlink()
    members = make_members(US)
    unknown = root / "2025-12-23" / f"{members['run_id']}.json"
    unknown.parent.mkdir()
    unknown.write_bytes(digest.encode_record(members))
    return {"corrupt": corrupt, "gone": gone, "unknown": unknown}


def test_a_healthy_store_needs_nothing(run: Command, root: Path) -> None:
    before = records_of(root)
    for arguments in ((), ("--dry-run",), ("--remove-missing", "--no-index-orphans")):
        result = run("repair", *arguments)
        assert result.exit_code == 0
        assert "nothing to do" in result.stdout
    assert records_of(root) == before


def test_trap_33_a_dry_run_writes_nothing_and_exits_1(run: Command, root: Path) -> None:
    hurt(root)
    before = snapshot(root)
    result = run("repair", "--dry-run", "--remove-missing")
    assert result.exit_code == 1
    assert "nothing was written" in result.stdout
    assert snapshot(root) == before


@pytest.mark.parametrize("options", [(), ("--remove-missing",), ("--no-index-orphans",)])
def test_trap_33_the_dry_run_lists_exactly_what_the_live_run_does(
    run: Command, root: Path, options: tuple[str, ...]
) -> None:
    hurt(root)
    planned = document(run("repair", "--dry-run", "--json", *options))
    done = document(run("repair", "--json", *options))
    assert planned["dry_run"] is True
    assert kinds_of(planned) == kinds_of(done) != []
    assert planned["left"] == done["left"]


def test_trap_33_index_orphans_is_what_indexes_them(run: Command, root: Path) -> None:
    unknown = hurt(root)["unknown"]
    kept = document(run("repair", "--no-index-orphans", "--json"))
    assert ("index", key_of(unknown)) not in kinds_of(kept)
    assert "orphaned" in {found["kind"] for found in kept["left"]}
    assert run("orphans").exit_code == 1
    assert ("index", key_of(unknown)) in kinds_of(document(run("repair", "--index-orphans", "--json")))
    assert run("orphans").exit_code == 0


def test_trap_33_remove_missing_is_what_drops_their_rows(run: Command, root: Path) -> None:
    gone = artifacts_of(root)[3]
    gone.unlink()
    kept = run("repair", "--json")
    assert kept.exit_code == 3
    assert kinds_of(document(kept)) == []
    assert [(found["kind"], found["path"]) for found in document(kept)["left"]] == [("missing", key_of(gone))]
    dropped = run("repair", "--remove-missing", "--json")
    assert dropped.exit_code == 0
    assert kinds_of(document(dropped)) == [("forget", key_of(gone))]
    assert run("verify", "--min-runs", str(RUNS - 1)).exit_code == 0


def test_trap_33_repair_exits_3_when_something_is_left(run: Command, root: Path) -> None:
    hurt(root)
    result = run("repair")
    assert result.exit_code == 3
    assert "Left for a person: 1" in result.stdout
    assert "missing (1)" in result.stdout
    assert "  next: " in result.stdout


def test_the_plan_is_printed_and_then_what_was_done(run: Command, root: Path) -> None:
    paths = hurt(root)
    lines = run("repair").stdout.splitlines()
    assert lines[0] == "Plan: 2"
    assert lines[1].startswith(f"  move to quarantine {key_of(paths['corrupt'])}")
    assert lines[2].startswith(f"  index {key_of(paths['unknown'])}")
    assert lines[3] == "Done: 2 of 2."


def test_nothing_is_unlinked_and_a_second_run_changes_nothing(run: Command, root: Path) -> None:
    corrupt = hurt(root)["corrupt"]
    data = corrupt.read_bytes()
    assert run("repair", "--remove-missing").exit_code == 0
    assert (root / "_quarantine" / corrupt.parent.name / corrupt.name).read_bytes() == data
    assert run("verify").exit_code == 0
    before = records_of(root)
    again = run("repair", "--remove-missing", "--json")
    assert again.exit_code == 0
    assert document(again)["actions"] == []
    assert records_of(root) == before


def test_a_lost_index_is_made_again(run: Command, root: Path) -> None:
    (root / "_index.sqlite").unlink()
    assert run("repair", "--dry-run").exit_code == 1
    assert not (root / "_index.sqlite").exists()
    assert run("repair").exit_code == 0
    assert run("verify").exit_code == 0


def test_without_a_folder_there_is_no_store_and_none_is_made(tmp_path: Path) -> None:
    for arguments in (("repair",), ("repair", "--dry-run")):
        assert command_on(tmp_path / "absent")(*arguments).exit_code == 10
    assert not (tmp_path / "absent").exists()


def test_an_empty_folder_needs_nothing(tmp_path: Path) -> None:
    assert command_on(tmp_path)("repair").exit_code == 0
