"""`/api/openapi.json` and `/api/docs`: the document, also to browse without a network, and the files of its pages.

Swagger UI lies in `assets/` (its README says which). No page has a script or style of its own in it, so that the policy
which forbids them can be strict; nothing is fetched from anywhere else. A file's URL has its digest, so that a browser
may keep it for ever and never keeps an old one.
"""

import functools
from typing import Final

from flask import Response, current_app, render_template, request

from rmos import digest
from rmos.auth.roles import OPEN, requires
from rmos.errors.http import PreconditionFailed, RouteNotFound
from rmos.http.assets import Asset, load_assets, respond_asset
from rmos.http.compression import respond_compressed
from rmos.http.openapi import render_document
from rmos.http.responses import JSON, NO_STORE
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.http.themes import read_theme

document_bp = Blueprint("document", __name__, description="This document")
bp = Blueprint("docs", __name__, description="The document to browse")

_NAMES: Final = ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js")
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


@functools.cache
def read_assets() -> dict[str, Asset]:
    """Return the files by name, read once."""
    return load_assets("rmos.api", _NAMES, prefix="/api/docs")


def render_page(template: str, **shown: object) -> Response:
    """Return a page for people, drawn from a template of ours."""
    return Response(render_template(template, assets=read_assets(), **shown), headers=PAGE_HEADERS, content_type=HTML)


@document_bp.get("/api/openapi.json")
@operation(
    responses={
        200: ResponseSpec("The document.", {"type": "object"}, ("ETag", "Cache-Control")),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(PreconditionFailed,),
    headers=("If-None-Match", "If-Match"),
)
@requires(OPEN)
def get_openapi() -> Response:
    """Return this document."""
    document = render_document(current_app, prefix=request.script_root)
    return respond_compressed(document, content_type=JSON, etag=digest.sha256_hex(document)[:16])


@bp.get("/api/docs")
@operation(responses={200: ResponseSpec("The page.", {"type": "string"}, ("Cache-Control",), content_type=HTML)})
@requires(OPEN)
def get_docs() -> Response:
    """Return a page on which the routes can be read and tried."""
    return render_page("docs.html", theme=read_theme())


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
    return respond_asset(read_assets(), digest, asset)
