"""What holds for every page: it is described, it is well formed, it is one reader's alone, and errors are pages too."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.http.routes import get_spec
from rmos.web.assets import read_assets
from tests.helpers.problems import check_problem
from tests.web.conftest import PAGES, check_page

DOCUMENT = Path(__file__).parents[2] / "docs" / "pages.md"


def test_every_page_is_described_and_no_other(app: Flask) -> None:
    described = {line.split("`")[1] for line in DOCUMENT.read_text().splitlines() if line.startswith("| `/")}
    routes = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if (view := app.view_functions[rule.endpoint]).__module__.startswith("rmos.web.") and get_spec(view) is None
    }
    assert described == routes


@pytest.mark.parametrize("path", ["/", "/runs", "/try", "/sign-in", "/problems", "/problems/BAD_JSON"])
def test_a_page_of_an_empty_store_is_a_whole_page(browse: Any, path: str) -> None:
    check_page(browse(path))


def test_programs_get_nothing_at_the_root(client: FlaskClient) -> None:
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        check_problem(client.get("/", headers=headers), 404, "NOT_FOUND")


def test_a_page_is_kept_by_its_reader_alone_and_asked_for_again(browse: Any, client: FlaskClient) -> None:
    first = browse("/runs")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(first.headers["Vary"].split(", "))
    again = client.get("/runs", headers={**PAGES, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "There is nothing here"),
        ("/runs/run_0123456789ab", 404, "There is no run with this id."),
        ("/runs/%3Cscript%3Ealert(1)", 404, "There is no run with this id."),
        ("/runs?risk=RED", 422, "Unknown field."),
        ("/runs?risk_level=PINK", 422, "risk_level"),
        ("/runs?cursor=x", 400, "cursor"),
        ("/runs?tool_id=%ff", 400, "UTF-8"),
    ],
)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(
    browse: Any, client: FlaskClient, path: str, status: int, said: str
) -> None:
    response = browse(path)
    assert said in check_page(response, status)
    assert "<script>alert" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert client.get(path).headers["Content-Type"] == "application/problem+json"
    assert browse("/api/rmos/runs/run_0123456789ab").headers["Content-Type"] == "application/problem+json"


def test_what_pages_are_made_of_is_kept_for_ever(client: FlaskClient) -> None:
    for name, asset in read_assets().items():
        response = client.get(asset.url)
        assert (response.status_code, response.data) == (200, asset.data)
        assert response.headers["Content-Type"] == asset.content_type
        assert "immutable" in response.headers["Cache-Control"]
        check_problem(client.get(asset.url.replace(name, "nothing.css")), 404, "NOT_FOUND")
        check_problem(client.get(asset.url.replace("/assets/", "/assets/0")), 404, "NOT_FOUND")
    modules = [asset for name, asset in read_assets().items() if name.endswith(".js")]
    assert sum(len(module.data) for module in modules) <= 25_000


def test_under_a_prefix_every_link_keeps_it(app: Flask, record: Any) -> None:
    run_id = record()
    client = app.test_client()
    paths = ("/", "/runs", f"/runs/{run_id}", "/rosettes", "/rosettes/new?prompt=rope&pick=1", "/problems", "/sign-in")
    for path in (*paths, "/try", f"/try?from={run_id}", "/nowhere"):
        page = client.get(path, headers=PAGES, environ_overrides={"SCRIPT_NAME": "/shop"}).text
        links = [part.split('"')[0] for name in ('href="', 'src="', 'action="') for part in page.split(name)[1:]]
        assert [link for link in links if not link.startswith(("/shop/", "#"))] == []
