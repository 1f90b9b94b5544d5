"""`/api/rmos/engines`: which engines judge here, and what they read."""

from flask import Blueprint, Response

from rmos.context import current_rmos
from rmos.schemas import dump_engines

bp = Blueprint("engines", __name__, url_prefix="/api/rmos/engines")


@bp.get("")
def list_engines() -> Response:
    """Return the engines with their versions and the members of design and context that they read."""
    return Response(dump_engines(current_rmos().engines), content_type="application/json")
