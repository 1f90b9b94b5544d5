"""`GET /api/rmos/runs/query/recent`: the list as clients of the earlier system ask for it."""

import re

import pytest
from flask.testing import FlaskClient

from rmos.http.streams import CSV
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.runs import MINUTE_US, START, put_runs, read_csv
from tests.makers import make_decision, make_members

RECENT = f"{RUNS}/query/recent"


@pytest.mark.parametrize(
    "query",
    [
        "mode=SAW", "mode=saw", "mode=Saw", "tool_id=saw-250", "tool_id=SAW-250", "source=ui", "source=UI",
        "status=blocked", "status=BLOCKED", "risk_level=red", "risk_level=Red",
        "mode=sAW&tool_id=Saw-250&source=Ui&status=Blocked&risk_level=rED",
    ],
)  # fmt: skip
def test_trap_15_filters_ignore_case_in_lists_and_counts(client: FlaskClient, service_store: Store, query: str) -> None:
    put_runs(service_store, 5)
    members = make_members(START - 1, status="BLOCKED", mode="Saw", tool_id="Saw-250", meta={"source": "Ui"})
    run_id = service_store.runs.put(members).view.artifact.run_id
    response = client.get(f"{RECENT}?{query}&include_total=true")
    assert response.status_code == 200
    assert [run["run_id"] for run in response.json["items"]] == [run_id]
    assert response.json["total"] == 1
    assert [row["run_id"] for row in read_csv(client, query, RECENT)] == [run_id]


def test_trap_13_a_rare_match_is_found_and_the_walk_sees_each_once_and_ends(
    client: FlaskClient, service_store: Store
) -> None:
    made = []
    for number in range(60):
        rare = number % 9 == 0
        over = {"decision": make_decision(risk_level="YELLOW"), "mode": "SAW"} if rare else {}
        run_id = service_store.runs.put(make_members(START + number * MINUTE_US, **over)).view.artifact.run_id
        made += [run_id] if rare else []
    seen, target = [], f"{RECENT}?limit=2&risk_level=yellow&mode=saw"
    while target:
        response = client.get(target)
        seen += [run["run_id"] for run in response.json["items"]]
        link = re.fullmatch(rf'<({RECENT}\?[^>]*)>; rel="next"', response.headers.get("Link", ""))
        assert (link is None) == (response.json["next_cursor"] is None)
        target = link[1] if link else ""
    assert seen == made[::-1]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bm90IGEgY3Vyc29y"])
def test_trap_13_a_bad_cursor_is_an_error_and_not_page_one(client: FlaskClient, cursor: str) -> None:
    response = client.get(f"{RECENT}?cursor={cursor}")
    assert (response.status_code, response.json["error"]) == (400, "BAD_CURSOR")


def test_trap_14_times_are_compared_as_times(client: FlaskClient, service_store: Store) -> None:
    made = put_runs(service_store, 3)
    found = client.get(f"{RECENT}?created_from=2025-12-23T10:47:13.1234560%2B01:00&mode=ROUTER").json["items"]
    assert [run["run_id"] for run in found] == made[:0:-1]


def test_without_parameters_it_is_the_list(client: FlaskClient, post: Post) -> None:
    post()
    assert client.get(RECENT).json == client.get(RUNS).json
    assert client.get(RECENT, headers={"Accept": CSV}).data == client.get(RUNS, headers={"Accept": CSV}).data


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=FINE", "status"), ("risk_level=purple", "risk_level"), ("risk_level=", "risk_level"), ("mode=", "mode"),
     ("source=" + "x" * 201, "source"), ("surprise=1", "surprise"), ("status=ok&status=ok", "status"),
     ("ignore_case=false", "ignore_case"), ("status=%C4%B1", "status")],
)  # fmt: skip
def test_a_parameter_that_cannot_be_taken_is_named(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"{RECENT}?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_trap_18_no_run_id_shadows_it(client: FlaskClient) -> None:
    assert client.get(f"{RUNS}/query").json["error"] == "RUN_NOT_FOUND"
    assert client.get(RECENT).json["items"] == []
