"""Waiting for what another thread or process does.

    wait_until(lambda: path.exists(), "the file")

However long it takes, a test goes on when it has happened; the limit turns what never happens into a failure that says
what it was. Nothing is measured by it.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_S: Final = 120.0
"""Far longer than anything takes on a machine that has much else to do."""


def wait_until(happened: Callable[[], T], what: str = "it") -> T:
    """Return what `happened` returns as soon as that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := happened()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
    return found
