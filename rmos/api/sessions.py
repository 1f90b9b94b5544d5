"""`/api/workflow-sessions`, and the same at `/api/workflow/sessions`: sessions, their runs and what those amount to."""

from typing import Final

import msgspec
from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import VersionConflict
from rmos.errors.request import BadCursor, BadHeader, IdempotencyKeyReused
from rmos.errors.store import IndexRebuilding, IndexUnavailable, RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionHasRuns, SessionNotFound, TransitionBlocked
from rmos.http.conditions import apply_conditions, has_if_match, require_match
from rmos.http.json_body import read_object
from rmos.http.paging import link_next, respond_page
from rmos.http.query import load_list_query, load_query
from rmos.http.recording import read_idempotency
from rmos.http.responses import PRIVATE, prefix_path, respond_json
from rmos.http.routes import LISTS, READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.models import Session
from rmos.row_models import RunQuery
from rmos.schemas.sessions import (
    AdvisorySummarySchema,
    SessionDeletedSchema,
    SessionDeleteSchema,
    SessionEventsSchema,
    SessionFieldsSchema,
    SessionListSchema,
    SessionPageSchema,
    SessionRunsPageSchema,
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
from rmos.services.gates import GatePolicy
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session
from rmos.services.standing import find_next_step

PREFIXES: Final = {"sessions": "/api/workflow-sessions", "workflow": "/api/workflow/sessions"}
"""The URLs, by the name under which the blueprint stands there."""
bp = Blueprint("sessions", __name__, description="Workflow sessions, and what their runs amount to")

_HEADERS: Final = ("ETag", "Cache-Control")
_OF_A_SESSION: Final[Problems] = (SessionNotFound, *READS)
_CHANGES: Final[Problems] = (SessionNotFound, PreconditionFailed, VersionConflict, RecordDamaged, *WRITES)
_RUNS_OF: Final[Problems] = (SessionNotFound, *LISTS)
_delete_query = SessionDeleteSchema()


@bp.post("")
@operation(
    responses={
        201: ResponseSpec("The session was made.", SessionSchema, ("Location", *_HEADERS), "sessions.session"),
        200: ResponseSpec(
            "The session that an earlier request with this Idempotency-Key made, as it stands now.",
            SessionSchema,
            ("Location", "Idempotency-Replayed", *_HEADERS),
            "sessions.session",
        ),
    },
    problems=(BadHeader, IdempotencyKeyReused, RecordDamaged, *WRITES),
    body=SessionFieldsSchema,
    example="sessions.new",
    headers=("Idempotency-Key",),
)
@requires("recorder")
def create_a_session() -> Response:
    """Make a session; every field is optional. A policy milder than the usual one takes an operator.

    With an `Idempotency-Key` a request that is sent again makes no second session.
    """
    now_us = ids.now_us()
    body = read_object()
    fields = load_fields(body)
    stored = create_session(
        current_rmos().store, fields, actor=current_actor(), us=now_us, idempotency=read_idempotency(body)
    )
    response = respond_session(stored.session)
    if stored.changed:
        response.status_code = 201
    else:
        response.headers["Idempotency-Replayed"] = "true"
    response.headers["Location"] = prefix_path(f"{PREFIXES['sessions']}/{stored.session.session_id}")
    return response


@bp.get("")
@operation(
    responses={200: ResponseSpec("A page.", SessionPageSchema, ("Link", "Cache-Control"), "sessions.page")},
    problems=(BadCursor, *LISTS),
    query=SessionListSchema,
)
@requires("viewer")
def list_sessions() -> Response:
    """Return a page of sessions, newest first.

    Deleted sessions come with `status=DELETED`, or beside the others with `include_deleted=true`. A session whose
    record is damaged is listed with a null status.
    """
    request = load_list_query(load_session_list)
    page = msgspec.structs.asdict(request.page)
    return respond_page(current_rmos().store.session_lists.page(request.query, **page))


@bp.get("/<session_id>")
@operation(
    responses={
        200: ResponseSpec("The session.", SessionSchema, _HEADERS, "sessions.session"),
        304: ResponseSpec("The caller has it already.", headers=_HEADERS),
    },
    problems=(PreconditionFailed, *_OF_A_SESSION),
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def get_session(session_id: str) -> Response:
    """Return a session as it stands now, also one that was deleted."""
    rmos = current_rmos()
    record = rmos.store.sessions.record(session_id)
    session = record.session
    policy = GatePolicy.of(rmos.settings)
    step = find_next_step(rmos.store, rmos.engines, policy, record)
    if step != session.next_step:
        # An override is an event of the run, so the session's version says nothing of it: the caller gets the whole.
        require_match(str(session.version), session_id=session_id, version=session.version)
        return respond_session(msgspec.structs.replace(session, next_step=step))
    return apply_conditions(respond_session(session), str(session.version))


@bp.patch("/<session_id>")
@operation(
    responses={200: ResponseSpec("The session as it stands now.", SessionSchema, _HEADERS, "sessions.session")},
    problems=(SessionDeleted, TransitionBlocked, *_CHANGES),
    body=SessionFieldsSchema,
    example="sessions.change",
    headers=("If-Match",),
)
@requires("recorder")
def change_session(session_id: str) -> Response:
    """Merge fields into a session.

    Null empties a field; objects are merged member by member (RFC 7396). Send the ETag that you have read as If-Match:
    of two who write at once one is answered 412 then, and without it the changes of both are merged. To make the
    policy milder (a RED override allowed, a lower score to approve) takes an operator.
    """
    now_us = ids.now_us()
    fields = load_fields(read_object())
    version = read_if_match(session_id)
    store = current_rmos().store
    stored = patch_session(store, session_id, fields, actor=current_actor(), us=now_us, version=version)
    return respond_session(stored.session)


@bp.delete("/<session_id>")
@operation(
    responses={200: ResponseSpec("The session is deleted.", SessionDeletedSchema, example="sessions.deleted")},
    problems=(SessionHasRuns, IndexRebuilding, IndexUnavailable, *_CHANGES),
    query=SessionDeleteSchema,
    headers=("If-Match",),
)
@requires("operator")
def delete_a_session(session_id: str) -> Response:
    """Delete a session.

    A record is not erased: it is marked, and can be restored. With `cascade` its runs show `session_deleted: true`.
    """
    now_us = ids.now_us()
    parameters = load_query(_delete_query)
    version = read_if_match(session_id)
    store = current_rmos().store
    stored = delete_session(store, session_id, **parameters, actor=current_actor(), us=now_us, version=version)
    cascade = store.sessions.is_deleted_with_runs(session_id)
    return respond_json(dump_session_deleted(stored.session, bool(cascade)))


@bp.post("/<session_id>/restore")
@operation(
    responses={200: ResponseSpec("The session as it stands now.", SessionSchema, _HEADERS, "sessions.session")},
    problems=_CHANGES,
    headers=("If-Match",),
)
@requires("operator")
def restore_a_session(session_id: str) -> Response:
    """Undo a deletion, and with it that of the session's runs."""
    now_us = ids.now_us()
    version = read_if_match(session_id)
    stored = restore_session(current_rmos().store, session_id, actor=current_actor(), us=now_us, version=version)
    return respond_session(stored.session)


@bp.get("/<session_id>/events")
@operation(
    responses={200: ResponseSpec("The events.", SessionEventsSchema, ("Cache-Control",), "sessions.events")},
    problems=_OF_A_SESSION,
)
@requires("viewer")
def get_session_events(session_id: str) -> Response:
    """Return what happened to a session, in order, each time with the session as it was afterwards."""
    record = current_rmos().store.sessions.record(session_id)
    return respond_json(dump_session_events(record))


@bp.get("/<session_id>/runs")
@operation(
    responses={200: ResponseSpec("A page.", SessionRunsPageSchema, ("Link", "Cache-Control"), "sessions.runs")},
    problems=(BadCursor, *_RUNS_OF),
    query=SessionRunsSchema,
)
@requires("viewer")
def get_session_runs(session_id: str) -> Response:
    """Return a page of a session's runs, newest first.

    In the default view as `runs`, in the view `summary` as `items`, which are those of the list of runs. Runs stay
    listed when their session is deleted. Follow `next_cursor` until it is null.
    """
    request = load_list_query(load_session_runs)
    query = msgspec.structs.replace(request.query, workflow_session_id=session_id)
    store = current_rmos().store
    page = store.runs.page(query, **msgspec.structs.asdict(request.page))
    if not page.count:
        _require_session(session_id)
    dump = dump_summary_page if request.summary else dump_brief_page
    return respond_json(dump(session_id, request.page, page), headers=link_next(page.next_cursor))


@bp.get("/<session_id>/advisory-summary")
@operation(
    responses={
        200: ResponseSpec("The figures.", AdvisorySummarySchema, ("Cache-Control",), "sessions.advisory_summary")
    },
    problems=_RUNS_OF,
)
@requires("viewer")
def get_advisory_summary(session_id: str) -> Response:
    """Return what a session's runs amount to, from the index alone."""
    figures = current_rmos().store.session_lists.figures(session_id)
    if not figures.total_runs:
        _require_session(session_id)
    return respond_json(dump_figures(session_id, figures))


def read_if_match(session_id: str) -> int | None:
    """Return the version of a session that the request is good for, or None when it has no `If-Match`.

    Raises:
        PreconditionFailed: `If-Match` names other versions than the session has.
    """
    if not has_if_match():
        return None
    version = current_rmos().store.sessions.record(session_id).session.version
    require_match(str(version), session_id=session_id, version=version)
    return version


def respond_session(session: Session, body: bytes | None = None) -> Response:
    """Return the response that shows a session, or what an action made of it, with its version as ETag."""
    headers = {"ETag": f'"{session.version}"'}
    return respond_json(dump_session(session) if body is None else body, cache=PRIVATE, headers=headers)


def _require_session(session_id: str) -> None:
    """Refuse an empty list of a session that never was; one of a legacy store is known by its runs alone."""
    store = current_rmos().store
    if store.sessions.exists(session_id):
        return
    query = RunQuery(workflow_session_id=session_id, include_deleted=True)
    if not ids.is_session_id(session_id) or not store.runs.count(query):
        raise SessionNotFound("There is no workflow session with this id.", session_id=session_id)
