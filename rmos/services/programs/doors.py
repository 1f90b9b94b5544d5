"""Which files of runs are programs that leave at their own address only, and what the others are called.

    is_gated(store, view, named)         # a program that a session covers: it leaves through the gate alone
    tell_filename(named)                 # "NOT_RELEASED_ring.nc": what somebody sent, and nobody approved

What somebody uploaded they get back, under a name that says so. By its digest alone nobody gets a program that any
session covers: not from the store, and not through a run that only names it, as advice or as what it would cut.
"""

import re
from typing import Final

import msgspec

from rmos.models import RunView
from rmos.row_models import RunQuery
from rmos.services.programs.keeping import BY_DIGEST, GCODE_INPUT
from rmos.store import Store
from rmos.store.naming import GCODE, NamedBlob, list_gated, list_named_blobs

NOT_RELEASED: Final = "NOT_RELEASED_"
_ADVISORY: Final = "advisory"
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
    return is_only_named and find_gated_run(store, named.sha256) is not None


def _came_by_digest(view: RunView, sha256: str) -> bool:
    """Tell whether nobody sent the bytes of a run's program: its session named a file that was there."""
    about = (view.artifact.meta or {}).get("workflow")
    return isinstance(about, dict) and about.get(BY_DIGEST) == sha256


def find_gated_run(store: Store, sha256: str) -> str | None:
    """Return the newest run whose session covers a program with this digest, None when there is none.

    Deleted runs count: a program that was taken back is not let out by it.

    Raises:
        IndexRebuilding: nobody can tell just now.
    """
    page = store.runs.page(RunQuery(program_sha256=sha256, include_deleted=True), limit=1)
    return None if not page.count else str(msgspec.json.decode(page.items[0])["run_id"])


def tell_filename(named: NamedBlob) -> str | None:
    """Return what a file is called when it is handed over: a program by its kind or type says that nobody approved it.

    The last part of its name decides what stands before it, for that is all that a browser keeps of a path.
    """
    name = named.filename or named.title
    if not any(GCODE in (said or "").lower() for said in (named.kind, named.mime)):
        return name
    shown = _PARTS.split((name or "").rstrip("/\\"))[-1] or named.sha256[:12]
    return shown if shown.startswith(NOT_RELEASED) else f"{NOT_RELEASED}{shown}"
