"""Suggest a setting: the one that is done soonest of those that are GREEN with room on both sides.

The chip is aimed at the middle of the makers' window for the tool (its geometric mean, at the thickest chip), and kept
a seventh away from where a check leaves GREEN, so that a setting which is dialled in roughly still is. Where nothing is
GREEN the suggestion says which checks stand against it and what they advise.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos.engines.base import EngineResult, Risk
from rmos.engines.baseline.fields import AXIAL_DEPTH, DIAMETER, ENGAGEMENT, FEED, PLUNGE_FEED, RPM
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.chip import chip_of, window
from rmos.engines.baseline_v2.cut import Cut, open_cut
from rmos.engines.baseline_v2.engine import BaselineV2, grade
from rmos.engines.baseline_v2.verdict import CheckVerdict
from rmos.engines.suggest.feed_map import FeedMap, make_feed_map
from rmos.engines.suggest.search import Free, passes_of, search, start_of
from rmos.engines.suggest.windows import SettingWindow, windows_of
from rmos.errors.request import ValidationFailed

_REQUEST_ID: Final = "suggest"
_NOT_MOVED: Final = ("GEOMETRY", "INVALID_INPUT", "MATERIAL_YIELD")


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, a speed, a pass: what is dialled in. `fixed` names those that were asked for."""

    feed_mm_min: float
    plunge_feed_mm_min: float | None
    spindle_rpm: float
    axial_depth_mm: float
    radial_engagement_mm: float | None
    fixed: tuple[str, ...]


class SettingSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What to set, or what stands against it.

    `is_green` tells whether the whole cut is GREEN with these settings; `design` is the one that was evaluated, metric
    or in inches as it was sent. `passes` is None when nobody said how deep the cut goes.
    """

    is_green: bool
    settings: Setting
    passes: int | None
    windows: tuple[SettingWindow, ...]
    why: tuple[str, ...]
    design: dict[str, Any]
    result: EngineResult
    feed_map: FeedMap


class FoundSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The best setting alone: the design with its numbers, and how many passes reach the bottom, None: nobody knows."""

    is_green: bool
    passes: int | None
    design: dict[str, Any]


class _Search(NamedTuple):
    """A cut as it is stated, what of it is free, what came of its checks, and the best one that was found."""

    stated: Cut
    free: Free
    verdicts: Mapping[str, CheckVerdict]
    found: Cut | None
    best: Cut
    design: dict[str, Any]
    result: EngineResult


def suggest(engine: BaselineV2, design: Mapping[str, Any], context: Mapping[str, Any]) -> SettingSuggestion:
    """Return the best setting for a cut; what the design states of feed, speed and pass stays as it is.

    Raises:
        ValidationFailed: an input cannot be used, or too little is known to say anything.
    """
    stated, free, verdicts, found, best, filled, result = _search_best(engine, design, context)
    windows, settings = windows_of(best, verdicts), _settings(stated, best, free)
    return SettingSuggestion(
        is_green=result.status == "GREEN",
        settings=settings,
        passes=passes_of(best),
        windows=windows,
        why=_explain_setting(best, settings if found is None else None, result, windows),
        design=filled,
        result=result,
        feed_map=make_feed_map(
            best, verdicts, is_plunge_free=free.plunge, worst_of_the_rest=_worst_of_the_rest(result)
        ),
    )


def find_setting(engine: BaselineV2, design: Mapping[str, Any], context: Mapping[str, Any]) -> FoundSetting:
    """Return the setting that `suggest` names, without its windows and its map, for a fifth of the time.

    Raises:
        ValidationFailed: as `suggest`.
    """
    searched = _search_best(engine, design, context)
    return FoundSetting(
        is_green=searched.result.status == "GREEN", passes=passes_of(searched.best), design=searched.design
    )


def _search_best(engine: BaselineV2, design: Mapping[str, Any], context: Mapping[str, Any]) -> _Search:
    stated = open_cut(dict(design), dict(context), engine.materials)
    free = Free(*(path not in stated.sent for path in (FEED, PLUNGE_FEED, RPM, AXIAL_DEPTH)))
    _refuse(stated)
    start = start_of(stated, free)
    verdicts, _ = grade(start)
    found = search(start, free, verdicts)
    best = start if found is None else found
    filled = _fill_design(dict(design), stated, best)
    result = engine.compute(spec=filled, ctx=dict(context), request_id=_REQUEST_ID)
    return _Search(stated, free, verdicts, found, best, filled, result)


def _refuse(stated: Cut) -> None:
    """Refuse what cannot be used, and what nothing can be said of."""
    problems = stated.inputs.problems
    if problems:
        raise ValidationFailed(f"Nothing can be suggested: {'; '.join(list(problems.values())[:4])}.")
    if stated.operation in (None, "drawing_only"):
        raise ValidationFailed("Nothing can be suggested: design.operation must name a cut.")
    lacking = [path for path in ("context.tool.kind", DIAMETER, "context.tool.flutes") if path not in stated.sent]
    lacking += [] if stated.material is not None else ["context.material.id"]
    lacking += ["context.tool.angle_deg"] if stated.kind == "v_bit" and stated.angle != stated.angle else []
    if lacking:
        raise ValidationFailed(f"Nothing can be suggested without {', '.join(map(stated.inputs.shown, lacking))}.")


def _fill_design(design: dict[str, Any], stated: Cut, best: Cut) -> dict[str, Any]:
    """Return the design with the suggested numbers, under the names and in the units in which it was sent."""
    values = {
        FEED: best.feed,
        PLUNGE_FEED: best.plunge,
        RPM: best.rpm,
        AXIAL_DEPTH: best.depth,
        ENGAGEMENT: best.engagement,
    }
    is_inch = stated.inputs.units == "inch"
    for path, value in values.items():
        if path in stated.usable or value != value or (path == FEED and best.is_drilled):
            continue
        factor = 25.4 if is_inch and path != RPM else 1.0
        design[stated.inputs.shown(path).removeprefix("design.")] = value / factor
    return design


def _settings(stated: Cut, best: Cut, free: Free) -> Setting:
    names = ((FEED, free.feed), (PLUNGE_FEED, free.plunge), (RPM, free.rpm), (AXIAL_DEPTH, free.depth))
    # A ball or a V is only as wide as it is at this depth.
    engagement = best.engagement if best.is_sawn else min(best.engagement, chip_of(best).wide)
    return Setting(
        feed_mm_min=best.feed,
        plunge_feed_mm_min=best.plunge if best.plunge == best.plunge else None,
        spindle_rpm=best.rpm,
        axial_depth_mm=best.depth,
        radial_engagement_mm=engagement if engagement == engagement else None,
        fixed=tuple(path.removeprefix("design.") for path, is_free in names if not is_free and path in stated.sent),
    )


def _worst_of_the_rest(result: EngineResult) -> Risk:
    """Return the worst colour of what no feed or speed changes; it colours the whole map.

    What is not known does not: the map would be YELLOW throughout, and say nothing of feed and speed.
    """
    rest = {item.risk for item in result.assessments if item.id in _NOT_MOVED}
    return "RED" if "RED" in rest else "YELLOW" if "YELLOW" in rest else "GREEN"


def _explain_setting(
    best: Cut, failed: Setting | None, result: EngineResult, windows: Sequence[SettingWindow]
) -> tuple[str, ...]:
    """Return in words why this setting, or what stands against every one, as against one that `failed`."""
    lacking = ", ".join(result.missing_inputs)
    without = [f"without {lacking} the cut is not fully evaluated"] if lacking else []
    messages = [f"{item.id}: {item.message}" for item in result.assessments if item.risk in ("RED", "YELLOW")]
    if failed is not None:
        kept = f" with this {' and '.join(failed.fixed)}" if failed.fixed else ""
        return (f"no setting is GREEN{kept}", *messages, *without)
    if messages:
        return (*messages, *without)
    reasons = [_of_window(window) for window in windows if window.name == "feed_mm_min"]
    if best.material is not None and not best.is_sawn and (not best.is_drilled or best.kind == "drill"):
        makers, chip = window(best, best.material), num(chip_of(best).per_tooth)
        span = num(makers.low) if makers.low == makers.high else f"{num(makers.low)} to {num(makers.high)}"
        printed = f"{span} mm ({'; '.join(makers.sources[:3])})"
        reasons.append(f"chipload {chip} mm; makers print {printed}")
    passes = passes_of(best)
    if passes is not None:
        depth, total = num(best.depth), num(best.total)
        reasons.append(f"one pass of {depth} mm" if passes == 1 else f"{passes} passes of {depth} mm reach {total} mm")
    return (*reasons, *without)


def _of_window(found: SettingWindow) -> str:
    low, high = (
        f"{num(end or 0.0)} {found.unit}{f' ({by})' if by else ''}"
        for end, by in ((found.low, found.low_by), (found.high, found.high_by))
    )
    return f"a feed from {low} to {high} is GREEN"
