"""`/api/rmos/runs/{id}/outcomes` and `/api/rmos/outcomes`: what became of cuts, reported, listed and added up."""

from typing import Final

import msgspec
from flask import Response, request

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.http import NotAcceptable
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import BadCursor, BadHeader, IdempotencyKeyReused
from rmos.errors.workflow import CorrectsUnknown
from rmos.http.json_body import read_object
from rmos.http.paging import choose_media_type, respond_page
from rmos.http.query import load_list_query
from rmos.http.recording import read_idempotency
from rmos.http.responses import JSON, NO_STORE, prefix_path, respond_json
from rmos.http.routes import LISTS, READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.http.streams import CSV, NDJSON, respond_table, stream_outcomes
from rmos.schemas.outcomes import (
    GROUP_COLUMNS,
    OutcomeListSchema,
    OutcomePageSchema,
    OutcomeReportedSchema,
    OutcomeRequestSchema,
    OutcomeSummarySchema,
    OutcomeTotalsQuerySchema,
    OutcomeTotalsSchema,
    RunOutcomesSchema,
    dump_reported,
    dump_run_outcomes,
    dump_totals,
    load_outcome,
    load_outcome_list,
    load_totals,
    show_group,
)
from rmos.services.outcomes import OutcomeRequest, report_outcome

bp = Blueprint("outcomes", __name__, url_prefix="/api/rmos", description="Outcomes: what became of cuts")

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_WRONG: Final[Problems] = (BadHeader, IdempotencyKeyReused, CorrectsUnknown, VersionConflict)
_MEDIA_TYPES: Final = {"json": JSON, "ndjson": NDJSON, "csv": CSV}
_TEXT: Final = {"type": "string"}


@bp.post("/runs/<run_id>/outcomes")
@operation(
    responses={
        201: ResponseSpec(
            "The outcome was recorded.", OutcomeReportedSchema, ("Location", "Cache-Control"), "outcomes.reported"
        ),
        200: ResponseSpec(
            "The outcome that an earlier request with this Idempotency-Key made.",
            OutcomeReportedSchema,
            ("Location", "Idempotency-Replayed", "Cache-Control"),
            "outcomes.reported",
        ),
    },
    problems=(*_WRONG, *_OF_A_RUN, *WRITES),
    body=OutcomeRequestSchema,
    example="outcomes.request",
    headers=("Idempotency-Key",),
)
@requires("recorder")
def report_an_outcome(run_id: str) -> Response:
    """Report what became of a cut: how the machine stopped, and what the part is good for.

    Recorded also of a run that was BLOCKED: the answer then says `cut_against_decision`, unless an override or an
    approval covered it. `done` is completed and good, `scrapped` is scrap, everything else `interrupted`. Several
    reports are several jobs; one with `corrects` takes the place of another, and both stay in the record.
    """
    now_us = ids.now_us()
    body = read_object(any_number=True)
    asked = OutcomeRequest(
        run_id=run_id, reported=load_outcome(body, now_us=now_us), idempotency=read_idempotency(body)
    )
    reported = report_outcome(current_rmos().store, asked, actor=current_actor(), us=now_us)
    headers = {"Location": prefix_path(f"/api/rmos/runs/{run_id}/outcomes"), "Cache-Control": NO_STORE}
    if reported.replayed:
        headers["Idempotency-Replayed"] = "true"
    return respond_json(dump_reported(reported), status=200 if reported.replayed else 201, headers=headers)


@bp.get("/runs/<run_id>/outcomes")
@operation(
    responses={200: ResponseSpec("The outcomes.", RunOutcomesSchema, ("Cache-Control",), "outcomes.of_run")},
    problems=_OF_A_RUN,
)
@requires("viewer")
def get_outcomes(run_id: str) -> Response:
    """Return what was reported of a run, in order; `corrected_by` names the outcome that took the place of one."""
    view = current_rmos().store.runs.record(run_id).view()
    return respond_json(dump_run_outcomes(run_id, view.outcomes))


@bp.get("/outcomes")
@operation(
    responses={
        200: ResponseSpec(
            "A page of JSON; as CSV or NDJSON all that match, or as many as `limit` says.",
            OutcomePageSchema,
            ("Link", "Cache-Control", "Vary"),
            "outcomes.page",
            alternatives={CSV: _TEXT, NDJSON: OutcomeSummarySchema},
        )
    },
    problems=(BadCursor, NotAcceptable, *LISTS),
    query=OutcomeListSchema,
)
@requires("viewer")
def list_outcomes() -> Response:
    """Return a page of outcomes that count, those of the latest jobs first. Filters take any case.

    Outcomes that were corrected are left out, and so are those of deleted runs. Times are those of the jobs.
    """
    asked = load_list_query(load_outcome_list)
    media_type = _choose(asked.format, (JSON, NDJSON, CSV))
    if media_type == JSON:
        page = msgspec.structs.asdict(asked.page)
        response = respond_page(current_rmos().store.outcome_lists.page(asked.query, **page))
    else:
        response = stream_outcomes(asked, media_type)
    response.headers["Vary"] = "Accept"
    return response


@bp.get("/outcomes/totals")
@operation(
    responses={
        200: ResponseSpec(
            "The totals.",
            OutcomeTotalsSchema,
            ("Cache-Control", "Vary"),
            "outcomes.totals",
            alternatives={CSV: _TEXT},
        )
    },
    problems=(NotAcceptable, *LISTS),
    query=OutcomeTotalsQuerySchema,
)
@requires("viewer")
def get_outcome_totals() -> Response:
    """Return what outcomes amount to: jobs, good parts, scrap, minutes, metres, the longest job.

    By tool each counts with its own minutes and metres, in every job in which it took part. Minutes and metres are
    those of the jobs of which they are known; `timed_jobs` and `measured_jobs` say how many.
    """
    asked = load_list_query(load_totals)
    totals = current_rmos().store.outcome_lists.totals(asked.query, asked.group_by)
    if _choose(asked.format, (JSON, CSV)) == JSON:
        response = respond_json(dump_totals(asked.group_by, totals))
    else:
        rows = [show_group(group) for group in totals]
        response = respond_table(rows, GROUP_COLUMNS, filename="outcome_totals.csv", bom=asked.bom)
    response.headers["Vary"] = "Accept"
    return response


def _choose(form: str | None, offered: tuple[str, ...]) -> str:
    if form is not None:
        return _MEDIA_TYPES[form]
    return choose_media_type(request.environ.get("HTTP_ACCEPT", ""), offered)
