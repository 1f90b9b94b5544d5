"""The locked lists of packages, and that nothing here names where packages come from."""

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LISTS = ROOT / "requirements"
URL = re.compile(r"https?://(?!127\.0\.0\.1|\{|\[\{)")


def pins(name: str) -> dict[str, str]:
    """Return the pinned version of each package of a lock file."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", (LISTS / name).read_text(), re.MULTILINE)
    return {name.lower(): version for name, version in found}


def names(lines: list[str]) -> set[str]:
    """Return the packages that lines of requirements ask for."""
    return {re.split(r"[ <>=]", line)[0].lower() for line in lines if line and not line.startswith("#")}


def test_every_locked_package_has_a_hash_and_no_index_is_named() -> None:
    for path in LISTS.iterdir():
        text = path.read_text()
        assert not URL.search(text), path
        assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE), path
        if path.suffix == ".txt":
            blocks = re.split(r"\n(?=\S)", text)
            for block in blocks:
                assert block.startswith("#") or "--hash=sha256:" in block, block


@pytest.mark.parametrize("path", [*sorted((ROOT / "devtools").glob("*.py")), ROOT / "dev.py", ROOT / ".ci" / "run"])
def test_set_up_names_no_index(path: Path) -> None:
    text = path.read_text()
    assert not URL.search(text)
    assert not re.search(r"index-url|find-links|trusted-host|PIP_", text)


def test_the_locks_hold_everything_that_is_asked_for_and_agree() -> None:
    """So that adding what tests need to a venv never touches what serving needs."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "setup.cfg")
    base, build, dev, cluster = (pins(f"{name}.txt") for name in ("base", "build", "dev", "cluster"))
    assert names(settings["options"]["install_requires"].split("\n")) <= set(base)
    assert names((LISTS / "build.in").read_text().splitlines()) == set(build)
    assert names((LISTS / "dev.in").read_text().splitlines()) <= set(dev)
    assert {**base, **build, **cluster}.items() <= dev.items()
    extra = {re.sub(r"\[.*\]", "", name) for name in names(settings["options.extras_require"]["cluster"].split("\n"))}
    assert base.keys() | extra < cluster.keys()
    assert len(base) <= 20, "serving is installed by whoever tries RMOS for the first time"
