"""A sound store for every test of this folder, made once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.shops import Shop

RUNS = 80


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a store of runs with two events each, and their ids; nobody changes it."""
    shop = Shop(tmp_path_factory.mktemp("template") / "runs").fill(RUNS)
    shop.close()
    return shop.root, shop.pool


@pytest.fixture
def shop(template: tuple[Path, list[str]], tmp_path: Path) -> Iterator[Shop]:
    """Return a copy of it to damage."""
    root, pool = template
    shop = Shop(Path(shutil.copytree(root, tmp_path / "runs")))
    shop.pool = list(pool)
    yield shop
    shop.close()
