"""The cuts of a design that has several: a rosette is a channel, rings, pockets and parts, each with a tool of its own.

    design["cuts"][0]            # {"operation": "channel", "tool_id": "em-3175-2f", "design": {…}, "context": {…}}
    read_design_cuts(design)     # None of a design that is one cut
    complete_cuts(…)             # the context of the whole, which holds those of the cuts

The members of such a design are those of its worst cut (`worst_cut` is its place), so that an engine can evaluate it as
any other. The material and the thickness of a cut are its own; machine, hold-down, coolant and the size of the top are
those of the session.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.engines.baseline_v2.metric import make_metric
from rmos.engines.shop import Shop
from rmos.rosette.machining import OF_THE_TOP

CUTS: Final = "cuts"
WORST_CUT: Final = "worst_cut"
MAX_CUTS: Final = 100
"""Of one design: a rosette has forty rings at the most."""
_OWN: Final = ("tool", CUTS)
"""Members of a session's context that no cut takes over: each has a tool of its own."""


class DesignCut(msgspec.Struct, frozen=True, kw_only=True):
    """One cut of a design."""

    operation: str
    ring: int | None = None
    tool_id: str
    design: dict[str, Any]
    context: dict[str, Any] = {}
    """Its material and its stock."""

    @property
    def name(self) -> str:
        """What it is called, for people."""
        called = self.operation.replace("_", " ")
        return called if self.ring is None else f"{called} of ring {self.ring}"


class DesignCuts(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a design that say of which cuts it consists."""

    cuts: tuple[DesignCut, ...]
    worst_cut: int

    @property
    def worst(self) -> DesignCut:
        """The cut that the design itself has the members of."""
        return self.cuts[self.worst_cut]


def read_design_cuts(design: Mapping[str, Any]) -> DesignCuts | None:
    """Return the cuts of a design, None where it is one cut; what has another form is a note that somebody keeps."""
    if CUTS not in design:
        return None
    try:
        found = msgspec.convert({name: design.get(name) for name in (CUTS, WORST_CUT)}, DesignCuts)
    except msgspec.ValidationError:
        return None
    return found if 0 <= found.worst_cut < len(found.cuts) <= MAX_CUTS else None


def complete_cuts(
    found: DesignCuts, shared: Mapping[str, Any], shop: Shop, *, machine_id: str | None, material_id: str | None
) -> dict[str, Any]:
    """Return the context of a design with several cuts: that of its worst one, and all of them as `cuts`."""
    contexts = [_complete_cut(cut, shared, shop, machine_id, material_id) for cut in found.cuts]
    return {**contexts[found.worst_cut], CUTS: contexts}


def _complete_cut(
    cut: DesignCut, shared: Mapping[str, Any], shop: Shop, machine_id: str | None, material_id: str | None
) -> dict[str, Any]:
    shared = make_metric(shared) if cut.context.get("units") == "mm" else shared
    base = {name: value for name, value in shared.items() if name not in _OWN}
    context = {**base, **cut.context}
    stock = base.get("stock")
    if cut.operation in OF_THE_TOP and isinstance(stock, Mapping):
        context["stock"] = {**stock, **_object(cut.context.get("stock"))}
    return shop.complete(context, tool_id=cut.tool_id, machine_id=machine_id, material_id=material_id)


def read_cut_contexts(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the contexts of the cuts from a completed context."""
    found = context.get(CUTS)
    return [dict(item) for item in found] if isinstance(found, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
