"""Flask, spared what comes out the same in every request: it responds exactly as Flask does."""

from typing import Any

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadHost
from werkzeug.test import EnvironBuilder, run_wsgi_app

from rmos.http.application import Application
from rmos.http.responses import JsonResponse


def make_app(kind: type[Flask], response: type[Response]) -> Flask:
    """Return an app with one route of each form that RMOS has."""
    app = kind("trial", static_folder=None)
    app.response_class = response
    app.add_url_rule("/", view_func=lambda: "here", endpoint="here")
    app.add_url_rule("/folder/", view_func=lambda: "a folder", endpoint="folder")
    app.add_url_rule("/things/<name>", view_func=lambda name: f"thing {name}", methods=["GET", "PUT"], endpoint="thing")
    app.add_url_rule("/moved", view_func=lambda: response("see", 303, {"Location": "/thingsä"}), endpoint="moved")
    app.add_url_rule("/made", view_func=lambda: response("made", 200, {"Location": "/thingsä"}), endpoint="made")
    app.add_url_rule("/none", view_func=lambda: response(status=204), endpoint="none")
    app.add_url_rule("/same", view_func=lambda: response("x", 304, {"Content-Type": "text/plain"}), endpoint="same")
    app.add_url_rule("/flow", view_func=lambda: response(iter(["a", "b"])), endpoint="flow")
    app.add_url_rule("/broken", view_func=lambda: 1 / 0, endpoint="broken")
    return app


OURS, PLAIN = make_app(Application, JsonResponse), make_app(Flask, Response)
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


def respond(app: Flask, environ: dict[str, Any]) -> tuple[bytes, str, list[tuple[str, str]]]:
    """Return the body, the status and the headers of a response."""
    chunks, status, headers = run_wsgi_app(app, {**EnvironBuilder().get_environ(), **environ})
    return b"".join(chunks), status, sorted(headers)


@given(environs, st.sampled_from(METHODS), st.sampled_from([*PATHS, "/broken", "/nowhere"]))
def test_every_response_is_that_of_flask(environ: dict[str, Any], method: str, path: str) -> None:
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin1"), "HTTP_HOST": "localhost"}
    assert respond(OURS, environ) == respond(PLAIN, environ) == respond(OURS, environ)


@given(environs)
def test_what_matches_a_path_is_what_flask_makes(environ: dict[str, Any]) -> None:
    environ = {**EnvironBuilder().get_environ(), **environ}
    made: list[dict[str, Any] | None] = []
    for app in (PLAIN, OURS, OURS):
        try:
            adapter = app.create_url_adapter(app.request_class(environ))
        except BadHost:
            made.append(None)
        else:
            made.append({name: value for name, value in vars(adapter).items() if name != "map"})
    assert made[0] == made[1] == made[2]


def test_a_request_without_a_host_is_responded_to_as_well() -> None:
    environ = EnvironBuilder().get_environ()
    del environ["HTTP_HOST"]
    body, status, _ = respond(OURS, {})
    assert run_wsgi_app(OURS, environ)[1] == status == "200 OK"
    assert body == b"here"


def test_no_more_than_a_few_hosts_are_kept_and_those_after_them_are_served() -> None:
    app = make_app(Application, JsonResponse)
    for number in range(100):
        assert respond(app, {"HTTP_HOST": f"host-{number}.example"})[0] == b"here"
    assert len(vars(app)["_adapters"]) == 64


@pytest.mark.parametrize("path", ["/things/x", "/folder/"])
def test_a_response_with_nothing_to_change_goes_out_with_its_own_headers(path: str) -> None:
    with OURS.test_request_context(path):
        response = OURS.full_dispatch_request()
        assert isinstance(response, JsonResponse)
        assert response.get_wsgi_headers({}) is response.headers
