"""`.github/workflows/rmos_systems.yml`: RMOS from a wheel, on macOS, as on macOS, and in its image."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.as_on_macos import OPTION

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path: Path) -> dict[Any, Any]:
    """Return a workflow."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def commands_of(job: dict[str, Any]) -> str:
    """Return all lines that a job runs."""
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """The jobs of the workflow."""
    found: dict[str, Any] = read(ROOT / ".github" / "workflows" / "rmos_systems.yml")["jobs"]
    return found


def supported() -> list[str]:
    """Return the versions of Python that RMOS says it runs on."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    return re.findall(r"Python :: (3\.\d+)", settings["metadata"]["classifiers"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_every_workflow_may_only_read_ends_by_itself_and_names_what_it_uses_by_its_bytes(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    at_night = "schedule" in workflow[True]  # YAML 1.1 reads `on` as a truth value
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= (180 if at_night else 45)
        uses = [step for step in job["steps"] if "uses" in step]
        for step in uses:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        assert uses[0]["with"] == {"persist-credentials": False}
    assert "secrets." not in path.read_text()


def test_there_is_a_job_for_each_python_of_the_classifiers(jobs: dict[str, Any]) -> None:
    assert supported() == ["3.11", "3.12", "3.13", "3.14"]
    assert jobs["wheel"]["strategy"]["matrix"]["python"] == supported()
    checked = read(ROOT / ".github" / "workflows" / "rmos_ci.yml")["jobs"]["check"]
    assert checked["strategy"]["matrix"]["python"] == supported()


def test_a_wheel_is_built_installed_elsewhere_started_and_proved(jobs: dict[str, Any]) -> None:
    lines = commands_of(jobs["wheel"])
    for line in ("pip wheel --no-deps", "install dist/*.whl", "rmos serve --demo", "/sign-in", "rmos verify"):
        assert line in lines
    assert lines.index("pip wheel") < lines.index("install dist/*.whl") < lines.index("rmos serve")


def test_macos_is_tried_on_one_and_without_one(jobs: dict[str, Any]) -> None:
    assert jobs["macos"]["runs-on"] == "macos-latest"
    assert "dev.py test" in commands_of(jobs["macos"])
    assert f"dev.py test {OPTION} -rs" in commands_of(jobs["as_on_macos"])


def test_the_image_is_built_and_started_on_both_kinds_of_machine(jobs: dict[str, Any]) -> None:
    assert jobs["image"]["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    assert "docker build -f deploy/Dockerfile" in commands_of(jobs["image"])
    assert "rmos verify" in commands_of(jobs["image"])
