"""How much of their lives the tools of a pack have behind them, for the setup sheet.

    wear = find_wear(store, shop, tools)
    wear[0].text, wear[0].level          # "em-3175-2f: 98.2 of 120 min are over (82 %) …", "worn"

Only tools of which the shop says how long they last (`life_minutes`) are told of. What is said follows from outcomes,
which go on: it is found once, when a pack is first taken. Nothing is decided by it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from rmos.engines.shop import Shop
from rmos.errors.store import IndexRebuilding, ObjectUnreadable
from rmos.index.base import INDEX_ERRORS
from rmos.names import fold_name
from rmos.services.packs.texts import clean_line, format_quantity
from rmos.services.packs.tools import PackedTool
from rmos.services.tool_life import WORN_SHARE, ToolLifeReport, ToolMinutes, list_tool_lives
from rmos.store import Store

WearLevel = Literal["fine", "worn", "over"]
_SHOWN_SERIAL: Final = 30


class ToolWear(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one tool."""

    level: WearLevel
    """`worn` from 80 % of its life on, `over` above all of it: that is a warning."""
    text: str


def find_wear(store: Store, shop: Shop, tools: Sequence[PackedTool]) -> list[ToolWear]:
    """Return what is said of the tools of a pack; nothing where nobody can tell just now."""
    expected: dict[str, float] = {}
    for tool in tools:
        name = fold_name(tool.tool_id)
        expected[name] = expected.get(name, 0.0) + (tool.cutting_s or 0.0) / 60
    if not any(fold_name(name) in expected for name in shop.tool_lives):
        return []
    try:
        lives = list_tool_lives(store.tool_lives, shop)
    except (*INDEX_ERRORS, IndexRebuilding, ObjectUnreadable):
        return []
    return [
        wear
        for life in lives
        if life.life_minutes is not None and fold_name(life.tool_id) in expected
        for wear in _describe(life, life.life_minutes, expected[fold_name(life.tool_id)])
    ]


def _describe(life: ToolLifeReport, lasts: float, expected: float) -> Iterator[ToolWear]:
    if life.damage is not None:
        yield ToolWear(level="worn", text=f"{clean_line(life.tool_id)}: its record is damaged, so its age is not known")
    for tool in life.tools:
        in_use = tool.last_action != "discarded" or tool.jobs
        if in_use and tool.minutes is not None:
            yield _describe_tool(_name(life.tool_id, tool), tool, tool.minutes, lasts, expected)
        elif in_use:
            yield ToolWear(
                level="fine",
                text=f"{_name(life.tool_id, tool)}: lasts {format_quantity(lasts)} min, used for nobody knows how long",
            )


def _describe_tool(name: str, tool: ToolMinutes, minutes: float, lasts: float, expected: float) -> ToolWear:
    share = minutes / lasts
    level: WearLevel = "over" if share > 1 else "worn" if share >= WORN_SHARE else "fine"
    least = "at least " if tool.timed_jobs < tool.jobs else ""
    used = f"{name}: {least}{minutes:.1f} of {format_quantity(lasts)} min are over ({share * 100:.0f} %)"
    after = f"{minutes + expected:.1f} min after this pack"
    if level == "over":
        return ToolWear(level=level, text=f"{used}, {after}: sharpen or replace it")
    if minutes + expected > lasts:
        return ToolWear(level=level, text=f"{used}, {after}: it does not last to the end")
    return ToolWear(level=level, text=f"{used}, {after}")


def _name(tool_id: str, tool: ToolMinutes) -> str:
    serial = f" {clean_line(tool.serial, _SHOWN_SERIAL)}" if tool.serial else ""
    return f"{clean_line(tool_id)}{serial}"
