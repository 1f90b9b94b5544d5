"""A process that dies in the midst of writing a store, with nothing put in order, as in a power cut of its own."""

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from rmos.objects.base import Objects
from rmos.store import Store
from tests.makers import open_store


def die_at_object(folder: Path, nth: int, work: Callable[[Store], object]) -> None:
    """Open the store in a process of its own, do some work, and be killed just before the nth object is created."""

    def write() -> None:
        victim = open_store(folder, reconcile=False)
        _arm(victim.objects, nth)
        work(victim)

    _die(write)


def die_at_create(objects: Objects, nth: int, work: Callable[[Objects], object]) -> None:
    """Do some work with objects in a process of its own, and be killed just before the nth of them is created."""

    def write() -> None:
        _arm(objects, nth)
        work(objects)

    _die(write)


def _die(write: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            write()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _arm(victim: Objects, nth: int) -> None:
    turns = count(1)

    def deadly(genuine: Callable[..., Any]) -> Callable[..., Any]:
        def create(*arguments: Any, **options: Any) -> Any:
            if next(turns) == nth:  # threads may take turns
                os.kill(os.getpid(), signal.SIGKILL)
            return genuine(*arguments, **options)

        return create

    victim.create = deadly(victim.create)  # type: ignore[method-assign]
    victim.create_blob = deadly(victim.create_blob)  # type: ignore[method-assign]
