"""`rmos copy` as it is typed: into another place, out of one, again, cut off."""

import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from rmos.objects import s3_probe
from tests.cli.conftest import Command, artifacts_of, command_on, document, flip
from tests.helpers.buckets import set_credentials
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.helpers.whole_store import WholeStore
from tests.objects.conftest import bucket_server, ceph_url  # noqa: F401


def diff(one: Path, other: Path) -> str:
    """Return what `diff -r` says of two stores, whose indexes are their own."""
    told = subprocess.run(
        ["diff", "-r", "--exclude=_index.*", str(one), str(other)], capture_output=True, text=True, check=False
    )
    return told.stdout + told.stderr


def test_a_store_goes_to_another_folder_and_back_and_verifies_there(root: Path, run: Command, tmp_path: Path) -> None:
    assert run("evidence", "start", "--origin", "shop.example/log").exit_code == 0
    assert run("token", "create", "anna", "--role", "viewer").exit_code == 0
    copied = run("copy", "--to", str(tmp_path / "backup"), "--check", "--json")
    assert (copied.exit_code, document(copied)["ok"]) == (0, True)
    assert document(copied)["compared"] == sum(document(copied)["copied"].values())
    assert diff(root, tmp_path / "backup") == ""
    (tmp_path / "new").mkdir()
    new = command_on(tmp_path / "new" / "runs")
    assert new("copy", "--from", str(tmp_path / "backup")).exit_code == 0
    assert diff(root, tmp_path / "new" / "runs") == ""
    assert new("rebuild").exit_code == 0
    shutil.copy(root.parent / "evidence.key", tmp_path / "new" / "evidence.key")
    assert new("verify", "--evidence").exit_code == 0
    again = run("copy", "--to", str(tmp_path / "backup"))
    assert again.stdout.startswith("Copied 0 objects; ")


@pytest.fixture(params=["bucket_server", pytest.param("ceph_url", marks=[pytest.mark.ceph, pytest.mark.long])])
def endpoint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where object storage with an empty bucket answers, and have its credentials in the environment."""
    set_credentials(monkeypatch)
    monkeypatch.setattr(s3_probe, "ROUNDS", 2)
    found: BucketServer | str = request.getfixturevalue(request.param)
    return found if isinstance(found, str) else found.url


@pytest.fixture
def place() -> str:
    """Return a place in the bucket where nothing is."""
    return f"s3://{BUCKET}/{secrets.token_hex(8)}"


def test_a_store_goes_into_a_bucket_and_back_to_the_byte(tmp_path: Path, endpoint: str, place: str) -> None:
    whole = WholeStore(tmp_path / "here" / "runs")
    whole.shop.close()
    here = command_on(tmp_path / "here" / "runs", s3_endpoint=endpoint)
    back = command_on(tmp_path / "back" / "runs", s3_endpoint=endpoint)
    for _ in range(2):
        copied = here("copy", "--to", place, "--check", "--json")
        assert (copied.exit_code, document(copied)["ok"]) == (0, True), copied.output
    assert document(copied)["copied"] == {}
    assert document(copied)["compared"] == document(copied)["there"]
    assert back("copy", "--from", place, "--check").exit_code == 0
    assert diff(tmp_path / "here" / "runs", tmp_path / "back" / "runs") == ""
    assert here("copy", "--to", f"s3://{BUCKET}-absent").exit_code != 0
    other = back("import", place)
    assert (other.exit_code, "Imported 0 runs" in other.stdout) == (0, True)


def test_runs_are_exported_into_a_bucket_and_imported_out_of_it(
    tmp_path: Path, endpoint: str, place: str, root: Path
) -> None:
    here = command_on(root, s3_endpoint=endpoint)
    exported = here("export", "--format", "store", "--to", place, "--json")
    assert exported.exit_code == 0, exported.output
    other = command_on(tmp_path / "other" / "runs", s3_endpoint=endpoint)
    assert f"Imported {document(exported)['runs']} runs" in other("import", place).stdout
    assert here("export", "--to", place).exit_code == 2


def test_a_dry_run_writes_nothing(root: Path, run: Command, tmp_path: Path) -> None:
    result = run("copy", "--to", str(tmp_path / "backup"), "--dry-run", "--check")
    assert result.exit_code == 0
    assert result.stdout.startswith("Would copy ")
    assert not (tmp_path / "backup").exists()


def test_what_differs_is_named_and_ends_with_one(root: Path, run: Command, tmp_path: Path) -> None:
    target = str(tmp_path / "backup")
    run("copy", "--to", target)
    path = artifacts_of(tmp_path / "backup")[0]
    flip(path)
    assert run("copy", "--to", target).exit_code == 0
    result = run("copy", "--to", target, "--check")
    assert (result.exit_code, path.name in result.stdout) == (1, True)
    assert "nothing was overwritten: 1" in result.stdout


@pytest.mark.parametrize("place", ["", "/within", "/.."])
def test_a_store_is_not_copied_into_itself(root: Path, run: Command, place: str) -> None:
    for option in ("--to", "--from"):
        result = run("copy", option, f"{root}{place}")
        assert (result.exit_code, option in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "words", [(), ("--to", "/a", "--from", "/b"), ("--to", "gs://bucket"), ("--to", "s3://key:do-not-show@bucket")]
)
def test_one_place_is_named_by_its_path_or_its_bucket(run: Command, words: tuple[str, ...]) -> None:
    result = run("copy", *words)
    assert result.exit_code == 2
    assert "do-not-show" not in result.output


def test_nothing_is_copied_out_of_a_place_without_a_store(run: Command, tmp_path: Path) -> None:
    assert run("copy", "--from", str(tmp_path / "absent")).exit_code == 10
    assert command_on(tmp_path / "none" / "runs")("copy", "--to", str(tmp_path / "backup")).exit_code == 10
    assert not (tmp_path / "backup").exists()
