"""`/api/openapi.json`: the document from which other programs can be written against this service (OpenAPI 3.1).

    get_document(current_app)["paths"]["/api/rmos/runs"]

It is made when it is first asked for: from the routes themselves, what they declare (`routes`) and the marshmallow
schemas that read requests and shape responses, so that it cannot differ from the code. apispec turns the schemas
into components.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata, resources
from typing import Any, Final

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from werkzeug.routing import Rule

from rmos.errors.base import RmosError
from rmos.errors.http import BadRequest, RequestTimeout
from rmos.errors.request import BadHeader, BadJson, PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from rmos.http import openapi_components as components
from rmos.http.problems import PROBLEM, explain_error, list_errors_by_code, make_example
from rmos.http.responses import JSON
from rmos.http.routes import FORM, Blueprint, OperationSpec, Problems, ResponseSpec, get_spec, refuses_key
from rmos.schemas.fields import MomentField
from rmos.schemas.service import ProblemSchema

OPENAPI: Final = "3.1.0"
_TITLE: Final = "RMOS"
_ABOUT: Final = """The flight recorder of a CNC lutherie shop: every cut that is judged leaves one immutable,
hash-verified record.

JSON in, JSON out, UTF-8. Every error is a problem (RFC 9457) with a code in `error`; `/problems` explains each.
Parameters and members that are not listed here are refused, so that a misspelt one is never ignored. Times are
RFC 3339 with an offset."""
_EXTENSION: Final = "rmos.openapi"
_RENDERED: Final = "rmos.openapi.rendered"
_VARIABLE: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_ALWAYS: Final[Problems] = (BadRequest, ValidationFailed, RmosError)
_BODY: Final[Problems] = (BadJson, RequestTimeout, PayloadTooLarge, UnsupportedMediaType)


def get_document(app: Flask) -> dict[str, Any]:
    """Return the document of an app; it is made once.

    Raises:
        TypeError: a route is not declared.
    """
    if _EXTENSION not in app.extensions:  # two requests at once make it twice, the same
        app.extensions[_EXTENSION] = _make_document(app)
    document: dict[str, Any] = app.extensions[_EXTENSION]
    return document


def render_document(app: Flask, *, prefix: str = "") -> bytes:
    """Return the document as indented JSON, the same for the same routes.

    Args:
        prefix: under which the service lives; the paths of the document begin behind it.
    """
    rendered: dict[str, bytes] = app.extensions.setdefault(_RENDERED, {})
    if prefix not in rendered:
        document = get_document(app)
        if prefix:
            document = {**document, "servers": [{"url": prefix}]}
        rendered[prefix] = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return rendered[prefix]


def _make_document(app: Flask) -> dict[str, Any]:
    plugin = MarshmallowPlugin()
    spec = APISpec(_TITLE, metadata.version("rmos"), OPENAPI, [plugin], info={"description": _ABOUT})
    plugin.map_to_openapi_type(MomentField, "string", "date-time")
    assert plugin.converter is not None  # since it was given to a spec
    plugin.converter.add_parameter_attribute_function(_exclude_nul)
    _add_components(spec)
    for name, blueprint in app.blueprints.items():
        if isinstance(blueprint, Blueprint):
            for rule in app.url_map.iter_rules():
                if rule.endpoint.rpartition(".")[0] == name:
                    _add_path(spec, rule, app.view_functions[rule.endpoint], blueprint.name)
            if name == blueprint.name:  # else it is registered again under another name, for other URLs
                spec.tag({"name": name, "description": blueprint.description})
    return spec.to_dict()


def _add_components(spec: APISpec) -> None:
    spec.components.schema("Problem", schema=ProblemSchema)
    for name, described in components.REQUEST_HEADERS.items():
        spec.components.parameter(name, "header", {"name": name, **described})
    for name, described in components.RESPONSE_HEADERS.items():
        spec.components.header(name, described)
    for name, described in components.SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, described)
    for code, kind in list_errors_by_code().items():
        spec.components.example(code, {"value": make_example(code, kind.title, kind.status, explain_error(kind))})


def _exclude_nul(converter: object, field: object, ret: dict[str, Any]) -> dict[str, Any]:
    """Describe that free text in a query has no U+0000, which `query` refuses before any schema."""
    schema = ret["schema"]
    if schema.get("type") == "string" and not {"enum", "format", "pattern"} & schema.keys():
        schema["pattern"] = r"^[^\x00]*$"
    return {}


def _add_path(spec: APISpec, rule: Rule, view: Callable[..., Any], tag: str) -> None:
    """Describe a route.

    Raises:
        TypeError: its view is not declared, or its URL has a part that is not described.
    """
    declared = get_spec(view)
    if declared is None:
        raise TypeError(f"The route {rule.rule} is not declared; see `operation`.")
    operation_id, name = view.__name__, rule.endpoint.partition(".")[0]
    described = {
        "tags": [tag],
        "operationId": operation_id if name == tag else f"{operation_id}_{name}",
        **_read_docstring(view),
        **_describe_request(declared),
        "responses": {
            **{str(status): _describe_response(response) for status, response in declared.responses.items()},
            **_describe_problems(declared, _problems_of(rule, view)),
        },
    }
    if role := getattr(view, "rmos_role", None):
        described |= {"security": components.SECURITY.get(role, components.NEEDS_CALLER), "x-rmos-role": role}
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    spec.path(
        _VARIABLE.sub(r"{\1}", rule.rule),
        operations={method.lower(): described for method in methods},
        parameters=list(_path_parameters(rule)),
    )


def _problems_of(rule: Rule, view: Callable[..., Any]) -> Problems:
    """Return what a route can answer besides what it declares: what its role and its headers are refused with."""
    refused = any(refuses_key(view, method) for method in rule.methods or ())
    return (*getattr(view, "rmos_problems", ()), *((BadHeader,) if refused else ()))


def _read_docstring(view: Callable[..., Any]) -> dict[str, str]:
    summary, _, description = (inspect.getdoc(view) or "").partition("\n\n")
    return {"summary": summary, **({"description": description} if description else {})}


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        if name not in components.PATH_PARAMETERS:
            raise TypeError(f"{rule.rule}: describe {name!r} in PATH_PARAMETERS of rmos/http/openapi_components.py.")
        yield {"in": "path", "name": name, "required": True, **components.PATH_PARAMETERS[name]}


def _describe_request(declared: OperationSpec) -> dict[str, Any]:
    parameters: list[Any] = [] if declared.query is None else [{"in": "query", "schema": declared.query}]
    parameters += ["X-Request-Id", *declared.headers]  # names of components
    request: dict[str, Any] = {"parameters": parameters}
    if declared.body is not None:
        content = {JSON: _describe_content(declared.body, declared.example)}
        if declared.form is not None:
            content[FORM] = {"schema": declared.form}
        request["requestBody"] = {"required": True, "content": content}
    elif declared.form is not None:
        request["requestBody"] = {"required": True, "content": {FORM: {"schema": declared.form}}}
    return request


def _describe_response(response: ResponseSpec) -> dict[str, Any]:
    headers = {name: components.reference("headers", name) for name in ("X-Request-Id", *response.headers)}
    described: dict[str, Any] = {"description": response.description, "headers": headers}
    if response.schema is not None:
        alternatives = {name: {"schema": schema} for name, schema in response.alternatives.items()}
        content = _describe_content(response.schema, response.example)
        described["content"] = {response.content_type: content, **alternatives}
    if response.links:
        described["links"] = {
            name: {"operationId": name, "parameters": dict(where)} for name, where in response.links.items()
        }
    return described


def _describe_content(schema: Any, example: str | None) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": load_example(example)}


def load_example(name: str) -> Any:
    """Return an example by its name: `runs.cut` is the member `cut` of `rmos/api/examples/runs.json`."""
    noun, _, member = name.partition(".")
    return _read_examples(noun)[member]


@functools.cache
def _read_examples(noun: str) -> dict[str, Any]:
    data = (resources.files("rmos.api") / "examples" / f"{noun}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, Any])


def _describe_problems(declared: OperationSpec, of_role: Problems) -> dict[str, Any]:
    """Describe the problems of a route by status: which codes, what each means, one example each."""
    body = () if declared.body is None and declared.form is None else _BODY
    by_status: dict[int, dict[str, type[RmosError]]] = {}
    for kind in (*declared.problems, *of_role, *body, *_ALWAYS):
        by_status.setdefault(kind.status, {}).setdefault(kind.code, kind)
    return {str(status): _describe_problem(kinds) for status, kinds in sorted(by_status.items())}


def _describe_problem(kinds: Mapping[str, type[RmosError]]) -> dict[str, Any]:
    meanings = [f"`{code}`: {explain_error(kind)}" for code, kind in kinds.items()]
    codes = {"type": "object", "properties": {"error": {"type": "string", "enum": list(kinds)}}}
    content = {
        "schema": {"allOf": [components.reference("schemas", "Problem"), codes]},
        "examples": {code: components.reference("examples", code) for code in kinds},
    }
    named = {name for kind in kinds.values() for name in kind.headers}
    headers = {name: components.reference("headers", name) for name in ("X-Request-Id", *sorted(named))}
    return {"description": "\n\n".join(meanings), "headers": headers, "content": {PROBLEM: content}}
