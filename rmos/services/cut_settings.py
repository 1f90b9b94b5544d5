"""Suggest feed, speed and passes for a cut, with the shop's own tools, machines and materials.

    suggestion = suggest_setting(engines, SettingRequest(tool_id="em-3175-2f", design={…}, context={…}))
    suggestion.settings, suggestion.feed_map

What the design states stays as it is. `baseline_v2` is asked, whichever engine a shop has chosen: only it can tell how
far a setting may move. Nothing is recorded.
"""

from typing import Any

import msgspec

from rmos.engines.registry import Registry
from rmos.engines.suggest.best import SettingSuggestion, suggest
from rmos.services.artifact import RunRequest
from rmos.services.runs import complete_context


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
        ValidationFailed: an input cannot be used, or too little is known of the cut.
    """
    request = RunRequest(
        mode="suggest",
        tool_id=asked.tool_id or "",
        design=asked.design,
        context=asked.context,
        material_id=asked.material_id,
        machine_id=asked.machine_id,
    )
    return suggest(engines.baseline_v2, request.design, complete_context(request, engines.shop))
