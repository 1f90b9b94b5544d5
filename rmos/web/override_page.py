"""`/runs/<id>/override`: answer for a cut that the decision warns of or blocks; the second person may do it right here.

RED and UNKNOWN take two people. Whoever is signed in asks; then the tablet is handed to an admin, who puts in their own
token for this one request. The sign-in stays that of the first. A token is compared and forgotten: it is in no page, no
record and no line of the log.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.callers import Caller
from rmos.auth.guard import current_caller, current_guard
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.callers import Forbidden, RedOverrideDisabled, TooManyAttempts, Unauthenticated
from rmos.errors.request import ValidationFailed
from rmos.errors.workflow import AcknowledgmentRequired, AlreadyOverridden, NotBlocked
from rmos.models import Actor, RunView
from rmos.schemas.workflow import load_override
from rmos.services.overrides import override_run
from rmos.store.run_records import RunRecord
from rmos.web.form import find_refusal, read_form, read_problem, take_single
from rmos.web.formats import split_reason, text_of
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import render_page, send_to
from rmos.workflow import has_override, list_requests

bp = Blueprint("override_page", __name__)

_LARGEST_FORM: Final = 64 * 1024
"""Bytes (RMOS policy): a reason of 2000 signs, percent-encoded, is 24 kB."""
_HOUR_US: Final = 3_600_000_000
HOURS: Final[Mapping[str, tuple[str, int]]] = {
    "8": ("for 8 hours", 8),
    "24": ("for a day", 24),
    "168": ("for a week", 168),
    "never": ("for good", 0),
}
"""How long an override may be in force, by the value of the field."""
_REFUSED: Final = (
    *(ValidationError, ValidationFailed, AcknowledgmentRequired, NotBlocked, RedOverrideDisabled, AlreadyOverridden),
    *(Forbidden, Unauthenticated, TooManyAttempts),
)


class AskedOverride(msgspec.Struct, frozen=True):
    """A request for an override that waits for a second person."""

    by: str
    at: str
    reason: str
    expires_at_utc: str


class OverrideChoice(msgspec.Struct, frozen=True):
    """What can be done about a decision by whoever looks, and by somebody else on the same screen."""

    scope: str
    closed: str = ""
    """Why nobody can do anything."""
    refusal: str = ""
    """Why whoever looks can do nothing themselves."""
    own: str = ""
    """What their own button says; empty when they have none."""
    other_role: str = ""
    """The role of somebody else who can do it here with their token; empty when there is no such way."""


@bp.get("/runs/<run_id>/override")
@requires("viewer")
def ask_for_override(run_id: str) -> Response:
    """Show who has asked for an override, and the form for whoever may do the next step."""
    return _show_form(current_rmos().store.runs.record(run_id))


@bp.post("/runs/<run_id>/override")
@requires("operator")
def override_on_page(run_id: str) -> WerkzeugResponse:
    """Ask for an override, or put it in force, as whoever is signed in or as the owner of the token in the form."""
    us, rmos = ids.now_us(), current_rmos()
    form = take_single(read_form(_LARGEST_FORM))
    record = rmos.store.runs.record(run_id)
    try:
        actor = _find_actor(form, record.view(), us)
        asked = load_override(run_id, _make_body(form, record.view(), us), now_us=us)
        override_run(rmos.store, asked, allow_red=rmos.settings.allow_red_override, actor=actor, us=us)
    except AlreadyOverridden as refusal:
        record = rmos.store.runs.record(run_id)
        if not _is_done_already(record.view(), form, actor):
            return _show_form(record, form, refusal)
    except _REFUSED as refusal:
        return _show_form(record, form, refusal)
    return send_to(f"/runs/{run_id}")


def _find_actor(form: Mapping[str, str], view: RunView, us: int) -> Actor:
    """Return who answers for it: the owner of the token in the form, when it has one, else whoever is signed in.

    Raises:
        ValidationFailed: it is the token of whoever is signed in, or nobody has asked yet.
        Forbidden: its owner may not.
        Unauthenticated, TooManyAttempts: it is nobody's.
    """
    first, token = current_actor(), form.get("token")
    if token is None:
        return first
    other = current_guard().authenticate(token, request.environ)
    if other.name == current_caller().name:
        raise ValidationFailed.of_request(
            {"token": [f"This token is {other.name}'s, who is signed in here; it takes somebody else."]}
        )
    actor = msgspec.structs.replace(first, name=other.name, role=other.role)
    choice = _find_choice(view, current_caller(), us)
    if choice.closed:
        return actor  # the service says why not
    if not choice.other_role:
        raise ValidationFailed.of_request({"token": ["Nobody has asked for this override yet."]})
    refusal = find_refusal(choice.other_role, other.role)  # type: ignore[arg-type]
    if refusal:
        raise Forbidden(
            f"To put this override in force takes the role {choice.other_role}; {other.name} is {other.role}.",
            role_needed=choice.other_role,
            role=other.role,
        )
    return actor


def _make_body(form: Mapping[str, str], view: RunView, us: int) -> dict[str, Any]:
    """Return what the form says as the HTTP interface takes it; the scope follows from the decision.

    Raises:
        ValidationFailed: it says no span that the page offers.
    """
    span = HOURS.get(form.get("hours", ""))
    if span is None:
        raise ValidationFailed.of_request({"hours": [f"Choose one of {', '.join(HOURS)}."]})
    body = {
        "scope": _scope_of(view),
        "acknowledge_risk": form.get("acknowledge_risk") == "yes",
        "expires_at_utc": ids.utc_text(us + span[1] * _HOUR_US) if span[1] else None,
    }
    return body | ({"reason": form["reason"]} if "reason" in form else {})


def _scope_of(view: RunView) -> str:
    return "YELLOW" if view.artifact.decision.risk_level == "YELLOW" else "RED"


def _is_done_already(view: RunView, form: Mapping[str, str], actor: Actor) -> bool:
    """Tell whether the last override is what this very form asks for: it was sent twice."""
    last = view.overrides[-1]
    return (last.get("by"), last.get("reason")) == (actor.name, form.get("reason"))


def _list_asked(view: RunView, now_utc: str) -> list[AskedOverride]:
    """Return the requests that still wait."""
    return [
        AskedOverride(
            *(text_of(entry.get(name)) for name in ("by", "created_at_utc", "reason", "expires_at_utc")),
        )
        for entry in list_requests(view.overrides, view.artifact.decision.risk_level, now_utc=now_utc)
    ]


def _find_choice(view: RunView, caller: Caller, us: int) -> OverrideChoice:
    """Return who can do what about a decision now; the service decides again when a form is sent."""
    risk, now_utc, scope = view.artifact.decision.risk_level, ids.utc_text(us), _scope_of(view)
    if risk in ("GREEN", "ERROR"):
        return OverrideChoice(scope, closed=f"The decision is {risk}: there is nothing in it to override.")
    if has_override(view.overrides, risk, now_utc=now_utc):
        return OverrideChoice(scope, closed="An override is in force.")
    if scope == "RED" and not current_rmos().settings.allow_red_override:
        return OverrideChoice(scope, closed=f"No {risk} is overridden in this installation.")
    below = find_refusal("operator", caller.role)
    asked = [entry.by for entry in _list_asked(view, now_utc)]
    if scope == "YELLOW":
        return OverrideChoice(scope, refusal=below, own="" if below else "Answer for it")
    others = [name for name in asked if name != caller.name]
    if caller.role == "admin" and others:
        return OverrideChoice(scope, own="Agree, and put it in force")
    refusal = below or (f"{caller.name} has asked; it is not you who can agree." if caller.name in asked else "")
    other_role = "admin" if asked and caller.token_id is not None and not below else ""
    return OverrideChoice(scope, refusal=refusal, own="" if refusal else "Ask a second person", other_role=other_role)


def _show_form(record: RunRecord, form: Mapping[str, str] | None = None, refusal: Exception | None = None) -> Response:
    """Return the page; of a form that was refused it shows the reason again, and never the token."""
    view, us, caller = record.view(), ids.now_us(), current_caller()
    decision = view.artifact.decision
    rule, why = split_reason(decision.block_reason or next(iter(decision.warnings), None))
    problem = None if refusal is None else read_problem(refusal)
    return render_page(
        "override.html",
        here="runs",
        keeps=False,
        status=200 if problem is None else problem.status,
        run=view.artifact,
        title=title_run(view, object_of(decode_members(record.data).get("inputs"))),
        rule=rule,
        why=why,
        asked=_list_asked(view, ids.utc_text(us)),
        choice=_find_choice(view, caller, us),
        caller_name=caller.name,
        caller_token=caller.token_id,
        hours=HOURS,
        form=form or {},
        problem=problem,
    )
