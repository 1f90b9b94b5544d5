"""What the service counts and times, for Prometheus: one set of figures for all workers of a service.

    metrics = Metrics()                                      # this process alone
    metrics = Metrics(folder)                                # one of several: files in `folder`, summed when read
    metrics.request("GET", "/api/rmos/runs", 200, 0.004)
    metrics.exposition()                                     # what GET /metrics answers

gunicorn's master makes the folder (`make_folder`), each worker writes its own files there, and what a dead worker had
counted is added to one file (`bury`), so that nothing is lost and the folder does not grow. The files are mapped into
memory, and a page of a file that the disk has no room for would end the process: each is made as large as it can get
and has its room reserved before it is mapped. A folder that is full, read-only or gone costs the sum over the workers,
never a request. The figures are documented in docs/operations.md.
"""

import contextlib
import fcntl
import logging
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, values
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import InfoMetricFamily
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNMATCHED: Final = "-"
"""The route of a request that no route took."""
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_OUTCOMES: Final = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")
_OTHER: Final = "other"
_REQUEST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_PUT_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_RECONCILE_S: Final = (0.01, 0.1, 1, 10, 60, 300)
MOST_SERIES: Final = 500
"""Combinations of method, route and outcome that are told apart; what comes later is counted as `other`."""
_FILE_BYTES: Final = {
    "histogram": 2 * 1024 * 1024,  # `MOST_SERIES` of some 3 kB each
    "counter": 64 * 1024,
    "gauge_livesum": 64 * 1024,
    "gauge_mostrecent": 64 * 1024,
}
_BURIED: Final = "dead"
_PREFIX: Final = "rmos-metrics-"
_LOCK: Final = "lock"
_UNUSABLE: Final = (OSError, ValueError, RuntimeError)
"""How prometheus_client fails on files that are gone, cut short or no files of its own."""

disable_created_metrics()


class Metrics:
    """The figures of one process; with a folder, of all processes that write there."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make all figures, 0 each.

        Args:
            folder: where this process keeps its share, which must be what `PROMETHEUS_MULTIPROC_DIR` names; one that
                cannot be used is logged, and this process counts for itself.
        """
        self._folder = _claimed(folder)
        # Chosen for the whole process: prometheus_client asks this name whenever it makes a series.
        values.ValueClass = values.MutexValue if self._folder is None else values.MultiProcessValue()
        self._registry = registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], Histogram] = {}
        self._duration = Histogram(
            "rmos_http_request_duration_seconds",
            "Time to an answer.",
            ("method", "route", "outcome"),
            buckets=_REQUEST_S,
            registry=registry,
        )
        self.in_progress = Gauge(
            "rmos_http_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=registry
        )
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

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time a request that was answered."""
        series = self._requests.get((method, route, status // 100))
        if series is None:
            series = self._series(method, route, status // 100)
        series.observe(seconds)

    def _series(self, method: str, route: str, hundreds: int) -> Histogram:
        """Return the series of such requests; what clients make up must not become series without end."""
        key = (method, route, hundreds)
        if method not in _METHODS:
            method = _OTHER
        outcome = _OUTCOMES[hundreds] if 0 < hundreds < len(_OUTCOMES) else _OTHER
        with self._lock:
            if len(self._requests) >= MOST_SERIES:
                return self._duration.labels(_OTHER, _OTHER, _OTHER)
            series = self._duration.labels(method, route, outcome)
            if method != _OTHER:
                self._requests[key] = series
        return series

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

    # Reading

    def exposition(self) -> bytes:
        """Return all figures in the text format of Prometheus, of all processes where they can be read."""
        build = InfoMetricFamily("rmos_build", "What is running.")
        build.add_metric((), {"version": version("rmos"), "python": platform.python_version()})
        return generate_latest(_Fixed(build)) + self._figures()

    def _figures(self) -> bytes:
        if self._folder is not None:
            try:
                with _locked(self._folder, fcntl.LOCK_SH):
                    together = CollectorRegistry()
                    MultiProcessCollector(together, str(self._folder))
                    return generate_latest(together)
            except _UNUSABLE as error:
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


# The folder


def make_folder(given: Path | None) -> Path | None:
    """Make the folder of a service that starts, empty, with room for what dead workers leave behind.

    Args:
        given: use this one; otherwise one is made in memory, and those of services that are gone are removed.

    Returns:
        None when there is no such place; each worker then counts for itself.
    """
    try:
        folder = given or _temporary()
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink()
        (folder / _LOCK).touch()
        for kind in ("histogram", "counter", "gauge_mostrecent"):
            _reserve(folder / f"{kind}_{_BURIED}.db", _FILE_BYTES[kind])
    except OSError as error:
        log.warning("no folder for metrics, so each worker counts for itself: %s", error.strerror)
        return None
    return folder


def remove_folder(folder: Path) -> None:
    """Remove the folder of a service that ends, unless somebody else chose it."""
    if folder in _held:
        os.close(_held.pop(folder))
        shutil.rmtree(folder, ignore_errors=True)


def bury(folder: Path, pid: int) -> None:
    """Add what a process that is gone had counted to the file of the dead, and remove its files."""
    try:
        with _locked(folder, fcntl.LOCK_EX):
            for path in folder.glob(f"*_{pid}.db"):
                kind = path.name.removesuffix(f"_{pid}.db")
                if kind != "gauge_livesum":
                    _add(path, folder / f"{kind}_{_BURIED}.db", latest=kind == "gauge_mostrecent")
                path.unlink()
    except _UNUSABLE as error:
        log.warning("the metrics of process %d are lost: %s", pid, type(error).__name__)


def tell_verified(folder: Path, *, ok: bool, findings: int, seconds: float, at_s: float) -> None:
    """Add what a verify of the command line came to, to the figures of the service that has its metrics in `folder`."""
    Metrics(folder).verified(ok=ok, findings=findings, seconds=seconds, at_s=at_s)
    bury(folder, os.getpid())


def _add(source: Path, target: Path, *, latest: bool) -> None:
    entries = list(MmapedDict.read_all_values_from_file(str(source)))
    if not target.exists():
        _reserve(target, source.stat().st_size)
    with contextlib.closing(MmapedDict(str(target))) as sums:
        for key, value, timestamp, _ in entries:
            before, then = sums.read_value(key)
            if not latest:
                sums.write_value(key, before + value, 0.0)
            elif timestamp > then:
                sums.write_value(key, value, timestamp)


def _claimed(folder: Path | None) -> Path | None:
    """Return the folder once this process has room there for all of its files, else None."""
    if folder is None:
        return None
    try:
        for kind, size in _FILE_BYTES.items():
            _reserve(folder / f"{kind}_{os.getpid()}.db", size)
    except OSError as error:
        log.warning("this process counts for itself, its folder for metrics cannot be used: %s", error.strerror)
        for kind in _FILE_BYTES:
            with contextlib.suppress(OSError):
                (folder / f"{kind}_{os.getpid()}.db").unlink(missing_ok=True)
        return None
    return folder


def _reserve(path: Path, size: int) -> None:
    """Make a file of zeros whose room on the disk is its own, unless it is there."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Keep readers from seeing a dead process's figures twice, or not at all."""
    with (folder / _LOCK).open() as lock:
        fcntl.flock(lock, how)
        yield


_held: dict[Path, int] = {}
"""The folder that this process made, and a descriptor whose lock it and its workers hold while one of them lives."""


def _parent() -> Path:
    return Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())  # noqa: S108


def _temporary() -> Path:
    parent = _parent()
    for leftover in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_if_abandoned(leftover)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    _held[folder] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(_held[folder], fcntl.LOCK_SH)
    return folder


def _remove_if_abandoned(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)
