"""An engine plug-in, as the service knows it: what it said of itself when it was loaded, and the processes that run it.

    plugin = Plugin("gentle", "rmos_gentle:Gentle")      # name and value of its entry point
    reply, seconds = plugin.ask(design, context, request_id, timeout_ms=5000)
    plugin.close()

Foreign code runs in these processes alone. They are started when there is something to ask, each answers one question
at a time, and they stay for the next one. After a fork the child starts its own.
"""

import contextlib
import itertools
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from rmos.engines import wire
from rmos.engines.base import EngineInfo, FeasibilityEngine
from rmos.engines.process import EngineProcess, NotAnswered, NotLoaded
from rmos.engines.rules import Rule
from rmos.engines.wire import CutRequest, Reply

MAX_PROCESSES: Final = 4
"""Of one plug-in in one process of the service, RMOS policy; who comes when all are busy waits for the time limit."""

_log: Final = logging.getLogger(__name__)
_numbers: Final = itertools.count(1)


class _Pool:
    """The processes that one process of the service has started for a plug-in."""

    def __init__(self) -> None:
        self.places = threading.BoundedSemaphore(MAX_PROCESSES)
        self.idle = deque[EngineProcess]()  # appending and popping are atomic


class Plugin:
    """One plug-in; may be asked by several threads at once."""

    def __init__(self, name: str, reference: str) -> None:
        """Load the plug-in once to learn who it is; no process stays.

        Raises:
            NotLoaded: it cannot be used.
        """
        self.name = name
        self.reference = reference
        process = EngineProcess(reference)
        process.end()
        self.info: EngineInfo = process.ready.info
        self.rules: tuple[Rule, ...] = tuple(process.ready.rules)
        # By the process of the service: what a fork inherits belongs to its parent.
        self._pools: dict[int, _Pool] = {}
        weakref.finalize(self, _end_idle, self._pools)

    def ask(
        self, design: dict[str, Any], context: dict[str, Any], request_id: str, *, timeout_ms: float
    ) -> tuple[Reply, float]:
        """Return the reply of the engine, and the seconds that it took to give it.

        Args:
            timeout_ms: how long the engine may take to answer, and before that how long to wait for a free process.
                The time that a process needs to start is not counted.

        Raises:
            NotAnswered: there is no reply.
        """
        number = next(_numbers)
        try:
            question = wire.encode_question(CutRequest(number, design, context, request_id))
        except (ValueError, TypeError, RecursionError):
            raise NotAnswered("was not asked: the inputs are nested too deeply, or no JSON") from None
        if timeout_ms <= 0:
            raise NotAnswered("was not asked: no time was left")
        with self._lend_process(timeout_ms / 1000) as process:
            return process.ask(number, question, timeout_s=timeout_ms / 1000)

    def close(self) -> None:
        """End the processes that wait; another question starts new ones."""
        _end_idle(self._pools)

    @contextlib.contextmanager
    def _lend_process(self, patience_s: float) -> Iterator[EngineProcess]:
        """Lend a process; it is kept when it waits for a question afterwards."""
        pool = self._pools.setdefault(os.getpid(), _Pool())
        if not pool.places.acquire(timeout=patience_s):
            raise NotAnswered(f"was not asked: all of its {MAX_PROCESSES} processes were busy")
        try:
            process = self._take_process(pool)
            try:
                yield process
            finally:
                if process.is_idle:
                    pool.idle.append(process)
                else:
                    process.end()
        finally:
            pool.places.release()

    def _take_process(self, pool: _Pool) -> EngineProcess:
        """Return the process that waits since the shortest time, or a new one."""
        while True:
            try:
                process = pool.idle.pop()
            except IndexError:
                return self._start_process()
            if not process.has_ended():
                return process
            _log.error("a waiting process of the engine %s had ended", self.info.engine_id)
            process.end()

    def _start_process(self) -> EngineProcess:
        try:
            process = EngineProcess(self.reference)
        except NotLoaded as error:
            _log.error("engine plug-in %s (%s)%s", self.name, self.reference, error)
            raise NotAnswered("was not asked: its process could not be started") from None
        if process.ready.info != self.info:
            process.end()
            raise NotAnswered("was not asked: another version was installed since the service started")
        return process


def _end_idle(pools: dict[int, _Pool]) -> None:
    pool = pools.get(os.getpid())
    while pool and pool.idle:
        with contextlib.suppress(IndexError):  # another thread has taken it
            pool.idle.pop().end()


Engine = FeasibilityEngine | Plugin
"""What evaluates a cut: an engine of our own, called in this process, or a plug-in."""
