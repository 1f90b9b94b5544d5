"""Draw a program of a run from above, as it was measured: in the same process as any reading, with the same limits.

    svg = draw_recorded(store, run_id, max_bytes=…)

The setup is the one that the run recorded, so the picture is that of what was evaluated, whatever the shop's tables say
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


def tag_picture(store: Store, run_id: str, number: int = 1) -> str:
    """Return what a picture of a program of a run changes with: the record, and the version of what draws it.

    Raises:
        RunNotFound, RunDeleted, Damage.
        ProgramNotFound: the run has no program of this number.
    """
    view, program = _find_program(store, run_id, number)
    return digest.canonical_sha256([view.sha256, program.sha256, msgspec.to_builtins(READER)])


def draw_recorded(store: Store, run_id: str, number: int = 1, *, max_bytes: int) -> str:
    """Return the top view of a program of a run as SVG.

    Raises:
        RunNotFound, RunDeleted, AttachmentNotFound, Damage.
        ProgramNotFound: the run has no program of this number.
        ProgramNotDrawn: nothing was measured of it, or it cannot be read again.
    """
    view, program = _find_program(store, run_id, number)
    recorded = _read_recorded(view, program.sha256)
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


def _find_program(store: Store, run_id: str, number: int) -> tuple[RunView, NamedBlob]:
    view = store.runs.record(run_id).view()
    programs = list_programs_of(view)
    if not 0 < number <= len(programs):
        detail = "The run has no program of this number." if programs else "The run has no program."
        raise ProgramNotFound(detail, run_id=run_id)
    return view, programs[number - 1]


def _read_units(units: object) -> Units | None:
    return units if units in ("mm", "inch") else None


def _read_recorded(view: RunView, sha256: str) -> _DrawnProgram:
    """Return what a run says of one of its programs: of several each has its own tool and stock."""
    details = view.artifact.decision.details
    several = details.get("programs")
    known = [item for item in several if isinstance(item, dict)] if isinstance(several, list) else []
    found = next((item for item in known if item.get("sha256") == sha256), details.get("program"))
    try:
        return msgspec.convert(found, _DrawnProgram, strict=False)
    except msgspec.ValidationError:
        detail = "Nothing was measured of the program of this run, so nothing can be drawn."
        raise ProgramNotDrawn(detail, run_id=view.artifact.run_id) from None
