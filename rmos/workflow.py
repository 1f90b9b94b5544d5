"""The states of a workflow session: pure functions, no store and no clock.

    prepared("draft", has_design=True, has_context=True)    # "context_ready"
    next_step("draft", has_design=True, has_context=False)  # "Set the context."

Design and context may come in either order: the session is `context_ready` as soon as it has both, and a `draft` again
when it loses one.
"""

from typing import Final

from rmos.models import WorkflowState

PREPARING: Final[tuple[WorkflowState, ...]] = ("draft", "context_ready")
"""The states in which design and context may simply be written."""
_NEXT: Final[dict[WorkflowState, str | None]] = {
    "context_ready": "Request the feasibility.",
    "feasibility_requested": "Wait for the feasibility.",
    "feasibility_ready": "Approve it, reject it or ask for a revision.",
    "approved": "Request the toolpaths.",
    "toolpaths_requested": "Store the toolpaths.",
    "toolpaths_ready": "Cut, then archive the session.",
    "archived": None,
    "design_revision_required": "Set the revised design or context.",
    "rejected": "Ask for a revision, or archive the session.",
}


def prepared(state: WorkflowState, *, has_design: bool, has_context: bool) -> WorkflowState:
    """Return the state after design or context were written; beyond preparation the state stays."""
    if state not in PREPARING:
        return state
    return "context_ready" if has_design and has_context else "draft"


def next_step(state: WorkflowState, *, has_design: bool, has_context: bool) -> str | None:
    """Return what somebody should do next, in words; None when nothing is left to do."""
    if state != "draft":
        return _NEXT[state]
    if has_design:
        return "Set the context."
    return "Set the design." if has_context else "Set the design and the context."
