"""Files that are made of a recorded rosette when they are asked for: the glue-up plan, and what a machine cuts.

    make_output(store, run_id, "plan.svg").data

They are functions of the recorded spec, the same bytes each time, so they are not stored: the spec is the record.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from rmos import digest
from rmos.errors.records import RosetteNotFound
from rmos.errors.request import ValidationFailed
from rmos.rosette.dxf import dxf_text
from rmos.rosette.plan_pages import plan_html, plan_svg
from rmos.rosette.spec import RosetteSpec, decode_spec, spec_sha256
from rmos.rosette.svg import render
from rmos.services.rosettes.records import read_rosette
from rmos.store import Store

OutputName = Literal["plan.svg", "plan.html", "cam.svg", "cam.dxf"]


class RosetteOutput(NamedTuple):
    """A finished file; `sha256` is that of its bytes."""

    data: bytes
    sha256: str
    mime: str
    filename: str


_MAKERS: Final[Mapping[OutputName, tuple[str, Callable[[RosetteSpec], str]]]] = {
    "plan.svg": ("image/svg+xml", plan_svg),
    "plan.html": ("text/html; charset=utf-8", plan_html),
    "cam.svg": ("image/svg+xml", lambda spec: render(spec, "cam")),
    "cam.dxf": ("image/vnd.dxf", dxf_text),
}
OUTPUTS: Final[tuple[OutputName, ...]] = tuple(_MAKERS)


def make_output(store: Store, run_id: str, name: OutputName) -> RosetteOutput:
    """Return a file of the rosette that a run recorded.

    Raises:
        RunNotFound, RunDeleted, RecordDamaged: as for any run.
        RosetteNotFound: the run is no rosette.
    """
    run = store.runs.record(run_id).view().artifact
    try:
        spec = decode_spec(read_rosette(run).spec)
    except (msgspec.MsgspecError, ValidationFailed):
        raise RosetteNotFound(f"The run {run_id} is no rosette, so there is nothing to make of it.") from None
    mime, make = _MAKERS[name]
    data = make(spec).encode()
    return RosetteOutput(data, digest.sha256_hex(data), mime, f"rosette_{spec_sha256(spec)[:8]}_{name}")
