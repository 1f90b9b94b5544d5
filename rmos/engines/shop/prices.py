"""What materials cost, as a shop states it in `instance/materials.toml`; no engine reads it and no digest holds it.

    own, prices = split_prices({"ebony": {"price": 95, "price_unit": "EUR/dm3"}}, "instance/materials.toml")
    prices["ebony"].amount, prices["ebony"].per      # 95.0, "dm3"; `own` has no entry then: it states nothing else

An entry that has a price alone leaves the shipped figures of its material as they are, and may be of one that no
engine knows, such as fibre.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

import msgspec

from rmos.engines.shop.bounds import Positive
from rmos.errors.installation import ConfigError

PriceMeasure = Literal["m3", "dm3", "cm3", "m2", "dm2", "m", "piece"]
_MEMBERS: Final = frozenset({"price", "price_unit"})
_UNIT: Final = re.compile(rf"([A-Z]{{3}}|[€$£])/({'|'.join(get_args(PriceMeasure))})")


class MaterialPrice(msgspec.Struct, frozen=True):
    """What so much of a material costs."""

    amount: float
    currency: str
    per: PriceMeasure


def split_prices(table: Mapping[str, Any], called: str) -> tuple[dict[str, Any], dict[str, MaterialPrice]]:
    """Return the entries of a table without their prices, those left out that had nothing else, and the prices.

    Args:
        called: the file, as a message names it.

    Raises:
        ConfigError: a price or its unit cannot be used; it names the file and the entry.
    """
    entries: dict[str, Any] = {}
    prices: dict[str, MaterialPrice] = {}
    for name, members in table.items():
        if not isinstance(members, dict) or _MEMBERS.isdisjoint(members):
            entries[name] = members
            continue
        prices[name] = _read_price(members, f"{called}, entry [{name}]")
        if others := {member: value for member, value in members.items() if member not in _MEMBERS}:
            entries[name] = others
    return entries, prices


def _read_price(members: Mapping[str, Any], where: str) -> MaterialPrice:
    unit = members.get("price_unit")
    match = _UNIT.fullmatch(unit) if isinstance(unit, str) else None
    if match is None:
        measures = ", ".join(get_args(PriceMeasure))
        raise ConfigError(f"{where}: `price_unit` must be a currency and a measure, as EUR/dm3; there are {measures}.")
    try:
        amount = msgspec.convert(members.get("price"), Positive)
    except msgspec.ValidationError:
        raise ConfigError(f"{where}: `price` must be a number above zero.") from None
    return MaterialPrice(amount, match[1], cast(PriceMeasure, match[2]))
