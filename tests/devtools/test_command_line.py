"""`dev.py` itself, its command line, and `clean`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.command_line import main

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "dev.py"


def test_an_old_python_can_read_the_script_as_far_as_the_line_that_says_so() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    refusal = next(node for node in tree.body if isinstance(node, ast.If))
    early = [node for node in imports if node.lineno < refusal.lineno]
    assert [ast.unparse(node) for node in early] == ["import sys"]
    assert "RMOS needs Python 3.11 or newer; this is" in ast.unparse(refusal)


def test_it_runs_where_nothing_is_installed() -> None:
    alone = [sys.executable, "-S", "-E", str(SCRIPT), "--help"]
    done = subprocess.run(alone, cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: dev.py")


@pytest.mark.parametrize("command", ["setup", "serve", "test", "check", "bench", "clean"])
def test_every_command_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: dev.py {command}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: dev.py"),
        (["nonsense"], "usage: dev.py"),
        (["check", "--only", "lint,nonsense"], "There is no step 'nonsense'; the steps are"),
        (["clean", "--dat"], "usage: dev.py clean"),
    ],
)
def test_a_wrong_command_line_says_what_is_right_and_exits_2(
    arguments: list[str], said: str, commands: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 2
    assert capsys.readouterr().err.startswith(said)
    assert commands == []


@pytest.mark.parametrize(("options", "level"), [([], "rmos-dev"), (["--base"], "rmos-base")])
def test_setup_makes_one_level_and_compiles_what_a_service_may_not(
    commands: list[list[str]], options: list[str], level: str
) -> None:
    assert main(["setup", *options]) == 0
    assert commands[0] == ["set up", level]
    assert ["compileall" in command for command in commands[1:]] == ([True] if options else [])


def test_the_benchmarks_get_their_arguments_untouched(commands: list[list[str]]) -> None:
    assert main(["bench", "--only", "http", "--quick"]) == 0
    assert commands[0] == ["set up", "rmos-dev"]
    assert commands[1][1:] == ["-m", "benchmarks", "--only", "http", "--quick"]


def test_clean_keeps_the_recorded_runs(checkout: Path) -> None:
    run = checkout / "instance" / "runs" / "2025-12-23" / "run_1.json"
    run.parent.mkdir(parents=True)
    run.write_text("{}")
    for made in (".venv/bin", "rmos/__pycache__", "tests/api/__pycache__", "rmos.egg-info", ".mypy_cache"):
        (checkout / made).mkdir(parents=True)
    assert main(["clean"]) == 0
    assert run.exists()
    assert not (checkout / ".venv").exists()
    assert not list(checkout.rglob("__pycache__"))
    assert not list(checkout.glob("*.egg-info"))
    assert not (checkout / ".mypy_cache").exists()


@pytest.mark.parametrize(("answer", "erased"), [("erase\n", True), ("yes\n", False), ("", False)])
def test_clean_erases_runs_only_when_asked_to_and_confirmed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, answer: str, erased: bool
) -> None:
    runs = checkout / "instance" / "runs"
    runs.mkdir(parents=True)
    given = checkout / "answer"
    given.write_text(answer)
    with given.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["clean", "--data"]) == int(not erased)
    assert runs.exists() is not erased
