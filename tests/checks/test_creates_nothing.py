"""verify is read-only: names, bytes, modes and times of a store are the same afterwards, whatever it looks like."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rmos.checks.orphans import find_orphans
from rmos.checks.repair import plan_repair
from rmos.errors.installation import NoStore
from tests.checks.shops import NEXT_DAY, Shop, artifact, faults, open_store, verified
from tests.earlier_system import make_earlier_store, snapshot

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def everything(root: Path) -> dict[str, Any]:
    """Return all that can be seen of a folder: also the times of folders, and the folder itself."""
    folders = {
        str(path.relative_to(root.parent)): (path.stat().st_mtime_ns, path.stat().st_mode)
        for path in (root, *root.rglob("*"))
        if path.is_dir() and not path.is_symlink()
    }
    return {**snapshot(root), **folders}


def look(root: Path) -> list[tuple[str, str]]:
    """Ask everything that only reads, and return what verify finds."""
    found = faults(verified(root))
    store = open_store(root)
    plan_repair(store, recheck_s=0)
    find_orphans(store, recheck_s=0)
    store.index.close()
    return found


@contextmanager
def as_nobody() -> Iterator[None]:
    """Take this process's rights away, when it has any."""
    privileged = os.geteuid() == 0
    if privileged:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if privileged:
            os.setresuid(0, 0, 0)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Return a folder that nobody can reach; the test's own is private."""
    folder = Path(tempfile.mkdtemp(prefix="rmos-checks-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def crashed(root: Path) -> None:
    """Kill a process that has just written, so that a WAL is left behind."""
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.checks.shops import Shop\n"
        "shop = Shop(Path(sys.argv[1]))\nshop.us += 10**6\n[shop.put() for _ in range(3)]\n"
        f"os.kill(os.getpid(), {signal.SIGKILL.value})\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (root / "_index.sqlite-wal").stat().st_size > 0


def test_trap_31_verify_does_not_create_the_stores_folder(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        verified(tmp_path / "absent" / "runs")
    assert list(tmp_path.iterdir()) == []


def test_trap_31_verify_creates_nothing_in_an_empty_folder(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    before = everything(root)
    report = verified(root)
    assert (report.ok, report.index_exists, report.counts.get("runs", 0)) == (True, False, 0)
    assert everything(root) == before


def test_trap_31_verify_does_not_create_the_index(shop: Shop) -> None:
    (shop.root / "_index.sqlite").unlink()
    (shop.root / "_index.lock").unlink()
    before = everything(shop.root)
    assert look(shop.root) == [("index_missing", "_index.sqlite")]
    assert everything(shop.root) == before


def test_trap_31_verify_changes_nothing_in_a_store_that_was_stopped(shop: Shop) -> None:
    before = everything(shop.root)
    assert look(shop.root) == []
    assert everything(shop.root) == before
    assert not [name for name in os.listdir(shop.root) if name.endswith(("-wal", "-shm"))]


def test_trap_31_verify_changes_nothing_after_a_crash(shop: Shop) -> None:
    """SQLite recovers through the `-shm` file, which holds nothing of its own; all else stays as it was."""
    crashed(shop.root)
    before = everything(shop.root)
    assert look(shop.root) == []
    after = everything(shop.root)
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} <= {"_index.sqlite-shm"}


def test_trap_31_verify_changes_nothing_when_a_crash_left_only_the_wal(shop: Shop) -> None:
    crashed(shop.root)
    (shop.root / "_index.sqlite-shm").unlink()
    before = everything(shop.root)
    assert look(shop.root) == []
    assert everything(shop.root) == before


def test_verify_changes_nothing_beside_a_service_that_runs(shop: Shop) -> None:
    run_id = shop.put()
    before = everything(shop.root)
    assert look(shop.root) == []
    after = everything(shop.root)
    assert {name for name in before if before[name] != after[name]} <= {"_index.sqlite-shm"}
    assert after.keys() == before.keys()
    assert shop.store.runs.record(run_id).run_id == run_id


def test_verify_leaves_no_copy_of_the_index_behind(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed(shop.root)
    (shop.root / "_index.sqlite-shm").unlink()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    assert look(shop.root) == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("left", ["stopped", "crashed", "only the wal", "no index"])
def test_a_folder_that_may_only_be_read_is_judged_as_any_other(shop: Shop, reachable: Path, left: str) -> None:
    if left in ("crashed", "only the wal"):
        crashed(shop.root)
    if left == "only the wal":
        (shop.root / "_index.sqlite-shm").unlink()
    if left == "no index":
        (shop.root / "_index.sqlite").unlink()
    shop.flip(artifact(shop.take()))
    expected = look(shop.root)
    assert expected
    root = Path(shutil.copytree(shop.root, reachable / "runs"))
    for path in (*root.rglob("*"), root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = everything(root)
    with as_nobody():
        assert not os.access(root, os.W_OK, effective_ids=True)
        assert look(root) == expected
    assert everything(root) == before


def test_what_may_not_be_read_is_a_finding_and_hides_nothing_else(shop: Shop, reachable: Path) -> None:
    """A file, a folder of a date, of blobs and of claims, and the quarantine, all out of reach."""
    hidden, flipped = shop.take(), shop.take()
    shop.flip(artifact(flipped))
    shop.path(artifact(shop.put())).unlink()
    blob = shop.blob(b"<svg/>")
    claim = shop.claim("one")
    later = shop.take()
    shop.path(NEXT_DAY).mkdir()
    shop.path(artifact(later)).rename(shop.path(artifact(later, NEXT_DAY)))
    shop.overwrite("_quarantine/2025-12-01/run_aaaaaaaaaaaa.json", b"x")
    shop.close()
    expected = [fault for fault in faults(verified(shop.root)) if NEXT_DAY not in fault[1]]
    assert {kind for kind, _ in expected} == {"corrupt", "missing", "event_without_run"}
    root = Path(shutil.copytree(shop.root, reachable / "runs"))
    closed = [artifact(hidden), NEXT_DAY, f"_attachments/{blob[:2]}", claim.rpartition("/")[0], "_quarantine"]
    for path in (*root.rglob("*"), root):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for key in closed:
        (root / key).chmod(0)
    with as_nobody():
        report = verified(root)
    assert faults(report) == sorted([*expected, *(("unreadable", key) for key in closed)])


READ_ONLY = """
set -e
mount -t tmpfs none "$2"
cp -a "$1" "$2/runs"
mount -o remount,ro "$2"
! touch "$2/runs/x" 2>/dev/null
exec "$3" -c '
import json, sys
from pathlib import Path
from tests.checks.test_creates_nothing import everything, look
root = Path(sys.argv[1])
before = everything(root)
print(json.dumps([look(root), everything(root) == before]))
' "$2/runs"
"""


@pytest.mark.long
@pytest.mark.root
@pytest.mark.parametrize("left", ["stopped", "crashed"])
def test_a_read_only_mount_is_judged_as_any_other(shop: Shop, tmp_path: Path, left: str) -> None:
    if left == "crashed":
        crashed(shop.root)
    shop.flip(artifact(shop.take()))
    expected = [list(fault) for fault in look(shop.root)]
    (tmp_path / "mount").mkdir()
    program = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(shop.root), str(tmp_path / "mount"), sys.executable]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [expected, True]


def test_a_store_of_the_earlier_system_is_not_changed_by_looking(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path, runs=30)
    before = everything(earlier.root), everything(earlier.attachments)
    assert ("index_missing", "_index.sqlite") in look(earlier.root)
    assert (everything(earlier.root), everything(earlier.attachments)) == before
