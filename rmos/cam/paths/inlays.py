"""Paths of an inlay: pockets that are cleared from inside out, and parts that are cut out of a sheet.

    route, notes = route_pockets(cut, [[square]], options)
    route = route_parts(cut, [[star, hole_in_it]], options)

A pocket is 50 µm wider than its figure on every side and a part has just its size, so that one goes into the other.
Sharp inner corners keep what a round cutter leaves: `CORNER_REST` says in how many places, and how much.
"""

from collections.abc import Sequence
from typing import Final

from rmos.cam.paths.circles import HOVER_UM, RingShape, route_circle, route_round_pocket
from rmos.cam.paths.cut import PathCut, PathOptions
from rmos.cam.paths.entries import list_levels
from rmos.cam.paths.heights import Heights
from rmos.cam.paths.loops import (
    begin_nearest,
    begin_on_longest,
    go_down,
    lap,
    list_tab_pieces,
    measure_loop,
    measure_side,
)
from rmos.cam.paths.offsets import (
    Loop,
    find_widest,
    measure_area,
    offset_loops,
    orient_loops,
    split_areas,
    subtract_loops,
)
from rmos.cam.paths.route import Route
from rmos.cam.paths.tabs import find_tab_level, require_room
from rmos.cam.paths.toolpaths import PathNote
from rmos.errors.toolpaths import NoEntry, ToolDoesNotFit

Figure = Sequence[Loop] | RingShape
"""A figure: its outlines as an even-odd area, or the circle that it is."""
CLEARANCE_UM: Final = 50
"""Between a pocket and its part on every side (as `rosette.machining` checks it)."""
_NEAR: Final = 8
"""Fifths of a step up to which the tip goes on to the next loop without rising."""
_REST_UM2: Final = 2 * 2_000
"""Twice the area of what may stay in a corner without being told, µm²: the grain of a cutter's edge."""


def route_pockets(cut: PathCut, figures: Sequence[Figure], options: PathOptions) -> tuple[Route, list[PathNote]]:
    """Return the path that clears pockets for figures, one after the other, and what it leaves in their corners.

    Raises:
        ToolDoesNotFit, NoEntry, ExtraMissing.
    """
    route, rest, places = Route(), 0, 0
    for figure in figures:
        if isinstance(figure, RingShape):
            route_round_pocket(cut, figure, options, clearance_um=CLEARANCE_UM, route=route)
            continue
        area = orient_loops(figure)
        reach = offset_loops(area, CLEARANCE_UM - cut.radius_um)
        rough = offset_loops(reach, -options.finish_um)
        if not rough:
            _refuse_narrow(cut, area, options)
        for part in split_areas(rough):
            _clear(route, cut, part, options)
        if options.finish_um:
            for loop in reach:
                _cut_along(route, cut, _turn(loop, options), options)
        left = subtract_loops(offset_loops(area, CLEARANCE_UM), offset_loops(reach, cut.radius_um + 1))
        sizes = [abs(measure_area(loop)) for loop in left]
        rest, places = (
            rest + sum(size for size in sizes if size > _REST_UM2),
            places + sum(size > _REST_UM2 for size in sizes),
        )
    return route, _note_rest(cut, places, rest)


def _refuse_narrow(cut: PathCut, area: Sequence[Loop], options: PathOptions) -> None:
    room = 2 * (find_widest(area, most_um=cut.width_um) + CLEARANCE_UM - options.finish_um)
    raise ToolDoesNotFit(
        f"A pocket of the {cut.operation} has {max(room, 0) / 1000:.3f} mm for a cutter, and {cut.tool_id} has "
        f"{cut.diameter_um / 1000:g} mm.",
        measured_um=cut.width_um,
        limit_um=max(room, 0),
    )


def _note_rest(cut: PathCut, places: int, rest: int) -> list[PathNote]:
    if not places:
        return []
    size = f"{rest / 2e6:.3f} mm²"
    tool = f"a cutter of {cut.diameter_um / 1000:g} mm"
    text = f"{places} corners keep {size} in all that {tool} does not reach: take it out by hand."
    return [PathNote(code="CORNER_REST", text=text)]


def _turn(loop: Loop, options: PathOptions, *, wall_inside: bool = False) -> Loop:
    """Return a loop in the direction in which it is cut; as they come, outer ones have a wall on the right."""
    is_turned = (options.direction == "conventional") != wall_inside
    return [loop[0], *loop[:0:-1]] if is_turned else loop


def _clear(route: Route, cut: PathCut, area: Sequence[Loop], options: PathOptions) -> None:
    """Clear an area level by level, in each from inside out."""
    rings = [list(area)]
    while inner := offset_loops(rings[-1], -cut.step_um):
        rings.append(inner)
    loops = [_turn(loop, options) for ring in reversed(rings) for loop in ring]
    heights = Heights.of(cut, options)
    before = heights.top + HOVER_UM
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        is_down = False
        for number, loop in enumerate(loops):
            begun = begin_on_longest(loop) if number == 0 else begin_nearest(loop, (route.x, route.y))
            if is_down and 5 * measure_side((route.x, route.y), begun[0]) <= _NEAR * cut.step_um:
                route.line(*begun[0], level, cut.feed)
                lap(route, begun, cut.feed)
            else:
                _enter(route, cut, begun, options, begin=before, level=level)
            is_down = True
        before = level
    route.rapid(route.x, route.y, heights.safe)


def _enter(
    route: Route, cut: PathCut, loop: Loop, options: PathOptions, *, begin: int, level: int, is_levelled: bool = True
) -> None:
    """Come to where a loop begins, down to where the last pass ended, and go on down along it."""
    heights = Heights.of(cut, options)
    if (route.x, route.y, route.z) != (*loop[0], begin):
        if route.moves:
            route.rapid(route.x, route.y, heights.safe)
        route.rapid(*loop[0], heights.safe)
        route.rapid(*loop[0], heights.clearance)
        route.line(*loop[0], begin, cut.plunge)
    go_down(route, cut, loop, options, begin=begin, level=level, is_levelled=is_levelled)


def _cut_along(route: Route, cut: PathCut, loop: Loop, options: PathOptions) -> None:
    """Cut along one loop to the depth, pass by pass."""
    heights = Heights.of(cut, options)
    begun, before = begin_on_longest(loop), heights.top + HOVER_UM
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        # The first way down begins above the stock, so its wedge is deeper than a pass; later ones are all alike.
        is_levelled = before > heights.top or depth == cut.depth_um
        _enter(route, cut, begun, options, begin=before, level=level, is_levelled=is_levelled)
        before = level
    route.rapid(route.x, route.y, heights.safe)


def route_parts(cut: PathCut, figures: Sequence[Figure], options: PathOptions) -> Route:
    """Return the path that cuts parts out, one after the other, the holes of each before its outline.

    Raises:
        ToolDoesNotFit, NoEntry, TabsTooLong, ExtraMissing.
    """
    route = Route()
    for figure in figures:
        if isinstance(figure, RingShape):
            route_circle(cut, figure.outer_um, options, wall_outside=False, centre=figure.centre, route=route)
            continue
        area = orient_loops(figure)
        moved = offset_loops(area, cut.radius_um)
        holes, outlines = (
            [loop for loop in moved if (measure_area(loop) > 0) == is_outline] for is_outline in (False, True)
        )
        if len(holes) < sum(measure_area(loop) < 0 for loop in area):
            narrow = min((loop for loop in area if measure_area(loop) < 0), key=lambda loop: abs(measure_area(loop)))
            room = 2 * find_widest([narrow[::-1]], most_um=cut.width_um)
            raise ToolDoesNotFit(
                f"A hole of the {cut.operation} has {room / 1000:.3f} mm for a cutter, and {cut.tool_id} has "
                f"{cut.diameter_um / 1000:g} mm.",
                measured_um=cut.width_um,
                limit_um=room,
            )
        for loop in (*holes, *outlines):
            _cut_out(route, cut, _turn(loop, options, wall_inside=True), options)
    return route


def _cut_out(route: Route, cut: PathCut, loop: Loop, options: PathOptions) -> None:
    """Cut along a loop through the sheet, over tabs in the last passes where they are asked for."""
    tabs = options.tabs
    if tabs is None or not tabs.count:
        _cut_along(route, cut, loop, options)
        return
    require_room(cut, measure_loop(loop), tabs.count, tabs.length_um)
    if not cut.cuts_at_centre:
        raise NoEntry(
            f"Behind each tab the cutter goes straight down, and {cut.tool_id} is not said to cut at its centre."
        )
    heights, over = Heights.of(cut, options), find_tab_level(cut, options)
    begun, before = begin_on_longest(loop), heights.top + HOVER_UM
    pieces = list(list_tab_pieces(begun, tabs.count, tabs.length_um + cut.width_um))
    # Passes above the tabs go by the same places, or what is rounded of them would leave a sliver of the whole depth.
    begun = [begun[0], *(place for place, _ in pieces[:-1])]
    for depth in list_levels(cut.depth_um, cut.pass_um):
        level = heights.top - depth
        if level >= over:
            _enter(route, cut, begun, options, begin=before, level=level)
        else:
            _come_back(route, cut, begun, heights, before)
            route.line(route.x, route.y, level, cut.plunge)
            for (x, y), is_raised in pieces:
                height = max(level, over) if is_raised else level
                route.line(route.x, route.y, height, cut.plunge)
                route.line(x, y, height, cut.feed)
            route.line(route.x, route.y, level, cut.plunge)
        before = level
    route.rapid(route.x, route.y, heights.safe)


def _come_back(route: Route, cut: PathCut, loop: Loop, heights: Heights, before: int) -> None:
    """Come to where a loop begins, unless the tip is there already."""
    if (route.x, route.y, route.z) == (*loop[0], before):
        return
    if route.moves:
        route.rapid(route.x, route.y, heights.safe)
    route.rapid(*loop[0], heights.safe)
    route.rapid(*loop[0], heights.clearance)
    route.line(*loop[0], before, cut.plunge)
