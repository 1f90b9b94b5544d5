"""What the state of a session, a decision or a variant does not allow.

    raise TransitionBlocked("A draft takes set_design and set_context.", state="draft")

Each names the step that would be allowed: the answer to a 409 is another action, never the same one again.
"""

from rmos.errors.base import RmosError


class SessionNotFound(RmosError):
    """No workflow session has this id."""

    code, title, status = "SESSION_NOT_FOUND", "Workflow session not found", 404
    remedy = "Compare the id with the list of workflow sessions, or leave it out."


class SessionDeleted(RmosError):
    """The workflow session was deleted: it takes neither runs nor changes until it is restored."""

    code, title, status = "SESSION_DELETED", "Workflow session deleted", 409
    remedy = "Restore the session first, or name another one."


class SessionHasRuns(RmosError):
    """The session has runs, and its deletion was not forced; `linked_runs` says how many."""

    code, title, status = "SESSION_HAS_RUNS", "Workflow session has runs", 409
    remedy = "Keep the session, or delete it with force=true; its runs stay, and cascade=true marks them too."


class TransitionBlocked(RmosError):
    """The state of the session does not allow this; the detail says what it allows."""

    code, title, status = "TRANSITION_BLOCKED", "Transition blocked", 409
    remedy = "Read the session again; `next_step` says what its state allows."


class ApprovalBlocked(RmosError):
    """What stands before an approval, or before toolpaths, does not hold; the attempt was recorded as `run_id`."""

    code, title, status = "APPROVAL_BLOCKED", "Approval blocked", 409
    remedy = "Request the feasibility again, revise the design, or have the run overridden."


class VariantBlocked(RmosError):
    """Something speaks against promoting the variant; `blocked_by` says what."""

    code, title, status = "VARIANT_BLOCKED", "Variant is not promoted", 409
    remedy = "Undo a rejection, have the cut judged OK, or promote another drawing, as `blocked_by` suggests."


class CandidateNotFound(RmosError):
    """The run has no manufacturing candidate with this id."""

    code, title, status = "CANDIDATE_NOT_FOUND", "No such candidate", 404
    remedy = "List the candidates of the run; a drawing is one once it is promoted."


class AboveDecision(RmosError):
    """A decision on a candidate would be better than the server's own on the run."""

    code, title, status = "ABOVE_DECISION", "Better than the server's decision", 409
    remedy = "Decide what `best` of the list of candidates says, or worse; for a better one have another cut evaluated."


class CandidateNotGreen(RmosError):
    """The candidate was not decided to be GREEN, so it does not leave."""

    code, title, status = "CANDIDATE_NOT_GREEN", "Candidate is not GREEN", 403
    remedy = "Have an operator decide on the candidate; only GREEN leaves."


class AcknowledgmentRequired(RmosError):
    """An override takes `acknowledge_risk: true` from whoever makes it."""

    code, title, status, exit_code = "ACKNOWLEDGMENT_REQUIRED", "Acknowledgment required", 422, 2
    remedy = "Read the run's decision, and send acknowledge_risk: true when you answer for it."


class NotBlocked(RmosError):
    """There is nothing in the run's decision that this scope could override."""

    code, title, status = "NOT_BLOCKED", "Nothing to override", 409
    remedy = "Look at the run's decision: GREEN needs no override, and of ERROR nobody knows what it would allow."


class CorrectsUnknown(RmosError):
    """The run has no outcome of this number that still counts; `corrected_by` names the one that took its place."""

    code, title, status = "CORRECTS_UNKNOWN", "No such outcome to correct", 409
    remedy = "Read the outcomes of the run, and name the number of one that was not corrected."


class AlreadyOverridden(RmosError):
    """The same caller has asked for this override already, or one is in force."""

    code, title, status = "ALREADY_OVERRIDDEN", "Already overridden", 409
    remedy = "Read `overrides` of the run; for RED a second person, an admin, has to agree."
