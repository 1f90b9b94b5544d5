"""Suggest feed, speed and passes for a cut, with the shop's own tools, machines and materials.

    suggestion = suggest_setting(engines, SettingRequest(tool_id="em-3175-2f", design={…}, context={…}))
    suggestion.settings, suggestion.feed_map

What the design states stays as it is. `baseline_v2` is asked, whichever engine a shop has chosen: only it can tell how
far a setting may move. Nothing is recorded.
"""

from typing import Any

import msgspec

from rmos.engines.registry import Registry
from rmos.engines.suggest.best import FoundSetting, SettingSuggestion, find_setting, suggest
from rmos.errors.request import ValidationFailed
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context, find_unknown_names


class SettingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A cut whose feed, speed and pass are asked for; those that the design states are fixed."""

    tool_id: str | None = None
    design: dict[str, Any] = {}
    context: dict[str, Any] = {}
    material_id: str | None = None
    machine_id: str | None = None


def suggest_setting(engines: Registry, asked: SettingRequest) -> SettingSuggestion:
    """Return the best setting for a cut, how far each part of it may move, and a map of feed against speed.

    Raises:
        ValidationFailed: an id is in no table of the shop, an input cannot be used, or too little is known of the cut.
    """
    return suggest(engines.baseline_v2, asked.design, _complete(engines, asked))


def find_best_setting(engines: Registry, asked: SettingRequest) -> FoundSetting:
    """Return the best setting for a cut alone, while somebody waits with a hand on a knob.

    Raises:
        ValidationFailed: as `suggest_setting`.
    """
    return find_setting(engines.baseline_v2, asked.design, _complete(engines, asked))


def _complete(engines: Registry, asked: SettingRequest) -> dict[str, Any]:
    request = RunRequest(
        mode="suggest",
        tool_id=asked.tool_id or "",
        design=asked.design,
        context=asked.context,
        material_id=asked.material_id,
        machine_id=asked.machine_id,
    )
    context = complete_context(request, engines.shop)
    unknown = find_unknown_names(request, engines.baseline_v2.info, engines.shop, context)
    if unknown:
        raise ValidationFailed(
            f"Nothing can be suggested: {unknown[0].message}", errors={item.member: [item.message] for item in unknown}
        )
    return context
