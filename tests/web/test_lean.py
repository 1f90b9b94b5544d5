"""Flask, spared what is the same in every request: it answers exactly as Flask does."""

from typing import Any

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadHost
from werkzeug.test import EnvironBuilder, run_wsgi_app

from rmos.web.lean import LeanFlask, LeanResponse


def make_app(kind: type[Flask]) -> Flask:
    """Return an app with one route of each form that RMOS has."""
    app = kind("lean", static_folder=None)
    app.add_url_rule("/", view_func=lambda: "here", endpoint="here")
    app.add_url_rule("/folder/", view_func=lambda: "a folder", endpoint="folder")
    app.add_url_rule("/things/<name>", view_func=lambda name: f"thing {name}", methods=["GET", "PUT"], endpoint="thing")
    app.add_url_rule("/moved", view_func=lambda: Response("see", 303, {"Location": "/thingsä"}), endpoint="moved")
    app.add_url_rule("/made", view_func=lambda: Response("made", 200, {"Location": "/thingsä"}), endpoint="made")
    app.add_url_rule("/none", view_func=lambda: Response(status=204), endpoint="none")
    app.add_url_rule("/same", view_func=lambda: Response("x", 304, {"Content-Type": "text/plain"}), endpoint="same")
    app.add_url_rule("/flow", view_func=lambda: Response(iter(["a", "b"])), endpoint="flow")
    app.add_url_rule("/broken", view_func=lambda: 1 / 0, endpoint="broken")
    return app


LEAN, PLAIN = make_app(LeanFlask), make_app(Flask)
HOSTS = ["localhost", "localhost:8000", "[::1]:8000", "SHOP.example", "müller.example", "a b", "x:y:z", "", "." * 70]
METHODS = ["GET", "HEAD", "PUT", "POST", "OPTIONS"]
PATHS = ["/", "", "/folder", "//folder//", "/things/a b", "/things/ä", "/moved", "/made", "/none", "/same", "/flow"]

environs = st.fixed_dictionaries(
    {
        "HTTP_HOST": st.sampled_from(HOSTS),
        "SCRIPT_NAME": st.sampled_from(["", "/rmos", "/rmos/"]),
        "wsgi.url_scheme": st.sampled_from(["http", "https"]),
        "PATH_INFO": st.sampled_from([*PATHS, "/broken", "/nowhere"]).map(lambda path: path.encode().decode("latin1")),
        "QUERY_STRING": st.sampled_from(["", "a=1", "a=ä".encode().decode("latin1"), "%"]),
        "REQUEST_METHOD": st.sampled_from(METHODS),
    },
    optional={"HTTP_UPGRADE": st.just("websocket"), "HTTP_CONNECTION": st.just("Upgrade")},
)


def answer_of(app: Flask, asked: dict[str, Any]) -> tuple[bytes, str, list[tuple[str, str]]]:
    """Return the body, the status and the headers of an answer."""
    chunks, status, headers = run_wsgi_app(app, {**EnvironBuilder().get_environ(), **asked})
    return b"".join(chunks), status, sorted(headers)


@pytest.mark.parametrize("path", [*PATHS, "/broken", "/nowhere"])
@pytest.mark.parametrize("method", METHODS)
@given(environs)
def test_every_answer_is_that_of_flask(method: str, path: str, asked: dict[str, Any]) -> None:
    asked |= {"REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin1"), "HTTP_HOST": "localhost"}
    assert answer_of(LEAN, asked) == answer_of(PLAIN, asked) == answer_of(LEAN, asked)


@given(environs)
def test_what_matches_a_path_is_what_flask_makes(asked: dict[str, Any]) -> None:
    environ = {**EnvironBuilder().get_environ(), **asked}
    made: list[dict[str, Any] | None] = []
    for app in (PLAIN, LEAN, LEAN):
        try:
            adapter = app.create_url_adapter(app.request_class(environ))
        except BadHost:
            made.append(None)
        else:
            made.append({name: value for name, value in vars(adapter).items() if name != "map"})
    assert made[0] == made[1] == made[2]


def test_a_request_without_a_host_is_answered_too() -> None:
    environ = EnvironBuilder().get_environ()
    del environ["HTTP_HOST"]
    body, status, _ = answer_of(LEAN, {})
    assert run_wsgi_app(LEAN, environ)[1] == status == "200 OK"
    assert body == b"here"


def test_no_more_than_a_few_hosts_are_kept_and_those_after_them_are_answered() -> None:
    app = make_app(LeanFlask)
    for number in range(100):
        assert answer_of(app, {"HTTP_HOST": f"host-{number}.example"})[0] == b"here"
    assert len(vars(app)["_adapters"]) == 64


@pytest.mark.parametrize("path", ["/things/x", "/folder/"])
def test_an_answer_with_nothing_to_mend_goes_out_with_its_own_headers(path: str) -> None:
    with LEAN.test_request_context(path):
        answer = LEAN.full_dispatch_request()
        assert isinstance(answer, LeanResponse)
        assert answer.get_wsgi_headers({}) is answer.headers
