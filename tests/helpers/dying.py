"""A process that dies in the midst of writing a store, with nothing put in order, as in a power cut of its own."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rmos.store import Store
from tests.makers import open_store


def die_at_object(folder: Path, nth: int, work: Callable[[Store], object]) -> None:
    """Open the store in a process of its own, do some work, and be killed just before the nth object is created."""
    pid = os.fork()
    if pid == 0:
        try:
            victim = open_store(folder, reconcile=False)
            _arm(victim, nth)
            work(victim)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _arm(victim: Store, nth: int) -> None:
    done = 0

    def deadly(genuine: Callable[..., Any]) -> Callable[..., Any]:
        def create(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return genuine(*arguments, **options)

        return create

    victim.objects.create = deadly(victim.objects.create)  # type: ignore[method-assign]
    victim.objects.create_blob = deadly(victim.objects.create_blob)  # type: ignore[method-assign]
