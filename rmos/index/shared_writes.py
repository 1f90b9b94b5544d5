"""Writes of one process that share transactions: what waits for a turn is carried out with whoever has it.

writes = SharedWrites(carry_out)
writes.write([WriteBatch(text, rows)])        # returns once it is committed, or raises what kept it from that
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rmos.errors.base import RmosError
from rmos.errors.store import IndexUnavailable
from rmos.index.tables import WriteBatch


class _Write(NamedTuple):
    batches: Sequence[WriteBatch]
    outcome: list[RmosError | None]
    """Empty until it is known."""


class SharedWrites:
    """Writes of one process: each is one transaction or shares one with those that waited meanwhile.

    A row alone dirties a page of each secondary index, so a commit costs the same for one row as for ten.
    """

    def __init__(self, carry_out: Callable[[Sequence[Sequence[WriteBatch]]], object]) -> None:
        self._carry_out = carry_out
        self._turn = threading.Lock()
        self._waiting: deque[_Write] = deque()

    def write(self, batches: Sequence[WriteBatch]) -> None:
        """Carry out batches in one transaction.

        Raises:
            IndexBroken, IndexUnavailable, StoreUnusable: none of it was written.
        """
        mine = _Write(batches, [])
        self._waiting.append(mine)
        with self._turn:
            if not mine.outcome:
                self._write_waiting()
        (failure,) = mine.outcome
        if failure is not None:
            raise failure

    def _write_waiting(self) -> None:
        writes = []
        while self._waiting:
            writes.append(self._waiting.popleft())
        # Whatever happens here, nobody who waits may take it for a success.
        failure: RmosError | None = IndexUnavailable("The index did not take the rows.")
        try:
            self._carry_out([write.batches for write in writes])
            failure = None
        except RmosError as error:
            failure = error
        finally:
            for write in writes:
                write.outcome.append(failure)
