"""What the forms of jobs ask for, and how it becomes the body that the HTTP interface takes.

list_step_fields("approve", session, engines)      # the fields of the form
make_body("approve", {"reason": "…"})              # {"reason": "…"}
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.cam.dialects import load_dialects
from rmos.engines.registry import Registry
from rmos.models import Session
from rmos.services.design_cuts import read_design_cuts
from rmos.web.form import KEY, VERSION, read_decimal_field
from rmos.web.formats import text_of
from rmos.web.members import read_members, write_members

GCODE: Final = "gcode_text"
_NAMES: Final = ("material_id", "machine_id", "user_id")


class StepField(msgspec.Struct, frozen=True):
    """A field of a form: what it is called, what it takes, and what stands in it."""

    name: str
    title: str
    kind: str = "text"
    """`text`, `number`, `long` (several lines), `members` (a line for each member) or `tick`."""
    value: str = ""
    hint: str = ""
    required: bool = False
    choices: Sequence[str] = ()


_REASON: Final = StepField("reason", "Reason", "long", required=True)
_LINES: Final = "A line for each member, such as `stock.thickness_mm = 3`; JSON is taken too."


def list_step_fields(step: str, session: Session, engines: Registry) -> list[StepField]:
    """Return the fields of the form of an action, or of what is done to a job's record."""
    if step in ("set_design", "set_context"):
        name = step.removeprefix("set_")
        members = write_members(getattr(session, name))
        return [StepField(name, name.capitalize(), "members", members, _LINES, required=True)]
    if step == "request_feasibility":
        mode = StepField("mode", "Mode", value="router", hint="How it is cut, in a word.", required=True)
        if read_design_cuts(session.design) is not None:  # each of its cuts has a tool already
            return [mode]
        tool = StepField("tool_id", "Tool", value=session.tool_id or "", required=True, choices=_ids(engines, "tools"))
        return [tool, mode]
    if step in ("require_revision", "reject"):
        return [_REASON]
    if step == "approve":
        return [msgspec.structs.replace(_REASON, required=False)]
    if step == "make_toolpaths":
        hint = "Which programs the machine reads; empty is what the machine of the job states."
        return [StepField("post_processor_id", "Controller", hint=hint, choices=list(load_dialects()))]
    if step == "store_toolpaths":
        return [StepField(GCODE, "G-code", "long", hint="The programme as it goes to the machine.", required=True)]
    if step == "archive":
        return [StepField("note", "Note", "long")]
    return list_job_fields(session, engines) if step == "change" else []


def list_job_fields(session: Session, engines: Registry) -> list[StepField]:
    """Return the fields of a job that are no step of its way."""
    names = {"material_id": ("Material", "materials"), "machine_id": ("Machine", "machines")}
    policy = session.policy
    return [
        StepField("title", "Title", value=text_of(session.state_data.get("title")), hint="What the piece is called."),
        *(
            StepField(name, title, value=getattr(session, name) or "", choices=_ids(engines, table))
            for name, (title, table) in names.items()
        ),
        StepField("user_id", "For whom", value=session.user_id or ""),
        StepField(
            "min_score_to_approve",
            "YELLOW is approved from",
            "number",
            f"{policy.min_score_to_approve:g}",
            "A score of 0 to 100; to lower it takes an operator.",
        ),
        StepField(
            "allow_red_override",
            "Two people together may override a RED",
            "tick",
            "yes" if policy.allow_red_override else "",
            "To allow it takes an operator, and the setting `RMOS_ALLOW_RED_OVERRIDE`.",
        ),
    ]


def make_body(step: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says as the HTTP interface takes it; fields that were left empty are left out.

    Raises:
        ValidationError: a line of a design or a context cannot be read.
    """
    body: dict[str, Any] = {name: value for name, value in form.items() if name not in (VERSION, KEY)}
    for name in ("design", "context"):
        if name in body:
            body[name] = read_members(name, body[name])
    if step == "store_toolpaths":
        outputs = {GCODE: body.pop(GCODE)} if GCODE in body else {}
        body["outputs"] = outputs
    return body


def make_job_body(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says of a job's own fields; what was emptied is null.

    Raises:
        ValidationError: a line of a design or a context cannot be read.
    """
    body: dict[str, Any] = {name: form.get(name) for name in _NAMES}
    body["state_data"] = {"title": form.get("title")}
    score = form.get("min_score_to_approve")
    body["policy"] = {"allow_red_override": form.get("allow_red_override") == "yes"}
    if score:
        body["policy"]["min_score_to_approve"] = _read_number(score)
    for name in ("design", "context"):
        if form.get(name):
            body[name] = read_members(name, form[name])
    if form.get("tool_id"):
        body["tool_id"] = form["tool_id"]
    return body


def _read_number(text: str) -> float | str:
    """Return the number that a text is, or the text, which the schema then refuses."""
    number = read_decimal_field(text)
    return text if number is None else number


def _ids(engines: Registry, table: str) -> list[str]:
    return [entry.id for entry in engines.shop.tables[table]]
