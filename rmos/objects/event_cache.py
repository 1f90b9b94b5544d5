"""Events that were read whole, kept by one process: an event under its name never has other bytes.

    cache.add("2025-12-23/run_….000001.json", data)
    cache.find("2025-12-23/run_….000001.json")          # the bytes, or None

Only events are kept, which are moved by nothing but a repair of a damaged one, and of these only such as vouch for
themselves, so that damage which was mended is not remembered. An artifact may be erased by another process, so it is
read each time.
"""

import re
import threading
from collections import OrderedDict
from typing import Final

from rmos.digest import verify_self_digest

MAX_EVENT_BYTES: Final = 64 * 1024
"""Larger ones are read each time."""
MAX_BYTES: Final = 32 * 1024 * 1024
"""Of all that is kept."""
_EVENT: Final = re.compile(r".*\.[0-9]{6,9}\.json", re.DOTALL)
"""How events are called: `store/layout.py` names objects."""


class EventCache:
    """The events that one process has read last; several threads may use it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._turn = threading.Lock()
        self._events: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def find(self, key: str) -> bytes | None:
        """Return an event's bytes, or None when they are not kept."""
        with self._turn:
            data = self._events.get(key)
            if data is not None:
                self._events.move_to_end(key)
            return data

    def add(self, key: str, data: bytes) -> None:
        """Keep an object's bytes if it is a small event that vouches for itself."""
        if len(data) > MAX_EVENT_BYTES or not _EVENT.fullmatch(key) or verify_self_digest(data) is None:
            return
        with self._turn:
            self._bytes += len(data) - len(self._events.pop(key, b""))
            self._events[key] = data
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._events.popitem(last=False)[1])

    def drop(self, key: str) -> None:
        """Forget an object that is moved or erased."""
        with self._turn:
            self._bytes -= len(self._events.pop(key, b""))
