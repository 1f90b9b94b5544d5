"""How a grid of cuts looks to a client: two settings of one cut that vary, and the colour and the rule at each place.

    grid = load_grid(body)              # what to evaluate, by which engine
    dump_grid(grid, colours)            # values, one letter for each place, and which rule decided it

A map of 1 000 places is 8 kB so: whoever draws it needs no more, and asks for the cut of a place when it is pressed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos.engines.suggest.colours import CutColour
from rmos.schemas.fields import Number, RequestSchema, WholeNumber, matches
from rmos.schemas.requests import RunRequestSchema
from rmos.schemas.workflow import CutSchema
from rmos.services.artifact import RunRequest
from rmos.services.cut_maps import COLOUR_LETTERS, VariedNumber, can_vary

MAX_PLACES: Final = 1000
PATH_PATTERN: Final = r"^(design|context)(\.[A-Za-z0-9_]{1,64}){1,3}$"
_DIGITS: Final = 9
"""Significant digits of a value: no more than a person would state, and none that the next place has too."""
_LARGEST: Final = 1e12
_encoder: Final = msgspec.json.Encoder()


class GridAxisSchema(RequestSchema):
    """A number of the cut that takes some values, one as far from the next as any other."""

    path = fields.String(
        required=True,
        validate=matches(PATH_PATTERN, "a path such as design.feed_mm_min or context.tool.stickout_mm"),
        metadata={"pattern": PATH_PATTERN, "description": "Which number, such as `context.tool.stickout_mm`"},
    )
    low = Number(data_key="from", required=True, validate=validate.Range(-_LARGEST, _LARGEST))
    high = Number(data_key="to", required=True, validate=validate.Range(-_LARGEST, _LARGEST))
    steps = WholeNumber(
        required=True,
        validate=validate.Range(1, MAX_PLACES),
        metadata={"description": "How many values, both ends among them"},
    )


class GridSchema(RequestSchema):
    """One cut, and the two of its numbers that vary."""

    x = fields.Nested(GridAxisSchema, required=True)
    y = fields.Nested(GridAxisSchema, required=True)
    base = fields.Nested(CutSchema, required=True, metadata={"description": "The cut, as an item has it"})


class GridRequestSchema(RequestSchema):
    """The body that asks for a grid: at most 1000 places."""

    grid = fields.Nested(GridSchema, required=True)
    engine_id = fields.String(allow_none=True, validate=RunRequestSchema().fields["engine_id"].validators)


class GridValuesSchema(Schema):
    """The values of one axis, in their order."""

    path = fields.String(required=True)
    values = fields.List(fields.Float(), required=True)


class FeasibilityGridSchema(Schema):
    """The places of a grid, row by row from the first value of `y`, each row along the values of `x`."""

    x = fields.Nested(GridValuesSchema, required=True)
    y = fields.Nested(GridValuesSchema, required=True)
    colours = fields.String(
        required=True, metadata={"description": "A letter for each place: G(REEN), Y(ELLOW), R(ED), U(NKNOWN), E(RROR)"}
    )
    rules = fields.List(fields.String(), required=True, metadata={"description": "The rules that decide a place"})
    rule_indexes = fields.List(
        fields.Integer(allow_none=True),
        required=True,
        metadata={"description": "For each place the first rule that blocks or warns: its place in `rules`, from 0"},
    )


class CutGrid(msgspec.Struct, frozen=True):
    """A grid that is asked for."""

    cut: RunRequest
    x: VariedNumber
    y: VariedNumber
    engine_id: str | None


_grid: Final = GridRequestSchema()


def load_grid(body: Mapping[str, Any]) -> CutGrid:
    """Return the grid that a body asks for.

    Raises:
        ValidationError: unknown, missing or malformed fields, by name and place; more places than 1000; a path that
            leads through what is no object, or two that are in each other's way.
    """
    loaded = _grid.load(body)
    grid = loaded["grid"]
    cut, axes = RunRequest(**grid["base"]), {name: grid[name] for name in ("x", "y")}
    wrong: dict[str, Any] = {}
    if axes["x"]["steps"] * axes["y"]["steps"] > MAX_PLACES:
        wrong = {"y": {"steps": [f"x and y have more than {MAX_PLACES} places together."]}}
    paths = [f"{axis['path']}." for axis in axes.values()]
    if paths[0].startswith(paths[1]) or paths[1].startswith(paths[0]):
        wrong = {"y": {"path": ["Is in the way of x: both are one number, or one holds the other."]}}
    for name, axis in axes.items():
        if not can_vary(cut, axis["path"]):
            wrong[name] = {"path": ["Leads through what is no object in this cut."]}
    if wrong:
        raise ValidationError({"grid": wrong})
    return CutGrid(cut, _make_axis(axes["x"]), _make_axis(axes["y"]), loaded.get("engine_id"))


def _make_axis(axis: Mapping[str, Any]) -> VariedNumber:
    """Return numbers from one to the other at equal distances; one step is the first of them."""
    low, high, steps = axis["low"], axis["high"], axis["steps"]
    values = (low + (high - low) * step / max(steps - 1, 1) for step in range(steps))
    return VariedNumber(axis["path"], tuple(float(f"{value:.{_DIGITS}g}") for value in values))


def dump_grid(grid: CutGrid, colours: Sequence[CutColour]) -> bytes:
    """Return the places of a grid as a client reads them."""
    rules = list(dict.fromkeys(colour.rule for colour in colours if colour.rule is not None))
    numbers: dict[str | None, int] = {rule: number for number, rule in enumerate(rules)}
    return _encoder.encode(
        {
            "x": grid.x,
            "y": grid.y,
            "colours": "".join(COLOUR_LETTERS[colour.risk] for colour in colours),
            "rules": rules,
            "rule_indexes": [numbers.get(colour.rule) for colour in colours],
        }
    )
