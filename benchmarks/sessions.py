"""Views of one large session among other runs, beside a hello-world; and the export of the whole store.

Each round starts a hello-world and the service anew and sends the same few requests to both, in alternating order, so
that a machine that gets slower does so for all of them.
"""

import http.client
import json
import statistics
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks import stores
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, AtMost, Figure, measured, ratio
from benchmarks.load import write_gets
from benchmarks.samples import HELLO, Sample, cpu_us, rates, share, take
from benchmarks.servers import Served, served
from benchmarks.stores import Say
from benchmarks.whole_store import run_child

_LIMIT: Final = 50
_SHARE: Final = 20
"""Every so many-th run of the store belongs to the session: 5 000 of 100 000."""
_ASKED: Final = 200
"""Advisory summaries that one client asks for, one after the other."""
FIRST: Final = "session: first page of 50 summaries"
DEEP: Final = "session: last page of 50 summaries, by cursor"
ANY: Final = "session: any page of 50 summaries, by cursor"
TOTAL: Final = "session: first page with include_total"
PAGE_SHARE: Final = 0.60
FLAT: Final = 1.2
TOTAL_COST: Final = 2.0
SUMMARY_MS: Final = 5.0
EXPORT_PER_S: Final = 20_000.0
EXPORT_MB: Final = 200.0


def figures(below: Path, kept: Path, size: int, *, rounds: int, seconds: int, say: Say) -> list[Figure]:
    """Measure the views of a session with a twentieth of the runs of a store, and the export of all of them.

    Args:
        below: a temporary folder, for scripts and logs.
        kept: where the store is that `stores.ready_store` makes.
    """
    store = stores.ready_store(kept, size, say, of_session=size // _SHARE)
    views = _views_figures(below, store, size, rounds=rounds, seconds=seconds, say=say)
    return [*views, *_export_figures(store, size, rounds=min(rounds, 3), say=say)]


def _views_figures(below: Path, store: Path, size: int, *, rounds: int, seconds: int, say: Say) -> list[Figure]:
    url = f"/api/workflow-sessions/{stores.session_of(store)}"
    hello = write_gets(below / "hello-sessions.lua", ["/"])
    samples: dict[str, list[Sample]] = {}
    waits_ms: list[float] = []
    for number in range(rounds):
        say(f"sessions: round {number + 1} of {rounds}")
        with served(
            "benchmarks.hello:app", stores.environment_of(below), ready="/", log=below / "hello.log"
        ) as service:
            samples.setdefault(HELLO, []).append(take(service, hello, seconds))
        log = below / "sessions.log"
        with served("wsgi:app", stores.environment_of(store), ready="/readyz", log=log) as service:
            cases = list(_scripts(below, service, url).items())
            for case, script in cases if number % 2 == 0 else cases[::-1]:
                samples.setdefault(case, []).append(take(service, script, seconds))
            waits_ms += _waits_ms(service, f"{url}/advisory-summary")
    return summed_up(samples, waits_ms, size)


def _scripts(below: Path, service: Served, url: str) -> dict[str, Path]:
    """Return what is sent in each case; the cursors are found by walking through the session."""
    page = f"{url}/runs?view=summary&limit={_LIMIT}"
    pages, cursor = [page], _ask(service, page)["next_cursor"]
    while cursor is not None:
        pages.append(f"{page}&cursor={cursor}")
        cursor = _ask(service, pages[-1])["next_cursor"]
    if len(_ask(service, pages[-1])["items"]) != _LIMIT:
        raise CannotMeasure("the last page is not full, so it cannot be compared with the first")
    return {
        FIRST: write_gets(below / "first.lua", [page]),
        DEEP: write_gets(below / "deep.lua", pages[-1:]),
        ANY: write_gets(below / "any.lua", pages),
        TOTAL: write_gets(below / "total.lua", [f"{page}&include_total=true"]),
    }


def summed_up(samples: dict[str, list[Sample]], waits_ms: list[float], size: int) -> list[Figure]:
    """Return the figures of the views: shares of hello-world, and costs against the first page."""
    hello, first = samples[HELLO], rates(samples[FIRST])
    p99 = statistics.quantiles(waits_ms, n=100)[98]
    return [
        measured(HELLO, rates(hello), "requests/s", besides={"CPU µs": cpu_us(hello)}),
        measured(FIRST, first, "requests/s", runs=size, besides={"CPU µs": cpu_us(samples[FIRST])}),
        share(FIRST, samples[FIRST], hello, runs=size, target=AtLeast(PAGE_SHARE)),
        share(ANY, samples[ANY], hello, runs=size),
        ratio(f"{DEEP}, cost against the first", first, rates(samples[DEEP]), runs=size, target=AtMost(FLAT)),
        ratio(f"{TOTAL}, cost against without", first, rates(samples[TOTAL]), runs=size, target=AtMost(TOTAL_COST)),
        measured(
            "session: advisory summary, one client",
            waits_ms,
            "ms",
            runs=size,
            target=AtMost(SUMMARY_MS),
            besides={"p99 ms": p99},
        ),
    ]


def _export_figures(store: Path, size: int, *, rounds: int, say: Say) -> list[Figure]:
    told = []
    for form in ("ndjson", "csv"):
        say(f"sessions: export as {form}, {size} runs")
        ran = [run_child(form, store, size) for _ in range(rounds)]
        rates, peaks = [one.runs_per_s for one in ran], [one.peak_mb for one in ran]
        name = f"export as {form.upper()}"
        besides = {"CPU µs": statistics.median(one.cpu_us for one in ran)}
        told.append(measured(name, rates, "runs/s", runs=size, target=AtLeast(EXPORT_PER_S), besides=besides))
        told.append(measured(f"{name}, largest process", peaks, "MB", runs=size, target=AtMost(EXPORT_MB)))
    return told


def _waits_ms(service: Served, path: str) -> list[float]:
    """Return how long one client waits for each of its answers, on one connection."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    waits = []
    for _ in range(_ASKED):
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        waits.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            raise CannotMeasure(f"the advisory summary answered {answer.status}: {body[:200]!r}")
    connection.close()
    return waits


def _ask(service: Served, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise CannotMeasure(f"{path} answered {answer.status}: {body[:200]!r}")
    told: dict[str, Any] = json.loads(body)
    return told
