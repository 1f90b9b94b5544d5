"""`/shop/<kind>`: the tools, materials and machines that cuts are judged with, and where their figures come from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from flask import Blueprint, Response

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.engines.shop import ShopEntry
from rmos.errors.http import RouteNotFound
from rmos.web.lessons import LessonNumber, list_inputs, name_number
from rmos.web.shell import render_page

bp = Blueprint("shop_pages", __name__)


class ShopKind(NamedTuple):
    """A table of the shop: its title, the filter of runs that its ids answer, what it is, its columns."""

    title: str
    filter: str
    about: str
    columns: tuple[str, ...]


KINDS: Final[Mapping[str, ShopKind]] = {
    "tools": ShopKind(
        "Tools",
        "tool_id",
        "What a run names as its tool stands for these figures.",
        ("kind", "diameter_mm", "flutes", "material", "stickout_mm", "flute_length_mm", "max_rpm"),
    ),
    "materials": ShopKind(
        "Materials",
        "material_id",
        "Which charts a material takes, and what it costs to cut it.",
        ("chart", "janka_lbf", "density_kg_m3", "energy_j_mm3", "heat"),
    ),
    "machines": ShopKind(
        "Machines",
        "machine_id",
        "What a machine can do; what it does not state is judged by its class.",
        ("class", "spindle_power_w", "max_force_n", "min_rpm", "max_rpm", "max_feed_mm_min", "hand_fed"),
    ),
}


class ShownEntry(msgspec.Struct, frozen=True):
    """An entry as a row: its cells, what else it states, and where its figures come from."""

    id: str
    is_own: bool
    cells: list[LessonNumber]
    others: list[LessonNumber]
    sources: list[str]


@bp.get("/shop/<kind>")
@requires("viewer")
def show_shop(kind: str) -> Response:
    """Show a table of the shop."""
    found = KINDS.get(kind)
    if found is None:
        raise RouteNotFound(f"The shop has no table {kind[:40]!r}; there are {', '.join(KINDS)}.")
    return render_page(
        "shop.html",
        here="shop",
        kinds=KINDS,
        kind=kind,
        about=found,
        columns=[name_number(name, "") for name in found.columns],
        entries=[_show_entry(entry, found.columns) for entry in current_rmos().engines.shop.tables[kind]],
    )


def _show_entry(entry: ShopEntry, columns: Sequence[str]) -> ShownEntry:
    stated = {name: value for name, value in entry.members.items() if not name.endswith("source")}
    return ShownEntry(
        entry.id,
        entry.is_own,
        [name_number(name, stated.get(name, "")) for name in columns],
        list_inputs({name: value for name, value in stated.items() if name not in columns}),
        _list_sources(entry.members),
    )


def _list_sources(members: Mapping[str, Any]) -> list[str]:
    """Return where the figures of an entry come from, each source once."""
    inner = [value for value in members.values() if isinstance(value, dict)]
    stated = [part[name] for part in (members, *inner) for name in part if name.endswith("source")]
    return list(dict.fromkeys(stated))
