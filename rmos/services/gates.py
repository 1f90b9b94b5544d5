"""The gates of a session: what must hold before it is approved and before there are toolpaths.

    gates = Gates(store, engines, policy, session_id="ws_…")
    gates.require_approvable(session, standing, evaluated, finding, context_sha256)
    gates.require_approved(session, standing)

A gate never believes a field. It reads the run that the session's event names, demands the digest that the event names,
and compares the digests of design, context and feasibility with those of the inputs as they are now.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from rmos import digest, ids, workflow
from rmos.config import Settings
from rmos.engines.registry import Registry
from rmos.errors.base import RmosError
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.workflow import ApprovalBlocked
from rmos.models import RiskLevel, RunView, Session
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context
from rmos.services.evaluated_cuts import read_finding_sha256
from rmos.store import Store
from rmos.store.run_records import RunRecord
from rmos.workflow import EvaluatedRun, Standing


class GatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the installation says on evaluating and overriding."""

    engine_timeout_ms: float
    allow_red_override: bool
    max_program_bytes: int = 32 * 1024**2

    @classmethod
    def of(cls, settings: Settings) -> "GatePolicy":
        """Return what the settings say."""
        return cls(
            engine_timeout_ms=settings.engine_timeout_ms,
            allow_red_override=settings.allow_red_override,
            max_program_bytes=settings.max_program_bytes,
        )


class EvaluatedInputs(NamedTuple):
    """What an engine says of the session's inputs, as far as gates look at it."""

    risk: RiskLevel
    score: float | None
    feasibility_sha256: str


class Gates:
    """The gates of one session."""

    def __init__(self, store: Store, engines: Registry, policy: GatePolicy, session_id: str) -> None:
        self._store = store
        self._engines = engines
        self._policy = policy
        self._session_id = session_id

    def require_approved(self, session: Session, standing: Standing) -> None:
        """Refuse toolpaths unless just these inputs were approved, and what that rests on still holds.

        Raises:
            ApprovalBlocked, Damage.
        """
        approved = standing.approved
        request = None if approved is None else make_run_request(session, approved, "toolpaths")
        context_sha256 = "" if request is None else self.context_sha256(request)
        refusal = workflow.find_toolpaths_refusal(
            standing, design_sha256=session.design_sha256 or "", context_sha256=context_sha256
        )
        if refusal is not None or approved is None:
            raise self.block(refusal or "")
        run = self._read_named_run(approved).artifact
        finding = EvaluatedInputs(run.decision.risk_level, run.decision.score, read_finding_sha256(run))
        self.require_approvable(session, standing, approved, finding, context_sha256)

    def require_approvable(
        self,
        session: Session,
        standing: Standing,
        evaluated: EvaluatedRun,
        finding: EvaluatedInputs,
        context_sha256: str,
    ) -> None:
        """Refuse what the policy does not let through.

        Args:
            evaluated: the run that the session's event names.
            finding: what the engine says of the inputs as they are now.

        Raises:
            ApprovalBlocked, Damage.
        """
        self._read_named_run(evaluated)
        refusal = workflow.find_approval_refusal(
            risk=finding.risk,
            score=finding.score,
            min_score=session.policy.min_score_to_approve,
            overridden=self.is_overridden(session, standing, evaluated, finding.risk),
            unchanged=evaluated.has_inputs(session.design_sha256 or "", context_sha256)
            and evaluated.feasibility_sha256 == finding.feasibility_sha256,
        )
        if refusal is not None:
            raise self.block(refusal)

    def is_overridden(self, session: Session, standing: Standing, evaluated: EvaluatedRun, risk: RiskLevel) -> bool:
        """Tell whether an override is in force for this very finding on these very inputs, whichever run bears it."""
        if risk == "GREEN" or (risk != "YELLOW" and not self._allows_red(session)):
            return False
        now_utc = ids.utc_text(ids.now_us())
        return any(
            workflow.has_override(record.view().overrides, risk, now_utc=now_utc)
            for record in self.read_same_runs(standing, evaluated)
        )

    def read_same_runs(self, standing: Standing, evaluated: EvaluatedRun) -> Iterator[RunRecord]:
        """Yield the runs of a session that found just this of these very inputs, oldest first, without those gone."""
        read = set()
        for run in (*standing.evaluated, evaluated):
            same = run.has_inputs(evaluated.design_sha256, evaluated.context_sha256)
            if not same or run.feasibility_sha256 != evaluated.feasibility_sha256 or run.run_id in read:
                continue
            read.add(run.run_id)
            try:
                record = self._store.runs.record(run.run_id)
                view = record.view()
            except (RunDeleted, RunNotFound):
                continue
            if view.sha256 == run.run_sha256:
                yield record

    def context_sha256(self, request: RunRequest) -> str:
        """Return the digest of the context as it is evaluated: completed from the shop's tables."""
        return digest.canonical_sha256(complete_context(request, self._engines.shop))

    def block(self, refusal: str) -> RmosError:
        """Return the error that says why a gate is closed."""
        return ApprovalBlocked(refusal, session_id=self._session_id)

    def _read_named_run(self, evaluated: EvaluatedRun) -> RunView:
        """Return the run that an event names, which must still be there, with the digest that the event names."""
        try:
            view = self._store.runs.record(evaluated.run_id).view()
        except (RunDeleted, RunNotFound):
            raise self.block("The evaluated run is gone; request the feasibility again.") from None
        if view.sha256 != evaluated.run_sha256:
            raise self.block("The run is not the one that the session names; request the feasibility again.")
        return view

    def _allows_red(self, session: Session) -> bool:
        return self._policy.allow_red_override and session.policy.allow_red_override


def make_run_request(session: Session, evaluated: EvaluatedRun, event_type: str) -> RunRequest:
    """Return what asks for the session's inputs as they are to be evaluated the way they were."""
    return RunRequest(
        mode=evaluated.mode,
        tool_id=evaluated.tool_id,
        engine_id=evaluated.engine_id,
        event_type=event_type,
        **read_inputs(session),
    )


def read_inputs(session: Session) -> dict[str, Any]:
    """Return the members of a run's request that come from its session."""
    return {
        "workflow_session_id": session.session_id,
        "design": session.design,
        "context": session.context,
        "material_id": session.material_id,
        "machine_id": session.machine_id,
    }
