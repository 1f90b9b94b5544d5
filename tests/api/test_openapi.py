"""The document: what it says is what the routes are, and a change of the outside shows as a change of a page."""

import itertools
import re
from http import HTTPMethod
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.routing import Rule

from rmos.errors.base import every_error
from rmos.http.openapi import OPENAPI
from rmos.http.openapi_components import PATH_PARAMETERS
from rmos.http.routes import get_spec
from tests.api.conftest import ROOT, RUNS

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)
"""Once is enough: what callers may do has tests of its own."""

GOLDEN = ROOT / "docs" / "openapi.json"


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document as the service answers it."""
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = response.json
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return each operation by its method and path."""
    methods = {method.lower() for method in HTTPMethod}
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in methods
    }


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_the_document_is_the_page_that_is_committed(client: FlaskClient) -> None:
    served = client.get("/api/openapi.json").data
    assert served == GOLDEN.read_bytes(), (
        "The outside has changed. If it should: .venv/bin/rmos openapi > docs/openapi.json, and look at the diff."
    )


def test_the_command_prints_the_same_and_opens_no_store(app: Flask, runner: FlaskCliRunner) -> None:
    for arguments in (["rmos", "openapi"], ["rmos", "openapi", "--json"]):
        result = runner.invoke(args=arguments)
        assert result.exit_code == 0
        assert result.stdout_bytes == GOLDEN.read_bytes()
    assert not list(app.extensions["rmos"].settings.runs_dir.glob("_index*"))
    assert "openapi" not in app.cli.commands


def test_it_is_a_document_of_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == OPENAPI
    assert set(document) == {"openapi", "info", "paths", "components", "tags"}
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def is_page(app: Flask, rule: Rule) -> bool:
    """Tell whether only people in front of a browser use a route; docs/pages.md has those."""
    view = app.view_functions[rule.endpoint]
    return view.__module__.startswith("rmos.web.") and get_spec(view) is None


def test_every_route_is_documented_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in methods_of(rule)
        if not is_page(app, rule)
    }
    assert routes == set(operations(document))


def test_trap_18_no_route_shadows_another(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    rules = list(app.url_map.iter_rules())
    for rule in rules:
        values = {name: PATH_PARAMETERS.get(name, {"example": "x"})["example"] for name in rule.arguments}
        url = adapter.build(rule.endpoint, values, method=next(iter(methods_of(rule))))
        for method in methods_of(rule):
            found, _ = adapter.match(url, method=method)
            assert found == rule.endpoint, f"{method} {url} leads to {found} and not to {rule.endpoint}"
    for one, other in itertools.combinations(rules, 2):
        if methods_of(one) & methods_of(other):
            assert re.sub("<[^>]*>", "<>", one.rule) != re.sub("<[^>]*>", "<>", other.rule)


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    found = operations(document)
    for operation in found.values():
        assert operation["summary"].endswith(".")
        assert "\n" not in operation["summary"]
        assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}
    assert len({operation["operationId"] for operation in found.values()}) == len(found)
    for tag in document["tags"]:
        assert tag["description"]


def test_every_problem_has_its_codes_what_they_mean_and_an_example_of_each(document: dict[str, Any]) -> None:
    codes = {kind.code: kind.status for kind in every_error()}
    for operation in operations(document).values():
        assert operation["responses"]["500"]
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/problem+json")
            if content is None:
                continue
            named = content["schema"]["allOf"][1]["properties"]["error"]["enum"]
            assert set(content["examples"]) == set(named)
            for code in named:
                assert codes[code] == int(status)
                assert f"`{code}`: " in response["description"]
        assert all(status[0] in "23" or "content" in response for status, response in operation["responses"].items())


@pytest.mark.long
def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    seen = 0
    for operation in operations(document).values():
        bodies = [*operation["responses"].values(), *([operation["requestBody"]] if "requestBody" in operation else [])]
        for body in bodies:
            for content in body.get("content", {}).values():
                for example in examples_in(document, content):
                    schema = {**content["schema"], "components": document["components"]}
                    jsonschema_rs.validate(schema, example)
                    seen += 1
    assert seen > 50


def test_trap_48_no_header_has_a_value_that_the_pages_would_send_with_every_try(document: dict[str, Any]) -> None:
    headers = {
        name: parameter
        for name, parameter in document["components"]["parameters"].items()
        if parameter["in"] == "header"
    }
    assert {"Idempotency-Key", "Prefer", "X-Request-Id", "If-Match"} <= headers.keys()
    for name, parameter in headers.items():
        assert not parameter.get("required"), name
        assert not {"example", "examples", "default"} & {*parameter, *parameter["schema"]}, name


def examples_in(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    named = [
        document["components"]["examples"][ref["$ref"].rpartition("/")[2]]
        for ref in content.get("examples", {}).values()
    ]
    return [*([content["example"]] if "example" in content else []), *(found["value"] for found in named)]


def test_the_example_of_a_cut_is_recorded_as_its_answer_says(client: FlaskClient, document: dict[str, Any]) -> None:
    post = document["paths"][RUNS]["post"]
    response = client.post(RUNS, json=post["requestBody"]["content"]["application/json"]["example"])
    assert response.status_code == 201
    told = post["responses"]["201"]["content"]["application/json"]["example"]
    varying = ("run_id", "feasibility_sha256", "score")
    assert {**response.json, **dict.fromkeys(varying)} == {**told, **dict.fromkeys(varying)}


def test_the_example_of_a_rule_is_that_rule(client: FlaskClient, document: dict[str, Any]) -> None:
    path = document["paths"]["/api/rmos/rules/{rule_id}"]
    example = path["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert example | {"operations": None} == client.get(f"/api/rmos/rules/{example['id']}").json | {"operations": None}


def test_what_a_run_looks_like_is_what_the_schema_says(client: FlaskClient, document: dict[str, Any]) -> None:
    get = document["paths"][f"{RUNS}/{{run_id}}"]["get"]
    post = document["paths"][RUNS]["post"]
    body = post["requestBody"]["content"]["application/json"]["example"]
    for over in ({}, {"engine_id": None, "notes": "n", "outputs": {"gcode_text": "G0"}}, {"design": {}}):
        run = client.get(client.post(RUNS, json=body | over).headers["Location"]).json
        schema = get["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**schema, "components": document["components"]}, run)
        described = document["components"]["schemas"]["Run"]["properties"]
        assert set(run) - {"engine_version"} <= set(described)
