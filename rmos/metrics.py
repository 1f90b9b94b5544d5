"""What the service counts and times, for Prometheus: one set of figures for all workers of a service.

    metrics = Metrics()
    metrics.observe_request("GET", "/api/rmos/runs", 200, 0.004)
    metrics.exposition()                                     # what GET /metrics answers

Under gunicorn this is the multiprocess mode of prometheus_client: each process writes files of its own into the folder
that `PROMETHEUS_MULTIPROC_DIR` names, and whichever worker is asked sums them. prometheus_client looks at the variable
when it is imported, so gunicorn.conf.py sets it before any worker loads this module. Without it the figures are those
of this process. They are documented in docs/operations.md.
"""

import logging
import platform
import struct
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from rmos.config import metrics_folder
from rmos.models import RISK_LEVELS

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNMATCHED: Final = "-"
"""The route of a request that no route took."""
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_OTHER: Final = "other"
"""The method of all other requests: what clients make up must not become series without end."""
_REQUEST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_PUT_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_STORAGE_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10)
_RECONCILE_S: Final = (0.01, 0.1, 1, 10, 60, 300)
_UNREADABLE: Final = (OSError, ValueError, RuntimeError, struct.error)
"""How prometheus_client fails on files that are gone, cut short or no files of its own."""

disable_created_metrics()


class Metrics:
    """The figures of one process, told together with those of the processes that share its folder."""

    def __init__(self) -> None:
        """Make all figures, 0 each.

        Raises:
            OSError: `PROMETHEUS_MULTIPROC_DIR` names a folder that cannot be made or written.
        """
        self._shared = metrics_folder()
        if self._shared is not None:
            self._shared.mkdir(parents=True, exist_ok=True)
        self._registry = registry = CollectorRegistry()
        registry.register(_Build())
        self._requests = Histogram(
            "rmos_http_request_duration_seconds",
            "Time to an answer.",
            ("method", "route", "outcome"),
            buckets=_REQUEST_S,
            registry=registry,
        )
        self._in_progress = Gauge(
            "rmos_http_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=registry
        )
        self._refused = Counter("rmos_http_refused", "Requests refused unread.", ("code",), registry=registry)
        self._decisions = Counter("rmos_decisions", "Runs recorded.", ("risk_level",), registry=registry)
        for risk_level in RISK_LEVELS:
            # Known from the start, at 0, and the file of counters is open: no run that is durable fails over it.
            self._decisions.labels(risk_level)
        self._put = Histogram(
            "rmos_put_duration_seconds", "Time until a run is durable.", buckets=_PUT_S, registry=registry
        )
        self._reconcile = Histogram(
            "rmos_reconcile_duration_seconds",
            "Time of a pass over the index.",
            ("result",),
            buckets=_RECONCILE_S,
            registry=registry,
        )
        self._reconciled_at = _make_latest(
            "rmos_reconcile_last_success_timestamp_seconds", "When the index was last brought up.", registry
        )

        self._log_entries = _make_latest("rmos_evidence_entries", "Entries of the log.", registry)
        self._logged_at = _make_latest(
            "rmos_evidence_last_checkpoint_timestamp_seconds", "When the log was last brought up.", registry
        )

    def watch_backends(self) -> None:
        """Make the figures of a cluster's storage and database, which one host has not; before anything is counted."""
        registry = self._registry
        self._storage = Histogram(
            "rmos_storage_request_duration_seconds",
            "Time of a request to object storage.",
            ("method", "outcome"),
            buckets=_STORAGE_S,
            registry=registry,
        )
        self._breaker = Gauge(
            "rmos_storage_breaker_open",
            "Processes that let requests to object storage fail at once.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._spool = Gauge(
            "rmos_spool_bytes", "What the spool of the host holds.", multiprocess_mode="livemax", registry=registry
        )
        self._pool_wait = Histogram(
            "rmos_database_pool_wait_seconds",
            "Time until a connection to the database was free.",
            buckets=_STORAGE_S,
            registry=registry,
        )
        self._announcements = _make_latest(
            "rmos_announcements_open", "Objects that were announced and whose row has not come.", registry
        )

    # Counting

    def begin_request(self) -> None:
        """Count a request that is under way from now on."""
        self._in_progress.inc()

    def end_request(self) -> None:
        """Count it no longer, however it ended."""
        self._in_progress.dec()

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time a request that was answered."""
        known = method if method in _METHODS else _OTHER
        self._requests.labels(known, route, f"{status // 100}xx").observe(seconds)

    def count_refused(self, code: str) -> None:
        """Count a request that was refused before a route was looked for."""
        self._refused.labels(code).inc()

    def observe_put(self, risk_level: str, seconds: float) -> None:
        """Count and time a run that became durable."""
        self._decisions.labels(risk_level).inc()
        self._put.observe(seconds)

    def observe_reconcile(self, result: str, seconds: float, *, at_s: float) -> None:
        """Time a pass over the index.

        Args:
            result: `done`, `locked` (another process is at it) or `failed`.
            at_s: the clock's reading, in seconds since 1970.
        """
        self._reconcile.labels(result).observe(seconds)
        if result == "done":
            self._reconciled_at.set(at_s)

    def observe_log(self, entries: int, *, at_s: float) -> None:
        """Note how many entries the log of evidence has, and when it was brought up."""
        self._log_entries.set(entries)
        self._logged_at.set(at_s)

    def observe_announcements(self, count: int) -> None:
        """Note how many announcements are open."""
        self._announcements.set(count)

    def storage_request(self, method: str, outcome: str, seconds: float) -> None:
        """Count one request to object storage (`Observer`)."""
        self._storage.labels(method, outcome).observe(seconds)

    def breaker(self, is_open: bool) -> None:
        """Note whether this process lets requests fail at once (`Observer`)."""
        self._breaker.set(float(is_open))

    def spool_bytes(self, used: int) -> None:
        """Note how much the spool holds (`Observer`)."""
        self._spool.set(used)

    def pool_wait(self, seconds: float) -> None:
        """Count one wait for a connection to the database (`Observer`)."""
        self._pool_wait.observe(seconds)

    # Reading

    def exposition(self) -> bytes:
        """Return all figures in the text format of Prometheus, of all processes where they can be read."""
        if self._shared is not None:
            together = CollectorRegistry()
            together.register(_Build())
            try:
                MultiProcessCollector(together, str(self._shared))
                return generate_latest(together)
            except _UNREADABLE as error:
                log.warning("the metrics of the other workers cannot be read: %s", type(error).__name__)
        return generate_latest(self._registry)


class _Build(Collector):
    """What is running; prometheus_client's own `Info` does not know its multiprocess mode."""

    def collect(self) -> Iterator[InfoMetricFamily]:
        """Yield the one metric."""
        build = InfoMetricFamily("rmos_build", "What is running.")
        build.add_metric((), {"version": version("rmos"), "python": platform.python_version()})
        yield build


def _make_latest(name: str, help_text: str, registry: CollectorRegistry | None) -> Gauge:
    """Make a gauge that shows what any process has set it to last, also one that is gone."""
    return Gauge(name, help_text, multiprocess_mode="mostrecent", registry=registry)


def record_verify(
    *, ok: bool, findings: int, seconds: float, at_s: float, registry: CollectorRegistry | None = None
) -> None:
    """Add what a verify of the command line came to, to the figures of the service whose folder this process shares."""
    try:
        _make_latest("rmos_verify_last_ok", "1 if the last verify found nothing.", registry).set(float(ok))
        _make_latest("rmos_verify_last_findings", "Findings of the last verify.", registry).set(findings)
        _make_latest("rmos_verify_last_duration_seconds", "Time of the last verify.", registry).set(seconds)
        _make_latest("rmos_verify_last_timestamp_seconds", "When verify last ended.", registry).set(at_s)
    except OSError as error:
        log.warning("the metrics of the service cannot be written: %s", error.strerror)
