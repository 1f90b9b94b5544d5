"""Commands over a storage that cannot be reached: they stop with a code of its own, find nothing and change nothing."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from rmos.config import Settings
from rmos.index.base import Index
from tests.api.conftest import RUNS, make_body
from tests.helpers.attachments import make_upload
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.memory_service import VERBS, away, put_into_memory

AWAY = 12
USAGE = 2
COMMANDS = [
    ["verify"],
    ["verify", "--evidence"],
    ["status"],
    ["rebuild"],
    ["repair"],
    ["orphans"],
    ["attachments", "verify"],
    ["attachments", "gc"],
    ["runs"],
    ["sessions"],
    ["show", "RUN"],
    ["audit", "tail"],
    ["replay", "RUN"],
    ["backtest", "--engine", "baseline_v1"],
    ["backtest", "--engine", "baseline_v1", "--outcomes"],
    ["calibrate"],
    ["export", "--format", "store", "--to", "TARGET"],
    ["token", "list"],
    ["outcomes"],
]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> MemoryObjects:
    settings.runs_dir.mkdir()  # for the index
    return put_into_memory(monkeypatch)


@pytest.fixture
def run_id(memory: MemoryObjects, app: Flask) -> Iterator[str]:
    client = app.test_client()
    made = str(client.post(RUNS, json=make_body()).json["run_id"])
    assert client.post(f"{RUNS}/{made}/attachments", json=make_upload()).status_code == 201
    assert client.post("/api/workflow/sessions", json={"workflow_type": "rosette"}).status_code == 201
    yield made
    memory.fail = lambda verb, key: None


def states(app: Flask) -> object:
    index: Index = app.extensions["rmos"].store.index
    return index.runs.state_counts(), index.sessions.state_counts()


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_stops_or_says_what_it_says_otherwise(
    memory: MemoryObjects, run_id: str, app: Flask, runner: FlaskCliRunner, settings: Settings, verb: str
) -> None:
    before, held = states(app), dict(memory._held)
    for number, command in enumerate(COMMANDS):
        places = {"RUN": run_id, "TARGET": str(settings.instance_path / f"{verb}{number}")}
        words = ["rmos", *(places.get(word, word) for word in command)]
        memory.fail = away(verb)
        result = runner.invoke(args=words)
        memory.fail = lambda verb, key: None
        places["TARGET"] += "again"
        sound = runner.invoke(args=["rmos", *(places.get(word, word) for word in command)])
        assert sound.exit_code != USAGE, sound.output
        assert (words, result.exit_code) in ((words, AWAY), (words, sound.exit_code)), result.output
        assert "findings" not in result.output or result.exit_code == sound.exit_code, result.output
        assert states(app) == before, words
        assert memory._held.keys() == held.keys(), words
