"""Variants: the drawings of a run that an operator reviews, rejects or promotes; all of it events, with their history.

    variants_of(view, events)                               # each with its status, from the events by their numbers
    act(store, run_id, Act("reject", sha256, reason_code="AESTHETIC"), actor=actor, us=us)
    change_variants(store, run_id, acts, actor=actor, us=us)    # counts, and what came of each

NEW → REVIEWED → PROMOTED, and REJECTED from any of them; undoing a rejection leads back to REVIEWED or NEW. A drawing
is promoted only when nothing speaks against it: its run was evaluated OK, it is whole, and the gate lets it through.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from rmos.errors.base import RmosError
from rmos.errors.files import AttachmentNotFound
from rmos.errors.store import RecordDamaged
from rmos.errors.workflow import VariantBlocked
from rmos.models import Actor, Event, RunView
from rmos.services.bulk import BulkResults, attempt_each
from rmos.services.files.media_types import SVG, media_type
from rmos.services.files.previews import validate_blob
from rmos.store import Store
from rmos.store.naming import NamedBlob, list_named_blobs
from rmos.store.run_records import RunRecord

VariantStatus = Literal["NEW", "REVIEWED", "PROMOTED", "REJECTED"]
ReviewAction = Literal["review", "reject", "unreject", "promote"]
ACTIONS: Final[tuple[ReviewAction, ...]] = ("review", "reject", "unreject", "promote")
REASON_CODES: Final = ("GEOMETRY_UNSAFE", "TEXT_REQUIRES_OUTLINE", "AESTHETIC", "DUPLICATE", "OTHER")
_KINDS: Final = frozenset({"svg_variant", "advisory_svg", "variant"})


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a variant."""

    action: ReviewAction
    sha256: str
    rating: int | None = None
    notes: str | None = None
    reason_code: str | None = None
    detail: str | None = None

    def data(self) -> dict[str, Any]:
        """Return what the event says."""
        members = {"rating": self.rating, "notes": self.notes, "reason_code": self.reason_code, "detail": self.detail}
        return {"sha256": self.sha256, **{name: value for name, value in members.items() if value is not None}}


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A variant as it stands now."""

    sha256: str
    kind: str
    title: str | None
    filename: str | None
    mime: str | None
    size_bytes: int | None
    created_at_utc: str | None
    status: VariantStatus = "NEW"
    rating: int | None = None
    notes: str | None = None
    reviewed_by: str | None = None
    reviewed_at_utc: str | None = None
    reason_code: str | None = None
    detail: str | None = None
    history: list[dict[str, Any]] = []


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """A variant after something was done with it."""

    run_id: str
    variant: Variant
    made: bool


class ReviewResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of many."""

    sha256: str
    ok: bool
    status: VariantStatus | None = None
    error: str | None = None
    blocked_by: str | None = None
    detail: str | None = None


def variants_of(view: RunView, events: Sequence[Event]) -> list[Variant]:
    """Return the variants of a run in the order in which they were attached, each with its history."""
    found = {sha256: _new(named) for sha256, named in list_named_blobs(view).items() if is_variant(named)}
    for event in events:
        sha256 = event.data.get("sha256")
        if event.kind in ACTIONS and isinstance(sha256, str) and sha256 in found:
            found[sha256] = _after(found[sha256], event)
    return list(found.values())


def is_variant(named: NamedBlob) -> bool:
    """Tell whether a file is a drawing that can be reviewed."""
    return media_type(named.mime) == SVG or named.kind in _KINDS


def _new(named: NamedBlob) -> Variant:
    members = msgspec.structs.asdict(named)
    return Variant(**{name: members[name] for name in members if name != "source"})


def _after(variant: Variant, event: Event) -> Variant:
    """Return a variant after an event."""
    data = event.data
    entry = {
        "action": event.kind,
        "by": event.actor,
        "role": event.role,
        "created_at_utc": event.created_at_utc,
        **{name: value for name, value in data.items() if name != "sha256"},
    }
    changes: dict[str, Any] = {"history": [*variant.history, entry]}
    if event.kind == "review":
        changes |= {"rating": data.get("rating"), "notes": data.get("notes")}
        changes |= {"reviewed_by": event.actor, "reviewed_at_utc": event.created_at_utc}
        changes["status"] = "REVIEWED" if variant.status == "NEW" else variant.status
    elif event.kind == "reject":
        changes |= {"status": "REJECTED", "reason_code": data.get("reason_code"), "detail": data.get("detail")}
    elif event.kind == "unreject":
        changes |= {"status": "REVIEWED" if variant.reviewed_by else "NEW", "reason_code": None, "detail": None}
    else:
        changes["status"] = "PROMOTED"
    return msgspec.structs.replace(variant, **changes)


def act(store: Store, run_id: str, asked: Act, *, actor: Actor, us: int) -> Acted:
    """Do something with a variant; what is so already is a success and writes nothing.

    Raises:
        RunNotFound, RunDeleted.
        AttachmentNotFound: the run has no such variant.
        VariantBlocked: it is not to be promoted, and why.
        VersionConflict, Damage, OutOfSpace, StoreReadOnly, StorageFailed.
    """

    def decide(record: RunRecord) -> Mapping[str, Any] | None:
        view = record.view()
        variant = _find(view, record.events, asked.sha256)
        if _is_so(variant, asked, actor):
            return None
        if asked.action == "promote":
            _require_promotable(store, view, variant)
        return asked.data()

    changed = store.runs.append(run_id, asked.action, decide, actor=actor, us=us)
    record = store.runs.record(run_id)
    variant = _find(changed.view, record.events, asked.sha256)
    return Acted(run_id=run_id, variant=variant, made=changed.made)


def _find(view: RunView, events: Sequence[Event], sha256: str) -> Variant:
    for variant in variants_of(view, events):
        if variant.sha256 == sha256:
            return variant
    raise AttachmentNotFound("The run has no variant with this digest.", run_id=view.artifact.run_id)


def _is_so(variant: Variant, asked: Act, actor: Actor) -> bool:
    """Tell whether what is asked for is how the variant stands."""
    if asked.action == "review":
        return (variant.reviewed_by, variant.rating, variant.notes) == (actor.name, asked.rating, asked.notes)
    if asked.action == "reject":
        has_same_reason = (variant.reason_code, variant.detail) == (asked.reason_code, asked.detail)
        return variant.status == "REJECTED" and has_same_reason
    if asked.action == "unreject":
        return variant.status != "REJECTED"
    return variant.status == "PROMOTED"


def _require_promotable(store: Store, view: RunView, variant: Variant) -> None:
    """Refuse a promotion that something speaks against.

    Raises:
        VariantBlocked: with `blocked_by`: rejected, risk, missing, damaged, or what the gate says.
    """
    run_id = view.artifact.run_id
    if variant.status == "REJECTED":
        raise VariantBlocked("The variant is rejected.", run_id=run_id, blocked_by="rejected")
    if view.artifact.status != "OK":
        risk = view.artifact.decision.risk_level
        raise VariantBlocked(
            f"The run is {risk}; only what was evaluated OK is promoted.", run_id=run_id, blocked_by="risk"
        )
    try:
        validation = validate_blob(store, variant.sha256)
    except AttachmentNotFound:
        raise VariantBlocked("The drawing is not there.", run_id=run_id, blocked_by="missing") from None
    except RecordDamaged:
        raise VariantBlocked("The drawing is damaged.", run_id=run_id, blocked_by="damaged") from None
    if not validation.ok:
        raise VariantBlocked(validation.reason, run_id=run_id, blocked_by=validation.blocked_by)


def change_variants(
    store: Store, run_id: str, acts: Sequence[Act], *, actor: Actor, us: int
) -> BulkResults[ReviewResult]:
    """Do something with each of many variants; what cannot be done to one does not keep the others from it.

    Raises:
        RunNotFound, RunDeleted, Damage: nothing was done.
    """
    store.runs.record(run_id).view()

    def act_on_one(asked: Act) -> ReviewResult:
        acted = act(store, run_id, asked, actor=actor, us=us)
        return ReviewResult(sha256=asked.sha256, ok=True, status=acted.variant.status)

    def refuse(asked: Act, error: RmosError) -> ReviewResult:
        by = error.members.get("blocked_by")
        blocked_by = None if by is None else str(by)
        return ReviewResult(sha256=asked.sha256, ok=False, error=error.code, blocked_by=blocked_by, detail=error.detail)

    return attempt_each(acts, act_on_one, refuse=refuse, blocked=VariantBlocked)
