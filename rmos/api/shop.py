"""`/api/rmos/tools`, `materials` and `machines`: what the shop has, and where its figures come from."""

from typing import Final

from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.responses import respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.schemas.shop import ShopTableSchema, dump_table

bp = Blueprint("shop", __name__, url_prefix="/api/rmos", description="The shop: its tools, materials and machines")

_HEADERS: Final = ("Cache-Control",)


@bp.get("/tools")
@operation(responses={200: ResponseSpec("The tools.", ShopTableSchema, _HEADERS, "shop.tools")})
@requires("viewer")
def list_tools() -> Response:
    """Return the tools that a run can name as its `tool_id`."""
    return respond_json(dump_table(current_rmos().engines.shop.tables["tools"]))


@bp.get("/materials")
@operation(responses={200: ResponseSpec("The materials.", ShopTableSchema, _HEADERS, "shop.materials")})
@requires("viewer")
def list_materials() -> Response:
    """Return the materials that a run can name as its `material_id`."""
    return respond_json(dump_table(current_rmos().engines.shop.tables["materials"]))


@bp.get("/machines")
@operation(responses={200: ResponseSpec("The machines.", ShopTableSchema, _HEADERS, "shop.machines")})
@requires("viewer")
def list_machines() -> Response:
    """Return the machines that a run can name as its `machine_id`."""
    return respond_json(dump_table(current_rmos().engines.shop.tables["machines"]))
