"""`/sessions`: the jobs of the workshop, as a board by what they wait for, or as the list that a question finds."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from flask import Blueprint, Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.models import WORKFLOW_STATES
from rmos.row_models import RunQuery, SessionQuery
from rmos.schemas.sessions import load_session_list
from rmos.store import Store
from rmos.web.formats import spell_out, text_of
from rmos.web.run_filters import query_of
from rmos.web.runs import ListedRun, read_runs
from rmos.web.shared_words import WORDS
from rmos.web.shell import render_page

bp = Blueprint("jobs_pages", __name__)

_CARDS: Final = 6
"""Jobs of one state that the board shows; the list has the others."""
_LISTED: Final = 30


class JobColumn(NamedTuple):
    """A column of the board: its title, and the states whose jobs stand in it."""

    title: str
    states: tuple[str, ...]


COLUMNS: Final = (
    JobColumn("Needs design", ("draft", "design_revision_required")),
    JobColumn("Ready to judge", ("context_ready", "feasibility_requested")),
    JobColumn("Judged", ("feasibility_ready", "rejected")),
    JobColumn("Approved", ("approved",)),
    JobColumn("Toolpaths", ("toolpaths_requested", "toolpaths_ready")),
    JobColumn("Done", ("archived",)),
)
STATES: Final = WORDS["job_states"]
"""How people call the states of a session."""


class JobCard(msgspec.Struct, frozen=True):
    """A job as boards and lists show it, with its last run."""

    session_id: str
    title: str
    state: str
    is_deleted: bool
    is_damaged: bool
    next_step: str
    changed_at_utc: str
    owner: str
    run: ListedRun | None


class BoardColumn(msgspec.Struct, frozen=True):
    """A column with its jobs, how many there are of each state, and how many altogether."""

    title: str
    counts: list[tuple[str, int]]
    cards: list[JobCard]
    total: int


@bp.get("/sessions")
@requires("viewer")
def list_jobs() -> Response:
    """Show the board, or a page of the jobs that the query parameters ask for."""
    parameters, store = read_query(), current_rmos().store
    if not parameters:
        columns = [_read_column(store, column) for column in COLUMNS]
        deleted = store.session_lists.page(SessionQuery(status="DELETED"), limit=1).count
        return render_page("jobs.html", here="jobs", columns=columns, states=STATES, has_deleted=deleted > 0)
    listed = load_session_list({"limit": [str(_LISTED)], **parameters})
    page = store.session_lists.page(listed.query, **msgspec.structs.asdict(listed.page))
    wanted = listed.query.status == "DELETED", listed.query.workflow_state
    return render_page(
        "jobs_list.html",
        here="jobs",
        cards=_read_cards(store, page.text),
        title="Deleted jobs" if wanted[0] else f"Jobs: {STATES[wanted[1]]}" if wanted[1] else "Jobs",
        states=STATES,
        all_states=WORKFLOW_STATES,
        wanted_state=wanted[1],
        is_first="cursor" not in parameters,
        first_query=query_of(parameters),
        older_query=None if page.next_cursor is None else query_of(parameters, cursor=page.next_cursor),
    )


def _read_column(store: Store, column: JobColumn) -> BoardColumn:
    counts, cards = [], []
    for state in column.states:
        page = store.session_lists.page(SessionQuery(workflow_state=state), limit=_CARDS, include_total=True)
        counts.append((state, page.total or 0))
        cards += _read_cards(store, page.text)
    cards.sort(key=lambda card: card.changed_at_utc, reverse=True)
    return BoardColumn(column.title, counts, cards, sum(number for _, number in counts))


def _read_cards(store: Store, text: str) -> list[JobCard]:
    """Return the jobs of a page of summaries, which stand there as JSON."""
    return [_read_card(store, summary) for summary in msgspec.json.decode(f"[{text}]")]


def _read_card(store: Store, summary: Mapping[str, Any]) -> JobCard:
    session_id = summary["session_id"]
    runs = read_runs(store.runs.page(RunQuery(workflow_session_id=session_id), limit=1).text)
    return JobCard(
        session_id=session_id,
        title=title_job(summary),
        state=summary.get("state") or "",
        is_deleted=summary.get("status") == "DELETED",
        is_damaged=summary.get("status") is None,
        next_step=text_of(summary.get("next_step")),
        changed_at_utc=text_of(summary.get("updated_at_utc")),
        owner=text_of(summary.get("user_id")),
        run=next(iter(runs), None),
    )


def title_job(session: Mapping[str, Any]) -> str:
    """Return what a job is called: its title, else what is cut out of what, else its kind."""
    state_data, design = session.get("state_data"), session.get("design")
    title = text_of(state_data.get("title")) if isinstance(state_data, dict) else ""
    if title.strip():
        return title.strip()
    operation = text_of(design.get("operation")) if isinstance(design, dict) else ""
    named = " in ".join(spell_out(part) for part in (operation, _material_of(session)) if part)
    named = named or spell_out(text_of(session.get("workflow_type"))) or "Job without a title"
    return f"{named[:1].upper()}{named[1:]}"


def _material_of(session: Mapping[str, Any]) -> str:
    context = session.get("context")
    inner = context.get("material") if isinstance(context, dict) else None
    return text_of(session.get("material_id")) or (text_of(inner.get("id")) if isinstance(inner, dict) else "")
