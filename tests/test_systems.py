"""RMOS where the system lacks something: macOS and Windows, with what they lack taken away.

`pytest --as-on-macos` runs every other test so (`tests/as_on_macos.py`).
"""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rmos.objects.fsyncs import Fsyncs
from rmos.objects.local import LocalObjects
from rmos.systems import count_cores, is_in_memory
from tests.as_on_macos import FOLDER, REASON

ROOT = Path(__file__).resolve().parents[1]
READING = (
    ["--help"],
    ["--version"],
    ["rules"],
    ["rosette", "rope pattern, 6 mm band"],
    ["runs", "--limit", "2"],
    ["sessions", "--limit", "2"],
    ["show", "@latest"],
    ["diff", "@latest", "@latest"],
    ["status", "--quick"],
    ["verify"],
    ["replay", "@latest"],
    ["audit", "tail"],
    ["token", "list"],
    ["attachments", "verify"],
    ["repair", "--dry-run"],
)
WRITING = (["serve"], ["delete", "@latest", "--reason", "x"], ["token", "create", "x", "--role", "viewer"], ["rebuild"])


def run_python(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run this Python in the folder of the repository."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a few runs, made on a system that can."""
    folder = tmp_path_factory.mktemp("systems") / "runs"
    made = run_python("-m", "rmos", "demo", "--runs", "3", RMOS_RUNS_DIR=str(folder))
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.long
def test_trap_41_on_windows_a_record_is_read_and_what_writes_says_in_a_line_what_helps(demo: Path) -> None:
    commands = json.dumps([*READING, *WRITING])
    done = run_python("tests/on_windows.py", commands, RMOS_RUNS_DIR=str(demo))
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    for command, (code, _, err) in zip(READING, ends, strict=False):
        assert code == 0, (command, err)
    for command, (code, out, err) in zip(WRITING, ends[len(READING) :], strict=True):
        assert (code, out, err.count("\n")) == (2, "", 1), (command, err)
        assert "needs Linux or macOS; on Windows start it in WSL 2 or in a container." in err


@pytest.mark.long
def test_trap_41_on_windows_the_service_says_in_a_line_what_it_wants() -> None:
    script = "from tests.on_windows import take_away; take_away(); from rmos import create_app; create_app()"
    done = run_python("-c", script)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "rmos: The service needs Linux or macOS; on Windows start it in WSL 2 or in a container.\n"


def test_trap_41_as_on_macos_a_run_and_a_large_file_are_recorded(tmp_path: Path) -> None:
    script = (
        "import os, sys; assert not hasattr(os, 'O_TMPFILE') and not hasattr(os, 'posix_fadvise');"
        "from pathlib import Path; from rmos.objects.local import LocalObjects; from rmos.systems import count_cores;"
        "objects = LocalObjects(Path(sys.argv[1])); objects.prepare();"
        "assert objects.create('2025-12-23/run_00.json', b'{}');"
        "assert objects.create_blob([bytes(1 << 20)] * 20, max_bytes=1 << 30).size == 20 << 20;"
        "assert count_cores() > 0"
    )
    done = run_python("-c", script, str(tmp_path), PYTHONPATH=os.pathsep.join([FOLDER, str(ROOT)]))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_the_option_says_of_each_test_that_it_leaves_out_why(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os, pytest\n"
        "from tests.as_on_macos import skip_elsewhere as pytest_collection_modifyitems\n"
        "@pytest.mark.linux\n"
        "def test_left_out(): raise AssertionError\n"
        "def test_run(): assert not hasattr(os, 'waitid')\n"
    )
    (tmp_path / "conftest.py").write_text(
        "from tests.as_on_macos import pytest_addoption, skip_elsewhere as pytest_collection_modifyitems\n"
    )
    done = run_python(
        "-m", "pytest", "-c", "setup.cfg", "--rootdir", str(tmp_path), "--as-on-macos", "-rs", "-n0", str(tmp_path)
    )
    assert "1 passed, 1 skipped" in done.stdout, done.stdout
    assert REASON in done.stdout


def test_where_the_system_can_empty_a_drives_own_cache_that_is_what_durable_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    refusal: list[int] = []

    def full(fd: int, command: int, *_: object) -> int:
        assert command == 51
        called.append("full")
        if refusal:
            raise OSError(refusal[0], os.strerror(refusal[0]))
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", full)
    monkeypatch.setattr(os, "fsync", lambda fd: called.append("fsync"))
    fsyncs = Fsyncs()
    fsyncs.fsync_file(1)
    assert called == ["full"]
    refusal.append(errno.ENOTSUP)  # a share, or a disk that is none of Apple's
    fsyncs.fsync_folder(1)
    assert called == ["full", "full", "fsync"]
    refusal[0] = errno.EIO
    with pytest.raises(OSError, match="Input/output error"):
        fsyncs.fsync_file(1)
    assert (called[3:], fsyncs.failed) == (["full"], True)


def test_without_proc_files_get_their_names_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: path != "/proc/self/fd" and exists(path))
    objects = LocalObjects(tmp_path)
    objects.prepare()
    assert objects.create("2025-12-23/run_00.json", b"{}")
    assert objects.read("2025-12-23/run_00.json") == b"{}"
    assert count_cores() >= 1


@pytest.mark.linux
def test_a_folder_in_memory_is_known_also_before_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = ("/ rw - ext4", r"/a\040b rw shared:1 - tmpfs", r"/a\040b/c rw - xfs")
    table = "".join(f"{number} 0 8:1 / {mount} source rw\n" for number, mount in enumerate(mounts))
    monkeypatch.setattr(Path, "read_text", lambda *_: table)
    found = [is_in_memory(Path(name)) for name in ("/a b/spool/blobs", "/a b", "/a", "/a b/c/spool", "/")]
    assert found == [True, True, False, False, False]
