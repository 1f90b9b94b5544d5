"""A sound store for every test of this folder, made once and copied."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.shops import RUNS, Shop


@pytest.fixture(autouse=True)
def _hasty_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk: nothing here is about power cuts."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def _made(factory: pytest.TempPathFactory, runs: int) -> tuple[Path, list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        return _filled(factory, runs)


def _filled(factory: pytest.TempPathFactory, runs: int) -> tuple[Path, list[str]]:
    shop = Shop(factory.mktemp("template") / "runs").fill(runs)
    shop.close()
    return shop.root, shop.pool


def _copied(template: tuple[Path, list[str]], folder: Path) -> Iterator[Shop]:
    root, pool = template
    shop = Shop(Path(shutil.copytree(root, folder / "runs")))
    shop.pool = list(pool)
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a store of runs with two events each, and their ids; nobody changes it."""
    return _made(tmp_path_factory, RUNS)


@pytest.fixture(scope="session")
def big_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return one that has enough runs for all damages at once."""
    return _made(tmp_path_factory, 80)


@pytest.fixture
def shop(template: tuple[Path, list[str]], tmp_path: Path) -> Iterator[Shop]:
    """Return a sound store to damage."""
    yield from _copied(template, tmp_path)


@pytest.fixture
def big_shop(big_template: tuple[Path, list[str]], tmp_path: Path) -> Iterator[Shop]:
    """Return a sound store to do all damages to."""
    yield from _copied(big_template, tmp_path)
