"""What the fault tests share. A machine that lacks what one needs fails it in one line: nothing is skipped here."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.tracing import PutServer

Announce = Callable[[str], None]


@pytest.fixture
def announce(capsys: pytest.CaptureFixture[str]) -> Announce:
    """Say how much an enumeration covered, to whoever runs the tests and not only when they fail."""

    def say(text: str) -> None:
        with capsys.disabled():
            os.write(2, f"\n{text}\n".encode())

    return say


@pytest.fixture
def strace() -> None:
    """Demand the program strace."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not there: install the Debian package strace", pytrace=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PutServer]:
    """Give a process that forks for each put."""
    with PutServer(tmp_path / "log") as running:
        yield running
