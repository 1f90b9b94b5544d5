"""Which files of runs are programs that leave at their own address only, and what the others are called.

    is_gated(store, view, named)         # a program that a session covers: it leaves through the gate alone
    make_download_name(named)            # "NOT_RELEASED_ring.nc": what somebody sent, and nobody approved

What somebody uploaded they get back, under a name that says so. By its digest alone nobody gets a program that any
session covers: not from the store, and not through a run that only names it, as advice or as what it would cut.
"""

import re
from typing import Final, NamedTuple

import msgspec

from rmos.errors.files import AttachmentNotFound
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.models import TOOLPATHS, RunView
from rmos.row_models import RunQuery
from rmos.services.programs.keeping import BY_DIGEST, GCODE_INPUT
from rmos.store import Store
from rmos.store.naming import GCODE, NamedBlob, list_gated, list_named_blobs

NOT_RELEASED: Final = "NOT_RELEASED_"
_ADVISORY: Final = "advisory"
_HEAD_BYTES: Final = 4096
_AT_ONCE: Final = 100
_MADE: Final = re.compile(r"\(RMOS program [0-9]+:", re.IGNORECASE)
_SESSION: Final = re.compile(r"\(session (ws_[0-9a-f]{12,32})\)", re.IGNORECASE)
"""In the head of a program that RMOS made."""
_PARTS: Final = re.compile(r"[/\\]")


def list_programs_of(view: RunView) -> list[NamedBlob]:
    """Return all programs of a run: those that leave, then those that somebody sent."""
    gated = list_gated(view)
    known = {named.sha256 for named in gated}
    sent = [named for named in list_named_blobs(view).values() if named.kind == GCODE_INPUT]
    return [*gated, *(named for named in sent if named.sha256 not in known)]


def is_gated(store: Store, view: RunView, named: NamedBlob) -> bool:
    """Tell whether a file of a run leaves through the gate alone.

    Raises:
        IndexRebuilding: it is only named, and nobody can tell just now what it is.
    """
    if any(program.sha256 == named.sha256 for program in list_gated(view)):
        return True
    is_only_named = named.source == _ADVISORY or _came_by_digest(view, named.sha256)
    return is_only_named and find_gated_program(store, named.sha256) is not None


def _came_by_digest(view: RunView, sha256: str) -> bool:
    """Tell whether nobody sent the bytes of a run's program: its session named a file that was there."""
    about = (view.artifact.meta or {}).get("workflow")
    return isinstance(about, dict) and about.get(BY_DIGEST) == sha256


class GatedProgram(NamedTuple):
    """Where a program leaves: the run of its session, and its number there."""

    run_id: str
    number: int


def find_gated_program(store: Store, sha256: str) -> GatedProgram | None:
    """Return where a program with this digest leaves, as the newest run says whose session covers it.

    Deleted runs count: a program that was taken back is not let out by it.

    Raises:
        IndexRebuilding: nobody can tell just now.
        Damage: a record is not whole, or was not given.
    """
    page = store.runs.page(RunQuery(program_sha256=sha256, include_deleted=True), limit=1)
    if page.count:
        return GatedProgram(_run_id_of(page.items[0]), 1)
    return _find_among_several(store, sha256)


def _find_among_several(store: Store, sha256: str) -> GatedProgram | None:
    """Return where a program leaves that was made together with others: the index knows the first of a run alone.

    RMOS writes at their heads which session they are of.
    """
    session_id = _read_session(store, sha256)
    if session_id is None:
        return None
    asked = RunQuery(workflow_session_id=session_id, event_type=TOOLPATHS, include_deleted=True)
    cursor: str | None = None
    while True:
        page = store.runs.page(asked, limit=_AT_ONCE, cursor=cursor)
        for item in page.items:
            try:
                view = store.runs.record(_run_id_of(item), include_deleted=True).view()
            except (RunDeleted, RunNotFound):  # erased for good
                continue
            digests = [program.sha256 for program in list_gated(view)]
            if sha256 in digests:
                return GatedProgram(view.artifact.run_id, digests.index(sha256) + 1)
        if (cursor := page.next_cursor) is None:
            return None


def _read_session(store: Store, sha256: str) -> str | None:
    """Return the session that a program of ours names in its head, None of all other bytes."""
    try:
        with store.blobs.open(sha256) as blob:
            head = blob.read_at(0, _HEAD_BYTES).decode("latin-1")
    except AttachmentNotFound:
        return None
    found = _SESSION.search(head) if _MADE.search(head) else None
    return None if found is None else found[1].lower()


def _run_id_of(item: bytes | str) -> str:
    return str(msgspec.json.decode(item)["run_id"])


def make_download_name(named: NamedBlob) -> str | None:
    """Return what a file is called when it is handed over: a program by its kind or type says that nobody approved it.

    The last part of its name decides what stands before it, for that is all that a browser keeps of a path.
    """
    name = named.filename or named.title
    if not any(GCODE in (text or "").lower() for text in (named.kind, named.mime)):
        return name
    shown = _PARTS.split((name or "").rstrip("/\\"))[-1] or named.sha256[:12]
    return shown if shown.startswith(NOT_RELEASED) else f"{NOT_RELEASED}{shown}"
