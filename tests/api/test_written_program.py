"""A program that is written from `/api/openapi.json` alone creates, lists, pages and reads runs of a real service."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.api.conftest import ROOT
from tests.api.program_writer import written
from tests.serving import Served


def test_a_program_written_from_the_document_alone_works(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    with Served(tmp_path) as served:
        served.wait_for("/readyz")
        address = f"http://127.0.0.1:{served.port}"
        with urllib.request.urlopen(f"{address}/api/openapi.json", timeout=60) as response:
            program.write_text(written(json.loads(response.read())), encoding="utf-8")
        command = [sys.executable, "-I", "-W", "error", program, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    made = [run["run_id"] for run in told["made"]]
    assert len(set(made)) == 7
    assert [run["run_id"] for run in told["listed"]] == made[::-1]
    assert told["pages"] == 3
    assert [run["run_id"] for run in told["read"]] == made
    assert all(run["decision"]["risk_level"] == "GREEN" for run in told["read"])
    assert told["first"]["run_id"] == made[-1]


def test_the_program_knows_no_url_that_the_document_does_not_name() -> None:
    text = (ROOT / "tests" / "api" / "program_writer.py").read_text(encoding="utf-8")
    document = json.loads((ROOT / "docs" / "openapi.json").read_bytes())
    assert not [path for path in document["paths"] if path in text]
