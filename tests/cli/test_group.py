"""The group: which commands there are, how they are reached, that each is documented."""

import configparser
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import rmos.cli
from rmos.cli import rmos_group
from rmos.cli.lazy import LazyCommand
from tests.cli.conftest import CONSOLE_SCRIPT, FLASK, ROOT, Command, finished, start

COMMANDS = {
    "verify": {
        "--evidence",
        "--key",
        "--checkpoint",
        "--strict",
        "--no-strict",
        "--quick",
        "--since",
        "--min-runs",
        "--report",
    },
    "status": {"--quick", "--probe"},
    "rebuild": {"--dry-run"},
    "orphans": {"--delete", "--yes", "-y"},
    "repair": {"--dry-run", "--remove-missing", "--index-orphans", "--no-index-orphans"},
    "rosette": {
        *("prompt", "--seed", "--out", "--png", "--dxf", "--plan", "--profile", "--record", "--spec"),
        *("--gcode", "--post", "--soundhole"),
    },
    "toolpaths": {"run_or_session", "--post", "--options", "--operation", "--out"},
    "demo": {"--if-empty", "--runs", "--seed"},
    "serve": {"--bind", "--port", "--workers", "--demo", "--no-demo", "--open"},
    "runs": {
        *(
            "--status",
            "--risk",
            "--mode",
            "--tool",
            "--material",
            "--machine",
            "--session",
            "--by",
            "--rule",
            "--override",
            "--outcome",
        ),
        *("--since", "--until", "--deleted", "--limit", "--cursor", "--follow"),
    },
    "batch": {"label", "--session", "--view"},
    "run-log": {
        *("--format", "--bom", "--to", "--tool", "--material", "--machine", "--batch", "--session"),
        *("--since", "--until", "--deleted"),
    },
    "outcome": {
        *("run_id", "--ended", "--part", "--reason", "--started", "--stopped", "--seconds", "--line", "--program"),
        *("--tool", "--broke", "--feed-override", "--quantity", "--rating", "--note", "--photo", "--corrects"),
    },
    "outcomes": {
        *("--machine", "--tool", "--material", "--part", "--ended", "--since", "--until", "--limit", "--cursor"),
        "--totals",
    },
    "calibrate": {"--machine", "--since"},
    "tool-life": {"tool_id", "--record", "--serial", "--note"},
    "sessions": {
        *("--user", "--status", "--state", "--type", "--since", "--until", "--deleted"),
        *("--limit", "--cursor"),
    },
    "judge": {"file"},
    "record": {"file"},
    "suggest": {
        *("file", "--tool", "--material", "--machine", "--operation", "--depth", "--width", "--floor", "--stock"),
        *("--feed", "--plunge", "--rpm", "--pass-depth", "--engagement", "--svg"),
    },
    "program": {
        *("file", "--tool", "--material", "--stock", "--size", "--origin", "--zero", "--machine", "--units"),
        *("--dialect", "--svg", "--record"),
    },
    "show": {"--events", "run_id"},
    "rules": {"rule_id"},
    "replay": {"run_id"},
    "backtest": {"--engine", "--tables", "--since", "--bom", "--csv", "--outcomes"},
    "openapi": set(),
    "diff": {"run_a", "run_b"},
    "token create": {"name", "--role", "--expires"},
    "token list": set(),
    "token revoke": {"token_id"},
    "attachments verify": set(),
    "attachments gc": {"--dry-run", "--grace-hours"},
    "delete": {"--reason", "--mode", "run_id"},
    "restore": {"--reason", "run_id"},
    "audit tail": {"--limit", "--follow"},
    "migrate status": {"--from"},
    "migrate migrate": {"--from", "--dry-run"},
    "migrate verify": {"--from"},
    "migrate rollback": {"--from"},
    "bundle create": {"file", "--session", "--since", "--run"},
    "bundle import": {"file"},
    "evidence start": {"--origin", "--if-absent"},
    "evidence append": set(),
    "evidence keys": set(),
    "evidence checkpoint": set(),
    "evidence consistency": {"--old"},
    "evidence sums": {"--day"},
    "evidence publish": {"folder"},
    "evidence rotate-key": {"--lost"},
    "pack": {"about", "--out"},
    "proof": {"run_id", "--object", "--out", "--checkpoint"},
    "copy": {"--to", "--from", "--dry-run", "--check"},
    "import": {"source"},
    "export": {"--bom", "--format", "--proofs", "--to", "--session", "--since", "--until", "--deleted"},
}
"""What the command line promises (docs/operations.md); each takes --json besides."""


def commands_of(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Return the commands of a group by their words, those of groups within it too."""
    found: dict[str, click.Command] = {}
    for name, offered in group.commands.items():
        command = offered.load() if isinstance(offered, LazyCommand) else offered
        inner = isinstance(command, click.Group)
        found |= commands_of(command, f"{before}{name} ") if inner else {f"{before}{name}": command}
    return found


def groups_of(group: click.Group) -> set[click.Command]:
    offered = [found.load() if isinstance(found, LazyCommand) else found for found in group.commands.values()]
    inner = {command for command in offered if isinstance(command, click.Group)}
    return inner.union(*(groups_of(found) for found in inner if isinstance(found, click.Group)))


def names_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_there_are_just_the_commands_and_options_that_are_promised() -> None:
    assert {name: names_of(command) for name, command in commands_of(rmos_group).items()} == {
        name: {*options, "--json"} for name, options in COMMANDS.items()
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_in_the_operations_page(name: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert re.search(rf"`(rmos )?{name}[ `]", page)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_what_it_does_what_it_never_does_and_its_exit_codes(name: str) -> None:
    command = commands_of(rmos_group)[name]
    assert command.help is not None
    assert "Exit codes: 0 " in command.help
    assert any(word in command.help for word in ("never", "Never", "nothing", "Nothing"))
    assert command.get_short_help_str(80).endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_can_be_read(run: Command, name: str) -> None:
    result: Result = run(*name.split(), "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_help_says_of_each_command_what_its_own_help_begins_with() -> None:
    for name, offered in rmos_group.commands.items():
        assert isinstance(offered, LazyCommand)
        assert (offered.load().name, offered.load().get_short_help_str(200)) == (name, offered.short_help)


def run_and_list_loaded(
    modules: tuple[str, ...], arguments: list[str], variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `rmos` in a process that says, in the last line of stderr, which of these modules it has loaded."""
    program = (
        "import atexit, runpy, sys\n"
        f"heavy = {modules!r}\n"
        "atexit.register(lambda: print('LOADED', [name for name in heavy if name in sys.modules], file=sys.stderr))\n"
        "runpy.run_module('rmos', run_name='__main__', alter_sys=True)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--help"], {}, "Prove that the record is whole"),
        (["veryfy"], {}, "Did you mean 'verify'"),
        ([], {"_RMOS_COMPLETE": "bash_complete", "COMP_WORDS": "rmos ver", "COMP_CWORD": "1"}, "plain,verify"),
    ],
    ids=["help", "a misspelt command", "Tab"],
)
def test_trap_47_help_and_tab_load_none_of_the_service(
    arguments: list[str], variables: dict[str, str], said: str
) -> None:
    heavy = ("flask", "sqlalchemy", "marshmallow", "rmos.store", "rmos.api", "rmos.engines")
    done = run_and_list_loaded(heavy, arguments, variables)
    assert said in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize("arguments", [["verify", "--help"], ["verify"]], ids=" ".join)
def test_trap_47_a_command_loads_no_route_no_page_and_no_other_database(tmp_path: Path, arguments: list[str]) -> None:
    heavy = ("rmos.app", "rmos.api", "rmos.web", "sqlalchemy.dialects.postgresql")
    variables = {"RMOS_RUNS_DIR": str(tmp_path), "RMOS_INSTANCE_DIR": str(tmp_path)}
    done = run_and_list_loaded(heavy, arguments, variables)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "LOADED []"), done.stderr
    assert "whole" in done.stdout


def test_the_document_of_the_routes_is_printed_by_the_one_command_that_loads_them(tmp_path: Path) -> None:
    variables = {"RMOS_RUNS_DIR": str(tmp_path), "RMOS_INSTANCE_DIR": str(tmp_path)}
    done = run_and_list_loaded(("rmos.app", "rmos.api"), ["openapi"], variables)
    assert done.stderr.splitlines()[-1] == "LOADED ['rmos.app', 'rmos.api']"
    assert "/api/rmos/runs" in json.loads(done.stdout)["paths"]


def test_trap_37_each_command_module_is_reached_from_the_entry_point() -> None:
    found = set()
    for module in pkgutil.iter_modules(rmos.cli.__path__):
        members = vars(importlib.import_module(f"rmos.cli.{module.name}")).values()
        found |= {member for member in members if isinstance(member, click.Command)}
    assert found == {*commands_of(rmos_group).values(), *groups_of(rmos_group)}
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    assert "rmos = rmos.__main__:main" in settings["options.entry_points"]["console_scripts"].splitlines()


def test_trap_37_ci_uses_the_commands() -> None:
    text = (ROOT / ".github" / "workflows" / "rmos_ci.yml").read_text() + (ROOT / "dev.py").read_text()
    assert "flask rmos verify" in text
    assert "flask rmos demo" in text


@pytest.mark.long
@pytest.mark.parametrize("program", [FLASK, CONSOLE_SCRIPT], ids=["flask rmos", "rmos"])
def test_both_ways_end_with_the_code_of_the_command(root: Path, program: tuple[str, ...]) -> None:
    for arguments, code in ((("status",), 0), (("status", "--nonsense"), 2), (("show", "run_" + "0" * 32), 1)):
        assert finished(start(root, *arguments, program=program))[0] == code


@pytest.mark.long
@pytest.mark.parametrize("program", [FLASK, CONSOLE_SCRIPT], ids=["flask rmos", "rmos"])
def test_both_ways_lead_to_the_same_commands(tmp_path: Path, program: tuple[str, ...]) -> None:
    """By a code that Flask's own main does not know."""
    code, out, err = finished(start(tmp_path / "absent", "verify", program=program))
    assert (code, out) == (10, "")
    assert err.startswith("No store: ")


def test_the_console_script_needs_no_rmos_rmos(root: Path) -> None:
    code, out, _ = finished(start(root, "--help", program=CONSOLE_SCRIPT))
    assert code == 0
    assert out.startswith("Usage: rmos [OPTIONS] COMMAND")
    assert "Exit codes:" in out
    assert {name.split()[0] for name in COMMANDS} <= {line.split()[0] for line in out.splitlines() if line.strip()}


def test_trap_43_every_word_of_a_vocabulary_is_taken_in_any_case() -> None:
    options = [parameter for command in commands_of(rmos_group).values() for parameter in command.params]
    choices = [option for option in options if isinstance(option.type, click.Choice)]
    assert choices
    assert [option.name for option in choices if option.type.case_sensitive] == []


def _walk_commands(command: click.Command, words: list[str]) -> Iterator[list[str]]:
    yield words
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from _walk_commands(below, [*words, name])


def test_trap_47_the_help_of_every_command_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = {
        " ".join(words): CliRunner().invoke(rmos_group, [*words, "--help"], prog_name="rmos").output
        for words in _walk_commands(rmos_group, [])
    }
    assert len(shown) > 25
    assert {name: line for name, text in shown.items() for line in text.splitlines() if len(line) > 80} == {}
