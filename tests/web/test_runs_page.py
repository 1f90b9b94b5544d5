"""The list of runs: the question is the URL, what is looked for is found, and runs stand side by side."""

import json
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.helpers.problems import check_problem
from tests.web.conftest import RUNS, SLOW, check_page


def listed(page: str) -> list[str]:
    return re.findall(r'<tr data-run="(run_\w+)">', page)


def links(page: str, text: str) -> list[str]:
    return [unescape(href) for href in re.findall(rf'<a [^>]*href="([^"]+)"[^>]*>{text}</a>', page)]


def test_the_page_lists_what_the_interface_lists(browse: Any, record: Any, client: FlaskClient) -> None:
    made = [record(SLOW if number % 2 else {}, meta={"batch_label": f"b{number % 3}"}) for number in range(9)]
    for query in ("", "?risk_level=RED", "?batch_label=b1", "?risk_level=GREEN&batch_label=B0", "?tool_id=nothing"):
        response = browse(f"/runs{query}")
        found = [item["run_id"] for item in client.get(f"{RUNS}{query}").json["items"]]
        assert listed(response.text) == found
        check_page(response)
    assert listed(browse("/runs").text) == made[::-1]


def test_a_walk_by_its_links_shows_each_run_once(browse: Any, record: Any) -> None:
    made = [record() for _ in range(5)]
    path, found = "/runs?limit=2", []
    while path:
        page = browse(path).text
        found += listed(page)
        assert len(found) <= 5
        path = next(iter(links(page, "Older ›")), "")
        path = f"{path}&limit=2" if path else ""
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "3 runs"),
        ("?risk_level=red", "2 runs"),
        ("?tool_id=EM-3175-2F", "3 runs"),
        ("?tool_id=other", "0 runs"),
        ("?created_by=local", "3 runs"),
        ("?risk_level=GREEN&tool_id=em-3175-2f", "1 run"),
    ],
)
def test_it_says_how_many_there_are(browse: Any, record: Any, query: str, said: str) -> None:
    for change in (SLOW, SLOW, {}):
        record(change)
    assert f"Runs {said} Find" in check_page(browse(f"/runs{query}"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?limit=2&risk_level=GREEN&created_by=local", "More than 2 runs"),  # where filters meet only rows could say it
        ("?limit=3&risk_level=GREEN&created_by=local", "3 runs"),
        ("?limit=2&created_by=local", "More than 3 runs"),
        ("?limit=2&created_by=local&created_from=2020-01-01", "More than 3 runs"),
        ("?limit=2&machine_id=light_desktop&offset=3", "More than 3 runs"),
        ("?limit=2&risk_level=RED", "1 run"),
        ("?limit=2&risk_level=GREEN", "3 runs"),
        ("?limit=2&risk_level=GREEN&created_by=local&offset=3", "No more runs"),
        ("?limit=2", "4 runs"),
    ],
)
def test_it_counts_no_further_than_an_index_can(
    browse: Any, record: Any, query: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change in (SLOW, {}, {}, {}):
        record(change)
    monkeypatch.setattr("rmos.web.run_filters._COUNTED", 3)
    assert f"Runs {said}" in check_page(browse(f"/runs{query}"))


def test_a_form_with_empty_fields_leads_to_the_url_that_is_kept(browse: Any) -> None:
    for query, kept in (
        ("tool_id=&risk_level=RED&created_from=", "?risk_level=RED"),
        ("find=&mode=", ""),
        ("find=", ""),
    ):
        response = browse(f"/runs?{query}")
        assert (response.status_code, response.headers["Location"]) == (303, f"/runs{kept}")


def test_each_filter_that_is_set_can_be_taken_off(browse: Any, record: Any) -> None:
    record(material_id="sitka_spruce")
    page = browse("/runs?material_id=sitka_spruce&batch_label=%26%3D&risk_level=GREEN").text
    taken = [unescape(href) for href in re.findall(r'<li><a href="([^"]+)"><span class="quiet">', page)]
    assert taken == ["/runs?batch_label=%26%3D&risk_level=GREEN", "/runs?material_id=sitka_spruce&risk_level=GREEN"]
    assert '<option selected value="sitka_spruce">sitka_spruce</option>' in page
    assert 'name="batch_label" value="&amp;="' in page


def test_what_is_looked_for_is_found(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record(meta={"batch_label": "top 17"})
    request_id = client.get(f"{RUNS}/{run_id}").json["request_id"]
    whole = f"/runs/{run_id}"
    found = {
        run_id: whole,
        run_id.removeprefix("run_"): whole,
        f" {run_id[:20].upper()} ": whole,
        run_id[4:20]: whole,
        "top 17": "/runs?batch_label=top+17",
        request_id: f"/runs?request_id={request_id}",
        "<b>": "/runs?batch_label=%3Cb%3E",
    }
    for text, path in found.items():
        response = client.get("/runs", query_string={"find": text})
        assert (response.status_code, response.headers["Location"]) == (303, path), text
    nothing = client.get("/runs", query_string={"find": "00000000"}).headers["Location"]
    assert "No run matches" in check_page(browse(nothing))
    assert client.get("/runs", query_string={"find": "f" * 32}).status_code == 303


def test_a_short_link_leads_to_its_run(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record()
    for digits in (run_id[4:], run_id[4:20], run_id):
        assert client.get(f"/r/{digits}").headers["Location"] == f"/runs/{run_id}"
    check_problem(client.get("/r/batch"), 404, "RUN_NOT_FOUND")


def test_runs_stand_side_by_side_and_what_differs_is_marked(browse: Any, record: Any) -> None:
    first, second = record(), record(SLOW)
    response = browse(f"/compare?run={first}&run={second}")
    text = check_page(response)
    assert "2 runs side by side" in text
    assert "≠ differs: feed 1800 mm/min 60 mm/min" in text
    assert re.search(r"(?<!differs: )axial depth 0.75 mm 0.75 mm", text)
    marked = re.findall(r'<tr class="differs">', response.text)
    assert len(marked) > 3
    assert text.index("≠ differs: feed") < text.index("axial depth")


def test_where_nothing_is_chosen_yet_the_runs_are_chosen_from(browse: Any) -> None:
    response = browse("/compare")
    assert (response.status_code, response.location) == (303, "/runs")


@pytest.mark.parametrize("query", ["?run=x", "?run=x&run=x", "?run=1&run=2&run=3&run=4&run=5&run=6&run=7", "?runs=1"])
def test_what_cannot_stand_side_by_side_is_refused(browse: Any, query: str) -> None:
    check_page(browse(f"/compare{query}"), 422)


def test_runs_without_inputs_or_checks_can_be_compared(browse: Any, record: Any) -> None:
    run_ids = [record(), record(design={}, context={}), record(design={"a": {"b": [1, {"c": None}]}}, tool_id="x")]
    check_page(browse("/compare?" + "&".join(f"run={run_id}" for run_id in run_ids)))


def test_exports_of_the_page_are_what_it_shows(browse: Any, record: Any, client: FlaskClient) -> None:
    made = [record() for _ in range(3)]
    page = browse("/runs?limit=2").text
    these, all_of_them = links(page, r'NDJSON<span class="unseen"> of (?:these 2|all that match)</span>')
    assert [json.loads(line)["run_id"] for line in client.get(these).text.splitlines()] == made[:0:-1]
    assert len(client.get(all_of_them).text.splitlines()) == 3
