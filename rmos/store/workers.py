"""Work spread over forked processes, in order and in constant memory.

For commands only: a service has threads, and a fork of it may hang.
"""

import contextlib
import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_inherited: Callable[[Any], Any] | None = None


def _inherit(work: Callable[[Any], Any]) -> None:
    global _inherited
    _inherited = work
    # A command that is killed cannot end its workers, and they hold its lock's descriptor: they watch it themselves.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to hear; it ends its workers
    # What is folded and checked makes no cycles; looking for some after every 700 objects cost a third of the time.
    gc.freeze()
    gc.set_threshold(100_000)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _do(item: Any) -> Any:
    assert _inherited is not None
    return _inherited(item)


@contextlib.contextmanager
def ordered_pool(
    work: Callable[[Item], Result], workers: int
) -> Iterator[Callable[[Iterable[Item]], Iterator[Result]]]:
    """Give a function that maps items to results in their order, with at most a few of them under way.

    Args:
        work: what is done with an item; it reaches the processes by the fork, so it may hold anything.
        workers: how many processes; below 2 the work is done here.
    """
    if workers < 2:
        yield lambda items: map(work, items)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_inherit, initargs=(work,)) as pool:

        def ordered(items: Iterable[Item]) -> Iterator[Result]:
            pending = deque[Future[Result]]()
            for item in items:
                pending.append(pool.submit(_do, item))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

        yield ordered
