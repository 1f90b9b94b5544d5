"""From an artifact and its events to the run as it stands now. The order is that of the numbers, never of a clock.

Only how long an explanation is waited for depends on a clock: whoever began it may have died.
"""

from collections.abc import Sequence
from typing import Any, Final

from rmos import ids
from rmos.models import Deletion, Event, Release, RunView
from rmos.outcomes import OUTCOME
from rmos.store.artifacts import Artifact
from rmos.store.naming import RELEASED
from rmos.store.outcomes import fold_outcome

PENDING_MAX_US: Final = 300_000_000
"""How long an explanation may be in the making; a model is waited for a minute (RMOS policy)."""
_CUT_OFF: Final = ("ERROR", "The explanation was cut off before it was ready; ask for it again.")


def fold(
    artifact: Artifact,
    events: Sequence[Event],
    *,
    links: Sequence[dict[str, Any]] = (),
    tombstone: Deletion | None = None,
    now_us: int | None = None,
) -> RunView:
    """Return the run with its events folded in, by number.

    Args:
        links: advisory links of the legacy system; they come before event no. 1.
        tombstone: a soft delete of the legacy system; it too comes before event no. 1.
        now_us: the moment at which an explanation that has been pending for too long is an error; None where nobody
            waits for it.
    """
    run = artifact.run
    advisories = [*(run.advisory_inputs or ()), *links]
    attachments = [_plain(attachment) for attachment in run.attachments or ()]
    overrides: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    explanation = (run.explanation_status, run.explanation_summary)
    deletion, superseded = tombstone, False
    release: Release | None = None
    for event in events:
        if event.kind == "advisory":
            _add(advisories, {"created_at_utc": event.created_at_utc, **event.data}, "advisory_id")
        elif event.kind == "attachment":
            _add(attachments, event.data, "sha256")
        elif event.kind == "explanation":
            explanation = _fold_explanation(event, explanation, now_us)
        elif event.kind == "override":
            overrides.append({**event.data, "by": event.actor, "created_at_utc": event.created_at_utc})
        elif event.kind == OUTCOME:
            fold_outcome(outcomes, event)
        elif event.kind == RELEASED:
            release = release or Release(at_utc=event.created_at_utc, by=event.actor)
        elif event.kind in ("delete", "restore"):
            deletion = fold_deletion(event, deletion)
        elif event.kind == "superseded":
            superseded = True
    return RunView(
        artifact=run,
        sha256=artifact.sha256,
        version=len(events),
        advisories=advisories,
        attachments=attachments,
        overrides=overrides,
        outcomes=outcomes,
        explanation_status=explanation[0],
        explanation_summary=explanation[1],
        superseded=superseded,
        release=release,
        deletion=deletion,
    )


def fold_deletion(event: Event, before: Deletion | None) -> Deletion | None:
    """Return who has deleted the run, after an event; nothing comes after a hard delete."""
    if (before is not None and before.mode == "hard") or event.kind not in ("delete", "restore"):
        return before
    if event.kind == "restore":
        return None
    return Deletion(
        mode="hard" if event.data.get("mode") == "hard" else "soft",
        deleted_at_utc=event.created_at_utc,
        deleted_by=event.actor,
        reason=event.data.get("reason"),
    )


def _fold_explanation(event: Event, before: tuple[Any, Any], now_us: int | None) -> tuple[Any, Any]:
    """Return the state and the summary of the explanation after an event: what was finished stands until the next is.

    A crash leaves PENDING behind. It hides nothing that came before it, and is an error when it is too old, or from a
    future that a clock has seen which was set back since.
    """
    after = (event.data.get("status"), event.data.get("summary"))
    if after[0] != "PENDING":
        return after
    if before[0] in ("READY", "ERROR"):
        return before
    return _CUT_OFF if now_us is not None and is_overdue(event, now_us) else after


def is_overdue(pending: Event, now_us: int) -> bool:
    """Tell whether nobody can still be making the explanation that an event says is in the making."""
    try:
        return not ids.is_within(ids.parse_utc(pending.created_at_utc), PENDING_MAX_US, now_us)
    except ValueError:
        return True  # a time that is none makes nobody wait


def _add(known: list[dict[str, Any]], new: dict[str, Any], key: str) -> None:
    if all(entry.get(key) != new.get(key) for entry in known):
        known.append(new)


def _plain(attachment: Any) -> dict[str, Any]:
    return {name: getattr(attachment, name) for name in attachment.__struct_fields__}
