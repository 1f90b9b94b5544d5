"""A candidate as a file to take away: its bytes, what was decided on it, and their digests.

    made = build_candidate_zip(store, engines, policy, run_id, "mc_…")
    made.data, made.sha256

Only a candidate that somebody decided to be GREEN leaves, and a program passes its own gate as well, which is asked
each time. The bytes follow from the run, the candidate and the last decision.
"""

from typing import Final, NamedTuple

from rmos import digest
from rmos.engines.registry import Registry
from rmos.errors.programs import NotCovered
from rmos.errors.request import PayloadTooLarge
from rmos.errors.workflow import CandidateNotGreen
from rmos.models import RunView
from rmos.services.candidates import Candidate, find_candidate
from rmos.services.files.filenames import safe_name
from rmos.services.gates import GatePolicy
from rmos.services.packs.building import build_pack
from rmos.services.packs.free_runs import require_free_release
from rmos.services.program_release import ProgramGate
from rmos.store import Store
from rmos.store.naming import list_gated
from rmos.store.run_records import RunRecord

MAX_BYTES: Final = 256 * 1024**2
"""Of a candidate (RMOS policy): it is put together in memory."""
_ABOUT: Final = "candidate.json"


class CandidateZip(NamedTuple):
    """The zip of a candidate."""

    data: bytes
    sha256: str
    filename: str


def build_candidate_zip(
    store: Store, engines: Registry, policy: GatePolicy, run_id: str, candidate_id: str
) -> CandidateZip:
    """Return the zip of a candidate that is GREEN.

    Raises:
        RunNotFound, RunDeleted, CandidateNotFound, AttachmentNotFound, Damage.
        CandidateNotGreen: nobody decided so.
        NotCovered, StaleApproval, PackNotReady: it is a program, and may not leave now.
        PayloadTooLarge: it is above `MAX_BYTES`.
    """
    record = store.runs.record(run_id)
    view = record.view()
    candidate = find_candidate(view, record.events, candidate_id)
    if candidate.decision != "GREEN":
        state = f"is {candidate.decision}" if candidate.decision else "was not decided on"
        raise CandidateNotGreen(f"The candidate {state}; only GREEN leaves.", run_id=run_id, candidate_id=candidate_id)
    if candidate.kind == "program":
        _require_released(store, engines, policy, record, view, candidate)
    with store.blobs.open(candidate.sha256) as blob:
        if blob.size > MAX_BYTES:
            raise PayloadTooLarge(f"A candidate may have {MAX_BYTES} bytes.", limit_bytes=MAX_BYTES)
        content = b"".join(blob.blocks())
    name = safe_name(candidate.filename, candidate.sha256[:12])
    about = {
        "run_id": run_id,
        "run_sha256": digest.sha256_hex(record.data),
        "candidate_id": candidate_id,
        "kind": candidate.kind,
        "file": f"files/{name}",
        "sha256": candidate.sha256,
        "decision": candidate.decision,
        "note": candidate.note,
        "decided_by": candidate.decided_by,
        "decided_at_utc": candidate.decided_at_utc,
    }
    built = build_pack({f"files/{name}": content, _ABOUT: digest.canonical(about) + b"\n"})
    return CandidateZip(built.data, built.sha256, f"{candidate_id}.zip")


def _require_released(
    store: Store, engines: Registry, policy: GatePolicy, record: RunRecord, view: RunView, candidate: Candidate
) -> None:
    """Refuse a program that its gate keeps in: that of its session, or of a run without one that of packs.

    Raises:
        NotCovered, StaleApproval, PackNotReady, Damage.
    """
    gated = next((named for named in list_gated(view) if named.sha256 == candidate.sha256), None)
    if gated is not None:
        ProgramGate(store, engines, policy).require_released(view, gated)
        return
    if view.artifact.workflow_session_id is None:
        released = require_free_release(engines, policy, record)
        if any(named.sha256 == candidate.sha256 for named in released):
            return
    raise NotCovered("Nobody has approved this program.", run_id=view.artifact.run_id)
