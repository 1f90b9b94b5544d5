"""Manufacturing candidates of a run: what of it may be made, and what operators decided on each.

    candidates_of(view, events)                                     # derived: promoted drawings and programs
    decide_candidate(store, run_id, CandidateDecision(candidate_id="mc_…", decision="GREEN"), actor=actor, us=us)

Nothing but a decision is written, as an event of the run: it names the candidate by its id, which follows from the run
and the bytes. A decision is never better than the server's own on the run: what is YELLOW there is not GREEN here. Who
changes or withdraws one leaves both in the history.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec

from rmos import digest
from rmos.errors.base import RmosError
from rmos.errors.workflow import AboveDecision, CandidateNotFound
from rmos.models import Actor, Event, RunView
from rmos.services.bulk import BulkResults, attempt_each
from rmos.services.files.variants import variants_of
from rmos.services.programs.doors import list_programs_of
from rmos.store import Store
from rmos.store.naming import NamedBlob, list_named_blobs
from rmos.store.run_records import RunRecord

CANDIDATE: Final = "candidate"
"""The kind of event that a decision is."""
CandidateColour = Literal["GREEN", "YELLOW", "RED"]
CANDIDATE_COLOURS: Final[tuple[CandidateColour, ...]] = get_args(CandidateColour)
"""The best first."""


class CandidateDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided on a candidate; a decision of None withdraws the one before it."""

    candidate_id: str
    decision: CandidateColour | None
    note: str | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate as it stands now."""

    candidate_id: str
    kind: Literal["drawing", "program"]
    sha256: str
    filename: str | None
    mime: str | None
    size_bytes: int | None
    decision: CandidateColour | None = None
    note: str | None = None
    decided_by: str | None = None
    decided_at_utc: str | None = None
    history: list[dict[str, Any]] = []
    """Each decision with who made it and when, the first first."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate after it was decided on."""

    run_id: str
    candidate: Candidate
    made: bool


class CandidateResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of many."""

    candidate_id: str
    ok: bool
    decision: CandidateColour | None = None
    error: str | None = None
    detail: str | None = None


def make_candidate_id(run_id: str, sha256: str) -> str:
    """Return the id of a candidate: `mc_` and the first 12 hex digits of SHA-256(run id, LF, digest of its bytes)."""
    return "mc_" + digest.sha256_hex(f"{run_id}\n{sha256}".encode())[:12]


def candidates_of(view: RunView, events: Sequence[Event]) -> list[Candidate]:
    """Return the candidates of a run, drawings first, each with its history."""
    named = list_named_blobs(view)
    drawings = [named[variant.sha256] for variant in variants_of(view, events) if variant.status == "PROMOTED"]
    made = [_make_candidate(view, blob, "drawing") for blob in drawings]
    made += [_make_candidate(view, blob, "program") for blob in list_programs_of(view)]
    found = {candidate.candidate_id: candidate for candidate in made}
    for event in events:
        candidate_id = event.data.get("candidate_id")
        if event.kind == CANDIDATE and isinstance(candidate_id, str) and candidate_id in found:
            found[candidate_id] = _decide_after(view, found[candidate_id], event)
    return list(found.values())


def _make_candidate(view: RunView, blob: NamedBlob, kind: Literal["drawing", "program"]) -> Candidate:
    return Candidate(
        candidate_id=make_candidate_id(view.artifact.run_id, blob.sha256),
        kind=kind,
        sha256=blob.sha256,
        filename=blob.filename or blob.title,
        mime=blob.mime,
        size_bytes=blob.size_bytes,
    )


def _decide_after(view: RunView, candidate: Candidate, event: Event) -> Candidate:
    """Return a candidate after an event; one of another hand decides nothing that the server would not let it."""
    decision, note = event.data.get("decision"), event.data.get("note")
    entry = {"decision": decision, "note": note, "by": event.actor, "role": event.role}
    counts = decision in CANDIDATE_COLOURS and not is_above(view, decision)
    return msgspec.structs.replace(
        candidate,
        decision=decision if counts else None,
        note=note if isinstance(note, str) else None,
        decided_by=event.actor,
        decided_at_utc=event.created_at_utc,
        history=[*candidate.history, {**entry, "created_at_utc": event.created_at_utc}],
    )


def find_best(view: RunView) -> CandidateColour:
    """Return the best that can be decided on a candidate of a run: what the server decided, of all else RED."""
    risk = view.artifact.decision.risk_level
    if view.superseded or (risk != "GREEN" and risk != "YELLOW"):
        return "RED"
    return risk


def is_above(view: RunView, decision: CandidateColour) -> bool:
    """Tell whether a decision is better than the server's."""
    return CANDIDATE_COLOURS.index(decision) < CANDIDATE_COLOURS.index(find_best(view))


def find_candidate(view: RunView, events: Sequence[Event], candidate_id: str) -> Candidate:
    """Return one candidate of a run.

    Raises:
        CandidateNotFound.
    """
    for candidate in candidates_of(view, events):
        if candidate.candidate_id == candidate_id:
            return candidate
    raise CandidateNotFound("The run has no candidate with this id.", run_id=view.artifact.run_id)


def decide_candidate(store: Store, run_id: str, asked: CandidateDecision, *, actor: Actor, us: int) -> Decided:
    """Decide on a candidate; what the same person decided already is a success and writes nothing.

    Raises:
        RunNotFound, RunDeleted, CandidateNotFound.
        AboveDecision: the decision would be better than the server's.
        VersionConflict, Damage, OutOfSpace, StoreReadOnly, StorageFailed.
    """

    def decide(record: RunRecord) -> Mapping[str, Any] | None:
        view = record.view()
        candidate = find_candidate(view, record.events, asked.candidate_id)
        if asked.decision is not None and is_above(view, asked.decision):
            risk = "superseded" if view.superseded else view.artifact.decision.risk_level
            detail = f"The run is {risk}: its candidates are {find_best(view)} at best."
            raise AboveDecision(detail, run_id=run_id, candidate_id=asked.candidate_id)
        before = (candidate.decision, candidate.note, candidate.decided_by)
        if before == (asked.decision, asked.note, actor.name) or not (candidate.history or asked.decision):
            return None
        return {"candidate_id": asked.candidate_id, "decision": asked.decision, "note": asked.note}

    changed = store.runs.append(run_id, CANDIDATE, decide, actor=actor, us=us)
    events = store.runs.record(run_id).events
    return Decided(run_id=run_id, candidate=find_candidate(changed.view, events, asked.candidate_id), made=changed.made)


def decide_candidates(
    store: Store, run_id: str, asked: Sequence[CandidateDecision], *, actor: Actor, us: int
) -> BulkResults[CandidateResult]:
    """Decide on each of many candidates.

    Raises:
        RunNotFound, RunDeleted, Damage: nothing was done.
    """
    store.runs.record(run_id).view()

    def act(decision: CandidateDecision) -> CandidateResult:
        decided = decide_candidate(store, run_id, decision, actor=actor, us=us)
        return CandidateResult(candidate_id=decision.candidate_id, ok=True, decision=decided.candidate.decision)

    def refuse(decision: CandidateDecision, error: RmosError) -> CandidateResult:
        return CandidateResult(candidate_id=decision.candidate_id, ok=False, error=error.code, detail=error.detail)

    return attempt_each(asked, act, refuse=refuse, blocked=AboveDecision)
