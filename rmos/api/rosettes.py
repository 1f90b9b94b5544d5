"""`/api/rmos/rosettes`: from a sentence to drawings that are recorded and evaluated."""

from typing import Final

from flask import Response

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import SvgRefused
from rmos.errors.http import PreconditionFailed, RouteNotFound
from rmos.errors.installation import ExtraMissing
from rmos.errors.records import RosetteNotFound, RunDeleted, RunNotFound
from rmos.errors.request import BadHeader, IdempotencyKeyReused, PromptEmpty
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionNotFound
from rmos.http.conditions import apply_conditions
from rmos.http.files import CSP, make_disposition
from rmos.http.json_body import read_object
from rmos.http.recording import read_idempotency, respond_recorded
from rmos.http.responses import PRIVATE
from rmos.http.routes import READS, WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.rosettes import RosetteRequestSchema, RosetteSchema, RosettesSchema, dump_rosettes, load_rosette
from rmos.services.rosettes.outputs import OUTPUTS, make_output
from rmos.services.rosettes.recorder import record_rosettes

bp = Blueprint(
    "rosettes", __name__, url_prefix="/api/rmos/rosettes", description="Rosettes: from a sentence to a drawing"
)

MAX_BODY_BYTES: Final = 256 * 1024
"""A spec of 40 rings with bitmaps has about 40 kB, a prompt at most 10."""
_SCHEMA: Final = {"oneOf": [RosetteSchema, RosettesSchema]}
_HEADERS: Final = ("Location", "Cache-Control")


@bp.post("")
@operation(
    responses={
        201: ResponseSpec(
            "The variant, or `variants` when several were requested.", _SCHEMA, _HEADERS, "rosettes.rosette"
        ),
        200: ResponseSpec(
            "What an earlier request with this Idempotency-Key made.",
            _SCHEMA,
            (*_HEADERS, "Idempotency-Replayed"),
            "rosettes.rosette",
        ),
    },
    problems=(
        PromptEmpty,
        BadHeader,
        IdempotencyKeyReused,
        SessionNotFound,
        SessionDeleted,
        RecordDamaged,
        SvgRefused,
        *WRITES,
    ),
    body=RosetteRequestSchema,
    example="rosettes.request",
    headers=("Idempotency-Key",),
    max_body_bytes=MAX_BODY_BYTES,
)
@requires("recorder")
def create_rosettes() -> Response:
    """Draw a rosette, evaluate its cuts and record it: a run for each variant, with the drawing attached.

    Begin with a prompt, with a spec, or with the rosette of an earlier run; a prompt beside one of the last two changes
    it. The same request with the same seed gives the same drawing, to the byte. A rosette that cannot be made is
    recorded as well, as BLOCKED. The decision is that of the worst cut; it is never the client's.
    """
    now_us = ids.now_us()
    body = read_object()
    idempotency = read_idempotency(body)
    request = load_rosette(body)
    rmos = current_rmos()
    made = record_rosettes(
        rmos.store,
        rmos.engines,
        rmos.interpreter,
        request,
        actor=current_actor(),
        us=now_us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    return respond_recorded(dump_rosettes(made), made[0].run_id, replayed=made[0].replayed)


@bp.get("/<run_id>/<output>")
@operation(
    responses={
        200: ResponseSpec(
            "The file.",
            {},
            ("ETag", "Cache-Control", "Content-Disposition", "Content-Security-Policy"),
            content_type="*/*",
        ),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(RunNotFound, RunDeleted, RosetteNotFound, RouteNotFound, PreconditionFailed, ExtraMissing, *READS),
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def get_rosette_output(run_id: str, output: str) -> Response:
    """Return a file made of a recorded rosette: the glue-up plan, what a machine cuts, a picture, the spec.

    `plan.svg` and `plan.html` are column stacks, logs, blocks and the cutting list at full size on A4; `cam.svg` and
    `cam.dxf` have the contours in millimetres; `drawing.png` takes the extra `png`; `spec.json` is what another rosette
    can begin with. They follow from the recorded spec, the same bytes each time.
    """
    name = next((known for known in OUTPUTS if known == output), None)
    if name is None:
        raise RouteNotFound(f"A rosette has no such file; there are {', '.join(OUTPUTS)}.")
    made = make_output(current_rmos().store, run_id, name)
    response = Response(made.data, content_type=made.mime)
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Content-Disposition"] = make_disposition("attachment", made.filename)
    return apply_conditions(response, made.sha256)
