"""Rosettes that are drawn and not recorded: what the studio shows before anybody decides.

    request = RosetteRequest(prompt="rope in koa, 6 mm band", seed=7, count=12)
    plan_drafts(store, request).unrecognized
    make_draft(store, request, "drawing.svg").data      # the bytes that a run with this seed would attach

The built-in interpreter reads them, whoever reads the prompts of programs: a page draws the same sentence a dozen
times, and what is recorded in the end has to be what was looked at.
"""

from typing import Final, Literal, get_args

import msgspec

from rmos import digest
from rmos.rosette.interpret import INTERPRETER_VERSION
from rmos.rosette.seeded import GENERATOR_VERSION
from rmos.rosette.svg import render
from rmos.services.rosettes.interpreters import BuiltIn
from rmos.services.rosettes.outputs import OUTPUTS, SVG, OutputName, RosetteOutput, make_file
from rmos.services.rosettes.plans import RosettePlan, RosetteRequest, plan_rosettes
from rmos.services.rosettes.recorder import read_parent
from rmos.store import Store

INTERPRETER: Final = BuiltIn()
"""Who reads what is drafted, and what is recorded of it."""
DraftName = Literal["drawing.svg", OutputName]
DRAFTS: Final[tuple[DraftName, ...]] = (*get_args(DraftName)[:1], *OUTPUTS)


def plan_drafts(store: Store, request: RosetteRequest) -> RosettePlan:
    """Return what is to be drawn for a request that begins with a prompt or with the rosette of a run.

    Raises:
        PromptEmpty, ValidationFailed: as `plan_rosettes`, which also bounds the work.
        RunNotFound, RecordDamaged: of the run.
    """
    return plan_rosettes(request, INTERPRETER, read_parent(store, request))


def make_draft(store: Store, request: RosetteRequest, name: DraftName) -> RosetteOutput:
    """Return a file of the first variant; nothing is written.

    Raises:
        PromptEmpty, ValidationFailed, RunNotFound, RecordDamaged: as `plan_drafts`.
        ExtraMissing: the package that makes such a file is not installed.
    """
    spec = plan_drafts(store, request).variant(0)
    if name != "drawing.svg":
        return make_file(spec, name)
    data = render(spec, prompt_sha256=request.prompt_sha256()).encode()
    sha256 = digest.sha256_hex(data)
    return RosetteOutput(data, sha256, SVG, f"rosette_{sha256[:8]}.svg")


def identify_draft(request: RosetteRequest, name: DraftName) -> str:
    """Return what tells a draft from every other one, without drawing it: the request decides on each of its bytes."""
    asked = {name: value for name, value in msgspec.to_builtins(request).items() if value is not None}
    return digest.canonical_sha256([asked, name, INTERPRETER_VERSION, GENERATOR_VERSION])
