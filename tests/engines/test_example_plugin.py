"""The example under examples/ is installed as its page says, keeps the contract, and judges runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import sys
from pathlib import Path
from rmos import create_app
from rmos.config import Settings

app = create_app(Settings(instance_path=Path(sys.argv[1]), runs_dir=Path(sys.argv[1]) / "runs"))
body = {"mode": "router", "tool_id": "none", "engine_id": "gentle", "design": {"feed_mm_min": 2500}, "context": {}}
client = app.test_client()
made = client.post("/api/rmos/runs", json=body).json
print(made["risk_level"], made["block_reason"], sep="|")
print(client.get("/api/rmos/rules/TOO_FAST").json["engine_id"])
print(app.test_cli_runner().invoke(args=["rmos", "rules", "TOO_FAST", "--json"]).stdout)
app.extensions["rmos"].close()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Install the example beside this checkout; return its sources and the environment that finds it."""
    folder = tmp_path_factory.mktemp("example")
    source = shutil.copytree(ROOT / "examples" / "rmos-gentle", folder / "rmos-gentle")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"),
            *("--disable-pip-version-check", "--target", str(folder / "site"), str(source)),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    return source, environment | {"PYTHONPATH": os.pathsep.join((str(folder / "site"), str(ROOT)))}


@pytest.mark.long
def test_the_example_passes_its_own_tests(installed: tuple[Path, dict[str, str]]) -> None:
    source, environment = installed
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "6 passed" in tried.stdout


@pytest.mark.long
def test_the_service_asks_the_example_and_explains_its_rule(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    _, environment = installed
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert asked.returncode == 0, asked.stderr
    decision, engine_id, document = asked.stdout.split("\n", 2)
    assert decision == "RED|TOO_FAST: feed 2500 mm/min, a careful hand goes to 1000 mm/min"
    assert engine_id == "gentle"
    assert json.loads(document)["hint"] == "Feed slower."
