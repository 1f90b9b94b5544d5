"""Programs leave at one address; every other door sends their reader there.

named = find_open_blob(store, run_id, sha256)        # 409 PROGRAM_GATED with the address, for a program
"""

from rmos.errors.programs import ProgramGated
from rmos.http.responses import prefix_path
from rmos.services.files.media_types import HEAD_BYTES, guess_type
from rmos.services.programs.doors import find_gated_program, is_gated
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob, find_named_blob, list_gated


def find_open_blob(store: Store, run_id: str, sha256: str) -> NamedBlob:
    """Return a file as a run names it, unless it is a program that leaves through the gate alone.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, Damage.
        ProgramGated: it leaves at the address that the error names.
        IndexRebuilding: nobody can tell just now whether it does.
    """
    view = store.runs.record(run_id).view()
    named = find_named_blob(view, sha256)
    if not is_gated(store, view, named):
        return named
    programs = [program.sha256 for program in list_gated(view)]
    if sha256 in programs:
        raise _make_gated(run_id, programs.index(sha256) + 1, sha256)
    raise _make_gated(*(find_gated_program(store, sha256) or (run_id, 1)), sha256)


def open_by_digest(store: Store, sha256: str) -> OpenBlob:
    """Open the bytes under a digest, unless some session covers them as a program.

    Raises:
        AttachmentNotFound, Damage.
        ProgramGated: they leave at the address that the error names.
        IndexRebuilding: nobody can tell just now whether they do.
    """
    blob = store.blobs.open(sha256)
    try:
        # A program that was read is a text; what shows another type costs no look at the index.
        is_text = guess_type(blob.read_at(0, HEAD_BYTES)) == "text/plain"
        program = find_gated_program(store, sha256) if is_text else None
        if program is not None:
            raise _make_gated(*program, sha256)
    except BaseException:  # whatever it is: nobody else closes the file any more
        blob.close()
        raise
    return blob


def _make_gated(run_id: str, number: int, sha256: str) -> ProgramGated:
    address = prefix_path(f"/api/rmos/runs/{run_id}/programs/{number}")
    return ProgramGated(f"A program leaves at {address} only.", run_id=run_id, sha256=sha256, address=address)
