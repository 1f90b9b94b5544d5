"""RMOS as a stranger has it: a wheel of this tree, installed elsewhere, started by another user in an empty folder.

    installed = Installed.make(folder)                 # the wheel, and an environment that has it and what it needs
    installed.run("rmos rules")                        # a line of a shell, as `nobody` where this user is root
    with installed.serve("--no-demo") as url: ...

Nothing is fetched: the wheel is built by the locked tools, and the packages that it needs are copied from this
environment. `nobody` may read neither this checkout nor root's home, so all of it stands in a folder of its own.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.helpers.processes import Process
from tests.helpers.waiting import PATIENCE_S

ROOT: Final = Path(__file__).resolve().parents[2]
NOBODY: Final = 65534
SOURCES: Final = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
"""What a wheel is made of besides the package."""
EXTRAS: Final = ("client",)


def build_wheel(folder: Path) -> Path:
    """Return a wheel of this tree, built in a folder without touching the tree."""
    source = folder / "source"
    shutil.copytree(ROOT / "rmos", source / "rmos", ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _pip(*arguments: str, python: Path | None = None) -> None:
    chosen = ["--python", str(python)] if python else []
    command = [sys.executable, "-m", "pip", *chosen, "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def names_in(wheel: Path) -> set[str]:
    """Return the files in a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def needed_packages(extras: tuple[str, ...] = EXTRAS) -> set[str]:
    """Return the packages that RMOS needs with some extras, and those that these need, as far as they are here."""
    found: set[str] = set()
    todo = [(line, extras) for line in metadata.requires("rmos") or []]
    while todo:
        line, wanted = todo.pop()
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        if name in found or (extra and extra[1] not in wanted):
            continue
        with contextlib.suppress(metadata.PackageNotFoundError):  # for another system or an older Python
            todo += [(below, ()) for below in metadata.requires(name) or []]
            found.add(name)
    return found


def copy_package(name: str, site: Path) -> None:
    """Copy an installed package, with its metadata but without its scripts."""
    for file in metadata.files(name) or []:
        if file.parts[0] != ".." and file.suffix != ".pyc":
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), site / file)


class Installed(NamedTuple):
    """An environment with RMOS in it, an empty folder, and who works there."""

    wheel: Path
    binaries: Path
    home: Path
    user: int | None
    """Another user's id, or None where the tests may not become another user."""

    @classmethod
    def make(cls, folder: Path) -> "Installed":
        """Build the wheel and install it."""
        wheel = build_wheel(folder)
        python, user = _choose_python()
        subprocess.run([python, "-m", "venv", "--without-pip", folder / "env"], check=True)
        (site,) = (folder / "env" / "lib").glob("python3*/site-packages")
        for name in needed_packages():
            copy_package(name, site)
        _pip("install", "--no-deps", "--no-index", str(wheel), python=folder / "env" / "bin" / "python")
        home = folder / "home"
        home.mkdir()
        if user is not None:
            os.chown(home, user, user)
        return cls(wheel, folder / "env" / "bin", home, user)

    def environment(self, **variables: str) -> dict[str, str]:
        """Return what a shell of that user has in its environment."""
        return {
            "HOME": str(self.home),
            "PATH": f"{self.binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            # As pip does at the end of an installation; who only reads the environment cannot.
            "PYTHONPYCACHEPREFIX": str(self.home / ".pycache"),
            **variables,
        }

    def popen(self, *command: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a program as that user, in the empty folder."""
        other: dict[str, Any] = {}
        if self.user is not None:
            other = {"user": self.user, "group": self.user, "extra_groups": []}
        return Process(
            command,
            cwd=self.home,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **other,
        )

    def run(self, script: str, **variables: str) -> str:
        """Run lines in a shell, of which none may fail, and return what they print."""
        with self.popen("bash", "-euo", "pipefail", "-c", script, **variables) as process:
            stdout, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, f"{script}\n{stdout}\n{stderr}"
        return stdout

    @contextlib.contextmanager
    def serve(self, *options: str, **variables: str) -> Iterator[dict[str, Any]]:
        """Start `rmos serve` and yield what it says of itself; end it by Ctrl-C, which has to be quiet and well."""
        with self.popen("rmos", "serve", "--port", "0", "--json", *options, **variables) as process:
            assert process.stdout is not None
            said = ""
            try:
                for line in process.stdout:
                    said += line
                    if line == "}\n":
                        break
                assert said, process.communicate()
                yield json.loads(said)
            finally:
                process.send_signal(signal.SIGINT)
                _, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, stderr
        assert "Traceback" not in stderr, stderr


def _choose_python() -> tuple[str, int | None]:
    """Return a Python and the id of another user who may run it; None, and this Python, where there is no such user.

    Its version is that of the packages that are copied.
    """
    own = str(getattr(sys, "_base_executable", "") or sys.executable)
    if os.geteuid() != 0:
        return own, None
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (own, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        with contextlib.suppress(OSError):
            command = [python, "-c", "import venv, sqlite3, ssl"]
            if subprocess.run(command, user=NOBODY, group=NOBODY, cwd="/", capture_output=True).returncode == 0:
                return python, NOBODY
    return own, None


@contextlib.contextmanager
def installed_once() -> Iterator[Installed]:
    """Yield RMOS installed in a folder that everybody may read, and remove it in the end."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) and "PYTEST_DEBUG_TEMPROOT" in os.environ else None
    with tempfile.TemporaryDirectory(prefix="rmos-installed-", dir=parent, ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Installed.make(Path(name))
