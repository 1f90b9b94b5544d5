"""Log lines as text and as JSON, and the line that each request leaves."""

import json
import logging
import re
import sys

import msgspec
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from rmos import create_app, ids
from rmos.auth.roles import OPEN, requires
from rmos.config import Settings
from rmos.logs import (
    LOG_FORMAT,
    Access,
    JsonFormatter,
    RequestIdFilter,
    TextFormatter,
    configure_logging,
    log_request,
    parse_trace_id,
)
from tests.api.conftest import make_body

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SECRETS = ("s3cr3t-query", "s3cr3t-cookie", "s3cr3t-bearer", "s3cr3t-body", "s3cr3t-key")


def written(capsys: pytest.CaptureFixture[str], logger: str = "rmos.access") -> list[str]:
    """Return the lines that a logger has written to stderr since the last look."""
    return [line for line in capsys.readouterr().err.splitlines() if logger in line]


def line_of(formatter: logging.Formatter, text: str) -> str:
    """Return the line of one event as a handler of the service writes it."""
    record = logging.LogRecord("rmos.somewhere", logging.INFO, "", 0, "sent %s", (text,), None)
    if sys.exc_info()[0] is not None:
        record.exc_info = sys.exc_info()
    assert RequestIdFilter().filter(record)
    return formatter.format(record)


def test_a_line_carries_the_request_id_and_a_dash_outside(
    app: Flask, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(settings)
    child = logging.getLogger("rmos").getChild("some.child")
    child.warning("outside %s", 1)
    with app.app_context():
        g.request_id = "req_mine"
        child.error("inside")
    lines = capsys.readouterr().err.splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{stamp} WARNING \[-\] rmos\.some\.child: outside 1", lines[0])
    assert re.fullmatch(rf"{stamp} ERROR \[req_mine\] rmos\.some\.child: inside", lines[1])


def test_the_format_is_that_of_the_contract() -> None:
    assert LOG_FORMAT == "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"


@pytest.mark.parametrize("text", ["a\nforged", "a\r\nb", "\x1b[31mred", "a\u2028b", "\x00", "\ud800", "é ok"])
def test_what_a_client_sent_never_begins_a_line_of_its_own(text: str) -> None:
    line = line_of(TextFormatter(), text)
    assert line.isprintable()
    assert line.endswith(f"sent {'é ok' if text == 'é ok' else ascii(text)[1:-1]}")


@pytest.mark.parametrize("text", ["plain", 'quotes " and \\', "a\nb", "é\U0001f600", "\ud800"])
def test_json_lines_are_one_object_each(app: Flask, text: str) -> None:
    with app.app_context():
        g.request_id = "req_mine"
        line = line_of(JsonFormatter(), text)
    assert "\n" not in line
    told = json.loads(line)
    assert ids.parse_utc(told.pop("time"))
    message = f"sent {text}".encode(errors="backslashreplace").decode()
    assert told == {"level": "INFO", "logger": "rmos.somewhere", "request_id": "req_mine", "message": message}


def test_a_traceback_is_kept_whole() -> None:
    try:
        raise ValueError("deep inside")
    except ValueError:
        text = line_of(TextFormatter(), "x")
        told = json.loads(line_of(JsonFormatter(), "x"))
    assert "Traceback" in text
    assert text.endswith("\nValueError: deep inside")
    assert told["exception"].endswith("\nValueError: deep inside")


def test_settings_choose_level_and_format_and_one_handler_is_kept(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(settings)
    configure_logging(msgspec.structs.replace(settings, log_format="json", log_level="WARNING"))
    logging.getLogger("some.where").info("not this")
    logging.getLogger("some.where").warning("this")
    written = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in written] == ["this"]


def test_a_line_that_brings_its_own_request_id_keeps_it() -> None:
    record = logging.makeLogRecord({"request_id": "req_own"})
    assert RequestIdFilter().filter(record)
    assert record.request_id == "req_own"


# The line of a request


def test_each_request_leaves_a_line(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.post("/api/rmos/runs", json=make_body(), headers={"X-Request-Id": "mine"})
    client.get(f"/api/rmos/runs/{answer.json['run_id']}")
    client.get("/nowhere")
    client.delete("/api/rmos/runs")
    lines = written(capsys)
    size = answer.content_length
    assert re.fullmatch(
        rf"{STAMP} INFO \[mine\] rmos\.access: POST /api/rmos/runs /api/rmos/runs 201 {size} B \d+\.\d ms", lines[0]
    )
    told = [re.sub(r".*rmos\.access: | \d+ B .*", "", line) for line in lines[1:]]
    assert told == [
        f"GET /api/rmos/runs/<run_id> /api/rmos/runs/{answer.json['run_id']} 200",
        "GET - /nowhere 404",
        "DELETE - /api/rmos/runs 405",
    ]


def test_the_line_is_one_json_object_with_its_members(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(msgspec.structs.replace(settings, log_format="json"))
    app.test_client().get("/nowhere?a=b", headers={"X-Request-Id": "mine", "traceparent": PARENT})
    (line,) = written(capsys)
    told = json.loads(line)
    assert ids.parse_utc(told.pop("time"))
    assert 0 <= told.pop("duration_ms") < 10_000
    assert told.pop("bytes") > 0
    assert told == {
        "level": "INFO",
        "request_id": "mine",
        "logger": "rmos.access",
        "message": "GET /nowhere 404",
        "method": "GET",
        "route": "-",
        "path": "/nowhere",
        "status": 404,
        "trace_id": TRACE,
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_gets_into_the_log(settings: Settings, capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    app = create_app(msgspec.structs.replace(settings, log_format=log_format, log_level="DEBUG"))
    app.add_url_rule("/links/<token>", view_func=lambda token: "")
    client = app.test_client()
    query, cookie, bearer, body, key = SECRETS
    headers = {"Authorization": f"Bearer rmos_abc_{bearer}", "Cookie": f"session={cookie}", "Idempotency-Key": key}
    for path in ("/healthz", "/api/rmos/runs", "/nowhere", "/fail", "/links/l1nk-s3cr3t", f"/x/rmos_abc_{bearer}"):
        client.get(path, query_string={"token": query}, headers=headers)
        client.post(path, query_string={"token": query}, headers=headers, json={"mode": body, "tool_id": "t"})
        client.post(path, headers=headers, data=body)
    app.extensions["rmos"].close()
    text = capsys.readouterr().err
    assert text.count("rmos.access") == 18
    assert "s3cr3t" not in text
    assert "/links/***" in text
    assert "/x/rmos_abc_***" in text


def test_a_level_switches_the_lines_off(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    create_app(msgspec.structs.replace(settings, log_level="WARNING")).test_client().get("/nowhere")
    assert written(capsys) == []


def test_probes_are_seen_at_the_lowest_level_only(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    for level in ("INFO", "DEBUG"):
        app = create_app(msgspec.structs.replace(settings, log_level=level))
        app.test_client().get("/healthz")
        app.test_client().get("/metrics")
        assert len(written(capsys)) == (2 if level == "DEBUG" else 0)


@pytest.mark.parametrize("path", ["/a%0AINFO%20forged", "/%1b%5b31mred", "/%00", "/%ff%fe", "/" + "x" * 5000, "/é"])
def test_a_path_never_begins_a_line_of_its_own_and_is_cut(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    client.get(path)
    (line,) = written(capsys)
    assert line.isprintable()
    assert len(line) < 450


def test_a_stderr_that_is_gone_does_not_fail_the_request(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    assert client.get("/nowhere").status_code == 404


def test_a_failure_inside_leaves_its_line_too(
    app: Flask, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    @requires(OPEN)
    def fail() -> None:
        raise ZeroDivisionError

    app.add_url_rule("/fail", view_func=fail)
    client.get("/fail")
    (line,) = written(capsys)
    assert "GET /fail /fail 500" in line


# traceparent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        PARENT[:-1],
        PARENT + "-more",
        PARENT.upper(),
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT + "\n",
        f" {PARENT}",
        PARENT.replace("4", "٤", 1),
        "x" * 10_000,
    ],
)
def test_a_traceparent_that_is_none_is_not_taken(sent: str) -> None:
    assert parse_trace_id(sent) is None


@pytest.mark.parametrize("sent", [PARENT, PARENT[:-2] + "00", f"01-{PARENT[3:]}", f"01-{PARENT[3:]}-more"])
def test_a_traceparent_gives_its_trace_id(sent: str) -> None:
    assert parse_trace_id(sent) == TRACE


@given(st.text())
def test_no_text_at_all_makes_the_trace_id_anything_else(text: str) -> None:
    assert parse_trace_id(text) is None or re.fullmatch("[0-9a-f]{32}", parse_trace_id(text) or "")


def test_the_trace_id_is_on_every_json_line_of_the_request(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(msgspec.structs.replace(settings, log_format="json"))
    answer = app.test_client().post("/api/rmos/runs", json=make_body(), headers={"traceparent": PARENT})
    app.extensions["rmos"].close()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    of_request = [line for line in lines if line["request_id"] == answer.headers["X-Request-Id"]]
    assert len(of_request) >= 2
    assert {line["trace_id"] for line in of_request} == {TRACE}
    assert TRACE not in answer.text


def test_handlers_write_where_stderr_is_now(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings)
    log_request(Access("GET", "/", "/", 200, None, 0.04), request_id="req_1", trace_id=None)
    assert capsys.readouterr().err.endswith("INFO [req_1] rmos.access: GET / / 200 - B 0.0 ms\n")


def test_the_line_of_a_request_is_a_record_like_any_other(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/nowhere", headers={"X-Request-Id": "mine", "traceparent": PARENT})
    (record,) = [record for record in caplog.records if record.name == "rmos.access"]
    assert record.levelno == logging.INFO
    assert re.fullmatch(r"GET - /nowhere 404 \d+ B \d+\.\d ms", record.getMessage())
    assert (record.__dict__["request_id"], record.__dict__["trace_id"]) == ("mine", TRACE)
