"""How `.venv/` is made, added to and left alone; no virtual environment is made here."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import venv
from devtools.telling import Failed
from devtools.venv import BASE, DEV, Level

MakeVenv = Callable[..., Path]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The programs that set-up runs; none is run, but a venv that is asked for has its folder."""
    ran: list[list[str]] = []

    def quietly(what: str, command: list[str]) -> None:
        ran.append(command)
        if command[1:3] == ["-m", "venv"]:
            venv.BIN.mkdir(parents=True)
            (venv.BIN / "python").symlink_to(sys.executable)

    monkeypatch.setattr(venv, "_quietly", quietly)
    return ran


def lists(steps: list[list[str]]) -> list[list[str]]:
    """Return the lists of packages that each step installs; `.` stands for RMOS itself, `venv` for an empty one."""
    found = []
    for step in steps:
        if "-e" in step:
            assert {"--no-deps", "--no-build-isolation"} <= set(step)
            found.append(["."])
        elif "-r" in step:
            assert "--require-hashes" in step
            found.append([Path(name).name for name in step if name.endswith(".txt")])
        else:
            assert step[1:] == ["-m", "venv", str(venv.VENV)]
            found.append(["venv"])
    return found


@pytest.mark.parametrize(("wanted", "there"), [(BASE, [BASE]), (DEV, [BASE, DEV]), (BASE, [BASE, DEV])])
def test_a_venv_that_has_what_is_wanted_is_left_as_it_is(
    make_venv: MakeVenv, steps: list[list[str]], wanted: Level, there: list[Level]
) -> None:
    make_venv(*there)
    venv.set_up(wanted)
    assert steps == []


def test_serving_installs_what_it_needs_and_tests_add_the_rest(checkout: Path, steps: list[list[str]]) -> None:
    venv.set_up(BASE)
    assert lists(steps) == [["venv"], ["base.txt", "build.txt"], ["."]]
    steps.clear()
    venv.set_up(DEV)
    assert lists(steps) == [["dev.txt"]]
    assert venv.is_ready(BASE)
    assert venv.is_ready(DEV)


def test_tests_need_no_serving_before_them(checkout: Path, steps: list[list[str]]) -> None:
    venv.set_up(DEV)
    assert lists(steps) == [["venv"], ["dev.txt"], ["."]]
    assert venv.is_ready(BASE)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Failed])
def test_a_venv_that_was_added_to_by_half_serves_on(
    make_venv: MakeVenv, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def give_up(what: str, command: list[str]) -> None:
        raise stop("no network")

    make_venv(BASE)
    with monkeypatch.context() as patched:
        patched.setattr(venv, "_quietly", give_up)
        with pytest.raises(stop):
            venv.set_up(DEV)
    assert venv.is_ready(BASE)
    assert not venv.is_ready(DEV)
    venv.set_up(DEV)
    # pip that ended by itself left nothing half done; who was killed may have.
    assert lists(steps)[0] == (["venv"] if stop is KeyboardInterrupt else ["dev.txt"])


@pytest.mark.parametrize("half", [BASE, DEV])
def test_a_half_made_venv_is_made_anew(
    checkout: Path, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch, half: Level
) -> None:
    def die(level: Level) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(venv, "_install", die)
        with pytest.raises(KeyboardInterrupt):
            venv.set_up(half)
    (venv.VENV / "debris").touch()
    steps.clear()
    venv.set_up(BASE)
    assert lists(steps)[0] == ["venv"]
    assert not (venv.VENV / "debris").exists()


@pytest.mark.parametrize(
    ("changed", "levels"),
    [("requirements/base.txt", {BASE}), ("requirements/build.txt", {BASE}), ("requirements/dev.txt", {DEV})],
)
def test_a_changed_list_makes_the_levels_anew_that_depend_on_it(
    checkout: Path, make_venv: MakeVenv, changed: str, levels: set[Level]
) -> None:
    make_venv(BASE, DEV)
    with (checkout / changed).open("a") as lock:
        lock.write("# another\n")
    assert not venv.is_ready(DEV)
    assert venv.is_ready(BASE) is (BASE not in levels)


def test_the_stamp_depends_on_the_metadata_and_the_folder_and_not_on_lint_settings(
    checkout: Path, tmp_path: Path
) -> None:
    before = venv.fingerprint(checkout, BASE)
    assert venv.fingerprint(shutil.copytree(checkout, tmp_path / "moved"), BASE) != before
    text = (checkout / "setup.cfg").read_text()
    (checkout / "setup.cfg").write_text(text.replace("strict = True", "strict = False"))
    assert venv.fingerprint(checkout, BASE) == before
    (checkout / "setup.cfg").write_text(text.replace("name = rmos\n", "name = other\n"))
    assert venv.fingerprint(checkout, BASE) != before


def test_a_venv_whose_python_is_gone_is_not_ready(make_venv: MakeVenv) -> None:
    make_venv(BASE)
    (venv.BIN / "python").unlink()
    assert not venv.is_ready(BASE)


def test_a_step_that_fails_shows_the_end_of_what_it_said(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    talk = "import sys\nfor n in range(99): print('line', n)\nsys.exit(3)"
    with pytest.raises(Failed, match="Set-up failed while installing"):
        venv._quietly("installing", [sys.executable, "-c", talk])
    shown = capfd.readouterr().err.splitlines()
    assert shown[-1] == "line 98"
    assert len(shown) == 25


def test_set_up_says_what_it_does_while_it_does_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    def quietly(what: str, command: list[str]) -> None:
        said.append(capsys.readouterr().err)
        venv.BIN.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(venv, "_quietly", quietly)
    venv.set_up(BASE)
    assert said[0] == "Making .venv (once) ...\n"
    assert re.fullmatch(r"  [12]\d packages of requirements/base.txt\n", said[1])
    assert said[2] == "  RMOS itself\n"
    assert capsys.readouterr().err.startswith("Ready after ")


def test_a_python_without_ensurepip_names_the_debian_package(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Failed, match=r"install the Debian package python3\.\d+-venv") as failure:
        venv.set_up(BASE)
    assert "\n" not in str(failure.value)


def test_programs_of_the_venv_keep_what_they_compile_and_take_no_other_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "RMOS_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")
    environment = venv.tool_environment()
    assert not environment.keys() & {"PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
    assert environment["RMOS_LOG_LEVEL"] == "1"
    assert environment["PATH"].split(os.pathsep)[0] == str(venv.BIN)


def test_two_terminals_do_not_make_one_venv_at_the_same_time(checkout: Path, steps: list[list[str]]) -> None:
    waiting = (
        "import fcntl, os, sys\n"
        "descriptor = os.open(sys.argv[1], os.O_RDONLY)\n"
        "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    )
    with venv.only_one(checkout):
        done = subprocess.run([sys.executable, "-c", waiting, checkout], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in done.stderr
