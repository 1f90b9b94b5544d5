"""A disk that does not give one thing for a moment: each look at the store of each request and command fails in turn.

What could not be read is unavailable. It is never damage, never an internal error, never the end of a worker, and the
next time it is there as it was.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import create_app
from rmos.config import Settings
from tests.cli.conftest import Command, command_on
from tests.faults.service import RUNS, make_body
from tests.helpers.attachments import SHA256, make_upload

LOOKS: Final = frozenset({"open", "read", "pread", "lstat", "stat", "fstat", "listdir", "scandir"})
MODULES: Final = ("local", "local_files", "local_folders", "local_reading", "opened")
SESSIONS: Final = "/api/workflow-sessions"
KEY: Final = {"Idempotency-Key": "key-1"}


class Looks:
    """The `os` of the object layer: counts the calls that read, and fails one of them."""

    def __init__(self) -> None:
        self.number = 0
        self.fails_at: int | None = None

    def fail(self, nth: int | None) -> None:
        """Count anew, and let the `nth` call from now on fail."""
        self.number, self.fails_at = 0, nth

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in LOOKS:
            return real

        def look(*arguments: Any, **options: Any) -> Any:
            if name == "open" and arguments[1] & (os.O_WRONLY | os.O_CREAT):
                return real(*arguments, **options)
            self.number += 1
            if self.number - 1 == self.fails_at:
                raise OSError(errno.EIO, "Input/output error")
            return real(*arguments, **options)

        return look


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Put a disk under the object layer that can fail to give something."""
    made = Looks()
    for module in MODULES:
        monkeypatch.setattr(f"rmos.objects.{module}.os", made)
    return made


@pytest.fixture
def client(tmp_path: Path, looks: Looks) -> Iterator[FlaskClient]:
    """Give a client of a service with a run, its file and its explanation, and a session."""
    app: Flask = create_app(Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs"))
    yield app.test_client()
    app.extensions["rmos"].close()


class Place:
    """Where the things stand that requests ask for."""

    def __init__(self, client: FlaskClient) -> None:
        self.run = f"{RUNS}/{client.post(RUNS, json=make_body('a cut'), headers=KEY).json['run_id']}"
        self.other = f"{RUNS}/{client.post(RUNS, json=make_body('a cut')).json['run_id']}"
        assert client.post(f"{self.run}/attachments", json=make_upload()).status_code == 201
        assert client.post(f"{self.run}/suggest-and-attach", json={"generate_explanation": True}).status_code == 201
        self.session = f"{SESSIONS}/{client.post(SESSIONS, json={}).json['session_id']}"
        asked = {"items": [{"run_id": self.run.rpartition("/")[2], "sha256": SHA256}]}
        self.link = client.post("/api/rmos/links", json=asked).json["links"][0]["url"]

    @property
    def diff(self) -> str:
        """The URL of the difference of the two runs."""
        return f"{RUNS}/diff?a={self.run.rpartition('/')[2]}&b={self.other.rpartition('/')[2]}"


Ask = Callable[[FlaskClient, Place], TestResponse]
ASKED: Final[dict[str, Ask]] = {
    "run": lambda client, at: client.get(at.run),
    "bytes": lambda client, at: client.get(f"{at.run}/download"),
    "events": lambda client, at: client.get(f"{at.run}/events"),
    "attachments": lambda client, at: client.get(f"{at.run}/attachments"),
    "attachments verified": lambda client, at: client.get(f"{at.run}/attachments/verify"),
    "attachment": lambda client, at: client.get(f"{at.run}/attachments/{SHA256}"),
    "blob": lambda client, at: client.get(f"/api/rmos/attachments/{SHA256}"),
    "preview": lambda client, at: client.get(f"{at.run}/advisory/blobs/{SHA256}/preview/svg"),
    "link": lambda client, at: client.get(at.link),
    "diff": lambda client, at: client.get(at.diff),
    "replay": lambda client, at: client.get(f"{at.run}/replay"),
    "session": lambda client, at: client.get(at.session),
    "same key again": lambda client, at: client.post(RUNS, json=make_body("a cut"), headers=KEY),
    "upload again": lambda client, at: client.post(f"{at.run}/attachments", json=make_upload()),
    "restore": lambda client, at: client.post(f"{at.other}/restore", json={"reason": "no cause"}),
}


@pytest.mark.parametrize("what", ASKED)
def test_trap_49_whatever_a_request_cannot_read_is_unavailable_and_there_the_next_time(
    client: FlaskClient, looks: Looks, what: str
) -> None:
    at, ask = Place(client), ASKED[what]
    for nth in count():
        looks.fail(nth)
        response = ask(client, at)
        if looks.number <= nth:
            assert response.status_code in (200, 201), response.text
            break
        problem = response.json if response.status_code >= 400 else {"error": None}
        assert (response.status_code, problem["error"]) in (
            *((status, None) for status in (200, 201)),
            (503, "STORAGE_UNAVAILABLE"),
            (503, "STORAGE_FAILED"),
        ), nth
    assert nth > 3


# Commands


COMMANDS: Final = (
    ("verify",), ("verify", "--quick"), ("status",), ("show", "RUN"), ("runs",), ("diff", "RUN", "RUN"), ("sessions",),
    ("replay", "RUN"), ("backtest", "--engine", "baseline_v1"), ("orphans",), ("attachments", "verify"),
    ("attachments", "gc"), ("rebuild",), ("repair", "--dry-run"), ("audit", "tail"), ("token", "list"),
    ("export", "--format", "store", "--to", "COPY"),
)  # fmt: skip
DAMAGE: Final = re.compile(r"STORE_UNUSABLE|corrupt|RECORD_DAMAGED|undecodable|not_a_file|earlier_index_unreadable")
"""Kinds of what was read and is wrong, or cannot be used for good."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo store with sessions, files and a token, which nobody changes."""
    root = tmp_path_factory.mktemp("filled") / "runs"
    for arguments in (("demo", "--runs", "4", "--seed", "5"), ("token", "create", "anna", "--role", "viewer")):
        result = command_on(root)(*arguments)
        assert result.exit_code == 0, result.output
    return root


@pytest.mark.long
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_trap_49_whatever_a_command_cannot_read_is_told_and_changes_nothing(
    filled: Path, tmp_path: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    root, copy = tmp_path / "runs", tmp_path / "copy"
    shutil.copytree(filled, root)
    run: Command = command_on(root)
    run_id = json.loads(run("runs", "--json").stdout)["items"][0]["run_id"]
    arguments = [{"RUN": run_id, "COPY": str(copy)}.get(word, word) for word in words]
    before = read_records(root)
    for nth in count():
        shutil.rmtree(copy, ignore_errors=True)
        looks.fail(nth)
        result = run(*arguments, "--json")
        assert result.exit_code in (0, 1, 12), (nth, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), nth
        assert not DAMAGE.search(result.output), (nth, result.output)
        assert read_records(root) == before, nth
        if looks.number <= nth:
            break
    assert nth > 3


def read_records(root: Path) -> dict[str, bytes]:
    """Return the files of a store but for its index."""
    paths = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith("_index.")]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}
