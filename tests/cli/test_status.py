import re
from pathlib import Path

import pytest

from rmos.cli.status import describe_bucket
from rmos.errors.installation import StoreUnusable
from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, flip
from tests.earlier_system import snapshot
from tests.helpers.memory_objects import MemoryObjects


def test_a_healthy_store_is_told_to_be_so(run: Command, root: Path) -> None:
    result = run("status")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1] == "RMOS Runs Store Health Report"
    for line in (
        f"Store root: {root}",
        "Index exists: Yes",
        f"Indexed runs: {RUNS}",
        "Runs that the index does not know: 0",
        "Runs whose file is gone: 0",
        "Runs in a wrong folder or under a wrong name: 0",
        "Runs that are corrupt or cannot be decoded: 0",
        "Tokens in force: none, so this machine only is served",
        "Last verify: none of the whole store since it was set up here",
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
    assert "Runs whose file is gone: 1" in lines
    assert "Runs that are corrupt or cannot be decoded: 1" in lines
    assert "Overall: NEEDS_ATTENTION" in lines
    assert "`rmos verify`" in result.stdout
    assert snapshot(root) == before


def test_a_finding_that_no_line_counts_still_needs_attention(run: Command, root: Path) -> None:
    (root / "stray").write_text("")
    result = run("status", "--json")
    assert result.exit_code == 1
    assert document(result)["findings"] == {"stray": 1}
    assert document(result)["overall"] == "NEEDS_ATTENTION"


class Bucket(MemoryObjects):
    """A storage that can be tested, and is good or not."""

    def __init__(self, *, is_good: bool = True, keeps_versions: bool = False) -> None:
        super().__init__()
        self._is_good = is_good
        self._versions = keeps_versions

    def probe(self) -> int:
        if not self._is_good:
            raise StoreUnusable("The bucket cannot hold a store: it replaces an object whose name is taken.")
        return 164

    def keeps_versions(self) -> bool:
        return self._versions


def test_a_bucket_is_tested_when_that_is_asked_for_and_its_versions_are_told() -> None:
    assert describe_bucket(Bucket(), probe=True) == {"bucket": {"creates_tried": 164, "keeps_versions": False}}
    assert describe_bucket(Bucket(is_good=False, keeps_versions=True), probe=False) == {
        "bucket": {"creates_tried": None, "keeps_versions": True}
    }
    with pytest.raises(StoreUnusable):
        describe_bucket(Bucket(is_good=False), probe=True)
    assert describe_bucket(MemoryObjects(), probe=False) == {}


def test_what_is_known_of_a_bucket_stands_in_the_report(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"bucket": {"creates_tried": 164, "keeps_versions": True}}
    monkeypatch.setattr("rmos.cli.status.describe_bucket", lambda objects, probe: known)
    told = run("status", "--probe").stdout
    assert "Bucket: tested; of 164 creates none replaced an object, altered bytes were refused\n" in told
    assert "Note: erased runs are kept by the bucket's versions until its lifecycle removes them.\n" in told
    assert document(run("status", "--json"))["bucket"] == known["bucket"]


def test_a_folder_is_no_bucket_to_be_tested(run: Command) -> None:
    result = run("status", "--probe")
    assert result.exit_code == 2
    assert "--probe tests a bucket" in result.stderr


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


def test_the_surroundings_of_the_record_are_told(run: Command, root: Path, tmp_path: Path) -> None:
    assert run("token", "create", "anna", "--role", "viewer").exit_code == 0
    token_id = document(run("token", "create", "bert", "--role", "viewer", "--json"))["token_id"]
    assert run("token", "revoke", token_id).exit_code == 0
    health = document(run("status", "--json"))
    assert health["tokens_in_force"] == 1
    assert health["free_bytes"] > 0
    assert health["last_verify"] is None


def test_the_verify_before_is_told_when_it_was_of_all_of_this_store(run: Command, root: Path, tmp_path: Path) -> None:
    for partial in (("--since", "2020-01-01"), ("--quick",), ("--no-strict",)):
        assert run("verify", *partial).exit_code == 0
    assert document(run("status", "--json"))["last_verify"] is None
    assert run("verify").exit_code == 0
    last = document(run("status", "--json"))["last_verify"]
    assert (last["ok"], last["findings"]) == (True, 0)
    said = run("status").stdout
    assert re.search(r"^Last verify: 20[0-9-]{8} [0-9:]{5} UTC, OK$", said, re.MULTILINE)
    artifact = next(path for path in root.rglob("run_*.json") if path.name.count(".") == 1)
    artifact.unlink()
    assert run("verify").exit_code == 1
    last = document(run("status", "--json"))["last_verify"]
    assert last["ok"] is False
    assert last["findings"] >= 1
