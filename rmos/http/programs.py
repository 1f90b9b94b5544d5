"""Programs leave at one address; every other door sends their reader there.

named = find_open_blob(store, run_id, sha256)        # 409 PROGRAM_GATED with the address, for a program
"""

from rmos.errors.programs import ProgramGated
from rmos.http.responses import prefix_path
from rmos.models import RunView
from rmos.services.programs.doors import list_gated
from rmos.store import Store
from rmos.store.naming import NamedBlob, find_named_blob


def find_open_blob(store: Store, run_id: str, sha256: str) -> NamedBlob:
    """Return a file as a run names it, unless it is a program that leaves through the gate alone.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, Damage.
        ProgramGated: it leaves at the address that the error names.
    """
    view = store.runs.record(run_id).view()
    named = find_named_blob(view, sha256)
    refuse_gated(view, sha256)
    return named


def refuse_gated(view: RunView, sha256: str) -> None:
    """Refuse a program of a run, and say where it can be had.

    Raises:
        ProgramGated.
    """
    for number, program in enumerate(list_gated(view), 1):
        if program.sha256 == sha256:
            run_id = view.artifact.run_id
            address = prefix_path(f"/api/rmos/runs/{run_id}/programs/{number}")
            raise ProgramGated(f"A program leaves at {address} only.", run_id=run_id, sha256=sha256, address=address)
