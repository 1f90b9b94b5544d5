"""A breaker: once enough requests in a row have failed, all fail at once for a while, then one of them tries.

    breaker.enter()                  # raises StorageUnavailable while it is open
    breaker.note(answered=False)     # after each request

So a server that is away costs its callers nothing but an error, and it is found again by one request a second.
"""

import threading
from collections.abc import Callable
from typing import ClassVar, Final

from rmos.errors.store import StorageUnavailable

FAILURES: Final = 5
"""Requests in a row without an answer that open it."""
OPEN_S: Final = 1.0


class StorageAway(StorageUnavailable):
    """The object storage has not answered a few times in a row, so it was not asked."""

    headers: ClassVar = {"Retry-After": "1"}


class Breaker:
    """Counts the failures in a row of one process; its threads share it."""

    def __init__(
        self,
        clock: Callable[[], float],
        note_open: Callable[[bool], None],
        *,
        failures: int = FAILURES,
        open_s: float = OPEN_S,
    ) -> None:
        self._limit = failures
        self._open_s = open_s
        self._clock = clock
        self._note_open = note_open
        self._turn = threading.Lock()
        self._failures = 0
        self._tries_at = 0.0
        """When one may try again."""

    @property
    def is_open(self) -> bool:
        """Whether so many requests in a row have failed that most are not sent."""
        return self._failures >= self._limit

    def enter(self) -> None:
        """Let a request be sent.

        Raises:
            StorageAway: it is open, and this is not the one that tries.
        """
        if self._failures < self._limit:
            return
        with self._turn:
            if self._failures >= self._limit:
                now = self._clock()
                if now < self._tries_at:
                    raise StorageAway("The object storage does not answer.")
                self._tries_at = now + self._open_s  # this one tries; the others wait for what comes of it

    def note(self, *, answered: bool) -> None:
        """Count a request."""
        if answered and not self._failures:
            return
        with self._turn:
            was_open = self.is_open
            self._failures = 0 if answered else self._failures + 1
            if self.is_open:
                self._tries_at = self._clock() + self._open_s
            changed = self.is_open is not was_open
        if changed:
            self._note_open(not was_open)
