"""What a shop has: its materials, tools and machines, from the tables shipped here and those of its `instance/` folder.

    shop = load_shop(settings.instance_path)            # ConfigError that names the file and the entry
    shop.materials["sitka_spruce"].energy_j_mm3         # 0.113
    shop.complete(context, tool_id="em-3175-2f", machine_id="light_desktop", material_id="ebony")

An entry of the instance folder stands beside the shipped ones, or in the place of the one with its name, whole. What a
tool or a machine stands for is written into the context, so it is recorded as an input of the run; what a material
stands for is read by the engine, which records the digest of what it read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from rmos.engines.shop.files import EntryTable, ShopEntry, lay_over, name_own, read_own, read_table
from rmos.engines.shop.machines import MachineEntry
from rmos.engines.shop.materials import Material, MaterialEntry, material_of
from rmos.engines.shop.prices import MaterialPrice, split_prices
from rmos.engines.shop.tools import ToolEntry, in_inches, keep_shipped_tools
from rmos.engines.shop.unknown import UnknownName, make_unknown_name
from rmos.names import find_name

_MATERIALS: Final = "materials.toml"
_TOOLS: Final = "tools.toml"
__all__ = ["SHIPPED", "Material", "Shop", "ShopEntry", "load_shop"]


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of one installation: material id → material, tool and machine id → members of the context."""

    materials: Mapping[str, Material]
    tools: Mapping[str, Mapping[str, Any]]
    machines: Mapping[str, Mapping[str, Any]]
    axes: Mapping[str, Mapping[str, Any]] = {}
    """Machine id → what it states of its controller and its axes: what programs are measured by."""
    tables: Mapping[str, Sequence[ShopEntry]] = {}
    """The tables as they were written, with the sources: `tools`, `materials` and `machines`."""
    tool_lives: Mapping[str, float] = {}
    """Tool id → minutes in the cut that it lasts, where the shop says so."""
    prices: Mapping[str, MaterialPrice] = {}
    """What materials cost, by name, where the shop says so."""

    def complete(
        self,
        context: dict[str, Any],
        *,
        tool_id: str | None,
        machine_id: str | None = None,
        material_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the context with what the named tool, machine and material are, in the context's own units.

        What was sent is never overridden: the same context comes back when it has a `tool`, a `machine` and a
        `material`, whatever they are, or when the names are in no table. A name may be in any case.
        """
        added: dict[str, Any] = {}
        is_inch = context.get("units") == "inch"
        for section, name, table in (("tool", tool_id, self.tools), ("machine", machine_id, self.machines)):
            found = None if not name or section in context else find_name(name, table)
            if found is not None:
                added[section] = in_inches(table[found]) if is_inch else dict(table[found])
        if material_id and not _has_material(context):
            found = find_name(material_id, self.materials)
            added |= {} if found is None else {"material": {"id": found}}
        return {**context, **added} if added else context

    def find_unknown(
        self, context: Mapping[str, Any], *, tool_id: str | None, machine_id: str | None, material_id: str | None
    ) -> list[UnknownName]:
        """Return the names that stand for nothing in a context that was completed by them: neither it nor a table has
        what they would be.
        """
        lacking = (
            (not _has_material(context), "material_id", material_id, "context.material", self.materials),
            ("tool" not in context, "tool_id", tool_id, "context.tool", self.tools),
            ("machine" not in context, "machine_id", machine_id, "context.machine", self.machines),
        )
        return [
            make_unknown_name(member, name, section, table)
            for is_absent, member, name, section, table in lacking
            if is_absent and name
        ]

    @classmethod
    def of_tables(
        cls,
        materials: EntryTable[MaterialEntry],
        tools: EntryTable[ToolEntry],
        machines: EntryTable[MachineEntry],
    ) -> Self:
        """Return the shop that checked tables describe."""
        return cls(
            materials={name: material_of(name, entry) for name, entry in materials.entries.items()},
            tools={name: entry.members() for name, entry in tools.entries.items()},
            tool_lives={name: entry.life_minutes for name, entry in tools.entries.items() if entry.life_minutes},
            machines={name: entry.members() for name, entry in machines.entries.items()},
            axes={name: entry.list_axes() for name, entry in machines.entries.items()},
            tables={
                "tools": tools.list_entries(),
                "materials": materials.list_entries(),
                "machines": machines.list_entries(),
            },
        )


def _has_material(context: Mapping[str, Any]) -> bool:
    return "material" in context or "material_id" in context


def load_shop(instance_path: Path | None = None) -> Shop:
    """Return the shipped tables with those of `materials.toml`, `tools.toml`, `machines.toml` in an instance folder.

    Raises:
        ConfigError: a file cannot be read or an entry cannot be used; it names the file and the entry.
    """
    own, prices = split_prices(read_own(_MATERIALS, instance_path), name_own(_MATERIALS))
    shop = Shop.of_tables(
        lay_over(_MATERIALS, MaterialEntry, own),
        lay_over(_TOOLS, ToolEntry, keep_shipped_tools(read_own(_TOOLS, instance_path))),
        read_table("machines.toml", MachineEntry, instance_path),
    )
    return msgspec.structs.replace(shop, prices=prices)


SHIPPED: Final = load_shop()
"""The shop of an installation that has no tables of its own."""
