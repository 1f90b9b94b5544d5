from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.store import Store
from tests.makers import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store whose index is complete."""
    made = open_store(tmp_path)
    yield made
    made.index.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of that store."""
    return tmp_path / "runs"
