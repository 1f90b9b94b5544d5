"""`/api/rmos/bundles`: runs as one file, given to another shop and taken from one."""

from typing import Final

from flask import Response, request

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.bundles import BundleConflict, BundleEmpty, BundleRefused
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.request import BadForm, PayloadTooLarge
from rmos.errors.store import IndexRebuilding, IndexUnavailable, StoreLocked
from rmos.errors.workflow import SessionNotFound
from rmos.http.conditions import apply_conditions
from rmos.http.files import ZIP, make_disposition
from rmos.http.multipart import Form
from rmos.http.query import load_list_query
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.bundles import (
    BUNDLE_FORM,
    BundleQuerySchema,
    ImportedBundleSchema,
    check_fields,
    dump_imported,
    load_scope,
)
from rmos.services.gates import GatePolicy
from rmos.services.program_release import ProgramGate
from rmos.transfer.bundles.making import plan_bundle
from rmos.transfer.bundles.receiving import import_bundle, working_folder
from rmos.transfer.bundles.withholding import Withhold, make_withhold, withhold_nothing

bp = Blueprint("bundles", __name__, url_prefix="/api/rmos", description="Bundles: runs as one file for another shop")

_BINARY: Final = {"type": "string", "format": "binary"}


@bp.get("/bundles")
@operation(
    responses={
        200: ResponseSpec("The bundle.", _BINARY, ("ETag", "Cache-Control", "Content-Disposition"), content_type=ZIP),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(
        *(RunNotFound, RunDeleted, SessionNotFound, BundleEmpty, PayloadTooLarge, PreconditionFailed),
        *(IndexRebuilding, IndexUnavailable),
        *READS,
    ),
    query=BundleQuerySchema,
    headers=("If-None-Match", "If-Match"),
)
@requires("operator")
def get_bundle() -> Response:
    """Return runs with all that belongs to them as one file: of a session, from a moment on, or some by their ids.

    The same record and the same scope give the same bytes; `manifest.json` in it has the digest of each member and what
    was left out. Programs that a session covers go along while their gate lets them out; for an admin all do.
    """
    rmos, scope = current_rmos(), load_list_query(load_scope)
    withhold: Withhold = withhold_nothing
    if current_actor().role != "admin":
        withhold = make_withhold(rmos.store, ProgramGate(rmos.store, rmos.engines, GatePolicy.of(rmos.settings)))
    planned = plan_bundle(rmos.store, scope, withhold)
    response = Response(content_type=ZIP)
    response.headers["Cache-Control"] = NO_STORE
    name = scope.session_id or (scope.run_ids[0] if scope.run_ids else "runs")
    response.headers["Content-Disposition"] = make_disposition("attachment", f"{name}.bundle.zip")
    apply_conditions(response, planned.etag)
    if request.method != "HEAD" and response.status_code != 304:
        response.response = planned.write()
    return response


@bp.post("/bundles")
@operation(
    responses={200: ResponseSpec("All of it is here.", ImportedBundleSchema, ("Cache-Control",), "bundles.imported")},
    problems=(
        *(BundleRefused, BundleConflict, BadForm, PayloadTooLarge, StoreLocked, IndexRebuilding, IndexUnavailable),
        *WRITES,
    ),
    form=BUNDLE_FORM,
)
@requires("admin")
def take_bundle() -> Response:
    """Take in a bundle that another shop has made, as a whole or not at all: `curl -F file=@job.zip …`.

    All of it is checked before the first object is made. One that is not whole is refused, its bytes are kept in
    quarantine, and an audit record says why. What is here already with other bytes is named in `ids`, and nothing comes
    in. Sent again it brings nothing new.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    limit_bytes = rmos.settings.max_bundle_bytes
    form = Form(limit_bytes)
    report = import_bundle(
        rmos.store,
        form.chunks(),
        folder=working_folder(rmos.settings),
        actor=current_actor(),
        us=now_us,
        max_bytes=limit_bytes,
        accept=lambda: check_fields(form.fields),
    )
    return respond_json(dump_imported(report), cache=NO_STORE)
