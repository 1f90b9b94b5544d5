"""What evaluates a cut: `/api/rmos/engines`, `/api/rmos/rules`, and `/api/rmos/feasibility` without a record."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Response, request

from rmos.auth.roles import requires
from rmos.context import Rmos, current_rmos, require_request_id
from rmos.engines.suggest.colours import CutColour
from rmos.engines.suggest.drawing import draw_map
from rmos.errors.http import NotAcceptable
from rmos.errors.records import EngineNotFound, RuleNotFound
from rmos.http.json_body import read_object
from rmos.http.paging import choose_media_type
from rmos.http.responses import JSON, respond_json
from rmos.http.routes import Blueprint, ResponseSpec, operation
from rmos.schemas.cut_settings import SettingRequestSchema, SettingSuggestionSchema, dump_setting, load_setting
from rmos.schemas.feasibility_grid import FeasibilityGridSchema, GridRequestSchema, dump_grid, load_grid
from rmos.schemas.service import EnginesSchema, RuleListSchema, RuleSchema, dump_engines, dump_rules
from rmos.schemas.workflow import BriefResultsSchema, DryRunResultsSchema, DryRunSchema, dump_dry_run, load_dry_run
from rmos.services.cut_maps import colour_places
from rmos.services.cut_settings import suggest_setting
from rmos.services.deciding import NEW_MODE, is_known_mode, is_new_mode
from rmos.services.feasibility import evaluate_cuts
from rmos.services.files.media_types import SVG

bp = Blueprint("engines", __name__, url_prefix="/api/rmos/engines", description="What evaluates a cut")
rules_bp = Blueprint("rules", __name__, url_prefix="/api/rmos/rules", description="Rules: by which a cut is evaluated")
feasibility_bp = Blueprint(
    "feasibility", __name__, url_prefix="/api/rmos/feasibility", description="Feasibility: evaluated without a record"
)

_BODY: Final = {"oneOf": [DryRunSchema, GridRequestSchema]}
_RESULTS: Final = {"oneOf": [DryRunResultsSchema, BriefResultsSchema, FeasibilityGridSchema]}


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


@feasibility_bp.post("")
@operation(
    responses={200: ResponseSpec("The results.", _RESULTS, ("Cache-Control",), "engines.dry_run_results")},
    problems=(EngineNotFound,),
    body=_BODY,
    example="engines.dry_run",
)
@requires("viewer")
def evaluate_without_record() -> Response:
    """Evaluate up to 500 cuts without recording anything.

    For programs that ask while somebody turns a knob. A run of the same cut gets the same decision; only a
    run is a record, and only a run satisfies a gate. With `view: "brief"` a result has just the colour, the score, the
    first rule against the cut and its number: 500 of them are 60 kB at most. With `grid` in the place of `items` two
    numbers of one cut vary, at up to 1000 places, and the response has the colour and the rule of each.
    """
    rmos, body = current_rmos(), read_object()
    if "grid" in body:
        return respond_json(_evaluate_grid(rmos, body))
    cuts = load_dry_run(body)
    results = evaluate_cuts(
        rmos.engines,
        cuts,
        store=None if all(is_known_mode(cut["mode"]) for cut in cuts.items) else rmos.store,
        request_id=require_request_id(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )
    return respond_json(dump_dry_run(results, brief=cuts.view == "brief"))


def _evaluate_grid(rmos: Rmos, body: Mapping[str, Any]) -> bytes:
    grid = load_grid(body)
    colours: Sequence[CutColour] = colour_places(
        rmos.engines,
        grid.cut,
        grid.x,
        grid.y,
        engine_id=grid.engine_id,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )
    if is_new_mode(grid.cut.mode, rmos.store):  # a warning of every place, as it is one of every run
        colours = [CutColour(colour.risk, colour.rule or NEW_MODE) for colour in colours]
    return dump_grid(grid, colours)


@feasibility_bp.post("/suggest")
@operation(
    responses={
        200: ResponseSpec(
            "The setting, or what stands against any; as SVG the map alone.",
            SettingSuggestionSchema,
            ("Cache-Control", "Vary"),
            "engines.suggestion",
            alternatives={SVG: {"type": "string"}},
        )
    },
    problems=(NotAcceptable,),
    body=SettingRequestSchema,
    example="engines.setting",
)
@requires("viewer")
def suggest_feed_and_speed() -> Response:
    """Suggest feed, speed and passes for a cut, and a map of feed against speed; nothing is recorded.

    What the design states of feed, plunge feed, speed and pass stays as it is; the rest is found. The response names
    how far each may move before a check leaves GREEN, and which check that is. `baseline_v2` evaluates, whichever
    engine is the default. Where no setting is GREEN, `why` names what stands against it.
    """
    media_type = choose_media_type(request.environ.get("HTTP_ACCEPT", ""), (JSON, SVG), "A suggestion comes")
    suggestion = suggest_setting(current_rmos().engines, load_setting(read_object()))
    if media_type == SVG:
        response = Response(draw_map(suggestion.feed_map), content_type=SVG)
    else:
        response = respond_json(dump_setting(suggestion))
    response.headers["Vary"] = "Accept"
    return response
