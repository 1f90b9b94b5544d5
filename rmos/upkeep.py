"""The thread that keeps the index of one store true: at once, every few minutes, and whenever it is woken.

    upkeep = Upkeep(store)
    upkeep.start()
    upkeep.wait_first()          # until the first pass is over, for a few seconds; False when it is not
    upkeep.request_pass()        # something was written that the index did not take, or the index is gone

Where several hosts share the record it also says every few seconds that this process is alive (`store/heartbeat.py`),
and most of its passes look at the latest announcements only. A thread does not survive a fork, so it is started by the
process that serves, never before.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from rmos.errors.base import RmosError
from rmos.errors.evidence import EvidenceKeyUnusable
from rmos.errors.store import StorageFailed, StoreLocked
from rmos.store import Store
from rmos.store.reconcile import Reconciled

log = logging.getLogger(__name__)

EVERY_S: Final = 300.0
"""Seconds between two passes when nothing happens (RMOS policy); a pass over an unchanged store takes milliseconds."""
BEAT_S: Final = 10.0
"""Seconds between two passes where hosts share the record: what one could not index, another one does by then."""
SOON_S: Final = 5.0
"""Seconds until the next try when a pass could not be made."""
SHARED_WAIT_S: Final = 1.0
"""How long a pass waits for the lock where hosts share the record: whoever holds it does the same work."""
_PAUSE_S: Final = 0.5
"""Shortest time between two passes, so that many requests that meet a broken index do not keep a core busy."""


Observe = Callable[[str, float], None]
"""Takes the result of a pass (`done`, `locked`, `failed`) and the seconds it took."""
Append = Callable[[bool], None]
"""Brings the log of evidence up to the record; True also looks into folders that did not change."""


class Upkeep:
    """One daemon thread that reconciles one store."""

    def __init__(self, store: Store, *, observe: Observe | None = None, append: Append | None = None) -> None:
        """Make a thread for a store.

        Args:
            observe: is told the result and the seconds of each pass.
            append: is called after each pass that was made, when all who wait for the pass have been let go.
        """
        self._store = store
        self._observe = observe
        self._append = append
        self._has_appended = False
        self._is_shared = store.announcer.is_needed
        self._thorough_at_s = self._append_at_s = 0.0
        """When the next thorough pass is due, and the next look for what is not logged, on the monotonic clock."""
        self._first = threading.Event()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rmos-upkeep", daemon=True)
        self._patience_until = 0.0
        self._passes = 0
        self._has_filled = False
        self._passed = threading.Condition()

    def start(self, *, wait_s: float) -> None:
        """Start the thread; who waits for a pass is patient until `wait_s` seconds from now."""
        self._patience_until = time.monotonic() + wait_s
        self._thread.start()

    def wait_first(self) -> bool:
        """Wait until the first pass is over, or until the patience that `start` was given is used up; tell which."""
        return self._first.is_set() or self._first.wait(max(0.0, self._patience_until - time.monotonic()))

    def wait_pass(self) -> bool:
        """Wait until a pass is over, the one at work or the next.

        Returns False, at once, when the index was filled since `start`, or its patience is used up.
        """
        left_s = self._patience_until - time.monotonic()
        if left_s <= 0 or self._has_filled:
            return False
        with self._passed:
            passes = self._passes
            return self._passed.wait_for(lambda: self._passes > passes, left_s)

    def request_pass(self) -> None:
        """Ask for a pass soon."""
        self._woken.set()

    def stop(self, *, wait_s: float | None = None) -> None:
        """End the thread and wait for it, for `wait_s` seconds at most; a pass that is cut off does no harm."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        woken = True
        try:
            while True:
                self._woken.clear()
                if self._stopped.is_set():  # looked at after the clearing: that may have taken the call of `stop`
                    break
                started = time.perf_counter()
                self._beat()
                again_s, result = self._pass(thorough=woken)
                if not self._first.is_set():
                    self._beat()  # the index may have been made just now
                if self._observe is not None:
                    self._observe(result, time.perf_counter() - started)
                self._first.set()
                with self._passed:
                    self._passes += 1
                    self._has_filled |= result == "done"
                    self._passed.notify_all()
                if result == "done" and not self._stopped.is_set():
                    self._append_new()
                self._stopped.wait(_PAUSE_S)
                woken = self._woken.wait(again_s)
        finally:
            self._store.index.close()

    def _append_new(self) -> None:
        """Append to the log; what fails is tried again after the next pass."""
        if self._append is None or (self._is_shared and time.monotonic() < self._append_at_s):
            return
        if self._is_shared:
            self._append_at_s = time.monotonic() + EVERY_S
        try:
            self._append(not self._has_appended)
            self._has_appended = True
        except EvidenceKeyUnusable as error:
            log.warning("nothing is logged: %s", error.detail)
        except RmosError as error:
            log.error("nothing is logged: %s", error.detail)
        except Exception:  # without this thread nobody would heal the index until the next start
            log.exception("nothing is logged")

    def _beat(self) -> None:
        """Say that this process is alive; nothing depends on it."""
        try:
            self._store.heartbeat.beat()
        except RmosError as error:
            log.info("nobody was told that this process is alive: %s", error.detail)
        except Exception:
            log.exception("nobody was told that this process is alive")

    def _pass(self, *, thorough: bool) -> tuple[float, str]:
        """Reconcile once and return the seconds until the next pass, and what came of this one."""
        try:
            report = self._reconcile_shared(thorough=thorough) if self._is_shared else self._store.reconcile()
        except StoreLocked:
            log.info("the index is being worked on by another process; reconciling later")
            return SOON_S, "locked"
        except RmosError as error:
            log.error("reconcile failed: %s", error.detail)
            self._store.heartbeat.note_storage(error if isinstance(error, StorageFailed) else None)
            return SOON_S, "failed"
        except Exception:  # without this thread nobody would heal the index until the next start
            log.exception("reconcile failed")
            return EVERY_S, "failed"
        self._store.heartbeat.note_storage(None)
        if report.indexed or report.sessions or report.damaged or report.missing or report.replaced_index:
            log.info(
                "reconciled indexed=%d sessions=%d damaged=%d missing=%d new_index=%s",
                report.indexed,
                report.sessions,
                report.damaged,
                report.missing,
                report.replaced_index,
            )
        return BEAT_S if self._is_shared else EVERY_S, "done"

    def _reconcile_shared(self, *, thorough: bool) -> Reconciled:
        """Look at the latest announcements, and at all of them when woken and every few minutes."""
        thorough |= time.monotonic() >= self._thorough_at_s
        if thorough:
            self._thorough_at_s = 0.0  # one that fails is made again
        report = self._store.reconcile(wait_s=SHARED_WAIT_S, thorough=thorough)
        if thorough:
            self._thorough_at_s = time.monotonic() + EVERY_S
        return report
