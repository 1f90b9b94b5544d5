"""Rosettes that are recorded: each variant a run with its drawing attached and its cuts evaluated.

    made = record_rosettes(store, engines, interpreter, RosetteRequest(prompt="rope in koa, 6 mm band", count=3),
                           actor=actor, us=now_us(), engine_timeout_ms=5000)
    made[0].run_id, made[0].variant_sha256

    generate_advisory_svg("rope in koa, 6 mm band", seed=7)["variant_sha256"]     # a drawing without a run

The design of such a run is its worst cut, so that the engine can evaluate it again to the same digest, and beside it,
as `rosette`, the request and the spec, from which the drawing can be made again to the byte. Order of writing: the
drawings, the runs of the later variants, then the run of the first, which an Idempotency-Key names: when it is there,
all are there.
"""

import logging
from typing import Any, Final

import msgspec

from rmos import digest, ids
from rmos.engines.base import EngineResult
from rmos.engines.registry import Registry
from rmos.errors.files import SvgRefused
from rmos.errors.records import RunDeleted, RunExists
from rmos.errors.request import ValidationFailed
from rmos.errors.store import RecordDamaged
from rmos.models import Actor, Attachment
from rmos.rosette.spec import RosetteSpec, decode_spec, encode_spec
from rmos.rosette.svg import render
from rmos.services.artifact import Idempotency, RunRequest, artifact_members
from rmos.services.rosettes.cuts import MODE, CutEvaluator, EvaluatedRosette
from rmos.services.rosettes.interpreters import BuiltIn, Interpreter
from rmos.services.rosettes.plans import RosettePlan, RosetteRequest, plan_rosettes
from rmos.services.rosettes.records import (
    RecordedRosette,
    RosetteMade,
    describe_rosette,
    find_replayed_rosettes,
    list_materials,
    read_rosette,
)
from rmos.services.runs import require_session_and_parent
from rmos.store import Store, put_svg_attachment
from rmos.svg import validate_svg

log = logging.getLogger(__name__)

EVENT_TYPE: Final = "rosette"
SVG_KIND: Final = "svg_variant"
"""The kind of the attachment that a rosette's drawing is."""


class _Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One variant before it is recorded."""

    run_id: str
    spec: RosetteSpec
    svg: str
    sha256: str
    bom: list[dict[str, Any]]
    evaluated: EvaluatedRosette
    design: dict[str, Any]
    """Of the run: the worst cut and the rosette."""
    result: EngineResult
    """What the engine says of just that design, so that a replay gives the same."""


def record_rosettes(
    store: Store,
    engines: Registry,
    interpreter: Interpreter,
    request: RosetteRequest,
    *,
    actor: Actor,
    us: int,
    engine_timeout_ms: float,
    idempotency: Idempotency | None = None,
    plan: RosettePlan | None = None,
) -> list[RosetteMade]:
    """Draw, evaluate and record the variants of a rosette; with an Idempotency-Key that was used before, return those.

    Args:
        us: the moment of the request, microseconds since the epoch; the variants follow each other by one.
        plan: what was understood of the request, when it was read already: a model would read it otherwise again.

    Raises:
        PromptEmpty: there is neither a prompt with a word in it, nor a spec, nor an earlier run.
        ValidationFailed: it cannot be followed, drawn, or is too much; nothing was recorded.
        IdempotencyKeyReused, SessionNotFound, SessionDeleted, RecordDamaged: as for any run.
        OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    store.heartbeat.require_clock()
    first_id = ids.new_run_id(us)
    if idempotency is not None:
        first_id = store.claims.take_run_id(actor.name, idempotency.key, idempotency.request_sha256, us)
        if ids.moment_of(first_id) != us and (earlier := find_replayed_rosettes(store, first_id)):
            return earlier
    related = RunRequest(
        mode=MODE,
        tool_id=EVENT_TYPE,
        workflow_session_id=request.workflow_session_id,
        parent_run_id=request.parent_run_id,
    )
    require_session_and_parent(store, related)
    plan = plan or plan_rosettes(request, interpreter, read_parent(store, request))
    cutting = CutEvaluator(
        engines,
        tool_id=request.tool,
        machine_id=request.machine,
        request_id=actor.request_id or "-",
        timeout_ms=engine_timeout_ms,
    )
    variants = _draw_variants(plan, request, cutting, first_id)
    try:
        return _put(store, request, plan, variants, actor, idempotency)
    except RunExists:
        if idempotency is not None and (earlier := find_replayed_rosettes(store, first_id)):
            return earlier  # a twin of this request was faster
        raise


def generate_advisory_svg(
    prompt: str, seed: int | None = None, *, instrument: str | None = None, interpreter: Interpreter | None = None
) -> dict[str, Any]:
    """Draw a rosette and store the drawing in the store that the settings name, without recording a run.

    Args:
        seed: which variant; without it that of the prompt.

    Returns:
        `svg`, `variant_sha256`, `variant_seed`, `seed_source`, `attachment`, `spec`, `assumptions`, `unrecognized`,
        `bom`. The same prompt and seed give the same digest, and one blob.

    Raises:
        PromptEmpty, ValidationFailed: the prompt cannot be followed.
        NoStore, OutOfSpace, StoreReadOnly, StorageFailed: nothing was stored.
    """
    request = RosetteRequest(prompt=prompt, seed=seed, instrument=instrument)
    plan = plan_rosettes(request, interpreter or BuiltIn(), None)
    spec = plan.variant(0)
    svg = render(spec, prompt_sha256=request.prompt_sha256())
    # The digest is that of the finished drawing, known before anything is named after it.
    variant_sha256 = digest.sha256_hex(svg.encode())
    attachment, _, _ = put_svg_attachment(svg, kind="advisory_svg", filename=f"advisory_{variant_sha256[:8]}.svg")
    return {
        "svg": svg,
        "variant_sha256": variant_sha256,
        "variant_seed": spec.seed,
        "seed_source": plan.seed_source,
        "attachment": msgspec.to_builtins(attachment),
        "spec": encode_spec(spec),
        "assumptions": list(plan.assumptions),
        "unrecognized": list(plan.unrecognized),
        "bom": list_materials(spec),
    }


def read_parent(store: Store, request: RosetteRequest) -> RosetteSpec | None:
    """Return the rosette of the run that the request begins with, if it begins with one.

    Raises:
        RunNotFound, RecordDamaged: as for any run.
        ValidationFailed: the run has no rosette, or was deleted.
    """
    if request.parent_run_id is None or request.spec is not None:
        return None
    try:
        run = store.runs.record(request.parent_run_id).view().artifact
        found = decode_spec(read_rosette(run).spec)
    except RunDeleted:
        raise _no_parent(request.parent_run_id, "The run was deleted; restore it first.") from None
    except (msgspec.MsgspecError, ValidationFailed):
        raise _no_parent(request.parent_run_id, "The run is no rosette that can be changed.") from None
    except RecordDamaged as damage:
        damage.members["run_id"] = request.parent_run_id
        raise
    return found


def _no_parent(run_id: str, why: str) -> ValidationFailed:
    return ValidationFailed(
        "The request begins with a run that has no rosette to begin with.",
        errors={"parent_run_id": [why]},
        parent_run_id=run_id,
    )


def _draw_variants(plan: RosettePlan, request: RosetteRequest, cutting: CutEvaluator, first_id: str) -> list[_Variant]:
    """Draw and evaluate all variants, and let none pass that a browser may not be shown; nothing is written."""
    us, variants = ids.moment_of(first_id) or 0, []
    for place in range(request.count):
        spec = plan.variant(place)
        svg = render(spec, prompt_sha256=request.prompt_sha256())
        data = svg.encode()
        if not (verdict := validate_svg(data)).ok:
            raise SvgRefused(f"The drawing cannot be shown: {verdict.reason}")
        evaluated = cutting.evaluate_rosette(spec, cut_soundhole=bool(request.cut_soundhole))
        design = {
            **evaluated.worst.design,
            "rosette": msgspec.to_builtins(_describe_rosette(request, plan, spec, evaluated)),
        }
        variants.append(
            _Variant(
                run_id=first_id if place == 0 else ids.new_run_id(us + place),
                spec=spec,
                svg=svg,
                sha256=digest.sha256_hex(data),
                bom=list_materials(spec),
                evaluated=evaluated,
                design=design,
                result=cutting.evaluate(design, evaluated.worst.context),
            )
        )
    return variants


def _describe_rosette(
    request: RosetteRequest, plan: RosettePlan, spec: RosetteSpec, evaluated: EvaluatedRosette
) -> RecordedRosette:
    return RecordedRosette(
        request={name: value for name, value in msgspec.to_builtins(request).items() if value is not None},
        spec=encode_spec(spec),
        seed_source=plan.seed_source,
        assumptions=[*plan.assumptions, *evaluated.assumptions],
        unrecognized=list(plan.unrecognized),
        changed=list(plan.changed),
    )


def _put(
    store: Store,
    request: RosetteRequest,
    plan: RosettePlan,
    variants: list[_Variant],
    actor: Actor,
    idempotency: Idempotency | None,
) -> list[RosetteMade]:
    """Make the drawings durable, then the runs; the first variant's last, because it stands for all."""
    attachments = {variant.sha256: _attach_drawing(store, variant) for variant in variants}
    run_ids, made = [variant.run_id for variant in variants], []
    for place in reversed(range(len(variants))):
        variant = variants[place]
        members = _members(request, plan, variant, actor, idempotency if place == 0 else None)
        members["attachments"] = [msgspec.to_builtins(attachments[variant.sha256])]
        if len(variants) > 1:
            members["meta"]["rosette"] = {"variant": place + 1, "run_ids": run_ids}
        stored = store.runs.put(members)
        run = stored.view.artifact
        log.info("rosette_created run_id=%s risk=%s", run.run_id, run.decision.risk_level)
        made.append(
            describe_rosette(run, variant.svg, variant.spec, variant.bom, indexed=stored.indexed, replayed=False)
        )
    return made[::-1]


def _attach_drawing(store: Store, variant: _Variant) -> Attachment:
    name = f"rosette_{variant.sha256[:8]}.svg"
    # It has passed the gate already, before anything was written.
    attachment, _, _ = store.attachments.put_svg(variant.svg, kind=SVG_KIND, filename=name, validate=False)
    return attachment


def _members(
    request: RosetteRequest, plan: RosettePlan, variant: _Variant, actor: Actor, idempotency: Idempotency | None
) -> dict[str, Any]:
    worst, decision = variant.evaluated.worst, variant.evaluated.decision
    run_request = RunRequest(
        mode=MODE,
        tool_id=worst.tool_id,
        event_type=EVENT_TYPE,
        workflow_session_id=request.workflow_session_id,
        design=variant.design,
        context=worst.context,
        machine_id=request.machine,
        parent_run_id=request.parent_run_id,
        meta={} if plan.provenance is None else {"interpreter": plan.provenance},
    )
    return artifact_members(
        variant.run_id, run_request, worst.context, variant.result, decision, [], actor=actor, idempotency=idempotency
    )
