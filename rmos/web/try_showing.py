"""What the templates of `/try` show: what there is to choose from, the decision, the map with its legend and marks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rmos.context import Rmos, require_request_id
from rmos.services.cut_maps import CutMap
from rmos.web.formats import spell_out, split_reason
from rmos.web.limits import draw_limits
from rmos.web.maps import (
    MARKS,
    MapMark,
    draw_cut_map,
    encode_colours,
    fill_of,
    find_column,
    list_rows,
    list_shapes,
    pattern_of,
)
from rmos.web.try_evaluating import COARSE, FINE, TriedCut, evaluate_cut, map_cut
from rmos.web.try_fields import AXES, AXES_TITLES, COLOURINGS, COOLANTS, OPERATIONS, VIEWS, TryField, axis_field
from rmos.web.try_inputs import TryInputs, show_number

_SHARES: Final = 100
_LONGEST_MAP_MS: Final = 1000.0
"""How long a plug-in may take for a map (RMOS policy); places after that are ERROR."""


def changes_of(inputs: TryInputs, cut_map: CutMap, column: int, row: int) -> dict[str, str]:
    """Return what a place of a map changes in the form."""
    across, up = (axis_field(name, inputs.operation).name for name in AXES[inputs.texts["axes"]])
    x, y = cut_map.x.values, cut_map.y.values
    return {across: show_number(x[min(column, len(x) - 1)]), up: show_number(y[min(row, len(y) - 1)])}


def evaluate_form(rmos: Rmos, inputs: TryInputs) -> TriedCut:
    """Return what would be decided on the cut of a form in which nothing is wrong."""
    timeout = rmos.settings.engine_timeout_ms
    return evaluate_cut(rmos.engines, inputs, request_id=require_request_id(), engine_timeout_ms=timeout)


def map_form(rmos: Rmos, inputs: TryInputs, tried: TriedCut, steps: tuple[int, int]) -> CutMap | None:
    """Return the map of a form; None when it has no number for one of the axes."""
    timeout = min(rmos.settings.engine_timeout_ms, _LONGEST_MAP_MS)
    return map_cut(rmos.engines, inputs, tried, steps=steps, engine_timeout_ms=timeout)


def list_choices(rmos: Rmos, inputs: TryInputs) -> dict[str, list[tuple[str, str]]]:
    """Return what there is to choose from, and what is chosen, even where there is no such thing."""
    shop = rmos.engines.shop
    choices = {
        "tool": [(name, _describe_tool(name, members)) for name, members in shop.tools.items()],
        "material": [(name, spell_out(name)) for name in shop.materials],
        "machine": [("", "Not stated"), *((name, spell_out(name)) for name in shop.machines)],
        "operation": list(OPERATIONS.items()),
        "coolant": list(COOLANTS.items()),
    }
    for name, listed in choices.items():
        chosen = inputs.texts[name]
        if all(value != chosen for value, _ in listed):
            listed.insert(0, (chosen, chosen if name in inputs.errors else f"{chosen}, as in the run"))
    return choices


def _describe_tool(name: str, members: Mapping[str, Any]) -> str:
    return f"{name} · {spell_out(members.get('kind'))} {members.get('diameter_mm'):g} mm"


def show_tried(rmos: Rmos, inputs: TryInputs, steps: tuple[int, int]) -> dict[str, Any]:
    """Return what the templates show of a form in which nothing is wrong."""
    tried = evaluate_form(rmos, inputs)
    rule, why = split_reason(tried.decision.block_reason or next(iter(tried.decision.warnings), None))
    shown = {
        "tried": tried,
        "rule": rule,
        "why": why,
        "lessons": [lesson for lesson in tried.lessons if not lesson.is_fine],
        "checks": tried.lessons,
        "draw_limits": draw_limits,
        "try_query": lambda changes: inputs.query(**changes),
        "is_fine_map": steps == FINE,
        "axes": [(name, title, inputs.query(axes=name)) for name, title in AXES_TITLES.items()],
        "colourings": [(name, title, inputs.query(by=name)) for name, title in COLOURINGS.items()],
        "views": [(title, inputs.query(**{"as": name})) for name, title in VIEWS.items() if name != inputs.texts["as"]],
        "reach": {name: [show_number(end) for end in ends] for name, ends in tried.reach.items()},
    }
    cut_map = map_form(rmos, inputs, tried, steps)
    return shown if cut_map is None else {**shown, **_show_map(inputs, tried, cut_map)}


def _show_map(inputs: TryInputs, tried: TriedCut, cut_map: CutMap) -> dict[str, Any]:
    by = inputs.texts["by"]
    fields = [axis_field(name, inputs.operation) for name in AXES[inputs.texts["axes"]]]
    titles = (_title_of(fields[0]), _title_of(fields[1]))
    shapes = list_shapes(cut_map)
    shares = [(shape, round(shape.size / len(cut_map.colours) * _SHARES)) for shape in shapes]
    here = cut_map.place(cut_map.x.here, cut_map.y.here)
    nearest = cut_map.find_nearest_green() if here.risk != "GREEN" else None
    description = f"Map of {titles[0]} against {titles[1]}: " + ", ".join(
        f"{part} % {shape.description}" for shape, part in shares
    )
    letters, signs, rules = encode_colours(cut_map)
    return {
        "cut_map": cut_map,
        "fields": fields,
        "titles": titles,
        "svg": draw_cut_map(
            cut_map,
            titles,
            f"{description}. You are at {here.risk}.",
            _list_marks(tried, cut_map, nearest, fields),
            by=by,
        ),
        "legend": [
            (fill_of(shape, number, by), pattern_of(shape), shape.description, share)
            for number, (shape, share) in enumerate(shares)
        ],
        "marks": MARKS,
        "nearest": None if nearest is None else changes_of(inputs, cut_map, *nearest),
        "xs": " ".join(map(show_number, cut_map.x.values)),
        "ys": " ".join(map(show_number, cut_map.y.values)),
        "letters": letters,
        "signs": signs,
        "rules": rules,
        "rows": list_rows(cut_map) if inputs.texts["as"] == "table" and len(cut_map.x.values) == COARSE[0] else [],
    }


def _list_marks(
    tried: TriedCut, cut_map: CutMap, nearest: tuple[int, int] | None, fields: Sequence[TryField]
) -> list[MapMark]:
    marks = [MapMark("here", cut_map.x.here, cut_map.y.here)]
    if nearest is not None:
        marks.insert(0, MapMark("green", *nearest))
    if tried.suggested is not None and [field.name for field in fields][1:] == ["rpm"]:
        changes = tried.suggested.changes
        column = find_column(cut_map.x, float(changes[fields[0].name])) if fields[0].name in changes else None
        row = find_column(cut_map.y, float(changes["rpm"])) if "rpm" in changes else None
        if column is not None and row is not None:
            marks.insert(0, MapMark("suggested", column, row))
    return marks


def _title_of(field: TryField) -> str:
    return f"{field.title}, {field.unit}"
