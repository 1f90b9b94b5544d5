"""The workflow of a session: states, actions, and the rules that stand before a cut. Pure, no store and no clock.

    standing = fold_moves(state, moves)                     # folded from the session's events
    allowed_actions(standing)                               # ("require_revision", "approve", …)
    state_after_feasibility("RED", overridden=False)        # "rejected"
    find_approval_refusal(risk="YELLOW", score=62, …)       # why it cannot be approved, or None
    next_step("draft", has_design=True, has_context=False)  # "Set the context."

Design and context may come in either order: the session is `context_ready` as soon as it has both, and a `draft` again
when it loses one. What was evaluated and what was approved is known from events alone, which only the server
writes, and counts only for the very inputs that it was evaluated by.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec

from rmos.models import RiskLevel, WorkflowState

WorkflowAction = Literal[
    "set_design",
    "set_context",
    "request_feasibility",
    "require_revision",
    "approve",
    "reject",
    "request_toolpaths",
    "make_toolpaths",
    "store_toolpaths",
    "archive",
]
ACTIONS: Final[tuple[WorkflowAction, ...]] = get_args(WorkflowAction)
GIVING_TOOLPATHS: Final = ("make_toolpaths", "store_toolpaths")
"""Actions after which a session stands by the programs of a run."""
DECIDING: Final = frozenset({"approve", "reject"})
"""Actions that take an operator."""

PREPARING: Final[tuple[WorkflowState, ...]] = ("draft", "context_ready")
"""The states in which design and context may simply be written."""
_REVISING: Final[tuple[WorkflowState, ...]] = (*PREPARING, "design_revision_required")
_EVALUATED: Final[tuple[WorkflowState, ...]] = (
    "feasibility_ready",
    "approved",
    "toolpaths_requested",
    "toolpaths_ready",
)
_FROM: Final[dict[WorkflowAction, tuple[WorkflowState, ...]]] = {
    "set_design": _REVISING,
    "set_context": _REVISING,
    "request_feasibility": ("context_ready", "feasibility_requested", "feasibility_ready", "rejected"),
    "require_revision": (*_EVALUATED, "rejected"),
    "approve": ("feasibility_ready",),
    "reject": ("feasibility_ready", "approved"),
    "request_toolpaths": ("approved",),
    "make_toolpaths": ("toolpaths_requested",),
    "store_toolpaths": ("toolpaths_requested",),
    "archive": (*_REVISING, "feasibility_requested", *_EVALUATED, "rejected"),
}
"""From which states each action leads on; nothing leads out of `archived`."""
_NEXT: Final[dict[WorkflowState, str | None]] = {
    "context_ready": "Request the feasibility.",
    "feasibility_requested": "Request the feasibility again.",
    "feasibility_ready": "Approve it, reject it or ask for a revision.",
    "approved": "Request the toolpaths.",
    "toolpaths_requested": "Make the toolpaths, or store those that a CAM has made.",
    "toolpaths_ready": "Cut, then archive the session.",
    "archived": None,
    "design_revision_required": "Set the revised design or context.",
    "rejected": "Ask for a revision, or archive the session.",
}


FOR_GOOD: Final = "for good"
"""Stands for the expiry of what has none: as text it comes after every time."""
NEXT_AFTER_OVERRIDE: Final = "Request the feasibility again: an override of its decision is in force."
"""What is left to do of a session that was rejected, and whose finding two people have overridden since."""


class EvaluatedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run that answers a request for feasibility, as the session's event names it."""

    run_id: str
    run_sha256: str
    mode: str
    tool_id: str
    engine_id: str | None
    design_sha256: str
    context_sha256: str
    """Of the context as it was evaluated: with the tool, machine and material that the shop's tables say."""
    feasibility_sha256: str

    def has_inputs(self, design_sha256: str, context_sha256: str) -> bool:
        """Tell whether it was made of just these."""
        return (self.design_sha256, self.context_sha256) == (design_sha256, context_sha256)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a session, as far as the rules look at it."""

    action: str
    evaluated: EvaluatedRun | None = None
    """Of a request for feasibility: what it found."""
    approved_run_id: str | None = None
    """Of an approval: the run that it approved."""
    run_id: str | None = None
    """The run that the action made."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands: its state, and what of its past still counts."""

    state: WorkflowState
    feasibility: EvaluatedRun | None = None
    """What the last request found, until design or context may change."""
    approved: EvaluatedRun | None = None
    """What was approved, until the approval is taken back."""
    approval_run_id: str | None = None
    """The run that the approval made."""
    turned_down: bool = False
    """A person rejected it: evaluating it again changes nothing."""
    evaluated: tuple[EvaluatedRun, ...] = ()
    """Every run that was ever evaluated in this session, oldest first."""


def fold_moves(state: WorkflowState, moves: Iterable[Move]) -> Standing:
    """Return where a session stands after these moves, in order."""
    feasibility: EvaluatedRun | None = None
    approved: EvaluatedRun | None = None
    approval_run_id: str | None = None
    turned_down = False
    evaluated: list[EvaluatedRun] = []
    for move in moves:
        if move.action in ("set_design", "set_context", "require_revision"):
            feasibility = approved = None
            turned_down = False
        elif move.action == "request_feasibility":
            feasibility, approved, turned_down = move.evaluated, None, False
            evaluated += [move.evaluated] if move.evaluated is not None else []
        elif move.action == "approve":
            same = feasibility is not None and move.approved_run_id == feasibility.run_id
            approved, approval_run_id = (feasibility, move.run_id) if same else (None, None)
        elif move.action == "reject":
            approved, turned_down = None, True
    return Standing(
        state=state,
        feasibility=feasibility,
        approved=approved,
        approval_run_id=None if approved is None else approval_run_id,
        turned_down=turned_down,
        evaluated=tuple(evaluated),
    )


def allowed_actions(standing: Standing) -> tuple[WorkflowAction, ...]:
    """Return the actions that the state allows, in the order in which they are usually taken."""
    found = [action for action in ACTIONS if standing.state in _FROM[action]]
    if standing.turned_down and standing.state == "rejected":
        found.remove("request_feasibility")
    return tuple(found)


def state_after_feasibility(risk: RiskLevel, *, overridden: bool) -> WorkflowState:
    """Return the state after a feasibility: what is not known to be safe counts as RED.

    Args:
        overridden: the policy allows a RED override and one is in force for this very finding. An ERROR is no
            finding, so nobody can override it.
    """
    if risk in ("GREEN", "YELLOW"):
        return "feasibility_ready"
    return "feasibility_ready" if overridden and risk in ("RED", "UNKNOWN") else "rejected"


def find_approval_refusal(
    *, risk: RiskLevel, score: float | None, min_score: float, overridden: bool, unchanged: bool
) -> str | None:
    """Return why a finding cannot be approved, or None when it can.

    Args:
        overridden: an override that covers this risk is in force on the run.
        unchanged: the inputs are those that were evaluated, and evaluating them again gives the same finding.
    """
    if not unchanged:
        return "What would be evaluated today is not what was evaluated; request the feasibility again."
    if risk == "GREEN" or (overridden and risk != "ERROR"):
        return None
    if risk != "YELLOW":
        return f"The feasibility is {risk} and no override is in force."
    if score is None or score < min_score:
        shown = "no score" if score is None else f"a score of {score:g}"
        return f"It is YELLOW with {shown}; approval takes {min_score:g}, or an override."
    return None


def find_toolpaths_refusal(standing: Standing, *, design_sha256: str, context_sha256: str) -> str | None:
    """Return why there can be no toolpaths for these inputs, or None when just they were approved."""
    if standing.approved is None:
        return "Nothing is approved."
    if not standing.approved.has_inputs(design_sha256, context_sha256):
        return "The approval is of another design or context; request the feasibility again."
    return None


def has_override(overrides: Sequence[Mapping[str, Any]], risk: RiskLevel, *, now_utc: str) -> bool:
    """Tell whether one of a run's overrides covers its risk now; one of RED covers all that is less.

    Args:
        now_utc: RFC 3339 with microseconds and Z, as the overrides have their expiry, so that texts compare as times.
    """
    return any(is_granted(entry, risk) and read_expiry(entry) > now_utc for entry in overrides)


def is_granted(override: Mapping[str, Any], risk: RiskLevel) -> bool:
    """Tell whether an override was put in force and covers a risk, whether or not its time is over."""
    scopes = ("RED",) if risk in ("RED", "UNKNOWN") else ("YELLOW", "RED")
    return risk != "ERROR" and override.get("effective") is True and override.get("scope") in scopes


def read_expiry(override: Mapping[str, Any]) -> str:
    """Return when an override, or the request for one, is over, so that texts compare as times; `FOR_GOOD` is never."""
    expires = override.get("expires_at_utc")
    return FOR_GOOD if expires is None else str(expires)


def list_requests(
    overrides: Sequence[Mapping[str, Any]], risk: RiskLevel, *, now_utc: str = ""
) -> list[Mapping[str, Any]]:
    """Return the requests for an override that nobody has answered, oldest first, without those that are over.

    What is put in force answers all requests before it, for longer than it lasts itself: the next time takes two
    people again.
    """
    granted = [number for number, entry in enumerate(overrides) if is_granted(entry, risk)]
    end = max((read_expiry(overrides[number]) for number in granted), default="")
    return [
        entry
        for entry in overrides[granted[-1] + 1 if granted else 0 :]
        if read_expiry(entry) > now_utc and str(entry.get("created_at_utc")) >= end
    ]


def find_standing_override(overrides: Sequence[Mapping[str, Any]], risk: RiskLevel) -> Mapping[str, Any] | None:
    """Return what a run's overrides amount to: the open request that waits longest, else what was in force last.

    It holds, or waits, until its expiry; from then on the override of the run is over.
    """
    requests = list_requests(overrides, risk)
    granted = [entry for entry in overrides if is_granted(entry, risk)]
    return max(reversed(requests or granted), key=read_expiry, default=None)


def state_after_preparation(state: WorkflowState, *, has_design: bool, has_context: bool) -> WorkflowState:
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
