"""`/sessions/<id>`: one job: where it stands, what to do next and by whom, its runs, and what happened."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from flask import Blueprint, Response

from rmos import workflow
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import Rmos, current_rmos
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import RecordDamaged
from rmos.models import Event, Role, RunView, Session
from rmos.row_models import RunQuery
from rmos.services.gates import GatePolicy
from rmos.services.packs.gathering import find_toolpaths_run
from rmos.services.standing import find_next_step, read_standing
from rmos.store.session_records import SessionRecord
from rmos.web.form import find_refusal
from rmos.web.formats import split_reason, text_of
from rmos.web.jobs import STATES, title_job
from rmos.web.lessons import list_inputs
from rmos.web.run import Happening
from rmos.web.runs import read_runs
from rmos.web.shell import render_page
from rmos.workflow import Standing

bp = Blueprint("job_pages", __name__)

_RUNS: Final = 20
"""Runs of a job that its page shows, the newest first; a list has them all."""
_STEPS: Final = ("Design and context", "Judged", "Approved", "Toolpaths", "Cut, and archived")
_DONE: Final = {
    "draft": 0,
    "design_revision_required": 0,
    "context_ready": 1,
    "feasibility_requested": 1,
    "feasibility_ready": 2,
    "rejected": 2,
    "approved": 3,
    "toolpaths_requested": 3,
    "toolpaths_ready": 4,
    "archived": 5,
}
"""How many of the steps are behind a job, by its state."""
_FIRST_BUTTONS: Final = ("approve", "request_feasibility", "request_toolpaths", "make_toolpaths", "store_toolpaths")
"""Actions that lead on: the first of them that is allowed is the one that stands out."""


class JobStep(NamedTuple):
    """A step of the way: what it is, whether it is behind the job, and whether it is the next one."""

    title: str
    is_done: bool
    is_next: bool


class JobButton(NamedTuple):
    """What can be done with a job: where it leads, and why not, when it may not be done by whoever looks."""

    path: str
    title: str
    refusal: str
    is_first: bool = False


class JobVerdict(NamedTuple):
    """What was found of a job's design: the run, and why it is not GREEN; or that the run cannot be shown."""

    run_id: str
    view: RunView | None
    rule: str
    why: str


TITLES: Final[dict[str, str]] = {
    "set_design": "Set the design",
    "set_context": "Set the context",
    "request_feasibility": "Have it judged",
    "require_revision": "Back to design",
    "approve": "Approve",
    "reject": "Reject",
    "request_toolpaths": "Ask for toolpaths",
    "make_toolpaths": "Make toolpaths",
    "store_toolpaths": "Store toolpaths",
    "archive": "Archive",
    "change": "Title and policy",
    "delete": "Delete",
    "restore": "Restore",
}
"""What is done with a job, on buttons: the actions of a session, and what is done to its record."""
_EVENT_WORDS: Final[dict[str, str]] = {
    "create": "began the job",
    "update": "changed it",
    "set_design": "set the design",
    "set_context": "set the context",
    "request_feasibility": "had it judged",
    "require_revision": "sent it back to design",
    "approve": "approved it",
    "reject": "rejected it",
    "request_toolpaths": "asked for toolpaths",
    "make_toolpaths": "made toolpaths",
    "store_toolpaths": "stored toolpaths",
    "archive": "archived it",
    "delete": "deleted it",
    "restore": "restored it",
}


@bp.get("/sessions/<session_id>")
@requires("viewer")
def show_job(session_id: str) -> Response:
    """Show one job."""
    rmos = current_rmos()
    record = rmos.store.sessions.record(session_id)
    session, standing = record.session, read_standing(record)
    runs = rmos.store.runs.page(RunQuery(workflow_session_id=session_id), limit=_RUNS)
    return render_page(
        "job.html",
        here="jobs",
        session=session,
        title=title_job(msgspec.to_builtins(session)),
        states=STATES,
        next_step=find_next_step(rmos.store, rmos.engines, make_gate_policy(rmos), record),
        steps=list_steps(session),
        buttons=_list_buttons(session, standing, current_caller().role),
        verdict=_find_verdict(rmos, standing),
        approved=standing.approved,
        toolpaths_run_id=find_toolpaths_run(record),
        runs=read_runs(runs.text),
        has_more=runs.next_cursor is not None,
        happenings=[describe_event(event) for event in record.events],
        made_by=record.events[0].actor,
        may_bundle=not find_refusal("operator", current_caller().role),
        design=list_inputs(session.design),
        context=list_inputs(session.context),
        red_allowed=rmos.settings.allow_red_override,
        record=record,
    )


def make_gate_policy(rmos: Rmos) -> GatePolicy:
    """Return what the installation says on evaluating and overriding."""
    settings = rmos.settings
    return GatePolicy.of(settings)


def list_steps(session: Session) -> list[JobStep]:
    """Return the way of a job from its design to the cut."""
    done = _DONE[session.state]
    return [JobStep(title, number < done, number == done) for number, title in enumerate(_STEPS)]


def _list_buttons(session: Session, standing: Standing, role: Role) -> list[JobButton]:
    if session.status == "DELETED":
        return [_make_button(session, "restore", "operator", role, is_first=True)]
    allowed = workflow.allowed_actions(standing)
    first = next(
        (action for action in _FIRST_BUTTONS if action in allowed), "set_context" if session.design else "set_design"
    )
    buttons = [
        _make_button(
            session, action, "operator" if action in workflow.DECIDING else "recorder", role, is_first=action == first
        )
        for action in allowed
    ]
    buttons.sort(key=lambda button: not button.is_first)
    change, delete = (
        _make_button(session, "change", "recorder", role),
        _make_button(session, "delete", "operator", role),
    )
    return [*buttons, change, delete]


def _make_button(session: Session, action: str, needed: Role, role: Role, *, is_first: bool = False) -> JobButton:
    path = f"/sessions/{session.session_id}/{action}"
    return JobButton(path, TITLES[action], find_refusal(needed, role), is_first)


def _find_verdict(rmos: Rmos, standing: Standing) -> JobVerdict | None:
    """Return what was found of the design as it is, by the run that the job's events name."""
    if standing.feasibility is None:
        return None
    run_id = standing.feasibility.run_id
    try:
        view = rmos.store.runs.record(run_id).view()
    except (RunNotFound, RunDeleted, RecordDamaged):
        return JobVerdict(run_id, None, "", "")
    decision = view.artifact.decision
    return JobVerdict(run_id, view, *split_reason(decision.block_reason or next(iter(decision.warnings), None)))


def describe_event(event: Event) -> Happening:
    """Return an event of a job in words."""
    data = event.data
    before, after = text_of(data.get("from_state")), text_of(data.get("to_state"))
    parts = [text_of(data.get(name)) for name in ("risk_level", "reason", "note")]
    if before and after != before:
        parts.append(f"now {STATES.get(after, after)}")
    text = "; ".join(part for part in parts if part)
    return Happening(event.created_at_utc, event.actor, _EVENT_WORDS.get(event.kind, event.kind), text)


def list_changes(record: SessionRecord, version: int) -> Sequence[Happening]:
    """Return what happened to a job since it had this version."""
    return [describe_event(event) for event in record.events if event.number > version]
