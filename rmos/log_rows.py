"""What is read of the rows of runs beside lists: by the run log, and by the batches that runs belong to.

cells = RunLogCells(feasibility_sha256=…, override_applied=False)     # `RunRow.run_log` as JSON text
BatchQuery(batch_label="om-spruce-rosettes-05")
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from rmos.names import fold_name


class RunLogCells(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the run log says of a run beyond what lists show of it: one column of its row (`store/run_log.py`).

    Lengths are in mm, times in s. What nobody knows is None.
    """

    feasibility_sha256: str
    override_applied: bool
    rules_triggered: tuple[str, ...] = ()
    input_filename: str | None = None
    loop_count: int | None = None
    bbox_width_mm: float | None = None
    bbox_height_mm: float | None = None
    tool_d_mm: float | None = None
    stepover: float | None = None
    """The share of the tool's diameter that is engaged."""
    stepdown_mm: float | None = None
    z_rough_mm: float | None = None
    """Of the bottom of the cut; the top of the stock is 0, so it is negative."""
    strategy: str | None = None
    gcode_lines: int | None = None
    gcode_inline: bool | None = None
    gcode_sha256: str | None = None
    estimate_s: float | None = None
    ended: str | None = None
    part: str | None = None
    measured_s: float | None = None
    operator: str | None = None
    released_at_utc: str | None = None
    """When an operator pack was first taken."""
    released_by: str | None = None
    good_parts: int = 0
    scrap_parts: int = 0


class LoggedRun(NamedTuple):
    """What the run log needs of one row."""

    summary: str
    """What lists show of the run, as JSON text."""
    cells: str | None
    """Its `RunLogCells` as JSON text; None where the record cannot be read."""


class BatchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are a batch: those that have all that is given here, folded as in the rows.

    With a label also those belong to it that were made of them, as long as they have no label of their own.
    """

    batch_label: str | None = None
    session_id: str | None = None
    workflow_session_id: str | None = None

    def __post_init__(self) -> None:
        """Fold the names."""
        for name, value in self.list_filters().items():
            msgspec.structs.force_setattr(self, name, fold_name(value))

    def list_filters(self) -> Mapping[str, str]:
        """Return the filters that are set."""
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in named.items() if value is not None}


class BatchRun(NamedTuple):
    """One run of a batch, as its row has it: names are folded."""

    run_id: str
    created_us: int
    parent_run_id: str | None
    parent_state: str | None
    """How the row of its parent stands; None where there is none."""
    event_type: str | None
    status: str
    risk_level: str
    outcome: str | None
    outcomes: str | None
    run_log: str | None
    summary: str


class CountedValue(NamedTuple):
    """How many runs have a value in a column."""

    value: str
    runs: int
