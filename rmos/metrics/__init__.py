"""What the service counts and times, for Prometheus: one set of figures for all workers of a service.

    metrics = Metrics()                                      # this process alone
    metrics = Metrics(folder)                                # one of several: files in `folder`, summed when read
    metrics.request("GET", "/api/rmos/runs", 200, 0.004)
    metrics.exposition()                                     # what GET /metrics answers

gunicorn's master makes the folder, each worker writes its own files there, and what a dead worker had counted is added
to one file, so that nothing is lost and the folder does not grow. A folder that is full, read-only or gone costs the
sum over the workers, never a request. The figures are documented in docs/operations.md.
"""

import fcntl
import logging
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, values
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from rmos.metrics.folder import UNUSABLE, bury, claimed, locked
from rmos.metrics.requests import Requests

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNMATCHED: Final = "-"
"""The route of a request that no route took."""
_PUT_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_RECONCILE_S: Final = (0.01, 0.1, 1, 10, 60, 300)

disable_created_metrics()


class Metrics:
    """The figures of one process; with a folder, of all processes that write there."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make all figures, 0 each.

        Args:
            folder: where this process keeps its share, which must be what `PROMETHEUS_MULTIPROC_DIR` names; one that
                cannot be used is logged, and this process counts for itself.
        """
        self._folder = claimed(folder)
        # Chosen for the whole process: prometheus_client asks this name whenever it makes a series.
        values.ValueClass = values.MutexValue if self._folder is None else values.MultiProcessValue()
        self._registry = registry = CollectorRegistry()
        self._requests = Requests(self._folder)
        registry.register(self._requests)
        self.begin = self._requests.begin
        self.end = self._requests.end
        self.request = self._requests.observe
        self._refused = Counter("rmos_http_refused", "Requests refused unread.", ("code",), registry=registry)
        self._decisions = Counter("rmos_decisions", "Runs recorded.", ("risk_level",), registry=registry)
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
        self._reconciled_at = self._latest(
            "rmos_reconcile_last_success_timestamp_seconds", "When the index was last brought up."
        )

    def _latest(self, name: str, told: str) -> Gauge:
        return Gauge(name, told, multiprocess_mode="mostrecent", registry=self._registry)

    # Counting

    def refused(self, code: str) -> None:
        """Count a request that was refused before a route was looked for."""
        self._refused.labels(code).inc()

    def recorded(self, risk_level: str, seconds: float) -> None:
        """Count and time a run that became durable."""
        self._decisions.labels(risk_level).inc()
        self._put.observe(seconds)

    def reconciled(self, result: str, seconds: float, *, at_s: float) -> None:
        """Time a pass over the index.

        Args:
            result: `done`, `locked` (another process is at it) or `failed`.
            at_s: the clock's reading, in seconds since 1970.
        """
        self._reconcile.labels(result).observe(seconds)
        if result == "done":
            self._reconciled_at.set(at_s)

    def verified(self, *, ok: bool, findings: int, seconds: float, at_s: float) -> None:
        """Keep what a verify came to; only the process of the command does so, and only once."""
        self._latest("rmos_verify_last_ok", "1 if the last verify found nothing.").set(float(ok))
        self._latest("rmos_verify_last_findings", "Findings of the last verify.").set(findings)
        self._latest("rmos_verify_last_duration_seconds", "Time of the last verify.").set(seconds)
        self._latest("rmos_verify_last_timestamp_seconds", "When verify last ended.").set(at_s)

    def close(self) -> None:
        """Close what this process has open of the folder."""
        self._requests.close()

    # Reading

    def exposition(self) -> bytes:
        """Return all figures in the text format of Prometheus, of all processes where they can be read."""
        build = InfoMetricFamily("rmos_build", "What is running.")
        build.add_metric((), {"version": version("rmos"), "python": platform.python_version()})
        return generate_latest(_Fixed(build)) + self._figures()

    def _figures(self) -> bytes:
        if self._folder is not None:
            try:
                with locked(self._folder, fcntl.LOCK_SH):
                    together = CollectorRegistry()
                    MultiProcessCollector(together, str(self._folder))
                    return generate_latest(together)
            except UNUSABLE as error:
                log.warning("the metrics of the other workers cannot be read: %s", type(error).__name__)
        return generate_latest(self._registry)


class _Fixed(CollectorRegistry):
    """A registry of one finished metric."""

    def __init__(self, metric: InfoMetricFamily) -> None:
        super().__init__()
        self._metric = metric

    def collect(self) -> Iterator[InfoMetricFamily]:
        """Yield the metric."""
        yield self._metric


def tell_verified(folder: Path, *, ok: bool, findings: int, seconds: float, at_s: float) -> None:
    """Add what a verify of the command line came to, to the figures of the service that has its metrics in `folder`."""
    figures = Metrics(folder)
    figures.verified(ok=ok, findings=findings, seconds=seconds, at_s=at_s)
    figures.close()
    bury(folder, os.getpid())
