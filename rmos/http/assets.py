"""Files that pages are made of, under URLs that have their digests: a browser keeps one for ever and never an old one.

assets = load_assets("rmos.web", ["rmos.css", "times.js"], prefix="/assets")
assets["rmos.css"].url                                        # /assets/0123456789abcdef/rmos.css
respond_asset(assets, "0123456789abcdef", "rmos.css")
"""

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Final

import msgspec
from flask import Response

from rmos import digest
from rmos.errors.http import RouteNotFound
from rmos.http.compression import respond_compressed
from rmos.http.responses import IMMUTABLE

_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_DIGITS: Final = 16
"""Of a file's digest in its URL: enough to tell its releases apart."""


class Asset(msgspec.Struct, frozen=True):
    """A file that pages are made of."""

    url: str
    sha256: str
    data: bytes
    content_type: str


def load_assets(package: str, names: Iterable[str], *, prefix: str) -> dict[str, Asset]:
    """Return files of a package's folder `assets`, by name.

    Args:
        prefix: begins their URLs, such as `/assets`.
    """
    folder = resources.files(package) / "assets"
    return {name: _make_asset(name, (folder / name).read_bytes(), prefix) for name in names}


def _make_asset(name: str, data: bytes, prefix: str) -> Asset:
    sha256 = digest.sha256_hex(data)
    return Asset(f"{prefix}/{sha256[:_DIGITS]}/{name}", sha256, data, _TYPES[name.rpartition(".")[2]])


def respond_asset(assets: Mapping[str, Asset], digits: str, name: str) -> Response:
    """Return the response with a file, which may be kept for ever.

    Args:
        digits: of the file's digest, as they stand in its URL.

    Raises:
        RouteNotFound: there is no such file, or it has another digest by now.
        PreconditionFailed: If-Match names another one.
    """
    found = assets.get(name)
    if found is None or found.sha256[:_DIGITS] != digits:
        raise RouteNotFound("There is no such file; the pages name those that there are.")
    response = respond_compressed(found.data, content_type=found.content_type, etag=digits)
    response.headers["Cache-Control"] = IMMUTABLE
    return response
