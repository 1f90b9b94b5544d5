"""Bad input on every parameter of every route, walking the document: a 4xx with a code it names, and nothing leaks.

What is refused is refused as JSON with the request id; what is harmless may be answered. Nothing is ever a 5xx.
"""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from rmos import ids
from rmos.http.openapi_components import RUN_ID
from rmos.store import Store
from tests.api.conftest import ROOT
from tests.makers import make_members
from tests.trying import of_each_kind, some_of, tries

pytestmark = pytest.mark.parametrize("app", ["admin"], indirect=True)
"""Once is enough: what callers may do has tests of its own."""

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_bytes())
_JSON = "application/json"

HOSTILE_TEXTS = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-0", "0x10", "1_000", "٣", "1.5", "true", "null"),
    *("../../../../etc/passwd", "..\\..\\windows", "/etc/passwd", "....//....//etc/passwd", "file:///etc/passwd"),
    *("run_" + "0" * 32 + "/../x", "_format.json", "_index.sqlite", "*", "run_*", "%2e%2e%2f", "%00", "%ff"),
    *("\x00", "a\x00b", "\r\nSet-Cookie: x=1", "\n", "\x1b[2J", "\u202e", "\ufeff", "\ud7ff", "😀", "\ufffd" * 9),
    *("", " ", "'", '"', "' OR 1=1 --", "{{7*7}}", "${7*7}", "<script>", "x" * 3000, "[" * 2000, "{}", "[]"),
)
HOSTILE_BYTES = (
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"%ED%A0%80",
    b"%",
    b"%zz",
    b"\x80abc",
    "ä".encode("latin-1"),
)
HOSTILE_JSON = (
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 5000,
        "-" + "9" * 5000,
        "9007199254740993",
        "1" + "0" * 400,
    ),
    *("[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100, "[" * 100_000, '{"a":' * 50_000),
    *('{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', '"\\ud800"', '"\\udc00x"', '"\\u0000"', '{"\\ud800":1}', '{"\\u0000":1}'),
    *('"\\x"', "'a'", '"\n"', "01", "+1", ".5", "1.", "--1", "tru", "undefined", "/* */1", '"open', "[1,]", '{"a":1,}'),
)


class Target(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    operation: dict[str, Any]
    parameters: list[dict[str, Any]]

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


def targets() -> Iterator[Target]:
    """Yield every operation with its parameters, references followed."""
    for path, item in DOCUMENT["paths"].items():
        for method in sorted({"get", "post", "put", "patch", "delete"} & item.keys()):
            described = [*item.get("parameters", []), *item[method].get("parameters", [])]
            yield Target(method.upper(), path, item[method], [followed(parameter) for parameter in described])


def followed(parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = DOCUMENT["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return found


TARGETS = list(targets())
EACH = [(target,) for target in TARGETS]
PARAMETERS = [(target, parameter) for target in TARGETS for parameter in target.parameters]
WITH_BODY = [target for target in TARGETS if _JSON in target.operation.get("requestBody", {}).get("content", {})]


@pytest.fixture(autouse=True)
def known_run(service_store: Store) -> None:
    """Put the run that the examples of the document name, so that its routes have something to give."""
    service_store.runs.put(make_members(ids.moment_of(RUN_ID), RUN_ID))


def name_of(value: Any) -> str:
    return value["name"] if isinstance(value, dict) else repr(value)


def url_of(target: Target, replaced: str = "", by: str = "") -> str:
    """Return the URL with the examples of the document, and one part of it replaced."""
    url = target.path
    for parameter in target.parameters:
        if parameter["in"] == "path":
            value = by if parameter["name"] == replaced else parameter["example"]
            url = url.replace(f"{{{parameter['name']}}}", value)
    return url


def required(target: Target) -> dict[str, str]:
    """Return the query parameters without which the route does not answer."""
    named = {parameter["name"]: parameter for parameter in target.parameters if parameter["in"] == "query"}
    return {name: RUN_ID for name, parameter in named.items() if parameter.get("required")}


def body_of(target: Target) -> dict[str, Any]:
    """Return the example of the body, or None where there is no body."""
    content = target.operation.get("requestBody", {}).get("content", {})
    found: dict[str, Any] = content.get(_JSON, {}).get("example", {})
    return found


def send(client: FlaskClient, target: Target, url: str, **more: Any) -> TestResponse:
    """Send the operation's request to a URL with the body of its example, if it has one."""
    if "requestBody" in target.operation and "data" not in more:
        more |= {"data": json.dumps(body_of(target)), "content_type": _JSON}
    if "QUERY_STRING" not in more.get("environ_overrides", {}) and "?" not in url:
        more["query_string"] = required(target)
    return client.open(url, method=target.method, **more)


def check(response: TestResponse, target: Target, folder: Path) -> None:
    """Check that an answer is one that the document knows, and no secret of the server."""
    assert response.status_code < 500, response.text
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", response.headers["X-Request-Id"])
    assert "Set-Cookie" not in response.headers
    told = f"{response.text}{response.headers}" if response.status_code >= 400 else f"{response.headers}"
    told = told.replace('filename="rmos_verify.py"', "")  # what is handed out on purpose
    for secret in (str(folder), str(ROOT), "Traceback", ".py", "root:"):
        assert secret not in told
    if response.status_code >= 400:
        check_problem(response, target)


def check_problem(response: TestResponse, target: Target) -> None:
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert response.headers["Cache-Control"] == "no-store"
    if problem["error"] in ("NOT_FOUND", "METHOD_NOT_ALLOWED"):
        return  # the URL became that of another route, or of none
    described = target.operation["responses"][str(response.status_code)]["content"]["application/problem+json"]
    assert problem["error"] in described["schema"]["allOf"][1]["properties"]["error"]["enum"]


def bounded(examples: int) -> Any:
    return settings(max_examples=tries(examples))


@pytest.mark.parametrize(
    ("target", "parameter"),
    of_each_kind(PARAMETERS, lambda _, parameter: (parameter["in"], parameter["name"])),
    ids=name_of,
)
def test_no_value_of_any_parameter_breaks_a_route(
    app: Flask, client: FlaskClient, tmp_path: Path, target: Target, parameter: dict[str, Any]
) -> None:
    def attempt(raw: bytes) -> None:
        name = parameter["name"]
        if parameter["in"] == "query":
            others = [f"{other}={value}" for other, value in required(target).items() if other != name]
            sent = {"QUERY_STRING": "&".join([*others, f"{quote(name)}={raw.decode('latin-1')}"])}
            response = send(client, target, url_of(target), environ_overrides=sent)
        elif parameter["in"] == "path":
            response = send(client, target, url_of(target, name, raw.decode("latin-1")))
        else:
            sent = {f"HTTP_{name.upper().replace('-', '_')}": raw.decode("latin-1")}
            response = send(client, target, url_of(target), environ_overrides=sent)
        check(response, target, tmp_path)

    turn = PARAMETERS.index((target, parameter))
    for text in some_of(HOSTILE_TEXTS, turn):
        attempt(text.encode() if parameter["in"] == "header" else quote(text, safe="").encode())
    for raw in some_of(HOSTILE_BYTES, turn):
        attempt(quote(raw, safe="%").encode() if parameter["in"] == "path" else raw)

    @bounded(8)
    @given(st.text(max_size=60) | st.binary(max_size=60))
    def any_value(value: str | bytes) -> None:
        raw = value.encode() if isinstance(value, str) else value
        attempt(raw if parameter["in"] == "header" else quote(raw, safe="").encode())

    any_value()


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_no_parameter_that_is_not_described_is_taken(client: FlaskClient, tmp_path: Path, target: Target) -> None:
    for query in (
        "x=1",
        "a=1&a=2",
        "%00=1",
        "%ff=1",
        "=",
        "limit%00=1",
        "&".join(f"p{number}=1" for number in range(200)),
    ):
        response = send(client, target, f"{url_of(target)}?{query}&{urlencode(required(target))}".rstrip("&"))
        assert response.status_code in (400, 422)
        check(response, target, tmp_path)


@pytest.mark.parametrize(
    "target", of_each_kind(EACH, lambda target: (target.method, "requestBody" in target.operation)), ids=repr
)
def test_trap_29_no_request_id_becomes_a_header_or_a_line_of_its_own(
    client: FlaskClient, tmp_path: Path, target: Target
) -> None:
    for sent in ("a\r\nSet-Cookie: x=1", "x" * 65, "", "ä", "a b", "\x00", "req_1;drop", "../x"):
        response = send(client, target, url_of(target), environ_overrides={"HTTP_X_REQUEST_ID": sent})
        check(response, target, tmp_path)
        assert re.fullmatch(r"req_[0-9a-f]{16}", response.headers["X-Request-Id"])


def body_schema_name(target: Target) -> str:
    """Return the name of the schema of a route's body, the first where there are several."""
    schema = target.operation["requestBody"]["content"][_JSON]["schema"]
    reference: str = schema.get("oneOf", [schema])[0]["$ref"]
    return reference.rpartition("/")[2]


@pytest.mark.parametrize("target", WITH_BODY, ids=repr)
def test_json_that_two_readers_could_understand_differently_is_refused_wherever_it_stands(
    client: FlaskClient, tmp_path: Path, target: Target
) -> None:
    whole = body_of(target)
    reference = body_schema_name(target)
    for hostile in some_of(HOSTILE_JSON, WITH_BODY.index(target)):
        bodies = [hostile, f"[{hostile}]", f'{{"a":{hostile}}}', hostile + json.dumps(whole)]
        for name in DOCUMENT["components"]["schemas"][reference]["properties"]:
            others = json.dumps({other: value for other, value in whole.items() if other != name})[1:-1]
            bodies.append(f'{{{others}{"," if others else ""}"{name}":{hostile}}}')
            bodies.append(f'{{{others}{"," if others else ""}"{name}":{{"deep":[{hostile}]}}}}')
        for body in bodies:
            response = send(client, target, url_of(target), data=body.encode(), content_type=_JSON)
            assert response.status_code in (400, 422), body[:200]
            check(response, target, tmp_path)


@pytest.mark.parametrize("target", WITH_BODY, ids=repr)
def test_bytes_that_are_no_json_text_are_refused(client: FlaskClient, tmp_path: Path, target: Target) -> None:
    text = json.dumps(body_of(target))
    encoded = [text.encode("utf-16"), text.encode("utf-32"), text.encode("utf-8-sig"), b"\x1f\x8b" + text.encode()]
    broken = [
        text.encode()[:-1],
        b"",
        b"\x00",
        *(text.encode().replace(b'"', b'"' + bad, 1) for bad in HOSTILE_BYTES[:3]),
    ]
    for data in [*encoded, *broken]:
        response = send(client, target, url_of(target), data=data, content_type=_JSON)
        assert response.status_code == 400
        check(response, target, tmp_path)
    for kind in (
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "application/json; charset=utf-16",
        "",
        "\x00",
    ):
        response = send(client, target, url_of(target), data=text.encode(), content_type=kind)
        assert response.status_code == 415
        check(response, target, tmp_path)


@pytest.mark.parametrize("target", WITH_BODY, ids=repr)
@bounded(25)
@given(data=st.data())
@example(data=None)
def test_no_value_of_any_type_in_any_member_breaks_a_route(
    client: FlaskClient, tmp_path: Path, target: Target, data: st.DataObject | None
) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        max_leaves=12,
    )
    reference = body_schema_name(target)
    names = sorted(DOCUMENT["components"]["schemas"][reference]["properties"])
    over = {} if data is None else data.draw(st.dictionaries(st.sampled_from([*names, "unknown"]), values, max_size=4))
    response = send(client, target, url_of(target), data=json.dumps(body_of(target) | over), content_type=_JSON)
    check(response, target, tmp_path)


class Endless(io.RawIOBase):
    """A body without an end, as a server hands it on that decodes chunks."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b"[" * len(buffer)
        self.given += len(buffer)
        return len(buffer)


@pytest.mark.parametrize("target", WITH_BODY, ids=repr)
def test_a_body_without_an_end_is_given_up_at_the_limit(
    app: Flask, client: FlaskClient, tmp_path: Path, target: Target
) -> None:
    body = Endless()
    environ = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    response = send(client, target, url_of(target), data=b"", content_type=_JSON, environ_overrides=environ)
    assert response.status_code == 413
    check(response, target, tmp_path)
    assert body.given <= app.extensions["rmos"].settings.max_body_bytes + 64 * 1024


@pytest.mark.parametrize(
    "target", of_each_kind(EACH, lambda target: frozenset(DOCUMENT["paths"][target.path])), ids=repr
)
def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient, target: Target) -> None:
    taken = {method.upper() for method in DOCUMENT["paths"][target.path]}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - taken:
        response = client.open(url_of(target), method=method)
        assert response.status_code == 405
        assert response.json["error"] == "METHOD_NOT_ALLOWED"
        assert taken - {"PARAMETERS"} <= set(response.headers["Allow"].split(", "))
