"""`/try`: a cut that nobody has recorded: its decision, what to change, and the map around it; one button records it.

All that is typed is in the URL, so a cut can be kept and sent on, and the page works by its form alone. A module
of the page asks `/try/map` while a hand moves a slider: the same parts again, without the frame.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import digest, ids
from rmos.auth.guard import current_caller
from rmos.auth.roles import RANKS, requires
from rmos.context import current_actor, current_rmos
from rmos.errors.request import ValidationFailed
from rmos.http.json_body import limit_body
from rmos.http.query import read_query
from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.runs import record_run
from rmos.web.charts import PATTERNS
from rmos.web.form import KEY_FORM, make_form_key
from rmos.web.shell import render_page, send_to
from rmos.web.try_base import NOTHING, read_base
from rmos.web.try_evaluating import COARSE, FINE, suggest_numbers
from rmos.web.try_fields import BY_NAME, CHOICES, HOLD, PIECE, SETTINGS, SUGGESTED
from rmos.web.try_inputs import TryInputs, list_absent_settings, read_inputs
from rmos.web.try_showing import changes_of, evaluate_form, list_choices, map_form, show_tried

bp = Blueprint("try_pages", __name__)

_LARGEST_FORM: Final = 16_384
"""Bytes of a form with one cut in it (RMOS policy)."""
_STEPS: Final = {"coarse": COARSE, "fine": FINE}
_PLACE: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")


@bp.get("/try")
@requires("viewer")
def show_try() -> WerkzeugResponse:
    """Show a cut, what would be decided on it, and the map around it."""
    parameters = read_query()
    at = parameters.pop("at", [""])[0]
    inputs = _read_form(parameters)
    if inputs.errors:
        return _respond("try.html", inputs, status=422)
    if at:
        return _take_place(inputs, at)
    return _respond("try.html", inputs)


@bp.get("/try/map")
@requires("viewer")
def show_try_parts() -> WerkzeugResponse:
    """Show the parts of the page that follow the form; with `steps=fine` just the map, of more places."""
    parameters = read_query()
    steps = _STEPS.get(parameters.pop("steps", ["coarse"])[0], COARSE)
    inputs = _read_form(parameters)
    return _respond("try_parts.html", inputs, status=422 if inputs.errors else 200, steps=steps)


@bp.post("/try")
@requires("recorder")
def record_try() -> WerkzeugResponse:
    """Record the cut as it is in the form, once for each form that was drawn, and lead to the run."""
    limit_body(_LARGEST_FORM)
    us = ids.now_us()
    parameters = request.form.to_dict(flat=False)
    key = parameters.pop("key", [""])[0]
    inputs = _read_form(parameters)
    if inputs.errors:
        return _respond("try.html", inputs, status=422)
    if not KEY_FORM.fullmatch(key):
        raise ValidationFailed("The form is not one of this page; open it again.", errors={"key": ["Is no key."]})
    rmos = current_rmos()
    cut = inputs.make_cut(rmos.engines.shop)
    recorded = record_run(
        rmos.store,
        rmos.engines,
        cut,
        actor=current_actor(),
        us=us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=_make_idempotency(key, cut),
    )
    return send_to(f"/runs/{recorded.run_id}")


def _make_idempotency(key: str, cut: RunRequest) -> Idempotency:
    """Return the key of this form and this cut: whoever goes back and changes a number records another run."""
    names = ("mode", "tool_id", "material_id", "machine_id", "design", "context", "parent_run_id")
    sha256 = digest.canonical_sha256({name: getattr(cut, name) for name in names})
    return Idempotency(key=f"try.{key}.{sha256[:32]}", request_sha256=sha256)


def _read_form(parameters: Mapping[str, Sequence[str]]) -> TryInputs:
    """Return what a form says, its empty settings filled in with what is suggested.

    Raises:
        RunNotFound, RunDeleted, RecordDamaged: the run that it begins with cannot be read.
    """
    rmos = current_rmos()
    shop = rmos.engines.shop
    run_id = parameters.get("from", [""])[0]
    base = read_base(rmos.store, run_id, shop.materials) if run_id else NOTHING
    inputs = read_inputs(parameters, base, shop)
    absent = list_absent_settings(parameters, inputs, SUGGESTED)
    if absent and not inputs.errors:
        for name, value in suggest_numbers(rmos.engines, inputs, absent).items():
            if inputs.counts(BY_NAME[name]):
                inputs.put(name, value)
    return inputs


def _take_place(inputs: TryInputs, at: str) -> WerkzeugResponse:
    """Lead to the cut of a place of the table."""
    tried = evaluate_form(current_rmos(), inputs)
    cut_map, match = map_form(current_rmos(), inputs, tried, COARSE), _PLACE.fullmatch(at)
    if cut_map is None or match is None:
        return send_to(f"/try?{inputs.query()}")
    return send_to(f"/try?{inputs.query(**changes_of(inputs, cut_map, int(match[1]), int(match[2])))}")


def _respond(template: str, inputs: TryInputs, *, status: int = 200, steps: tuple[int, int] = COARSE) -> Response:
    """Return the page, or its parts, with what is told of a form in which nothing is wrong."""
    rmos = current_rmos()
    shown: dict[str, Any] = {}
    if not inputs.errors:
        shown = show_tried(rmos, inputs, steps)
    return render_page(
        template,
        here="try",
        status=status,
        keeps=False,
        inputs=inputs,
        others=[(name, text) for name, text in inputs.errors.items() if name not in (*BY_NAME, *CHOICES)],
        choices=list_choices(rmos, inputs),
        settings=SETTINGS,
        piece=PIECE,
        hold=HOLD,
        by_name=BY_NAME,
        key=make_form_key(),
        piece_is_wrong=any(field.name in inputs.errors for field in (*PIECE, *HOLD)),
        may_record=RANKS[current_caller().role] >= RANKS["recorder"],
        patterns=PATTERNS,
        **shown,
    )
