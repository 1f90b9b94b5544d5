"""`/api/rmos/engines`: which engines judge here, and what they read."""

from flask import Response

from rmos.api import examples
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.operations import JSON, Answer, Blueprint, operation
from rmos.schemas.engines import EnginesSchema, dump_engines

bp = Blueprint("engines", __name__, url_prefix="/api/rmos/engines", description="What judges a cut")


@bp.get("")
@operation(answers={200: Answer("The engines.", EnginesSchema, example=examples.ENGINES)})
@requires("viewer")
def list_engines() -> Response:
    """Return the engines with their versions and the members of design and context that they read."""
    return Response(dump_engines(current_rmos().engines), content_type=JSON)
