"""What the service knows while it works: the request's id, who asks, the store and engines, how a log line looks.

    rmos = current_rmos()                    # the Rmos of this app, app.extensions["rmos"]
    rmos.store.runs.record(run_id)
    current_actor()                          # who asks, in which request

The request id lives on Flask's `g`, so commands, which have an application context too, can carry one. The filter that
puts it on log lines sits on the handler: a filter on a logger would miss the lines of its children.
"""

import logging
import os
import sys
import threading
from typing import Final, TextIO, cast

import msgspec
from flask import Flask, Response, current_app, g, has_app_context, request

from rmos import ids
from rmos.auth import current_caller, current_guard
from rmos.config import Settings, unknown_variables
from rmos.engines.registry import Registry
from rmos.errors import ConfigError, RmosError, StoreUnusable
from rmos.models import Actor
from rmos.schemas import dump_summary
from rmos.store import Store
from rmos.upkeep import Upkeep

log = logging.getLogger(__name__)

LOG_FORMAT: Final = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
REQUEST_ID_HEADER: Final = "X-Request-Id"
_NO_REQUEST_ID: Final = "-"
_SHOWN: Final = 100
"""Characters of a refused request id that are logged."""
_FIRST_PASS_S: Final = 5.0
"""How long the first request waits for the index when its process was started without upkeep (`flask run`)."""
_BOOT_FAILED: Final = 3
"""The exit status by which gunicorn ends instead of starting the same worker for ever."""


# The request id


def new_request_id() -> str:
    """Make a request id, make it that of the running request or command, and return it."""
    request_id = ids.new_request_id()
    if has_app_context():
        g.request_id = request_id
    return request_id


def require_request_id() -> str:
    """Return the id of the running request or command; one that has none yet gets a new one.

    Raises:
        RuntimeError: nothing is running: there is no application context.
    """
    if not has_app_context():
        raise RuntimeError("There is no request id outside a request or command.")
    request_id: str | None = g.get("request_id")
    return request_id or new_request_id()


def clear_request_id() -> None:
    """Forget the id of the running request or command, if there is one."""
    if has_app_context():
        g.pop("request_id", None)


def begin_request() -> None:
    """Take the request id that the client sent, or make one when it sent none or none that can be used."""
    sent = request.environ.get("HTTP_X_REQUEST_ID")
    if sent is None:
        g.request_id = ids.new_request_id()
    elif ids.REQUEST_ID.fullmatch(sent):
        g.request_id = sent
    else:
        new_request_id()
        log.warning("refused the request id %s", ascii(sent[:_SHOWN]))


def end_request(response: Response) -> Response:
    """Put the request id on the answer."""
    response.headers[REQUEST_ID_HEADER] = require_request_id()
    return response


def current_actor() -> Actor:
    """Return who asks, as records name them: what the guard found, never what the body says."""
    caller = current_caller()
    return Actor(name=caller.name, role=caller.role, request_id=require_request_id())


def current_address() -> str:
    """Return the address of the client, past the proxies that are trusted."""
    return current_guard().proxies.client_address(request.environ)


# The service


class Rmos:
    """What one process of the service holds: settings, engines, and the store once it is first needed."""

    def __init__(self, settings: Settings, engines: Registry) -> None:
        self.settings = settings
        self.engines = engines
        self._lock = threading.Lock()
        self._opened: tuple[int, Store] | None = None
        self._upkeep: tuple[int, Upkeep] | None = None

    @property
    def store(self) -> Store:
        """The store, opened by the first who asks in this process.

        Raises:
            StoreUnusable, StoreReadOnly, OutOfSpace, StorageFailed: asking again later tries again.
        """
        opened = self._opened
        if opened is None or opened[0] != os.getpid():
            with self._lock:
                return self._open()
        return opened[1]

    def _open(self) -> Store:
        opened, pid = self._opened, os.getpid()
        if opened is None or opened[0] != pid:
            # After a fork the parent's connections must not be used, so the child opens its own store.
            opened = self._opened = (pid, Store.open(self.settings, summarise=dump_summary))
        return opened[1]

    def start_upkeep(self, wait_s: float) -> None:
        """Open the store and start its upkeep, as a worker does when it boots; wait for the first pass.

        Args:
            wait_s: how long to wait at most, in seconds; upkeep goes on afterwards.

        Raises:
            SystemExit: the store cannot be used, which one line in the log says; no restart would mend it.
        """
        try:
            self._kept(wait_s).wait_first()
        except (StoreUnusable, ConfigError) as error:
            log.critical("%s", error.detail)
            raise SystemExit(_BOOT_FAILED) from None
        except RmosError as error:
            # A full disk or a dead one may come back; until then requests answer with this error.
            log.error("the store cannot be opened: %s", error.detail)

    def keep_up(self) -> None:
        """Make sure that upkeep runs; a process that was started without it waits a moment for its first pass."""
        self._kept(_FIRST_PASS_S).wait_first()

    def wake(self) -> None:
        """Have the index looked after soon, because it missed a run or is broken."""
        self._kept(0).wake()

    def _kept(self, wait_s: float) -> Upkeep:
        kept, pid = self._upkeep, os.getpid()
        if kept is None or kept[0] != pid:
            with self._lock:
                kept = self._upkeep
                if kept is None or kept[0] != pid:
                    upkeep = Upkeep(self._open())
                    upkeep.start(wait_s=wait_s)
                    kept = self._upkeep = (pid, upkeep)
        return kept[1]

    def close(self) -> None:
        """Stop the upkeep of this process and close this thread's connection to the index."""
        with self._lock:
            if self._upkeep is not None and self._upkeep[0] == os.getpid():
                self._upkeep[1].stop()
            if self._opened is not None and self._opened[0] == os.getpid():
                self._opened[1].index.close()
            self._upkeep = self._opened = None


def current_rmos() -> Rmos:
    """Return what the running app holds."""
    return cast(Rmos, current_app.extensions["rmos"])


def init_app(app: Flask, settings: Settings, engines: Registry) -> None:
    """Give an app its request ids and its `Rmos`; nothing is opened before it is needed."""
    app.extensions["rmos"] = Rmos(settings, engines)
    app.before_request(begin_request)
    app.after_request(end_request)


# The log


class RequestIdFilter(logging.Filter):
    """Puts `request_id` on each record: that of the running request or command, else `-`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; no record is held back."""
        record.request_id = g.get("request_id", _NO_REQUEST_ID) if has_app_context() else _NO_REQUEST_ID
        return True


class TextFormatter(logging.Formatter):
    """One line for each event; only a traceback, which is ours, takes more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        """Return the line with control characters escaped: what clients send must not begin a line of its own."""
        line = super().formatMessage(record)
        return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


class JsonFormatter(logging.Formatter):
    """One JSON object for each event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the traceback, where there is one, is the member `exception`."""
        members = {
            "time": ids.utc_text(int(record.created * 1_000_000)),
            "level": record.levelname,
            "request_id": getattr(record, "request_id", _NO_REQUEST_ID),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        # A lone surrogate, which no JSON can carry, becomes its escape.
        whole = {name: text.encode(errors="backslashreplace").decode() for name, text in members.items()}
        return msgspec.json.encode(whole).decode()


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment, which command runners and tests replace."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # read-only here: nobody sets another
        return sys.stderr


def configure_logging(settings: Settings) -> None:
    """Send the log of this process to stderr in the format and from the level that the settings name.

    The first lines name what stands in the environment like a setting and is none: most likely it is misspelt.
    """
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter(LOG_FORMAT))
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    for earlier in [known for known in root.handlers if isinstance(known, StderrHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in unknown_variables():
        log.warning("no setting is called %s, so it does nothing", name)
