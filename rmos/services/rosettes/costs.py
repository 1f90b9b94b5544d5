"""What the materials of a rosette cost, about: the blanks that its bill names, at the prices of the shop.

    costs = estimate_costs(bill_of_materials(spec), shop.prices)
    costs.lines[0], costs.totals, costs.unpriced      # 1.84, {"€": 18.4}, ("black fibre",)

What is bought is counted: strips, veneers, boards, pieces, shell. Stacks, logs, blocks and slices are made of those.
Waste beyond the blanks, glue and work are not in it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rmos.engines.shop.prices import MaterialPrice, PriceMeasure
from rmos.rosette.bom import BillItem
from rmos.rosette.materials import MATERIALS

_BOUGHT: Final = frozenset({"strip", "veneer", "board", "piece", "shell"})
_MM: Final[Mapping[PriceMeasure, float]] = {
    "m3": 1e9,
    "dm3": 1e6,
    "cm3": 1e3,
    "m2": 1e6,
    "dm2": 1e4,
    "m": 1e3,
    "piece": 1,
}
"""Of each measure, the cubic, square or plain millimetres, or the pieces."""


class MaterialCosts(msgspec.Struct, frozen=True):
    """The costs of a bill."""

    lines: tuple[tuple[float, str] | None, ...]
    """For each line amount and currency; None for what is not bought or has no price."""
    totals: Mapping[str, float]
    """By currency."""
    unpriced: tuple[str, ...]
    """Names of materials that are bought and have no price."""


def estimate_costs(bill: Sequence[BillItem], prices: Mapping[str, MaterialPrice]) -> MaterialCosts:
    """Return what the lines of a bill cost at these prices, by the material's name or by that of the engine's."""
    lines: list[tuple[float, str] | None] = []
    totals: dict[str, float] = {}
    unpriced: list[str] = []
    for item in bill:
        price = _find_price(item.material, prices)
        if item.what not in _BOUGHT or price is None:
            lines.append(None)
            unpriced += [item.material] if item.what in _BOUGHT else []
            continue
        cost = price.amount * _measure(item, price.per) / _MM[price.per]
        lines.append((cost, price.currency))
        totals[price.currency] = totals.get(price.currency, 0.0) + cost
    names = (MATERIALS[name].name if name in MATERIALS else name for name in dict.fromkeys(unpriced))
    return MaterialCosts(tuple(lines), totals, tuple(names))


def _find_price(name: str, prices: Mapping[str, MaterialPrice]) -> MaterialPrice | None:
    known = MATERIALS.get(name)
    return prices.get(name) or (prices.get(known.engine_id) if known is not None and known.engine_id else None)


def _measure(item: BillItem, per: PriceMeasure) -> float:
    """Return how much of a material a line takes: mm³, mm² of the largest side, mm of length, or pieces."""
    thin, wide, long = sorted((item.length_mm, item.width_mm, item.height_mm))
    if per in ("m3", "dm3", "cm3"):
        return item.count * thin * wide * long
    if per in ("m2", "dm2"):
        return item.count * wide * long
    return item.count * long if per == "m" else item.count
