"""Which engines there are: the built-in ones first, then the plug-ins of the entry-point group `rmos.engines`.

An entry point names an engine object, or a class or function that makes one without arguments. A plug-in that cannot be
used stops the start with its name: a shop that installed an engine must not run without noticing on another one.
"""

import json
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Self, cast

from rmos.engines.base import EngineInfo, FeasibilityEngine
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.contract import ContractBroken, check_engine_shape, rules_of, type_name
from rmos.engines.rules import Rule
from rmos.engines.shop import SHIPPED, Shop
from rmos.errors.installation import PluginError
from rmos.errors.records import EngineNotFound, RuleNotFound

DEFAULT_ENGINE_ID: Final = "baseline_v1"
ENTRY_POINT_GROUP: Final = "rmos.engines"


class Registry:
    """The engines of this process, by id; fixed once it is made."""

    def __init__(self, plugins: Iterable[tuple[str, object]] = (), *, shop: Shop = SHIPPED) -> None:
        """Take the built-in engine and the given plug-ins, each with the name to blame it under.

        Args:
            shop: the materials, tools and machines that cuts are judged with, by default the shipped ones.

        Raises:
            PluginError: when a plug-in breaks the contract or has the id of an engine that is there already.
        """
        self.shop = shop
        baseline = BaselineV1(shop.materials)
        self._engines: dict[str, FeasibilityEngine] = {DEFAULT_ENGINE_ID: baseline}
        self._infos = [baseline.info]
        for name, plugin in plugins:
            self._add(name, plugin)

    @classmethod
    def load(cls, shop: Shop = SHIPPED) -> Self:
        """Return a registry with the installed plug-ins, in the order of their names, for a shop.

        Raises:
            PluginError: when one of them cannot be loaded or used, naming it.
        """
        points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
        return cls(((point.name, _load(point)) for point in points), shop=shop)

    def get(self, engine_id: str | None) -> FeasibilityEngine:
        """Return the engine with this id, the default one for None; never another one than was asked for.

        Raises:
            EngineNotFound: when there is none.
        """
        engine = self._engines.get(DEFAULT_ENGINE_ID if engine_id is None else engine_id)
        if engine is None:
            shown = json.dumps(engine_id)[:80]
            there = ", ".join(self._engines)
            raise EngineNotFound(f"There is no engine {shown}. There are: {there}.", engine_id=engine_id)
        return engine

    def infos(self) -> list[EngineInfo]:
        """Return who the engines are, the built-in one first."""
        return list(self._infos)

    def rules(self) -> list[tuple[str, Rule]]:
        """Return every rule that an engine offers, with the engine's id: engine by engine, each by rule id."""
        return [(name, rule) for name, engine in self._engines.items() for rule in rules_of(engine)]

    def rule(self, rule_id: str) -> tuple[str, Rule]:
        """Return a rule by its id, with its engine's; of several engines' the first one's.

        Raises:
            RuleNotFound: no engine has it.
        """
        rules = self.rules()
        found = next(((name, rule) for name, rule in rules if rule.id == rule_id), None)
        if found is None:
            shown = json.dumps(rule_id)[:80]
            there = ", ".join(sorted({rule.id for _, rule in rules}))
            raise RuleNotFound(f"There is no rule {shown}. There are: {there}.", rule_id=rule_id[:64])
        return found

    def _add(self, name: str, plugin: object) -> None:
        try:
            engine = cast(FeasibilityEngine, _made(plugin))
            info = check_engine_shape(engine)
            rules_of(engine)
        except ContractBroken as broken:
            raise PluginError(f"Engine plug-in {name}: {broken}.") from None
        except Exception as error:  # noqa: BLE001 - whatever foreign code raises makes it a broken plug-in
            raise PluginError(f"Engine plug-in {name} raised {type_name(type(error))}: {error}.") from None
        if info.engine_id in self._engines:
            raise PluginError(f"Engine plug-in {name}: there is an engine {info.engine_id} already.")
        self._engines[info.engine_id] = engine
        self._infos.append(info)


def _made(plugin: Any) -> object:
    """Return the engine that a plug-in is, or makes."""
    return plugin() if isinstance(plugin, type) or not hasattr(plugin, "compute") else plugin


def _load(point: EntryPoint) -> object:
    try:
        return point.load()
    except Exception as error:  # noqa: BLE001 - importing foreign code may raise anything
        raise PluginError(
            f"Engine plug-in {point.name} ({point.value}) cannot be imported: {type_name(type(error))}: {error}."
        ) from None
