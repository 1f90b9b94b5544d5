"""What a browser may be shown of a run's files: drawings that pass the gate, and of the rest why not.

    preview = find_preview(store, named)
    preview.action                         # "preview", "download" or "none"
    blob = open_preview(store, named)      # or SvgBlocked

A verdict is a function of the bytes, so it is cached under their digest; the blob itself is opened, and so found
whole, each time.
"""

import threading
from collections import OrderedDict
from typing import Final, Literal

import msgspec

from rmos.errors.files import AttachmentNotFound, SvgBlocked
from rmos.errors.store import RecordDamaged
from rmos.services.files.media_types import HEAD_BYTES, SVG, UNKNOWN, guess_type
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob
from rmos.svg import validate_svg
from rmos.svg.encoding import MAX_BYTES
from rmos.svg.verdict import Verdict

Action = Literal["preview", "download", "none"]
_REMEMBERED: Final = 4096
_verdicts: "OrderedDict[str, Verdict]" = OrderedDict()
_turn: Final = threading.Lock()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a file can be shown, else why not, and what its reader can do."""

    ok: bool
    mime: str | None
    reason: str
    action: Action
    blocked_by: str | None = None
    line: int | None = None
    column: int | None = None


def find_preview(store: Store, named: NamedBlob) -> Preview:
    """Return what can be done with a file that a run names."""
    try:
        with store.blobs.open(named.sha256) as blob:
            mime = named.mime or guess_type(blob.read_at(0, HEAD_BYTES))
            verdict = _verdict(blob)
    except AttachmentNotFound:
        reason = "The file is not there; an operator can restore it from a back-up."
        return Preview(ok=False, mime=named.mime, reason=reason, action="none", blocked_by="missing")
    except RecordDamaged:
        reason = "The file is damaged and is not given out; an operator can restore it from a back-up."
        return Preview(ok=False, mime=named.mime, reason=reason, action="none", blocked_by="damaged")
    return Preview(
        ok=verdict.ok,
        mime=SVG if verdict.ok else mime,
        reason=verdict.reason,
        action="preview" if verdict.ok else "download",
        blocked_by=verdict.blocked_by,
        line=verdict.line,
        column=verdict.column,
    )


def open_preview(store: Store, named: NamedBlob) -> OpenBlob:
    """Open a drawing that a browser may be shown.

    Raises:
        SvgBlocked: it may not; the members tell why.
        AttachmentNotFound, Damage: it is not there, or not whole.
    """
    blob = store.blobs.open(named.sha256)
    try:
        verdict = _verdict(blob)
        if not verdict.ok:
            raise SvgBlocked(verdict.reason, blocked_by=verdict.blocked_by, line=verdict.line, column=verdict.column)
    except BaseException:  # whatever it is: nobody else closes the file any more
        blob.close()
        raise
    return blob


def validate_blob(store: Store, sha256: str) -> Verdict:
    """Return the gate's verdict on a blob.

    Raises:
        AttachmentNotFound, Damage.
    """
    with store.blobs.open(sha256) as blob:
        return _verdict(blob)


def _verdict(blob: OpenBlob) -> Verdict:
    with _turn:
        if found := _verdicts.get(blob.sha256):
            _verdicts.move_to_end(blob.sha256)
            return found
    kind = guess_type(blob.read_at(0, HEAD_BYTES))
    if kind.startswith(("image/", "application/")) and kind not in (SVG, UNKNOWN):
        verdict = Verdict(ok=False, reason=f"It is {kind}, and no drawing.", blocked_by="not_svg", line=1, column=1)
    elif blob.size > MAX_BYTES:
        reason = f"The file is larger than {MAX_BYTES} bytes, which no drawing that is shown may be."
        verdict = Verdict(ok=False, reason=reason, blocked_by="too_large", line=1, column=1)
    else:
        verdict = validate_svg(blob.read_at(0, blob.size))
    with _turn:
        _verdicts[blob.sha256] = verdict
        if len(_verdicts) > _REMEMBERED:
            _verdicts.popitem(last=False)
    return verdict
