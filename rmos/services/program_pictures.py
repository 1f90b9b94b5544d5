"""Draw a program of a run from above, as it was measured: in the same process as any reading, with the same limits.

    svg = draw_recorded(store, run_id, 1, max_bytes=…)

The setup is the one that the run recorded, so the picture is that of what was judged, whatever the shop's tables say
today.
"""

import msgspec

from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import Units
from rmos.errors.programs import ProgramNotDrawn, ProgramNotFound
from rmos.models import RunView
from rmos.services.programs.doors import list_programs_of
from rmos.services.programs.keeping import read_stored_program
from rmos.services.programs.reading import MeasureRequest, measure_in_child
from rmos.store import Store


class _DrawnProgram(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says of its program, as far as a picture needs it."""

    setup: ProgramSetup
    options: dict[str, object] = {}
    worst: dict[str, object] = {}


def draw_recorded(store: Store, run_id: str, number: int, *, max_bytes: int) -> str:
    """Return the top view of a program as SVG.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, Damage.
        ProgramNotFound: the run has none of this number.
        ProgramNotDrawn: nothing was measured of it, or it cannot be read again.
    """
    view = store.runs.record(run_id).view()
    programs = list_programs_of(view)
    if not 0 < number <= len(programs):
        raise ProgramNotFound("The run has no program of this number.", run_id=run_id)
    recorded = _read_recorded(view)
    data = read_stored_program(store, programs[number - 1].sha256, max_bytes=max_bytes)
    units, line = recorded.options.get("units"), recorded.worst.get("line")
    request = MeasureRequest(
        setup=recorded.setup,
        units=_read_units(units),
        picture=True,
        worst_line=line if isinstance(line, int) and recorded.worst.get("risk_level") != "GREEN" else None,
    )
    reply = measure_in_child(data, request)
    if reply.program is None or reply.program.picture is None:
        detail = "It cannot be drawn." if reply.failure is None else reply.failure.text
        raise ProgramNotDrawn(detail, run_id=run_id)
    return reply.program.picture


def _read_units(units: object) -> Units | None:
    return units if units in ("mm", "inch") else None


def _read_recorded(view: RunView) -> _DrawnProgram:
    try:
        return msgspec.convert(view.artifact.decision.details.get("program"), _DrawnProgram, strict=False)
    except msgspec.ValidationError:
        detail = "Nothing was measured of the program of this run, so nothing can be drawn."
        raise ProgramNotDrawn(detail, run_id=view.artifact.run_id) from None
