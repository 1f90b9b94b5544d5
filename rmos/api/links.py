"""`/api/rmos/links`: signed links to files, for those who have no token."""

from typing import Final

from flask import Response, request

from rmos import ids
from rmos.auth.guard import current_guard
from rmos.auth.roles import OPEN, requires
from rmos.context import current_rmos
from rmos.errors.callers import LinkExpired, LinkInvalid
from rmos.errors.files import AttachmentNotFound
from rmos.errors.http import PreconditionFailed, RangeNotSatisfiable
from rmos.errors.programs import ProgramGated
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import IndexRebuilding, IndexUnavailable
from rmos.http.files import BYTES, CONDITIONS, respond_blob
from rmos.http.json_body import read_object
from rmos.http.responses import prefix_path, respond_json
from rmos.http.routes import READS, WRITES, Blueprint, Problems, ResponseSpec, operation
from rmos.schemas.links import LinksRequestSchema, LinksSchema, dump_links, load_links
from rmos.services.files.links import METHODS, make_links, open_link

bp = Blueprint("links", __name__, url_prefix="/api/rmos/links", description="Links: files for those without a token")

_OF_A_LINK: Final[Problems] = (
    *(LinkInvalid, LinkExpired, RunNotFound, RunDeleted, AttachmentNotFound, ProgramGated),
    *(IndexRebuilding, IndexUnavailable),
)


@bp.post("")
@operation(
    responses={200: ResponseSpec("The links.", LinksSchema, ("Cache-Control",), "links.links")},
    problems=(IndexRebuilding, IndexUnavailable, *READS, *WRITES),
    body=LinksRequestSchema,
    example="links.request",
)
@requires("recorder")
def sign_links() -> Response:
    """Sign links to files of runs, each for one file and for a while.

    What cannot be linked is skipped and counted by its reason. A link ends early when its run is deleted.
    """
    now_us = ids.now_us()
    requests, ttl_s = load_links(read_object())
    links, skipped = make_links(current_rmos().store, requests, ttl_s=ttl_s, sign=current_guard().links.sign, us=now_us)
    return respond_json(dump_links(links, skipped, folder=prefix_path("/api/rmos/links")))


@bp.get("/<token>")
@operation(responses=BYTES, problems=(PreconditionFailed, RangeNotSatisfiable, *_OF_A_LINK, *READS), headers=CONDITIONS)
@requires(OPEN)
def follow_link(token: str) -> Response:
    """Return the file that a link is for, to whoever holds it."""
    link = current_guard().links.read(token, ids.now_us())
    if request.method not in METHODS[link.scope]:
        raise LinkInvalid(f"The link is good for {' and '.join(METHODS[link.scope])} only.")
    blob, named = open_link(current_rmos().store, link)
    return respond_blob(blob, mime=named.mime, filename=link.filename)
