"""What blobs a run names: its attachments and those of its advisories that are digests.

    list_named_blobs(view)["ab12…"].filename
    find_named_blob(view, sha256)            # AttachmentNotFound when the run does not name it

Whatever is read of a blob through its run is allowed by what the run itself names, and by nothing else. Records may
come from the legacy system or from another hand, so each member counts only where it has the type that it should.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.errors.files import AttachmentNotFound
from rmos.models import RUN_SCHEMA, TOOLPATHS, Event, RunView

GCODE: Final = "gcode"
"""The kind of a program that a session covers."""


RELEASED: Final = "released"
"""The kind of event that taking an operator pack leaves on its run."""


class NamedBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A blob as a run names it."""

    sha256: str
    source: str
    """`attachment` or `advisory`."""
    kind: str
    mime: str | None = None
    title: str | None = None
    filename: str | None = None
    size_bytes: int | None = None
    created_at_utc: str | None = None


def list_named_blobs(view: RunView) -> dict[str, NamedBlob]:
    """Return the blobs that a run names by their digests, attachments first, each in the order of its naming."""
    found: dict[str, NamedBlob] = {}
    for named in _yield_entries(view):
        found.setdefault(named.sha256, named)
    return found


def list_gated(view: RunView) -> list[NamedBlob]:
    """Return the programs that a run was given by a session that covers them: they leave through the gate alone.

    Only the service writes the kind `gcode` into the record of toolpaths; a client may call its own upload so.
    """
    run = view.artifact
    if run.schema != RUN_SCHEMA or run.event_type != TOOLPATHS:
        return []
    entries = [msgspec.to_builtins(entry) for entry in run.attachments or () if entry.kind == GCODE]
    named = [_read_entry(entry, "attachment", entry["sha256"], GCODE) for entry in entries]
    return [program for program in named if program is not None]


def list_made_blobs(events: Iterable[Event]) -> list[str]:
    """Return the digests of what was made for the packs of a run, and kept when they were taken: sheets and drawings.

    They are no attachments, and go wherever the run goes.
    """
    found: dict[str, None] = {}
    for event in events:
        made = event.data.get("made") if event.kind == RELEASED else None
        for sha256 in made.values() if isinstance(made, dict) else ():
            if isinstance(sha256, str) and ids.SHA256.fullmatch(sha256):
                found[sha256] = None
    return list(found)


def find_named_blob(view: RunView, sha256: str) -> NamedBlob:
    """Return a blob as the run names it.

    Raises:
        AttachmentNotFound: the run does not name it.
    """
    found = list_named_blobs(view).get(sha256)
    if found is None:
        raise AttachmentNotFound("The run names no attachment with this digest.", run_id=view.artifact.run_id)
    return found


def _yield_entries(view: RunView) -> Iterator[NamedBlob]:
    for entry in view.attachments:
        if named := _read_entry(entry, "attachment", entry.get("sha256"), "attachment"):
            yield named
    for entry in view.advisories:
        if named := _read_entry(entry, "advisory", entry.get("advisory_id"), "unknown"):
            yield named


def _read_entry(entry: Mapping[str, Any], source: str, sha256: object, kind: str) -> NamedBlob | None:
    if not isinstance(sha256, str) or not ids.SHA256.fullmatch(sha256):
        return None
    size = entry.get("size_bytes")
    return NamedBlob(
        sha256=sha256,
        source=source,
        kind=_text(entry, "kind") or kind,
        mime=_text(entry, "mime"),
        title=_text(entry, "title"),
        filename=_text(entry, "filename"),
        size_bytes=size if isinstance(size, int) and not isinstance(size, bool) else None,
        created_at_utc=_text(entry, "created_at_utc"),
    )


def _text(entry: Mapping[str, Any], member: str) -> str | None:
    value = entry.get(member)
    return value if isinstance(value, str) and value else None
