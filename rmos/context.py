"""What the service knows while it works: the request's id, who asks, the store and engines.

    rmos = current_rmos()                    # the Rmos of this app, app.extensions["rmos"]
    rmos.store.runs.record(run_id)
    current_actor()                          # who asks, in which request

A request has its id in its WSGI environment, where `rmos.http.access` puts it before Flask begins; a command has
its own on Flask's `g`.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from importlib.metadata import version
from typing import Final, NamedTuple, cast

import msgspec
from flask import Flask, current_app, g, has_app_context, has_request_context, request

from rmos import ids, logs
from rmos.auth.guard import current_caller, current_guard
from rmos.config import Settings
from rmos.digest import sha256_hex
from rmos.engines.registry import Registry
from rmos.errors.base import RmosError
from rmos.errors.installation import ConfigError, StoreUnusable
from rmos.index.base import INDEX_ERRORS
from rmos.metrics import Metrics
from rmos.models import Actor, Stored
from rmos.observer import Observable
from rmos.place import Bucket
from rmos.schemas.runs import dump_summary
from rmos.services.evidence import append_log, is_started, open_key_file
from rmos.services.rosettes.interpreters import choose_interpreter
from rmos.store import Store
from rmos.store.heartbeat import HostIdentity
from rmos.store.quick_pass import WRITING_S
from rmos.upkeep import Upkeep

log = logging.getLogger(__name__)

_FIRST_PASS_S: Final = 5.0
"""How long the first request waits for the index when its process was started without upkeep (`flask run`)."""
_STOP_S: Final = 10.0
"""How long a worker that ends waits for a pass over the index; one that is cut off is made good by the next."""
_BOOT_FAILED: Final = 3
"""The exit status by which gunicorn ends instead of starting the same worker for ever."""


# The request id


def new_request_id() -> str:
    """Make a request id, make it that of the running request or command, and return it."""
    request_id = ids.new_request_id()
    if has_request_context():
        request.environ[logs.REQUEST_ID] = request_id
    elif has_app_context():
        g.request_id = request_id
    return request_id


def require_request_id() -> str:
    """Return the id of the running request or command; one that has none yet gets a new one.

    Raises:
        RuntimeError: nothing is running: there is no application context.
    """
    if not has_app_context():
        raise RuntimeError("There is no request id outside a request or command.")
    return logs.current_request_id() or new_request_id()


def clear_request_id() -> None:
    """Forget the id of the running command, if there is one."""
    if has_app_context():
        g.pop("request_id", None)


def current_actor() -> Actor:
    """Return who asks, as records name them: what the guard found, never what the body says."""
    caller = current_caller()
    return Actor(name=caller.name, role=caller.role, request_id=require_request_id(), address=current_address())


def current_address() -> str:
    """Return the address of the client, past the proxies that are trusted."""
    return current_guard().proxies.client_address(request.environ)


# The service


class _Kept(NamedTuple):
    """The open store of one process, and what keeps its index true."""

    pid: int
    store: Store
    upkeep: Upkeep


class Rmos:
    """What one process of the service holds: settings, engines, and the store once it is first needed."""

    def __init__(self, settings: Settings, engines: Registry) -> None:
        self.settings = settings
        self.engines = engines
        self.interpreter = choose_interpreter(settings)
        self._metrics: Metrics | None = None
        self._metrics_lock = threading.Lock()
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @property
    def metrics(self) -> Metrics:
        """The figures of this process, made when the first is counted: most commands count none."""
        metrics = self._metrics
        if metrics is None:
            with self._metrics_lock:  # made twice, each would overwrite what the other counts
                metrics = self._metrics = self._metrics or Metrics()
        return metrics

    @property
    def store(self) -> Store:
        """The store, opened by the first who asks in this process, with its upkeep running.

        Nobody waits for the first pass but who opens it (in a process that was started without `start_upkeep`, as
        `flask run` is) and who asks for a list.

        Raises:
            StoreUnusable, StoreReadOnly, OutOfSpace, StorageFailed: asking again later tries again.
        """
        kept = self._kept
        if kept is None or kept.pid != os.getpid():
            kept = self._open(_FIRST_PASS_S)
            kept.upkeep.wait_first()
        return kept.store

    def _open(self, wait_s: float) -> "_Kept":
        with self._lock:
            kept, pid = self._kept, os.getpid()
            if kept is None or kept.pid != pid:
                # After a fork the parent's connections must not be used, so the child opens its own store.
                store = Store.open(self.settings, summarise=dump_summary)
                store.runs.on_put = self._recorded
                if store.announcer.is_needed:
                    self._join_others(store, is_first=kept is None)
                upkeep = Upkeep(
                    store,
                    observe=lambda result, seconds: self._reconciled(store, result, seconds),
                    append=lambda everywhere: self._log_new(store, everywhere),
                )
                store.gaps.on_gap = upkeep.request_pass
                upkeep.start(wait_s=wait_s)
                kept = self._kept = _Kept(pid, store, upkeep)
            return kept

    def _join_others(self, store: Store, *, is_first: bool) -> None:
        """Have a process be known to those of other hosts, and its requests to storage and database counted."""
        tables = sha256_hex(msgspec.json.encode(self.engines.shop, order="deterministic"))
        store.heartbeat.identity = HostIdentity(socket.gethostname(), os.getpid(), version("rmos"), tables)
        if is_first:
            self.metrics.watch_backends()
        for backend in (store.objects, store.index):
            if isinstance(backend, Observable):
                backend.observer = self.metrics

    def _recorded(self, stored: Stored, seconds: float) -> None:
        self.metrics.observe_put(stored.view.artifact.decision.risk_level, seconds)

    def _log_new(self, store: Store, everywhere: bool) -> None:
        """Append what is new to the store's log of evidence, where one was started."""
        key_file = open_key_file(self.settings)
        if not is_started(store) or (isinstance(self.settings.runs_dir, Bucket) and not key_file.exists()):
            return  # of several hosts the one that has the key appends
        appended = append_log(store, key_file, us=ids.now_us(), everywhere=everywhere)
        self.metrics.observe_log(appended.checkpoint.size, at_s=time.time())

    def refuses_writes(self) -> bool:
        """Tell whether the store of this process takes no writes any more, which only a restart ends."""
        return self._kept is not None and not self._kept.store.objects.writable()

    def start_upkeep(self, wait_s: float) -> None:
        """Open the store and start its upkeep, as a worker does when it boots, and serve meanwhile.

        Args:
            wait_s: how long lists wait for the first pass at most, in seconds from now; then they are refused.

        Raises:
            SystemExit: the store cannot be used, which one line in the log says; no restart would mend it.
        """
        try:
            kept = self._open(wait_s)
            kept.store.gaps.wait = kept.upkeep.wait_pass
        except (StoreUnusable, ConfigError) as error:
            log.critical("%s", error.detail)
            raise SystemExit(_BOOT_FAILED) from None
        except RmosError as error:
            # A full disk or a dead one may come back; until then requests answer with this error.
            log.error("the store cannot be opened: %s", error.detail)

    def _reconciled(self, store: Store, result: str, seconds: float) -> None:
        self.metrics.observe_reconcile(result, seconds, at_s=time.time())
        if store.index.announcements is not None and result == "done":
            with contextlib.suppress(*INDEX_ERRORS):
                self.metrics.observe_announcements(len(store.index.announcements.older_than(WRITING_S)))

    def close(self) -> None:
        """Stop the upkeep of this process, end its engine processes, close this thread's connection to the index."""
        with self._lock:
            if self._kept is not None and self._kept.pid == os.getpid():
                self._kept.upkeep.stop(wait_s=_STOP_S)
                self._kept.store.index.close()
            self._kept = None
        self.engines.close()


def current_rmos() -> Rmos:
    """Return what the running app holds."""
    return cast(Rmos, current_app.extensions["rmos"])


def init_app(app: Flask, settings: Settings, engines: Registry) -> None:
    """Give an app its `Rmos`; nothing is opened before it is needed."""
    app.extensions["rmos"] = Rmos(settings, engines)
