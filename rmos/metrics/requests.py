"""What every request pays for: its time, and that it is under way.

    requests = Requests(folder)
    requests.begin()
    requests.observe("GET", "/api/rmos/runs", 200, 0.004)
    requests.end()

The same by prometheus_client's own classes would cost three times as much. The files are of its format, so that it
reads and sums them with all others.
"""

import os
import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

MOST_SERIES: Final = 500
"""Combinations of method, route and outcome that are told apart; what comes later is counted as `other`."""
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_OTHER: Final = "other"
_DURATION: Final = "rmos_http_request_duration_seconds"
_TOLD: Final = "Time to an answer."
_LABELS: Final = ("method", "route", "outcome")
_UNDER_WAY: Final = "rmos_http_requests_in_progress"
_UNDER_WAY_TOLD: Final = "Requests under way."
_UNDER_WAY_KEY: Final[str] = mmap_key(_UNDER_WAY, _UNDER_WAY, [], [], _UNDER_WAY_TOLD)
_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS: Final = [floatToGoString(bound) for bound in (*_BOUNDS_S, float("inf"))]


class _Series:
    """The numbers of one kind of request, and the names under which a file has them."""

    __slots__ = ("counts", "keys", "labels", "sum_key", "total")

    def __init__(self, method: str, route: str, outcome: str) -> None:
        self.labels = (method, route, outcome)
        self.total = 0.0
        self.counts = [0.0] * (len(_BOUNDS_S) + 1)
        self.keys = [self._key("bucket", le=le) for le in _BOUNDS]
        self.sum_key = self._key("sum")

    def _key(self, suffix: str, **more: str) -> str:
        return mmap_key(_DURATION, f"{_DURATION}_{suffix}", [*_LABELS, *more], [*self.labels, *more.values()], _TOLD)


class Requests(Collector):
    """Times requests and counts those under way, in memory and, with a folder, in files of this process there."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, int], _Series] = {}
        self._other: _Series | None = None
        self._under_way = 0
        self._times = self._gauge = None
        if folder is not None:
            self._times = MmapedDict(str(folder / f"histogram_http_{os.getpid()}.db"))
            self._gauge = MmapedDict(str(folder / f"gauge_livesum_{os.getpid()}.db"))
            self._gauge.write_value(_UNDER_WAY_KEY, 0.0, 0.0)

    def close(self) -> None:
        """Close the files; figures are kept in memory from now on."""
        with self._lock:
            files, self._times, self._gauge = (self._times, self._gauge), None, None
        for file in files:
            if file is not None:
                file.close()

    def begin(self) -> None:
        """Count a request that is under way from now on."""
        with self._lock:
            self._under_way += 1
            if self._gauge is not None:
                self._gauge.write_value(_UNDER_WAY_KEY, self._under_way, 0.0)

    def end(self) -> None:
        """Count it no longer, however it ended."""
        with self._lock:
            self._under_way -= 1
            if self._gauge is not None:
                self._gauge.write_value(_UNDER_WAY_KEY, self._under_way, 0.0)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time a request that was answered."""
        series = self._series.get((method, route, status // 100)) or self._find(method, route, status // 100)
        place = bisect_left(_BOUNDS_S, seconds)
        with self._lock:
            series.total += seconds
            series.counts[place] += 1
            if self._times is not None:
                self._times.write_value(series.sum_key, series.total, 0.0)
                self._times.write_value(series.keys[place], series.counts[place], 0.0)

    def _find(self, method: str, route: str, hundreds: int) -> _Series:
        """Return the series of such requests; what clients make up must not become series without end."""
        if method not in _METHODS:
            method = _OTHER
        with self._lock:
            if len(self._series) < MOST_SERIES and 0 < hundreds < 6:
                return self._kept((method, route, hundreds), _Series(method, route, f"{hundreds}xx"))
            if self._other is None:
                self._other = self._kept(None, _Series(_OTHER, _OTHER, _OTHER))
            return self._other

    def _kept(self, key: tuple[str, str, int] | None, series: _Series) -> _Series:
        if key is not None:
            series = self._series.setdefault(key, series)
        if self._times is not None:
            for name in (series.sum_key, *series.keys):
                self._times.read_value(name)  # makes room for it
        return series

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of this process."""
        times = HistogramMetricFamily(_DURATION, _TOLD, labels=_LABELS)
        with self._lock:
            every = [*self._series.values(), *([] if self._other is None else [self._other])]
            for series in every:
                buckets = list(zip(_BOUNDS, accumulate(series.counts), strict=True))
                times.add_metric(series.labels, buckets, series.total)
            under_way = self._under_way
        yield times
        yield GaugeMetricFamily(_UNDER_WAY, _UNDER_WAY_TOLD, under_way)
