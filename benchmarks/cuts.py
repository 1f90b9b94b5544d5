"""What is recorded and posted while measuring: spruce channels, a tenth of them too fast, judged by the engine."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.engines.base import EngineResult
from rmos.engines.decision import decide
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.models import Actor
from rmos.services.artifact import RunRequest, artifact_members
from rmos.services.deciding import complete_context

ACTOR: Final = Actor(name="local", role="operator", request_id="req_0123456789abcdef")
VARIANTS: Final = 100

_DESIGN: Final = {
    "operation": "channel",
    "feed_mm_min": 1800,
    "plunge_feed_mm_min": 600,
    "spindle_rpm": 18000,
    "axial_depth_mm": 0.75,
    "total_depth_mm": 1.5,
    "feature_width_mm": 6.0,
    "floor_thickness_mm": 1.5,
}
_CONTEXT: Final = {
    "units": "mm",
    "material": {"id": "sitka_spruce"},
    "machine": {"class": "light", "spindle_power_w": 710, "max_rpm": 30000},
    "stock": {"thickness_mm": 2.9},
}


def body(place: int) -> dict[str, Any]:
    """Return the body that posts the `place`th cut; every tenth is refused for its speed."""
    speed = 30000 if place % 10 == 0 else 18000
    return {
        "mode": "router",
        "tool_id": "em-6350-2f" if place % 10 == 0 else "em-3175-2f",
        "design": {**_DESIGN, "feed_mm_min": 1500 + place % VARIANTS * 5, "spindle_rpm": speed},
        "context": _CONTEXT,
        "notes": "Outer channel, sneak up on the fit with the last 0.1 mm.",
        "meta": {"batch_label": f"om-spruce-rosettes-{place % VARIANTS:02d}"},
    }


def judged(engines: Registry, place: int) -> tuple[RunRequest, dict[str, Any], EngineResult]:
    """Return the request of the `place`th cut, the context that it is judged in, and what the engine says of it."""
    request = RunRequest(**body(place))
    context = complete_context(request, engines.shop)
    result = evaluate(
        engines.get(None), design=request.design, context=context, request_id="req_0123456789abcdef", timeout_ms=5000
    )
    return request, context, result


def members(engines: Registry, place: int, us: int) -> dict[str, Any]:
    """Return the artifact's members of the `place`th cut as the service makes them."""
    request, context, result = judged(engines, place)
    return artifact_members(
        ids.new_run_id(us), request, context, result, decide(result), [], actor=ACTOR, idempotency=None
    )


def small_templates() -> list[dict[str, Any]]:
    """Return the members of `VARIANTS` runs of about 2 kB: with one assessment and without `request_summary`."""
    engines = Registry()
    templates = []
    for place in range(VARIANTS):
        request, context, result = judged(engines, place)
        few = {"assessments": result.assessments[3:4], "reasons": result.reasons[:1], "assumptions": []}
        small = msgspec.structs.replace(result, **few)
        decision = decide(small)
        made = artifact_members(ids.new_run_id(0), request, context, small, decision, [], actor=ACTOR, idempotency=None)
        templates.append({**made, "request_summary": {}})
    return templates


def small_members(templates: Sequence[dict[str, Any]], place: int, us: int) -> dict[str, Any]:
    """Return the members of the `place`th run of a store, made at this moment."""
    template = templates[place % len(templates)]
    request_id = f"req_{place:016x}"
    return {
        **template,
        "run_id": ids.new_run_id(us),
        "created_at_utc": ids.utc_text(us),
        "request_id": request_id,
        "meta": {**template["meta"], "request_id": request_id},
    }
