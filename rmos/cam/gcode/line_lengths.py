"""Keep which lines are longer than all before them, so that a controller's limit can be held against them later.

    lengths = LineLengths()
    lengths.add(["G1 X10 (to the right)", …], base=1)
    lengths.found            # LongLine(line=7, characters=112, is_bare=False), …

Controllers count differently: LinuxCNC all that stands on a line, GRBL only what is left of it without blanks and
comments.
"""

from typing import Final

from rmos.cam.gcode.words import strip_comments
from rmos.cam.motion import LongLine

SHORT: Final = 70
"""Characters that every controller takes."""


class LineLengths:
    """The records in length of a program, at most some thousand of them: lines are shortened when they are read."""

    __slots__ = ("_bare", "_seen", "_whole", "found")

    def __init__(self) -> None:
        self.found: list[LongLine] = []
        self._whole = self._bare = SHORT
        self._seen: set[int] = set()

    def add(self, lines: list[str], base: int) -> None:
        """Count lines in, the first of which has a number; those of a subprogram once, however often it is called."""
        if base in self._seen:
            return
        self._seen.add(base)
        if max(map(len, lines)) <= self._bare:  # never more than of whole lines
            return
        for line, text in enumerate(lines, base):
            if len(text) > self._whole:
                self._whole = len(text)
                self.found.append(LongLine(line, self._whole, is_bare=False))
            if len(text) > self._bare and (bare := len(strip_comments(text))) > self._bare:
                self._bare = bare
                self.found.append(LongLine(line, bare, is_bare=True))
