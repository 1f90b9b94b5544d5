"""What strangers send at the door: each is understood, or refused with what to do, and never an internal error."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos import ids
from rmos.auth.places import Proxies
from tests.api.conftest import RUNS, Post, make_body


def multipart(filename: bytes) -> dict[str, Any]:
    """Return what sends a form with a file of this name, as raw bytes."""
    body = (
        b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\nnote\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="' + filename + b'"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"
    )
    return {"data": body, "content_type": "multipart/form-data; boundary=B"}


@pytest.mark.parametrize(
    ("filename", "said"), [(b"", "no file was chosen"), ("größe.txt".encode("latin-1"), "not UTF-8")]
)
def test_trap_45_a_file_name_that_is_none_is_refused_in_words(
    client: FlaskClient, post: Post, filename: bytes, said: str
) -> None:
    run_id = post().json["run_id"]
    answer = client.post(f"{RUNS}/{run_id}/attachments", **multipart(filename))
    assert (answer.status_code, answer.json["error"]) == (400, "BAD_FORM")
    assert said in answer.json["detail"]
    assert client.get(f"{RUNS}/{run_id}/attachments").json["count"] == 0


def test_trap_45_a_compressed_body_is_415_and_says_what_to_send(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    body = gzip.compress(json.dumps(make_body()).encode())
    answer = client.post(RUNS, data=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Content-Encoding" in answer.json["detail"]
    form = multipart(b"a.txt")
    answer = client.post(f"{RUNS}/{run_id}/attachments", **form, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    plain = {"Content-Encoding": "identity", "Content-Type": "application/json"}
    assert client.post(RUNS, data=json.dumps(make_body()), headers=plain).status_code == 201


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:port", "127.0.0.1"),
        ("nonsense", "127.0.0.1"),
    ],
)
def test_trap_45_an_address_with_a_port_names_the_client(header: str, address: str) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": header}
    assert Proxies(("127.0.0.1",)).client_address(environ) == address


@pytest.mark.parametrize("route", [RUNS, f"{RUNS}/query/recent"])
def test_trap_45_a_day_that_ends_a_span_is_in_it_as_a_whole(client: FlaskClient, post: Post, route: str) -> None:
    run_id = post().json["run_id"]
    day = ids.partition_of(ids.moment_of(run_id) or 0)
    listed = client.get(f"{route}?created_from={day}&created_to={day}").json["items"]
    assert [item["run_id"] for item in listed] == [run_id]
    assert client.get(f"{route}?created_to={day}T00:00:00Z").json["items"] == []


def test_trap_45_a_day_that_ends_a_span_of_sessions_is_in_it_too(client: FlaskClient) -> None:
    made = client.post("/api/workflow-sessions", json={}).json
    day = made["created_at_utc"][:10]
    listed = client.get(f"/api/workflow-sessions?until_utc={day}").json["items"]
    assert [item["session_id"] for item in listed] == [made["session_id"]]


@pytest.mark.parametrize(
    ("asked", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8; header=present"),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
    ],
)
def test_trap_45_a_list_comes_in_the_form_that_its_address_names(
    client: FlaskClient, post: Post, asked: str, content_type: str
) -> None:
    post()
    answer = client.get(f"{RUNS}?format={asked}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.content_type) == (200, content_type)
    assert client.get(f"{RUNS}?format=xml").status_code == 422
