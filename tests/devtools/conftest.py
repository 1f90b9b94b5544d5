"""A folder that has what set-up reads, in the place of this repository."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import venv

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the tools at a folder with lists and metadata, and no venv."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "setup.cfg", root)
    monkeypatch.setattr(venv, "ROOT", root)
    monkeypatch.setattr(venv, "VENV", root / ".venv")
    monkeypatch.setattr(venv, "BIN", root / ".venv" / "bin")
    return root


@pytest.fixture
def make_venv(checkout: Path) -> Callable[..., Path]:
    """Return a function that makes what looks like a finished venv of some levels."""

    def make(*levels: venv.Level) -> Path:
        python = venv.BIN / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        for level in levels:
            (venv.VENV / level.stamp).write_text(venv.fingerprint(checkout, level))
        return venv.VENV

    return make


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The programs that commands run; none is run, each ends well, and the venv counts as ready."""
    ran: list[list[str]] = []

    def run(command: list[str], environment: object = None) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(venv, "set_up", lambda level: ran.append(["set up", level.stamp]))
    monkeypatch.setattr(venv, "run", run)
    return ran
