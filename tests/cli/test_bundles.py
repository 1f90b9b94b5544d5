"""`rmos bundle create` and `rmos bundle import`."""

import zipfile
from pathlib import Path

from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document


def test_a_bundle_is_made_here_taken_in_there_and_made_again_with_the_same_bytes(
    run: Command, root: Path, tmp_path: Path
) -> None:
    made = run("bundle", "create", str(tmp_path / "all.zip"), "--since", "2020-01-01", "--json")
    counts = document(made)["counts"]
    assert (made.exit_code, counts["runs"] > RUNS / 2, counts["sessions"] > 0) == (0, True, True)
    there = command_on(tmp_path / "new" / "runs")
    taken = there("bundle", "import", str(tmp_path / "all.zip"), "--json")
    assert (taken.exit_code, document(taken)["imported"]) == (0, counts["runs"] + counts["parents"])
    assert "0 runs" in there("bundle", "import", str(tmp_path / "all.zip")).stdout
    assert there("verify").exit_code == 0
    again = there("bundle", "create", str(tmp_path / "again.zip"), "--since", "2020-01-01")
    assert (again.exit_code, str(counts["runs"]) in again.stdout) == (0, True)
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "all.zip").read_bytes()
    piped = run("bundle", "create", "-", "--run", artifacts_of(root)[0].stem)
    assert piped.stdout_bytes.startswith(b"PK")


def test_a_file_that_is_there_is_not_overwritten_and_one_scope_is_named(
    run: Command, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "kept.zip").write_text("kept")
    for options in (("--since", "2020-01-01"), (), ("--since", "2020-01-01", "--run", "@latest")):
        assert run("bundle", "create", str(tmp_path / "kept.zip"), *options).exit_code == 2
    assert (tmp_path / "kept.zip").read_text() == "kept"
    absent = run("bundle", "create", str(tmp_path / "x.zip"), "--run", "run_0123456789ab")
    assert (absent.exit_code, (tmp_path / "x.zip").exists()) == (1, False)


def test_one_that_was_altered_is_refused_and_says_why(run: Command, root: Path, tmp_path: Path) -> None:
    run("bundle", "create", str(tmp_path / "all.zip"), "--run", "@latest")
    with zipfile.ZipFile(tmp_path / "all.zip", "a") as archive:
        archive.writestr("setup.exe", b"MZ")
    there = command_on(tmp_path / "new" / "runs")
    refused = there("bundle", "import", str(tmp_path / "all.zip"))
    assert (refused.exit_code, "setup.exe: no member of a bundle" in refused.output) == (1, True)
    assert "setup.exe" in there("audit", "tail").stdout
