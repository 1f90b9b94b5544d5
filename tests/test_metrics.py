"""What is counted and timed: by one process, and summed over several."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rmos.auth.roles import OPEN, requires
from rmos.metrics import Metrics, record_verify
from tests.api.conftest import make_body
from tests.faults.service import RUNS
from tests.helpers.processes import Process
from tests.serving import Served

ROOT = Path(__file__).resolve().parents[1]
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: bytes | str) -> Figures:
    """Return all samples by name and labels; two of one name and labels are an error."""
    text = text.decode() if isinstance(text, bytes) else text
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def figure(found: Figures, name: str, **labels: str) -> float:
    """Return one sample, 0 where it is not there."""
    return found.get((name, frozenset(labels.items())), 0)


def requests(found: Figures, method: str, route: str, outcome: str) -> float:
    """Return how many requests were answered so."""
    return figure(found, "rmos_http_request_duration_seconds_count", method=method, route=route, outcome=outcome)


# One process


def test_requests_are_counted_by_route_method_and_outcome(client: FlaskClient) -> None:
    for _ in range(3):
        client.post(RUNS, json=make_body())
    client.get(f"{RUNS}/run_1?x=y")
    client.get(f"{RUNS}/run_2")
    client.get("/nowhere/at/all")
    client.open(RUNS, method="BREW")
    found = read(client.get("/metrics").data)
    assert requests(found, "POST", RUNS, "2xx") == 3
    assert requests(found, "GET", f"{RUNS}/<run_id>", "4xx") == 2
    assert requests(found, "GET", "-", "4xx") == 1
    assert requests(found, "other", "-", "4xx") == 1
    assert figure(found, "rmos_http_requests_in_progress") == 1


def test_the_answer_is_what_prometheus_reads(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    (build,) = [dict(labels) for name, labels in read(answer.data) if name == "rmos_build_info"]
    assert set(build) == {"version", "python"}


def test_decisions_are_counted_by_risk_and_a_repeated_put_is_none(client: FlaskClient) -> None:
    for key in ("one", "two", "two"):
        client.post(RUNS, json=make_body(), headers={"Idempotency-Key": key})
    client.post(RUNS, json=make_body(design={"operation": "channel", "feed_mm_min": "NaN"}))
    found = read(client.get("/metrics").data)
    risks = {dict(labels)["risk_level"]: value for (name, labels), value in found.items() if "decisions" in name}
    assert risks == {"GREEN": 2, "YELLOW": 0, "RED": 1, "UNKNOWN": 0, "ERROR": 0}
    assert figure(found, "rmos_put_duration_seconds_count") == 3
    assert 0 < figure(found, "rmos_put_duration_seconds_sum") < 60


def test_a_put_that_failed_is_no_decision(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    client.get(RUNS)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert client.post(RUNS, json=make_body()).status_code == 507
    found = read(client.get("/metrics").data)
    assert figure(found, "rmos_put_duration_seconds_count") == 0
    assert requests(found, "POST", RUNS, "5xx") == 1


def test_passes_over_the_index_are_timed(client: FlaskClient) -> None:
    before = time.time()
    client.get(RUNS)
    found = read(client.get("/metrics").data)
    assert figure(found, "rmos_reconcile_duration_seconds_count", result="done") == 1
    assert before <= figure(found, "rmos_reconcile_last_success_timestamp_seconds") <= time.time()


def test_a_request_that_ends_in_an_exception_is_no_longer_under_way(app: Flask) -> None:
    @requires(OPEN)
    def end() -> str:
        raise SystemExit  # what gunicorn raises in a thread at its time limit

    app.add_url_rule("/end", view_func=end)
    with pytest.raises(SystemExit):
        app.test_client().get("/end")
    found = read(app.extensions["rmos"].metrics.exposition())
    assert figure(found, "rmos_http_requests_in_progress") == 0


def test_what_clients_make_up_does_not_become_series_without_end() -> None:
    figures = Metrics()
    for number in range(100):
        figures.observe_request(f"M{number}", "-", 405, 0.1)
    found = read(figures.exposition())
    assert requests(found, "other", "-", "4xx") == 100
    assert len([name for name, _ in found if name == "rmos_http_request_duration_seconds_count"]) == 1


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    verified = CollectorRegistry()
    record_verify(ok=True, findings=0, seconds=1.0, at_s=1.0, registry=verified)
    figures = Metrics()
    figures.watch_backends()
    text = (figures.exposition() + generate_latest(verified)).decode()
    told = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    page = (ROOT / "docs" / "operations.md").read_text()
    assert told == set(re.findall(r"^\| `(rmos_\w+)` \|", page, re.MULTILINE))


# Several processes: prometheus_client chooses when it is imported, so each is a process of its own

COUNT = """
from rmos.metrics import Metrics, record_verify
metrics = Metrics()
for _ in range({count}):
    metrics.observe_request("GET", "/a", 200, 0.004)
    metrics.observe_put("RED", 0.002)
metrics.begin_request()
metrics.observe_reconcile("done", 0.1, at_s=10.0 + {count})
metrics.count_refused("BAD_REQUEST")
metrics.observe_log(4711, at_s=3.0)
record_verify(ok=True, findings=0, seconds=1.5, at_s=2.0)
"""
TELL = "print(metrics.exposition().decode())\n"
WAIT = "print('counted', flush=True)\nimport sys\nsys.stdin.read()\n"


def start(script: str, **environment: str) -> "subprocess.Popen[str]":
    """Start a process that shares its metrics where the environment says."""
    return Process(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def run_script(script: str, **environment: str) -> tuple[str, str]:
    """Run such a process to its end, which must be a good one, and return what it wrote to stdout and stderr."""
    with start(script, **environment) as process:
        told, complained = process.communicate(timeout=60)
        assert process.returncode == 0, complained
    return told, complained


def test_every_process_tells_the_sum_of_all_also_of_those_that_are_gone(tmp_path: Path) -> None:
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    run_script(COUNT.format(count=4), **shared)
    with start(COUNT.format(count=3) + WAIT, **shared) as alive:
        assert alive.stdout is not None
        assert alive.stdout.readline() == "counted\n"
        found = read(run_script(COUNT.format(count=1) + TELL, **shared)[0])
        alive.communicate(timeout=60)
    assert requests(found, "GET", "/a", "2xx") == 8
    bucket = {"method": "GET", "route": "/a", "outcome": "2xx", "le": "0.005"}
    assert figure(found, "rmos_http_request_duration_seconds_bucket", **bucket) == 8
    assert figure(found, "rmos_decisions_total", risk_level="RED") == 8
    assert figure(found, "rmos_put_duration_seconds_count") == 8
    assert figure(found, "rmos_reconcile_last_success_timestamp_seconds") == 11
    assert figure(found, "rmos_http_requests_in_progress") == 3  # gunicorn.conf.py says which of them are gone


@pytest.mark.long
def test_names_and_types_are_the_same_with_one_process_and_with_many(tmp_path: Path) -> None:
    script = (COUNT.format(count=1) + TELL).replace("at_s=2.0", "at_s=2.0, registry=metrics._registry")
    alone, shared = (
        run_script(script, **environment)[0] for environment in ({}, {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})
    )
    # A histogram without a sample has no line of its own in the files.
    described = [sorted(re.findall("^# .*$", text, re.MULTILINE)) for text in (alone, shared)]
    assert described[0] == described[1]
    assert set(read(alone)) == set(read(shared))


GONE = "import shutil\nshutil.rmtree({folder!r})\n"
FOREIGN = "open({folder!r} + '/histogram_1.db', 'wb').write({data!r})\n"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(GONE, id="the folder is gone"),
        pytest.param(FOREIGN.replace("{data!r}", "b''"), id="a file that was just made"),
        pytest.param(FOREIGN.replace("{data!r}", "b'\\x7f' * 4096"), id="a file of something else"),
    ],
)
def test_a_folder_that_cannot_be_read_costs_the_sum_and_not_the_request(tmp_path: Path, spoil: str) -> None:
    folder = str(tmp_path / "shared")
    script = COUNT.format(count=2)
    made = script.index("for _ in")
    script = script[:made] + spoil.format(folder=folder) + script[made : script.index("record_verify(ok")] + TELL
    told, complained = run_script(script, PROMETHEUS_MULTIPROC_DIR=folder)
    assert requests(read(told), "GET", "/a", "2xx") == 2
    assert "the metrics of the other workers cannot be read" in complained


def test_a_verify_whose_service_is_not_there_ends_as_ever(tmp_path: Path) -> None:
    script = "from rmos.metrics import record_verify\nrecord_verify(ok=True, findings=0, seconds=1.5, at_s=2.0)\n"
    _, complained = run_script(script, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "absent"))
    assert "the metrics of the service cannot be written: No such file or directory" in complained


# Through gunicorn


class OneSlow(Served):
    """One worker with the routes of tests/slow_app.py."""

    application = "tests.slow_app:app"
    workers = 1


def metrics_of(served: Served) -> Figures:
    """Return the figures that the service tells."""
    with served.connect() as connection:
        return read(connection.ask("GET", "/metrics").body)


@pytest.mark.long
def test_the_figures_are_those_of_all_workers_since_the_start(tmp_path: Path) -> None:
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    run_script(COUNT.format(count=5), **shared)  # a service before this one
    with Served(tmp_path, **shared) as served:
        served.wait_for("/readyz")
        for _ in range(12):
            with served.connect() as connection:
                assert connection.ask("POST", RUNS, {"mode": "router", "tool_id": "t"}).status == 201
        found = metrics_of(served)
    assert requests(found, "POST", RUNS, "2xx") == 12
    assert figure(found, "rmos_put_duration_seconds_count") == 12
    assert requests(found, "GET", "/a", "2xx") == 0


@pytest.mark.long
def test_what_a_worker_that_was_killed_had_counted_stays_and_what_it_had_under_way_does_not(tmp_path: Path) -> None:
    with OneSlow(tmp_path) as served:
        served.wait_for("/readyz")
        with served.connect() as connection:
            assert connection.ask("POST", RUNS, {"mode": "router", "tool_id": "t"}).status == 201
        with served.open() as stuck:
            stuck.sendall(b"GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while figure(metrics_of(served), "rmos_http_requests_in_progress") != 2:
                pass
            os.kill(served.pids()[0], signal.SIGKILL)
            served.wait_for_log("SIGKILL")
        served.wait_for("/readyz")
        found = metrics_of(served)
    assert requests(found, "POST", RUNS, "2xx") == 1
    assert figure(found, "rmos_http_requests_in_progress") == 1


@pytest.mark.long
def test_a_folder_that_cannot_be_made_costs_the_sum_and_not_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with OneSlow(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "file" / "folder")) as served:
        served.wait_for_log("each worker counts for itself, there is no folder for metrics: Not a directory")
        assert figure(metrics_of(served), "rmos_http_requests_in_progress") == 1


@pytest.mark.long
def test_a_verify_from_the_command_line_shows_in_the_figures_of_the_service(tmp_path: Path) -> None:
    with Served(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "metrics")) as served:
        served.wait_for("/readyz")
        assert json.loads(served.verify().stdout)["ok"]
        with served.connect() as connection:
            found = read(connection.ask("GET", "/metrics").body)
        assert figure(found, "rmos_verify_last_ok") == 1
        assert abs(figure(found, "rmos_verify_last_timestamp_seconds") - time.time()) < 60
        assert served.stop() == 0
    assert (tmp_path / "metrics").exists()
