"""`/api/workflow-sessions`, and the same at `/api/workflow/sessions`: sessions, their runs and what those amount to."""

import functools
from typing import Any, Final

import msgspec
from flask import Response, request

from rmos import ids
from rmos.api import session_examples as examples
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import VersionConflict
from rmos.errors.request import BadCursor
from rmos.errors.store import IndexRebuilding, IndexUnavailable, RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionHasRuns, SessionNotFound, TransitionBlocked
from rmos.http.conditions import PRIVATE, conditional, require_match
from rmos.http.json_body import read_object
from rmos.http.operations import LISTS, READS, WRITES, Answer, Blueprint, Problems, operation
from rmos.http.paging import next_link, page_text
from rmos.http.query import load_query, read_lists
from rmos.models import RunQuery, Session
from rmos.schemas.sessions import (
    AdvisorySummarySchema,
    SessionDeletedSchema,
    SessionDeleteSchema,
    SessionEventsSchema,
    SessionFieldsSchema,
    SessionListSchema,
    SessionPageSchema,
    SessionRunsPageSchema,
    SessionRunsRequest,
    SessionRunsSchema,
    SessionSchema,
    dump_brief_page,
    dump_figures,
    dump_session,
    dump_session_deleted,
    dump_session_events,
    dump_summary_page,
    load_fields,
    load_session_list,
    load_session_runs,
)
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session
from rmos.store.sessions import SessionStored

PREFIXES: Final = {"sessions": "/api/workflow-sessions", "workflow": "/api/workflow/sessions"}
"""The URLs, by the name under which the blueprint stands there."""
bp = Blueprint("sessions", __name__, description="Workflow sessions, and what their runs amount to")

_JSON: Final = "application/json"
_SHOWN: Final = ("ETag", "Cache-Control")
_OF_A_SESSION: Final[Problems] = (SessionNotFound, *READS)
_CHANGES: Final[Problems] = (SessionNotFound, PreconditionFailed, VersionConflict, RecordDamaged, *WRITES)
_RUNS_OF: Final[Problems] = (SessionNotFound, *LISTS)
_delete_request = SessionDeleteSchema()


@bp.post("")
@operation(
    answers={201: Answer("The session was made.", SessionSchema, ("Location", *_SHOWN), examples.SESSION)},
    problems=WRITES,
    body=SessionFieldsSchema,
    example=examples.NEW,
)
@requires("recorder")
def create_a_session() -> Response:
    """Make a session; every field is optional. A policy milder than the usual one takes an operator."""
    us = ids.now_us()
    fields = load_fields(read_object())
    stored = create_session(current_rmos().store, fields, actor=current_actor(), us=us)
    answer = _answer(stored)
    answer.status_code = 201
    answer.headers["Location"] = f"{PREFIXES['sessions']}/{stored.session.session_id}"
    return answer


@bp.get("")
@operation(
    answers={200: Answer("A page.", SessionPageSchema, ("Link", "Cache-Control"), examples.SESSIONS)},
    problems=(BadCursor, *LISTS),
    query=SessionListSchema,
)
@requires("viewer")
def list_sessions() -> Response:
    """Return a page of sessions, newest first.

    Deleted sessions come with `status=DELETED`, or beside the others with `include_deleted=true`. A session whose
    record is damaged is listed with a null status.
    """
    asked = load_session_list(read_lists())
    page = current_rmos().store.session_lists.page(
        asked.query,
        limit=asked.limit,
        cursor=asked.cursor,
        offset=asked.offset,
        include_total=asked.include_total,
    )
    return Response(page_text(page), headers=_listed_headers(page.next_cursor), content_type=_JSON)


@bp.get("/<session_id>")
@operation(
    answers={
        200: Answer("The session.", SessionSchema, _SHOWN, examples.SESSION),
        304: Answer("The caller has it already.", headers=_SHOWN),
    },
    problems=(PreconditionFailed, *_OF_A_SESSION),
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def get_session(session_id: str) -> Response:
    """Return a session as it stands now, also one that was deleted."""
    session = current_rmos().store.sessions.record(session_id).session
    return conditional(_shown(session), str(session.version))


@bp.patch("/<session_id>")
@operation(
    answers={200: Answer("The session as it stands now.", SessionSchema, _SHOWN, examples.SESSION)},
    problems=(SessionDeleted, TransitionBlocked, *_CHANGES),
    body=SessionFieldsSchema,
    example=examples.CHANGE,
    headers=("If-Match",),
)
@requires("recorder")
def change_session(session_id: str) -> Response:
    """Merge fields into a session.

    Null empties a field; objects are merged member by member (RFC 7396). Send the ETag that you have read as If-Match:
    of two who write at once one is answered 412 then, and without it the changes of both are merged. To make the
    policy milder (a RED override allowed, a lower score to approve) takes an operator.
    """
    us = ids.now_us()
    fields = load_fields(read_object())
    store = current_rmos().store
    version = version_seen(store.sessions.record(session_id).session)
    return _answer(patch_session(store, session_id, fields, actor=current_actor(), us=us, version=version))


@bp.delete("/<session_id>")
@operation(
    answers={200: Answer("The session is deleted.", SessionDeletedSchema, example=examples.DELETED)},
    problems=(SessionHasRuns, IndexRebuilding, IndexUnavailable, *_CHANGES),
    query=SessionDeleteSchema,
    headers=("If-Match",),
)
@requires("operator")
def delete_a_session(session_id: str) -> Response:
    """Delete a session.

    A record is not erased: it is marked, and can be restored. With `cascade` its runs show `session_deleted: true`.
    """
    us = ids.now_us()
    how = load_query(_delete_request)
    store = current_rmos().store
    version = version_seen(store.sessions.record(session_id).session)
    stored = delete_session(store, session_id, **how, actor=current_actor(), us=us, version=version)
    cascade = store.sessions.is_deleted_with_runs(session_id)
    return Response(dump_session_deleted(stored.session, bool(cascade)), content_type=_JSON)


@bp.post("/<session_id>/restore")
@operation(
    answers={200: Answer("The session as it stands now.", SessionSchema, _SHOWN, examples.SESSION)},
    problems=_CHANGES,
    headers=("If-Match",),
)
@requires("operator")
def restore_a_session(session_id: str) -> Response:
    """Undo a deletion, and with it that of the session's runs."""
    us = ids.now_us()
    store = current_rmos().store
    version = version_seen(store.sessions.record(session_id).session)
    return _answer(restore_session(store, session_id, actor=current_actor(), us=us, version=version))


@bp.get("/<session_id>/events")
@operation(
    answers={200: Answer("The events.", SessionEventsSchema, ("Cache-Control",), examples.EVENTS)},
    problems=_OF_A_SESSION,
)
@requires("viewer")
def get_session_events(session_id: str) -> Response:
    """Return what happened to a session, in order, each time with the session as it was afterwards."""
    record = current_rmos().store.sessions.record(session_id)
    return Response(dump_session_events(record), headers={"Cache-Control": PRIVATE}, content_type=_JSON)


@bp.get("/<session_id>/runs")
@operation(
    answers={200: Answer("A page.", SessionRunsPageSchema, ("Link", "Cache-Control"), examples.SUMMARIES)},
    problems=(BadCursor, *_RUNS_OF),
    query=SessionRunsSchema,
)
@requires("viewer")
def get_session_runs(session_id: str) -> Response:
    """Return a page of a session's runs, newest first.

    In the default view as `runs`, in the view `summary` as `items`, which are those of the list of runs. Runs stay
    listed when their session is deleted. Follow `next_cursor` until it is null.
    """
    asked = _asked_runs(request.query_string)
    query = msgspec.structs.replace(asked.query, workflow_session_id=session_id)
    store = current_rmos().store
    page: dict[str, Any] = {
        "limit": asked.limit,
        "cursor": asked.cursor,
        "offset": asked.offset,
        "include_total": asked.include_total,
    }
    if asked.summary:
        summaries = store.runs.page(query, **page)
        found, cursor = bool(summaries.text), summaries.next_cursor
        text = dump_summary_page(session_id, asked, summaries)
    else:
        brief = store.session_lists.brief_runs(query, **page)
        found, cursor = bool(brief.runs), brief.next_cursor
        text = dump_brief_page(session_id, asked, brief)
    if not found:
        _require(session_id)
    return Response(text, headers=_listed_headers(cursor), content_type=_JSON)


@functools.lru_cache(maxsize=512)
def _asked_runs(query_string: bytes) -> SessionRunsRequest:
    """Return what a query string asks for; clients ask for the same few lists again and again."""
    return load_session_runs(read_lists())


@bp.get("/<session_id>/advisory-summary")
@operation(
    answers={200: Answer("The figures.", AdvisorySummarySchema, ("Cache-Control",), examples.FIGURES)},
    problems=_RUNS_OF,
)
@requires("viewer")
def get_advisory_summary(session_id: str) -> Response:
    """Return what a session's runs amount to, from the index alone."""
    figures = current_rmos().store.session_lists.figures(session_id)
    if not figures.total_runs:
        _require(session_id)
    return Response(dump_figures(session_id, figures), headers={"Cache-Control": PRIVATE}, content_type=_JSON)


def version_seen(session: Session) -> int | None:
    """Return the version that the caller must have seen, or None when the request has no `If-Match`.

    Raises:
        PreconditionFailed: `If-Match` names other versions than the session has.
    """
    if "HTTP_IF_MATCH" not in request.environ:
        return None
    try:
        require_match(str(session.version))
    except PreconditionFailed as refused:
        refused.members = {"session_id": session.session_id, "version": session.version}
        raise
    return session.version


def _answer(stored: SessionStored) -> Response:
    return _shown(stored.session)


def _shown(session: Session) -> Response:
    headers = {"ETag": f'"{session.version}"', "Cache-Control": PRIVATE}
    return Response(dump_session(session), headers=headers, content_type=_JSON)


def _require(session_id: str) -> None:
    """Refuse an empty list of a session that never was; one of the earlier system is known by its runs alone."""
    store = current_rmos().store
    if store.sessions.exists(session_id):
        return
    query = RunQuery(workflow_session_id=session_id, include_deleted=True)
    if not ids.is_session_id(session_id) or not store.runs.count(query):
        raise SessionNotFound("There is no workflow session with this id.", session_id=session_id)


def _listed_headers(next_cursor: str | None) -> dict[str, str]:
    return {"Cache-Control": PRIVATE, **next_link(next_cursor)}
