"""The runs of a session: both views, their filters, the walk, and that no artifact is opened for them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from rmos import ids
from rmos.api.sessions import PREFIXES
from rmos.models import SUMMARY_CHARACTERS, Event
from rmos.schemas.runs import RunAdvisorySummarySchema
from rmos.store import Store
from tests.api.conftest import RUNS
from tests.makers import ANNA, add_event, make_decision, make_members

URL = PREFIXES["sessions"]
Put = Callable[..., str]
_opened: list[list[str]] = []


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened and isinstance(arguments[0], (str, bytes)):
        _opened[-1].append(os.fsdecode(arguments[0]))


sys.addaudithook(_listen)


@contextmanager
def opened() -> Iterator[list[str]]:
    """Give the names of all files that are opened meanwhile."""
    names: list[str] = []
    _opened.append(names)
    try:
        yield names
    finally:
        _opened.pop()


@pytest.fixture
def session_id(client: FlaskClient) -> str:
    made: str = client.post(URL, json={}).json["session_id"]
    return made


@pytest.fixture
def put(session_id: str, service_store: Store) -> Put:
    """Put a run into the session and return its id; `decision` replaces members of the decision."""

    def put_run(status: str = "OK", decision: dict[str, Any] | None = None, **over: Any) -> str:
        members = {"status": status, "workflow_session_id": session_id, "decision": make_decision(status)}
        members["decision"] |= decision or {}
        return service_store.runs.put(make_members(**(members | over))).view.artifact.run_id

    return put_run


def event(store: Store, run_id: str, what: str, **data: Any) -> None:
    add_event(store, run_id, what, data, actor=ANNA, us=ids.now_us())


def summary(client: FlaskClient, session_id: str) -> dict[str, Any]:
    """Return the summary of the one run of the session."""
    page = client.get(f"{URL}/{session_id}/runs?view=summary").json
    [item] = page["items"]
    assert item.keys() == RunAdvisorySummarySchema().fields.keys() - {"deleted", "override", "outcome", "outcome_count"}
    return dict(item)


# What a summary takes from where


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("risk_level", "RED"),
        ("score", 41.5),
        ("block_reason", "the blade is too fast"),
        ("warnings", ["mind the grain", "é"]),
    ],
)
def test_the_decision_is_that_of_the_artifact(
    client: FlaskClient, session_id: str, put: Put, field: str, value: Any
) -> None:
    put("BLOCKED", {field: value})
    assert summary(client, session_id)[field] == value


@pytest.mark.parametrize(
    ("word", "shown"), [("PENDING", "pending"), ("READY", "complete"), ("ERROR", "failed"), ("NONE", None)]
)
def test_the_state_of_the_explanation_is_in_the_words_of_lists(
    client: FlaskClient, session_id: str, put: Put, service_store: Store, word: str, shown: str | None
) -> None:
    run_id = put(explanation_status=word)
    assert summary(client, session_id)["explanation_status"] == shown
    event(service_store, run_id, "explanation", status="PENDING", summary=None)
    # What was finished counts until something later is: a request that never ends hides nothing.
    assert summary(client, session_id)["explanation_status"] == (shown if word in ("READY", "ERROR") else "pending")


def test_without_a_field_the_state_of_the_explanation_is_that_in_meta(
    client: FlaskClient, session_id: str, put: Put
) -> None:
    put(explanation_status="NONE", meta={"explanation_status": "failed"})
    assert summary(client, session_id)["explanation_status"] == "failed"


def test_the_explanation_is_the_latest_events_then_the_fields_then_those_in_meta(
    client: FlaskClient, session_id: str, put: Put, service_store: Store
) -> None:
    meta = {"explanation_summary": "third", "explanation": "fourth", "kept": 1}
    run_id = put(explanation_summary="second", meta=meta)
    assert summary(client, session_id)["explanation_summary"] == "second"
    event(service_store, run_id, "explanation", status="READY", summary="first")
    assert summary(client, session_id)["explanation_summary"] == "first"
    assert summary(client, session_id)["meta"] == {"kept": 1}


@pytest.mark.parametrize(
    ("meta", "shown"),
    [
        ({"explanation_summary": "third", "explanation": "fourth"}, "third"),
        ({"explanation_summary": "", "explanation": "fourth"}, "fourth"),
        ({"explanation": "é\U0001d11e" * 200}, "é\U0001d11e" * (SUMMARY_CHARACTERS // 2)),
        ({"explanation_summary": "x" * 200}, "x" * 200),
        ({"explanation_summary": "x" * 201}, "x" * 200),
        ({}, None),
    ],
)
def test_the_explanation_in_meta_is_cut_at_200_whole_characters(
    client: FlaskClient, session_id: str, put: Put, meta: dict[str, str], shown: str | None
) -> None:
    put(meta=meta)
    assert summary(client, session_id)["explanation_summary"] == shown


def test_request_and_time_are_those_in_meta_then_that_of_the_artifact(
    client: FlaskClient, session_id: str, put: Put
) -> None:
    put(meta={"request_id": "req_meta", "compute_ms": 45.2}, request_id="req_top")
    found = summary(client, session_id)
    assert (found["request_id"], found["compute_ms"]) == ("req_meta", 45.2)
    other = client.post(URL, json={}).json["session_id"]
    put(meta={}, request_id="req_top", workflow_session_id=other)
    found = summary(client, other)
    assert (found["request_id"], found["compute_ms"]) == ("req_top", None)


# Pages


def test_the_default_view_shows_less_of_the_same_runs(client: FlaskClient, session_id: str, put: Put) -> None:
    made = [put(("OK", "BLOCKED")[number % 2], tool_id=f"t{number}") for number in range(3)][::-1]
    put(workflow_session_id=None)
    page = client.get(f"{URL}/{session_id}/runs").json
    place = {"limit": 50, "offset": 0, "count": 3, "next_cursor": None}
    assert {name: page[name] for name in place} == place
    assert page.keys() == {"session_id", "runs", *place}
    assert [run["run_id"] for run in page["runs"]] == made
    assert page["runs"][0].keys() == {"run_id", "created_at_utc", "status", "tool_id", "mode"}
    assert (page["runs"][0]["status"], page["runs"][0]["tool_id"], page["runs"][0]["mode"]) == ("OK", "t2", "router")
    full = client.get(f"{RUNS}/{made[0]}").json
    assert page["runs"][0]["created_at_utc"] == full["created_at_utc"]
    summaries = client.get(f"{URL}/{session_id}/runs?view=summary&include_total=true").json
    assert summaries.keys() == {"session_id", "items", "total", *place}
    assert summaries["items"] == client.get(f"{RUNS}?workflow_session_id={session_id}").json["items"]
    assert summaries["total"] == 3


@pytest.mark.parametrize("view", ["default", "summary"])
def test_a_session_is_walked_by_cursor_link_or_offset_with_filters(
    client: FlaskClient, session_id: str, put: Put, view: str
) -> None:
    made = [put(("OK", "BLOCKED")[number % 2]) for number in range(9)][::-1]
    url = f"{URL}/{session_id}/runs?view={view}"
    walked: list[str] = []
    target = f"{url}&limit=4&include_total=true"
    while target:
        response = client.get(target)
        page = response.json
        walked += [run["run_id"] for run in page["runs" if view == "default" else "items"]]
        assert (page["total"], page["limit"]) == (9, 4)
        target = response.headers.get("Link", "").partition(">")[0][1:]
    assert walked == made
    page = client.get(f"{url}&status=BLOCKED&risk_level=RED&include_total=1&limit=2&offset=1").json
    assert (page["total"], page["count"], page["offset"]) == (4, 2, 1)
    assert client.get(f"{url}&risk_level=YELLOW&include_total=true").json["total"] == 0


@pytest.mark.parametrize("named", ["bench 3", "Werkstück 2?", "木工 #1", "100%", "a;b,c>d", 'say "koa"', "a\\b"])
def test_the_link_leads_on_whatever_a_session_of_the_earlier_system_was_called(
    client: FlaskClient, put: Put, named: str
) -> None:
    made = [put(workflow_session_id=named) for _ in range(3)][::-1]
    target, walked = f"{URL}/{quote(named, safe='')}/runs?limit=1", []
    while target:
        response = client.get(target)
        assert response.json["session_id"] == named
        walked += [run["run_id"] for run in response.json["runs"]]
        target = response.headers.get("Link", "").removeprefix("<").removesuffix('>; rel="next"')
        assert target.isascii()
    assert walked == made


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=full", "view"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("risk_level=PINK", "risk_level"),
        ("status=GONE", "status"),
        ("mode=router", "mode"),
        ("cursor=a&offset=1", "offset"),
    ],
)
def test_a_list_of_runs_takes_what_it_knows_and_nothing_else(
    client: FlaskClient, session_id: str, query: str, field: str
) -> None:
    response = client.get(f"{URL}/{session_id}/runs?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_a_session_without_runs_has_an_empty_list(client: FlaskClient, session_id: str) -> None:
    assert client.get(f"{URL}/{session_id}/runs").json["runs"] == []
    assert client.get(f"{URL}/{session_id}/advisory-summary").json["total_runs"] == 0


def test_trap_36_no_artifact_is_opened_for_a_page_nor_for_the_figures(
    client: FlaskClient, session_id: str, put: Put, service_store: Store
) -> None:
    run_id, *_ = [put() for _ in range(60)]
    event(service_store, run_id, "advisory", advisory_id="adv", kind="note", created_at_utc="2025-12-23T10:00:00Z")
    paths = ["runs", "runs?view=summary&include_total=true&limit=200", "runs?status=OK&offset=30", "advisory-summary"]
    for path in (*paths, "../../rmos/runs"):
        with opened() as names:
            assert (
                client.get(f"{URL}/{session_id}/{path}".replace(f"{URL}/{session_id}/../..", "/api")).status_code == 200
            )
        assert not [name for name in names if "run_" in name or "ws_" in name]
    with opened() as names:
        assert client.get(f"{RUNS}/{run_id}").status_code == 200
    assert [name for name in names if f"{run_id}.json" in name], "the listener hears what is opened"


# Figures


def test_trap_17_the_figures_count_runs_and_name_the_latest_advisory(
    client: FlaskClient, session_id: str, put: Put, service_store: Store
) -> None:
    runs = [put("OK"), put("BLOCKED", explanation_status="READY"), put("BLOCKED"), put("ERROR")]
    put(workflow_session_id=None)
    url = f"{URL}/{session_id}/advisory-summary"
    assert client.get(url).json["latest_advisory_created_at_utc"] is None
    for run_id, kind, moment in (
        (runs[0], "note", "2025-12-23T12:00:00+02:00"),
        (runs[0], "note", "2025-12-23T11:30:00Z"),
        (runs[1], "explanation", "2025-12-23T11:00:00.5Z"),
        (runs[2], "poem", "yesterday"),
    ):
        adv = f"{kind}-{len(moment)}"
        event(service_store, run_id, "advisory", advisory_id=adv, kind=kind, created_at_utc=moment)
    event(service_store, runs[2], "explanation", status="PENDING", summary=None)
    assert client.get(url).json == {
        "workflow_session_id": session_id,
        "total_runs": 4,
        "explanation_status_counts": {"complete": 1, "none": 2, "pending": 1},
        "advisory_kind_counts": {"explanation": 1, "note": 2, "unknown": 1},
        "risk_level_counts": {"ERROR": 1, "GREEN": 1, "RED": 2},
        "latest_advisory_created_at_utc": "2025-12-23T11:30:00.000000Z",
    }
    event(service_store, runs[0], "delete", mode="soft", reason="a trial")
    assert client.get(url).json["total_runs"] == 3
    assert client.get(url).json["latest_advisory_created_at_utc"] == "2025-12-23T11:00:00.500000Z"
    before = client.get(url).json
    service_store.reconcile(full=True)
    assert client.get(url).json == before


def test_an_advisory_without_a_time_has_that_of_its_event(
    client: FlaskClient, session_id: str, put: Put, service_store: Store
) -> None:
    run_id = put()
    event(service_store, run_id, "advisory", advisory_id="adv")
    [made] = [entry for entry in service_store.runs.record(run_id).events if isinstance(entry, Event)]
    figures = client.get(f"{URL}/{session_id}/advisory-summary").json
    assert figures["latest_advisory_created_at_utc"] == made.created_at_utc
    assert figures["advisory_kind_counts"] == {"unknown": 1}
