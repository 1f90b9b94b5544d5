"""`/runs/<id>/outcome`: say what became of a cut, in three taps: how the machine stopped, what the part is, done.

The first tap is a link of the run's page. Of scrap, and of what failed, the third one is the reason. What else somebody
may want to say is folded away. A form that is sent twice is one outcome.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.request import IdempotencyKeyReused, ValidationFailed
from rmos.errors.workflow import CorrectsUnknown
from rmos.models import RunView
from rmos.schemas.outcomes import MAX_NOTE, load_outcome
from rmos.services.outcomes import OutcomeRequest, is_against_decision, report_outcome
from rmos.store.run_records import RunRecord
from rmos.web.form import (
    KEY,
    find_refusal,
    make_form_key,
    read_decimal_field,
    read_form,
    read_form_idempotency,
    read_problem,
    take_single,
)
from rmos.web.outcome_fields import (
    TIME_FIELDS,
    TOOL_FIELDS,
    list_known_tools,
    list_photos,
    list_tool_rows,
    read_times,
    read_tools,
)
from rmos.web.outcome_part import ENDED_WORDS, PART_WORDS, REASON_WORDS, show_outcome
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import render_page, send_to

bp = Blueprint("outcome_page", __name__)

_LARGEST_FORM: Final = 64 * 1024
"""Bytes (RMOS policy): a note of 2000 signs, percent-encoded, is 24 kB."""
_REFUSED: Final = (ValidationError, ValidationFailed, CorrectsUnknown, IdempotencyKeyReused)
_NUMBERS: Final = ("last_line", "quantity", "rating", "corrects")
_TEXTS: Final = ("ended", "part", "reason_code", "note")
_BEGUN: Final = ("ended", "part", "corrects")
"""What a link to the form may have filled in."""
PHOTO: Final = "photo"
"""The field that may come several times: a digest each."""
_MOST_DIGITS: Final = 9


@bp.get("/runs/<run_id>/outcome")
@requires("viewer")
def ask_for_outcome(run_id: str) -> Response:
    """Show what was reported of a run, and the form for whoever may report more.

    A link may have begun it: `?ended=`, `?part=`, and `?corrects=` with the number of an outcome to replace.
    """
    begun = {name: request.args[name] for name in _BEGUN if request.args.get(name)}
    return _show_form(current_rmos().store.runs.record(run_id), begun)


@bp.post("/runs/<run_id>/outcome")
@requires("recorder")
def report_on_page(run_id: str) -> WerkzeugResponse:
    """Report what became of a cut, and lead back to the run."""
    us, rmos = ids.now_us(), current_rmos()
    fields = read_form(_LARGEST_FORM)
    photos = fields.get(PHOTO, [])
    try:
        idempotency = read_form_idempotency(fields)
        known = list_known_tools(rmos.store.runs.record(run_id).view())
        form = take_single({name: values for name, values in fields.items() if name != PHOTO})
        reported = load_outcome(make_outcome_body(form, known_tools=known, photos=photos), now_us=us)
        asked = OutcomeRequest(run_id=run_id, reported=reported, idempotency=idempotency)
        report_outcome(rmos.store, asked, actor=current_actor(), us=us)
    except _REFUSED as refusal:
        form = {name: values[0] for name, values in fields.items()}
        return _show_form(rmos.store.runs.record(run_id), form, refusal, photos=photos)
    return send_to(f"/runs/{run_id}#outcome")


def make_outcome_body(
    form: Mapping[str, str], *, known_tools: Sequence[str] = (), photos: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what a form says as the HTTP interface takes it: minutes become seconds, a decimal comma is taken.

    Args:
        known_tools: those that the page named; of them alone nothing is said.
        photos: the digests of those that were chosen.

    Raises:
        ValidationFailed: a number is none, or a field is not of this form.
    """
    known = {*_TEXTS, *_NUMBERS, *TIME_FIELDS, *TOOL_FIELDS, "minutes", KEY}
    wrong = {name: ["Is no field of this form."] for name in form if name not in known}
    body: dict[str, Any] = {name: form[name] for name in _TEXTS if name in form}
    for name in _NUMBERS:
        text = form.get(name, "0")
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            wrong[name] = ["Must be a whole number."]
        elif name in form:
            body[name] = int(text)
    if "minutes" in form:
        minutes = read_decimal_field(form["minutes"])
        if minutes is None:
            wrong["minutes"] = ["Must be a number of minutes."]
        else:
            body["measured_s"] = minutes * 60
    if wrong:
        raise ValidationFailed.of_request(wrong)
    body |= read_times(form)
    if tools := read_tools(form, known_tools):
        body["tools"] = tools
    if photos:
        body["photo_sha256"] = list(photos)
    return body


def _show_form(
    record: RunRecord, form: Mapping[str, str], refusal: Exception | None = None, *, photos: Sequence[str] = ()
) -> Response:
    """Return the page; of a form that was refused it shows again what it said."""
    view = record.view()
    problem = None if refusal is None else read_problem(refusal)
    return render_page(
        "outcome.html",
        status=200 if problem is None else problem.status,
        keeps=False,
        here="runs",
        run=view.artifact,
        title=title_run(view, object_of(decode_members(record.data).get("inputs"))),
        is_against=is_against_decision(view, cut_us=ids.now_us()),
        outcomes=[show_outcome(entry) for entry in view.outcomes],
        closed=find_refusal("recorder", current_caller().role),
        form=form,
        tools=list_tool_rows(list_known_tools(view), form),
        tool_ids=sorted(current_rmos().engines.shop.tools),
        photos=list_photos(view, photos),
        is_open=bool({*form} - {*_BEGUN, "reason_code", KEY} - _list_unchanged(view, form)) or bool(photos),
        words={"ended": ENDED_WORDS, "part": PART_WORDS, "reasons": REASON_WORDS},
        max_note=MAX_NOTE,
        form_key=make_form_key(),
        problem=problem,
    )


def _list_unchanged(view: RunView, form: Mapping[str, str]) -> set[str]:
    """Return the fields of tools that a form sends as the page had them."""
    known = dict(enumerate(list_known_tools(view), 1))
    return {f"tool_{place}" for place, tool_id in known.items() if form.get(f"tool_{place}") == tool_id}
