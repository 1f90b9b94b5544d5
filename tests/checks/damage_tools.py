"""Damage to the records of tools: each must be found and named, and none may hide another."""

from tests.checks.registry import damage
from tests.checks.shops import Faults, Shop, event


def tool_event(record_id: str, number: int) -> str:
    return event(record_id, number, "_tools")


@damage
def both_events_of_a_tool_flipped(shop: Shop) -> Faults:
    record_id = shop.tool("a")
    keys = [tool_event(record_id, number) for number in (1, 2)]
    for key in keys:
        shop.flip(key)
    return [("event_corrupt", key) for key in keys]


@damage
def tool_whose_first_event_is_gone(shop: Shop) -> Faults:
    record_id = shop.tool("b")
    shop.path(tool_event(record_id, 1)).unlink()
    return [("event_hole", tool_event(record_id, 2))]


@damage
def tool_that_was_new_on_another_day_sealed_anew(shop: Shop) -> Faults:
    record_id = shop.tool("c")
    shop.reseal(tool_event(record_id, 1), created_at_utc="2020-01-01T00:00:00.000000Z")
    return [("event_chain_broken", tool_event(record_id, 2))]


@damage
def tool_event_of_an_unknown_kind(shop: Shop) -> Faults:
    record_id = shop.tool("d")
    shop.reseal(tool_event(record_id, 2), kind="lost")
    return [("tool_corrupt", tool_event(record_id, 1))]


@damage
def tool_event_that_speaks_of_another_tool(shop: Shop) -> Faults:
    record_id = shop.tool("e")
    shop.reseal(tool_event(record_id, 2), data={"tool_id": "other"})
    return [("tool_corrupt", tool_event(record_id, 1))]


@damage
def tool_event_under_another_name(shop: Shop) -> Faults:
    other = tool_event("tool_" + "0a" * 16, 1)
    shop.overwrite(other, shop.path(tool_event(shop.tool("f"), 1)).read_bytes())
    return [("misnamed", other)]


@damage
def folder_in_the_place_of_a_tool(shop: Shop) -> Faults:
    key = tool_event("tool_" + "0b" * 16, 1)
    shop.path(key).mkdir(parents=True)
    return [("not_a_file", key)]
