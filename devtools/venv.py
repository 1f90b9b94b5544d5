"""The virtual environment `.venv/` and the programs in it.

    set_up(BASE)      # what serving needs: the packages of requirements/base.txt, and RMOS itself
    set_up(DEV)       # what tests and checks need too, requirements/dev.txt; a venv of the first kind is added to
    run(python("-m", "pytest"))

Packages come from hash-locked lists by pip's own settings, so an index, a proxy or a certificate that pip is configured
with is honoured and none is named here. Each level has a stamp, written last; a venv without the stamps that are wanted
is half-made or made from something else, and made anew. Adding packages never touches those that serving needs (the
lists agree, which a test demands), so a venv keeps serving when that is interrupted.
"""

import configparser
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from devtools.telling import Failed, say

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / "bin"


class Level(NamedTuple):
    """How much is installed: the locked lists, in `requirements/`, and the file in the venv that says so."""

    locks: tuple[str, ...]
    stamp: str


BASE: Final = Level(("base.txt", "build.txt"), "rmos-base")
DEV: Final = Level(("dev.txt",), "rmos-dev")
"""Everything in the lists of `BASE` is in this one too."""


def fingerprint(root: Path, level: Level) -> str:
    """Return the digest of all that a level of a venv depends on: lists, metadata, Python, and the folder itself.

    Of `setup.cfg` only what is installed counts, so that a new lint setting does not remake the venv. The folder
    counts because scripts in a venv carry its absolute path: a checkout that was moved or copied needs its own.
    """
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(root / "setup.cfg", encoding="utf-8")
    parts = [sys.version, sys.base_prefix, str(root)]
    parts += [(root / "requirements" / lock).read_text(encoding="utf-8") for lock in level.locks]
    parts += [
        f"{section}.{key}={value}"
        for section in sorted(metadata.sections())
        if section == "metadata" or section.startswith("options")
        for key, value in sorted(metadata.items(section))
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_ready(level: Level) -> bool:
    """Tell whether the venv has all of a level, and that from the lists as they are."""
    levels = {BASE, level}
    return os.access(BIN / "python", os.X_OK) and all(_stamp(one) == fingerprint(ROOT, one) for one in levels)


def _stamp(level: Level) -> str | None:
    """Return what stands in a stamp; None where there is none."""
    try:
        return (VENV / level.stamp).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`, so that two terminals do not make one venv at the same time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_up(level: Level) -> None:
    """Make `.venv/` or add to it, unless it has all of a level."""
    if is_ready(level):
        return
    with only_one(ROOT):
        if is_ready(level):
            return
        started = time.monotonic()
        if level == DEV and is_ready(BASE) and _stamp(DEV) is None:
            say("Adding to .venv what tests and checks need (once) ...")
        else:
            _make_empty()
        _fill(level)
        say(f"Ready after {time.monotonic() - started:.0f} s.")


def _fill(level: Level) -> None:
    stamp = VENV / level.stamp
    stamp.touch()  # a crash leaves it empty, and half an installation is not added to
    try:
        _install(level)
    except Failed:
        stamp.unlink()  # pip ended by itself, and left what was there as it was
        raise
    if _stamp(BASE) != fingerprint(ROOT, BASE):
        say("  RMOS itself")
        _quietly("installing RMOS", [*_pip(), "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
        (VENV / BASE.stamp).write_text(fingerprint(ROOT, BASE), encoding="ascii")
    stamp.write_text(fingerprint(ROOT, level), encoding="ascii")


def _make_empty() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failed(
            "This Python cannot make virtual environments: install the Debian package "
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv (or python3-venv), then run this again."
        )
    say("Making .venv (once) ...")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    # Started from inside the venv that is being remade, the interpreter outside it has to do the work.
    base = str(getattr(sys, "_base_executable", "") or sys.executable)
    _quietly("making the virtual environment", [base, "-m", "venv", str(VENV)])


def _install(level: Level) -> None:
    lists = [ROOT / "requirements" / lock for lock in level.locks]
    count = sum(line[:1].isalnum() for path in lists for line in path.read_text(encoding="utf-8").splitlines())
    say(f"  {count} packages of requirements/{level.locks[0]}")
    options = [option for path in lists for option in ("-r", str(path))]
    # Modules are compiled by whoever imports them first: most are never imported.
    _quietly("installing the locked packages", [*_pip(), "--no-compile", "--require-hashes", *options])


def _pip() -> list[str]:
    return python("-m", "pip", "install", "--no-input", "--disable-pip-version-check")


def _quietly(what: str, command: Sequence[str]) -> None:
    """Run one step of the set-up without a word, unless it fails: then show the end of what it said."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        say("\n".join(done.stdout.decode(errors="replace").splitlines()[-25:]))
        raise Failed(f"Set-up failed while {what} (above: the end of what it said).")


def tool_environment() -> dict[str, str]:
    """Return the environment for programs of the venv, as if it had been activated.

    Modules are compiled once, also for who sets PYTHONDONTWRITEBYTECODE: else each of the many processes of a test run
    compiles the whole service for itself, which takes longer than most tests. `clean` removes what is kept.
    """
    unwanted = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment["VIRTUAL_ENV"] = str(VENV)
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return environment


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Run a program of the venv in the repository's folder and return its exit status."""
    return subprocess.run(command, cwd=ROOT, env=environment or tool_environment(), check=False).returncode


def python(*arguments: str) -> list[str]:
    """Return the command line that hands `arguments` to the venv's Python."""
    return [str(BIN / "python"), *arguments]
