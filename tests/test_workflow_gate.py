"""The verify gate in `.github/workflows/rmos_ci.yml`: that it is there, and that it can fail.

The file is read by lines, not as YAML: what is asserted is plain in its text, and the product needs no YAML library.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from devtools.testing import PROGRAMS

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "rmos_ci.yml"
SEEDED = "RMOS_RUNS_DIR: ${{ runner.temp }}/rmos_runs"


class Step(NamedTuple):
    """One step of the job: its name and its text, comments taken out."""

    name: str
    text: str


def lines_of(text: str) -> list[str]:
    """Return the lines that count: without comments and blanks."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def steps_of(text: str) -> list[Step]:
    """Return the steps in order; each begins with `- name:` at the depth of the first."""
    lines = lines_of(text)
    start = lines.index("    steps:")
    blocks = re.split(r"(?m)^      - ", "\n".join(lines[start + 1 :]))[1:]
    assert all(block.startswith("name: ") for block in blocks), "every step has a name"
    return [Step(block.split("\n", 1)[0].removeprefix("name: "), block) for block in blocks]


@pytest.fixture(scope="module")
def workflow() -> str:
    return WORKFLOW.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def steps(workflow: str) -> list[Step]:
    return steps_of(workflow)


def position(steps: list[Step], pattern: str) -> int:
    """Return where the only step is whose text matches."""
    found = [number for number, step in enumerate(steps) if re.search(pattern, step.text)]
    assert len(found) == 1, (pattern, [steps[number].name for number in found])
    return found[0]


def test_trap_34_the_gate_judges_a_store_that_was_seeded_after_the_tests(steps: list[Step]) -> None:
    tests = position(steps, r"run: python3 dev\.py check --only tests\n?$")
    seed = position(steps, r"run: \.venv/bin/flask rmos demo\b")
    gate = position(steps, r"(?s)flask rmos verify (?!.*damaged)")
    damaged = position(steps, r"(?s)flask rmos verify .*damaged")
    assert tests < seed < gate < damaged
    assert SEEDED in steps[seed].text
    assert SEEDED in steps[gate].text


def test_trap_34_the_gate_demands_at_least_one_run_and_writes_a_report(steps: list[Step]) -> None:
    verifying = [step for step in steps if "flask rmos verify" in step.text]
    assert len(verifying) == 2
    for step in verifying:
        command = re.search(r"flask rmos verify (.*)", step.text)
        assert command is not None
        runs = re.search(r"--min-runs (\d+)", command[1])
        assert runs is not None, step.name
        assert int(runs[1]) >= 1
        assert '--report "$REPORT"' in command[1]
        assert re.search(r"REPORT: \$\{\{ runner\.temp \}\}/rmos_reports/\w+\.json", step.text)


def test_trap_34_the_gate_cannot_be_passed_by_without_a_word(steps: list[Step]) -> None:
    gated = [step for step in steps if "flask rmos" in step.text]
    assert len(gated) == 3
    for step in gated:
        assert "continue-on-error" not in step.text, step.name
        assert not re.search(r"(?m)^        if:", step.text), step.name
    sound = next(step for step in gated if "flask rmos verify" in step.text)
    assert "||" not in sound.text


def damage_script(steps: list[Step]) -> str:
    """Return the shell text of the step that damages a copy."""
    text = steps[position(steps, r"(?s)flask rmos verify .*damaged")].text
    return "\n".join(line.removeprefix("          ") for line in text.split("        run: |\n")[1].splitlines())


@pytest.mark.parametrize(("verify_status", "gate_status"), [(0, 1), (1, 0), (2, 1), (10, 1)])
def test_trap_34_the_gate_passes_only_when_verify_finds_the_damage(
    steps: list[Step], tmp_path: Path, verify_status: int, gate_status: int
) -> None:
    partition = tmp_path / "rmos_runs" / "2025-12-23"
    partition.mkdir(parents=True)
    (tmp_path / "rmos_runs" / "_index.sqlite").write_bytes(b"index")
    artifact = partition / "run_0197.json"
    artifact.write_bytes(b'{"_sha256":"00"}\n')
    artifact.chmod(0o444)
    (partition / "run_0197.000001.json").write_bytes(b"{}\n")
    flask = tmp_path / ".venv" / "bin" / "flask"
    flask.parent.mkdir(parents=True)
    flask.write_text(f'#!/bin/sh\necho "$@" >called\nexit {verify_status}\n')
    flask.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "SEEDED": str(tmp_path / "rmos_runs"),
        "RMOS_RUNS_DIR": str(tmp_path / "rmos_damaged"),
        "REPORT": str(tmp_path / "damaged.json"),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", damage_script(steps)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == gate_status, done.stderr
    assert (tmp_path / "called").read_text().startswith("rmos verify --min-runs 1 --report ")
    assert artifact.read_bytes() == b'{"_sha256":"00"}\n', "the damage is done to a copy"
    copy = tmp_path / "rmos_damaged" / "2025-12-23"
    assert (copy / "run_0197.json").read_bytes() != artifact.read_bytes()
    assert (copy / "run_0197.json").stat().st_size == artifact.stat().st_size
    assert (copy / "run_0197.000001.json").read_bytes() == b"{}\n"


def test_the_reports_are_kept_also_when_the_gate_failed(steps: list[Step]) -> None:
    kept = steps[-1].text
    assert "uses: actions/upload-artifact@" in kept
    assert "if: always()" in kept
    assert "path: ${{ runner.temp }}/rmos_reports/" in kept


def test_lint_types_and_layers_run_before_the_tests_on_every_supported_python(workflow: str, steps: list[Step]) -> None:
    checks = position(steps, r"dev\.py check --only lint,format,types,layers")
    assert checks < position(steps, r"dev\.py check --only tests")
    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in workflow
    assert any("python-version: ${{ matrix.python }}" in step.text for step in steps)


def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(workflow: str) -> None:
    used = [line for line in lines_of(workflow) if re.search(r"\buses:", line)]
    assert len(used) == 3
    for line in used:
        assert re.fullmatch(r" +uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_the_job_may_read_the_repository_and_nothing_else(workflow: str) -> None:
    lines = lines_of(workflow)
    where = [number for number, line in enumerate(lines) if re.search(r"\bpermissions:", line)]
    assert [lines[number] for number in where] == ["permissions:"]
    granted = []
    for line in lines[where[0] + 1 :]:
        if not line.startswith(" "):
            break
        granted.append(line.strip())
    assert granted == ["contents: read"]
    assert "persist-credentials: false" in workflow
    assert "secrets." not in workflow
    assert "pull_request_target" not in workflow


def test_a_hanging_or_outdated_job_is_ended(workflow: str) -> None:
    assert re.search(r"(?m)^    timeout-minutes: \d+$", workflow)
    assert re.search(r"(?m)^concurrency:\n  group: .+\n  cancel-in-progress: true$", workflow)


def test_the_temporary_folder_is_named_only_where_it_is_known(workflow: str, steps: list[Step]) -> None:
    in_steps = sum(step.text.count("runner.temp") for step in steps)
    assert "\n".join(lines_of(workflow)).count("runner.temp") == in_steps


def test_ci_runs_the_checks_of_this_repository_without_asking_anything() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = lines_of(script.read_text())
    assert "set -eu" in lines
    assert "exec </dev/null" in lines
    assert lines[-1] == "exec python3 dev.py check"


@pytest.mark.parametrize("program", ["strace", "nginx", "go"])
def test_the_programs_that_tests_need_are_installed_before_them(steps: list[Step], program: str) -> None:
    (text,) = [step.text for step in steps if "apt-get install" in step.text]
    assert set(PROGRAMS[program].split()) <= set(text.split())
    assert position(steps, "apt-get install") < position(steps, r"run: python3 dev\.py check --only tests\n?$")
