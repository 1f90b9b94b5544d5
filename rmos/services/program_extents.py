"""How far a job came that was stopped at a line: the program measured again, up to there.

    extent = measure_to_line(store, program, 812)        # `program` is what the decision says of it
    extent.uses, extent.estimate_s                       # None where nobody can tell

What a program removes before a line depends on nothing behind it, so the first lines alone are measured, against the
setup that the decision keeps. It takes a process, and is done once: the event of the outcome keeps the figures.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rmos.cam.measure.setup import ProgramSetup
from rmos.errors.base import RmosError
from rmos.errors.store import StorageFailed
from rmos.services.programs.keeping import read_stored_program
from rmos.services.programs.reading import MeasureReply, MeasureRequest, measure_in_child
from rmos.services.programs.setup import ProgramOptions
from rmos.store import Store
from rmos.store.tool_work import ProgramExtent, ProgramUse, read_extent

log = logging.getLogger(__name__)

MAX_BYTES: Final = 32 * 1024**2
"""Of a program that is measured up to a line (RMOS policy): as large as one that is sent may be."""
_CALLS: Final = re.compile(rb"(?i)m\s*98(?![0-9])")
"""A subprogram stands behind the end of the program, and each of its lines may run several times."""

Measure = Callable[[bytes, MeasureRequest], MeasureReply]


def measure_to_line(
    store: Store, program: Mapping[str, Any], last_line: int, *, measure: Measure = measure_in_child
) -> ProgramExtent | None:
    """Return what a program does up to a line, counted from 1 and run itself; None where that cannot be told."""
    try:
        setup = msgspec.convert(program.get("setup"), ProgramSetup, strict=False)
        options = msgspec.convert(program.get("options", {}), ProgramOptions, strict=False)
        data = read_stored_program(store, str(program.get("sha256")), max_bytes=MAX_BYTES)
    except StorageFailed:
        raise  # what is recorded now would lack for ever what can be measured in a moment
    except (msgspec.ValidationError, RmosError) as error:
        log.info("a program cannot be measured up to a line: %s", error)
        return None
    if _CALLS.search(data):
        return None
    begun = b"\n".join(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n", last_line)[:last_line]) + b"\n"
    reply = measure(begun, MeasureRequest(setup=setup, units=options.units))
    if reply.program is None or reply.program.measured is None:
        return None
    measured = reply.program.measured
    extent = read_extent([msgspec.to_builtins({"tools": list(measured.tools), "estimate_s": measured.estimate_s})])
    # A tool that removes nothing before the line is not measured: that it did nothing is known.
    idle = {use.tool_id for use in read_extent([program]).uses} - {use.tool_id for use in extent.uses}
    return extent._replace(uses=[*extent.uses, *(ProgramUse(tool_id, 0.0, 0.0) for tool_id in sorted(idle))])
