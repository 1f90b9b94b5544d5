"""The candidates of a run as pages show them: what may be made, and what whoever looks may decide.

part = make_candidate_part(record)
part.candidates, part.offered, part.closed
"""

import msgspec

from rmos.auth.guard import current_caller
from rmos.schemas.candidates import MAX_NOTE
from rmos.services.candidates import CANDIDATE_COLOURS, Candidate, CandidateColour, candidates_of, is_above
from rmos.store.run_records import RunRecord
from rmos.web.form import find_refusal


class CandidatePart(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates of a run as pages show them."""

    candidates: list[Candidate]
    offered: list[CandidateColour]
    """What may be decided."""
    closed: str
    """Why whoever looks decides nothing; empty when they may."""
    max_note: int = MAX_NOTE


def make_candidate_part(record: RunRecord) -> CandidatePart:
    """Return what a page shows of a run's candidates to whoever looks."""
    view = record.view()
    return CandidatePart(
        candidates=candidates_of(view, record.events),
        offered=[colour for colour in CANDIDATE_COLOURS if not is_above(view, colour)],
        closed=find_refusal("operator", current_caller().role),
    )
