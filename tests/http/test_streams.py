"""Lists as CSV and NDJSON: all runs of a filter, formula-safe, and never silently short."""

import csv
import json
import tracemalloc
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from rmos.errors.store import IndexBroken, IndexRebuilding
from rmos.http import streams
from rmos.http.streams import CSV, NDJSON
from rmos.schemas.lists import load_list
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.runs import START, put_runs, read_csv
from tests.makers import make_decision, make_members, make_row

HEADER = (
    "run_id,created_at_utc,status,event_type,risk_level,score,block_reason,warnings,"
    "explanation_status,explanation_summary,request_id,compute_ms,mode,tool_id,material_id,machine_id,"
    "workflow_session_id,parent_run_id,created_by.name,created_by.role,rule,meta,override,deleted,"
    "outcome,outcome_count"
)


def as_ndjson(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{RUNS}?{query}", headers={"Accept": NDJSON})
    assert answer.status_code == 200, answer.text
    text = answer.get_data().decode()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BATCH", 4)


@pytest.mark.usefixtures("small_batches")
def test_trap_13_a_stream_brings_all_runs_of_the_filter_and_not_one_page(
    client: FlaskClient, service_store: Store
) -> None:
    made = put_runs(service_store, 23)
    yellow = {"decision": make_decision(risk_level="YELLOW")}
    rare = [
        service_store.runs.put(make_members(START + n, **yellow)).view.artifact.run_id for n in (5, 7, 9, 11, 13, 15)
    ]
    pages = client.get(f"{RUNS}?limit=500").json["items"]
    assert as_ndjson(client) == pages
    assert len(pages) == len(made) + len(rare)
    assert [row["run_id"] for row in read_csv(client)] == [run["run_id"] for run in pages]
    assert [row["run_id"] for row in read_csv(client, "risk_level=YELLOW")] == rare[::-1]
    assert [run["run_id"] for run in as_ndjson(client, "risk_level=YELLOW")] == rare[::-1]


@pytest.mark.usefixtures("small_batches")
def test_a_limit_brings_at_most_so_many_and_a_cursor_or_offset_the_rest(
    client: FlaskClient, service_store: Store
) -> None:
    made = put_runs(service_store, 11)[::-1]
    assert [run["run_id"] for run in as_ndjson(client, "limit=6")] == made[:6]
    cursor = client.get(f"{RUNS}?limit=6").json["next_cursor"]
    assert [row["run_id"] for row in read_csv(client, f"cursor={cursor}")] == made[6:]
    assert [row["run_id"] for row in read_csv(client, "offset=2")] == made[2:]


def test_the_total_of_a_stream_is_in_a_header(client: FlaskClient, service_store: Store) -> None:
    put_runs(service_store, 3)
    answer = client.get(f"{RUNS}?include_total=true&limit=2", headers={"Accept": NDJSON})
    assert answer.headers["X-Total-Count"] == "3"
    assert "X-Total-Count" not in client.get(RUNS, headers={"Accept": NDJSON}).headers


def test_a_stream_that_is_dropped_half_way_takes_nothing_from_the_request_it_is_closed_in(
    app: Flask, client: FlaskClient, service_store: Store
) -> None:
    put_runs(service_store, 3)
    dropped = client.get(RUNS, headers={"Accept": NDJSON}, buffered=False)
    next(dropped.iter_encoded())
    with app.test_request_context("/healthz"):
        dropped.close()
        assert request.path == "/healthz"


def test_each_form_names_itself_and_what_it_hangs_on(client: FlaskClient, post: Post) -> None:
    post()
    for accept, content_type in (
        (CSV, "text/csv; charset=utf-8; header=present"),
        (NDJSON, "application/x-ndjson"),
        ("*/*", "application/json"),
    ):
        for answer in (client.get(RUNS, headers={"Accept": accept}), client.head(RUNS, headers={"Accept": accept})):
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == content_type
            assert answer.headers["Vary"] == "Accept"
            assert answer.headers["X-Request-Id"]
    assert client.head(RUNS, headers={"Accept": CSV}).data == b""


def test_the_csv_header_is_stable_and_there_also_without_runs(client: FlaskClient) -> None:
    answer = client.get(RUNS, headers={"Accept": CSV})
    assert answer.data == f"{HEADER}\r\n".encode()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="runs.csv"'
    assert client.get(RUNS, headers={"Accept": NDJSON}).data == b""


@pytest.mark.parametrize("path", [RUNS, f"{RUNS}/query/recent"])
def test_trap_44_a_table_begins_with_a_mark_by_which_excel_knows_utf_8_when_asked(
    client: FlaskClient, post: Post, path: str
) -> None:
    post(meta={"batch_label": "ギター 7"})
    plain = client.get(path, headers={"Accept": CSV}).data
    assert plain.startswith(b"run_id,")
    assert client.get(f"{path}?bom=true", headers={"Accept": CSV}).data == b"\xef\xbb\xbf" + plain
    for other in (NDJSON, "application/json"):
        assert client.get(f"{path}?bom=true", headers={"Accept": other}).data[:1] == b"{"


def test_cells_hold_what_the_summary_says(client: FlaskClient, post: Post) -> None:
    made = post(meta={"batch_label": 'a,"b"\nc', "explanation": "é\u2028"}).json
    (row,) = read_csv(client)
    (summary,) = client.get(RUNS).json["items"]
    assert row["run_id"] == made["run_id"]
    assert float(row["score"]) == summary["score"]
    assert float(row["compute_ms"]) == summary["compute_ms"]
    assert row["block_reason"] == ""
    assert json.loads(row["warnings"]) == summary["warnings"]
    assert json.loads(row["meta"]) == summary["meta"]
    assert row["explanation_summary"] == "é\u2028"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(client: FlaskClient, service_store: Store, start: str) -> None:
    evil = f'{start}HYPERLINK("http://evil/")'
    decision = make_decision("BLOCKED", block_reason=evil)
    service_store.runs.put(make_members(status="BLOCKED", event_type=evil, decision=decision))
    (row,) = read_csv(client)
    assert row["block_reason"] == row["event_type"] == f"'{evil}"
    assert as_ndjson(client)[0]["block_reason"] == evil


def test_parameters_are_as_strict_as_those_of_a_page(client: FlaskClient) -> None:
    for query, status in (("limit=501", 422), ("surprise=1", 422), ("cursor=x", 400), ("cursor=x&offset=1", 422)):
        answer = client.get(f"{RUNS}?{query}", headers={"Accept": CSV})
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_before_the_first_page_a_missing_index_is_a_problem(
    app: Flask, client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_runs(service_store, 3)
    client.get(RUNS)
    monkeypatch.setattr(app.extensions["rmos"].store.gaps, "on_gap", lambda: None)
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").unlink()
    for accept in (CSV, NDJSON):
        answer = client.get(RUNS, headers={"Accept": accept})
        assert (answer.status_code, answer.json["error"]) == (503, "INDEX_REBUILDING")


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_when_the_index_goes_away_in_the_middle_the_last_line_says_so_and_the_stream_breaks_off(
    app: Flask, client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    put_runs(service_store, 9)
    client.get(RUNS)
    woken: list[bool] = []
    monkeypatch.setattr(app.extensions["rmos"].store.gaps, "on_gap", lambda: woken.append(True))
    answer = client.get(RUNS, headers={"Accept": accept}, buffered=False)
    chunks = iter(answer.response)
    sent = b"".join(next(chunks) for _ in range(2 if accept == CSV else 1))
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").unlink()
    last = next(chunks)
    with pytest.raises((IndexRebuilding, IndexBroken)):
        next(chunks)
    assert woken
    assert sent.count(b"\n") == (5 if accept == CSV else 4)
    if accept == CSV:
        mark, code, detail = next(csv.reader([last.decode()]))
        assert (mark, code) == ("#ERROR", "INDEX_REBUILDING")
        assert "too early" in detail
    else:
        problem = json.loads(last)
        assert (problem["error"], problem["status"]) == ("INDEX_REBUILDING", 503)
        assert problem["request_id"] == answer.headers["X-Request-Id"]


def test_a_long_stream_takes_no_more_memory_than_a_short_one(app: Flask, service_store: Store) -> None:
    rmos = app.extensions["rmos"]
    summary = json.dumps({"run_id": "run_x", "meta": {"pad": "x" * 700}})
    peaks = []
    for count in (1000, 5000):
        for start in range(0, count, 1000):
            service_store.index.runs.upsert(
                [make_row(START + count * 10_000 + start + n, summary=summary) for n in range(1000)]
            )
        with app.test_request_context(RUNS):
            pages = streams.walk_pages(rmos.store, load_list({}))
            body = streams._write_ndjson(next(pages), pages, streams.respond_error, streams._of_pages(()).lines)
            next(body)
            tracemalloc.start()
            lines = sum(chunk.count(b"\n") for chunk in body)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert lines >= count - streams.BATCH
    assert peaks[1] < peaks[0] * 1.5
