"""Whether a name that nobody knows matters: to engines that read what it would stand for."""

from typing import Any

import pytest

from rmos.engines.base import EngineInfo, EngineInput
from rmos.engines.shop import SHIPPED, Shop
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context, find_unknown_names

REQUEST = RunRequest(mode="laser", tool_id="co2-80w", machine_id="laser-1", design={"operation": "engrave"})


def make_info(*paths: str) -> EngineInfo:
    inputs = [EngineInput(path=path, kind="number") for path in paths]
    return EngineInfo(engine_id="laser", version="1.0.0", description="Lasers.", inputs=inputs)


def find(info: EngineInfo, request: RunRequest = REQUEST, shop: Shop = SHIPPED) -> list[str]:
    return [item.member for item in find_unknown_names(request, info, shop, complete_context(request, shop))]


@pytest.mark.parametrize(
    ("info", "unknown"),
    [
        (make_info("design.power_w"), []),
        (make_info("design.power_w", "context.machine.class"), ["machine_id"]),
        (make_info("context.tool.kind"), ["tool_id"]),
        (make_info(), ["tool_id", "machine_id"]),
    ],
)
def test_trap_43_a_name_matters_to_an_engine_that_may_read_what_it_stands_for(
    info: EngineInfo, unknown: list[str]
) -> None:
    assert find(info) == unknown


def test_a_shop_that_has_nothing_of_a_kind_says_so() -> None:
    empty = Shop(materials={}, tools={}, machines={})
    _, machine = find_unknown_names(REQUEST, make_info(), empty, {})
    assert machine.message == (
        'machine_id "laser-1" names no machine of this shop. It has no machine at all. '
        "Name one of them, or describe it in context.machine."
    )


@pytest.mark.parametrize(
    "name", ["x" * 200, "a\u202eb", 'quote " and \\', "\x1b[31mred"], ids=["long", "turned", "quoted", "coloured"]
)
def test_a_foreign_name_is_told_without_harm(name: str) -> None:
    request = RunRequest(mode="router", tool_id=name, design={})
    [unknown] = find_unknown_names(request, make_info("context.tool.kind"), SHIPPED, {})
    assert unknown.name == name
    assert unknown.message.isprintable()
    assert len(unknown.message) < 400


def test_what_was_sent_of_a_context_is_never_overridden() -> None:
    context: dict[str, Any] = {"tool": None, "machine": {}, "material_id": 7}
    request = RunRequest(
        mode="router", tool_id="em-3175-2f", machine_id="table_saw", material_id="ebony", context=context
    )
    assert complete_context(request, SHIPPED) is context
