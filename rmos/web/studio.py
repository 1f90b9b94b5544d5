"""`/rosettes/new`: a sentence becomes a dozen drawings, one of them is picked, changed and recorded.

Nothing is recorded before the button is pressed. Each drawing is an image of its own, which follows from the sentence
and a seed, so it is drawn again wherever it is asked for, and a browser asks whether it is still the same.
"""

from typing import Any, Final

import msgspec
from flask import Blueprint, Response
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos, require_request_id
from rmos.errors.http import RouteNotFound
from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.http.conditions import apply_conditions
from rmos.http.files import CSP, make_disposition
from rmos.http.query import read_query
from rmos.http.responses import PRIVATE
from rmos.rosette.interpret import EXAMPLES
from rmos.rosette.outputs import has_png
from rmos.rosette.seeded import MAX_SEED
from rmos.rosette.spec import RosetteSpec, mm_text
from rmos.rosette.wording import title
from rmos.services.rosettes.cuts import CutEvaluator
from rmos.services.rosettes.drafts import DRAFTS, INTERPRETER, identify_draft, make_draft, plan_drafts
from rmos.services.rosettes.plans import RosettePlan
from rmos.services.rosettes.recorder import record_rosettes
from rmos.web.form import KEY, make_form_key, read_form, read_form_idempotency
from rmos.web.shell import render_page, send_to
from rmos.web.studio_parts import PickedRosette, describe_picked, say_prompt
from rmos.web.studio_query import LONGEST_CHANGE, LONGEST_PROMPT, MOST_CHANGES, StudioQuery, load_studio

bp = Blueprint("studio", __name__)

_LARGEST_FORM: Final = 16_384
"""Bytes of the form that records: a sentence and a dozen changes."""
_SHOWN: Final = ("drawing.svg", "plan.svg", "plan.html")
"""Files that a browser shows; the others are saved."""
_REFUSED: Final = 422


class DraftCard(msgspec.Struct, frozen=True):
    """One drawing among the dozen."""

    place: int
    seed: int
    risk: str
    words: str
    image_query: str
    pick_query: str
    is_picked: bool


@bp.get("/rosettes/new")
@requires("recorder")
def show_studio() -> Response:
    """Show the studio: the form, the drawings of its sentence, and the one that was picked."""
    asked = load_studio(read_query())
    shown: dict[str, Any] = {"cards": [], "picked": None, "reading": None, "refusal": None, "more_query": ""}
    listed: tuple[str, ...] = ()
    try:
        if asked.prompt is not None and asked.begin is None:
            plan = plan_drafts(current_rmos().store, asked.request_all())
            listed, shown["reading"] = plan.unrecognized, say_prompt(asked, plan)
            shown["cards"] = _list_cards(asked, plan)
            shown["more_query"] = asked.query(seed=(plan.seed + asked.n) % (MAX_SEED + 1), pick=None, change=())
        if asked.pick is not None or asked.begin is not None:
            shown["picked"] = _pick(asked, listed)
    except (PromptEmpty, ValidationFailed) as refusal:
        shown["refusal"] = refusal
    return render_page(
        "studio.html",
        here="rosettes",
        status=_REFUSED if shown["refusal"] else 200,
        asked=asked,
        key_field=KEY,
        key=make_form_key(),
        examples=[(example, StudioQuery(prompt=example).query()) for example in EXAMPLES],
        longest={"prompt": LONGEST_PROMPT, "change": LONGEST_CHANGE},
        may_change=len(asked.change) < MOST_CHANGES,
        has_png=has_png(),
        tools=list(current_rmos().engines.shop.tools),
        machines=list(current_rmos().engines.shop.machines),
        **shown,
    )


@bp.post("/rosettes/new")
@requires("recorder")
def record_drafted() -> WerkzeugResponse:
    """Record the rosette that was picked, once for each form, and lead to its run."""
    now_us, rmos = ids.now_us(), current_rmos()
    fields = read_form(_LARGEST_FORM)
    idempotency = read_form_idempotency(fields)
    asked = load_studio({name: values for name, values in fields.items() if name != KEY})
    if asked.begin is None and asked.pick is None:
        raise ValidationFailed.of_request({"pick": ["Pick a drawing first."]})
    [made] = record_rosettes(
        rmos.store,
        rmos.engines,
        INTERPRETER,
        asked.request_picked(),
        actor=current_actor(),
        us=now_us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    return send_to(f"/runs/{made.run_id}")


@bp.get("/rosettes/draft/<output>")
@requires("recorder")
def get_draft(output: str) -> Response:
    """Return a file of a rosette that is not recorded: its drawing, its plan, what a machine cuts, the spec."""
    name = next((known for known in DRAFTS if known == output), None)
    if name is None:
        raise RouteNotFound(f"A rosette has no such file; there are {', '.join(DRAFTS)}.")
    request = load_studio(read_query()).request_picked()
    # What is asked for decides on each byte, so who has it already is told so before anything is drawn.
    response = apply_conditions(Response(content_type="text/plain"), identify_draft(request, name))
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Content-Security-Policy"] = CSP
    if response.status_code != 304:
        made = make_draft(current_rmos().store, request, name)
        response.set_data(made.data)
        response.content_type = made.mime
        kind = "inline" if name in _SHOWN else "attachment"
        response.headers["Content-Disposition"] = make_disposition(kind, made.filename)
    return response


def _evaluator(asked: StudioQuery) -> CutEvaluator:
    rmos = current_rmos()
    return CutEvaluator(
        rmos.engines,
        tool_id=asked.tool,
        machine_id=asked.machine,
        request_id=require_request_id(),
        timeout_ms=rmos.settings.engine_timeout_ms,
    )


def _list_cards(asked: StudioQuery, plan: RosettePlan) -> list[DraftCard]:
    evaluator, cards = _evaluator(asked), []
    for place in range(asked.n):
        spec = plan.variant(place)
        shown = StudioQuery(prompt=asked.prompt, pick=spec.seed)
        cards.append(
            DraftCard(
                place=place + 1,
                seed=spec.seed,
                risk=evaluator.evaluate_rosette(spec).decision.risk_level,
                words=_name_drawing(spec),
                image_query=shown.query(),
                pick_query=asked.query(seed=plan.seed, pick=spec.seed, change=()),
                is_picked=spec.seed == asked.pick,
            )
        )
    return cards


def _name_drawing(spec: RosetteSpec) -> str:
    return f"{title(spec).removeprefix('Rosette: ')}, {mm_text(spec.width)} mm wide"


def _pick(asked: StudioQuery, listed: tuple[str, ...]) -> PickedRosette:
    plan = plan_drafts(current_rmos().store, asked.request_picked())
    spec = plan.variant(0)
    evaluated, prices = _evaluator(asked).evaluate_rosette(spec), current_rmos().engines.shop.prices
    return describe_picked(asked, plan, spec, evaluated, listed, prices)
