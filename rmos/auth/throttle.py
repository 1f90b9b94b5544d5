"""Counting what somebody does in a while, in bounded memory: the counters of one worker.

    wrong = Throttle(limit=20, window_s=60)
    wrong.count("192.0.2.7", now)          # 0 while it may go on, else the seconds until it may again

Windows are fixed: the first of a key opens one, and it ends `window_s` later whatever comes in it.
"""

import math
import threading
from typing import Final

_MOST_KEYS: Final = 4096
"""Keys that are held (RMOS policy): the oldest window makes room, so a flood of addresses fills no memory."""


class Throttle:
    """How often each key came in its window."""

    def __init__(self, *, limit: int, window_s: float) -> None:
        self.limit = limit
        self.window_s = window_s
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, key: str, now: float) -> int:
        """Count one more and return the seconds to wait, 0 while the limit is kept.

        Args:
            now: seconds of a clock that never goes back.
        """
        with self._lock:
            began, number = self._windows.get(key, (now, 0))
            if now - began >= self.window_s:
                del self._windows[key]  # a new window stands last again
                began, number = now, 0
            self._windows[key] = (began, number + 1)
            if len(self._windows) > _MOST_KEYS:
                del self._windows[next(iter(self._windows))]
        if number < self.limit:
            return 0
        return max(1, math.ceil(began + self.window_s - now))

    def __len__(self) -> int:
        return len(self._windows)
