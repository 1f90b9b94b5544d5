"""`rmos sessions`, the runs of one, and `runs --follow`."""

import contextlib
import json
import os
import pty
import re
import signal
from pathlib import Path

import pytest

from rmos import ids
from rmos.cli.output import COLOURS
from rmos.config import Settings
from rmos.schemas.runs import dump_summary
from rmos.services.sessions import create_session
from rmos.store import Store
from tests.cli.conftest import FLASK, Command, command_on, document, listed, records_of, start
from tests.helpers.processes import Process
from tests.helpers.waiting import PATIENCE_S
from tests.makers import ANNA, make_members


def open_store(root: Path) -> Store:
    return Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=dump_summary)


HOUR_US = 3_600_000_000
WALKED_ON = "light_desktop"
"""The machine of the sessions that the demo walks through the workflow."""


def test_the_demo_has_active_and_deleted_sessions_with_runs_in_them(run: Command) -> None:
    sessions = listed(run, "sessions", "--deleted")
    assert {session["status"] for session in sessions} == {"ACTIVE", "DELETED"}
    for session in sessions:
        page = document(run("runs", "--session", session["session_id"], "--json"))
        assert page["items"]
        if session["machine_id"] != WALKED_ON:
            assert (session["state"], session["version"]) == ("context_ready", 1 + (session["status"] == "DELETED"))
    cascades = {
        document(
            run("show", document(run("runs", "--session", one["session_id"], "--json"))["items"][0]["run_id"], "--json")
        )["session_deleted"]
        for one in sessions
    }
    assert cascades == {True, False}


def test_sessions_are_listed_newest_first_and_filters_choose(run: Command) -> None:
    every = listed(run, "sessions", "--deleted")
    assert [session["created_at_utc"] for session in every] == sorted(
        (session["created_at_utc"] for session in every), reverse=True
    )
    active = [session for session in every if session["status"] == "ACTIVE"]
    assert listed(run, "sessions") == listed(run, "sessions", "--status", "active") == active
    assert listed(run, "sessions", "--status", "DELETED") == [session for session in every if session not in active]
    user, state = active[0]["user_id"], active[0]["state"]
    assert listed(run, "sessions", "--user", user, "--state", state) == [
        session for session in active if (session["user_id"], session["state"]) == (user, state)
    ]
    assert listed(run, "sessions", "--type", "nothing") == []
    assert listed(run, "sessions", "--since", "2100-01-01") == []


def test_people_get_a_table_without_colours_when_it_is_no_terminal(run: Command) -> None:
    lines = run("sessions", "--deleted").stdout.splitlines()
    assert re.fullmatch(r"CREATED \(UTC\) +SESSION +STATUS +STATE +USER +TYPE +NEXT STEP", lines[0])
    assert all(re.search(r"  ws_[0-9a-f]{32}  (ACTIVE|DELETED)  ", line) for line in lines[1:])
    assert "\x1b" not in "".join(lines)
    assert run("sessions", "--user", "nobody").stdout == "No sessions match.\n"
    assert "add --cursor" in run("sessions", "--deleted", "--limit", "1").stdout


def test_listing_sessions_changes_nothing_in_the_record(run: Command, root: Path) -> None:
    before = records_of(root)
    assert run("sessions").exit_code == 0
    assert records_of(root) == before


def test_a_damaged_session_is_listed_with_what_to_do(run: Command, root: Path) -> None:
    path = next(root.glob("_sessions/*/*.000001.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"ACTIVE"', b'"ACTIVF"'))
    run("rebuild")
    [line] = [line for line in run("sessions", "--deleted").stdout.splitlines() if path.name[:35] in line]
    assert "run `rmos verify`" in line


def test_an_empty_store_has_no_sessions(tmp_path: Path) -> None:
    run = command_on(tmp_path / "runs")
    assert run("sessions").exit_code == 10
    (tmp_path / "runs").mkdir()
    assert document(run("sessions", "--json")) == {"items": [], "next_cursor": None}


def _on_a_terminal(root: Path, *arguments: str) -> str:
    """Return what a command writes to a terminal of 200 columns."""
    parent, child = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    environment |= {"RMOS_RUNS_DIR": str(root), "COLUMNS": "200", "TERM": "xterm"}
    command = [*FLASK, *arguments]
    with Process(command, stdout=child, stdin=child, env=environment, cwd=Path(__file__).parents[2]) as process:
        os.close(child)
        told = b""
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while part := os.read(parent, 65536):
                told += part
        os.close(parent)
    assert process.returncode == 0
    return told.decode()


@pytest.mark.parametrize(
    ("arguments", "coloured"),
    [
        (("runs", "--risk", "RED"), "\x1b\\[31m[^\n]* RED "),
        pytest.param(("sessions", "--deleted"), "\x1b\\[90m", marks=pytest.mark.long),
    ],
    ids=["risks", "deleted sessions"],
)
def test_a_terminal_shows_risks_and_deleted_sessions_in_colours(
    root: Path, arguments: tuple[str, ...], coloured: str
) -> None:
    told = _on_a_terminal(root, *arguments)
    assert re.search(coloured, told)
    assert COLOURS["GREEN"] == "green"


@pytest.mark.parametrize("as_json", [False, pytest.param(True, marks=pytest.mark.long)])
def test_trap_46_following_shows_runs_as_they_come_whatever_the_clock_says_until_ctrl_c(
    root: Path, as_json: bool
) -> None:
    store = open_store(root)
    store.reconcile()
    now_us = ids.now_us()
    session_id = create_session(store, {}, actor=ANNA, us=now_us).session.session_id
    ahead = make_members(now_us + 2 * HOUR_US, workflow_session_id=session_id)
    first = store.runs.put(ahead).view.artifact.run_id
    options = ["--json"] if as_json else []
    process = start(root, "runs", "--session", session_id, "--follow", *options)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    made = []
    for us in (now_us, now_us - 30 * HOUR_US):
        store.runs.put(make_members(us))
        made.append(store.runs.put(make_members(us, workflow_session_id=session_id)).view.artifact.run_id)
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    rest, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    assert rest == ""
    shown = [json.loads(line)["run_id"] if as_json else line.split()[2] for line in lines]
    assert shown == [first, *made]
    store.index.close()
