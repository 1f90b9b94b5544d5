"""A storage that cannot be reached, verb by verb and route by route: 503 and ask again, never damage, never absence."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from rmos.config import Settings
from rmos.errors.base import RmosError
from rmos.errors.store import StorageUnavailable
from tests.api.conftest import RUNS, make_body
from tests.helpers.attachments import DRAWING, SHA256, make_upload
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.memory_service import VERBS, away, put_into_memory

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)

SESSIONS = "/api/workflow/sessions"
REQUEST = {"X-Request-Id": "req-7"}
"""So that answers differ only where what they say does."""
UNTRIED = frozenset({"/metrics", "/healthz", "/readyz"})
"""What has an answer of its own for it."""


class Shop(NamedTuple):
    """A store that has one of everything, and what stands for the parts of a path."""

    client: FlaskClient
    memory: MemoryObjects
    parts: dict[str, str]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> MemoryObjects:
    settings.runs_dir.mkdir()  # for the index
    return put_into_memory(monkeypatch)


@pytest.fixture
def shop(memory: MemoryObjects, app: Flask) -> Iterator[Shop]:
    client = app.test_client()
    session_id = client.post(SESSIONS, json={"workflow_type": "rosette"}).json["session_id"]
    run_id = client.post(RUNS, json=make_body(workflow_session_id=session_id)).json["run_id"]
    assert client.post(f"{RUNS}/{run_id}/attachments", json=make_upload()).status_code == 201
    rosette = client.post("/api/rmos/rosettes", json={"prompt": "rope in koa, 6 mm band"}).json
    parts = {
        "run_id": run_id,
        "session_id": session_id,
        "sha256": SHA256,
        "tool_id": "em-3175-2f",
        "rosette": rosette["run_id"],
        "output": "preview.svg",
        "kind": "tools",
        "step": "context",
        "number": "1",
        "digits": run_id.removeprefix("run_"),
    }
    yield Shop(client, memory, parts)
    memory.fail = lambda verb, key: None


def paths_of(app: Flask, parts: dict[str, str]) -> list[str]:
    """Return a path of each route that is read, as far as its parts are known."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.rule not in UNTRIED and rule.arguments <= parts.keys():
            found.append(path_of(rule, parts))
    return sorted(found)


def path_of(rule: Rule, parts: dict[str, str]) -> str:
    """Return the path that a rule has for some parts."""
    values = dict(parts)
    if "/rosettes/" in rule.rule:
        values["run_id"] = parts["rosette"]
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return str(built[1])


def check_refusal(response: TestResponse, asked: str) -> None:
    """Require the answer of a storage that is away."""
    assert response.status_code == 503, (asked, response.status_code, response.text[:400])
    assert response.headers["Retry-After"], asked
    if response.is_json:
        assert response.json["error"] == "STORAGE_UNAVAILABLE", (asked, response.json)


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_read_is_as_before_or_unavailable(shop: Shop, app: Flask, verb: str) -> None:
    others = []
    for path in paths_of(app, shop.parts):
        shop.memory.fail = lambda verb, key: None
        before, same = (shop.client.get(path, headers=REQUEST) for _ in range(2))
        shop.memory.fail = away(verb)
        response = shop.client.get(path, headers=REQUEST)
        if response.status_code != before.status_code:
            check_refusal(response, f"GET {path}, {verb}")
        elif response.data != before.data and before.data == same.data:  # else a form has a fresh key in it
            others.append(path)
    assert others == []


Write = Callable[[FlaskClient, dict[str, str]], TestResponse]
KEY = {"Idempotency-Key": "key-1"}
WRITES: dict[str, Write] = {
    "run": lambda client, parts: client.post(RUNS, json=make_body(), headers=KEY),
    "run in a session": lambda client, parts: client.post(
        RUNS, json=make_body(workflow_session_id=parts["session_id"])
    ),
    "rosette": lambda client, parts: client.post("/api/rmos/rosettes", json={"prompt": "rope in koa, 6 mm band"}),
    "feasibility": lambda client, parts: client.post("/api/rmos/feasibility", json=make_body(meta=None)),
    "file": lambda client, parts: client.post(
        f"{RUNS}/{parts['run_id']}/attachments", json=make_upload(DRAWING + b"\n")
    ),
    "outcome": lambda client, parts: client.post(
        f"{RUNS}/{parts['run_id']}/outcomes", json={"ended": "completed", "part": "good"}
    ),
    "delete": lambda client, parts: client.delete(f"{RUNS}/{parts['run_id']}", query_string={"reason": "a trial cut"}),
    "review": lambda client, parts: client.post(
        f"{RUNS}/{parts['run_id']}/advisory/variants/{SHA256}/review", json={"rating": 4}
    ),
    "explanation": lambda client, parts: client.post(f"{RUNS}/{parts['run_id']}/suggest-and-attach", json={}),
    "session": lambda client, parts: client.post(SESSIONS, json={"workflow_type": "rosette"}, headers=KEY),
    "session change": lambda client, parts: client.patch(
        f"{SESSIONS}/{parts['session_id']}", json={"context": {"stock": {"thickness_mm": 3}}}
    ),
    "session delete": lambda client, parts: client.delete(f"{SESSIONS}/{parts['session_id']}"),
    "action": lambda client, parts: client.post(
        f"{SESSIONS}/{parts['session_id']}/actions/set_design", json={"design": {"operation": "channel"}}
    ),
    "tool": lambda client, parts: client.post(f"/api/rmos/tools/{parts['tool_id']}/life", json={"event": "new"}),
    "link": lambda client, parts: client.post("/api/rmos/links", json={"run_id": parts["run_id"], "sha256": SHA256}),
    "bundle": lambda client, parts: client.post("/api/rmos/bundles", data=b"PK\x05\x06" + bytes(18)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_written_is_done_or_unavailable(shop: Shop, verb: str) -> None:
    for name, write in WRITES.items():
        shop.memory.fail = away(verb)
        response = write(shop.client, shop.parts)
        shop.memory.fail = lambda verb, key: None
        if response.status_code == 503:
            check_refusal(response, f"{name}, {verb}")
        else:
            again = write(shop.client, shop.parts)
            assert (name, response.status_code // 100) == (name, again.status_code // 100), response.text


def test_a_request_whose_outcome_is_not_known_is_sent_again_under_its_key(shop: Shop) -> None:
    held: list[str] = []

    def lose_artifact(verb: str, key: str) -> RmosError | None:
        if verb == "create" and key.count("/") == 1 and key[:1].isdigit() and not held:
            held.append(key)
            return StorageUnavailable("Nobody knows.")
        return None

    shop.memory.fail = lose_artifact
    first = shop.client.post(RUNS, json=make_body(), headers=KEY)
    again = shop.client.post(RUNS, json=make_body(), headers=KEY)
    check_refusal(first, "POST")
    assert again.status_code == 201
    assert held[0].endswith(f"{again.json['run_id']}.json")


def test_tokens_that_cannot_be_read_let_nobody_in_and_turn_nobody_away(
    memory: MemoryObjects, app: Flask, client: FlaskClient
) -> None:
    memory.fail = away("names")
    response: Any = client.get(RUNS)
    check_refusal(response, "GET")
