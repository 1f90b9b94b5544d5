"""`rmos evidence` and `rmos proof` as they are typed."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rmos.tlog.note import parse_checkpoint, parse_note, parse_verifier_key
from tests.cli.conftest import Command, artifacts_of, document, flip, open_store
from tests.makers import ANNA, US


@pytest.fixture
def key(run: Command) -> str:
    """Start the log and return its verifier key."""
    result = run("evidence", "start", "--origin", "shop.example/evidence")
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()[0]


def test_start_shows_what_to_keep_and_nothing_of_the_key(run: Command, root: Path) -> None:
    result = run("evidence", "start", "--origin", "shop.example/evidence")
    first, _, rest = result.stdout.partition("\n\n")
    assert parse_verifier_key(first).name == "shop.example/evidence"
    assert parse_checkpoint(parse_note(rest.encode()).text).size > len(artifacts_of(root))
    *_, secret = (root.parent / "evidence.key").read_text().strip().split("+", 4)  # base64 may have `+` of its own
    assert secret not in result.output
    assert (root.parent / "evidence.key").stat().st_mode & 0o777 == 0o600


def test_started_twice_it_only_appends(run: Command, key: str) -> None:
    again = run("evidence", "start")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, key)
    assert run("evidence", "start", "--if-absent").exit_code == 0
    other = run("evidence", "start", "--origin", "other.example/log")
    assert (other.exit_code, "shop.example/evidence" in other.output) == (2, True)


def test_a_log_that_is_there_already_is_told_in_json_too(run: Command, key: str) -> None:
    told = document(run("evidence", "start", "--if-absent", "--json"))
    assert told == {"verifier_key": key, "batches": 0, "entries": 0}


@pytest.mark.parametrize(
    "arguments", [("proof", "@latest", "--out", "{}/p.zip"), ("evidence", "publish", "{}")], ids=["proof", "publish"]
)
def test_what_cannot_be_written_is_told_without_the_folder(
    run: Command, key: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("mine")
    result = run(*(word.format(tmp_path / "file" / "x") for word in arguments), "--json")
    assert (result.exit_code, document(result)["error"]) == (1, "STORAGE_FAILED")
    assert "could not be written: not a directory." in result.stderr
    assert str(tmp_path) not in result.output


def test_a_proof_goes_to_the_standard_output_as_it_is(run: Command, key: str, tmp_path: Path) -> None:
    run("proof", "@latest", "--out", str(tmp_path / "p.zip"))
    assert run("proof", "@latest", "--out", "-").stdout_bytes == (tmp_path / "p.zip").read_bytes()


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "ä", "x" * 201])
def test_a_name_that_no_log_can_have_is_refused_before_anything_is_made(run: Command, root: Path, name: str) -> None:
    assert run("evidence", "start", "--origin", name).exit_code in (1, 2)
    assert not (root.parent / "evidence.key").exists()
    assert not (root / "_evidence").exists()


@pytest.mark.parametrize("command", ["append", "keys", "checkpoint", "rotate-key"])
def test_without_a_log_it_is_said(run: Command, command: str) -> None:
    result = run("evidence", command)
    assert result.exit_code == 1
    assert "no log" in result.output


def test_verify_finds_what_was_removed_and_says_whom_it_believed(run: Command, root: Path, key: str) -> None:
    whole = run("verify", "--evidence", "--key", key)
    assert (whole.exit_code, "believed by the keys that were given" in whole.stdout) == (0, True)
    artifacts_of(root)[0].unlink()
    result = run("verify", "--evidence")
    assert result.exit_code == 1
    assert "logged_missing (1)" in result.stdout
    assert "the key of this installation" in result.stdout


def test_verify_takes_no_key_and_no_checkpoint_that_is_none(run: Command, root: Path, key: str) -> None:
    (root.parent / "junk.txt").write_text("junk")
    result = run("verify", "--key", "junk", "--checkpoint", str(root.parent / "junk.txt"), "--json")
    assert result.exit_code != 0
    assert set(json.loads(result.stdout)["errors"]) == {"key", "checkpoint"}


def test_a_proof_is_written_for_a_run_by_the_beginning_of_its_id(
    run: Command, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("proof", "@latest")
    [path] = tmp_path.glob("*.proof.zip")
    assert (result.exit_code, path.name in result.stdout) == (0, True)
    names = zipfile.ZipFile(path).namelist()
    assert {"SHA256SUMS", "checkpoint", "verifier-key", "README.txt"} <= set(names)
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path / "bundle")
    summed = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "bundle", capture_output=True, text=True)
    assert summed.returncode == 0, summed.stderr


def test_of_an_erased_run_it_is_proved_who_deleted_it(run: Command, root: Path, key: str) -> None:
    path = artifacts_of(root)[0]
    store = open_store(root)
    store.deletes.hard(path.stem, "holds a name", actor=ANNA, us=US)
    store.index.close()
    run("evidence", "append")
    out = root.parent / "erased.zip"
    assert run("proof", path.stem, "--out", str(out)).exit_code == 0
    with zipfile.ZipFile(out) as bundle:
        names = set(bundle.namelist())
    artifact = f"{path.parent.name}/{path.name}"
    assert artifact not in names
    assert f"{artifact}.tlog-proof" in names
    verifier = Path(__file__).parents[2] / "rmos" / "verifier" / "rmos_verify.py"
    asked = [sys.executable, str(verifier), "proof", str(out), "--key", key]
    assert subprocess.run(asked, capture_output=True).returncode == 0


def test_a_damaged_run_gets_no_proof(run: Command, root: Path, key: str) -> None:
    path = artifacts_of(root)[0]
    flip(path)
    result = run("proof", path.stem, "--out", str(root.parent / "x.zip"))
    assert result.exit_code == 1
    assert not (root.parent / "x.zip").exists()


def test_neither_a_run_nor_an_object_or_both_is_a_wrong_usage(run: Command, key: str) -> None:
    assert run("proof").exit_code == 2
    assert run("proof", "@latest", "--object", "_index.json").exit_code == 2


def test_a_days_lines_pass_sha256sum_and_what_is_gone_is_a_comment(run: Command, root: Path, key: str) -> None:
    path = artifacts_of(root)[0]
    day = path.parent.name
    whole = run("evidence", "sums", "--day", day).stdout
    assert subprocess.run(["sha256sum", "-c", "--quiet"], input=whole, cwd=root, text=True).returncode == 0
    path.unlink()
    lines = run("evidence", "sums", "--day", day).stdout.splitlines()
    assert [line for line in lines if line.startswith("# gone: ")] == [
        f"# gone: {line}" for line in whole.splitlines() if path.name in line
    ]


def test_the_log_as_files_is_written_once_and_then_what_is_new(run: Command, key: str, tmp_path: Path) -> None:
    first = document(run("evidence", "publish", str(tmp_path / "web"), "--json"))["written"]
    assert (tmp_path / "web" / "checkpoint").is_file()
    assert (tmp_path / "web" / "keys").read_text() == f"{key}\n"
    assert document(run("evidence", "publish", str(tmp_path / "web"), "--json"))["written"] == 2 < first


def test_growth_is_proven_since_a_size_that_the_log_had(run: Command, key: str) -> None:
    assert run("evidence", "consistency", "--old", "5").stdout.startswith("old 5\n")
    assert run("evidence", "consistency", "--old", "10000").exit_code == 2


def test_another_key_signs_from_then_on(run: Command, root: Path, key: str) -> None:
    new = run("evidence", "rotate-key").stdout.strip()
    assert [item["verifier_key"] for item in document(run("evidence", "keys", "--json"))["items"]] == [key, new]
    assert run("verify", "--evidence", "--key", key).exit_code == 0


def test_repair_leaves_a_damaged_log_to_a_person_and_signs_nothing(run: Command, root: Path, key: str) -> None:
    checkpoint = root / "_evidence" / "checkpoint" / "001"
    flip(checkpoint, at=40)
    damaged = checkpoint.read_bytes()
    result = run("repair")
    assert (result.exit_code, "log_altered" in result.output) == (3, True)
    assert [path.read_bytes() for path in checkpoint.parent.iterdir()] == [damaged]
