"""Which form of a list Accept asks for, by RFC 9110."""

import contextlib

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.errors.http import NotAcceptable
from rmos.http.accept import CSV, NDJSON, wanted
from rmos.http.operations import JSON
from tests.api.conftest import RUNS


def form_of(app: Flask, accept: str | None) -> str:
    with app.test_request_context(RUNS, headers={} if accept is None else {"Accept": accept}):
        return wanted()


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/csv; header=present", CSV),
        ("text/*", CSV),
        ("application/x-ndjson", NDJSON),
        ("application/json;q=0.5, text/csv", CSV),
        ("application/json;q=0.5, text/csv;q=0.4", JSON),
        ("text/csv;q=0.001, application/json;q=0", CSV),
        ("*/*, application/json;q=0", NDJSON),
        ("*/*;q=0.1, text/csv;q=0.2", CSV),
        ("text/*;q=0, */*;q=0.5", JSON),
        ("text/csv, application/json", JSON),
        ("application/*;q=0.3, application/x-ndjson;q=0.2, text/csv;q=0.1", JSON),
    ],
)
def test_the_narrowest_range_says_how_much_a_form_is_wanted(app: Flask, accept: str | None, form: str) -> None:
    assert form_of(app, accept) == form


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "*/*;q=0", "text/csv;q=0", "nonsense", ";;;", "image/*", "text/csv;q=-1"]
)
def test_what_lists_do_not_come_in_is_406_and_says_what_there_is(client: FlaskClient, accept: str) -> None:
    answer = client.get(RUNS, headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.json["error"] == "NOT_ACCEPTABLE"
    for form in (JSON, CSV, NDJSON):
        assert form in answer.json["detail"]


def test_a_form_of_the_text_that_breaks_a_parser_is_no_500(app: Flask) -> None:
    for accept in ("q=1", "text/csv;q=nan", "text/csv;q=1e999", "a/b;" * 2000, '"', 'text/csv;x="', "\xff"):
        with app.test_request_context(RUNS, headers={"Accept": accept}), contextlib.suppress(NotAcceptable):
            assert wanted() in (JSON, CSV, NDJSON)
