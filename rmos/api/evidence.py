"""`/evidence/…` and `/api/rmos/evidence`: the log for other people's software, and what verifies a proof offline."""

from importlib import resources
from typing import Final

from flask import Response

from rmos.auth.roles import OPEN_WHERE_PUBLIC, requires
from rmos.context import current_rmos
from rmos.errors.evidence import EvidenceOff, NotLoggedYet
from rmos.errors.http import RouteNotFound
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.http.files import ZIP, make_disposition
from rmos.http.query import load_query
from rmos.http.responses import NO_STORE, respond_json
from rmos.http.routes import LISTS, READS, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.evidence import EvidenceSchema, ProofQuerySchema, dump_evidence
from rmos.services.evidence import make_proof
from rmos.services.evidence_pages import PublicLog
from rmos.tlog.note import parse_checkpoint

bp = Blueprint("evidence", __name__, description="Evidence: proof that a run was recorded and that none was removed")

_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_NO_CACHE: Final = "no-cache"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PROBLEMS: Final[Problems] = (EvidenceOff, *READS, *LISTS)
_BINARY: Final = {"type": "string", "format": "binary"}
_DOWNLOAD: Final = {
    200: ResponseSpec("The file.", _BINARY, ("Cache-Control", "Content-Disposition"), content_type=_BYTES)
}


@bp.get("/api/rmos/evidence")
@operation(
    responses={200: ResponseSpec("The log.", EvidenceSchema, ("Cache-Control",), "evidence.log")}, problems=_PROBLEMS
)
@requires("viewer")
def get_evidence() -> Response:
    """Return the state of the log at its last checkpoint."""
    log = PublicLog(current_rmos().store)
    note = log.checkpoint()
    return respond_json(
        dump_evidence(log.key(), parse_checkpoint(note.text), log.appended_at_utc(), note.encode()), cache=NO_STORE
    )


@bp.get("/api/rmos/runs/<run:run_id>/proof")
@operation(
    responses={
        200: ResponseSpec(
            "The files of the run with a proof of each, as a zip.",
            _BINARY,
            ("Cache-Control", "Content-Disposition"),
            content_type=ZIP,
        )
    },
    problems=(RunNotFound, RunDeleted, NotLoggedYet, *_PROBLEMS),
    query=ProofQuerySchema,
)
@requires("viewer")
def get_proof(run_id: str) -> Response:
    """Return what proves a run to somebody who has nothing of RMOS.

    The same question gives the same bytes. Whoever checks it needs the log's verifier key by another way.
    """
    size = load_query(ProofQuerySchema()).get("size")
    store = current_rmos().store
    saved = None if size is None else PublicLog(store).checkpoint_of(size)
    data = make_proof(store, run_id, saved)
    headers = {
        "Content-Disposition": make_disposition("attachment", f"{run_id}.proof.zip"),
        "Cache-Control": NO_STORE,
    }
    return Response(data, headers=headers, content_type=ZIP)


@bp.get("/evidence/checkpoint")
@operation(
    responses={200: ResponseSpec("The signed note.", {"type": "string"}, ("Cache-Control",), content_type=_TEXT)},
    problems=_PROBLEMS,
)
@requires(OPEN_WHERE_PUBLIC)
def get_checkpoint() -> Response:
    """Return the last checkpoint (C2SP tlog-checkpoint)."""
    return _respond(PublicLog(current_rmos().store).checkpoint().encode(), _TEXT, _NO_CACHE)


@bp.get("/evidence/keys")
@operation(
    responses={
        200: ResponseSpec("Verifier keys, one a line.", {"type": "string"}, ("Cache-Control",), content_type=_TEXT)
    },
    problems=_PROBLEMS,
)
@requires(OPEN_WHERE_PUBLIC)
def get_keys() -> Response:
    """Return the verifier keys in the order in which they signed (C2SP signed-note)."""
    return _respond(PublicLog(current_rmos().store).keys().encode(), _TEXT, _NO_CACHE)


@bp.get("/evidence/tile/<path:tile_name>")
@operation(
    responses={200: ResponseSpec("The hashes.", _BINARY, ("Cache-Control",), content_type=_BYTES)},
    problems=(RouteNotFound, *_PROBLEMS),
)
@requires(OPEN_WHERE_PUBLIC)
def get_tile(tile_name: str) -> Response:
    """Return a tile of the tree, or a bundle of entries as `entries/<N>` (C2SP tlog-tiles).

    One that is not full has its width in its name, as `0/001.p/17`.
    """
    return _respond(PublicLog(current_rmos().store).read(f"tile/{tile_name}"), _BYTES, _FOR_EVER)


@bp.get("/evidence/rmos_verify.py")
@operation(responses=_DOWNLOAD)
@requires(OPEN_WHERE_PUBLIC)
def get_verifier() -> Response:
    """Return the Python file, without dependencies, that verifies proofs and whole stores offline."""
    return _respond_verifier("rmos_verify.py")


@bp.get("/evidence/verify.html")
@operation(responses=_DOWNLOAD)
@requires(OPEN_WHERE_PUBLIC)
def get_verifier_page() -> Response:
    """Return the page that verifies proofs in a browser offline; it is saved, not shown."""
    return _respond_verifier("verify.html")


def _respond_verifier(name: str) -> Response:
    response = _respond((resources.files("rmos.verifier") / name).read_bytes(), _BYTES, _NO_CACHE)
    response.headers["Content-Disposition"] = make_disposition("attachment", name)
    return response


def _respond(data: bytes, content_type: str, cache: str) -> Response:
    return Response(data, headers={"Cache-Control": cache}, content_type=content_type)
