"""Have a program read and measured in a process of its own, and say what came of it.

    found = measure_in_child(data, MeasureRequest(setup=setup, units=None))
    found.program, found.failure            # one of them is None

The process has a limit of time and memory (`rmos.cam.child`). One that hangs is killed and reaped; what cannot be
measured is a finding UNKNOWN, so nothing follows from it.
"""

import functools
import logging
import signal
import subprocess
import sys
import threading
import time
from typing import Final, NamedTuple

import msgspec

from rmos.cam.motion import ProgramFinding
from rmos.cam.process import OUT_OF_MEMORY, MeasuredProgram, MeasureRequest

__all__ = [
    "NOT_MEASURED",
    "OUT_OF_MEMORY",
    "MeasureReply",
    "MeasureRequest",
    "MeasuredProgram",
    "measure_in_child",
    "measure_patiently",
]

log = logging.getLogger(__name__)

LIMIT_S: Final = 60.0
"""How long a program may be read and measured, RMOS policy; gunicorn gives up a worker after more than that."""
PATIENT_S: Final = 600.0
"""How long a person in front of a terminal may wait for a program of 100 MB, RMOS policy: nobody else does."""
NOT_MEASURED: Final = "NOT_MEASURED"
_AT_ONCE: Final = 2
"""Processes of one worker that read at the same time, RMOS policy: together 2 GiB at the most."""
_BOOT: Final = """
import os, sys
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
sys.path[:] = sys.argv[1:]
from rmos.cam.child import main
main()
"""
"""Each thread of a library of numbers would take address space, and there is nothing that several could share."""
_turn: Final = threading.BoundedSemaphore(_AT_ONCE)


class MeasureReply(NamedTuple):
    """What was measured, or why nothing could be."""

    program: MeasuredProgram | None
    failure: ProgramFinding | None


def measure_in_child(data: bytes, request: MeasureRequest, *, limit_s: float = LIMIT_S) -> MeasureReply:
    """Return what a program does; never raise for anything that the program holds.

    Args:
        limit_s: how long it may take together with the wait for its turn.
    """
    ends = time.monotonic() + limit_s
    if not _turn.acquire(timeout=limit_s):
        return _fail("Other programs are being read; send it again in a minute.")
    try:
        return _run_child(msgspec.json.encode(request) + b"\n" + data, max(ends - time.monotonic(), 0.0))
    finally:
        _turn.release()


def measure_patiently(data: bytes, request: MeasureRequest) -> MeasureReply:
    """Return what a program does, however large; for a command, which keeps no worker of the service."""
    return measure_in_child(data, msgspec.structs.replace(request, cpu_s=int(PATIENT_S)), limit_s=PATIENT_S)


def _run_child(question: bytes, limit_s: float) -> MeasureReply:
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the command's to hear
        )
    except OSError as error:
        log.error("no process could be started to read a program: %s", error)
        return _fail("The server has no process left to read it; send it again.")
    with process:
        try:
            answer, _ = process.communicate(question, timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return _fail(f"It could not be read and measured within {limit_s:.0f} s; split the program.")
        except BaseException:
            process.kill()
            raise
    return _read_answer(process.returncode, answer)


def _read_answer(status: int, answer: bytes) -> MeasureReply:
    if status == OUT_OF_MEMORY:
        return _fail("It takes more memory to read and measure than a program may; split the program.")
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return _fail("It takes more time to read and measure than a program may; split the program.")
    if status == 0:
        try:
            return MeasureReply(_decoder().decode(answer), None)
        except msgspec.MsgspecError:
            log.error("a process that read a program answered what is no measure")
    else:
        log.error("a process that read a program ended with status %s", status)
    return _fail("Reading it failed for a reason that is not the program's; tell whoever looks after the server.")


def _fail(text: str) -> MeasureReply:
    return MeasureReply(None, ProgramFinding(code=NOT_MEASURED, level="UNKNOWN", line=None, text=text))


@functools.cache
def _decoder() -> msgspec.json.Decoder[MeasuredProgram]:
    return msgspec.json.Decoder(MeasuredProgram)
