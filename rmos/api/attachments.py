"""`/api/rmos/runs/{id}/attachments` and `/api/rmos/attachments/{sha256}`: files of runs, provably unaltered."""

from collections.abc import Iterator
from typing import Final

from flask import Response, request

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound, ContentMismatch, DigestMismatch
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.programs import ProgramGated
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import BadBase64, BadForm
from rmos.errors.store import IndexRebuilding, IndexUnavailable, RecordDamaged
from rmos.http.files import BYTES, CONDITIONS, respond_blob
from rmos.http.json_body import read_object
from rmos.http.multipart import Form
from rmos.http.programs import find_open_blob, open_by_digest
from rmos.http.responses import IMMUTABLE, NO_STORE, prefix_path, respond_json
from rmos.http.routes import FORM, READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.attachments import (
    ATTACH_FORM,
    AttachedSchema,
    AttachmentsSchema,
    AttachRequestSchema,
    JsonUpload,
    RunVerificationSchema,
    dump_attached,
    dump_attachments,
    dump_verification,
    load_form,
)
from rmos.services.files.attachments import Declared, FileLimits, attach_file
from rmos.services.programs.doors import make_download_name
from rmos.store.naming import list_named_blobs

bp = Blueprint(
    "attachments", __name__, url_prefix="/api/rmos", description="Attachments: files of runs, provably unaltered"
)

_ON_INDEX: Final[Problems] = (IndexRebuilding, IndexUnavailable)
_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)


class FormUpload:
    """A file that comes as a form."""

    def __init__(self, limit_bytes: int) -> None:
        self._form = Form(limit_bytes)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, and read the rest of the form."""
        return self._form.chunks()

    def declared(self) -> Declared:
        """Return what the form declares of them."""
        return load_form(self._form.fields, self._form.filename, self._form.content_type)


@bp.post("/runs/<run_id>/attachments")
@operation(
    responses={
        201: ResponseSpec(
            "The file was attached.", AttachedSchema, ("Location", "Cache-Control"), "attachments.attached"
        ),
        200: ResponseSpec(
            "The run names these bytes already.", AttachedSchema, ("Location", "Cache-Control"), "attachments.attached"
        ),
    },
    problems=(BadBase64, BadForm, DigestMismatch, ContentMismatch, VersionConflict, *_OF_A_RUN, *WRITES),
    body=AttachRequestSchema,
    example="attachments.upload",
    form=ATTACH_FORM,
)
@requires("recorder")
def attach(run_id: str) -> Response:
    """Attach a file to a run.

    Small files come within JSON; files of any size come as a form, `curl -F kind=photo -F file=@top.png …`, and are
    hashed while they are written. What breaks off or is not what it was declared to be leaves nothing behind. The same
    bytes again are a success and write nothing.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    limits = FileLimits.of(rmos.settings)
    upload = FormUpload(limits.file_bytes) if request.mimetype == FORM else JsonUpload(read_object())
    attached = attach_file(rmos.store, run_id, upload, limits=limits, actor=current_actor(), us=now_us)
    headers = {"Location": prefix_path(f"/api/rmos/runs/{run_id}/attachments/{attached.sha256}")}
    status = 201 if attached.made else 200
    return respond_json(dump_attached(attached), status=status, headers=headers)


@bp.get("/runs/<run_id>/attachments")
@operation(
    responses={200: ResponseSpec("The attachments.", AttachmentsSchema, ("Cache-Control",), "attachments.list")},
    problems=_OF_A_RUN,
)
@requires("viewer")
def list_attachments(run_id: str) -> Response:
    """Return what files a run has, in the order in which they were attached."""
    view = current_rmos().store.runs.record(run_id).view()
    return respond_json(dump_attachments(view))


@bp.get("/runs/<run_id>/attachments/verify")
@operation(
    responses={
        200: ResponseSpec("The verdict.", RunVerificationSchema, ("Cache-Control",), "attachments.verification")
    },
    problems=_OF_A_RUN,
)
@requires("viewer")
def verify_attachments(run_id: str) -> Response:
    """Hash each file that a run names again and say whether it is whole."""
    store = current_rmos().store
    named = list_named_blobs(store.runs.record(run_id).view())
    body = dump_verification(run_id, [store.blobs.verify(sha256) for sha256 in named])
    return respond_json(body, cache=NO_STORE)


@bp.get("/runs/<run_id>/attachments/<sha256>")
@operation(
    responses=BYTES,
    problems=(AttachmentNotFound, ProgramGated, *_ON_INDEX, PreconditionFailed, RangeNotSatisfiable, *_OF_A_RUN),
    headers=CONDITIONS,
)
@requires("viewer")
def download_attachment(run_id: str, sha256: str) -> Response:
    """Return the bytes of a file that the run names; a program that a session covers leaves at its own address."""
    store = current_rmos().store
    named = find_open_blob(store, run_id, sha256)
    return respond_blob(store.blobs.open(named.sha256), mime=named.mime, filename=make_download_name(named))


@bp.get("/attachments/<sha256>")
@operation(
    responses=BYTES,
    problems=(
        *(AttachmentNotFound, ProgramGated, PreconditionFailed, RangeNotSatisfiable, RecordDamaged),
        *_ON_INDEX,
        *READS,
    ),
    headers=CONDITIONS,
)
@requires("viewer")
def download_blob(sha256: str) -> Response:
    """Return the bytes under a digest, whichever run names them; a program that a session covers is not among them."""
    blob = open_by_digest(current_rmos().store, sha256)
    return respond_blob(blob, mime=None, filename=None, cache=IMMUTABLE)
