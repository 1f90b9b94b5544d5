"""Exit codes, errors, Ctrl-C and closed pipes; the codes of each command are in its own file."""

import contextlib
import errno
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rmos.cli.exits import RmosGroup
from rmos.cli.output import json_option, mark_writing
from rmos.errors.base import RmosError
from rmos.errors.installation import NoStore
from rmos.errors.records import RunDeleted
from rmos.errors.request import ValidationFailed
from rmos.errors.store import StoreLocked
from rmos.index.locks import file_lock
from tests.cli.conftest import BOTH_WAYS, CONSOLE_SCRIPT, Command, command_on, document, listed, start
from tests.helpers.processes import Process
from tests.helpers.waiting import wait_until


def group_raising(error: BaseException) -> click.Group:
    """Return a group whose only command fails."""

    @click.command("fail")
    @json_option
    def fail(as_json: bool) -> int:
        raise error

    group = RmosGroup("rmos")
    group.add_command(fail)
    return group


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoStore("gone"), 10),
        (StoreLocked("busy"), 11),
        (ValidationFailed("wrong"), 2),
        (RmosError("broken"), 1),
        (KeyboardInterrupt(), 130),
        (OSError(errno.ENOSPC, "no space"), 1),
        (PermissionError(errno.EACCES, "denied", "/srv/secret"), 1),
        (OSError("without a number"), 1),
    ],
)
def test_each_error_ends_with_its_code_and_one_line(error: BaseException, code: int) -> None:
    result = CliRunner().invoke(group_raising(error), ["fail"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_an_error_is_an_object_with_json_and_names_what_is_concerned() -> None:
    error = RunDeleted("The run was deleted.", run_id="run_1", reason="a\nb")
    result = CliRunner().invoke(group_raising(error), ["fail", "--json"])
    assert document(result) == {
        "error": "RUN_DELETED",
        "detail": "The run was deleted.",
        "run_id": "run_1",
        "reason": "a\nb",
    }
    assert result.stderr == "Run deleted: The run was deleted. (run_id run_1; reason a\\nb)\n"


def test_what_the_system_refused_is_told_without_the_path() -> None:
    result = CliRunner().invoke(group_raising(OSError(errno.EMFILE, "Too many", "/srv/secret")), ["fail", "--json"])
    assert result.exit_code == 1
    assert result.stderr == "The system refused it: too many open files.\n"
    assert document(result) == {"error": "SYSTEM_ERROR", "detail": "The system refused it: too many open files."}


LISTS = ("runs", "show", "rules", "openapi", "evidence", "proof", "token")
VERDICTS = ("verify", "status", "judge", "program", "attachments", "migrate")


@pytest.mark.parametrize(("name", "code"), [*((name, 0) for name in LISTS), *((name, 1) for name in VERDICTS)])
def test_trap_47_a_closed_pipe_is_success_for_a_list_and_none_for_a_verdict(name: str, code: int) -> None:
    group = group_raising(BrokenPipeError(errno.EPIPE, "closed"))
    group.commands = {name: group.commands["fail"]}
    result = CliRunner().invoke(group, [name])
    assert (result.exit_code, result.output) == (code, "")


def test_what_was_written_and_could_not_be_told_is_no_success() -> None:
    def write() -> int:
        mark_writing()
        raise BrokenPipeError(errno.EPIPE, "closed")

    group = RmosGroup("rmos")
    group.add_command(click.Command("evidence", callback=write))
    assert CliRunner().invoke(group, ["evidence"]).exit_code == 1


@pytest.mark.parametrize("name", ["verify", "status", "orphans", "repair", "judge", "program"])
def test_a_verdict_that_is_interrupted_is_none(name: str) -> None:
    group = group_raising(KeyboardInterrupt())
    group.commands = {name: group.commands["fail"]}
    result = CliRunner().invoke(group, [name])
    assert (result.exit_code, result.stderr) == (130, "Interrupted: no verdict.\n")


def test_what_is_interrupted_while_it_writes_says_that_it_can_go_on() -> None:
    def move() -> int:
        mark_writing()
        raise KeyboardInterrupt

    group = RmosGroup("rmos")
    group.add_command(click.Command("orphans", callback=move))
    assert "run the command again" in CliRunner().invoke(group, ["orphans"]).stderr


def test_without_a_store_the_folder_is_named(tmp_path: Path) -> None:
    result = command_on(tmp_path / "absent")("verify", "--json")
    assert f"There is no store in {tmp_path / 'absent'}. Is the disk mounted" in result.stderr
    assert document(result)["error"] == "NO_STORE"


@pytest.mark.parametrize("name", ["verify", "repair", "demo"])
def test_a_file_in_the_place_of_the_store_is_a_wrong_setting(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    result = command_on(tmp_path / "file")(name)
    assert result.exit_code == 2
    assert result.stderr == "Bad configuration: RMOS_RUNS_DIR names a file, not a folder.\n"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_misspelt_setting_is_named_and_harmless(root: Path) -> None:
    process = start(root, "status", "--json", program=CONSOLE_SCRIPT, RMOS_RUN_DIR="/elsewhere")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["store_root"] == str(root)
    assert "WARNING" in err
    assert "RMOS_RUN_DIR" in err


def test_a_fault_of_ours_is_not_hidden() -> None:
    result = CliRunner().invoke(group_raising(ZeroDivisionError()), ["fail"])
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_what_a_command_returns_is_what_the_process_ends_with(code: int) -> None:
    group = RmosGroup("rmos")
    group.add_command(click.Command("done", callback=lambda: code))
    assert CliRunner().invoke(group, ["done"]).exit_code == code


@BOTH_WAYS
def test_ctrl_c_ends_with_130_and_one_line(root: Path, program: tuple[str, ...]) -> None:
    lock = root / "_index.lock"
    with file_lock(lock, wait_s=0):
        process = start(root, "rebuild", program=program)
        wait_for(process.pid, lock)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].startswith("Interrupted.")
    assert "Traceback" not in err


@pytest.mark.parametrize(("answer", "code"), [(KeyboardInterrupt, 130), (EOFError, 1)])
def test_ctrl_c_at_a_question_is_told_from_an_input_that_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: type[BaseException], code: int
) -> None:
    def no_answer(prompt: str) -> str:
        raise answer

    monkeypatch.setattr("click.termui.visible_prompt_func", no_answer)
    group = RmosGroup("rmos")
    group.add_command(click.Command("ask", callback=lambda: int(click.confirm("Really?", err=True))))
    with pytest.raises(SystemExit) as end:
        group.main(["ask"])
    assert end.value.code == code
    assert capsys.readouterr().out == ""


@pytest.mark.long
@BOTH_WAYS
def test_a_closed_pipe_is_no_traceback(root: Path, program: tuple[str, ...]) -> None:
    process = start(root, "runs", "--limit", "500", program=program)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


@BOTH_WAYS
def test_a_setting_that_cannot_be_used_is_a_usage_error(root: Path, program: tuple[str, ...]) -> None:
    process = start(root, "verify", program=program, RMOS_LOG_LEVEL="LOUD")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "RMOS_LOG_LEVEL" in err
    assert "Traceback" not in err


def wait_for(pid: int, path: Path) -> None:
    """Wait until the process has the file open."""

    def is_open() -> bool:
        try:
            return str(path) in [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        except FileNotFoundError:
            return False

    wait_until(is_open, "the process to come to the lock")


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("show", "@latest"),
        ("verify",),
        ("runs", "--json"),
        ("--help",),
        ("verify", "--nonsense"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("output", ["full", "closed"])
def test_an_output_that_takes_nothing_is_no_traceback(root: Path, arguments: tuple[str, ...], output: str) -> None:
    redirect = ">/dev/full 2>/dev/full" if output == "full" else ">&- 2>&-"
    watched = subprocess.run(
        ["sh", "-c", f'exec 3>&2; "$0" -m rmos "$@" {redirect}; echo $? >&3', sys.executable, *arguments],
        env={**os.environ, "RMOS_RUNS_DIR": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    status = int(watched.stderr)
    assert status in ((1, 2) if output == "full" else (0, 2))


def test_what_was_wrong_with_a_field_is_named_in_words_and_in_json() -> None:
    error = ValidationFailed("The request names what is not there.", errors={"tool_id": ["Unknown tool."]})
    result = CliRunner().invoke(group_raising(error), ["fail", "--json"])
    assert result.stderr.splitlines() == [
        "Validation failed: The request names what is not there.",
        "  tool_id: Unknown tool.",
    ]
    assert document(result)["errors"] == {"tool_id": ["Unknown tool."]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "--json", "--nonsense"), "--nonsense"),
        (("verify", "--nonsense", "--json"), "--nonsense"),
        (("runs", "--json", "--limit", "x"), "--limit"),
        (("veryfy", "--json"), "Did you mean 'verify'"),
        (("evidence", "sums", "--json"), "--day"),
        (("evidence", "strat", "--json"), "Did you mean 'start'"),
        (("proof", "--json"), "Name a run"),
        (("proof", "@latest", "--out", "-", "--json"), "not both"),
    ],
    ids=" ".join,
)
def test_trap_47_words_that_are_wrong_are_told_in_json_too(run: Command, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    told = document(result)
    assert (told["error"], said in told["detail"]) == ("USAGE", True)
    assert told["detail"] in result.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, marks=pytest.mark.long),
        pytest.param({"NO_COLOR": "1"}, False, marks=pytest.mark.long),
    ],
)
def test_colours_follow_the_environment(root: Path, variables: dict[str, str], coloured: bool) -> None:
    process = start(root, "runs", program=CONSOLE_SCRIPT, TERM="xterm", **variables)
    out, _ = process.communicate(timeout=60)
    assert ("\x1b[" in out) is coloured


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colours_unless_it_wants_none(root: Path, variables: dict[str, str], coloured: bool) -> None:
    shown = on_terminal(
        root, "runs", columns=80, TERM=variables.get("TERM", "xterm"), NO_COLOR=variables.get("NO_COLOR", "")
    )
    assert ("\x1b[3" in shown) is coloured


@pytest.mark.long
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_list_on_a_terminal_keeps_what_matters(root: Path, columns: int) -> None:
    shown = on_terminal(root, "runs", "--risk", "RED", "--limit", "3", columns=columns, NO_COLOR="1")
    items = listed(command_on(root), "runs", "--risk", "RED")[:3]
    flat = "".join(shown.split())
    assert all(len(line) <= columns for line in shown.splitlines() if " " in line.strip())
    for item in items:
        assert item["run_id"][:16] in shown
        assert f"{item['score']:.1f}" in shown
        assert "".join(item["block_reason"].split()) in flat


def on_terminal(root: Path, *arguments: str, columns: int, **variables: str) -> str:
    """Return what a command shows on a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with Process(
        [sys.executable, "-m", "rmos", *arguments],
        env={**environment, "TERM": "xterm", "RMOS_RUNS_DIR": str(root)} | variables,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        parts = []
        with contextlib.suppress(OSError):  # EIO: the other side was closed
            while part := os.read(ours, 65536):
                parts.append(part)
        os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")
