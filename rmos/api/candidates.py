"""`/api/rmos/runs/{id}/manufacturing/candidates`: what of a run may be made, and what operators decide on it."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.http import PreconditionFailed
from rmos.errors.programs import NotCovered, PackNotReady, StaleApproval
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.errors.workflow import AboveDecision, CandidateNotFound, CandidateNotGreen
from rmos.http.files import ZIP, respond_zip
from rmos.http.json_body import read_object
from rmos.http.responses import respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.candidates import (
    BulkDecisionsSchema,
    CandidateResultsSchema,
    CandidatesSchema,
    DecidedSchema,
    DecisionRequestSchema,
    dump_candidates,
    dump_decided,
    dump_decision_results,
    load_decision,
    load_decisions,
)
from rmos.services.candidate_zips import build_candidate_zip
from rmos.services.candidates import decide_candidate, decide_candidates
from rmos.services.gates import GatePolicy

bp = Blueprint(
    "candidates",
    __name__,
    url_prefix="/api/rmos/runs/<run_id>/manufacturing/candidates",
    description="Manufacturing candidates: what of a run may be made",
)

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_LEAVING: Final[Problems] = (CandidateNotGreen, NotCovered, StaleApproval, PackNotReady, PayloadTooLarge)


@bp.get("")
@operation(
    responses={200: ResponseSpec("The candidates.", CandidatesSchema, ("Cache-Control",), "candidates.list")},
    problems=_OF_A_RUN,
)
@requires("viewer")
def list_candidates(run_id: str) -> Response:
    """Return the candidates of a run, its promoted drawings and its programs, with what was decided on each."""
    return respond_json(dump_candidates(current_rmos().store.runs.record(run_id)))


@bp.post("/<candidate_id>/decision")
@operation(
    responses={
        200: ResponseSpec("The candidate as it stands now.", DecidedSchema, ("Cache-Control",), "candidates.decided")
    },
    problems=(CandidateNotFound, AboveDecision, VersionConflict, *_OF_A_RUN, *WRITES),
    body=DecisionRequestSchema,
    example="candidates.decision",
)
@requires("operator")
def decide_on_candidate(run_id: str, candidate_id: str) -> Response:
    """Decide on a candidate: GREEN, YELLOW or RED, with a note; null withdraws what was decided.

    It is never better than the server's decision on the run. Earlier decisions stay in the history.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    asked = load_decision(candidate_id, read_object())
    return respond_json(dump_decided(decide_candidate(rmos.store, run_id, asked, actor=current_actor(), us=now_us)))


@bp.get("/<candidate_id>/download-zip")
@operation(
    responses={
        200: ResponseSpec(
            "The zip.",
            {"type": "string", "format": "binary"},
            ("ETag", "Cache-Control", "Content-Digest", "Content-Disposition", "Content-Security-Policy"),
            content_type=ZIP,
        ),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(CandidateNotFound, AttachmentNotFound, PreconditionFailed, *_LEAVING, *_OF_A_RUN),
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def download_candidate(run_id: str, candidate_id: str) -> Response:
    """Return a candidate that is GREEN as a zip with what was decided on it, and `SHA256SUMS`.

    A program passes its gate as well, which is asked each time.
    """
    rmos = current_rmos()
    policy = GatePolicy.of(rmos.settings)
    made = build_candidate_zip(rmos.store, rmos.engines, policy, run_id, candidate_id)
    return respond_zip(made.data, filename=made.filename, sha256=made.sha256)


@bp.post("/bulk")
@operation(
    responses={
        200: ResponseSpec("The result of each.", CandidateResultsSchema, ("Cache-Control",), "candidates.results")
    },
    problems=(*_OF_A_RUN, *WRITES),
    body=BulkDecisionsSchema,
    example="candidates.bulk",
)
@requires("operator")
def decide_on_candidates(run_id: str) -> Response:
    """Decide on 1 to 100 candidates; each stands for itself, and the response has the result of each."""
    now_us, rmos = ids.now_us(), current_rmos()
    asked = load_decisions(read_object())
    results = decide_candidates(rmos.store, run_id, asked, actor=current_actor(), us=now_us)
    return respond_json(dump_decision_results(results))
