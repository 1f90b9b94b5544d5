"""Walk through the lines of a program: on to the next, into a subprogram and back.

A call stays within the file, at most eight deep and 10 000 times in all, so that a recursion and an L of a thousand
million end.
"""

from typing import Final, NamedTuple

from rmos.cam.gcode.source import Label, LineChunk, ProgramText

MAX_DEPTH: Final = 8
MAX_CALLS: Final = 10_000
PER_CALL: Final = 10_000
"""FANUC writes the repeats before the four digits of the number: P31000 is O1000, three times."""
_BEGINS: Final = 16


class _CallFrame(NamedTuple):
    """Where a call came from, and what it is to do again."""

    lines: list[str]
    at: int
    end: int
    base: int
    label: Label
    left: int


class Cursor:
    """A place in the lines of a program."""

    __slots__ = ("_begins", "_calls", "_end", "_frames", "_source", "at", "base", "lines")

    def __init__(self, source: ProgramText) -> None:
        self._source = source
        self._end = source.start
        self._frames: list[_CallFrame] = []
        self._calls = 0
        self._begins: dict[Label, LineChunk] = {}
        """The first lines of subprograms, so that the ten-thousandth call costs no more than what it does."""
        self.lines: list[str] = []
        self.at = 0
        """The place in `lines` of the line that comes next."""
        self.base = 1
        """The number in the file of the first of `lines`."""

    @property
    def is_called(self) -> bool:
        """Whether the line stands in a subprogram."""
        return bool(self._frames)

    def fill(self) -> bool:
        """Fetch lines if none are left; tell whether there are any."""
        if self.at < len(self.lines):
            return True
        self.base += len(self.lines)
        self.lines, self._end = self._source.read_chunk(self._end)
        self.at = 0
        return bool(self.lines)

    def call(self, program: int, repeats: int) -> str | None:
        """Go to a subprogram; return why not, and what to do, where that cannot be."""
        label = self._source.find_label(program)
        if label is None and program >= PER_CALL and repeats == 1:
            repeats, program = divmod(program, PER_CALL)
            label = self._source.find_label(program)
        if label is None:
            return f"O{program} is not in the file; put the subprogram into it"
        if len(self._frames) == MAX_DEPTH:
            return f"subprograms call each other more than {MAX_DEPTH} deep; expand them in the post"
        if self._calls + repeats > MAX_CALLS:
            return f"subprograms are called more than {MAX_CALLS} times; expand them in the post"
        self._frames.append(_CallFrame(self.lines, self.at, self._end, self.base, label, repeats))
        self._repeat()
        return None

    def give_back(self) -> None:
        """Run the subprogram again if it is to be, else go on behind the call."""
        if self._frames[-1].left:
            self._repeat()
            return
        frame = self._frames.pop()
        self.lines, self.at, self._end, self.base = frame.lines, frame.at, frame.end, frame.base

    def _repeat(self) -> None:
        frame = self._frames[-1]
        self._frames[-1] = frame._replace(left=frame.left - 1)
        self._calls += 1
        if frame.label not in self._begins:
            if len(self._begins) == _BEGINS:
                self._begins.clear()
            self._begins[frame.label] = self._source.read_chunk(frame.label.start)
        self.lines, self._end = self._begins[frame.label]
        self.at, self.base = 0, frame.label.line
