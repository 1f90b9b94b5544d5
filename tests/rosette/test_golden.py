"""The same bytes everywhere: forty drawings by their digests, under other hash seeds, locales and interpreters.

A drawing that comes out otherwise than recorded needs a new generator version. `python -m tests.rosette.digests`
writes the digests of this version to stdout.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rosette.digests import digests
from tests.rosette.prompts import PROMPTS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden.json")


def others() -> list[str]:
    """Return other interpreters on this machine that could run the package."""
    names = [f"python3.{minor}" for minor in (11, 12, 13, 14)]
    roots = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"))
    found = dict.fromkeys([*filter(None, map(shutil.which, names)), *map(str, roots)])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    probe = ["-c", "import sys, rmos.rosette.svg; assert sys.version_info >= (3, 11)"]
    return [one for one in found if subprocess.run([one, *probe], env=environment, capture_output=True).returncode == 0]


def test_there_are_forty_prompts() -> None:
    assert len({prompt for prompt, _ in PROMPTS}) == 40
    assert list(json.loads(GOLDEN.read_text(encoding="utf-8"))) == [prompt for prompt, _ in PROMPTS]


def test_every_drawing_is_the_recorded_one() -> None:
    assert digests() == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "settings",
    [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "4294967295", "LC_ALL": "C", "TZ": "Asia/Tokyo"}],
    ids=["hash seed 1", "other hash seed, locale and zone"],
)
def test_another_process_draws_the_same(settings: dict[str, str]) -> None:
    assert drawn_by(sys.executable, settings) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_interpreter_here_draws_the_same() -> None:
    for interpreter in [sys.executable, *others()]:
        assert drawn_by(interpreter, {}) == json.loads(GOLDEN.read_text(encoding="utf-8")), interpreter


def drawn_by(interpreter: str, settings: dict[str, str]) -> object:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **settings}
    command = [interpreter, "-m", "tests.rosette.digests"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=True)
    return json.loads(done.stdout)
