"""`/rosettes`: the rosettes that were recorded, newest first, each with its drawing."""

from typing import Final

import msgspec
from flask import Blueprint, Response

from rmos.auth.guard import current_caller
from rmos.auth.roles import RANKS, requires
from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.errors.store import RecordUnavailable, StorageFailed
from rmos.http.query import read_query
from rmos.rosette.interpret import EXAMPLES
from rmos.rosette.spec import decode_spec, mm_text
from rmos.rosette.wording import title
from rmos.row_models import RunQuery
from rmos.schemas.lists import load_list
from rmos.services.files.media_types import SVG
from rmos.services.rosettes.recorder import EVENT_TYPE
from rmos.services.rosettes.records import read_rosette
from rmos.store import Store
from rmos.store.naming import list_named_blobs
from rmos.web.run_filters import query_of
from rmos.web.runs import ListedRun, read_runs
from rmos.web.shell import render_page
from rmos.web.studio_query import LONGEST_PROMPT, StudioQuery

bp = Blueprint("rosettes_page", __name__)

_ON_A_PAGE: Final = 24


class RosetteCard(msgspec.Struct, frozen=True):
    """A recorded rosette: its run, its name, its width, the sentence, the digest of its drawing."""

    run: ListedRun
    title: str
    width: str = ""
    prompt: str = ""
    drawing_sha256: str | None = None
    is_rosette: bool = False


@bp.get("/rosettes")
@requires("viewer")
def list_rosettes() -> Response:
    """Show a page of recorded rosettes."""
    parameters, store = read_query(), current_rmos().store
    listed = load_list({**parameters, "event_type": [EVENT_TYPE], "limit": [str(_ON_A_PAGE)]})
    page = store.runs.page(RunQuery(event_type=EVENT_TYPE), limit=_ON_A_PAGE, cursor=listed.page.cursor)
    return render_page(
        "rosettes.html",
        here="rosettes",
        cards=[_read_card(store, run) for run in read_runs(page.text)],
        may_draw=RANKS[current_caller().role] >= RANKS["recorder"],
        examples=[(example, StudioQuery(prompt=example).query()) for example in EXAMPLES],
        longest_prompt=LONGEST_PROMPT,
        is_first="cursor" not in parameters,
        older_query=None if page.next_cursor is None else query_of({}, cursor=page.next_cursor),
    )


def _read_card(store: Store, run: ListedRun) -> RosetteCard:
    """Return the card of a run; one that cannot be read keeps its place, and its own page says why."""
    try:
        view = store.runs.record(run.run_id).view()
        recorded = read_rosette(view.artifact)
        spec = decode_spec(recorded.spec)
    except (RmosError, msgspec.MsgspecError) as error:
        if isinstance(error, StorageFailed) and not isinstance(error, RecordUnavailable):
            raise  # nothing is known of any run just now
        return RosetteCard(run, "A rosette that cannot be read")
    drawings = [named.sha256 for named in list_named_blobs(view).values() if named.mime == SVG]
    prompt = recorded.request.get("prompt")
    return RosetteCard(
        run,
        title(spec).removeprefix("Rosette: "),
        f"{mm_text(spec.width)} mm wide",
        prompt if isinstance(prompt, str) else "",
        drawings[0] if drawings else None,
        is_rosette=True,
    )
