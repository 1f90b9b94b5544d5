"""Where a workflow session stands, folded from its events, and what somebody should do next.

standing = read_standing(record)
standing.approved
"""

import msgspec

from rmos import workflow
from rmos.engines.registry import Registry
from rmos.services.gates import GatePolicy, Gates
from rmos.store import Store
from rmos.store.session_records import SessionRecord
from rmos.workflow import EvaluatedRun, Move, Standing


def read_standing(record: SessionRecord) -> Standing:
    """Return where a session stands, from its events."""
    moves = [
        Move(
            action=event.kind,
            evaluated=None if "judged" not in event.data else msgspec.convert(event.data["judged"], EvaluatedRun),
            approved_run_id=event.data.get("approved_run_id"),
            run_id=event.data.get("run_id"),
        )
        for event in record.events
    ]
    return workflow.fold_moves(record.session.state, moves)


def find_next_step(store: Store, engines: Registry, policy: GatePolicy, record: SessionRecord) -> str | None:
    """Return what somebody should do next; an override in force leads on where the finding itself was rejected."""
    session, standing = record.session, read_standing(record)
    found = standing.feasibility
    if session.state != "rejected" or session.status == "DELETED" or standing.turned_down or found is None:
        return session.next_step
    overridden = Gates(store, engines, policy, session.session_id).is_overridden(session, standing, found, "RED")
    return workflow.NEXT_AFTER_OVERRIDE if overridden else session.next_step
