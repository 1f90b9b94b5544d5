"""`/api/rmos/runs/{id}/advisory/blobs`: the files that a run names, to look at, save one by one or all at once.

Nothing is given through a run but what that run itself names. Only a drawing that the gate lets through is shown in the
browser; its bytes are those that were stored, or none.
"""

import itertools
from typing import Final

from flask import Response, request

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.files import AttachmentNotFound, SvgBlocked
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.programs import ProgramGated
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import IndexRebuilding, IndexUnavailable
from rmos.http.files import BYTES, CONDITIONS, CSP, FILE_HEADERS, RANGE_HEADERS, ZIP, respond_blob
from rmos.http.programs import find_open_blob
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import READS, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.advisories import NamedBlobsSchema, PreviewStatusSchema, dump_named_blobs, dump_preview
from rmos.services.files.archive import archive
from rmos.services.files.previews import find_preview, open_preview
from rmos.services.programs.doors import make_download_name
from rmos.store.attachments import SVG
from rmos.store.naming import find_named_blob

bp = Blueprint(
    "blobs",
    __name__,
    url_prefix="/api/rmos/runs/<run_id>/advisory/blobs",
    description="Blobs: the files that a run names, shown or handed over",
)

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, *READS)
_OF_A_FILE: Final[Problems] = (AttachmentNotFound, ProgramGated, IndexRebuilding, IndexUnavailable, *_OF_A_RUN)


@bp.get("")
@operation(
    responses={200: ResponseSpec("The files.", NamedBlobsSchema, ("Cache-Control",), "blobs.list")}, problems=_OF_A_RUN
)
@requires("viewer")
def list_blobs(run_id: str) -> Response:
    """Return the files that a run names, attachments first."""
    view = current_rmos().store.runs.record(run_id).view()
    return respond_json(dump_named_blobs(view))


@bp.get("/<sha256>/download")
@operation(responses=BYTES, problems=(PreconditionFailed, RangeNotSatisfiable, *_OF_A_FILE), headers=CONDITIONS)
@requires("viewer")
def download_advisory_blob(run_id: str, sha256: str) -> Response:
    """Return the bytes of a file, to be saved."""
    store = current_rmos().store
    named = find_open_blob(store, run_id, sha256)
    return respond_blob(store.blobs.open(named.sha256), mime=named.mime, filename=make_download_name(named))


@bp.get("/<sha256>/preview/svg")
@operation(
    responses={
        200: ResponseSpec("The drawing.", {"type": "string"}, FILE_HEADERS, content_type=SVG),
        206: ResponseSpec("A range of its bytes.", {"type": "string"}, RANGE_HEADERS, content_type=SVG),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=(SvgBlocked, PreconditionFailed, RangeNotSatisfiable, *_OF_A_FILE),
    headers=CONDITIONS,
)
@requires("viewer")
def preview_svg(run_id: str, sha256: str) -> Response:
    """Show a drawing, for an `<img>`, when nothing in it can run or load anything; else say what stands in the way."""
    store = current_rmos().store
    named = find_open_blob(store, run_id, sha256)
    name = named.filename or named.title
    return respond_blob(open_preview(store, named), mime=SVG, filename=name, inline=True)


@bp.get("/<sha256>/preview/status")
@operation(
    responses={200: ResponseSpec("The verdict.", PreviewStatusSchema, ("Cache-Control",), "blobs.preview_status")},
    problems=(AttachmentNotFound, *_OF_A_RUN),
)
@requires("viewer")
def preview_status(run_id: str, sha256: str) -> Response:
    """Say whether a file can be shown, else why not, and what can be done with it."""
    store = current_rmos().store
    named = find_named_blob(store.runs.record(run_id).view(), sha256)
    body = dump_preview(run_id, sha256, find_preview(store, named))
    return respond_json(body, cache=NO_STORE)


@bp.get("/download-all.zip")
@operation(
    responses={
        200: ResponseSpec(
            "The zip.", {}, ("Cache-Control", "Content-Disposition", "Content-Security-Policy"), content_type=ZIP
        )
    },
    problems=(IndexRebuilding, IndexUnavailable, *_OF_A_RUN),
)
@requires("viewer")
def download_all(run_id: str) -> Response:
    """Return all files of a run as a zip, with a manifest of their digests and of what had to be left out.

    The same run gives the same bytes. They are streamed, so their length is not known when they begin.
    """
    rmos = current_rmos()
    view = rmos.store.runs.record(run_id).view()
    headers = {
        "Content-Disposition": f'attachment; filename="{run_id}.zip"',
        "Content-Security-Policy": CSP,
    }
    if request.method == "HEAD":
        return Response(iter(()), headers=headers, content_type=ZIP)  # an iterator, so that no length is claimed
    pieces = archive(rmos.store, view, max_bytes=rmos.settings.max_run_attachments_bytes)
    first = next(pieces)  # a disk that does not give it is told as a problem; later on the answer only breaks off
    return Response(itertools.chain([first], pieces), headers=headers, content_type=ZIP)
