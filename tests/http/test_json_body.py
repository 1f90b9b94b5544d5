"""Strict JSON: whatever two readers could understand differently is a 400 with its reason, never a 500."""

import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from rmos import digest
from rmos.digest import MAX_DEPTH
from rmos.errors.request import BadJson
from rmos.http.json_body import parse_object
from tests.api.conftest import RUNS, make_body

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not 2**53 < abs(number) < 1e21)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int, opening: str = '{"a":', closing: str = "}") -> bytes:
    """Return an object of so many levels."""
    return (opening * (levels - 1) + "{}" + closing * (levels - 1)).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1"),
        (b"{", "line 1, column 2"),
        (b'{"a":1,}', "line 1"),
        (b'{"a":\n tru}', "line 2"),
        (b"{'a':1}", "line 1"),
        (b'{"a":1} x', "Extra data"),
        (b'{"a":01}', "line 1"),
        (b'{"a":+1}', "line 1"),
        (b'{"a":.5}', "line 1"),
        (b'{"a":0x10}', "line 1"),
        (b'{"a":1_0}', "line 1"),
        (b'{"a":"\x01"}', "control character"),
        (b'{"a":"\\x"}', "escape"),
        (b'{"a":"\x00"}', "control character"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"null", "object"),
        (b"7", "object"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":Infinity}', "Infinity"),
        (b'{"a":[-Infinity]}', "-Infinity"),
        (b'{"a":1e999}', "double"),
        (b'{"a":-1e999}', "double"),
        (b'{"a":9007199254740993}', "2^53"),
        (b'{"a":-9007199254740993}', "2^53"),
        (b'{"a":' + b"9" * 5000 + b"}", "2^53"),
        (b'{"a":1e17}', "2^53"),
        (b'{"a":-9007199254740994.0}', "2^53"),
        (b'{"a":{"b":1,"b":1}}', "'b' is given twice"),
        (b'{"a":1,"\\u0061":2}', "'a' is given twice"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "surrogate"),
        (b'{"\\ud800":1}', "surrogate"),
        (b'{"a":"\\u0000"}', "U+0000"),
        (b'{"a":["x",{"\\u0000":1}]}', "U+0000"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        ('{"a":"é"}'.encode("latin-1"), "byte 6"),
        ('{"a":1}'.encode("utf-16"), "UTF-8"),
        ('{"a":"\ud800"}'.encode("utf-8", "surrogatepass"), "UTF-8"),
        (nested(MAX_DEPTH + 1), "levels deep"),
        (nested(MAX_DEPTH, '{"a":[', "]}"), "levels deep"),
        (b"[" * 200_000, "levels deep"),
        (b'{"a":' * 100_000, "levels deep"),
    ],
)
def test_a_body_that_is_not_strict_json_is_400_and_says_why(client: FlaskClient, data: bytes, reason: str) -> None:
    response = client.post(RUNS, data=data, content_type="application/json")
    assert response.status_code == 400
    assert response.json["error"] == "BAD_JSON"
    assert reason in response.json["detail"]
    assert len(response.json["detail"]) < 300


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":9007199254740992,"b":-9007199254740992}',
        b'{"a":"\\ud83d\\ude00"}',
        b'{"a":"\\u00e9 \\n \\\\u0000"}',
        b' \r\n\t{"a":-0}  ',
        b'{"a":-0.0,"b":5e-324,"c":1.7976931348623157e308,"d":1E3,"e":1e21}',
        '{"é\U0001f600":1}'.encode(),
        nested(MAX_DEPTH),
        json.dumps({"a": [[n, {}] for n in range(1000)]}).encode(),
    ],
)
def test_strict_json_is_taken_as_it_is(data: bytes) -> None:
    assert parse_object(data) == json.loads(data)


@given(st.dictionaries(TEXT, JSON_VALUES, max_size=5), st.booleans())
def test_what_json_can_carry_comes_through_and_can_be_recorded(value: dict[str, Any], ascii_only: bool) -> None:
    parsed = parse_object(json.dumps(value, ensure_ascii=ascii_only).encode())
    assert parsed == value
    recorded = digest.canonical(parsed)
    assert json.loads(recorded) == value
    assert digest.canonical(msgspec.json.decode(recorded)) == recorded


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_an_object_or_bad_json_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(BadJson):
        assert isinstance(parse_object(data), dict)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/vnd.shop.run+json",
    ],
)
def test_every_name_of_json_is_taken(client: FlaskClient, content_type: str) -> None:
    data = json.dumps(make_body())
    assert client.post(RUNS, data=data, content_type=content_type).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"),
        *("+json", "", "json", "application/json; charset=latin-1", "text/json+xml"),
    ],
)
def test_anything_else_is_415(client: FlaskClient, content_type: str) -> None:
    response = client.post(RUNS, data=json.dumps(make_body()), content_type=content_type)
    assert response.status_code == 415
    assert response.json["error"] == "UNSUPPORTED_MEDIA_TYPE"


# Sizes


def sized_body(size: int) -> bytes:
    """Return a valid body of just this many bytes."""
    data = json.dumps(make_body(design={"pad": ""})).encode()
    return data.replace(b'"pad": ""', b'"pad": "' + b"x" * (size - len(data)) + b'"')


def send_chunked(client: FlaskClient, stream: Any) -> Any:
    """Post a body as a server hands it on that decodes chunks itself: without a length."""
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return client.post(RUNS, content_type="application/json", environ_overrides=environ)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_taken_up_to_the_limit_and_refused_above(app: Flask, client: FlaskClient, chunked: bool) -> None:
    limit = app.extensions["rmos"].settings.max_body_bytes

    def send(size: int) -> Any:
        data = sized_body(size)
        assert len(data) == size
        if chunked:
            return send_chunked(client, io.BytesIO(data))
        return client.post(RUNS, data=data, content_type="application/json")

    assert send(limit).status_code == 201
    for size in (limit + 1, limit + 2, limit + 100_000):
        response = send(size)
        assert response.status_code == 413
        assert response.json["error"] == "PAYLOAD_TOO_LARGE"
        assert response.json["limit_bytes"] == limit
        assert str(limit) in response.json["detail"]


class BrokenStream(io.RawIOBase):
    """A body whose chunks cannot be decoded: the server raises an exception of its own."""

    def __init__(self, make_error: Callable[[], Exception]) -> None:
        self._make_error = make_error
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._first:
            self._first = False
            buffer[:5] = b'{"a":'
            return 5
        raise self._make_error()


class InvalidChunk(Exception):
    """Stands for the server's own exception."""


@pytest.mark.parametrize(
    "make_error", [InvalidChunk, lambda: ConnectionResetError(104, "/srv/x"), TimeoutError, ValueError]
)
def test_a_body_that_breaks_off_is_400(client: FlaskClient, make_error: Callable[[], Exception]) -> None:
    response = send_chunked(client, BrokenStream(make_error))
    assert response.status_code == 400
    assert "/srv" not in response.text


def test_a_body_that_its_server_gave_up_is_408(client: FlaskClient) -> None:
    cut = json.dumps(make_body()).encode()
    run = client.post(RUNS, data=cut, content_type="application/json").json["run_id"]
    form = b"--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\nx\r\n--b"
    for path, content_type, data in (
        (RUNS, "application/json", cut),  # a line end may be missing, or more
        (f"{RUNS}/{run}/attachments", "multipart/form-data; boundary=b", form),
    ):
        given = {"wsgi.input": io.BytesIO(data), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(data) + 1)}
        response = client.post(path, content_type=content_type, environ_overrides=given)
        assert (response.status_code, response.json["error"]) == (408, "REQUEST_TIMEOUT")


def test_a_body_shorter_than_its_length_is_400(client: FlaskClient) -> None:
    response = client.post(
        RUNS, input_stream=io.BytesIO(b'{"a":1'), content_length=100, content_type="application/json"
    )
    assert response.status_code == 400
