"""The process that reads and measures one program: it may not hang, and what it takes of memory is its own.

    python -c BOOT PATH…        # `rmos.services.programs.reading` starts it

A program comes from outside and may be made to harm. It is read in a new interpreter that limits its own memory and
processor time, says what it found, and ends. It writes no file and starts nothing, and loads nothing of the service:
the store alone would take longer than reading a small program.
"""

import contextlib
import resource
import sys

import msgspec

from rmos.cam.approach import find_approach
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure.measuring import measure_program
from rmos.cam.picture import draw_program
from rmos.cam.process import OUT_OF_MEMORY, MeasuredProgram, MeasureRequest


def measure_bytes(data: bytes, request: MeasureRequest) -> MeasuredProgram:
    """Return what a program does, or a picture; whatever it holds, nothing but MemoryError is raised."""
    program = read_program(data, units=request.units)
    if request.picture:
        drawing = draw_program(program.motions, request.setup, worst_line=request.worst_line)
        return MeasuredProgram(picture=drawing)
    measured = measure_program(program, request.setup)
    return MeasuredProgram(measured=measured, approach=find_approach(program.motions, request.setup, program.words))


def main() -> None:
    """Read a request and a program from the standard input, write what was measured, and end."""
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=MeasureRequest)
    _limit(resource.RLIMIT_AS, request.memory_bytes)
    _limit(resource.RLIMIT_CPU, request.cpu_s)
    try:
        answer = msgspec.json.encode(measure_bytes(sys.stdin.buffer.read(), request))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    # A sandbox may forbid to set limits, also lower ones; then there is its own, and the service waits no longer.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (limit, hard))
