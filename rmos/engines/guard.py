"""Call code that is not ours with a deadline, in a thread that may be given up.

The caller has its answer at the deadline whatever the code does. The thread that was given up gets an asynchronous
SystemExit, which ends a loop of Python code at its next step; one that waits in C (a sleep, a socket) ends when it
comes back from there. Code that holds the interpreter lock in C for ever cannot be bounded by any thread of its
process.
"""

import contextlib
import ctypes
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_STUCK: Final = 8
"""Given-up threads that may still run at once, RMOS policy: more would only pile up memory."""

_stuck: list[threading.Thread] = []
_stuck_lock = threading.Lock()


class TimedOut(Exception):
    """The code did not come back before the deadline."""


class WorkRaised(Exception):
    """The code raised `error`: anything, also what would end a thread or a program."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class TooManyStuck(Exception):
    """Earlier calls never came back, so no further one is started."""


class _Call(Generic[T]):
    """One call: its outcome, and who was first, the end of the work or the deadline."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._over = False
        self.finished = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the work, keep its outcome."""
        # Outermost: the asynchronous exception may come after the work is over and before it is marked as such.
        with contextlib.suppress(SystemExit):
            try:
                self.value = self._work()
            except BaseException as error:  # noqa: BLE001 - whatever foreign code raises is its outcome
                self.error = error
            with self._lock:
                self._over = True
        self.finished.set()

    def abandon(self, thread: threading.Thread) -> None:
        """Stop a thread whose deadline has passed, unless its work is over."""
        with self._lock:
            # Under the lock, the exception cannot hit the thread after it has left `run`.
            if not self._over and thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


def call_guarded(work: Callable[[], T], *, name: str, timeout_ms: float) -> T:
    """Return what `work` returns, at the latest after `timeout_ms`.

    Raises:
        WorkRaised: when it raised anything at all.
        TimedOut: when the deadline passed first.
        TooManyStuck: when `MAX_STUCK` earlier calls are still running.
    """
    with _stuck_lock:
        _stuck[:] = [thread for thread in _stuck if thread.is_alive()]
        if len(_stuck) >= MAX_STUCK:
            raise TooManyStuck
    call = _Call(work)
    thread = threading.Thread(target=call.run, name=name, daemon=True)
    thread.start()
    if not call.finished.wait(timeout_ms / 1000):
        call.abandon(thread)
        with _stuck_lock:
            _stuck.append(thread)
        raise TimedOut
    if call.error is not None:
        raise WorkRaised(call.error)
    return call.value  # type: ignore[return-value]  # the work is over without an error, so this is its T
