"""`/assets/<digest>/<name>`: the sheet, the drawings and the modules of the pages, each under its own digest."""

import functools
from typing import Final

from flask import Blueprint, Response

from rmos.auth.roles import OPEN, requires
from rmos.http.assets import Asset, load_assets, respond_asset

bp = Blueprint("assets", __name__)

_NAMES: Final = (
    "rmos.css",
    "label.css",
    "rmos.svg",
    "times.js",
    "live.js",
    "select.js",
    "keys.js",
    "try.js",
    "hold.js",
)


@functools.cache
def read_assets() -> dict[str, Asset]:
    """Return the files by name, read once."""
    return load_assets("rmos.web", _NAMES, prefix="/assets")


@bp.get("/assets/<digest>/<asset>")
@requires(OPEN)
def get_asset(digest: str, asset: str) -> Response:
    """Return a file that the pages are made of."""
    return respond_asset(read_assets(), digest, asset)
