"""`/api/openapi.json` and `/api/docs`: the document, also to browse without a network, and the files of its pages.

Swagger UI lies in `assets/` (its README says which). No page has a script or style of its own in it, so that the policy
which forbids them can be strict; nothing is fetched from anywhere else. A file's URL has its digest, so that a browser
may keep it for ever and never keeps an old one.
"""

import functools
from importlib import resources
from typing import Final

import msgspec
from flask import Response, current_app, render_template

from rmos import digest
from rmos.auth.roles import OPEN, requires
from rmos.errors.http import PreconditionFailed, RouteNotFound
from rmos.http.conditions import apply_conditions
from rmos.http.openapi import render_document
from rmos.http.responses import IMMUTABLE, NO_STORE, respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation

document_bp = Blueprint("document", __name__, description="This document")
bp = Blueprint("docs", __name__, description="The document to browse")

_TYPES: Final = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_NAMES: Final = ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js", "pages.css")
_DIGITS: Final = 16
"""Of a file's digest in its URL: enough to tell its releases apart."""
HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": NO_STORE,
}
"""What every page for people bears."""


class Asset(msgspec.Struct, frozen=True):
    """A file that pages are made of."""

    url: str
    data: bytes
    content_type: str


@functools.cache
def read_assets() -> dict[str, Asset]:
    """Return the files by name, read once."""
    folder = resources.files("rmos.api") / "assets"
    read = {name: (folder / name).read_bytes() for name in _NAMES}
    return {
        name: Asset(f"/api/docs/{digest.sha256_hex(data)[:_DIGITS]}/{name}", data, _TYPES[name.rpartition(".")[2]])
        for name, data in read.items()
    }


def render_page(template: str, **shown: object) -> Response:
    """Return a page for people, drawn from a template of ours."""
    return Response(render_template(template, assets=read_assets(), **shown), headers=PAGE_HEADERS, content_type=HTML)


@document_bp.get("/api/openapi.json")
@operation(responses={200: ResponseSpec("The document.", {"type": "object"})})
@requires(OPEN)
def get_openapi() -> Response:
    """Return this document."""
    return respond_json(render_document(current_app))


@bp.get("/api/docs")
@operation(responses={200: ResponseSpec("The page.", {"type": "string"}, ("Cache-Control",), content_type=HTML)})
@requires(OPEN)
def get_docs() -> Response:
    """Return a page on which the routes can be read and tried."""
    return render_page("docs.html")


@bp.get("/api/docs/<digest>/<asset>")
@operation(
    responses={
        200: ResponseSpec("The file.", {"type": "string"}, ("ETag", "Cache-Control"), content_type="text/javascript"),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(RouteNotFound, PreconditionFailed),
    headers=("If-None-Match", "If-Match"),
)
@requires(OPEN)
def get_asset(digest: str, asset: str) -> Response:
    """Return a file that the pages are made of."""
    found = read_assets().get(asset)
    if found is None or found.url != f"/api/docs/{digest}/{asset}":
        raise RouteNotFound("There is no such file; /api/docs names those that there are.")
    headers = {"Cache-Control": IMMUTABLE, "X-Content-Type-Options": "nosniff"}
    return apply_conditions(Response(found.data, headers=headers, content_type=found.content_type), digest)
