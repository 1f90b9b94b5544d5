"""`/api/rmos/rules`: what a cut is judged by."""

from typing import Any, Final

import msgspec
from flask import Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.engines.baseline.chipload import RUBBING
from rmos.engines.registry import DEFAULT_ENGINE_ID
from rmos.errors.records import RuleNotFound
from rmos.http.operations import Answer, Blueprint, operation
from rmos.schemas.rules import RuleListSchema, RuleSchema

bp = Blueprint("rules", __name__, url_prefix="/api/rmos/rules", description="Rules: what a cut is judged by")

_JSON: Final = "application/json"
_EXAMPLE: Final[dict[str, Any]] = RUBBING.members(DEFAULT_ENGINE_ID) | {"weight": 0.3, "operations": ["channel"]}


@bp.get("")
@operation(answers={200: Answer("All rules, by engine and id.", RuleListSchema, example={"items": [_EXAMPLE]})})
@requires("viewer")
def list_rules() -> Response:
    """Return every rule that an engine can emit, with formula, limits, source and hint."""
    items = [rule.members(engine_id) for engine_id, rule in current_rmos().engines.rules()]
    return Response(msgspec.json.encode({"items": items}), content_type=_JSON)


@bp.get("/<rule_id>")
@operation(answers={200: Answer("The rule.", RuleSchema, example=_EXAMPLE)}, problems=(RuleNotFound,))
@requires("viewer")
def get_rule(rule_id: str) -> Response:
    """Return one rule."""
    engine_id, rule = current_rmos().engines.rule(rule_id)
    return Response(msgspec.json.encode(rule.members(engine_id)), content_type=_JSON)
