"""From an artifact and its events to the run as it stands now. The order is that of the numbers, never of a clock."""

from collections.abc import Sequence
from typing import Any

from rmos.models import Deletion, Event, RunView
from rmos.store.artifacts import Artifact


def fold(
    artifact: Artifact,
    events: Sequence[Event],
    *,
    links: Sequence[dict[str, Any]] = (),
    tombstone: Deletion | None = None,
) -> RunView:
    """Return the run with its events folded in, by number.

    Args:
        links: advisory links of the legacy system; they come before event no. 1.
        tombstone: a soft delete of the legacy system; it too comes before event no. 1.
    """
    run = artifact.run
    advisories = [*(run.advisory_inputs or ()), *links]
    attachments = [_plain(attachment) for attachment in run.attachments or ()]
    overrides: list[dict[str, Any]] = []
    explanation = (run.explanation_status, run.explanation_summary)
    deletion, superseded = tombstone, False
    for event in events:
        if event.kind == "advisory":
            _add(advisories, {"created_at_utc": event.created_at_utc, **event.data}, "advisory_id")
        elif event.kind == "attachment":
            _add(attachments, event.data, "sha256")
        elif event.kind == "explanation":
            explanation = (event.data.get("status"), event.data.get("summary"))
        elif event.kind == "override":
            overrides.append({**event.data, "by": event.actor, "created_at_utc": event.created_at_utc})
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
        explanation_status=explanation[0],
        explanation_summary=explanation[1],
        superseded=superseded,
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


def _add(known: list[dict[str, Any]], new: dict[str, Any], key: str) -> None:
    if all(entry.get(key) != new.get(key) for entry in known):
        known.append(new)


def _plain(attachment: Any) -> dict[str, Any]:
    return {name: getattr(attachment, name) for name in attachment.__struct_fields__}
