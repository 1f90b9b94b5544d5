"""What a form on `/try` is told: the decision on its cut, what to change, what is suggested, and the map.

    tried = evaluate_cut(rmos.engines, inputs, request_id=…, engine_timeout_ms=…)
    tried.decision.risk_level, tried.lessons, tried.cut_map

All of it is asked of the services that programs ask; nothing is recorded.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.engines.baseline_v2.fields import SAWN
from rmos.engines.registry import Registry
from rmos.errors.request import ValidationFailed
from rmos.models import RunDecision
from rmos.services.cut_maps import CutMap, find_reach, make_axis, make_cut_map
from rmos.services.cut_settings import SettingRequest, find_best_setting
from rmos.services.deciding import complete_context
from rmos.services.feasibility import DryRun, evaluate_cuts
from rmos.web.lessons import Lesson, find_rules, make_lessons
from rmos.web.run import object_of
from rmos.web.try_fields import AXES, BY_NAME, SETTINGS, SUGGESTED, axis_field
from rmos.web.try_inputs import TryInputs, show_number

COARSE: Final = (20, 12)
"""Columns and rows of the map that comes with a page."""
FINE: Final = (40, 24)
"""Those of the map that is drawn when the hand rests."""
_REACH: Final = 8.0
"""A map goes from an eighth of the suggested feed to eight times of it."""
_DIALLED: Final = ("feed", "plunge", "rpm", "pass")
_ITEM: Final = ("mode", "tool_id", "design", "context", "material_id", "machine_id")
_DESIGN: Final = tuple(BY_NAME[name] for name in SUGGESTED)


class SuggestedChanges(msgspec.Struct, frozen=True):
    """A setting that is GREEN, as changes of the form."""

    changes: dict[str, str]
    passes: int | None


class TriedCut(msgspec.Struct, frozen=True, kw_only=True):
    """What would be decided on a cut, and why."""

    decision: RunDecision
    feasibility: dict[str, Any]
    lessons: list[Lesson]
    suggested: SuggestedChanges | None
    values: Mapping[str, float]
    """The numbers of the settings, by field."""
    reach: Mapping[str, tuple[float, float]]
    """How far maps and sliders go, by field."""


def suggest_numbers(engines: Registry, inputs: TryInputs, free: Sequence[str]) -> dict[str, float]:
    """Return what is suggested for the free settings of a form, by field; nothing when no setting is GREEN."""
    found = _ask_suggestion(engines, inputs, free)
    return {} if found is None else {name: value for name, value in found[0].items() if name in free}


def _ask_suggestion(
    engines: Registry, inputs: TryInputs, free: Sequence[str]
) -> tuple[dict[str, float], int | None] | None:
    cut = inputs.make_cut(engines.shop)
    members = {BY_NAME[name].member for name in free}
    design = {name: value for name, value in cut.design.items() if name not in members}
    asked = SettingRequest(
        tool_id=cut.tool_id,
        design=design,
        context=cut.context,
        material_id=cut.material_id,
        machine_id=cut.machine_id,
    )
    try:
        suggestion = find_best_setting(engines, asked)
    except ValidationFailed:
        return None
    if not suggestion.is_green:
        return None
    stated = {field.name: suggestion.design.get(field.member) for field in _DESIGN}
    return {name: float(value) for name, value in stated.items() if value is not None}, suggestion.passes


def evaluate_cut(engines: Registry, inputs: TryInputs, *, request_id: str, engine_timeout_ms: float) -> TriedCut:
    """Return what would be decided on the cut of a form in which nothing is wrong."""
    cut = inputs.make_cut(engines.shop)
    item = {name: getattr(cut, name) for name in _ITEM}
    found = evaluate_cuts(engines, DryRun(items=[item]), request_id=request_id, engine_timeout_ms=engine_timeout_ms)[0]
    feasibility = found.found.record()
    context = complete_context(cut, engines.shop)
    suggested = _suggest(engines, inputs)
    return TriedCut(
        decision=found.decision,
        feasibility=feasibility,
        lessons=make_lessons(
            feasibility, {"design": cut.design, "context": context}, find_rules(engines, feasibility["engine_id"])
        ),
        suggested=suggested,
        values=_find_values(inputs, context),
        reach=_find_reach(engines, inputs, suggested),
    )


def _suggest(engines: Registry, inputs: TryInputs) -> SuggestedChanges | None:
    free = [name for name in _DIALLED if inputs.counts(BY_NAME[name])]
    if inputs.operation == SAWN:
        free.remove("pass")  # the kerf of the blade, which nobody sets
    found = _ask_suggestion(engines, inputs, free)
    if found is None:
        return None
    return SuggestedChanges({name: show_number(found[0][name]) for name in free if name in found[0]}, found[1])


def _find_values(inputs: TryInputs, context: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of the settings; a stick-out that the form leaves out is that of the tool."""
    values = {field.name: inputs.numbers[field.name] for field in SETTINGS if field.name in inputs.numbers}
    stickout = object_of(context.get("tool")).get("stickout_mm")
    if "stickout" not in values and isinstance(stickout, (int, float)):
        values["stickout"] = float(stickout)
    return values


def _find_reach(
    engines: Registry, inputs: TryInputs, suggested: SuggestedChanges | None
) -> dict[str, tuple[float, float]]:
    by_path = find_reach(engines, inputs.make_cut(engines.shop))
    reach = {field.name: by_path[field.path] for field in SETTINGS if field.path in by_path}
    for name in ("feed", "plunge"):
        middle = float(suggested.changes[name]) if suggested and name in suggested.changes else inputs.numbers.get(name)
        if middle is not None:
            reach[name] = (middle / _REACH, middle * _REACH)
    return reach


def map_cut(
    engines: Registry, inputs: TryInputs, tried: TriedCut, *, steps: tuple[int, int], engine_timeout_ms: float
) -> CutMap | None:
    """Return the map of a form's cut; None when it has no number for one of the axes."""
    axes = []
    for name, count in zip(AXES[inputs.texts["axes"]], steps, strict=True):
        field = axis_field(name, inputs.operation)
        value = tried.values.get(field.name)
        if value is None:
            return None
        low, high = tried.reach.get(field.name, (value, value))
        axes.append(make_axis(field.path, value, low=low, high=high, steps=count))
    cut = inputs.make_cut(engines.shop)
    return make_cut_map(engines, cut, axes[0], axes[1], engine_timeout_ms=engine_timeout_ms)
