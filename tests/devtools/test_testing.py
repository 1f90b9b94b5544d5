"""`dev.py test` and `dev.py check`: what pytest is asked for, what is left out and said, and the steps."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import checking, testing, venv
from devtools.command_line import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("processes", [["-p", "no:xdist"], ["-p", "xdist", "-n", "2"]])
def test_what_is_left_out_of_a_run_is_counted_out_loud(tmp_path: Path, processes: list[str]) -> None:
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\nmarkers =\n    long: long\n    curl: curl\n")
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "@pytest.mark.long\n@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_b(n): assert False\n"
    )
    # No plug-in but those that are needed: each takes its time.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    options = ["-m", "not long and not curl", "--left-out=long=too long", "--left-out=curl=no curl"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "devtools.left_out", *processes, *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Not run: 3 tests marked 'long' (too long).\nNot run: 0 tests marked 'curl' (no curl).\n" in done.stdout


def test_check_tries_more_made_up_input_than_a_plain_run(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "find_absent", lambda: {"curl": "install it"})
    monkeypatch.setattr(checking, "find_absent", dict)
    assert main(["check", "--only", "tests"]) == main(["test", "tests/api", "--lf"]) == 0
    assert [command[1] for command in commands if command[0] == "set up"] == ["rmos-dev"] * 2
    whole, plain = [command for command in commands if "pytest" in command]
    assert "--hypothesis-profile=check" in whole
    assert "-m" not in whole[3:]
    assert "--hypothesis-profile=check" not in plain
    assert plain[plain.index("-m", 3) + 1] == "not long and not curl"
    assert "--left-out=curl=install it" in plain
    assert plain[-2:] == ["tests/api", "--lf"]


def test_a_deep_check_tries_all_made_up_input(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "find_absent", dict)
    assert main(["check", "--only", "tests", "--deep"]) == 0
    (tried,) = [command for command in commands if "pytest" in command]
    assert "--hypothesis-profile=deep" in tried
    assert "-m" not in tried[3:]


def test_whoever_chooses_markers_leaves_out_nothing_else(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "find_absent", dict)
    assert main(["test", "-m", "long"]) == 0
    assert commands[-1][-2:] == ["-m", "long"]
    assert not [one for one in commands[-1] if one.startswith("--left-out") or one == "not long"]


@pytest.mark.parametrize("arguments", [["test", "--no-such-option"], ["check", "--only", "tests"]])
def test_the_exit_status_of_pytest_is_passed_through(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(venv, "run", lambda command: 4)
    assert main(arguments) == (4 if arguments[0] == "test" else 1)


@pytest.mark.parametrize(("free", "kept_in_memory"), [(testing.ROOM, True), (testing.ROOM - 1, False)])
def test_a_plain_run_keeps_its_stores_in_memory_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, kept_in_memory: bool
) -> None:
    monkeypatch.delenv("PYTEST_DEBUG_TEMPROOT", raising=False)
    monkeypatch.setattr(testing, "MEMORY", tmp_path)
    monkeypatch.setattr(testing, "free_memory", lambda: free)
    with testing.quick_folder():
        (inside,) = list(tmp_path.iterdir()) or [None]
        assert venv.tool_environment().get("PYTEST_DEBUG_TEMPROOT") == (str(inside) if kept_in_memory else None)
    assert list(tmp_path.iterdir()) == []
    assert "PYTEST_DEBUG_TEMPROOT" not in os.environ


def test_a_place_for_the_stores_that_was_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "/elsewhere")
    with testing.quick_folder():
        assert os.environ["PYTEST_DEBUG_TEMPROOT"] == "/elsewhere"


def test_what_is_no_file_system_in_memory_has_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(testing, "MEMORY", tmp_path)
    assert testing.free_memory() == 0


def test_every_marker_that_may_be_left_out_is_registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(testing, "POSTGRES", tmp_path / "bin")
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "setup.cfg")
    registered = {line.partition(":")[0] for line in settings["tool:pytest"]["markers"].split("\n")}
    assert {"long", *testing.find_absent()} <= registered
    assert set(testing.find_absent()) == {
        "strace",
        "curl",
        "nginx",
        "chromium",
        "inkscape",
        "bindfs",
        "rs274",
        "ceph",
        "netns",
        "go",
        "postgres",
        "root",
    }


def test_a_compiler_without_the_package_that_the_programs_import_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(testing, "GO_PACKAGE", tmp_path / "mod")
    assert testing.find_absent()["go"] == "install the Debian package golang-golang-x-mod-dev"
    (tmp_path / "mod").mkdir()
    assert "go" not in testing.find_absent()


def test_check_runs_every_step_also_after_one_has_failed(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def step(name: str, status: int) -> Callable[[], int]:
        def work() -> int:
            ran.append(name)
            return status

        return work

    steps = {"one": step("one", 0), "two": step("two", 1), "three": step("three", 0)}
    monkeypatch.setattr(checking, "STEPS", steps)
    assert main(["check"]) == 1
    assert ran == ["one", "two", "three"]
    assert re.search(r"one +ok .*\ntwo +FAILED \(1\) .*\nthree +ok ", capfd.readouterr().err)
