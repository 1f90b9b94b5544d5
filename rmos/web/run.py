"""`/runs/<id>`: one run as its maker reads it: the decision, what to change, what happened since, and the proof."""

import functools
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.models import Event, RunView
from rmos.row_models import RunQuery
from rmos.services.evidence_place import find_log_place
from rmos.services.files.media_types import SVG
from rmos.services.outcomes import is_against_decision
from rmos.services.rosettes.outputs import OUTPUTS
from rmos.services.rosettes.recorder import EVENT_TYPE
from rmos.store import Store
from rmos.store.naming import NamedBlob, list_named_blobs
from rmos.web.candidate_part import make_candidate_part
from rmos.web.formats import format_size, spell_out, split_reason, text_of
from rmos.web.lessons import find_rules, list_inputs, make_lessons
from rmos.web.limits import draw_limits
from rmos.web.outcome_part import ENDED_WORDS, show_outcome
from rmos.web.program_part import make_program_part
from rmos.web.runs import read_runs
from rmos.web.shell import render_page
from rmos.web.try_fields import OPERATIONS

bp = Blueprint("run_pages", __name__)

decode_members: Final = msgspec.json.Decoder(dict[str, Any]).decode
"""Returns an artifact's members as plain JSON."""
_DRAWINGS: Final = 3
"""Drawings that a page shows; the others are among the files."""
_TEXT_MEMBERS: Final = ("title", "reason", "notes", "note", "summary", "detail", "filename", "kind", "pack_sha256")
"""Members of an event that say most of it, the best first."""
_CHILDREN: Final = 6
"""Runs made after this one that a page names; a list has them all."""


class Happening(msgspec.Struct, frozen=True):
    """Something that happened to a run, in words."""

    at: str
    who: str
    what: str
    text: str = ""


@bp.get("/runs/<run_id>")
@requires("viewer")
def show_run(run_id: str) -> Response:
    """Show one run."""
    rmos = current_rmos()
    record = rmos.store.runs.record(run_id)
    view = record.view()
    run = decode_members(record.data)
    feasibility, inputs = object_of(run.get("feasibility")), object_of(run.get("inputs"))
    lessons = make_lessons(feasibility, inputs, find_rules(rmos.engines, feasibility.get("engine_id")))
    files = list(list_named_blobs(view).values())
    decision = view.artifact.decision
    rule, why = split_reason(decision.block_reason or next(iter(decision.warnings), None))
    return render_page(
        "run.html",
        here="runs",
        run=view.artifact,
        view=view,
        record=record,
        title=title_run(view, inputs),
        rule=rule,
        why=why,
        lessons=[lesson for lesson in lessons if not lesson.is_fine],
        checks=lessons,
        draw_limits=draw_limits,
        engine=f"{text_of(feasibility.get('engine_id'))} {text_of(feasibility.get('engine_version'))}".strip(),
        assumptions=_texts(feasibility.get("assumptions")),
        missing=_texts(feasibility.get("missing_inputs")),
        design=list_inputs(object_of(inputs.get("design"))),
        context=list_inputs(object_of(inputs.get("context"))),
        maker=text_of(object_of(run.get("created_by")).get("name")),
        notes=text_of(run.get("notes")),
        batch=text_of((view.artifact.meta or {}).get("batch_label")),
        files=files,
        program=make_program_part(view),
        candidates=make_candidate_part(record),
        rosette_files=OUTPUTS if view.artifact.event_type == EVENT_TYPE else (),
        drawings=[file for file in files if file.mime == SVG][:_DRAWINGS],
        children=read_runs(rmos.store.runs.page(RunQuery(parent_run_id=run_id), limit=_CHILDREN).text),
        outcomes=[show_outcome(entry) for entry in view.outcomes],
        ended_words=ENDED_WORDS,
        is_against=is_against_decision(view, cut_us=ids.now_us()),
        happenings=[_describe_event(event) for event in record.events],
        name_file=name_file,
        is_cut=text_of(object_of(inputs.get("design")).get("operation")) in OPERATIONS,
        try_query=functools.partial(_query_try, run_id),
        log_place=find_log_place(rmos.store, record),
        has_job=_has_job(rmos.store, view.artifact.workflow_session_id),
    )


def _query_try(run_id: str, changes: Mapping[str, str]) -> str:
    """Return the query of `/try` for this cut with some of it changed."""
    return urlencode({"from": run_id, **changes})


def _has_job(store: Store, session_id: str | None) -> bool:
    """Tell whether a job with this id was ever made; that of a legacy run has no record here."""
    return session_id is not None and ids.is_session_id(session_id) and store.sessions.exists(session_id)


def title_run(view: RunView, inputs: Mapping[str, Any]) -> str:
    """Return what was cut out of what, as far as the run says so."""
    operation = text_of(object_of(inputs.get("design")).get("operation"))
    material = text_of(view.artifact.material_id)
    named = " in ".join(spell_out(part) for part in (operation, material) if part)
    return f"{named[:1].upper()}{named[1:]}" if named else f"Run of {view.artifact.tool_id}"


def name_file(file: NamedBlob) -> str:
    """Return what a file of a run is called, with its size."""
    name = file.filename or file.title or file.kind
    return f"{name} ({format_size(file.size_bytes)})" if file.size_bytes is not None else name


def _describe_event(event: Event) -> Happening:
    """Return an event in words; one of a kind that is not known here is told by its kind."""
    data = event.data
    what = {
        "advisory": "left a note",
        "attachment": "attached a file",
        "explanation": "had it explained",
        "override": "overrode the decision" if data.get("effective") is True else "asked for an override",
        "outcome": f"reported what became of it: {text_of(data.get('outcome')) or 'not said'}",
        "delete": "deleted it",
        "restore": "restored it",
        "superseded": "replaced it: what it was made on has changed",
        "review": "reviewed a drawing",
        "reject": "rejected a drawing",
        "unreject": "took a rejection back",
        "promote": "chose a drawing",
        "released": "took the operator pack",
        "candidate": f"decided on a candidate: {text_of(data.get('decision')) or 'taken back'}",
    }.get(event.kind, f"recorded: {spell_out(event.kind)}")
    texts = (text_of(data.get(name)) for name in _TEXT_MEMBERS)
    return Happening(event.created_at_utc, event.actor, what, next((text for text in texts if text), ""))


def object_of(value: object) -> dict[str, Any]:
    """Return a member of a record that should be an object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
