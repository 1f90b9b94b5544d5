"""The wheel: everything that RMOS needs is in it, and it starts for a stranger."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.installed import NOBODY, ROOT, Installed, installed_once, names_in

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """RMOS from a wheel of this tree, for a stranger."""
    with installed_once() as made:
        yield made


def get(url: str) -> str:
    """Return the text of a page, which must be there."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def test_trap_41_every_file_of_the_package_is_in_the_wheel(installed: Installed) -> None:
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "rmos").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names_in(installed.wheel) if name.startswith("rmos/")} == package


def test_trap_41_a_wheel_starts_and_serves_and_proves_what_it_recorded(installed: Installed) -> None:
    made = json.loads(installed.run("rmos demo --runs 40 --json"))
    assert made["made"] == 40
    with installed.serve() as said:
        assert said["troubles"] == []
        assert "No sign-in is needed" in get(f"{said['url']}/sign-in")
        assert "swagger" in get(f"{said['url']}/api/docs")
        assert json.loads(get(f"{said['url']}/api/rmos/runs?limit=1&include_total=true"))["total"] == 40
    assert json.loads(installed.run("rmos verify --json"))["findings"] == []
    # Nothing lies in the environment, which goes when it is upgraded or removed, nor in whatever folder one is in.
    assert said["runs_dir"] == str(installed.home / ".local" / "share" / "rmos" / "runs")
    assert {path.name for path in installed.home.iterdir()} <= {".local", ".pycache"}


def test_a_wheel_is_tried_by_another_user(installed: Installed) -> None:
    if installed.user is None:
        pytest.skip("RMOS was installed and started by this user: only root may start programs as another one")
    assert installed.run("id -u").strip() == str(NOBODY)
    assert (installed.home / "x").parent.owner() == "nobody"
    with pytest.raises(AssertionError):
        installed.run(f"ls {Path('~root').expanduser()}")
