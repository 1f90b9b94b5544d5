"""Work done by real processes at the same moment."""

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def in_processes(work: Callable[[Argument], Result], arguments: Sequence[Argument]) -> list[Result]:
    """Do the work once for each argument, each in its own process, all set off together; results in their order.

    SQLite forbids to carry a connection over a fork, so the caller closes its index before.
    """
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(arguments))
    results: Any = context.SimpleQueue()

    def run(place: int) -> None:
        try:
            barrier.wait(30)
            results.put((place, True, work(arguments[place])))
        except BaseException:  # noqa: BLE001 - told to the test
            results.put((place, False, traceback.format_exc()))

    processes = [context.Process(target=run, args=(place,), daemon=True) for place in range(len(arguments))]
    for process in processes:
        process.start()
    told = sorted((results.get() for _ in processes), key=lambda one: int(one[0]))
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    failed = [result for _, succeeded, result in told if not succeeded]
    assert not failed, "\n".join(failed)
    return [result for _, _, result in told]
