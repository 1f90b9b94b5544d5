"""`/api/rmos/programs`, `…/runs/{id}/programs` and `/api/rmos/dialects`: what a machine runs, judged and let out."""

import re
from collections.abc import Iterator
from typing import Final

from flask import Response, request

from rmos import digest, ids
from rmos.auth.roles import requires
from rmos.cam.dialects import load_dialects
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.programs import NoMotion, NotCovered, ProgramArchive, ProgramNotDrawn, ProgramNotFound, StaleApproval
from rmos.errors.records import EngineNotFound, RunDeleted, RunNotFound
from rmos.errors.request import BadForm, BadHeader, IdempotencyKeyReused, PayloadTooLarge
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import SessionDeleted, SessionNotFound
from rmos.http.conditions import apply_conditions
from rmos.http.files import BYTES, CONDITIONS, CSP, respond_blob
from rmos.http.json_body import read_object
from rmos.http.multipart import Form
from rmos.http.query import load_query
from rmos.http.recording import read_idempotency, respond_recorded
from rmos.http.responses import NO_STORE, PRIVATE, respond_json
from rmos.http.routes import FORM, READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.programs import (
    PROGRAM_FORM,
    DialectsSchema,
    ProgramCheckedSchema,
    ProgramPictureSchema,
    ProgramRequestSchema,
    ProgramsSchema,
    dump_dialects,
    dump_program_checked,
    dump_programs,
    load_program,
    load_program_form,
)
from rmos.services.gates import GatePolicy
from rmos.services.program_checks import check_sent_program
from rmos.services.program_pictures import draw_recorded, tag_picture
from rmos.services.program_release import ProgramGate

bp = Blueprint("programs", __name__, url_prefix="/api/rmos", description="Programs: what a machine runs")

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_SVG: Final = "image/svg+xml"
_PICTURE_HEADERS: Final = ("ETag", "Cache-Control", "Content-Security-Policy")


@bp.post("/programs")
@operation(
    responses={
        201: ResponseSpec(
            "The program was checked and the run recorded.",
            ProgramCheckedSchema,
            ("Location", "Cache-Control"),
            "programs.checked",
        ),
        200: ResponseSpec(
            "The program was checked and nothing recorded; or what an earlier request with this Idempotency-Key made.",
            ProgramCheckedSchema,
            ("Location", "Idempotency-Replayed", "Cache-Control"),
            "programs.checked",
        ),
    },
    problems=(
        *(BadHeader, IdempotencyKeyReused, BadForm, PayloadTooLarge, NoMotion, ProgramArchive),
        *(EngineNotFound, SessionNotFound, SessionDeleted, RecordDamaged),
        *WRITES,
    ),
    body=ProgramRequestSchema,
    example="programs.request",
    form=PROGRAM_FORM,
    headers=("Idempotency-Key",),
)
@requires("recorder")
def check_program_file() -> Response:
    """Check a program that a CAM posted: read, measure, and evaluate each of its cuts.

    It comes as JSON, or as a form: `curl -F file=@ring.nc -F 'tools={"1":"em-3175-2f"}' -F material_id=sitka_spruce
    -F 'stock={"thickness_mm":3}'`. The worst cut decides, with its line and the rule that it breaks. The run is
    recorded whatever comes of it, and the file is one of its attachments. What nobody understands is UNKNOWN. With an
    `Idempotency-Key` a program that is sent again makes no second run.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    limit_bytes = rmos.settings.max_program_bytes
    if request.mimetype == FORM:
        form = Form(limit_bytes)
        data = b"".join(_take(form, limit_bytes))
        idempotency = read_idempotency(
            {"fields": form.fields, "filename": form.filename, "sha256": digest.sha256_hex(data)}
        )
        asked = load_program_form(form.fields, data, form.filename)
    else:
        body = read_object()
        idempotency = read_idempotency(body)
        asked = load_program(body, limit_bytes=limit_bytes)
    done = check_sent_program(
        rmos.store,
        rmos.engines,
        asked,
        actor=current_actor(),
        us=now_us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        idempotency=idempotency,
    )
    shown = dump_program_checked(done)
    if done.recorded is None:
        return respond_json(shown)
    return respond_recorded(shown, done.recorded.run_id, replayed=done.recorded.replayed)


def _take(form: Form, limit_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of the file of a form, as long as it is no larger than a program may be."""
    size = 0
    for chunk in form.chunks():
        size += len(chunk)
        if size > limit_bytes:
            raise PayloadTooLarge(f"A program may have {limit_bytes} bytes.", limit_bytes=limit_bytes)
        yield chunk


@bp.get("/runs/<run_id>/programs")
@operation(
    responses={200: ResponseSpec("The programs.", ProgramsSchema, ("Cache-Control",), "programs.list")},
    problems=_OF_A_RUN,
)
@requires("viewer")
def list_programs(run_id: str) -> Response:
    """Return the programs of a run, each with whether it leaves now, else why not."""
    gate = _make_gate()
    return respond_json(dump_programs(run_id, gate.list_programs(run_id)), cache=NO_STORE)


@bp.get("/runs/<run_id>/programs/<number>")
@operation(
    responses=BYTES,
    problems=(
        *(ProgramNotFound, NotCovered, StaleApproval, AttachmentNotFound, PreconditionFailed, RangeNotSatisfiable),
        *_OF_A_RUN,
    ),
    headers=CONDITIONS,
)
@requires("viewer")
def download_program(run_id: str, number: str) -> Response:
    """Return the bytes of a program that a session covers, when all that it rests on still holds.

    They leave here and in the run's pack, and both ask each time: the session stands by just these bytes, design
    and context are those that were approved, the engine and the shop's tables say the same of them, an override is not
    over, and the reader measures them alike. Else 409 NOT_COVERED, or STALE_APPROVAL with what has changed.
    """
    blob, named = _make_gate().open_program(run_id, int(number) if _NUMBER.fullmatch(number) else 0)
    return respond_blob(blob, mime=named.mime, filename=named.filename, cache=NO_STORE)


@bp.get("/runs/<run_id>/program.svg")
@operation(
    responses={
        200: ResponseSpec("The picture.", {"type": "string"}, _PICTURE_HEADERS, content_type=_SVG),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(
        *(ProgramNotFound, ProgramNotDrawn, AttachmentNotFound, PayloadTooLarge, PreconditionFailed),
        *_OF_A_RUN,
    ),
    query=ProgramPictureSchema,
    headers=("If-None-Match", "If-Match"),
)
@requires("viewer")
def draw_program_of_run(run_id: str) -> Response:
    """Return a program of a run from above: cuts coloured by depth, rapids dashed, the worst line marked."""
    rmos, number = current_rmos(), load_query(ProgramPictureSchema())["number"]
    response = Response(content_type=_SVG)
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Content-Security-Policy"] = CSP
    apply_conditions(response, tag_picture(rmos.store, run_id, number))
    if response.status_code != 304:  # what the caller has already is not drawn again
        response.set_data(draw_recorded(rmos.store, run_id, number, max_bytes=rmos.settings.max_program_bytes))
    return response


@bp.get("/dialects")
@operation(responses={200: ResponseSpec("The dialects.", DialectsSchema, ("Cache-Control",), "programs.dialects")})
@requires("viewer")
def list_dialects() -> Response:
    """Return the controllers that a program can be held against, and the words that each takes."""
    return respond_json(dump_dialects(load_dialects()))


def _make_gate() -> ProgramGate:
    rmos = current_rmos()
    return ProgramGate(rmos.store, rmos.engines, GatePolicy.of(rmos.settings))
