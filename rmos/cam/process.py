"""What is asked of the process that reads a program, and what it answers: one line of JSON each way.

It stands apart from what reads and measures, so that whoever asks loads nothing of it.
"""

from typing import Final

import msgspec

from rmos.cam.approach import Approach
from rmos.cam.measure.measured import Measured
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.motion import Units

MAX_MEMORY_BYTES: Final = 1 << 30
"""Address space of the process, RMOS policy: 100 MB of a program are measured in less."""
MAX_CPU_S: Final = 60
"""Its processor time, RMOS policy; nobody waits longer either."""
OUT_OF_MEMORY: Final = 3
"""Exit status of a process that had no memory left."""


class MeasureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, before the bytes of the program."""

    setup: ProgramSetup
    units: Units | None = None
    picture: bool = False
    """Whether it is to be drawn instead of measured."""
    worst_line: int | None = None
    """The line that a picture marks."""
    memory_bytes: int = MAX_MEMORY_BYTES
    cpu_s: int = MAX_CPU_S


class MeasuredProgram(msgspec.Struct, frozen=True, kw_only=True):
    """What the process answers: the measures and how the program comes to the stock and leaves it, or a picture."""

    measured: Measured | None = None
    approach: Approach | None = None
    picture: str | None = None
