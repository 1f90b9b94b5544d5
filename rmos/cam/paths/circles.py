"""Paths that are circles: a channel between two radii, a soundhole, a ring that is cut out of a board.

    route_channel(cut, RingShape(inner_um=46_000, outer_um=53_000), options).moves

The tip runs from R_in + ceil(D/2) to R_out - ceil(D/2), in equal steps. With a spindle that turns clockwise (M3) a cut
is climb where the finished wall lies on the right of travel: counter-clockwise along an outer wall, clockwise along an
inner one.
"""

from collections.abc import Iterable
from typing import NamedTuple

from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.entries import count_turns, list_levels
from rmos.cam.paths.heights import Heights
from rmos.cam.paths.route import Route
from rmos.cam.paths.tabs import ArcPiece, TabPlan, plan_tabs
from rmos.errors.toolpaths import NoEntry, ToolDoesNotFit

XY = tuple[int, int]
HOVER_UM = 100
"""Above the stock, where a cutter begins to go down along a short path."""


class RingShape(NamedTuple):
    """What lies between two circles, µm; a hole has no inner one."""

    inner_um: int
    outer_um: int
    centre: XY = (0, 0)


def list_radii(cut: PathCut, shape: RingShape, *, finish_um: int = 0) -> list[int]:
    """Return the radii at which the tip turns, from the inner wall outwards.

    Raises:
        ToolDoesNotFit: the ring is narrower than the cutter and what a finishing pass takes.
    """
    low, high = shape.inner_um + cut.radius_um + finish_um, shape.outer_um - cut.radius_um - finish_um
    if high < low:
        room = shape.outer_um - shape.inner_um - 2 * finish_um
        beside = f" beside two finishing passes of {finish_um / 1000:.3f} mm" if finish_um else ""
        raise ToolDoesNotFit(
            f"The {cut.operation} has {room / 1000:.3f} mm for a cutter{beside}, and {cut.tool_id} has "
            f"{cut.diameter_um / 1000:g} mm.",
            measured_um=cut.width_um,
            limit_um=max(room, 0),
        )
    count = -(-(high - low) // cut.step_um)
    return [low + (high - low) * number // max(count, 1) for number in range(count + 1)]


def route_channel(cut: PathCut, shape: RingShape, options: PathOptions) -> Route:
    """Return the path that clears a ring to its depth: pass by pass, in each from the inner wall outwards.

    Raises:
        ToolDoesNotFit, NoEntry.
    """
    radii = list_radii(cut, shape, finish_um=options.finish_um)
    walls = list_radii(cut, shape) if options.finish_um else []
    heights, route = Heights.of(cut, options), Route()
    is_climb = options.direction == "climb"
    _come(route, shape.centre, radii[0], heights)
    before = heights.clearance
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        _go_down(route, cut, shape.centre, options, level=level, begin=before, clockwise=is_climb)
        for radius in radii[1:]:
            route.line(shape.centre[0] + radius, shape.centre[1], level, cut.feed)
            route.circle(shape.centre, clockwise=not is_climb, feed=cut.feed)
        for radius, clockwise in [(walls[-1], not is_climb), (walls[0], is_climb)] if walls else []:
            route.line(shape.centre[0] + radius, shape.centre[1], level, cut.feed)
            route.circle(shape.centre, clockwise=clockwise, feed=cut.feed)
        # Back over what is cut already; the next pass begins at the inner wall.
        route.line(shape.centre[0] + radii[0], shape.centre[1], level, cut.feed)
        before = level
    route.rapid(route.x, route.y, heights.safe)
    return route


def route_circle(
    cut: PathCut,
    radius_um: int,
    options: PathOptions,
    *,
    wall_outside: bool,
    centre: XY = (0, 0),
    route: Route | None = None,
) -> Route:
    """Return the path that cuts along one circle through the stock, with tabs where they are asked for.

    Args:
        radius_um: of the wall that is wanted.
        wall_outside: whether the wall is that of a hole, and the tip runs within it.
        route: what to go on with.

    Raises:
        ToolDoesNotFit, NoEntry, TabsTooLong.
    """
    path_um = radius_um - cut.radius_um if wall_outside else radius_um + cut.radius_um
    if path_um <= 0:
        raise ToolDoesNotFit(
            f"The {cut.operation} is {2 * radius_um / 1000:.3f} mm wide inside, and {cut.tool_id} has "
            f"{cut.diameter_um / 1000:g} mm.",
            measured_um=cut.width_um,
            limit_um=max(2 * radius_um - 2, 0),
        )
    clockwise = (options.direction == "climb") != wall_outside
    heights, route = Heights.of(cut, options), route or Route()
    tabs = plan_tabs(cut, path_um, options)
    _come(route, centre, path_um, heights)
    before = heights.clearance
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        if tabs is not None and level < tabs.level:
            _cut_with_tabs(route, cut, RingShape(path_um, path_um, centre), tabs, level=level, clockwise=clockwise)
        else:
            pieces = tabs and tabs.list_pieces(centre, path_um, clockwise=clockwise)
            _go_down(route, cut, centre, options, level=level, begin=before, clockwise=clockwise, pieces=pieces)
        before = level
    route.rapid(route.x, route.y, heights.safe)
    return route


def route_round_pocket(
    cut: PathCut, shape: RingShape, options: PathOptions, *, clearance_um: int, route: Route
) -> None:
    """Clear a round pocket: down by a helix in its middle, no wider than leaves no core, then outwards to the wall.

    Raises:
        ToolDoesNotFit, NoEntry.
    """
    wall_um = shape.outer_um + clearance_um - cut.radius_um
    if wall_um < options.finish_um:
        room = 2 * (shape.outer_um + clearance_um - options.finish_um)
        raise ToolDoesNotFit(
            f"A pocket of the {cut.operation} has {room / 1000:.3f} mm for a cutter, and {cut.tool_id} has "
            f"{cut.diameter_um / 1000:g} mm.",
            measured_um=cut.width_um,
            limit_um=max(room, 0),
        )
    heights, rough = Heights.of(cut, options), wall_um - options.finish_um
    first = min(rough, cut.radius_um)
    count = -(-(rough - first) // cut.step_um)
    radii = [first + (rough - first) * number // max(count, 1) for number in range(count + 1)]
    radii += [wall_um] if options.finish_um else []
    clockwise = options.direction == "conventional"
    _come(route, shape.centre, first, heights)
    route.line(route.x, route.y, heights.top + HOVER_UM, cut.plunge)
    before = heights.top + HOVER_UM
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        if first:
            _go_down(route, cut, shape.centre, options, level=level, begin=before, clockwise=clockwise)
        else:
            require_centre_cutting(cut)
            route.line(route.x, route.y, level, cut.plunge)
        for radius in radii[1:]:
            route.line(shape.centre[0] + radius, shape.centre[1], level, cut.feed)
            route.circle(shape.centre, clockwise=clockwise, feed=cut.feed)
        route.line(shape.centre[0] + first, shape.centre[1], level, cut.feed)
        before = level
    route.rapid(route.x, route.y, heights.safe)


def _come(route: Route, centre: XY, radius: int, heights: Heights) -> None:
    """Come down to just above the stock, where a circle begins."""
    x, y = centre[0] + radius, centre[1]
    if route.moves:
        route.rapid(route.x, route.y, heights.safe)
    route.rapid(x, y, heights.safe)
    route.rapid(x, y, heights.clearance)


def _go_down(
    route: Route,
    cut: PathCut,
    centre: XY,
    options: PathOptions,
    *,
    level: int,
    begin: int,
    clockwise: bool,
    pieces: Iterable[ArcPiece] | None = None,
) -> None:
    """Go down round a circle and make one level turn, which takes away the wedge that a helix leaves.

    Args:
        pieces: those of the turns below it: in inches the ends of arcs are rounded, so that a turn in other pieces
            would leave a sliver as deep as all passes.

    Raises:
        NoEntry: it was to plunge, and the cutter has no edge at its centre.
    """
    if options.entry == "plunge":
        require_centre_cutting(cut)
        route.line(route.x, route.y, level, cut.plunge)
    else:
        radius = abs(route.x - centre[0])
        turns = count_turns(begin - level, radius, feed=cut.feed, plunge=cut.plunge)
        route.circle(centre, clockwise=clockwise, feed=cut.feed, turns=turns, to_z=level)
    if pieces is None:
        route.circle(centre, clockwise=clockwise, feed=cut.feed)
        return
    for piece in pieces:
        route.arc(*piece.end, level, centre, clockwise=clockwise, feed=cut.feed)


def require_centre_cutting(cut: PathCut) -> None:
    """Refuse to plunge with a cutter whose centre does not cut.

    Raises:
        NoEntry.
    """
    if not cut.cuts_at_centre:
        raise NoEntry(f"{cut.tool_id} is not said to cut at its centre, so it cannot go straight down.")


def _cut_with_tabs(route: Route, cut: PathCut, path: RingShape, tabs: TabPlan, *, level: int, clockwise: bool) -> None:
    """Make a turn that is raised over the tabs: straight up and straight down at the plunge feed."""
    route.line(route.x, route.y, level, cut.plunge)
    for piece in tabs.list_pieces(path.centre, path.outer_um, clockwise=clockwise):
        height = max(level, tabs.level) if piece.is_raised else level
        route.line(route.x, route.y, height, cut.plunge)
        route.arc(*piece.end, height, path.centre, clockwise=clockwise, feed=cut.feed)
    route.line(route.x, route.y, level, cut.plunge)
