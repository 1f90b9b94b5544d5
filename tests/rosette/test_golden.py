"""The same bytes everywhere: forty drawings by their digests, under other hash seeds, locales and interpreters.

A drawing that comes out otherwise than recorded needs a new generator version. `python -m tests.rosette.digests`
writes the digests of this version to stdout. `recorded_1_0_0.json` holds what the first version of interpreter and
generator made of the same prompts: their specs are drawn to the same bytes for ever, whoever reads the prompt today.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rmos.digest import sha256_hex
from rmos.rosette.spec import decode_spec
from rmos.rosette.svg import render
from tests.rosette.digests import digests
from tests.rosette.prompts import PROMPTS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden.json")
RECORDED = json.loads(Path(__file__).with_name("recorded_1_0_0.json").read_text(encoding="utf-8"))

THIN_STRIPS = "herringbone is glued from strips of veneer"
THIN_STICKS = "the mosaic that nobody described has sticks of the trade"
CHANGED = {
    "classical rosette, herringbone in maple and rosewood": THIN_STRIPS,
    "rosette for OM, 98 mm hole, 3/16 in wide, 1.5 mm deep": THIN_STRIPS,
    "rosetta clásica con espiga": THIN_STRIPS,
    "half-herringbone edges, solid koa centre 10 mm, 86 mm hole": THIN_STRIPS,
    "spruce herringbone, 3 7/8 in hole, light": THIN_STRIPS,
    "Hauser style mosaic, 19 mm wide": THIN_STRIPS,
    "no shell, all wood, dark on cedar top": THIN_STICKS,
    "0.2 mm lines please": THIN_STICKS,
}
"""Prompts that are understood otherwise than by the first interpreter, and why."""


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


@pytest.mark.parametrize("prompt", list(RECORDED))
def test_a_spec_that_the_first_version_recorded_is_drawn_to_the_same_bytes(prompt: str) -> None:
    recorded, prompt_sha256 = RECORDED[prompt], sha256_hex(prompt.encode())
    spec = decode_spec(recorded["spec"])
    assert spec.generator.version == "1.0.0"
    assert sha256_hex(render(spec, prompt_sha256=prompt_sha256).encode()) == recorded["compact"]
    assert sha256_hex(render(spec, "cam", prompt_sha256=prompt_sha256).encode()) == recorded["cam"]


def test_what_was_understood_rightly_keeps_its_digest() -> None:
    now = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {prompt for prompt in now if now[prompt]["compact"] != RECORDED[prompt]["compact"]} == set(CHANGED)


@pytest.mark.parametrize(
    "settings",
    [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "4294967295", "LC_ALL": "C", "TZ": "Asia/Tokyo"}],
    ids=["hash seed 1", "other hash seed, locale and zone"],
)
def test_another_process_draws_the_same(settings: dict[str, str]) -> None:
    assert drawn_by(sys.executable, settings) == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.long
def test_every_interpreter_here_draws_the_same() -> None:
    for interpreter in [sys.executable, *others()]:
        assert drawn_by(interpreter, {}) == json.loads(GOLDEN.read_text(encoding="utf-8")), interpreter


def drawn_by(interpreter: str, settings: dict[str, str]) -> object:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **settings}
    command = [interpreter, "-m", "tests.rosette.digests"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=True)
    return json.loads(done.stdout)
