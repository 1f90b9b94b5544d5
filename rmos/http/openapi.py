"""`/api/openapi.json`: the document from which other programs can be written against this service (OpenAPI 3.1).

    api = current_app.extensions["rmos_api"]
    api.document()["paths"]["/api/rmos/runs"]

It is made when it is first asked for: from the routes themselves, what they declare (`operations`) and the marshmallow
schemas that read requests and shape answers, so that it cannot say anything else than the code does.
"""

import threading
from importlib import metadata
from typing import Any, Final

import flask_smorest
import msgspec
from flask import Flask, Response, current_app

from rmos.auth.roles import OPEN, requires
from rmos.errors.base import every_error
from rmos.http import openapi_components as parts
from rmos.http.operations import Answer, Blueprint, example_of, meaning_of, operation
from rmos.schemas.lists import Moment
from rmos.schemas.problems import ProblemSchema

OPENAPI: Final = "3.1.0"
_TITLE: Final = "RMOS"
_ABOUT: Final = """The flight recorder of a CNC lutherie shop: every cut that is judged leaves one immutable,
hash-verified record.

JSON in, JSON out, UTF-8. Every error is a problem (RFC 9457) with a code in `error`; `/problems` explains each.
Parameters and members that are not listed here are refused, so that a misspelt one is never ignored. Times are
RFC 3339 with an offset."""

bp = Blueprint("document", __name__, description="This document")


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """The blueprints of the service and the document that describes them; errors stay with `problems`."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._making = threading.Lock()
        self._made: dict[str, Any] | None = None
        self._named: list[tuple[str, Blueprint]] = []
        super().__init__(
            app,
            spec_kwargs={
                "title": _TITLE,
                "version": metadata.version("rmos"),
                "openapi_version": OPENAPI,
                "info": {"description": _ABOUT},
            },
        )
        app.cli.commands.pop("openapi", None)  # `flask rmos openapi` prints it
        app.extensions["rmos_api"] = self

    def register_blueprint(self, blp: Blueprint, *, parameters: object = None, **options: Any) -> None:
        """Give the app the routes of a blueprint; they are described when the document is asked for."""
        self._app.register_blueprint(blp, **options)
        self._named.append((str(options.get("name", blp.name)), blp))

    def document(self) -> dict[str, Any]:
        """Return the document; the first caller waits while it is made.

        Raises:
            TypeError: a route does not say what it takes and gives.
        """
        with self._making:
            if self._made is None:
                self._add_parts()
                for name, blp in self._named:
                    blp.register_views_in_doc(self, self._app, self.spec, name=name)
                    if name == blp.name:
                        self.spec.tag({"name": name, "description": blp.description})
                self._made = self.spec.to_dict()
        return self._made

    def text(self) -> bytes:
        """Return the document as indented JSON, the same for the same routes."""
        return msgspec.json.format(msgspec.json.encode(self.document()), indent=2) + b"\n"

    def _add_parts(self) -> None:
        components = self.spec.components
        self.ma_plugin.map_to_openapi_type(Moment, "string", "date-time")
        self.ma_plugin.converter.add_parameter_attribute_function(_without_nul)
        components.schema("Problem", schema=ProblemSchema)
        for name, described in parts.REQUEST_HEADERS.items():
            components.parameter(name, "header", {"name": name, **described})
        for name, described in parts.RESPONSE_HEADERS.items():
            components.header(name, described)
        for name, described in parts.SECURITY_SCHEMES.items():
            components.security_scheme(name, described)
        for code, example in sorted(_examples().items()):
            components.example(code, {"value": example})

    def _register_error_handlers(self) -> None:
        """Register none: that of the library would drop the headers of an error and its form."""

    def _register_responses(self) -> None:
        """Register none: each route describes its problems itself, by their codes."""

    def _register_etag_headers(self) -> None:
        """Register none: ours are in `parts`."""

    def _register_pagination_header(self) -> None:
        """Register none: pages are walked by Link and cursor."""


def _without_nul(converter: object, field: object, ret: dict[str, Any]) -> dict[str, Any]:
    """Say of free text in a query what its reader refuses before any schema sees it (`queries`)."""
    schema = ret["schema"]
    if schema.get("type") == "string" and not {"enum", "format", "pattern"} & schema.keys():
        schema["pattern"] = r"^[^\x00]*$"
    return {}


def _examples() -> dict[str, dict[str, Any]]:
    """Return one problem for each code."""
    examples: dict[str, dict[str, Any]] = {}
    for kind in every_error():
        examples.setdefault(kind.code, example_of(kind.code, kind.title, kind.status, meaning_of(kind)))
    return examples


@bp.get("/api/openapi.json")
@operation(answers={200: Answer("The document.", {"type": "object"})})
@requires(OPEN)
def get_openapi() -> Response:
    """Return this document."""
    return Response(current_app.extensions["rmos_api"].text(), content_type="application/json")
