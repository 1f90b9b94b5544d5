"""Draw a program of a run from above, as it was measured: in the same process as any reading, with the same limits.

    svg = draw_recorded(store, run_id, max_bytes=…)

The setup is the one that the run recorded, so the picture is that of what was judged, whatever the shop's tables say
today.
"""

import msgspec

from rmos import digest
from rmos.cam.measure.measuring import READER
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import Units
from rmos.errors.programs import ProgramNotDrawn, ProgramNotFound
from rmos.models import RunView
from rmos.services.programs.doors import list_programs_of
from rmos.services.programs.keeping import read_stored_program
from rmos.services.programs.reading import MeasureRequest, measure_in_child
from rmos.store import Store
from rmos.store.naming import NamedBlob


class _DrawnProgram(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says of its program, as far as a picture needs it."""

    setup: ProgramSetup
    options: dict[str, object] = {}
    worst: dict[str, object] = {}


def tag_picture(store: Store, run_id: str) -> str:
    """Return what a picture of a run's first program changes with: the record, and the version of what draws it.

    Raises:
        RunNotFound, RunDeleted, Damage.
        ProgramNotFound: the run has no program.
    """
    view, program = _find_program(store, run_id)
    return digest.canonical_sha256([view.sha256, program.sha256, msgspec.to_builtins(READER)])


def draw_recorded(store: Store, run_id: str, *, max_bytes: int) -> str:
    """Return the top view of the first program of a run as SVG.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, Damage.
        ProgramNotFound: the run has no program.
        ProgramNotDrawn: nothing was measured of it, or it cannot be read again.
    """
    view, program = _find_program(store, run_id)
    recorded = _read_recorded(view)
    line = recorded.worst.get("line")
    request = MeasureRequest(
        setup=recorded.setup,
        units=_read_units(recorded.options.get("units")),
        picture=True,
        worst_line=line if isinstance(line, int) and recorded.worst.get("risk_level") != "GREEN" else None,
    )
    reply = measure_in_child(read_stored_program(store, program.sha256, max_bytes=max_bytes), request)
    if reply.program is None or reply.program.picture is None:
        detail = "It cannot be drawn." if reply.failure is None else reply.failure.text
        raise ProgramNotDrawn(detail, run_id=run_id)
    return reply.program.picture


def _find_program(store: Store, run_id: str) -> tuple[RunView, NamedBlob]:
    view = store.runs.record(run_id).view()
    programs = list_programs_of(view)
    if not programs:
        raise ProgramNotFound("The run has no program.", run_id=run_id)
    return view, programs[0]


def _read_units(units: object) -> Units | None:
    return units if units in ("mm", "inch") else None


def _read_recorded(view: RunView) -> _DrawnProgram:
    try:
        return msgspec.convert(view.artifact.decision.details.get("program"), _DrawnProgram, strict=False)
    except msgspec.ValidationError:
        detail = "Nothing was measured of the program of this run, so nothing can be drawn."
        raise ProgramNotDrawn(detail, run_id=view.artifact.run_id) from None
