"""`/api/rmos/tools/{id}/life`: how much of its life a tool has behind it, and what happened to it."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.records import ToolNotFound, VersionConflict
from rmos.http.json_body import read_object
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import LISTS, READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.tools import (
    ToolLifeSchema,
    ToolResetRequestSchema,
    ToolResetSchema,
    dump_life,
    dump_reset,
    load_reset,
)
from rmos.services.tool_life import read_tool_life, reset_tool

bp = Blueprint("tools", __name__, url_prefix="/api/rmos/tools", description="Tools: how much of their lives is over")

_HEADERS: Final = ("Cache-Control",)


@bp.get("/<tool_id>/life")
@operation(
    responses={200: ResponseSpec("The life of the tool.", ToolLifeSchema, _HEADERS, "tools.life")},
    problems=(ToolNotFound, *READS, *LISTS),
)
@requires("viewer")
def get_tool_life(tool_id: str) -> Response:
    """Return what a tool has cut since it was new or sharpened last, each of several by its serial.

    Minutes are those of the jobs that were reported and count; `timed_jobs` says of how many they are known. The id may
    be in any case.
    """
    rmos = current_rmos()
    return respond_json(dump_life(read_tool_life(rmos.store.tool_lives, rmos.engines.shop, tool_id)))


@bp.post("/<tool_id>/life")
@operation(
    responses={201: ResponseSpec("It is recorded.", ToolResetSchema, _HEADERS, "tools.reset")},
    problems=(ToolNotFound, VersionConflict, *READS, *LISTS, *WRITES),
    body=ToolResetRequestSchema,
    example="tools.request",
)
@requires("operator")
def reset_tool_life(tool_id: str) -> Response:
    """Record that a tool is new, was sharpened or is thrown away; from here on its minutes begin again.

    Of several with one id it is the one with the `serial`, without one that which has no mark. What was recorded before
    is never changed.
    """
    rmos, us = current_rmos(), ids.now_us()
    reset = load_reset(tool_id, read_object())
    name, recorded = reset_tool(rmos.store, rmos.engines.shop, reset, actor=current_actor(), us=us)
    return respond_json(dump_reset(name, recorded), status=201, headers={"Cache-Control": NO_STORE})
