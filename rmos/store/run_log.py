"""What the run log says of a run beyond what lists show: made when its row is, so that no export opens an artifact.

    dump_run_log(view, jobs)         # for `RunRow.run_log`
    read_run_log(row.run_log)      # RunLogCells, None of a run whose record cannot be read

Everything follows from the record: what was evaluated, what the decision says of the run's programs, and its events. A
member counts where it is what it should be; what nobody knows stays empty. Records of the
legacy system have no inputs, so there the summary of the request says them, under the names that it went by.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.log_rows import RunLogCells
from rmos.models import RUN_SCHEMA, RunArtifact, RunInputs, RunView
from rmos.outcomes import add_up_known, find_estimate_s, find_seconds
from rmos.store.naming import GCODE
from rmos.store.outcomes import CountingOutcome
from rmos.store.records import DECODING_ERRORS
from rmos.store.rules import list_rules
from rmos.units import MM_PER_INCH
from rmos.workflow import is_granted

_TEXT: Final = 200
"""Characters of a text of the record that the log shows."""
_EXACT: Final = 2**53
_SENT: Final = (GCODE, "gcode_input")
"""The kinds of a program that somebody sent, covered by a session or not."""
_MADE: Final = "toolpaths"
"""The kind of the file that stands beside programs which were made here: nothing came in."""


class _LoggedDesign(msgspec.Struct, frozen=True):
    axial_depth_mm: Any = None
    axial_depth: Any = None
    radial_engagement_mm: Any = None
    radial_engagement: Any = None
    total_depth_mm: Any = None
    total_depth: Any = None
    strategy: Any = None
    operation: Any = None
    loop_count: Any = None


class _LoggedTool(msgspec.Struct, frozen=True):
    diameter_mm: Any = None
    diameter: Any = None


class _LoggedContext(msgspec.Struct, frozen=True):
    tool: _LoggedTool | None = None
    units: Any = None


class _LoggedOutputs(msgspec.Struct, frozen=True):
    gcode_text: Any = None


_designs: Final = msgspec.json.Decoder(_LoggedDesign)
_contexts: Final = msgspec.json.Decoder(_LoggedContext)
_outputs: Final = msgspec.json.Decoder(_LoggedOutputs)
_objects: Final = msgspec.json.Decoder(dict[str, Any])
_cells: Final = msgspec.json.Decoder(RunLogCells)
_encode: Final = msgspec.json.Encoder().encode


def dump_run_log(view: RunView, jobs: Sequence[CountingOutcome]) -> str:
    """Return the cells of a run as JSON text, the same for the same record.

    Args:
        jobs: its outcomes that count, in order.
    """
    return _encode(make_run_log_cells(view, jobs)).decode()


def read_run_log(text: str | None) -> RunLogCells | None:
    """Return the cells that stand in a row."""
    return None if text is None else _cells.decode(text)


def make_run_log_cells(view: RunView, jobs: Sequence[CountingOutcome]) -> RunLogCells:
    """Return what the log says of a run beyond what lists show."""
    run = view.artifact
    summary = {} if run.inputs is not None else _read_summary(run)
    found = _list_requested(summary) if run.inputs is None else _list_evaluated(run.inputs)
    # Most runs have neither programs nor events: what these say is not looked for there.
    programs = run.decision.list_programs()
    if programs or run.attachments or summary:
        found |= _describe_input(run, programs, summary)
    if programs or run.hashes.gcode_sha256 is not None or _has_outputs(run):
        found |= _describe_programs(run, programs)
    if jobs or view.release is not None:
        found |= _describe_jobs(view, jobs)
    return RunLogCells(
        feasibility_sha256=run.hashes.feasibility_sha256,
        gcode_sha256=_read_text(run.hashes.gcode_sha256),
        override_applied=_is_overridden(view),
        rules_triggered=list_rules(run.decision),
        **found,
    )


def _is_overridden(view: RunView) -> bool:
    """Tell whether an override was put in force that covers the decision, whether or not its time is over."""
    run = view.artifact
    if view.overrides and any(is_granted(entry, run.decision.risk_level) for entry in view.overrides):
        return True
    return run.schema != RUN_SCHEMA and (run.meta or {}).get("override_applied") is True


def _list_evaluated(inputs: RunInputs) -> dict[str, Any]:
    """Return what was evaluated, in mm whatever it was sent in."""
    design = _decode(_designs, inputs.design) or _LoggedDesign()
    context = _decode(_contexts, inputs.context) or _LoggedContext()
    tool = context.tool or _LoggedTool()
    if context.units == "inch":
        diameter, engaged = _read_inches(tool.diameter), _read_inches(design.radial_engagement)
        step, depth = _read_inches(design.axial_depth), _read_inches(design.total_depth)
    else:
        diameter, engaged = _read_number(tool.diameter_mm), _read_number(design.radial_engagement_mm)
        step, depth = _read_number(design.axial_depth_mm), _read_number(design.total_depth_mm)
    return {
        "tool_d_mm": diameter,
        "stepover": _round(engaged / diameter) if diameter and engaged is not None else None,
        "stepdown_mm": step,
        "z_rough_mm": -depth if depth else depth,
        "strategy": _read_text(design.strategy) or _read_text(design.operation),
        "loop_count": _read_count(design.loop_count),
    }


def _list_requested(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the legacy system's summary of a request says of the cut."""
    found = next((summary[name] for name in ("cam", "cam_params", "params") if summary.get(name)), None)
    cam: Mapping[str, Any] = found if isinstance(found, dict) else {}
    return {
        "tool_d_mm": _read_first(cam, "tool_d_mm", "tool_diameter_mm"),
        "stepover": _read_first(cam, "stepover", "woc"),
        "stepdown_mm": _read_first(cam, "stepdown_mm", "doc_mm", "depth_of_cut"),
        "z_rough_mm": _read_first(cam, "z_rough_mm", "z_rough"),
        "strategy": _read_text(cam.get("strategy")) or _read_text(cam.get("toolpath_strategy")),
        "loop_count": _read_count(summary.get("loop_count")),
    }


def _describe_input(
    run: RunArtifact, programs: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the name of the file that came in, and the size of what is cut, in X and Y."""
    box = _find_box(programs) or _find_requested_box(summary)
    named = summary.get("filename") or summary.get("input_filename")
    geometry = summary.get("geometry")
    if named is None and isinstance(geometry, dict):
        named = geometry.get("filename")
    return {
        "input_filename": _read_text(named) or _find_sent_file(run),
        "bbox_width_mm": None if box is None else _round(box[0]),
        "bbox_height_mm": None if box is None else _round(box[1]),
    }


def _find_sent_file(run: RunArtifact) -> str | None:
    """Return the name of the first program that was sent; programs that were made here did not come in."""
    files = run.attachments or ()
    if not files or any(file.kind == _MADE for file in files):
        return None
    return next((_read_text(file.filename) for file in files if file.kind in _SENT), None)


def _find_box(programs: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Return the width and height of what the programs of a run cut, all together."""
    boxes = []
    for program in programs:
        pair = program.get("box_mm")
        box = pair.get("cutting") if isinstance(pair, dict) else None
        corners = [_read_corner(box, name) for name in ("min", "max")] if isinstance(box, dict) else [None]
        if None in corners:
            return None
        boxes.append([corner for corner in corners if corner is not None])
    if not boxes:
        return None
    low, high = [box[0] for box in boxes], [box[1] for box in boxes]
    width, height = (max(corner[axis] for corner in high) - min(corner[axis] for corner in low) for axis in (0, 1))
    return width, height


def _read_corner(box: Mapping[str, Any], name: str) -> tuple[float, float] | None:
    """Return X and Y of a corner, which measures give as decimals in texts."""
    corner = box.get(name)
    if not isinstance(corner, list | tuple) or len(corner) < 2:
        return None
    try:
        return float(corner[0]), float(corner[1])
    except (TypeError, ValueError):
        return None


def _find_requested_box(summary: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the width and height that the legacy system's summary of a request gives, by its corners."""
    bounds = summary.get("bbox") or summary.get("bounds")
    if isinstance(bounds, dict):
        bounds = [bounds.get(name) for name in ("x_min", "y_min", "x_max", "y_max")]
    if not isinstance(bounds, list) or len(bounds) < 4:
        return None
    x_min, y_min, x_max, y_max = (_read_number(value) for value in bounds[:4])
    if x_min is None or y_min is None or x_max is None or y_max is None:
        return None
    return abs(x_max - x_min), abs(y_max - y_min)


def _describe_programs(run: RunArtifact, programs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the lines of a run's programs, their time as estimated, and whether G-code stands in the record itself."""
    outputs = None if isinstance(run.outputs, msgspec.UnsetType) else _decode(_outputs, run.outputs)
    inline = None if outputs is None or not isinstance(outputs.gcode_text, str) else outputs.gcode_text
    lines = [_read_count(program.get("lines")) for program in programs]
    if inline and not programs:
        lines = [inline.count("\n") + 1]
    has_any = bool(inline or programs or run.hashes.gcode_sha256)
    return {
        "gcode_lines": add_up_known(lines),
        "gcode_inline": bool(inline) if has_any else None,
        "estimate_s": add_up_known([find_estimate_s(program.get("estimate_s")) for program in programs]),
    }


def _has_outputs(run: RunArtifact) -> bool:
    return not isinstance(run.outputs, msgspec.UnsetType) and bytes(run.outputs) not in (b"{}", b"null")


def _describe_jobs(view: RunView, jobs: Sequence[CountingOutcome]) -> dict[str, Any]:
    """Return what became of the cut, and who says so: else who took the operator pack."""
    release = view.release
    taken = {} if release is None else {"operator": release.by, "released_by": release.by}
    taken |= {} if release is None else {"released_at_utc": release.at_utc[:_TEXT]}
    if not jobs:
        return taken
    last = jobs[-1]
    parts = {part: sum(job.outcome.quantity for job in jobs if job.outcome.part == part) for part in ("good", "scrap")}
    return taken | {
        "ended": last.outcome.ended,
        "part": last.outcome.part,
        "measured_s": find_seconds(last.outcome),
        "operator": last.by,
        "good_parts": parts["good"],
        "scrap_parts": parts["scrap"],
    }


def _read_summary(run: RunArtifact) -> Mapping[str, Any]:
    return {} if isinstance(run.request_summary, msgspec.UnsetType) else _decode(_objects, run.request_summary) or {}


def _decode(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> Any:
    """Return what a member of an artifact holds, None when it is something else than it should be."""
    try:
        return decoder.decode(raw)
    except DECODING_ERRORS:
        return None


def _read_number(value: object) -> float | int | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) < _EXACT else None


def _read_inches(value: object) -> float | None:
    number = _read_number(value)
    return None if number is None else _round(number * MM_PER_INCH)


def _read_first(members: Mapping[str, Any], *names: str) -> float | int | None:
    return next((found for name in names if (found := _read_number(members.get(name))) is not None), None)


def _read_count(value: object) -> int | None:
    number = _read_number(value)
    return number if isinstance(number, int) and number >= 0 else None


def _read_text(value: object) -> str | None:
    return value[:_TEXT] if isinstance(value, str) and value else None


def _round(number: float) -> float:
    """Return a number of twelve digits, so that an inch value and its metric twin are the same."""
    return float(f"{number:.12g}")
