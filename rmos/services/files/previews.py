"""What a browser may be shown of a run's files: drawings that pass the gate, and of the rest why not.

    preview = find_preview(store, named)
    preview.action                         # "preview", "download" or "none"
    blob = open_preview(store, named)      # or SvgBlocked

A validation is a function of the bytes, so it is cached under their digest; the blob itself is opened, and so found
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
from rmos.svg.validation import SvgValidation

PreviewAction = Literal["preview", "download", "none"]
_CACHED: Final = 4096
_validations: "OrderedDict[str, SvgValidation]" = OrderedDict()
_turn: Final = threading.Lock()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a file can be shown, else why not, and what its reader can do."""

    ok: bool
    mime: str | None
    reason: str
    action: PreviewAction
    blocked_by: str | None = None
    line: int | None = None
    column: int | None = None


def find_preview(store: Store, named: NamedBlob) -> Preview:
    """Return what can be done with a file that a run names."""
    try:
        with store.blobs.open(named.sha256) as blob:
            mime = named.mime or guess_type(blob.read_at(0, HEAD_BYTES))
            validation = _validate_drawing(blob)
    except AttachmentNotFound:
        reason = "The file is not there; an operator can restore it from a back-up."
        return Preview(ok=False, mime=named.mime, reason=reason, action="none", blocked_by="missing")
    except RecordDamaged:
        reason = "The file is damaged and is not given out; an operator can restore it from a back-up."
        return Preview(ok=False, mime=named.mime, reason=reason, action="none", blocked_by="damaged")
    return Preview(
        ok=validation.ok,
        mime=SVG if validation.ok else mime,
        reason=validation.reason,
        action="preview" if validation.ok else "download",
        blocked_by=validation.blocked_by,
        line=validation.line,
        column=validation.column,
    )


def open_preview(store: Store, named: NamedBlob) -> OpenBlob:
    """Open a drawing that a browser may be shown.

    Raises:
        SvgBlocked: it may not; the members tell why.
        AttachmentNotFound, Damage: it is not there, or not whole.
    """
    blob = store.blobs.open(named.sha256)
    try:
        validation = _validate_drawing(blob)
        if not validation.ok:
            raise SvgBlocked(
                validation.reason, blocked_by=validation.blocked_by, line=validation.line, column=validation.column
            )
    except BaseException:  # whatever it is: nobody else closes the file any more
        blob.close()
        raise
    return blob


def validate_blob(store: Store, sha256: str) -> SvgValidation:
    """Return the gate's validation of a blob.

    Raises:
        AttachmentNotFound, Damage.
    """
    with store.blobs.open(sha256) as blob:
        return _validate_drawing(blob)


def _validate_drawing(blob: OpenBlob) -> SvgValidation:
    with _turn:
        if found := _validations.get(blob.sha256):
            _validations.move_to_end(blob.sha256)
            return found
    kind = guess_type(blob.read_at(0, HEAD_BYTES))
    if kind.startswith(("image/", "application/")) and kind not in (SVG, UNKNOWN):
        validation = SvgValidation(
            ok=False, reason=f"It is {kind}, and no drawing.", blocked_by="not_svg", line=1, column=1
        )
    elif blob.size > MAX_BYTES:
        reason = f"The file is larger than {MAX_BYTES} bytes, which no drawing that is shown may be."
        validation = SvgValidation(ok=False, reason=reason, blocked_by="too_large", line=1, column=1)
    else:
        validation = validate_svg(blob.read_at(0, blob.size))
    with _turn:
        _validations[blob.sha256] = validation
        if len(_validations) > _CACHED:
            _validations.popitem(last=False)
    return validation
