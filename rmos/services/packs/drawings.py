"""The drawings of a pack: of a rosette its own, in millimetres and as DXF, else the first program from above."""

import msgspec

from rmos.errors.request import ValidationFailed
from rmos.rosette.dxf import dxf_text
from rmos.rosette.spec import RosetteSpec, decode_spec
from rmos.rosette.svg import render
from rmos.services.files.media_types import SVG
from rmos.services.files.previews import find_preview
from rmos.services.packs.gathering import PackSource
from rmos.services.program_pictures import draw_recorded
from rmos.services.rosettes.records import read_rosette
from rmos.store import Store
from rmos.store.naming import list_named_blobs


def draw_pack(store: Store, source: PackSource, *, max_bytes: int) -> dict[str, bytes]:
    """Return the drawings of a pack by their names in it.

    Raises:
        ProgramNotDrawn, PayloadTooLarge, AttachmentNotFound, Damage.
    """
    spec = _find_rosette(source)
    if spec is not None:
        return {"drawing.svg": render(spec).encode(), "drawing.dxf": dxf_text(spec).encode()}
    for named in list_named_blobs(source.record.view()).values():
        is_own = any(entry.sha256 == named.sha256 for entry in source.run.attachments or ())
        if is_own and named.mime == SVG and find_preview(store, named).ok:
            return {"drawing.svg": store.blobs.read(named.sha256)}
    return {"drawing.svg": draw_recorded(store, source.run.run_id, max_bytes=max_bytes).encode()}


def _find_rosette(source: PackSource) -> RosetteSpec | None:
    """Return the rosette that the design of the run is of, None where it is of none that can be drawn."""
    try:
        return decode_spec(read_rosette(source.run).spec)
    except (msgspec.MsgspecError, ValidationFailed):
        return None
