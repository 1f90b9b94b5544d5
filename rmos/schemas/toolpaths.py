"""How toolpaths look to a client: what may be chosen of them, and the programs that were made."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from marshmallow import fields, validate

from rmos.cam.paths.cut import CLEARANCE_UM, Coolant, Direction, EntryWay, PathOptions, Tabs
from rmos.schemas.fields import Choice, Number, RequestSchema, WholeNumber
from rmos.schemas.programs import ORIGINS, UNITS, ZEROS
from rmos.services.run_programs import ProgramOfRun
from rmos.services.toolpaths import MakeRequest

_UM: Final = 1000
MAX_TABS: Final = 100


def _within(low: float, high: float) -> validate.Range:
    return validate.Range(low, high, error="Must be from {min} to {max}.")


class TabsSchema(RequestSchema):
    """Bridges that hold what is cut free."""

    count = WholeNumber(required=True, validate=_within(0, MAX_TABS))
    length_mm = Number(load_default=3.0, validate=_within(0.1, 100))
    height_mm = Number(allow_none=True, load_default=None, validate=_within(0.05, 50))


class PathOptionsSchema(RequestSchema):
    """What may be chosen of toolpaths; feed, plunge, speed and depths are those that were judged."""

    safe_z_mm = Number(validate=_within(1, 200), metadata={"description": "Where rapids travel, above the stock; 6"})
    clearance_mm = Number(
        validate=_within(CLEARANCE_UM / _UM, 50),
        metadata={"description": "Where rapids end and the feed begins, above the stock; 0.5"},
    )
    direction = Choice(get_args(Direction), metadata={"description": "climb by default"})
    entry = Choice(get_args(EntryWay), metadata={"description": "helix by default"})
    finish_mm = Number(validate=_within(0, 5), metadata={"description": "What a last pass takes off each wall; 0"})
    tabs = fields.Nested(TabsSchema, allow_none=True)
    zero = Choice(ZEROS, metadata={"description": "Where Z0 is; stock_top by default"})
    origin = Choice(ORIGINS, metadata={"description": "Where X0 Y0 is; hole_centre by default"})
    coolant = Choice(get_args(Coolant), metadata={"description": "The one that was judged by default"})
    spindle_wait_s = WholeNumber(validate=_within(0, 60), metadata={"description": "After the spindle starts; 3"})
    units = Choice(UNITS, metadata={"description": "Of the program; mm by default"})


def make_request(loaded: Mapping[str, Any]) -> MakeRequest:
    """Return what is asked of the toolpaths."""
    sent = dict(loaded.get("options") or {})
    tabs = sent.pop("tabs", None)
    members = {_name(name): _whole(name, value) for name, value in sent.items()}
    if tabs is not None:
        members["tabs"] = Tabs(**{_name(name): _whole(name, value) for name, value in tabs.items()})
    return MakeRequest(
        dialect=loaded.get("post_processor_id"),
        options=PathOptions(**members),
        is_coolant_given="coolant" in sent,
        operations=tuple(loaded.get("operations") or ()),
    )


def _name(sent: str) -> str:
    """Return a member's name in whole µm."""
    return {"safe_z_mm": "safe_um"}.get(sent, sent.replace("_mm", "_um"))


def _whole(name: str, value: Any) -> Any:
    return round(value * _UM) if name.endswith("_mm") and value is not None else value


def dump_made(run_id: str, programs: Sequence[ProgramOfRun]) -> list[dict[str, Any]]:
    """Return the programs that were made, in the order in which they are cut."""
    found = []
    for number, program in enumerate(programs, 1):
        cut, measured = program.cut, program.checked.measured
        found.append(
            {
                "number": number,
                "name": program.sent.name,
                "operation": None if cut is None else cut.operation,
                "ring": None if cut is None else cut.ring,
                "tool_id": None if cut is None else cut.tool_id,
                "sha256": program.checked.sha256,
                "estimate_s": None if measured is None else msgspec.to_builtins(measured.estimate_s),
                "address": f"/api/rmos/runs/{run_id}/programs/{number}",
            }
        )
    return found
