"""Work done by real processes at the same moment."""

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def in_processes(work: Callable[[Argument], Result], arguments: Sequence[Argument]) -> list[Result]:
    """Do the work once for each argument, each in its own process, all set off together; results in their order.

    The first process that fails, or that a signal ends, fails the test at once: the others may be waiting for it.
    SQLite forbids to carry a connection over a fork, so the caller closes its index before.
    """
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(arguments))
    pipes = [context.Pipe(duplex=False) for _ in arguments]

    def run(place: int) -> None:
        told = pipes[place][1]
        for _, another in pipes:
            if another is not told:
                another.close()
        try:
            barrier.wait()
            told.send((True, work(arguments[place])))
        except BaseException:  # noqa: BLE001 - told to the test
            told.send((False, traceback.format_exc()))

    processes = [context.Process(target=run, args=(place,), daemon=True) for place in range(len(arguments))]
    for process in processes:
        process.start()
    for _, told in pipes:
        told.close()  # here and in the other processes, so that the end of a process is the end of its pipe
    results: dict[int, Result] = {}
    try:
        while waited := {pipes[place][0]: place for place in range(len(arguments)) if place not in results}:
            for reader in wait(list(waited)):
                place = next(at for pipe, at in waited.items() if pipe is reader)
                try:
                    succeeded, result = reader.recv()
                except EOFError:
                    processes[place].join()
                    succeeded, result = False, f"process {place} ended with {processes[place].exitcode}"
                assert succeeded, result
                results[place] = result
    finally:
        for process in processes:
            if len(results) < len(processes):
                process.kill()
            process.join()
        for reader, _ in pipes:
            reader.close()
    return [results[place] for place in range(len(arguments))]
