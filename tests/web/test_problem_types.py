"""`/problems`: every code is explained, with what to do."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from rmos.errors.base import every_error
from rmos.http.problems import explain_error
from rmos.web.problem_types import list_problem_types
from tests.helpers.problems import check_problem

KINDS = [kind for kind in every_error() if kind.__module__.startswith("rmos.errors.")]


def test_every_error_says_what_it_means_and_what_to_do() -> None:
    for kind in KINDS:
        for text in (explain_error(kind), kind.remedy):
            assert re.fullmatch(r"[A-Z\"`].{15,}[.]", text), text
        assert "remedy" in vars(kind), f"{kind.__name__} says nothing of its own on what to do"
        assert re.fullmatch("[A-Z][A-Z0-9_]+", kind.code)
        assert 400 <= kind.status < 600


def test_every_code_has_a_page_for_people(client: FlaskClient) -> None:
    for code in sorted({kind.code for kind in KINDS}):
        response = client.get(f"/problems/{code}")
        assert response.status_code == 200, code
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        shown = unescape(re.sub("</?code>", "`", response.text))
        found = list_problem_types()[code]
        for text in (code, found.title, found.meaning, found.remedy, f"HTTP status {found.status}"):
            assert text in shown


def test_the_list_names_all_of_them(client: FlaskClient) -> None:
    listed = re.findall(r'href="/problems/([A-Z][A-Z0-9_]+)"', client.get("/problems").text)
    assert sorted(listed) == sorted({kind.code for kind in KINDS})


def test_every_error_of_http_itself_has_a_page_too(client: FlaskClient) -> None:
    for status in HTTPStatus:
        if status >= 400:
            assert client.get(f"/problems/{status.name}").status_code == 200, status


@pytest.mark.parametrize("code", ["NO_SUCH_CODE", "run_not_found", "OK", "CONTINUE", "<b>", "..", "%00"])
def test_a_code_that_there_is_not_is_a_problem(client: FlaskClient, code: str) -> None:
    check_problem(client.get(f"/problems/{code}"), 404, "NOT_FOUND")


def test_the_type_of_a_problem_leads_to_its_page(client: FlaskClient) -> None:
    for response in (client.get("/nowhere"), client.put("/healthz"), client.get("/api/rmos/runs/run_1")):
        assert client.get(response.json["type"]).status_code == 200


def test_a_page_for_people_holds_nothing_that_could_run(client: FlaskClient) -> None:
    for path in ("/problems", "/problems/BAD_JSON", "/api/docs"):
        response = client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", response.text)
