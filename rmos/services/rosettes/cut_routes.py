"""The path of each cut of a rosette: from its drawing, and from the cut as it was evaluated.

cut = read_path_cut(item.cut, item.context, shop)        # feed, speed, depths and tool: nothing else says them
route, notes = find_route(spec, item, cut, options)
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rmos.cam.paths.circles import RingShape, route_channel, route_circle
from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.inlays import Figure, route_parts, route_pockets
from rmos.cam.paths.route import Route
from rmos.cam.paths.toolpaths import PathNote
from rmos.engines.baseline_v2.cut import open_cut
from rmos.engines.shop import Shop
from rmos.errors.request import ValidationFailed
from rmos.errors.toolpaths import ShapeUnknown
from rmos.rosette.contours import PlacedFigure, list_part_figures, list_pocket_figures
from rmos.rosette.machining import spec_channels
from rmos.rosette.spec import RosetteSpec
from rmos.services.design_cuts import DesignCut


class ChosenCut(msgspec.Struct, frozen=True, kw_only=True):
    """A cut that is to be made: its place in the design, and the context that it was evaluated in."""

    place: int
    cut: DesignCut
    context: dict[str, Any]

    @property
    def label(self) -> str:
        """As a request names it."""
        return self.cut.operation if self.cut.ring is None else f"{self.cut.operation}:{self.cut.ring}"


def _route_channel(spec: RosetteSpec, item: ChosenCut, cut: PathCut, options: PathOptions) -> Route:
    channels = spec_channels(spec)
    # Channels come first in a design, from the inside outwards, as they lie in the rosette.
    if item.place >= len(channels):
        raise ShapeUnknown("The design has more channels than its rosette.")
    return route_channel(cut, RingShape(*channels[item.place]), options)


def _route_soundhole(spec: RosetteSpec, item: ChosenCut, cut: PathCut, options: PathOptions) -> Route:
    del item
    return route_circle(cut, spec.soundhole_diameter // 2, options, wall_outside=True)


def _route_ring(spec: RosetteSpec, item: ChosenCut, cut: PathCut, options: PathOptions) -> Route:
    """Return the path of a ring out of a board: its inner wall first, while the board still holds it."""
    _, inner, outer = spec.placed()[_require_ring(spec, item.cut.ring) - 1]
    route = route_circle(cut, inner, options, wall_outside=True)
    return route_circle(cut, outer, options, wall_outside=False, route=route)


def _route_parts(spec: RosetteSpec, item: ChosenCut, cut: PathCut, options: PathOptions) -> Route:
    """Return the path of the parts of one material, which lie from the lower left corner of their sheet."""
    material = item.context.get("material")
    engine_id = str(material.get("id")) if isinstance(material, Mapping) else ""
    figures = list_part_figures(spec, _require_ring(spec, item.cut.ring), engine_id)
    if not figures:
        raise ShapeUnknown(f"Ring {item.cut.ring} of the rosette has no parts of {engine_id}.")
    return route_parts(cut, [_take_figure(figure) for figure in figures], options)


def _take_figure(figure: PlacedFigure) -> Figure:
    if (circle := figure.circle) is not None:
        return RingShape(0, circle.radius, (circle.x, circle.y))
    return [list(loop) for loop in figure.outlines]


def _require_ring(spec: RosetteSpec, ring: int | None) -> int:
    """Return the number of a ring.

    Raises:
        ShapeUnknown: the rosette has none of this number.
    """
    if ring is None or not 0 < ring <= len(spec.rings):
        raise ShapeUnknown(f"The rosette has no ring {ring}.")
    return ring


_RouteMaker = Callable[[RosetteSpec, ChosenCut, PathCut, PathOptions], Route]
_ROUTES: Final[Mapping[str, _RouteMaker]] = {
    "channel": _route_channel,
    "soundhole": _route_soundhole,
    "ring_cutout": _route_ring,
    "inlay_part": _route_parts,
}


def find_route(spec: RosetteSpec, item: ChosenCut, cut: PathCut, options: PathOptions) -> tuple[Route, list[PathNote]]:
    """Return the path of a cut of a rosette, and what it leaves for hand tools.

    Raises:
        ShapeUnknown: no rosette has such a cut.
        ToolDoesNotFit, NoEntry, TabsTooLong, TooManyMoves, ExtraMissing.
    """
    if cut.operation == "inlay_pocket":
        pockets = [_take_figure(figure) for figure in list_pocket_figures(spec, _require_ring(spec, item.cut.ring))]
        return route_pockets(cut, pockets, options)
    if cut.operation not in _ROUTES:
        raise ShapeUnknown(f"A rosette has no {cut.operation}, so there is no shape to follow.")
    return _ROUTES[cut.operation](spec, item, cut, options), []


def read_path_cut(cut: DesignCut, context: Mapping[str, Any], shop: Shop) -> PathCut:
    """Return a cut as the engine reads it, in whole micrometres, each rounded to the safe side.

    Raises:
        ValidationFailed: a number that a path needs was not evaluated.
    """
    opened = open_cut(cut.design, context, shop.materials)
    numbers = {
        "spindle_rpm": opened.rpm,
        "feed_mm_min": opened.feed,
        "plunge_feed_mm_min": opened.plunge,
        "axial_depth_mm": opened.depth * 1000,
        "total_depth_mm": opened.total * 1000,
        "radial_engagement_mm": opened.engagement * 1000,
        "tool.diameter_mm": opened.diameter * 1000,
        "stock.thickness_mm": opened.stock * 1000,
    }
    missing = [name for name, value in numbers.items() if not value >= 1]
    if missing:
        text = f"The {cut.name} was judged without {', '.join(missing)}, so there is nothing to make its path of."
        raise ValidationFailed(text, errors={"design.cuts": [text]})
    whole = {name: int(float(f"{value:.9g}")) for name, value in numbers.items()}
    return PathCut(
        operation=cut.operation,
        ring=cut.ring,
        tool_id=cut.tool_id,
        diameter_um=float(f"{opened.diameter * 1000:.9g}"),
        rpm=round(opened.rpm),
        feed=whole["feed_mm_min"],
        plunge=whole["plunge_feed_mm_min"],
        pass_um=whole["axial_depth_mm"],
        engagement_um=whole["radial_engagement_mm"],
        depth_um=whole["total_depth_mm"],
        stock_um=whole["stock.thickness_mm"],
        cuts_at_centre=opened.cuts_at_centre,
    )
