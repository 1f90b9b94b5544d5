"""The README's lines are run as they are printed, against the real server."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


def blocks(section: str, language: str) -> list[str]:
    """Return the code blocks of one language in a section of the README."""
    text = README.split(f"## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Start the service as `dev.py serve` does, on a free port and a store of its own."""
    folder = tmp_path_factory.mktemp("readme")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    environment["RMOS_RUNS_DIR"] = str(folder / "runs")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{port}", "wsgi:app"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/readyz", server)
        yield address, environment
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the service is ready."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not get ready")


def run(script: str, environment: dict[str, str]) -> str:
    """Run lines in a shell and return what they print."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_pattern(printed: str) -> re.Pattern[str]:
    """Return what an answer must look like where the README prints it with dots."""
    return re.compile(".*".join(re.escape(part) for part in printed.strip().split("…")))


@pytest.mark.curl
def test_the_curl_lines_give_the_answers_that_are_printed(service: tuple[str, dict[str, str]]) -> None:
    address, environment = service
    scripts = blocks("Ask for a decision", "sh")
    answers = blocks("Ask for a decision", "json")
    assert len(scripts) == 3
    assert len(answers) == 2
    for script, printed in zip(scripts, answers, strict=False):
        answer = run(script.replace(ADDRESS, address), environment)
        assert as_pattern(printed).search(answer), answer
    found = run(scripts[2].replace(ADDRESS, address), environment)
    assert '"total":1' in found
    assert re.search(r"[0-9a-f]{64}  -$", found)
    again = run(scripts[0].replace(ADDRESS, address), environment)
    first_run = re.search(r"run_[0-9a-f]{32}", again)
    assert first_run
    assert run(f"curl -s '{address}/api/rmos/runs?include_total=true'", environment).count('"total":2') == 1


@pytest.mark.curl
def test_the_session_of_a_newcomer_shows_its_run_in_the_summary_view(service: tuple[str, dict[str, str]]) -> None:
    address, environment = service
    (script,) = blocks("Keep the runs of a job together", "sh")
    printed = run(script.replace(ADDRESS, address), environment)
    assert re.search(r'"items":\[\{"run_id":"run_[0-9a-f]{32}"', printed), printed
    assert '"total_runs":1' in printed


def test_the_rosette_of_the_readme_is_drawn(tmp_path: Path, service: tuple[str, dict[str, str]]) -> None:
    _, environment = service
    (script,) = blocks("Draw a rosette", "sh")
    script = script.replace(".venv/bin/flask", f"{sys.executable} -m flask").replace("rope.svg", f"{tmp_path}/rope.svg")
    run(script, environment)
    assert (tmp_path / "rope.svg").read_text().startswith("<svg")


def test_the_python_of_the_readme_lists_what_was_refused(
    service: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    address, _ = service
    (script,) = blocks("From Python", "python")
    exec(compile(script.replace(ADDRESS, address), "README.md", "exec"), {})
    assert all(re.match(r"run_[0-9a-f]{32} ", line) for line in capsys.readouterr().out.splitlines())


def test_the_commands_of_the_readme_end_well_on_a_healthy_store(service: tuple[str, dict[str, str]]) -> None:
    _, environment = service
    (script,) = blocks("Prove the record", "sh")
    flask = f"{sys.executable} -m flask"
    assert run(script.replace(".venv/bin/flask", flask), environment)


def test_the_first_screen_is_the_two_commands() -> None:
    first = README.split("\n## ")[0]
    assert "python3 dev.py serve" in first
    assert "python3 dev.py test" in first
    assert len(first.splitlines()) < 25
