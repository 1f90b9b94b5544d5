"""Local mode, names, limits, and what browsers may send."""

import itertools
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import create_app
from rmos.auth.guard import WRONG_TOKENS, current_guard
from rmos.config import Settings
from rmos.context import current_address
from rmos.errors.callers import TooManyAttempts, Unauthenticated
from rmos.store import Store
from rmos.store.tokens import BEARER
from tests.auth.conftest import RUNS, Send
from tests.makers import ANNA


def test_without_tokens_this_machine_is_the_local_operator(send: Send, store: Store) -> None:
    assert send("POST", RUNS).status_code == 201
    assert not store.tokens.has_any()


STRANGE: dict[str, dict[str, Any]] = {
    "another machine": {"REMOTE_ADDR": "192.0.2.7"},
    "another machine by IPv6": {"REMOTE_ADDR": "2001:db8::7"},
    "no address": {"REMOTE_ADDR": "nonsense"},
    "another host": {"HTTP_HOST": "rmos.example"},
    "a host that looks like ours": {"HTTP_HOST": "localhost.evil.example"},
    "a host with a port that is none": {"HTTP_HOST": "localhost:80@evil.example"},
    "two hosts": {"HTTP_HOST": "localhost,evil.example"},
    "X-Forwarded-For": {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    "X-Forwarded-Proto": {"HTTP_X_FORWARDED_PROTO": "https"},
    "X-Forwarded-Anything": {"HTTP_X_FORWARDED_WHATEVER": "1"},
    "Forwarded": {"HTTP_FORWARDED": "for=127.0.0.1"},
    "Via": {"HTTP_VIA": "1.1 proxy"},
    "X-Real-IP": {"HTTP_X_REAL_IP": "127.0.0.1"},
    "a proxy that says nothing": {"SERVER_PROTOCOL": "HTTP/1.0"},
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_local_mode_refuses_what_does_not_come_directly_from_this_machine(send: Send, kind: str, method: str) -> None:
    response = send(method, RUNS, **STRANGE[kind])
    assert (response.status_code, response.json["error"]) == (403, "NOT_LOCAL")
    assert "rmos token create" in response.json["detail"]


@pytest.mark.parametrize(
    "usual",
    [
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"},
        {"REMOTE_ADDR": "127.3.2.1", "HTTP_HOST": "LOCALHOST:80"},
        {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"},
        {"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_HOST": "[::1]"},
        {"REMOTE_ADDR": "", "HTTP_HOST": "localhost"},
    ],
)
def test_local_mode_serves_the_names_of_this_machine(send: Send, usual: dict[str, str]) -> None:
    assert send("GET", RUNS, **usual).status_code == 200


def test_a_setting_asks_for_tokens_before_there_is_one(tmp_path: Path) -> None:
    app = create_app(Settings(instance_path=tmp_path / "i", runs_dir=tmp_path / "runs", auth="tokens"))
    assert app.test_client().get(RUNS).status_code == 401
    assert not (tmp_path / "runs").exists()


def test_trap_28_a_header_that_says_admin_makes_nobody_one(send: Send, bearers: dict[str, str]) -> None:
    claims = {f"HTTP_X_{name}": "true" for name in ("ADMIN", "IS_ADMIN", "RMOS_ADMIN", "ADMIN_OVERRIDE")}
    claims |= {"HTTP_X_ROLE": "admin", "HTTP_X_USER": "root", "HTTP_X_REMOTE_USER": "root", "REMOTE_USER": "root"}
    assert send("POST", RUNS, bearers["viewer"], **claims).status_code == 403
    assert send("GET", RUNS, **claims).status_code == 401


def test_trap_28_the_name_in_the_record_is_the_callers_and_never_the_bodys(
    client: FlaskClient, app: Flask, bearers: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {bearers['recorder']}", "Idempotency-Key": "one"}
    body = {"mode": "router", "tool_id": "x", "meta": {"actor": "anna", "user_id": "root"}}
    assert client.post(RUNS, json={**body, "actor": "anna"}, headers=headers).status_code == 422
    made = client.post(RUNS, json=body, headers=headers)
    assert made.status_code == 201
    # The key is scoped to the caller by name: another caller's same key is another run.
    other = {**headers, "Authorization": f"Bearer {bearers['operator']}"}
    assert client.post(RUNS, json=body, headers=other).json["run_id"] != made.json["run_id"]
    assert client.post(RUNS, json=body, headers=headers).json["run_id"] == made.json["run_id"]


def test_trap_29_headers_of_callers_reach_no_log_and_no_answer(
    client: FlaskClient, bearers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for bad in (
        "rmos_ab\x1b[31m_secretsecret",
        "x" * 5000,
        bearers["revoked"],
        bearers["expired"],
        bearers["viewer"][:-1],
    ):
        response = client.get(RUNS, headers={"Authorization": f"Bearer {bad}"})
        assert response.status_code == 401
        secret = bad.split("_", 2)[-1][:20]  # a secret may hold underscores
        assert secret not in response.text
        assert secret not in caplog.text
        assert secret not in str(response.headers)
    assert "refused a token from 127.0.0.1" in caplog.text


def test_trap_30_an_unreadable_folder_of_tokens_lets_nobody_in_and_shows_no_path(
    send: Send, bearers: dict[str, str], app: Flask, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def refuse(*_: object) -> list[str]:
        raise PermissionError(13, "Permission denied", str(settings.runs_dir))

    monkeypatch.setattr("os.listdir", refuse)
    response = send("GET", RUNS, bearers["admin"])
    assert (response.status_code, response.json["error"]) == (503, "STORAGE_UNAVAILABLE")
    assert str(settings.runs_dir) not in response.text


# Limits


def wrong() -> str:
    return "rmos_abc_" + "A" * 43


def test_wrong_tokens_of_one_address_are_throttled_and_a_good_caller_beside_them_is_served(
    send: Send, bearers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    responses = [send("GET", RUNS, wrong()) for _ in range(WRONG_TOKENS + 30)]
    assert [response.status_code for response in responses] == [401] * WRONG_TOKENS + [429] * 30
    last = responses[-1]
    assert last.json["error"] == "TOO_MANY_ATTEMPTS"
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert caplog.text.count("refused a token") == WRONG_TOKENS
    assert send("GET", RUNS, bearers["viewer"]).status_code == 200
    assert send("GET", RUNS).status_code == 401
    assert send("GET", RUNS, wrong(), REMOTE_ADDR="192.0.2.9").status_code == 401


def test_ten_thousand_wrong_tokens_open_nothing_and_a_good_caller_beside_them_is_served(
    app: Flask, bearers: dict[str, str]
) -> None:
    head, secret = bearers["admin"][:18], bearers["admin"][18:]
    guard = app.extensions["rmos.guard"]
    environ = {"REMOTE_ADDR": "192.0.2.1", "REQUEST_METHOD": "GET"}
    for number in range(10_000):
        place = number % len(secret)
        bad = secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]
        with pytest.raises((Unauthenticated, TooManyAttempts)):
            guard.authenticate(f"{head}{bad}" if number % 2 else f"rmos_{number:012x}_{secret}", environ)
        if number % 100 == 0:
            assert guard.authenticate(bearers["viewer"], environ).role == "viewer"


def test_a_subscriber_with_many_ipv6_addresses_is_one(send: Send, bearers: dict[str, str]) -> None:
    statuses = [send("GET", RUNS, wrong(), REMOTE_ADDR=f"2001:db8:1:2::{number:x}").status_code for number in range(30)]
    assert statuses == [401] * WRONG_TOKENS + [429] * (30 - WRONG_TOKENS)


def test_writes_are_limited_for_each_caller_when_settings_say_so(tmp_path: Path) -> None:
    app = create_app(Settings(instance_path=tmp_path / "i", runs_dir=tmp_path / "runs", write_limit_per_minute=3))
    store: Store = app.extensions["rmos"].store
    client = app.test_client()
    callers = [
        {"Authorization": f"Bearer {store.tokens.create(name, 'recorder', expires_at_utc=None, actor=ANNA, us=1)[1]}"}
        for name in ("ben", "cleo")
    ]
    body = {"mode": "router", "tool_id": "x"}
    responses = [client.post(RUNS, json=body, headers=callers[0]) for _ in range(5)]
    assert [response.status_code for response in responses] == [201, 201, 201, 429, 429]
    assert responses[-1].json["error"] == "TOO_MANY_WRITES"
    assert int(responses[-1].headers["Retry-After"]) >= 1
    assert client.post(RUNS, json=body, headers=callers[1]).status_code == 201
    assert client.get(RUNS, headers=callers[0]).status_code == 200
    app.extensions["rmos"].close()


# Browsers


CROSS_SITE: list[dict[str, str]] = [
    {"HTTP_ORIGIN": "https://evil.example"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_ORIGIN": "http://localhost:3000"},
    {"HTTP_ORIGIN": "http://localhost.evil.example"},
    {"HTTP_SEC_FETCH_SITE": "cross-site"},
    {"HTTP_SEC_FETCH_SITE": "same-site"},
    {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://localhost"},
    {"HTTP_SEC_FETCH_SITE": ""},
]


@pytest.mark.parametrize("sent", CROSS_SITE)
def test_writes_from_the_pages_of_other_sites_are_refused(
    client: FlaskClient, store: Store, sent: dict[str, str]
) -> None:
    kinds = ("application/json", "text/plain", "multipart/form-data; boundary=x")
    for kind, path in itertools.product(kinds, (RUNS, "/sign-in", "/sign-out")):
        response = client.post(path, data=b"--x--", content_type=kind, environ_overrides=sent)
        assert (response.status_code, response.json["error"]) == (403, "CROSS_SITE_REQUEST"), (kind, path)
        assert "Set-Cookie" not in response.headers
    assert not store.reader.partitions()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"HTTP_ORIGIN": "http://localhost"},
        {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://localhost"},
        {"HTTP_SEC_FETCH_SITE": "none"},
    ],
)
def test_writes_from_our_pages_and_from_programs_are_taken(send: Send, sent: dict[str, str]) -> None:
    assert send("POST", RUNS, **sent).status_code == 201


def test_reading_from_another_site_is_for_the_browser_to_keep_apart(send: Send) -> None:
    response = send("GET", RUNS, HTTP_ORIGIN="https://evil.example", HTTP_SEC_FETCH_SITE="cross-site")
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


# Addresses


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "address"),
    [
        ((), "127.0.0.1", "192.0.2.1", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "192.0.2.1", "192.0.2.1"),
        (("127.0.0.1",), "127.0.0.1", "198.51.100.66, 192.0.2.1", "192.0.2.1"),
        (("127.0.0.1", "10.0.0.0/8"), "127.0.0.1", "192.0.2.1, 10.1.2.3", "192.0.2.1"),
        (("127.0.0.1",), "192.0.2.5", "198.51.100.66", "192.0.2.5"),
        (("127.0.0.1",), "127.0.0.1", "", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "nonsense\x1b[0m", "127.0.0.1"),
        (("unix",), "", "2001:db8::1", "2001:db8::1"),
        ((), "", "2001:db8::1", "unix"),
    ],
)
def test_the_address_is_what_trusted_proxies_say_and_no_other(
    tmp_path: Path, trusted: tuple[str, ...], peer: str, said: str, address: str
) -> None:
    app = create_app(Settings(instance_path=tmp_path, runs_dir=tmp_path / "runs", trusted_proxies=trusted))
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}
    with app.test_request_context("/", environ_overrides=environ):
        assert current_address() == address
        assert current_guard().proxies.client_address({"REMOTE_ADDR": peer}) == (peer or "unix")


def test_the_form_of_a_token_is_that_of_the_contract(bearers: dict[str, str]) -> None:
    for bearer in bearers.values():
        assert BEARER.fullmatch(bearer)
        assert re.fullmatch(r"rmos_[a-z0-9]+_[A-Za-z0-9_-]+", bearer)
