"""What is to be drawn for a request: a spec, what was understood and assumed, and the seed of each variant.

    plan = plan_rosettes(request, interpreter, parent)
    [plan.variant(k) for k in range(request.count)]     # specs with the seeds seed, seed + 1, …

A rosette begins with a prompt, with a spec, or with the rosette of an earlier run. A prompt beside one of the last two
changes it ("the same but wider"). What was not asked to change stays: without a seed of its own the request keeps that
of the rosette it begins with, and a spec is drawn as it stands; a seed that is given varies what was left open.
"""

from typing import Any, Final, Literal

import msgspec

from rmos import digest
from rmos.errors.request import ValidationFailed
from rmos.rosette.change import apply_change, differences
from rmos.rosette.interpret import Interpretation
from rmos.rosette.presets import INSTRUMENTS
from rmos.rosette.seeded import MAX_SEED, derive_seed
from rmos.rosette.spec import RosetteSpec, decode_spec
from rmos.rosette.vary import vary
from rmos.rosette.work import work_of
from rmos.services.rosettes.interpreters import BUILT_IN, Interpreter

MAX_VARIANTS: Final = 12
MAX_WORK: Final = 1_200_000
"""What one request may ask to be drawn, in about microseconds of one core (`work_of`): about a second."""

SeedSource = Literal["given", "derived", "parent"]


class RosetteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing that is asked for: JSON values that passed the edge's checks."""

    prompt: str | None = None
    spec: dict[str, Any] | None = None
    seed: int | None = None
    instrument: str | None = None
    tool: str | None = None
    machine: str | None = None
    count: int = 1
    parent_run_id: str | None = None
    cut_soundhole: bool | None = None
    """Whether the machine cuts the hole too; None is no."""
    workflow_session_id: str | None = None
    changes: tuple[str, ...] | None = None
    """Sentences that change the first variant, one after the other; the pages for people send them."""

    def asked(self) -> dict[str, Any]:
        """Return what decides on the drawing, but for the seed: what a derived seed is derived from."""
        names = ["prompt", "spec", "instrument"] if self.spec is not None else ["prompt", "instrument", "parent_run_id"]
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def prompt_sha256(self) -> str | None:
        """Return the digest of the prompt, which a drawing names, or None where there is none."""
        return None if self.prompt is None else digest.sha256_hex(self.prompt.encode())


class RosettePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood of a request, and from which seed its variants count."""

    spec: RosetteSpec
    seed: int
    seed_source: SeedSource
    kept: bool
    """Whether the first variant is the spec as it stands, because nobody asked for another one."""
    assumptions: tuple[str, ...] = ()
    unrecognized: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None
    """Who read the prompt, when there was one."""

    def variant(self, place: int) -> RosetteSpec:
        """Return the spec of a variant, counted from 0; after the largest seed comes 0."""
        seed = (self.seed + place) % (MAX_SEED + 1)
        if place == 0 and self.kept:
            return msgspec.structs.replace(self.spec, seed=seed)
        return vary(self.spec, seed)


def plan_rosettes(request: RosetteRequest, interpreter: Interpreter, parent: RosetteSpec | None) -> RosettePlan:
    """Return what is to be drawn.

    Args:
        parent: the rosette of the run that the request names, when it names one and sends no spec.

    Raises:
        PromptEmpty: there is nothing to begin with.
        ValidationFailed: the prompt cannot be followed, the spec cannot be drawn, or it is too much for one request.
    """
    if request.instrument is not None and request.instrument not in INSTRUMENTS:
        known = ", ".join(INSTRUMENTS)
        raise ValidationFailed("There is no such instrument.", errors={"instrument": [f"known are {known}"]})
    base = parent if request.spec is None else decode_spec(request.spec)
    plan = _from_prompt(request, interpreter) if base is None else _from_rosette(request, base)
    for change in request.changes or ():
        plan = _change_first(plan, change)
    work = work_of(plan.spec) * request.count
    if work > MAX_WORK:
        raise ValidationFailed(
            "This is too much to draw in one request.",
            errors={"count": [f"ask for fewer variants, tiles or rings: it is {work / MAX_WORK:.1f} times the limit"]},
        )
    return plan


def _from_prompt(request: RosetteRequest, interpreter: Interpreter) -> RosettePlan:
    read = interpreter.read(request.prompt or "", instrument=request.instrument)
    derived = request.seed is None
    return RosettePlan(
        spec=read.understood.spec,
        seed=derive_seed(request.asked()) if request.seed is None else request.seed,
        seed_source="derived" if derived else "given",
        kept=False,
        assumptions=read.understood.assumptions,
        unrecognized=read.understood.unrecognized,
        provenance=read.provenance,
    )


def _from_rosette(request: RosetteRequest, base: RosetteSpec) -> RosettePlan:
    """Begin with a spec or an earlier rosette, changed by the prompt when there is one."""
    understood, provenance = Interpretation(spec=base), None
    if request.prompt is not None:
        provenance = BUILT_IN
        change = apply_change(base, request.prompt)
        understood = Interpretation(spec=change.spec, assumptions=change.assumptions, unrecognized=change.unrecognized)
    spec = understood.spec
    if request.instrument is not None:
        spec = msgspec.structs.replace(spec, instrument=request.instrument)
    seed, source = _seed_of(request, base)
    return RosettePlan(
        spec=spec,
        seed=seed,
        seed_source=source,
        kept=request.seed is None,
        assumptions=understood.assumptions,
        unrecognized=understood.unrecognized,
        changed=differences(base, spec),
        provenance=provenance,
    )


def _change_first(plan: RosettePlan, sentence: str) -> RosettePlan:
    """Return a plan that begins with the first variant of another, changed by a sentence."""
    base = plan.variant(0)
    change = apply_change(base, sentence)
    return msgspec.structs.replace(
        plan,
        spec=change.spec,
        kept=True,
        assumptions=tuple(dict.fromkeys((*plan.assumptions, *change.assumptions))),
        unrecognized=tuple(dict.fromkeys((*plan.unrecognized, *change.unrecognized))),
        changed=(*plan.changed, *change.changed),
    )


def _seed_of(request: RosetteRequest, base: RosetteSpec) -> tuple[int, SeedSource]:
    if request.seed is not None:
        return request.seed, "given"
    if request.spec is None:
        return base.seed, "parent"
    if "seed" in request.spec:
        return base.seed, "given"
    return derive_seed(request.asked()), "derived"
