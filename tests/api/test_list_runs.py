"""`GET /api/rmos/runs`: pages that are never short, never double, and agree with their totals."""

import json
import re
import threading
import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.models import Actor
from rmos.schemas.runs import RunAdvisorySummarySchema
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.runs import MINUTE_US, START, put_runs
from tests.helpers.waiting import wait_until
from tests.makers import add_event, make_decision, make_members

ANNA = Actor(name="anna", role="operator")


def walk(client: FlaskClient, query: str = "") -> list[str]:
    """Follow the cursor to the end and return the ids in order."""
    seen: list[str] = []
    target: str | None = f"{RUNS}?limit=7&{query}"
    while target is not None:
        response = client.get(target)
        assert response.status_code == 200, response.text
        items = response.json["items"]
        assert items or not seen
        seen += [run["run_id"] for run in items]
        link = response.headers.get("Link")
        assert (link is None) == (response.json["next_cursor"] is None)
        if link is not None:
            match = re.fullmatch(r'<(/api/rmos/runs\?[^>]*)>; rel="next"', link)
            assert match
            target = match[1]
        else:
            target = None
    return seen


def test_an_empty_store_has_an_empty_page(client: FlaskClient) -> None:
    response = client.get(RUNS)
    assert response.json == {"items": [], "next_cursor": None}
    assert response.headers["Content-Type"] == "application/json"


def test_a_summary_has_the_fields_of_the_schema_and_those_values(post: Post, client: FlaskClient) -> None:
    made = post(meta={"batch_label": "b", "explanation": "long"})
    run = client.get(RUNS).json["items"][0]
    assert set(run) == set(RunAdvisorySummarySchema().fields) - {"deleted", "override", "outcome", "outcome_count"}
    for field in ("run_id", "risk_level", "score", "block_reason"):
        assert run[field] == made.json[field]
    assert run["status"] == made.json["run_status"]
    assert run["request_id"] == made.headers["X-Request-Id"]
    assert run["meta"].keys() == {"batch_label", "compute_ms", "request_id"}
    assert run["explanation_summary"] == "long"


def test_the_walk_shows_each_run_once_newest_first_and_its_end_is_null(
    client: FlaskClient, service_store: Store
) -> None:
    made = put_runs(service_store, 40)
    assert walk(client) == made[::-1]


def test_a_walk_over_runs_of_one_moment_misses_none(client: FlaskClient, service_store: Store) -> None:
    made = put_runs(service_store, 30, step_us=0)
    assert walk(client) == sorted(made, reverse=True)


def test_rare_matches_are_found_and_the_walk_over_them_ends(client: FlaskClient, service_store: Store) -> None:
    rare = []
    for number in range(90):
        over = {"decision": make_decision(risk_level="YELLOW")} if number in (0, 1, 40) else {}
        run_id = service_store.runs.put(make_members(START + number * MINUTE_US, **over)).view.artifact.run_id
        rare += [run_id] if over else []
    response = client.get(f"{RUNS}?risk_level=YELLOW&limit=2")
    assert [run["run_id"] for run in response.json["items"]] == rare[:0:-1]
    assert walk(client, "risk_level=YELLOW") == rare[::-1]
    assert walk(client, "risk_level=UNKNOWN") == []


def test_the_walk_is_right_while_runs_are_added_and_deleted(client: FlaskClient, service_store: Store) -> None:
    made = put_runs(service_store, 20)
    first = client.get(f"{RUNS}?limit=7").json
    service_store.runs.put(make_members(START + 100 * MINUTE_US))
    add_event(service_store, made[5], "delete", {"mode": "soft"}, actor=ANNA, us=ids.now_us())
    rest = walk(client, f"cursor={first['next_cursor']}")
    seen = [run["run_id"] for run in first["items"]] + rest
    assert seen == [run_id for run_id in made[::-1] if run_id != made[5]]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bm90IGEgY3Vyc29y", "=", "a" * 400])
def test_a_bad_cursor_is_an_error_and_not_page_one(post: Post, client: FlaskClient, cursor: str) -> None:
    post()
    response = client.get(f"{RUNS}?cursor={cursor}")
    assert response.status_code == 400
    assert response.json["error"] == "BAD_CURSOR"


def test_a_cursor_that_was_damaged_anywhere_is_refused(client: FlaskClient, service_store: Store) -> None:
    put_runs(service_store, 2)
    cursor = client.get(f"{RUNS}?limit=1").json["next_cursor"]
    for place in range(0, len(cursor), 3):
        damaged = cursor[:place] + "~" + cursor[place + 1 :]
        assert client.get(RUNS, query_string={"cursor": damaged}).status_code == 400


def test_offset_pages_show_the_same_runs_and_go_on_by_cursor(client: FlaskClient, service_store: Store) -> None:
    made = put_runs(service_store, 10)
    response = client.get(f"{RUNS}?limit=3&offset=4")
    assert [run["run_id"] for run in response.json["items"]] == made[3:6][::-1]
    assert "offset" not in response.headers["Link"]
    assert client.get(f"{RUNS}?limit=3&offset=10").json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ("created_from=2025-12-23T09:46:13.123456Z", 3),
        ("created_from=2025-12-23T10:46:13.123456%2B01:00", 3),
        ("created_from=2025-12-23T09:46:13.1234560%2B00:00", 3),
        ("created_from=2025-12-23T04:46:13.123457-05:00", 2),
        ("created_to=2025-12-23T09:47:13.123456Z", 1),
        ("created_to=2025-12-23T10:47:13.123457%2B01:00", 2),
        ("created_from=2025-12-23T09:47:13Z&created_to=2025-12-23T09:48:13Z", 1),
        ("created_from=2025-12-23&created_to=2025-12-24", 3),
        ("created_from=2025-12-24T00:30:00%2B01:00", 0),
        ("created_from=2025-12-23t09:46:13.123456z", 3),
    ],
)
def test_times_are_compared_as_times_and_not_as_strings(
    client: FlaskClient, service_store: Store, bounds: str, found: int
) -> None:
    put_runs(service_store, 3)
    response = client.get(f"{RUNS}?include_total=true&{bounds}")
    assert (response.json["total"], len(response.json["items"])) == (found, found)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2025-12-23T09:46:13",
        "2025-13-01T00:00:00Z",
        "2025-12-23T25:00:00Z",
        "20251223T094613Z",
        "2025-W52-2",
        "2025-12-23T09:46Z",
        "٢٠٢٥-12-23T09:46:13Z",
        "0001-01-01T00:00:00%2B23:59",
        "1",
        "",
    ],
)
def test_a_time_that_is_none_is_refused_by_name(client: FlaskClient, text: str) -> None:
    response = client.get(f"{RUNS}?created_from={text}")
    assert response.status_code == 422, response.text
    assert list(response.json["errors"]) == ["created_from"]


def test_a_plus_that_arrived_as_a_space_is_explained(client: FlaskClient) -> None:
    response = client.get(f"{RUNS}?created_to=2025-12-23T10:46:13+01:00")
    assert response.status_code == 422
    assert "%2B" in response.json["errors"]["created_to"][0]


def test_the_total_counts_what_the_pages_show_under_every_filter(client: FlaskClient, service_store: Store) -> None:
    put_runs(service_store, 5)
    special = {
        "mode": "saw",
        "tool_id": "saw-250",
        "event_type": "import",
        "workflow_session_id": "ws_" + "0" * 32,
        "material_id": "ebony",
        "machine_id": "m1",
        "request_id": "req_special",
        "meta": {"batch_label": "batch_2", "session_id": "s2"},
    }
    us = START + 50 * MINUTE_US
    run_id = service_store.runs.put(make_members(us, status="BLOCKED", **special)).view.artifact.run_id
    filters = {name: value for name, value in special.items() if isinstance(value, str)} | {
        "batch_label": "batch_2",
        "session_id": "s2",
        "status": "BLOCKED",
        "risk_level": "RED",
        "tool_id_prefix": "saw-",
        "created_from": ids.utc_text(us),
    }
    for name, value in filters.items():
        response = client.get(RUNS, query_string={name: value, "include_total": "true"})
        assert response.status_code == 200, name
        assert [run["run_id"] for run in response.json["items"]] == [run_id], name
        assert response.json["total"] == 1, name
    everything = client.get(RUNS, query_string={**filters, "include_total": "true"}).json
    assert (len(everything["items"]), everything["total"]) == (1, 1)


def test_deleted_runs_are_neither_listed_nor_counted_unless_asked_for(
    client: FlaskClient, service_store: Store
) -> None:
    made = put_runs(service_store, 3)
    add_event(service_store, made[1], "delete", {"mode": "soft"}, actor=ANNA, us=ids.now_us())
    found = client.get(f"{RUNS}?include_total=true").json
    assert (found["total"], [run["run_id"] for run in found["items"]]) == (2, [made[2], made[0]])
    found = client.get(f"{RUNS}?include_total=1&include_deleted=true").json
    assert (found["total"], len(found["items"])) == (3, 3)


def test_a_total_is_given_only_when_asked_for(client: FlaskClient) -> None:
    assert "total" not in client.get(f"{RUNS}?include_total=false").json


def test_nothing_that_meta_holds_breaks_a_list(client: FlaskClient, post: Post) -> None:
    oddities: list[Any] = [None, "fast", -1.5, True, [], {}, ["a"], {"a": {"b": []}}, "\u2028\U0001f600\x7f"]
    names = ("compute_ms", "request_id", "explanation_status", "explanation_summary", "explanation", "batch_label")
    for oddity in oddities:
        made = post(meta=dict.fromkeys((*names, "warnings", "source", "session_id", "score"), oddity))
        assert made.status_code == 201
    response = client.get(f"{RUNS}?include_total=true")
    assert (response.status_code, response.json["total"]) == (200, len(oddities))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=fine", "status"),
        ("risk_level=PURPLE", "risk_level"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e1", "limit"),
        ("limit=5_0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999", "offset"),
        ("include_total=maybe", "include_total"),
        ("include_deleted=", "include_deleted"),
        ("mode=", "mode"),
        ("tool_id=" + "x" * 201, "tool_id"),
        ("cursor=", "cursor"),
        ("surprise=1", "surprise"),
        ("created_from_us=1", "created_from_us"),
        ("limit=5&limit=6", "limit"),
        ("mode=a&mode=a", "mode"),
        ("cursor=x&offset=0", "offset"),
    ],
)
def test_a_parameter_that_cannot_be_taken_is_named(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"{RUNS}?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_odd_values_of_filters_find_nothing_and_break_nothing(client: FlaskClient, post: Post) -> None:
    post()
    for value in ("'%20OR%201=1", "%25", "*", "%F0%9F%98%80"):
        for name in ("mode", "tool_id_prefix", "batch_label"):
            response = client.get(f"{RUNS}?{name}={value}&include_total=true")
            assert (response.status_code, response.json["total"]) == (200, 0)


def test_the_link_keeps_the_other_parameters_and_escapes_them(client: FlaskClient, service_store: Store) -> None:
    put_runs(service_store, 2, tool_id='a> b&"ü')
    response = client.get(RUNS, query_string={"tool_id": 'a> b&"ü', "limit": "1"})
    link = response.headers["Link"]
    assert link.isascii()
    assert link.count(">") == 1
    follow = client.get(link[1 : link.index(">")])
    assert (len(follow.json["items"]), follow.json["next_cursor"]) == (1, None)


# The index is only an index


def test_a_list_is_never_silently_short_while_the_index_is_not_complete(
    app: Flask, client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_runs(service_store, 3)
    client.get(RUNS)
    woken = threading.Event()
    monkeypatch.setattr(app.extensions["rmos"].store.gaps, "on_gap", woken.set)
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").unlink()
    response = client.get(RUNS)
    assert response.status_code == 503
    assert response.json["error"] == "INDEX_REBUILDING"
    assert int(response.headers["Retry-After"]) > 0
    assert woken.is_set()


def test_a_lost_index_is_filled_again_while_the_service_runs(
    app: Flask, client: FlaskClient, service_store: Store
) -> None:
    made = put_runs(service_store, 3)
    assert walk(client) == made[::-1]
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").unlink()

    def answered() -> bool:
        response = client.get(RUNS)
        assert response.status_code == 200 or response.json["error"] == "INDEX_REBUILDING"
        return bool(response.status_code == 200)

    wait_until(answered, "the index")
    assert walk(client) == made[::-1]


def test_runs_that_another_process_left_unindexed_are_listed_by_the_first_page(
    client: FlaskClient, settings: Any
) -> None:
    writer = Store.open(settings)
    made = put_runs(writer, 3)
    writer.index.close()
    assert walk(client) == made[::-1]


def test_a_store_that_cannot_be_opened_is_answered_as_a_problem(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions["rmos"].settings.runs_dir.mkdir(exist_ok=True)
    (app.extensions["rmos"].settings.runs_dir / "_format.json").write_text('{"format": 99}')
    for response in (client.get(RUNS), client.get(f"{RUNS}/run_{'0' * 32}")):
        assert response.status_code == 503
        assert response.json["error"] == "STORE_UNUSABLE"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_trap_44_a_run_is_found_by_its_names_as_any_system_types_them(
    client: FlaskClient, form: Literal["NFC", "NFD"]
) -> None:
    sent = json.loads((Path(__file__).parents[1] / "data" / "files" / "nfd.json").read_text(encoding="utf-8"))
    made = client.post(RUNS, json=sent)
    assert made.status_code == 201, made.text
    for name, text in (("tool_id", "fraise-é"), ("tool_id_prefix", "fraise-é"), ("batch_label", "Épicéa 7")):
        found = client.get(RUNS, query_string={name: unicodedata.normalize(form, text)}).json["items"]
        assert [run["run_id"] for run in found] == [made.json["run_id"]], name
    assert client.get(made.headers["Location"]).json["tool_id"] == sent["tool_id"]
    assert found[0]["meta"]["batch_label"] == sent["meta"]["batch_label"]
