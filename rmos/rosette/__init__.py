"""Rosettes: from a sentence to a drawing that can be made. Pure: no clock, no disk, no network, no chance.

    understood = interpret("rope pattern, ebony and padauk, 6 mm band")
    spec = vary(understood.spec, seed=7)
    svg = render(spec)                       # the same bytes on every machine
    operations, warnings = manufacture(spec)
    bill_of_materials(spec)
    apply_change(spec, "the same but wider").changed

The steps are pure functions of values; who records a rosette, and asks the engine about its cuts, stands above.
"""

from rmos.rosette.bom import bill_of_materials
from rmos.rosette.change import apply_change
from rmos.rosette.interpret import Interpretation, interpret
from rmos.rosette.manufacture import manufacture, tiles_of
from rmos.rosette.outputs import dxf_text, png_bytes
from rmos.rosette.seeded import GENERATOR_ID, GENERATOR_VERSION, MAX_SEED, derive_seed
from rmos.rosette.spec import RosetteSpec, decode_spec, encode_spec, spec_sha256
from rmos.rosette.svg import render
from rmos.rosette.vary import vary

__all__ = [
    "GENERATOR_ID",
    "GENERATOR_VERSION",
    "MAX_SEED",
    "Interpretation",
    "RosetteSpec",
    "apply_change",
    "bill_of_materials",
    "decode_spec",
    "derive_seed",
    "dxf_text",
    "encode_spec",
    "interpret",
    "manufacture",
    "png_bytes",
    "render",
    "spec_sha256",
    "tiles_of",
    "vary",
]
