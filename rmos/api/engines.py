"""`/api/rmos/engines` and `/api/rmos/rules`: which engines evaluate cuts here, what they read, and by which rules."""

import msgspec
from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.records import RuleNotFound
from rmos.http.responses import respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.schemas.engines import EnginesSchema, RuleListSchema, RuleSchema, dump_engines, dump_rules

bp = Blueprint("engines", __name__, url_prefix="/api/rmos/engines", description="What evaluates a cut")
rules_bp = Blueprint("rules", __name__, url_prefix="/api/rmos/rules", description="Rules: by which a cut is evaluated")


@bp.get("")
@operation(responses={200: ResponseSpec("The engines.", EnginesSchema, example="engines.engines")})
@requires("viewer")
def list_engines() -> Response:
    """Return the engines with their versions and the members of design and context that they read."""
    return respond_json(dump_engines(current_rmos().engines))


@rules_bp.get("")
@operation(responses={200: ResponseSpec("All rules, by engine and id.", RuleListSchema, example="engines.rules")})
@requires("viewer")
def list_rules() -> Response:
    """Return every rule that an engine can emit, with formula, limits, source and hint."""
    return respond_json(dump_rules(current_rmos().engines))


@rules_bp.get("/<rule_id>")
@operation(responses={200: ResponseSpec("The rule.", RuleSchema, example="engines.rule")}, problems=(RuleNotFound,))
@requires("viewer")
def get_rule(rule_id: str) -> Response:
    """Return one rule."""
    engine_id, rule = current_rmos().engines.rule(rule_id)
    return respond_json(msgspec.json.encode(rule.members(engine_id)))
