"""How a log line looks, as text or as JSON, and the line that each request leaves.

    configure_logging(settings)                    # the log of this process goes to stderr
    access_line(Request("GET", "/healthz", "/healthz", 200, 15, 0.4))
    trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

    2026-01-05 10:12:01,042 INFO [req_0123456789abcdef] rmos.access: GET /healthz /healthz 200 15 B 0.4 ms

The filter that puts the request id on log lines sits on the handler: a filter on a logger would miss the lines of its
children. The line of a request holds no query, no header and no body, so that nothing secret can get into it; and as
every request pays for it, it goes straight to the handler's stream instead of through a record.
"""

import logging
import re
import sys
import time
from typing import Final, NamedTuple, TextIO

import msgspec
from flask import g, has_app_context

from rmos import ids
from rmos.config import Settings, unknown_variables

log = logging.getLogger(__name__)
access = logging.getLogger("rmos.access")

LOG_FORMAT: Final = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
_NONE: Final = "-"
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.ASCII)
"""https://www.w3.org/TR/trace-context/#traceparent-header; only versions after 00 may say more behind the flags."""
_SECRET: Final = re.compile(r"(rmos_[a-z0-9]+_|/links/)[^/]+")
"""What no log may show of a path: a signed link, and a token of a caller should somebody have put one there."""
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds; their lines are of level DEBUG."""
_SHOWN: Final = 300
"""Characters of a path that are logged."""


class Request(NamedTuple):
    """What the line of a request tells."""

    method: str
    route: str
    """The template that matched, such as `/api/rmos/runs/<run_id>`, or `-`."""
    path: str
    status: int
    size: int | None
    """Bytes of the body, where they are known before they are sent."""
    ms: float
    request_id: str = _NONE
    trace_id: str | None = None


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of a W3C `traceparent`, or None when it is not one."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return None
    return found[2] if found[2].strip("0") and found[3].strip("0") else None


def printable(line: str) -> str:
    """Return a line with control characters escaped: what clients send must not begin a line of its own."""
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


class RequestIdFilter(logging.Filter):
    """Puts `request_id` and `trace_id` on each record: those of the running request or command, unless it has one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids; no record is held back."""
        inside = has_app_context()
        if not hasattr(record, "request_id"):
            record.request_id = g.get("request_id", _NONE) if inside else _NONE
        record.trace_id = g.get("trace_id") if inside else None
        return True


class TextFormatter(logging.Formatter):
    """One line for each event; only a traceback, which is ours, takes more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        """Return the line with control characters escaped."""
        return printable(super().formatMessage(record))


class JsonFormatter(logging.Formatter):
    """One JSON object for each event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the traceback, where there is one, is the member `exception`."""
        members = {
            "time": ids.utc_text(int(record.created * 1_000_000)),
            "level": record.levelname,
            "request_id": getattr(record, "request_id", _NONE),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace_id := getattr(record, "trace_id", None):
            members["trace_id"] = trace_id
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        # A lone surrogate, which no JSON can carry, becomes its escape.
        whole = {name: text.encode(errors="backslashreplace").decode() for name, text in members.items()}
        return msgspec.json.encode(whole).decode()


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment, which command runners and tests replace."""

    def __init__(self, *, as_json: bool = False) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(JsonFormatter() if as_json else TextFormatter(LOG_FORMAT))
        self.addFilter(RequestIdFilter())
        self._access_line = _json_line if as_json else _text_line

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # read-only here: nobody sets another
        return sys.stderr

    def write_access(self, request: Request) -> None:
        """Write the line of a request; a stderr that is gone must not fail the request."""
        line = self._access_line(request, time.time())
        self.acquire()
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError):
            # Where the log cannot be written, nobody could be told.
            pass
        finally:
            self.release()


def is_shown(route: str) -> bool:
    """Tell whether the level of `rmos.access` lets the line of a request to a route through."""
    return access.isEnabledFor(logging.DEBUG if route in _PROBES else logging.INFO)


def access_line(request: Request) -> None:
    """Write the line of a request that was answered."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StderrHandler):
            handler.write_access(request)


def _shown(path: str) -> str:
    path = path[:_SHOWN]
    return _SECRET.sub(r"\1***", path) if "rmos_" in path or "/links/" in path else path


def _text_line(request: Request, now: float) -> str:
    second = int(now)
    size = _NONE if request.size is None else request.size
    told = f"{request.method} {request.route} {_shown(request.path)} {request.status} {size} B {request.ms:.1f} ms"
    stamp = f"{_stamp(second)},{int((now - second) * 1000):03d}"
    return f"{stamp} INFO [{request.request_id}] rmos.access: {printable(told)}\n"


_stamped: tuple[int, str] = (0, "")


def _stamp(second: int) -> str:
    """Return local date and time as `%(asctime)s` shows them, computed once a second."""
    global _stamped
    stamped = _stamped
    if stamped[0] != second:
        stamped = _stamped = (second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second)))
    return stamped[1]


def _json_line(request: Request, now: float) -> str:
    path = _shown(request.path)
    members = {
        "time": ids.utc_text(int(now * 1_000_000)),
        "level": "INFO",
        "request_id": request.request_id,
        "logger": "rmos.access",
        "message": f"{request.method} {path} {request.status}",
        "method": request.method,
        "route": request.route,
        "path": path,
        "status": request.status,
        "bytes": request.size,
        "duration_ms": round(request.ms, 1),
    }
    if request.trace_id:
        members["trace_id"] = request.trace_id
    return msgspec.json.encode(members).decode() + "\n"


def configure_logging(settings: Settings) -> None:
    """Send the log of this process to stderr in the format and from the level that the settings name.

    The first lines name what stands in the environment like a setting and is none: most likely it is misspelt.
    """
    root = logging.getLogger()
    for earlier in [known for known in root.handlers if isinstance(known, StderrHandler)]:
        root.removeHandler(earlier)
    root.addHandler(StderrHandler(as_json=settings.log_format == "json"))
    root.setLevel(settings.log_level)
    for name in unknown_variables():
        log.warning("no setting is called %s, so it does nothing", name)
