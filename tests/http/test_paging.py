"""Pages of lists, and in which media type a list goes out (RFC 9110)."""

import contextlib

import pytest
from flask.testing import FlaskClient

from rmos.errors.http import NotAcceptable
from rmos.http.paging import choose_media_type
from rmos.http.responses import JSON
from rmos.http.streams import CSV, NDJSON
from tests.api.conftest import RUNS


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/csv; header=present", CSV),
        ("application/json; charset=utf-8", JSON),
        ("text/csv, */*", CSV),
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
def test_the_narrowest_range_says_how_much_a_media_type_is_preferred(accept: str, form: str) -> None:
    assert choose_media_type(accept) == form


def test_without_accept_a_list_is_json(client: FlaskClient) -> None:
    assert client.get(RUNS).content_type == JSON


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "*/*;q=0", "text/csv;q=0", "nonsense", ";;;", "image/*", "text/csv;q=-1"]
)
def test_what_lists_do_not_come_in_is_406_and_says_what_there_is(client: FlaskClient, accept: str) -> None:
    response = client.get(RUNS, headers={"Accept": accept})
    assert response.status_code == 406
    assert response.json["error"] == "NOT_ACCEPTABLE"
    for form in (JSON, CSV, NDJSON):
        assert form in response.json["detail"]


def test_a_header_that_breaks_a_parser_is_no_500() -> None:
    for accept in ("q=1", "text/csv;q=nan", "text/csv;q=1e999", "a/b;" * 2000, '"', 'text/csv;x="', "\xff"):
        with contextlib.suppress(NotAcceptable):
            assert choose_media_type(accept) in (JSON, CSV, NDJSON)
