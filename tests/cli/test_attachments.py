"""`rmos attachments`: hashed again by processes; what nothing names is moved aside, and nothing else ever is."""

import json
import time
from pathlib import Path

import pytest

from rmos import digest
from rmos.checks.attachments import find_garbage, move_garbage
from rmos.config import Settings
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.cli.conftest import Command, age, artifacts_of, flip, records_of
from tests.makers import ANNA, add_event

DAY_S = 86_400.0


def blob_path(root: Path, sha256: str) -> Path:
    return root / "_attachments" / sha256[:2] / sha256[2:4] / sha256


@pytest.fixture
def held(root: Path) -> Store:
    """The demo store, opened for writing as the commands open it."""
    store = Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=dump_summary)
    store.reconcile()
    return store


@pytest.fixture
def shas(root: Path, held: Store) -> dict[str, str]:
    """Old blobs: one that an event names, one of a deleted run, one that nothing names; and a young one."""
    first, second = (path.stem for path in artifacts_of(root)[:2])
    found = {name: held.blobs.put_bytes(name.encode()).sha256 for name in ("named", "deleted", "unnamed", "young")}
    us = 1_790_000_000_000_000
    for run_id, name in ((first, "named"), (second, "deleted")):
        data = {"sha256": found[name], "kind": "drawing"}
        add_event(held, run_id, "attachment", data, actor=ANNA, us=us)
    held.deletes.soft(second, "a trial cut", actor=ANNA, us=us)
    for name in ("named", "deleted", "unnamed"):
        age(blob_path(root, found[name]), 3 * DAY_S)
    return found


def test_all_attachments_are_hashed_and_a_damaged_one_is_named(root: Path, run: Command, shas: dict[str, str]) -> None:
    before = records_of(root)
    result = run("attachments", "verify", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["findings"]) == (0, True, [])
    assert report["blobs"] >= 4
    assert records_of(root) == before
    flip(blob_path(root, shas["named"]), at=1)
    result = run("attachments", "verify", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["findings"]
    assert (found["kind"], Path(found["path"]).name) == ("blob_corrupt", shas["named"])
    assert "blob_corrupt (1)" in run("attachments", "verify").stdout


def test_only_what_nothing_names_is_moved_and_a_dry_run_says_just_that(
    root: Path, run: Command, shas: dict[str, str]
) -> None:
    before = records_of(root)
    dry = run("attachments", "gc", "--dry-run", "--json")
    told = json.loads(dry.stdout)
    assert dry.exit_code == 1
    assert [Path(key).name for key in told["unnamed"]] == [shas["unnamed"]]
    assert (told["moved"], told["refused"]) == ([], [])
    assert records_of(root) == before
    result = run("attachments", "gc", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["moved"] == told["unnamed"]
    assert not blob_path(root, shas["unnamed"]).exists()
    assert (root / "_quarantine" / told["unnamed"][0]).read_bytes() == b"unnamed"
    for name in ("named", "deleted", "young"):
        assert blob_path(root, shas[name]).exists()
    assert run("verify").exit_code == 0
    assert run("attachments", "gc").exit_code == 0


def test_what_a_run_in_quarantine_names_is_kept(root: Path, run: Command, held: Store, shas: dict[str, str]) -> None:
    artifact = artifacts_of(root)[4]
    held.objects.quarantine(f"{artifact.parent.name}/{artifact.name}")
    (root / "_quarantine" / artifact.parent.name / artifact.name).chmod(0o644)
    path = root / "_quarantine" / artifact.parent.name / artifact.name
    path.write_bytes(path.read_bytes() + f'"{shas["unnamed"]}"'.encode())
    held.refold([])
    told = json.loads(run("attachments", "gc", "--json").stdout)
    assert (told["refused"], told["moved"]) == ([], [])
    assert blob_path(root, shas["unnamed"]).exists()


def test_while_anything_is_missing_or_damaged_nothing_is_moved_and_the_runs_are_listed(
    root: Path, run: Command, shas: dict[str, str]
) -> None:
    artifact = artifacts_of(root)[5]
    flip(artifact)
    before = records_of(root)
    result = run("attachments", "gc")
    assert result.exit_code == 1
    assert artifact.stem in result.stdout
    assert "Nothing was moved" in result.stdout
    assert records_of(root) == before
    told = json.loads(run("attachments", "gc", "--json").stdout)
    assert {found["run_id"] for found in told["refused"]} == {artifact.stem}


def test_a_blob_that_is_brought_again_meanwhile_is_not_moved(root: Path, held: Store, shas: dict[str, str]) -> None:
    garbage = find_garbage(held, grace_s=DAY_S)
    assert held.blobs.put_bytes(b"unnamed").created is False
    assert move_garbage(held, garbage, grace_s=DAY_S, recheck_s=0) == []
    assert held.blobs.read(shas["unnamed"]) == b"unnamed"


def test_a_blob_that_is_named_meanwhile_is_put_back(root: Path, held: Store, shas: dict[str, str]) -> None:
    garbage = find_garbage(held, grace_s=DAY_S)
    data = {"advisory_id": shas["unnamed"]}
    add_event(held, artifacts_of(root)[0].stem, "advisory", data, actor=ANNA, us=1_790_000_000_000_000)
    assert move_garbage(held, garbage, grace_s=DAY_S, recheck_s=0) == []
    assert held.blobs.read(shas["unnamed"]) == b"unnamed"


def test_trap_46_a_blob_that_the_clock_made_old_is_put_back_when_it_is_named_soon_after(
    root: Path, held: Store, shas: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    garbage = find_garbage(held, grace_s=DAY_S)

    def name_it(_: float) -> None:
        assert not blob_path(root, shas["unnamed"]).exists()
        data = {"advisory_id": shas["unnamed"]}
        add_event(held, artifacts_of(root)[0].stem, "advisory", data, actor=ANNA, us=1_790_000_000_000_000)

    monkeypatch.setattr(time, "sleep", name_it)
    assert move_garbage(held, garbage, grace_s=DAY_S) == []
    assert held.blobs.read(shas["unnamed"]) == b"unnamed"


def test_trap_46_a_blob_from_the_future_is_young(root: Path, held: Store, shas: dict[str, str]) -> None:
    age(blob_path(root, shas["unnamed"]), -10 * DAY_S)
    assert find_garbage(held, grace_s=DAY_S).unnamed == []


def test_a_grace_period_below_an_hour_is_not_taken(run: Command, shas: dict[str, str]) -> None:
    assert run("attachments", "gc", "--grace-hours", "0").exit_code == 2
    assert digest.sha256_hex(b"young") == shas["young"]
