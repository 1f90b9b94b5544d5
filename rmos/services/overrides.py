"""Override a run's decision: an event beside the run that says who answers for it, for what, why and until when.

    asked = OverrideRequest(run_id=…, scope="YELLOW", reason="Scrap wood, tried before.", acknowledge_risk=True)
    override_run(store, asked, allow_red=False, actor=actor, us=us).entry["effective"]       # True

The recorded decision stays as it is. YELLOW takes one operator. RED and UNKNOWN, which counts as RED, take two people:
whoever asks first only leaves a request, and an admin who is somebody else puts it in force.
"""

import logging
from typing import Any, Literal, NamedTuple

import msgspec

from rmos import ids
from rmos.errors.callers import RedOverrideDisabled
from rmos.errors.workflow import AcknowledgmentRequired, AlreadyOverridden, NotBlocked
from rmos.models import Actor, RunView
from rmos.store import Store
from rmos.store.run_records import RunRecord
from rmos.workflow import has_override, list_requests

log = logging.getLogger(__name__)

OverrideScope = Literal["YELLOW", "RED"]


class OverrideRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to answer for."""

    run_id: str
    scope: OverrideScope
    reason: str
    acknowledge_risk: bool
    expires_at_utc: str | None = None
    """RFC 3339 with microseconds and Z, in the future; None is for good."""


class Overridden(NamedTuple):
    """The override as the run shows it now."""

    run_id: str
    entry: dict[str, Any]
    version: int


def override_run(store: Store, asked: OverrideRequest, *, allow_red: bool, actor: Actor, us: int) -> Overridden:
    """Append an override to a run, in force or as the request that a second person has to agree to.

    Args:
        allow_red: the setting RMOS_ALLOW_RED_OVERRIDE.

    Raises:
        RunNotFound, RunDeleted, Damage.
        AcknowledgmentRequired: nobody answers for the risk.
        NotBlocked: the decision has nothing of this scope.
        RedOverrideDisabled: it takes RED, and the installation overrides none.
        AlreadyOverridden: one is in force, or the same person has asked already.
        VersionConflict, OutOfSpace, StoreReadOnly, StorageFailed: nothing was recorded.
    """
    if not asked.acknowledge_risk:
        raise AcknowledgmentRequired("Send acknowledge_risk: true; whoever overrides answers for it.")

    def decide(record: RunRecord) -> dict[str, Any]:
        return _decide_override(record.view(), asked, allow_red=allow_red, actor=actor, us=us)

    changed = store.runs.append(asked.run_id, "override", decide, actor=actor, us=us)
    entry = changed.view.overrides[-1]
    log.info("run_overridden run_id=%s scope=%s effective=%s", asked.run_id, asked.scope, entry["effective"])
    return Overridden(asked.run_id, entry, changed.view.version)


def _decide_override(
    view: RunView, asked: OverrideRequest, *, allow_red: bool, actor: Actor, us: int
) -> dict[str, Any]:
    """Return what the event says."""
    risk, now_utc = view.artifact.decision.risk_level, ids.utc_text(us)
    is_red = risk in ("RED", "UNKNOWN")
    if risk in ("GREEN", "ERROR") or (asked.scope == "RED" and not is_red):
        raise NotBlocked(
            f"The decision is {risk}; {asked.scope} overrides nothing in it.", run_id=asked.run_id, risk_level=risk
        )
    if is_red and not allow_red:
        raise RedOverrideDisabled(f"The decision is {risk}, and none is overridden here.", run_id=asked.run_id)
    if has_override(view.overrides, risk, now_utc=now_utc):
        raise AlreadyOverridden("An override of this run is in force already.", run_id=asked.run_id)
    asking = list_requests(view.overrides, risk, now_utc=now_utc)
    second = next((entry for entry in asking if entry.get("by") != actor.name), None)
    effective = not is_red or (asked.scope == "RED" and actor.role == "admin" and second is not None)
    own = [entry.get("scope") for entry in asking if entry.get("by") == actor.name]
    if not effective and asked.scope in own:
        raise AlreadyOverridden(
            f"{actor.name} has asked for this already; somebody else, an admin, has to agree.", run_id=asked.run_id
        )
    return {
        "scope": asked.scope,
        "reason": asked.reason,
        "acknowledge_risk": True,
        "expires_at_utc": asked.expires_at_utc,
        "risk_level": risk,
        "effective": effective,
        "role": actor.role,
        **({"agrees_with": second.get("by")} if effective and is_red and second is not None else {}),
    }
