"""How a log line looks, as text or as JSON, and the line that each request leaves.

    configure_logging(settings)                    # the log of this process goes to stderr
    log_request(Access("GET", "/healthz", "/healthz", 200, 15, 0.4), request_id="req_…", trace_id=None)
    parse_trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

    2026-01-05 10:12:01,042 INFO [req_0123456789abcdef] rmos.access: GET /api/rmos/runs /api/rmos/runs 200 15 B 0.4 ms

All lines go through the handler of the root logger, those of requests by the logger `rmos.access`. The filter that puts
the request id on them sits on the handler: a filter on a logger would miss the lines of its children. The line of a
request holds no query, no header and no body, so that nothing secret can get into it.
"""

import logging
import re
import sys
from typing import Any, Final, NamedTuple

import msgspec
from flask import g, has_app_context, has_request_context, request

from rmos import ids
from rmos.config import Settings, unknown_variables

log = logging.getLogger(__name__)
access = logging.getLogger("rmos.access")

LOG_FORMAT: Final = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
REQUEST_ID: Final = "rmos.request_id"
TRACE_ID: Final = "rmos.trace_id"
"""Where the WSGI environment of a request has its ids."""
_NONE: Final = "-"
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.ASCII)
"""https://www.w3.org/TR/trace-context/#traceparent-header; only versions after 00 may say more behind the flags."""
_SECRET: Final = re.compile(r"(rmos_[a-z0-9]+_|/links/)[^/]+")
"""What no log may show of a path: a signed link, and a token of a caller should somebody have put one there."""
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds; their lines are of level DEBUG."""
_SHOWN: Final = 300
"""Characters of a path that are logged."""


class Access(NamedTuple):
    """What the line of a request says."""

    method: str
    route: str
    """The template that matched, such as `/api/rmos/runs/<run_id>`, or `-`."""
    path: str
    status: int
    size: int | None
    """Bytes of the body, where they are known before they are sent."""
    ms: float

    def __str__(self) -> str:
        """Return the line as text has it."""
        size = _NONE if self.size is None else self.size
        return f"{self.method} {self.route} {mask_path(self.path)} {self.status} {size} B {self.ms:.1f} ms"

    def members(self) -> dict[str, Any]:
        """Return what the line says in JSON, the message first."""
        path = mask_path(self.path)
        return {
            "message": f"{self.method} {path} {self.status}",
            "method": self.method,
            "route": self.route,
            "path": path,
            "status": self.status,
            "bytes": self.size,
            "duration_ms": round(self.ms, 1),
        }


def current_request_id() -> str | None:
    """Return the id of the running request or command, if it has one."""
    if has_request_context():
        return request.environ.get(REQUEST_ID)
    return g.get("request_id") if has_app_context() else None


def log_request(entry: Access, *, request_id: str, trace_id: str | None) -> None:
    """Write the line of a request that was answered, when its level is shown."""
    level = logging.DEBUG if entry.route in _PROBES else logging.INFO
    if access.isEnabledFor(level):
        # A record of our own (ADR 20): who called this is no news, and looking it up is a fifth of what a line costs.
        record = access.makeRecord(access.name, level, __file__, 0, entry, (), None)
        record.request_id, record.trace_id = request_id, trace_id
        access.handle(record)


def mask_path(path: str) -> str:
    """Return a path as logs may show it: no longer than some, and without secrets."""
    path = path[:_SHOWN]
    return _SECRET.sub(r"\1***", path) if "rmos_" in path or "/links/" in path else path


def parse_trace_id(traceparent: str) -> str | None:
    """Return the trace id of a W3C `traceparent`, or None when it is not one."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return None
    return found[2] if found[2].strip("0") and found[3].strip("0") else None


def escape_line(line: str) -> str:
    """Return a line with control characters escaped: what clients send must not begin a line of its own."""
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


class RequestIdFilter(logging.Filter):
    """Puts `request_id` and `trace_id` on each record: those of the running request or command, unless it has them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids; no record is held back."""
        if not hasattr(record, "request_id"):
            record.request_id = current_request_id() or _NONE
        if not hasattr(record, "trace_id"):
            record.trace_id = request.environ.get(TRACE_ID) if has_request_context() else None
        return True


class TextFormatter(logging.Formatter):
    """One line for each event, control characters escaped; only a traceback, which is ours, takes more."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        line = escape_line(LOG_FORMAT % vars(record))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object for each event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the traceback, where there is one, is the member `exception`."""
        message: object = record.msg  # typeshed knows texts only
        members = {
            "time": ids.utc_text(int(record.created * 1_000_000)),
            "level": record.levelname,
            "request_id": getattr(record, "request_id", _NONE),
            "logger": record.name,
            **(message.members() if isinstance(message, Access) else {"message": record.getMessage()}),
        }
        if trace_id := getattr(record, "trace_id", None):
            members["trace_id"] = trace_id
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        # A lone surrogate, which no JSON can carry, becomes its escape.
        whole = {
            name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
            for name, value in members.items()
        }
        return msgspec.json.encode(whole).decode()


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at the moment, which command runners and tests replace."""

    def __init__(self, *, as_json: bool = False) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter() if as_json else TextFormatter())
        self.addFilter(RequestIdFilter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, whole and at once: other threads and processes write to the same place."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - where the log cannot be written, nobody could be told
            return


def configure_logging(settings: Settings) -> None:
    """Send the log of this process to stderr in the format and from the level that the settings name.

    The first lines name what stands in the environment like a setting and is none: most likely it is misspelt.
    """
    root = logging.getLogger()
    for earlier in [known for known in root.handlers if isinstance(known, StderrHandler)]:
        root.removeHandler(earlier)
    root.addHandler(StderrHandler(as_json=settings.log_format == "json"))
    # What no line shows need not be found out for each of them (ADR 20).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root.setLevel(settings.log_level)
    for name in unknown_variables():
        log.warning("no setting is called %s, so it does nothing", name)
