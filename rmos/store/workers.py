"""Work spread over forked processes or over threads, in order and in constant memory.

    with ordered_pool(check, workers, objects.works_with) as check_slices:
        for tally in check_slices(slices):
            ...

For commands only: a service has threads already, and a fork of it may hang. So may a fork of a process that speaks to
object storage, whose client library cannot be carried over: the backend says what its work may be spread over.
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
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypeVar

from rmos.objects.base import WorksWith

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
    work: Callable[[Item], Result], workers: int, works_with: WorksWith
) -> Iterator[Callable[[Iterable[Item]], Iterator[Result]]]:
    """Give a function that maps items to results in their order, with at most a few of them under way.

    Args:
        work: what is done with an item; it reaches processes by the fork, so it may hold anything.
        workers: how many processes or threads; below 2 the work is done here.
        works_with: what the objects that the work reads may be shared by (`Objects.works_with`).
    """
    if workers < 2:
        yield lambda items: map(work, items)
    elif works_with == "threads":
        with ThreadPoolExecutor(workers) as threads:
            try:
                yield lambda items: _map_ordered(lambda item: threads.submit(work, item), items, 2 * workers)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)  # after an error nobody wants the rest
    else:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_inherit, initargs=(work,)) as pool:
            yield lambda items: _map_ordered(lambda item: pool.submit(_do, item), items, 2 * workers)


def _map_ordered(submit: Callable[[Item], Future[Result]], items: Iterable[Item], at_once: int) -> Iterator[Result]:
    pending = deque[Future[Result]]()
    for item in items:
        pending.append(submit(item))
        if len(pending) > at_once:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
