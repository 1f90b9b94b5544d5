"""Which files of runs are programs that leave at their own address only, and what the others are called.

    is_gated(view, named)                # a program that a session covers: it leaves through the gate alone
    tell_filename(named)                 # "NOT_RELEASED_ring.nc": what somebody sent, and nobody approved

Only the service writes the kind `gcode` into a record of toolpaths. A client may call its own upload so; that is what
somebody sent, and they get it back under a name that says so.
"""

from typing import Final

from rmos.models import RUN_SCHEMA, TOOLPATHS, RunView
from rmos.services.programs.keeping import GCODE, GCODE_INPUT
from rmos.store.naming import NamedBlob

NOT_RELEASED: Final = "NOT_RELEASED_"


def list_gated(view: RunView) -> list[NamedBlob]:
    """Return the programs that a run was given by a session that covers them, in their order."""
    run = view.artifact
    if run.schema != RUN_SCHEMA or run.event_type != TOOLPATHS:
        return []
    return [
        NamedBlob(
            sha256=entry.sha256,
            source="attachment",
            kind=entry.kind,
            mime=entry.mime,
            filename=entry.filename,
            size_bytes=entry.size_bytes,
            created_at_utc=entry.created_at_utc,
        )
        for entry in run.attachments or ()
        if entry.kind == GCODE
    ]


def is_gated(view: RunView, named: NamedBlob) -> bool:
    """Tell whether a file of a run leaves through the gate alone."""
    return any(program.sha256 == named.sha256 for program in list_gated(view))


def tell_filename(named: NamedBlob) -> str | None:
    """Return what a file is called when it is handed over."""
    name = named.filename or named.title
    if named.kind not in (GCODE, GCODE_INPUT) or (name or "").startswith(NOT_RELEASED):
        return name
    return f"{NOT_RELEASED}{name or named.sha256[:12]}"
