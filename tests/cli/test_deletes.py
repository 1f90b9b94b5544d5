"""`rmos delete`, `rmos restore` and `rmos audit tail`."""

import getpass
import json
import signal
from pathlib import Path

import pytest

from rmos import ids
from rmos.checks.trail import Trail
from rmos.errors.records import RunNotFound
from rmos.models import Actor
from rmos.store.audit import Attempt, RateLimit
from tests.cli.conftest import Command, artifacts_of, command_on, document, open_store, start
from tests.helpers.failing import failing_to_open
from tests.helpers.waiting import PATIENCE_S

ABSENT = "run_0123456789ab"


@pytest.fixture
def run_id(root: Path) -> str:
    return artifacts_of(root)[0].stem


def test_delete_and_restore_act_as_the_user_and_the_trail_tells_it(run: Command, run_id: str) -> None:
    gone = run("delete", run_id, "--reason", "a trial cut", "--json")
    assert gone.exit_code == 0
    told = document(gone)
    assert (told["run_id"], told["mode"], told["deleted"]) == (run_id, "soft", True)
    assert run("show", run_id).exit_code == 1
    [entry] = document(run("audit", "tail", "--limit", "1", "--json"))["items"]
    assert (entry["actor"], entry["outcome"], entry["target"]) == (f"cli:{getpass.getuser()}", "done", run_id)
    assert entry["address"] is None
    assert run("restore", run_id, "--reason", "no trial at all").exit_code == 0
    assert run("show", run_id).exit_code == 0
    assert run("verify").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ((ABSENT, "--reason", "a trial cut"), 1, "Run not found"),
        ((ABSENT, "--reason", "short"), 2, "Request validation failed"),
        ((ABSENT, "--reason", "a trial cut", "--mode", "hard"), 1, "Hard delete disabled"),
    ],
)
def test_what_is_turned_down_is_one_line_and_one_audit_record(
    run: Command, arguments: tuple[str, ...], code: int, word: str
) -> None:
    result = run("delete", *arguments)
    assert (result.exit_code, result.stderr.startswith(word)) == (code, True), result.stderr
    [entry] = document(run("audit", "tail", "--limit", "1", "--json"))["items"]
    assert (entry["outcome"], entry["target"]) == ("refused", ABSENT)
    assert "refused" in run("audit", "tail").stdout


def test_an_erased_run_is_accounted_for_and_survives_a_rebuild(root: Path, run_id: str) -> None:
    run = command_on(root, delete_allow_hard=True)
    assert run("delete", run_id, "--reason", "a customer's name", "--mode", "hard").exit_code == 0
    assert not list(root.glob(f"*/{run_id}.json"))
    assert run("verify").exit_code == 0
    assert run("rebuild").exit_code == 0
    assert run("restore", run_id).exit_code == 1
    assert run("verify").exit_code == 0


def test_trap_28_commands_and_other_processes_count_together(root: Path) -> None:
    run = command_on(root, delete_rate_limit_max=2)
    attempt = ("delete", ABSENT, "--reason", "a trial cut")
    assert run(*attempt).stderr.startswith("Run not found:")
    process = start(root, *attempt, RMOS_DELETE_RATE_LIMIT_MAX="2")
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.partition(":")[0]) == (1, "Run not found")
    refused = run(*attempt)
    assert (refused.exit_code, refused.stderr.partition(":")[0]) == (1, "Too many attempts")


@pytest.mark.long
def test_following_shows_what_comes_and_ends_when_interrupted(root: Path, run: Command, run_id: str) -> None:
    run("delete", run_id, "--reason", "a trial cut")
    process = start(root, "audit", "tail", "--limit", "1", "--follow", "--json", PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert (line["target"], line["outcome"]) == (run_id, "done")
    run("delete", ABSENT, "--reason", "a trial cut")
    line = json.loads(process.stdout.readline())
    assert (line["target"], line["outcome"]) == (ABSENT, "refused")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130


def test_the_trail_shows_where_a_caller_was(run: Command, root: Path) -> None:
    store = open_store(root)
    limit = RateLimit(10, 60)
    far = Actor(name="anna", role="operator", address="192.0.2.7")
    store.audit.refuse(Attempt("delete", ABSENT), RunNotFound("No such run."), limit, actor=far, us=ids.now_us())
    [entry] = document(run("audit", "tail", "--limit", "1", "--json"))["items"]
    assert entry["address"] == "192.0.2.7"
    assert "by anna (operator) from 192.0.2.7" in run("audit", "tail").stdout


def test_what_succeeded_is_told_too_once_each_and_in_order(run: Command, run_id: str) -> None:
    before = len(document(run("audit", "tail", "--json"))["items"])
    assert run("delete", run_id, "--reason", "a trial cut").exit_code == 0
    assert run("restore", run_id).exit_code == 0
    assert run("token", "create", "anna", "--role", "viewer").exit_code == 0
    told = document(run("audit", "tail", "--limit", "3", "--json"))["items"]
    assert [(entry["action"], entry["outcome"]) for entry in told] == [
        ("delete", "done"),
        ("restore", "done"),
        ("create", "done"),
    ]
    assert told[0]["data"]["reason"] == "a trial cut"
    assert (told[2]["data"]["name"], told[2]["data"]["role"]) == ("anna", "viewer")
    assert len(document(run("audit", "tail", "--json"))["items"]) == before + 3


def test_trap_46_what_comes_is_shown_also_when_the_clock_went_back(root: Path, run_id: str) -> None:
    store = open_store(root)
    actor = Actor(name="anna", role="operator", request_id="req_1")
    trail = Trail(store)
    ahead = ids.now_us() + 2 * 86_400_000_000
    store.deletes.soft(run_id, "a trial cut", actor=actor, us=ahead)
    assert trail.read(1)[0].target == run_id
    assert trail.read_new() == []
    store.deletes.restore(run_id, None, actor=actor, us=ids.now_us())
    store.audit.refuse(
        Attempt("delete", ABSENT), RunNotFound("No such run."), RateLimit(10, 60), actor=actor, us=ids.now_us()
    )
    assert {(entry.action, entry.outcome) for entry in trail.read_new()} == {("restore", "done"), ("delete", "refused")}
    store.index.close()


def test_trap_49_what_the_disk_did_not_give_for_a_moment_is_shown_when_it_does(
    root: Path, run: Command, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(root)
    trail = Trail(store)
    before = len(trail.read(10_000))
    store.deletes.soft(run_id, "a trial cut", actor=Actor(name="anna", role="operator"), us=ids.now_us())
    with failing_to_open(monkeypatch, f"{run_id}.0"):
        assert trail.read_new() == []
        told = run("audit", "tail", "--json")
    assert (told.exit_code, len(json.loads(told.stdout)["items"])) == (1, before)
    assert "did not give 1 of the records" in told.stderr
    assert [entry.action for entry in trail.read_new()] == ["delete"]
    store.index.close()
