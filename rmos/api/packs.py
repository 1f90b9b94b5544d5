"""`/api/rmos/runs/{id}/operator-pack`: what a person takes to the machine."""

from typing import Final

from flask import Response, request

from rmos import ids
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.files import AttachmentNotFound
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.programs import NotCovered, PackNotReady, StaleApproval
from rmos.errors.records import RunDeleted, RunNotFound, VersionConflict
from rmos.errors.request import PayloadTooLarge
from rmos.http.files import CONDITIONS, FILE_HEADERS, RANGE_HEADERS, ZIP, respond_zip
from rmos.http.routes import READS, Blueprint, Problems, ResponseSpec, operation
from rmos.services.packs.releasing import OperatorPack, OperatorPacks

bp = Blueprint("packs", __name__, url_prefix="/api/rmos", description="Operator packs: what is taken to a machine")

_OF_A_RUN: Final[Problems] = (RunNotFound, RunDeleted, AttachmentNotFound, VersionConflict, *READS)
_PROBLEMS: Final[Problems] = (
    PackNotReady,
    NotCovered,
    StaleApproval,
    PayloadTooLarge,
    PreconditionFailed,
    RangeNotSatisfiable,
    *_OF_A_RUN,
)
_BINARY: Final = {"type": "string", "format": "binary"}


@bp.get("/runs/<run_id>/operator-pack")
@operation(
    responses={
        200: ResponseSpec("The zip.", _BINARY, FILE_HEADERS, content_type=ZIP),
        206: ResponseSpec("A range of the zip.", _BINARY, RANGE_HEADERS, content_type=ZIP),
        304: ResponseSpec("The caller has it already.", headers=("ETag", "Cache-Control")),
    },
    problems=_PROBLEMS,
    headers=CONDITIONS,
)
@requires("operator")
def get_operator_pack(run_id: str) -> Response:
    """Return all that an operator needs at the machine: programs, setup sheet, drawing, tools, the record, digests.

    The gate is asked as for a program. The bytes follow from the run, its approval and its overrides: once taken they
    are the same for ever. Taking it leaves an event `released` on the run, once for each person and pack; HEAD and 304
    leave none. `sha256sum -c SHA256SUMS` checks what was unpacked.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    packs = OperatorPacks(rmos.store, rmos.engines, rmos.settings)
    pack = packs.make(run_id)
    response = _respond(pack)
    if request.method == "HEAD" or response.status_code == 304:
        return response
    released = packs.release(pack, actor=current_actor(), us=now_us)
    return response if released.sha256 == pack.sha256 else _respond(released)


def _respond(pack: OperatorPack) -> Response:
    return respond_zip(pack.data, filename=pack.filename, sha256=pack.sha256, ranges=True)
