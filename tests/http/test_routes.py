"""Routes that do not say what they take and give are refused; those that say more than usual are described with it."""

from typing import Any

import pytest
from flask import Flask, Response, request
from marshmallow import Schema, fields

from rmos.auth.roles import OPEN, requires
from rmos.errors.records import RunExists, VersionConflict
from rmos.http.json_body import limit_body, read_object
from rmos.http.openapi import get_document
from rmos.http.openapi_components import NEEDS_CALLER
from rmos.http.query import load_query
from rmos.http.routes import Blueprint, ResponseSpec, operation
from tests.helpers.problems import check_problem

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)
"""Once is enough: what callers may do has tests of its own."""


class AskedSchema(Schema):
    """Query parameters of the routes below."""

    word = fields.String()


@pytest.fixture
def blueprint() -> Blueprint:
    """A noun of its own."""
    return Blueprint("spoons", __name__, url_prefix="/spoons", description="Spoons")


def register(app: Flask, blueprint: Blueprint, **options: Any) -> dict[str, Any]:
    """Give the app the blueprint and return the document."""
    app.register_blueprint(blueprint, **options)
    return get_document(app)


def test_a_route_that_says_nothing_is_refused_with_its_url(app: Flask, blueprint: Blueprint) -> None:
    blueprint.get("/silent")(lambda: Response())
    with pytest.raises(TypeError, match="/spoons/silent"):
        register(app, blueprint)


def test_a_part_of_a_url_that_nobody_described_is_refused(app: Flask, blueprint: Blueprint) -> None:
    blueprint.get("/<weight>")(operation(responses={200: ResponseSpec("It.")})(lambda weight: Response()))
    with pytest.raises(TypeError, match="'weight'"):
        register(app, blueprint)


def test_a_role_and_what_asking_for_it_can_end_in_are_described(app: Flask, blueprint: Blueprint) -> None:
    @operation(responses={200: ResponseSpec("It.")}, problems=(RunExists,))
    def get_tool() -> Response:
        """Return a tool.

        It is sharp.
        """
        return Response()

    get_tool.rmos_role = "viewer"  # type: ignore[attr-defined]
    get_tool.rmos_problems = (VersionConflict,)  # type: ignore[attr-defined]
    blueprint.get("/one")(get_tool)
    described = register(app, blueprint)["paths"]["/spoons/one"]["get"]
    assert described["security"] == NEEDS_CALLER
    assert described["x-rmos-role"] == "viewer"
    assert (described["summary"], described["description"]) == ("Return a tool.", "It is sharp.")
    codes = described["responses"]["409"]["content"]["application/problem+json"]["schema"]["allOf"][1]
    assert codes["properties"]["error"]["enum"] == ["RUN_EXISTS", "VERSION_CONFLICT"]


def test_a_noun_under_a_second_url_has_operations_of_its_own(app: Flask, blueprint: Blueprint) -> None:
    @blueprint.get("")
    @operation(responses={200: ResponseSpec("They.")})
    @requires(OPEN)
    def list_spoons() -> Response:
        """Return the spoons."""
        return Response(request.path)

    app.register_blueprint(blueprint)
    document = register(app, blueprint, name="spoons_too", url_prefix="/api/spoons")
    assert document["paths"]["/spoons"]["get"]["operationId"] == "list_spoons"
    assert document["paths"]["/api/spoons"]["get"]["operationId"] == "list_spoons_spoons_too"
    assert [tag["name"] for tag in document["tags"]].count("spoons") == 1
    assert app.test_client().get("/api/spoons").text == "/api/spoons"


@pytest.mark.parametrize(("declared", "limit"), [(64, 64), (8192, 8192), (None, 2048)])
def test_a_body_is_limited_by_what_its_route_declares(
    app: Flask, blueprint: Blueprint, declared: int | None, limit: int
) -> None:
    @blueprint.post("")
    @operation(responses={200: ResponseSpec("It.")}, body=AskedSchema, max_body_bytes=declared)
    @requires(OPEN)
    def make_tool() -> Response:
        """Make a tool."""
        return Response(str(len(read_object()["pad"])))

    @blueprint.post("/form")
    @operation(responses={200: ResponseSpec("It.")}, body=AskedSchema, max_body_bytes=declared)
    @requires(OPEN)
    def send_form() -> Response:
        """Send a form."""
        return Response(str(len(request.get_data())))

    limit_body(2048, app)
    register(app, blueprint)
    client = app.test_client()
    fits, above = (b'{"pad":"' + b"x" * (size - 10) + b'"}' for size in (limit, limit + 1))
    for path, data in (("/spoons", fits), ("/spoons/form", fits)):
        assert client.post(path, data=data, content_type="application/json").status_code == 200
    problem = check_problem(
        client.post("/spoons", data=above, content_type="application/json"), 413, "PAYLOAD_TOO_LARGE"
    )
    assert problem["limit_bytes"] == limit
    far = check_problem(
        client.post("/spoons/form", data=above + b"  ", content_type="text/plain"), 413, "PAYLOAD_TOO_LARGE"
    )
    assert far["limit_bytes"] == limit


def test_parameters_are_loaded_strictly_and_refused_where_there_are_none(app: Flask, blueprint: Blueprint) -> None:
    @blueprint.get("")
    @operation(responses={200: ResponseSpec("They.")}, query=AskedSchema)
    @requires(OPEN)
    def list_spoons() -> Response:
        """Return the spoons."""
        return Response(load_query(AskedSchema()).get("word", "-"))

    register(app, blueprint)
    client = app.test_client()
    assert client.get("/spoons?word=a%20b").text == "a b"
    assert client.get("/spoons").text == "-"
    assert check_problem(client.get("/spoons?word=a&word=b"), 422, "VALIDATION_FAILED")["errors"].keys() == {"word"}
    assert check_problem(client.get("/spoons?weight=1"), 422, "VALIDATION_FAILED")["errors"].keys() == {"weight"}
    check_problem(client.get("/spoons?word=%ff"), 400, "BAD_REQUEST")
    check_problem(client.get("/spoons?word=%00"), 400, "BAD_REQUEST")
    for method in ("get", "head", "post"):
        response = getattr(client, method)("/healthz?a=1&b=2" if method != "post" else "/api/rmos/runs?a=1&b=2")
        assert response.status_code == 422
        if method != "head":
            assert check_problem(response, 422, "VALIDATION_FAILED")["errors"].keys() == {"a", "b"}
