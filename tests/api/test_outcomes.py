"""`…/outcomes`: what became of cuts, reported, corrected, listed and added up."""

import json
import math
import random
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest, ids
from rmos.api import outcomes as api_outcomes
from rmos.services.programs import reading
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body, make_named
from tests.helpers.packs import quicken, store_slot
from tests.helpers.runs import read_csv
from tests.makers import ANNA, make_members
from tests.store.writing import add

OUTCOMES = "/api/rmos/outcomes"
GOOD = {"ended": "completed", "part": "good"}
SCRAP = {"ended": "completed", "part": "scrap", "reason_code": "TEAR_OUT"}
THIN = {**make_body()["design"], "floor_thickness_mm": 0.7}
LOW = {**make_body()["design"], "plunge_feed_mm_min": 2200}
NOW = "2026-03-01T12:00:00Z"


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report everything at one moment: what is too far ahead depends on it."""
    monkeypatch.setattr(api_outcomes.ids, "now_us", lambda: ids.parse_utc(NOW))


def report(client: FlaskClient, run_id: str, said: Mapping[str, Any] = GOOD, key: str | None = None) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"{RUNS}/{run_id}/outcomes", json=said, headers=headers)


def report_number(client: FlaskClient, run_id: str, **over: Any) -> int:
    answer = report(client, run_id, {**GOOD, **over})
    assert answer.status_code == 201, answer.json
    return int(answer.json["number"])


def listed(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{OUTCOMES}?{query}").json["items"]
    return items


def totals(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{OUTCOMES}/totals?{query}").json["items"]
    return items


@pytest.fixture
def run_id(post: Post) -> str:
    return str(post(**make_named()).json["run_id"])


# Reporting


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (GOOD, "done"),
        (SCRAP, "scrapped"),
        ({"ended": "failed", "part": "scrap", "reason_code": "POWER"}, "scrapped"),
        ({"ended": "completed", "part": "rework"}, "interrupted"),
        ({"ended": "completed", "part": "unjudged"}, "interrupted"),
        ({"ended": "cancelled", "part": "good"}, "interrupted"),
        ({"ended": "INTERRUPTED", "part": "Unjudged"}, "interrupted"),
    ],
)
def test_an_outcome_is_an_event_and_the_run_shows_it(
    client: FlaskClient, run_id: str, said: dict[str, str], word: str
) -> None:
    before = client.get(f"{RUNS}/{run_id}/download").data
    assert client.get(f"{RUNS}/{run_id}").json["outcomes"] == []
    answer = report(client, run_id, said)
    assert answer.status_code == 201
    assert answer.json == {
        "run_id": run_id,
        "number": 1,
        "outcome": word,
        "program_matches": None,
        "cut_against_decision": False,
    }
    assert answer.headers["Location"] == f"{RUNS}/{run_id}/outcomes"
    (event,) = client.get(f"{RUNS}/{run_id}/events").json["events"]
    assert (event["kind"], event["data"]["outcome"]) == ("outcome", word)
    (entry,) = client.get(f"{RUNS}/{run_id}").json["outcomes"]
    assert (entry["number"], entry["outcome"], entry["by"], entry["corrected_by"]) == (1, word, event["actor"], None)
    assert client.get(answer.headers["Location"]).json == {"run_id": run_id, "count": 1, "items": [entry]}
    (summary,) = client.get(f"{RUNS}?outcome={word.upper()}").json["items"]
    assert (summary["outcome"], summary["outcome_count"]) == (word, 1)
    assert client.get(f"{RUNS}/{run_id}/download").data == before


def test_runs_without_outcomes_say_nothing_of_them(client: FlaskClient, run_id: str) -> None:
    (summary,) = client.get(RUNS).json["items"]
    assert summary["run_id"] == run_id
    assert {"outcome", "outcome_count"}.isdisjoint(summary)
    assert client.get(f"{RUNS}/{run_id}/outcomes").json == {"run_id": run_id, "count": 0, "items": []}
    assert (listed(client), totals(client)) == ([], [])


FULL = {
    "ended": "cancelled",
    "part": "rework",
    "reason_code": "CHATTER",
    "started_at_utc": "2026-03-01T09:00:00+01:00",
    "ended_at_utc": "2026-03-01T08:07:30Z",
    "measured_s": 400.5,
    "last_line": 120,
    "feed_override_pct": 80,
    "program_sha256": "a" * 64,
    "tools": [{"tool_id": "em-3175-2f", "serial": "B", "minutes": 5.5, "broke": True}],
    "rating": 2,
    "note": "Sang at the second ring.",
    "photo_sha256": [],
    "readings": [{"name": "width", "value": 6.02, "unit": "mm"}],
    "quantity": 3,
    "corrects": None,
}


def test_everything_that_was_said_is_kept_and_the_list_shows_it(client: FlaskClient, run_id: str) -> None:
    answer = report(client, run_id, FULL)
    assert (answer.status_code, answer.json["program_matches"]) == (201, False)
    (entry,) = client.get(f"{RUNS}/{run_id}/outcomes").json["items"]
    times = {"started_at_utc": "2026-03-01T08:00:00.000000Z", "ended_at_utc": "2026-03-01T08:07:30.000000Z"}
    assert {name: entry[name] for name in FULL} == {**FULL, **times}
    (item,) = listed(client)
    assert item == {
        "run_id": run_id,
        "number": 1,
        "at_utc": times["ended_at_utc"],
        "reported_at_utc": "2026-03-01T12:00:00.000000Z",
        "by": entry["by"],
        **{name: FULL[name] for name in ("ended", "part", "reason_code", "quantity", "last_line", "rating", "note")},
        "outcome": "interrupted",
        "program_matches": False,
        "cut_against_decision": False,
        "corrects": None,
        "risk_level": "GREEN",
        "machine_id": "rigid_router",
        "material_id": "sitka_spruce",
        "tool_ids": ["em-3175-2f"],
        "spent_s": 400.5,
        "cut_mm": None,
    }


def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_recorded(client: FlaskClient, run_id: str) -> None:
    for over, field in (
        ({"part": "scrap"}, "reason_code"),
        ({"ended_at_utc": "2026-03-01T12:05:01Z"}, "ended_at_utc"),
        ({"photo_sha256": ["b" * 64]}, "photo_sha256"),
        ({"colour": "green"}, "colour"),
        ({"measured_s": math.nan}, "measured_s"),
        ({"rating": math.inf}, "rating"),
        ({"last_line": -math.inf}, "last_line"),
        ({"readings": [{"name": "spindle", "value": math.nan, "unit": "W"}]}, "readings.0.value"),
        ({"tools": [{"tool_id": "em-3175-2f", "minutes": math.inf}]}, "tools.0.minutes"),
    ):
        text = json.dumps({**GOOD, **over})  # NaN and Infinity as other programs write them
        answer = client.post(f"{RUNS}/{run_id}/outcomes", data=text, content_type="application/json")
        found = (answer.status_code, answer.json["error"], list(answer.json["errors"]))
        assert found == (422, "VALIDATION_FAILED", [field])
    too_large = b'{"ended": "completed", "part": "good", "measured_s": 1e999}'
    answer = client.post(f"{RUNS}/{run_id}/outcomes", data=too_large, content_type="application/json")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["measured_s"])
    assert client.get(f"{RUNS}/{run_id}/events").json["events"] == []


def test_a_photo_is_one_that_the_run_names(client: FlaskClient, run_id: str) -> None:
    photo = {"kind": "photo", "filename": "a.png", "content_type": "application/octet-stream", "b64": "eA=="}
    sha256 = digest.sha256_hex(b"x")
    assert client.post(f"{RUNS}/{run_id}/attachments", json={**photo, "sha256": sha256}).status_code == 201
    assert report(client, run_id, {**GOOD, "photo_sha256": [sha256]}).status_code == 201


def test_of_no_run_and_of_a_deleted_one_no_outcome_is_taken(client: FlaskClient, run_id: str) -> None:
    assert report(client, ids.new_run_id(1)).status_code == 404
    client.delete(f"{RUNS}/{run_id}?reason=a+trial")
    assert (report(client, run_id).status_code, report(client, run_id).json["error"]) == (410, "RUN_DELETED")


# What the decision said


def test_what_was_cut_against_the_decision_is_recorded_and_said(client: FlaskClient, post: Post) -> None:
    blocked = post(design=THIN).json
    assert blocked["run_status"] == "BLOCKED"
    assert report(client, blocked["run_id"]).json["cut_against_decision"] is True
    warned = post(design=LOW).json
    assert (warned["risk_level"], warned["run_status"]) == ("YELLOW", "OK")
    assert report(client, warned["run_id"]).json["cut_against_decision"] is False


@pytest.mark.parametrize(
    ("expires", "started", "against"),
    [
        (None, None, False),
        (None, "2026-03-01T11:56:00Z", False),
        (None, "2026-03-01T11:00:00Z", True),
        ("2026-03-01T11:59:00.000000Z", None, True),
    ],
)
def test_an_override_covers_what_was_cut_while_it_was_in_force(
    client: FlaskClient, service_store: Store, expires: str | None, started: str | None, against: bool
) -> None:
    run_id = service_store.runs.put(make_members(status="BLOCKED")).view.artifact.run_id
    said = {"scope": "RED", "effective": True, "expires_at_utc": expires}
    us = ids.parse_utc(NOW)
    service_store.runs.append(run_id, "override", lambda run: said, actor=ANNA, us=us)
    assert report(client, run_id, {**GOOD, "started_at_utc": started}).json["cut_against_decision"] is against


def test_what_a_session_approved_is_not_cut_against_a_decision_that_its_override_covers(
    client: FlaskClient, service_store: Store
) -> None:
    decision = {"risk_level": "RED", "score": 1.0, "block_reason": "x", "warnings": [], "details": {}}
    for covered in (True, False):
        said = {**decision, "details": {"cover": {"covered": covered}}}
        members = make_members(status="BLOCKED", event_type="toolpaths", decision=said)
        run_id = service_store.runs.put(members).view.artifact.run_id
        assert report(client, run_id).json["cut_against_decision"] is not covered


# A program


def test_the_program_says_which_lines_there_are_which_one_ran_and_how_far_it_cut(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    run_id = store_slot(client)
    program = client.get(f"{RUNS}/{run_id}").json["decision"]["details"]["program"]
    lines, path = program["lines"], float(program["tools"][0]["cutting_mm"])
    wrong = report(client, run_id, {**GOOD, "last_line": lines + 1})
    assert wrong.json["errors"] == {"last_line": [f"The program of the run has {lines} lines."]}
    ran = {"program_sha256": program["sha256"], "measured_s": 30}
    assert report(client, run_id, {**GOOD, **ran, "last_line": lines}).json["program_matches"] is True
    assert listed(client)[0]["cut_mm"] == path
    # Of what was stopped somewhere nobody knows how far it came, and of another program nothing is known.
    assert report(client, run_id, {**GOOD, "ended": "cancelled"}).status_code == 201
    other = {"program_sha256": "c" * 64, "last_line": lines + 1}
    assert report(client, run_id, {**GOOD, **other}).json["program_matches"] is False
    (group,) = totals(client, "group_by=tool&tool=EM-3175-2F")
    assert (group["jobs"], group["measured_jobs"], group["metres"]) == (3, 1, round(path / 1000, 2))
    (wood,) = totals(client, "group_by=material")
    assert (wood["group"], wood["measured_jobs"], wood["metres"]) == ("sitka_spruce", 1, group["metres"])
    engaged = 30 * float(program["tools"][0]["cutting_s"]) / float(program["estimate_s"]["feed_only"])
    assert (group["timed_jobs"], group["minutes"]) == (1, round(min(engaged, 30) / 60, 2))


def test_what_stopped_at_a_line_is_measured_up_to_there_once_and_the_event_keeps_it(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, service_store: Store
) -> None:
    quicken(monkeypatch)
    run_id = store_slot(client)
    program = client.get(f"{RUNS}/{run_id}").json["decision"]["details"]["program"]
    whole = float(program["tools"][0]["cutting_mm"])
    paths = []
    for line in range(1, program["lines"] + 1):
        stopped = {"ended": "cancelled", "part": "unjudged", "last_line": line}
        number = report(client, run_id, stopped, key=f"job-{line}").json["number"]
        entry = client.get(f"{RUNS}/{run_id}/outcomes").json["items"][number - 1]
        paths.append(entry["cut_mm"])
        (work,) = entry["tool_work"]
        assert (work["cutting_mm"], work["time_origin"]) == (entry["cut_mm"], "estimated")
    assert paths == sorted(paths)
    assert (paths[0], paths[-1]) == (0.0, whole)
    assert any(0 < path < whole for path in paths)
    before = totals(client, "group_by=tool")
    monkeypatch.setattr(reading, "_run_child", None)  # nothing is measured again, neither for a list nor for a rebuild
    assert report(client, run_id, stopped, key=f"job-{line}").status_code == 200
    service_store.reconcile(full=True)
    assert totals(client, "group_by=tool") == before
    assert before[0]["metres"] == pytest.approx(sum(paths) / 1000, abs=0.006)


# Sent twice, corrected


def test_a_key_makes_one_outcome_of_a_request_that_is_sent_again(client: FlaskClient, run_id: str) -> None:
    first = report(client, run_id, SCRAP, key="k1")
    again = report(client, run_id, SCRAP, key="k1")
    assert (first.status_code, again.status_code, again.json) == (201, 200, first.json)
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    other = report(client, run_id, GOOD, key="k1")
    assert (other.status_code, other.json["error"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert report(client, run_id, SCRAP, key="k2").json["number"] == 2
    assert report(client, run_id, SCRAP).json["number"] == 3
    assert report(client, run_id, SCRAP, key="k1").json["number"] == 1
    entries = client.get(f"{RUNS}/{run_id}/outcomes").json["items"]
    assert [entry["number"] for entry in entries] == [1, 2, 3]
    assert all("idempotency" not in entry for entry in entries)
    assert report(client, run_id, SCRAP, key="no key").status_code == 400


def test_a_key_is_of_one_caller(client: FlaskClient, run_id: str, service_store: Store) -> None:
    report(client, run_id, GOOD, key="k1")
    data = client.get(f"{RUNS}/{run_id}/events").json["events"][0]["data"]
    data["idempotency"]["key"] = "k2"
    service_store.runs.append(run_id, "outcome", lambda run: data, actor=ANNA, us=ids.parse_utc(NOW))
    assert report(client, run_id, GOOD, key="k2").json["number"] == 3


def test_a_correction_takes_the_place_of_an_outcome_and_both_stay(client: FlaskClient, run_id: str) -> None:
    first = report_number(client, run_id, quantity=4, measured_s=600)
    second = report(client, run_id, {**SCRAP, "corrects": first, "measured_s": 60}).json["number"]
    entries = client.get(f"{RUNS}/{run_id}/outcomes").json["items"]
    assert [(entry["number"], entry["corrected_by"]) for entry in entries] == [(1, 2), (2, None)]
    assert [(item["number"], item["corrects"]) for item in listed(client)] == [(second, first)]
    (group,) = totals(client)
    assert (group["jobs"], group["good"], group["scrap"], group["minutes"]) == (1, 0, 1, 1.0)
    (summary,) = client.get(f"{RUNS}?outcome=scrapped").json["items"]
    assert summary["outcome_count"] == 1
    again = report(client, run_id, {**GOOD, "corrects": first})
    assert (again.status_code, again.json["error"], again.json["corrected_by"]) == (409, "CORRECTS_UNKNOWN", second)
    unknown = report(client, run_id, {**GOOD, "corrects": 9})
    assert (unknown.status_code, unknown.json["error"], unknown.json["corrects"]) == (409, "CORRECTS_UNKNOWN", 9)
    assert report(client, run_id, {**GOOD, "corrects": second}).status_code == 201


# Lists and totals


def test_filters_take_any_case_and_leave_out_what_is_deleted(client: FlaskClient, post: Post) -> None:
    spruce, ebony = (
        post(**make_named(material_id=material, tool_id=tool)).json["run_id"]
        for material, tool in (("sitka_spruce", "em-3175-2f"), ("ebony", "em-1000-2f"))
    )
    report_number(client, spruce, ended_at_utc="2026-02-01T00:00:00Z")
    report(client, ebony, {**SCRAP, "ended_at_utc": "2026-01-31T23:59:59Z"})
    found = {
        query: [item["run_id"] for item in listed(client, query)]
        for query in (
            *("", "material=EBONY", "tool=EM-3175-2F", "machine=rigid_router", "machine=x", "part=Scrap"),
            *("ended=failed", "since=2026-02-01", "until=2026-01-31", "until=2026-01-30"),
        )
    }
    assert found == {
        "": [spruce, ebony],
        "material=EBONY": [ebony],
        "tool=EM-3175-2F": [spruce],
        "machine=rigid_router": [spruce, ebony],
        "machine=x": [],
        "part=Scrap": [ebony],
        "ended=failed": [],
        "since=2026-02-01": [spruce],
        "until=2026-01-31": [ebony],
        "until=2026-01-30": [],
    }
    assert [(group["group"], group["jobs"]) for group in totals(client, "group_by=month")] == [
        ("2026-01", 1),
        ("2026-02", 1),
    ]
    client.delete(f"{RUNS}/{spruce}?reason=a+trial")
    assert [item["run_id"] for item in listed(client)] == [ebony]
    client.post(f"{RUNS}/{spruce}/restore")
    assert len(listed(client)) == 2
    for wrong in ("colour=x", "part=fine", "since=yesterday", "cursor=x"):
        assert client.get(f"{OUTCOMES}?{wrong}").status_code in (400, 422)
    assert client.get(f"{OUTCOMES}/totals?group_by=day").status_code == 422


def test_pages_are_walked_by_cursor_and_streams_bring_all(client: FlaskClient, run_id: str) -> None:
    for second in range(5):
        report_number(client, run_id, ended_at_utc=f"2026-03-01T10:00:0{second}Z", note="=1+1")
    walked, path = [], f"{OUTCOMES}?limit=2&include_total=true"
    while path:
        page = client.get(path)
        assert page.json["total"] == 5
        walked += [item["number"] for item in page.json["items"]]
        path = page.headers["Link"].split("<")[1].split(">")[0] if "Link" in page.headers else ""
    assert walked == [5, 4, 3, 2, 1]
    rows = read_csv(client, path=OUTCOMES)
    assert [(row["number"], row["note"], row["tool_ids"]) for row in rows][:1] == [("5", "'=1+1", '["em-3175-2f"]')]
    assert len(rows) == 5
    assert len(client.get(f"{OUTCOMES}?format=ndjson").data.splitlines()) == 5
    assert client.get(f"{OUTCOMES}?format=csv&bom=true&limit=1").data.startswith(b"\xef\xbb\xbfrun_id,number,")
    assert client.get(OUTCOMES, headers={"Accept": "image/png"}).status_code == 406
    (group,) = read_csv(client, path=f"{OUTCOMES}/totals")
    assert (group["group"], group["jobs"], group["minutes"]) == ("rigid_router", "5", "")


def test_several_tools_have_their_own_minutes_and_the_job_counts_once_otherwise(
    client: FlaskClient, run_id: str
) -> None:
    tools = [{"tool_id": "em-1", "minutes": 2}, {"tool_id": "EM-2"}, {"tool_id": "em-2", "minutes": 1.5}]
    report_number(client, run_id, tools=tools, measured_s=600)
    by_tool = {group["group"]: (group["jobs"], group["minutes"]) for group in totals(client, "group_by=tool")}
    assert by_tool == {"em-1": (1, 2.0), "em-2": (1, 1.5)}
    (group,) = totals(client, "group_by=machine")
    assert (group["jobs"], group["good"], group["minutes"]) == (1, 1, 10.0)
    assert [item["tool_ids"] for item in listed(client, "tool=em-2")] == [["em-1", "em-2"]]


def test_totals_are_a_plain_sum_also_after_corrections_and_a_rebuild(service_store: Store, client: FlaskClient) -> None:
    chance = random.Random(21)
    counted: dict[tuple[str, int], dict[str, Any]] = {}
    for number in range(30):
        members = make_members(machine_id=f"m{number % 3}", material_id="koa")
        run_id = service_store.runs.put(members).view.artifact.run_id
        mine: list[int] = []
        for event in range(1, chance.randint(2, 6)):
            part = chance.choice(("good", "scrap", "rework"))
            corrects = chance.choice([None, *mine])
            said = {"ended": "completed", "part": part, "outcome": "done", "quantity": chance.randint(1, 3)}
            said |= {"measured_s": chance.randint(0, 900), "corrects": corrects}
            add(service_store, run_id, "outcome", **said)
            if corrects is not None:
                mine.remove(corrects)
                del counted[run_id, corrects]
            mine.append(event)
            counted[run_id, event] = {**said, "machine": members["machine_id"]}
    expected = [
        {
            "group": machine,
            "jobs": len(jobs),
            "good": sum(job["quantity"] for job in jobs if job["part"] == "good"),
            "scrap": sum(job["quantity"] for job in jobs if job["part"] == "scrap"),
            "minutes": round(sum(job["measured_s"] for job in jobs) / 60, 2),
            "timed_jobs": len(jobs),
            "metres": None,
            "measured_jobs": 0,
            "longest_s": float(max(job["measured_s"] for job in jobs)),
        }
        for machine in ("m0", "m1", "m2")
        if (jobs := [job for job in counted.values() if job["machine"] == machine])
    ]
    assert totals(client) == expected
    before = listed(client, "limit=500")
    service_store.index.runs.forget([run_id for run_id, _ in counted])
    assert totals(client) == []
    service_store.reconcile(full=True)
    assert totals(client) == expected
    assert listed(client, "limit=500") == before


@pytest.mark.parametrize(
    "said", [{}, {"ended": "completed"}, {**GOOD, "outcome": "done", "quantity": "2"}, {**GOOD, "outcome": "fine"}]
)
def test_an_event_of_another_hand_that_is_no_outcome_stays_and_counts_for_nothing(
    client: FlaskClient, service_store: Store, run_id: str, said: dict[str, Any]
) -> None:
    add(service_store, run_id, "outcome", **said)
    assert client.get(f"{RUNS}/{run_id}").json["outcomes"][0]["corrected_by"] is None
    assert (listed(client), totals(client)) == ([], [])
    assert "outcome" not in client.get(RUNS).json["items"][0]
