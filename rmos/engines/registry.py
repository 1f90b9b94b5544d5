"""Which engines there are: the default one first, the built-in ones, the plug-ins of the group `rmos.engines`.

    Registry([("gentle", "rmos_gentle:Gentle")]).get("gentle")

A plug-in is named as its entry point names it, by a reference to an engine object, or to a class or function that makes
one without arguments, and nothing else: its process has to import it. One that cannot be used stops the start with its
name: a shop that installed an engine must not run without noticing on another one.
"""

import functools
import json
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Final, Self

from rmos.engines.base import EngineInfo
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.contract import collect_rules
from rmos.engines.plugin import Engine, Plugin
from rmos.engines.process import NotLoaded
from rmos.engines.rules import Rule
from rmos.engines.shop import SHIPPED, Shop
from rmos.errors.installation import ConfigError, PluginError
from rmos.errors.records import EngineNotFound, RuleNotFound

FIRST_ENGINE_ID: Final = "baseline_v1"
NEWEST_ENGINE_ID: Final = "baseline_v2"
ENTRY_POINT_GROUP: Final = "rmos.engines"


class Registry:
    """The engines of this process, by id; fixed once it is made."""

    def __init__(
        self,
        plugins: Iterable[tuple[str, str]] = (),
        *,
        shop: Shop = SHIPPED,
        default: Callable[[], str] | None = None,
    ) -> None:
        """Take the built-in engines and the given plug-ins.

        Args:
            plugins: for each the name to blame it under, and a reference (`module:object`).
            shop: the materials, tools and machines that cuts are evaluated with, by default the shipped ones.
            default: says which engine evaluates when a request names none, asked when that is first needed; by default
                the newest of the built-in ones.

        Raises:
            PluginError: when a plug-in cannot be loaded, breaks the contract or has the id of an engine that is there
                already.
        """
        self.shop = shop
        self._default = default
        self.baseline_v2 = BaselineV2(shop.materials)
        self._engines: dict[str, Engine] = {
            FIRST_ENGINE_ID: BaselineV1(shop.materials),
            NEWEST_ENGINE_ID: self.baseline_v2,
        }
        for name, reference in plugins:
            self._add(name, reference)

    @classmethod
    def load(cls, shop: Shop = SHIPPED, *, default: Callable[[], str] | None = None) -> Self:
        """Return a registry with the installed plug-ins, in the order of their names, for a shop.

        Raises:
            PluginError: when one of them cannot be loaded or used, naming it.
        """
        points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
        return cls(((point.name, point.value) for point in points), shop=shop, default=default)

    @functools.cached_property
    def default_engine_id(self) -> str:
        """The engine that evaluates when a request names none; of one that is not there the newest built-in one."""
        wanted = NEWEST_ENGINE_ID if self._default is None else self._default()
        return wanted if wanted in self._engines else NEWEST_ENGINE_ID

    def get(self, engine_id: str | None) -> Engine:
        """Return the engine with this id, the default one for None; never another one than was asked for.

        Raises:
            EngineNotFound: when there is none.
        """
        engine = self._engines.get(self.default_engine_id if engine_id is None else engine_id)
        if engine is None:
            shown = json.dumps(engine_id)[:80]
            there = ", ".join(self._engines)
            raise EngineNotFound(f"There is no engine {shown}. There are: {there}.", engine_id=engine_id)
        return engine

    def require_default(self, engine_id: str) -> None:
        """Refuse a default engine that is not there.

        Raises:
            ConfigError: naming those that are.
        """
        if engine_id not in self._engines:
            there = ", ".join(self._engines)
            raise ConfigError(f"RMOS_DEFAULT_ENGINE is {engine_id!r}; there are the engines {there}.")

    def infos(self) -> list[EngineInfo]:
        """Return who the engines are, the default one first."""
        return [engine.info for engine in self._in_order()]

    def rules(self) -> list[tuple[str, Rule]]:
        """Return every rule that an engine offers, with the engine's id: engine by engine, each by rule id."""
        return [(engine.info.engine_id, rule) for engine in self._in_order() for rule in collect_rules(engine)]

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

    def close(self) -> None:
        """End the processes of the plug-ins that wait for something to do; who asks again starts new ones."""
        for engine in self._engines.values():
            if isinstance(engine, Plugin):
                engine.close()

    def _in_order(self) -> list[Engine]:
        default = self.get(None)
        return [default, *(engine for engine in self._engines.values() if engine is not default)]

    def _add(self, name: str, reference: str) -> None:
        if not isinstance(reference, str):
            raise PluginError(
                f"Engine plug-in {name} is an object; name it by a reference, such as package.module:Engine, "
                "because its process has to import it."
            )
        try:
            plugin = Plugin(name, reference)
        except NotLoaded as error:
            raise PluginError(f"Engine plug-in {name} ({reference}){error}.") from None
        if plugin.info.engine_id in self._engines:
            raise PluginError(f"Engine plug-in {name}: there is an engine {plugin.info.engine_id} already.")
        self._engines[plugin.info.engine_id] = plugin
