"""What is counted and timed: by one process, and summed over several."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from rmos.auth.roles import OPEN, requires
from rmos.metrics import Metrics
from rmos.metrics import folder as places
from rmos.metrics.folder import bury, make_folder, remove_folder
from rmos.metrics.requests import MOST_SERIES
from tests.api.conftest import make_body
from tests.faults.service import RUNS
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


made: list[Metrics] = []


def make_metrics(folder: Path | None = None) -> Metrics:
    """Make figures whose files are closed when the test is over."""
    made.append(Metrics(folder))
    return made[-1]


@pytest.fixture(autouse=True)
def own_values(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what was made, and put back what prometheus_client makes its series of."""
    monkeypatch.setattr(values, "ValueClass", values.MutexValue)
    yield
    while made:
        made.pop().close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the metrics of several processes."""
    made = make_folder(tmp_path / "metrics")
    assert made is not None
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(made))
    return made


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
    assert risks == {"GREEN": 2, "RED": 1}
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
    figures = make_metrics()
    for number in range(MOST_SERIES + 100):
        figures.request("GET", f"/{number}", 200, 0.1)
        figures.request(f"M{number}", "-", 405, 0.1)
        figures.request("GET", "/", 700 + number, 0.1)
    found = read(figures.exposition())
    series = [labels for name, labels in found if name == "rmos_http_request_duration_seconds_count"]
    assert len(series) <= MOST_SERIES + 3
    assert requests(found, "other", "other", "other") >= 100
    total = sum(value for (name, _), value in found.items() if name == "rmos_http_request_duration_seconds_count")
    assert total == 3 * (MOST_SERIES + 100)


def test_counting_a_request_costs_microseconds(folder: Path) -> None:
    figures = make_metrics(folder)
    figures.request("GET", RUNS, 200, 0.001)
    one = min(timeit.repeat(lambda: figures.request("GET", RUNS, 200, 0.001), number=2000, repeat=5)) / 2000
    assert one < 50e-6  # a machine at rest takes 1 to 2


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    figures = make_metrics()
    figures.verified(ok=True, findings=0, seconds=1.0, at_s=1.0)
    told = set(re.findall(r"^# TYPE (\w+)", figures.exposition().decode(), re.MULTILINE))
    page = (ROOT / "docs" / "operations.md").read_text()
    assert told == set(re.findall(r"^\| `(rmos_\w+)` \|", page, re.MULTILINE))


# Several processes

CHILD = """
import sys
from pathlib import Path
from rmos.metrics import Metrics
figures = Metrics(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    figures.request("GET", "/a", 200, 0.004)
    figures.recorded("RED", 0.002)
figures.begin()
figures.reconciled("done", 0.1, at_s=float(sys.argv[2]))
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def others(folder: Path) -> Iterator[list["subprocess.Popen[str]"]]:
    """Two other processes that have counted 3 and 4 requests and live on."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environ}
    started: list[subprocess.Popen[str]] = [
        subprocess.Popen([*command, number], **pipes)
        for number in ("3", "4")  # type: ignore[call-overload]
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
    yield started
    for process in started:
        process.communicate()


def demand_sum(found: Figures, count: int) -> None:
    """Demand the figures of so many requests."""
    assert requests(found, "GET", "/a", "2xx") == count
    bucket = {"method": "GET", "route": "/a", "outcome": "2xx", "le": "0.005"}
    assert figure(found, "rmos_http_request_duration_seconds_bucket", **bucket) == count
    assert figure(found, "rmos_decisions_total", risk_level="RED") == count
    assert figure(found, "rmos_reconcile_last_success_timestamp_seconds") in (3.0, 4.0)


def test_every_process_tells_the_sum_of_all(folder: Path, others: list["subprocess.Popen[str]"]) -> None:
    here = make_metrics(folder)
    here.request("GET", "/a", 200, 0.004)
    here.recorded("RED", 0.002)
    found = read(here.exposition())
    demand_sum(found, 8)
    assert figure(found, "rmos_http_requests_in_progress") == 2


def test_what_a_dead_process_had_counted_is_kept_and_its_files_are_not(
    folder: Path, others: list["subprocess.Popen[str]"]
) -> None:
    here = make_metrics(folder)
    for alive, process in ((1, others[0]), (0, others[1])):
        process.communicate()
        for _ in range(2):  # a second time does nothing
            bury(folder, process.pid)
        found = read(here.exposition())
        demand_sum(found, 7)
        assert figure(found, "rmos_http_requests_in_progress") == alive
        assert not list(folder.glob(f"*_{process.pid}.db"))


def test_names_and_types_are_the_same_with_one_process_and_with_many(folder: Path) -> None:
    told = []
    for given in (None, folder):
        figures = make_metrics(given)
        figures.request("GET", "/a", 200, 0.1)
        figures.refused("BAD_REQUEST")
        figures.recorded("RED", 0.1)
        figures.reconciled("done", 0.1, at_s=1.0)
        figures.verified(ok=True, findings=0, seconds=1.5, at_s=2.0)
        text = figures.exposition().decode()
        told.append((sorted(re.findall("^# .*$", text, re.MULTILINE)), set(read(text))))
    assert told[0] == told[1]


def test_a_full_folder_costs_the_sum_and_not_the_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    figures = make_metrics(folder)
    figures.request("GET", "/a", 200, 0.1)
    assert requests(read(figures.exposition()), "GET", "/a", "2xx") == 1
    assert "counts for itself" in caplog.text
    assert not list(folder.glob(f"*_{os.getpid()}.db"))


def test_the_room_is_reserved_before_it_is_mapped(folder: Path) -> None:
    figures = make_metrics(folder)
    for number in range(MOST_SERIES):
        figures.request("OPTIONS", f"/api/rmos/{'x' * 60}/<run_id>/{number}", 200, 0.1)
    figures.request("GET", "/one/too/many", 200, 0.1)
    for path in folder.glob("*.db"):
        assert path.stat().st_blocks * 512 >= path.stat().st_size, path.name
    assert (folder / f"histogram_http_{os.getpid()}.db").stat().st_size == 2 * 1024 * 1024


def test_a_folder_that_is_gone_costs_the_sum_and_not_the_request(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    figures = make_metrics(folder)
    figures.request("GET", "/a", 200, 0.1)
    shutil.rmtree(folder)
    figures.request("GET", "/a", 200, 0.1)
    figures.request("GET", "/new", 404, 0.1)
    found = read(figures.exposition())
    assert (requests(found, "GET", "/a", "2xx"), requests(found, "GET", "/new", "4xx")) == (2, 1)
    assert "cannot be read" in caplog.text
    bury(folder, 1)


def test_a_file_of_something_else_costs_the_sum_and_not_the_answer(folder: Path) -> None:
    figures = make_metrics(folder)
    (folder / "histogram_1.db").write_bytes(b"\xff" * 4096)
    figures.request("GET", "/a", 200, 0.1)
    assert requests(read(figures.exposition()), "GET", "/a", "2xx") == 1


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert make_folder(tmp_path / "file" / "folder") is None


def test_a_service_that_starts_counts_from_zero(folder: Path) -> None:
    make_metrics(folder).request("GET", "/a", 200, 0.1)
    assert make_folder(folder) == folder
    assert {path.name for path in folder.iterdir()} == {
        "lock",
        "histogram_http_dead.db",
        "histogram_dead.db",
        "counter_dead.db",
        "gauge_mostrecent_dead.db",
    }


def test_folders_of_services_that_are_gone_are_removed_and_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_held", {})
    monkeypatch.setattr(places, "_parent", lambda: tmp_path)
    alive, abandoned = make_folder(None), tmp_path / "rmos-metrics-old"
    abandoned.mkdir()
    (tmp_path / "other").mkdir()
    newer = make_folder(None)
    assert alive is not None
    assert newer is not None
    assert {path.name for path in tmp_path.iterdir()} == {alive.name, newer.name, "other"}
    for folder in (alive, newer, tmp_path / "other"):
        remove_folder(folder)
    assert {path.name for path in tmp_path.iterdir()} == {"other"}


# Through gunicorn


def test_the_figures_are_those_of_all_workers_also_of_one_that_was_killed(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        served.wait_for("/readyz")
        body = {"mode": "router", "tool_id": "t"}
        for _ in range(12):
            with served.connect() as connection:
                assert connection.ask("POST", RUNS, body).status == 201
        os.kill(served.pids()[0], signal.SIGKILL)
        served.wait_for_log("SIGKILL")
        served.wait_for("/readyz")
        with served.connect() as connection:
            found = read(connection.ask("GET", "/metrics").body)
        assert requests(found, "POST", RUNS, "2xx") == 12
        assert figure(found, "rmos_put_duration_seconds_count") == 12
        assert figure(found, "rmos_http_requests_in_progress") == 1
        assert served.stop() == 0


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
