"""Maps of a cut: the colour and the rule at each place as two of its settings vary, everything else as it is.

    x = make_axis("design.feed_mm_min", 900, low=200, high=8000, steps=20)
    y = make_axis("design.spindle_rpm", 18000, low=8000, high=33000, steps=12)
    cut_map = make_cut_map(engines, request, x, y, engine_timeout_ms=2000)
    cut_map.place(3, 5)          # CutColour("RED", "HEAT"): what a run of that very cut would be
    colour_places(engines, request, VariedNumber("design.feed_mm_min", (600.0, 900.0)), y, engine_timeout_ms=2000)

The engine of a map is the default one, as of a run. Of `baseline_v2` only the colours are asked
(`engines.suggest.colours`), of another one the whole decision.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.engines.baseline.fields import AXIAL_DEPTH, RPM, STICKOUT
from rmos.engines.baseline_v2.cut import open_cut
from rmos.engines.baseline_v2.speed import largest_rpm, smallest_rpm
from rmos.engines.registry import Registry
from rmos.engines.suggest.colours import CutColour, colour_cut
from rmos.engines.suggest.feed_map import put_among, spread_steps
from rmos.engines.suggest.windows import SMALLEST
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context, find_unknown_names
from rmos.services.feasibility import DryRun, evaluate_cuts
from rmos.store.rules import find_rule

COLOUR_LETTERS: Final[Mapping[str, str]] = {"GREEN": "G", "YELLOW": "Y", "RED": "R", "UNKNOWN": "U", "ERROR": "E"}
"""How a colour is told where each place of a map has one letter."""
_LEAST: Final = 1e-3
_FASTEST_RPM: Final = 60_000.0
_DIAMETER_MM: Final = 3.0
"""Of a cutter that nobody knows."""


class MapAxis(msgspec.Struct, frozen=True):
    """A setting that varies: its path, its values from the smallest up, and which of them is the cut's own."""

    path: str
    values: tuple[float, ...]
    here: int


class VariedNumber(msgspec.Struct, frozen=True):
    """A number of a cut and the values that it takes; `path` begins with `design` or `context`."""

    path: str
    values: tuple[float, ...]


class CutMap(msgspec.Struct, frozen=True):
    """The places of a map: `colours` row by row from the lowest up, each row from the left."""

    x: MapAxis
    y: MapAxis
    colours: tuple[CutColour, ...]

    def place(self, column: int, row: int) -> CutColour:
        """Return what stands at a place."""
        return self.colours[row * len(self.x.values) + column]

    def find_nearest_green(self) -> tuple[int, int] | None:
        """Return column and row of the GREEN place that is the fewest steps away, None when there is none."""
        width = len(self.x.values)
        green = [divmod(index, width) for index, colour in enumerate(self.colours) if colour.risk == "GREEN"]
        nearest = min(green, key=lambda at: (at[1] - self.x.here) ** 2 + (at[0] - self.y.here) ** 2, default=None)
        return None if nearest is None else (nearest[1], nearest[0])


def make_axis(path: str, value: float, *, low: float, high: float, steps: int) -> MapAxis:
    """Return an axis of equal ratios that has the value on it, beyond its ends if it must."""
    low = max(min(low, value), _LEAST)
    values = put_among(value, spread_steps(low, max(high, value, low * 1.01), steps))
    return MapAxis(path, values, values.index(value))


def make_cut_map(engines: Registry, cut: RunRequest, x: MapAxis, y: MapAxis, *, engine_timeout_ms: float) -> CutMap:
    """Return the map of a cut.

    Args:
        engine_timeout_ms: as `colour_places`.
    """
    across, up = (VariedNumber(axis.path, axis.values) for axis in (x, y))
    return CutMap(x, y, colour_places(engines, cut, across, up, engine_timeout_ms=engine_timeout_ms))


def colour_places(
    engines: Registry,
    cut: RunRequest,
    x: VariedNumber,
    y: VariedNumber,
    *,
    engine_id: str | None = None,
    engine_timeout_ms: float,
) -> tuple[CutColour, ...]:
    """Return what would be decided as two numbers of a cut vary, row by row from the first value of `y`.

    The cut is first completed from the shop's tables, so that of a tool that is named its stick-out alone may vary.

    Args:
        engine_id: which engine evaluates, None for the default one.
        engine_timeout_ms: how long an engine that is not our own may take for all places; those after that are ERROR.

    Raises:
        EngineNotFound: there is no such engine.
    """
    engine = engines.get(engine_id)
    completed = msgspec.structs.replace(cut, context=complete_context(cut, engines.shop))
    places = [_vary_cut(completed, {x.path: across, y.path: up}) for up in y.values for across in x.values]
    if engine is engines.baseline_v2 and not any(
        find_unknown_names(place, engine.info, engines.shop, place.context) for place in places
    ):
        materials = engines.baseline_v2.materials
        return tuple(colour_cut(open_cut(place.design, place.context, materials)) for place in places)
    names = ("mode", "tool_id", "material_id", "machine_id", "design", "context")
    items = [{name: getattr(place, name) for name in names} for place in places]
    results = evaluate_cuts(
        engines, DryRun(items=items, engine_id=engine_id), request_id="map", engine_timeout_ms=engine_timeout_ms
    )
    return tuple(CutColour(found.decision.risk_level, find_rule(found.decision)) for found in results)


def can_vary(cut: RunRequest, path: str) -> bool:
    """Tell whether there can be a number at a path of a cut: it leads through objects, or through nothing so far."""
    section, *names = path.split(".")
    members: Any = getattr(cut, section)
    for name in names[:-1]:
        members = members.get(name, {})
        if not isinstance(members, dict):
            return False
    return True


def find_reach(engines: Registry, cut: RunRequest) -> dict[str, tuple[float, float]]:
    """Return how far maps go by themselves, by path: what machine and spindle can, what tool and piece allow.

    Feeds are not among them: they go by what is suggested.
    """
    opened = open_cut(cut.design, complete_context(cut, engines.shop), engines.baseline_v2.materials)
    fastest = min(largest_rpm(opened)[0], _FASTEST_RPM)
    slowest = 0.3 * fastest if opened.is_sawn else min(smallest_rpm(opened), fastest)
    diameter = opened.diameter if opened.diameter == opened.diameter else _DIAMETER_MM
    deepest = 2 * diameter if opened.total != opened.total else min(2 * diameter, opened.total)
    shortest = 1.5 * diameter if opened.total != opened.total else max(1.5 * diameter, opened.total)
    return {
        RPM: (0.8 * slowest, 1.1 * fastest),
        AXIAL_DEPTH: (min(0.03 * diameter, deepest / 10), deepest),
        STICKOUT: (max(shortest, SMALLEST["stickout"]), 12 * diameter),
    }


def _vary_cut(cut: RunRequest, changes: Mapping[str, float]) -> RunRequest:
    """Return a cut with some numbers in the place of its own."""
    sections = {"design": cut.design, "context": cut.context}
    for path, value in changes.items():
        section, *names = path.split(".")
        sections[section] = _put_at(sections[section], names, value)
    return msgspec.structs.replace(cut, **sections)


def _put_at(members: Mapping[str, Any], names: Sequence[str], value: float) -> dict[str, Any]:
    name, *inner = names
    return {**members, name: _put_at(members.get(name, {}), inner, value) if inner else value}
