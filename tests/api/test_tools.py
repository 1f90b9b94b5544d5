"""`/api/rmos/tools/{id}/life`: what tools have cut since they were new or sharpened, and what happened to them."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos import ids
from rmos.names import fold_name
from rmos.store import Store
from rmos.store.tool_records import ToolReset, make_record_id
from tests.api.conftest import Post, make_named
from tests.makers import ANNA, US, make_members
from tests.store.writing import add

TOOLS = "/api/rmos/tools"
TOOL = "em-3175-2f"


def read_life(client: FlaskClient, tool_id: str = TOOL) -> dict[str, Any]:
    answer = client.get(f"{TOOLS}/{tool_id}/life")
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def report(client: FlaskClient, run_id: str, **over: Any) -> int:
    reported = {"ended": "completed", "part": "good", **over}
    answer = client.post(f"/api/rmos/runs/{run_id}/outcomes", json=reported)
    assert answer.status_code == 201, answer.json
    return int(answer.json["number"])


@pytest.fixture
def run_id(post: Post) -> str:
    return str(post(**make_named(tool_id=TOOL)).json["run_id"])


def test_a_tool_has_cut_nothing_until_a_job_is_reported_and_begins_again_when_it_is_sharpened(
    client: FlaskClient, run_id: str
) -> None:
    fresh = read_life(client)
    assert (fresh["tool_id"], fresh["life_minutes"], fresh["history"]) == (TOOL, None, [])
    assert [(tool["minutes"], tool["jobs"], tool["share"]) for tool in fresh["tools"]] == [(0.0, 0, None)]
    report(client, run_id, measured_s=90)
    report(client, run_id, tools=[{"tool_id": TOOL, "minutes": 4, "broke": True}])
    report(client, run_id)  # nobody took the time, and the run has no program
    (tool,) = read_life(client, TOOL.upper())["tools"]
    assert (tool["minutes"], tool["jobs"], tool["timed_jobs"], tool["breaks"]) == (5.5, 3, 2, 1)
    assert (tool["metres"], tool["measured_jobs"], tool["since_utc"], tool["last_action"]) == (None, 0, None, None)
    answer = client.post(f"{TOOLS}/{TOOL.upper()}/life", json={"action": "Sharpened", "note": "At last."})
    assert answer.status_code == 201
    shown = {name: answer.json[name] for name in ("tool_id", "number", "action", "serial", "note")}
    assert shown == {"tool_id": TOOL, "number": 1, "action": "sharpened", "serial": None, "note": "At last."}
    after = read_life(client)
    (tool,) = after["tools"]
    assert (tool["minutes"], tool["jobs"], tool["breaks"], tool["last_action"]) == (0.0, 0, 0, "sharpened")
    assert tool["since_utc"] == answer.json["at_utc"]
    (past,) = after["history"]
    assert (past["minutes"], past["jobs"], past["timed_jobs"], past["breaks"]) == (5.5, 3, 2, 1)
    assert "tool_id" not in past
    report(client, run_id)
    (tool,) = read_life(client)["tools"]
    assert (tool["minutes"], tool["jobs"], tool["timed_jobs"]) == (None, 1, 0)


def test_a_corrected_outcome_leaves_its_minutes_out_and_so_does_a_deleted_run(client: FlaskClient, run_id: str) -> None:
    first = report(client, run_id, tools=[{"tool_id": TOOL, "serial": "B", "minutes": 50}])
    assert read_life(client)["tools"][0]["minutes"] == 50.0
    report(client, run_id, tools=[{"tool_id": TOOL, "serial": "b", "minutes": 5}], corrects=first)
    (tool,) = read_life(client)["tools"]
    assert (tool["serial"], tool["minutes"], tool["jobs"]) == ("b", 5.0, 1)
    client.delete(f"/api/rmos/runs/{run_id}?reason=a+trial")
    (tool,) = read_life(client)["tools"]
    assert (tool["minutes"], tool["jobs"]) == (0.0, 0)
    client.post(f"/api/rmos/runs/{run_id}/restore")
    assert read_life(client)["tools"][0]["minutes"] == 5.0


def test_of_several_with_one_id_each_has_a_life_of_its_own(client: FlaskClient, run_id: str) -> None:
    tools = [{"tool_id": TOOL, "serial": "A", "minutes": 1, "broke": True}, {"tool_id": TOOL, "minutes": 2}]
    report(client, run_id, tools=tools)
    client.post(f"{TOOLS}/{TOOL}/life", json={"action": "discarded", "serial": "a"})
    client.post(f"{TOOLS}/{TOOL}/life", json={"action": "new", "serial": "C"})
    life = read_life(client)
    found = [(tool["serial"], tool["minutes"], tool["last_action"]) for tool in life["tools"]]
    assert found == [(None, 2.0, None), ("a", 0.0, "discarded"), ("C", 0.0, "new")]
    assert [(past["serial"], past["minutes"], past["breaks"]) for past in life["history"]] == [
        ("a", 1.0, 1),
        ("C", 0.0, 0),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "lost"}, "action"),
        ({"action": "new", "serial": ""}, "serial"),
        ({"action": "new", "serial": "a\nb"}, "serial"),
        ({"action": "new", "note": "x" * 501}, "note"),
        ({"action": "new", "serials": "B"}, "serials"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_recorded(
    client: FlaskClient, body: dict[str, str], field: str
) -> None:
    answer = client.post(f"{TOOLS}/{TOOL}/life", json=body)
    assert (answer.status_code, answer.json["error"], list(answer.json["errors"])) == (
        422,
        "VALIDATION_FAILED",
        [field],
    )
    assert read_life(client)["history"] == []


def test_an_id_that_nobody_knows_is_answered_with_the_nearest_and_one_of_a_job_is_known(
    client: FlaskClient, run_id: str
) -> None:
    for answer in (
        client.get(f"{TOOLS}/em-3175-2/life"),
        client.post(f"{TOOLS}/em-3175-2/life", json={"action": "new"}),
    ):
        assert (answer.status_code, answer.json["error"]) == (404, "TOOL_NOT_FOUND")
        assert f"Did you mean {TOOL}" in answer.json["detail"]
    report(client, run_id, tools=[{"tool_id": "Lent-Cutter", "minutes": 3}])
    assert read_life(client, "lent-cutter")["tools"][0]["minutes"] == 3.0
    assert client.post(f"{TOOLS}/LENT-CUTTER/life", json={"action": "new"}).status_code == 201
    assert [past["minutes"] for past in read_life(client, "lent-cutter")["history"]] == [3.0]


def test_a_damaged_record_is_said_and_never_read_as_new(client: FlaskClient, service_store: Store, run_id: str) -> None:
    for action in ("new", "sharpened"):
        assert client.post(f"{TOOLS}/{TOOL}/life", json={"action": action}).status_code == 201
    path = Path(service_store.objects.root) / "_tools" / f"{make_record_id(TOOL)}.000001.json"
    path.unlink()
    for answer in (client.get(f"{TOOLS}/{TOOL}/life"), client.post(f"{TOOLS}/{TOOL}/life", json={"action": "new"})):
        assert (answer.status_code, answer.json["error"]) == (500, "RECORD_DAMAGED")
    (life,) = service_store.tool_lives.list_all([TOOL])
    assert (life.tool_id, life.serials) == (TOOL, [])
    assert life.damage is not None


# Many jobs


class Plainly:
    """What was reported and reset, added up in plain Python."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, int], tuple[int, list[dict[str, Any]]]] = {}
        self.resets: list[tuple[int, str, str]] = []

    def list_lives(self, tool_id: str) -> dict[str, tuple[float | None, int, int]]:
        """Return minutes, jobs and breaks of each serial since its last reset."""
        since = {serial: us for us, name, serial in self.resets if name == tool_id}
        serials = {
            *since,
            *(serial for _, tools in self.jobs.values() for name, serial, _ in _split(tools) if name == tool_id),
        }
        return {serial: self._add_up(tool_id, serial, since.get(serial, 0)) for serial in serials}

    def _add_up(self, tool_id: str, serial: str, since: int) -> tuple[float | None, int, int]:
        mine = [
            [tool for name, mark, tool in _split(tools) if (name, mark) == (tool_id, serial)]
            for us, tools in self.jobs.values()
            if us >= since
        ]
        mine = [tools for tools in mine if tools]
        known = [[tool["minutes"] for tool in tools if tool["minutes"] is not None] for tools in mine]
        times = [sum(minutes) for minutes in known if minutes]
        minutes = round(sum(times), 2) if times else None if mine else 0.0
        return minutes, len(mine), sum(any(tool["broke"] for tool in tools) for tools in mine)


def _split(tools: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for tool in tools:
        yield fold_name(tool["tool_id"]), fold_name(tool["serial"] or ""), tool


@pytest.mark.parametrize("seed", range(3))
def test_minutes_are_a_plain_sum_whatever_was_corrected_and_reset_and_a_rebuild_finds_the_same(
    client: FlaskClient, service_store: Store, seed: int
) -> None:
    chance, plainly = random.Random(seed), Plainly()
    for number in range(12):
        run_id = service_store.runs.put(make_members(US + number)).view.artifact.run_id
        open_jobs: list[int] = []
        for event in range(1, chance.randint(2, 6)):
            us = US + chance.randint(0, 9) * 60_000_000
            tools = [
                {
                    "tool_id": chance.choice(("em-1", "EM-1", "em-2")),
                    "serial": chance.choice((None, "A", "a", "B")),
                    "minutes": chance.choice((None, 0, 0.5, 12.25)),
                    "broke": chance.random() < 0.2,
                }
                for _ in range(chance.randint(1, 3))
            ]
            corrects = chance.choice([None, *open_jobs])
            reported = {"ended": "completed", "part": "good", "outcome": "done", "ended_at_utc": ids.utc_text(us)}
            add(service_store, run_id, "outcome", **reported, tools=tools, corrects=corrects)
            if corrects is not None:
                open_jobs.remove(corrects)
                del plainly.jobs[run_id, corrects]
            open_jobs.append(event)
            plainly.jobs[run_id, event] = us, tools
        if chance.random() < 0.5:
            moment = max([us for us, *_ in plainly.resets], default=US) + chance.randint(0, 3) * 60_000_000
            tool_id, serial = chance.choice(("em-1", "Em-2")), chance.choice((None, "A", "b"))
            reset = ToolReset(tool_id=tool_id, action=chance.choice(("new", "sharpened", "discarded")), serial=serial)
            service_store.tool_lives.records.add(reset, actor=ANNA, us=moment)
            plainly.resets.append((moment, fold_name(tool_id), fold_name(serial or "")))

    def read_all() -> dict[str, Any]:
        return {tool_id: read_life(client, tool_id) for tool_id in ("em-1", "em-2")}

    lives = read_all()
    for tool_id, life in lives.items():
        found = {
            fold_name(tool["serial"] or ""): (tool["minutes"], tool["jobs"], tool["breaks"]) for tool in life["tools"]
        }
        assert found == plainly.list_lives(tool_id)
    service_store.index.runs.forget([run_id for run_id, _ in plainly.jobs])
    assert read_life(client, "em-1") != lives["em-1"]
    service_store.reconcile(full=True)
    assert read_all() == lives
