"""Files that are made of a rosette when they are asked for: the glue-up plan, what a machine cuts, a picture, the spec.

    make_output(store, run_id, "plan.svg").data      # of a rosette that a run recorded
    make_file(spec, "cam.dxf").data                  # of any other

They are functions of the spec, the same bytes each time, so they are not stored: the spec is the record.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from rmos import digest
from rmos.errors.records import RosetteNotFound
from rmos.errors.request import ValidationFailed
from rmos.rosette.dxf import dxf_text
from rmos.rosette.outputs import png_bytes
from rmos.rosette.plan_pages import plan_html, plan_svg
from rmos.rosette.spec import RosetteSpec, decode_spec, encode_spec, spec_sha256
from rmos.rosette.svg import render
from rmos.services.rosettes.records import read_rosette
from rmos.store import Store

OutputName = Literal["plan.svg", "plan.html", "cam.svg", "cam.dxf", "drawing.png", "spec.json"]
OUTPUTS: Final[tuple[OutputName, ...]] = get_args(OutputName)
SVG: Final = "image/svg+xml"


class RosetteOutput(NamedTuple):
    """A finished file; `sha256` is that of its bytes."""

    data: bytes
    sha256: str
    mime: str
    filename: str


_MAKERS: Final[Mapping[OutputName, tuple[str, Callable[[RosetteSpec], bytes]]]] = {
    "plan.svg": (SVG, lambda spec: plan_svg(spec).encode()),
    "plan.html": ("text/html; charset=utf-8", lambda spec: plan_html(spec).encode()),
    "cam.svg": (SVG, lambda spec: render(spec, "cam").encode()),
    "cam.dxf": ("image/vnd.dxf", lambda spec: dxf_text(spec).encode()),
    "drawing.png": ("image/png", lambda spec: png_bytes(render(spec))),
    "spec.json": ("application/json", lambda spec: _show_spec(spec)),
}


def make_output(store: Store, run_id: str, name: OutputName) -> RosetteOutput:
    """Return a file of the rosette that a run recorded.

    Raises:
        RunNotFound, RunDeleted, RecordDamaged: as for any run.
        RosetteNotFound: the run is no rosette.
        ExtraMissing: the package that makes such a file is not installed.
    """
    run = store.runs.record(run_id).view().artifact
    try:
        spec = decode_spec(read_rosette(run).spec)
    except (msgspec.MsgspecError, ValidationFailed):
        raise RosetteNotFound(f"The run {run_id} is no rosette, so there is nothing to make of it.") from None
    return make_file(spec, name)


def make_file(spec: RosetteSpec, name: OutputName) -> RosetteOutput:
    """Return a file of a rosette.

    Raises:
        ValidationFailed: the spec cannot be drawn.
        ExtraMissing: the package that makes such a file is not installed.
    """
    mime, make = _MAKERS[name]
    data = make(spec)
    return RosetteOutput(data, digest.sha256_hex(data), mime, f"rosette_{spec_sha256(spec)[:8]}_{name}")


def _show_spec(spec: RosetteSpec) -> bytes:
    return msgspec.json.format(msgspec.json.encode(encode_spec(spec)), indent=2) + b"\n"
