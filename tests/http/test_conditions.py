"""Conditional requests, ranges, preferences, and how long an answer may be kept."""

import base64
import hashlib
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from rmos.auth.roles import OPEN, requires
from rmos.http.conditions import apply_conditions
from rmos.http.responses import IMMUTABLE
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.problems import check_problem

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)
"""Once is enough: what callers may do has tests of its own."""

WORDS = b"one immutable record"


def content_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.fixture
def words(app: Flask, client: FlaskClient) -> FlaskClient:
    """A client of a service that has `/words`, with ranges."""
    app.add_url_rule("/words", view_func=requires(OPEN)(lambda: apply_conditions(Response(WORDS), "abc", ranges=True)))
    return client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If-Match": '"abc"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"x", "abc"'}, 200),
        ({"If-Match": 'W/"abc"'}, 412),
        ({"If-Match": '"x"'}, 412),
        ({"If-Match": ""}, 412),
        ({"If-Match": '"x"', "If-None-Match": '"abc"'}, 412),
        ({"If-Match": '"x"', "Range": "bytes=0-1"}, 412),
        ({"If-None-Match": '"abc"'}, 304),
        ({"If-None-Match": 'W/"abc"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"abc"', "Range": "bytes=0-1"}, 304),
        ({"If-Match": '"abc"', "If-None-Match": '"abc"'}, 304),
        ({"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}, 200),
        ({"Range": "bytes=0-2"}, 206),
        ({"Range": "BYTES=0-2"}, 206),
        ({"Range": "bytes=0-2", "If-Match": "*"}, 206),
        ({"Range": "bytes=0-2", "If-Range": '"abc"'}, 206),
        ({"Range": "bytes=0-2", "If-Range": '"x"'}, 200),
        ({"Range": "bytes=0-2", "If-Range": "Sat, 01 Jan 2050 00:00:00 GMT"}, 200),
        ({"Range": "bytes=0-2,4-5"}, 200),
        ({"Range": "pages=1-2"}, 200),
        ({"Range": "nonsense"}, 200),
        ({"Range": "bytes=99-"}, 416),
        ({"Range": "bytes=-0"}, 200),
        ({"Range": "bytes=0-2", "If-Range": 'W/"abc"'}, 200),
        ({"Range": "bytes=x"}, 200),
        ({"Range": "bytes=-"}, 200),
        ({"Range": "bytes=5-2"}, 200),
        ({"Range": "bytes=٣-"}, 200),
        ({"Range": f"bytes={'9' * 5000}-"}, 200),
    ],
)
def test_conditions_count_in_the_order_of_the_standard(
    words: FlaskClient, headers: dict[str, str], status: int
) -> None:
    response = words.get("/words", headers=headers)
    assert response.status_code == status
    if status == 412:
        assert '"abc"' in check_problem(response, 412, "PRECONDITION_FAILED")["detail"]
    elif status == 416:
        check_problem(response, 416, "REQUESTED_RANGE_NOT_SATISFIABLE")
        assert response.headers["Content-Range"] == f"bytes */{len(WORDS)}"
    else:
        assert response.headers["ETag"] == '"abc"'
        assert response.data == {200: WORDS, 206: WORDS[:3], 304: b""}[status]
        assert "Accept-Ranges" in response.headers or status == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("5-", 5, None), ("-6", -6, None), ("0-9999", 0, None), ("-9999", 0, None)],
)
def test_a_range_is_cut_out_as_it_was_asked_for(words: FlaskClient, asked: str, start: int, end: int | None) -> None:
    response = words.get("/words", headers={"Range": f"bytes={asked}"})
    assert (response.status_code, response.data) == (206, WORDS[start:end])
    assert response.headers["Content-Length"] == str(len(WORDS[start:end]))


def test_a_head_knows_no_ranges(words: FlaskClient) -> None:
    response = words.head("/words", headers={"Range": "bytes=0-2"})
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(len(WORDS))
    assert words.head("/words", headers={"If-None-Match": '"abc"'}).status_code == 304
    assert words.head("/words", headers={"If-Match": '"x"'}).status_code == 412


def test_if_match_on_a_run_and_its_download(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for suffix in ("", "/download"):
        etag = client.get(f"{RUNS}/{run_id}{suffix}").headers["ETag"]
        assert client.get(f"{RUNS}/{run_id}{suffix}", headers={"If-Match": etag}).status_code == 200
        response = client.get(f"{RUNS}/{run_id}{suffix}", headers={"If-Match": '"other"'})
        assert check_problem(response, 412, "PRECONDITION_FAILED")["run_id"] == run_id


def test_the_digest_of_a_record_is_that_of_the_bytes_that_were_sent(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for suffix in ("", "/download"):
        response = client.get(f"{RUNS}/{run_id}{suffix}")
        assert response.headers["Content-Digest"] == content_digest(response.data)
        assert "Repr-Digest" not in response.headers
    whole = client.get(f"{RUNS}/{run_id}/download")
    part = client.get(f"{RUNS}/{run_id}/download", headers={"Range": "bytes=10-19"})
    assert part.headers["Content-Digest"] == content_digest(whole.data[10:20])
    assert part.headers["Repr-Digest"] == whole.headers["Content-Digest"]


def test_every_get_has_a_head_with_the_same_headers(app: Flask, client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            url = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, run_id))
            got, head = client.get(url), client.head(url)
            assert (head.status_code, head.data) == (got.status_code, b""), url
            varying = ("X-Request-Id", *(["Content-Length"] if url == "/metrics" else []))
            assert {name: value for name, value in head.headers if name not in varying} == {
                name: value for name, value in got.headers if name not in varying
            }, url


# How long an answer may be kept


def test_lists_and_records_are_kept_by_the_caller_alone_and_asked_for_again(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for path in (RUNS, f"{RUNS}/{run_id}", f"{RUNS}/{run_id}/download", f"{RUNS}/{run_id}/events"):
        assert client.get(path).headers["Cache-Control"] == "private, no-cache"


def test_what_holds_for_this_moment_only_is_not_kept(client: FlaskClient, post: Post) -> None:
    for response in (post(), client.get("/healthz"), client.get("/readyz"), client.get("/nowhere"), client.put(RUNS)):
        assert response.headers["Cache-Control"] == "no-store"


def test_bytes_under_their_digest_are_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    url = page.split('src="')[1].split('"')[0]
    response = client.get(url)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, IMMUTABLE)
    assert client.get(url, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


# What the caller prefers


@pytest.mark.parametrize(
    ("prefer", "minimal"),
    [
        ("return=minimal", True),
        ('RETURN="Minimal"', True),
        ("respond-async, return=minimal; x=1", True),
        ("wait=10,return = minimal", True),
        ("return=representation", False),
        ("return=representation, return=minimal", False),
        ("minimal", False),
        ("return", False),
        ("", False),
        ("\x7f;,=", False),
    ],
)
def test_a_caller_that_prefers_it_gets_the_id_alone(client: FlaskClient, prefer: str, minimal: bool) -> None:
    response = client.post(RUNS, json=make_body(), headers={"Prefer": prefer})
    assert response.status_code == 201
    assert response.headers["Location"] == f"{RUNS}/{response.json['run_id']}"
    assert response.headers.get("Preference-Applied") == ("return=minimal" if minimal else None)
    assert (set(response.json) == {"run_id", "status"}) is minimal


def test_a_preference_holds_for_a_run_that_was_made_before_too(client: FlaskClient) -> None:
    headers: dict[str, Any] = {"Prefer": "return=minimal", "Idempotency-Key": "k"}
    first, again = (client.post(RUNS, json=make_body(), headers=headers) for _ in range(2))
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["Preference-Applied"] == "return=minimal"
    assert again.headers["Idempotency-Replayed"] == "true"
