"""Hand out the lines of a program's bytes, some thousand at a time, from any place; and see what is no program at all.

Lines end with LF, CR LF or CR. Bytes are read as Latin-1: outside comments a program is ASCII, and in a comment no byte
of UTF-8 looks like the end of it. Only one chunk is text at a time, so that a program of 100 MB needs no second 100 MB.
"""

import re
from itertools import islice
from typing import Final, NamedTuple

CHUNK: Final = 1 << 18
"""Bytes that become text at once."""
_MARK: Final = b"\xef\xbb\xbf"
_REALTIME: Final = re.compile(rb"[\x18!?~\x80-\xff]")
_LABEL: Final = re.compile(
    rb"^[ \t]*+(?:[Nn][ \t]*+[0-9]++[ \t]*+)?[Oo:][ \t]*+([0-9](?:[ \t]*+[0-9]){0,8}+)", re.MULTILINE
)
_LABELS: Final = 10_000
_FOREIGN: Final = {
    b"PK\x03\x04": "a zip archive; unpack it and send the program in it",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"%PDF": "a PDF; export the program from the CAM",
    b"\xff\xfe": "text in UTF-16; save it as ASCII or UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as ASCII or UTF-8",
    b"\x89PNG": "a picture; export the program from the CAM",
    b"\x7fELF": "a binary; export the program from the CAM",
}
_BINARY: Final = "binary data (it has NUL bytes); export the program from the CAM as text"


class LineChunk(NamedTuple):
    """Some lines, in capitals as far as they are ASCII, and where the next ones begin."""

    lines: list[str]
    end: int
    """The offset in the bytes behind them."""


class Label(NamedTuple):
    """Where a subprogram begins."""

    start: int
    line: int


class ProgramText:
    """The bytes of a program as lines."""

    __slots__ = ("_has_returns", "_labels", "data")

    def __init__(self, data: bytes) -> None:
        if b"\r" in data and b"\n" not in data:
            data = data.replace(b"\r", b"\n")
        self.data = data
        self._has_returns = b"\r" in data
        self._labels: dict[int, Label] | None = None

    @property
    def start(self) -> int:
        """Where the text begins: behind a byte order mark."""
        return len(_MARK) if self.data.startswith(_MARK) else 0

    def read_chunk(self, start: int) -> LineChunk:
        """Return the lines from an offset on, one of any length at least; none at the end."""
        data, end = self.data, start + CHUNK
        if end < len(data):
            last = data.rfind(b"\n", start, end)
            if last < 0:
                last = data.find(b"\n", end)
                if last < 0:
                    last = len(data) - 1
                return LineChunk([_shorten(data, start, last)], last + 1)
            end = last + 1
        text = data[start:end].decode("latin-1")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text.isascii():
            text = text.upper()
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        return LineChunk(lines, min(end, len(data)))

    def count_lines(self, end: int | None = None, *, start: int = 0) -> int:
        """Return how many lines there are, or end between two offsets, neither of them within a CR LF."""
        data = self.data
        stop = len(data) if end is None else end
        count = data.count(b"\n", start, stop)
        if self._has_returns:
            count += data.count(b"\r", start, stop) - data.count(b"\r\n", start, stop)
        return count + (end is None and bool(data) and data[-1] not in b"\r\n")

    def find_label(self, number: int) -> Label | None:
        """Return the line that begins with `O` and a number, the first of them."""
        if self._labels is None:
            self._labels = {}
            before = Label(0, 1)
            for found in islice(_LABEL.finditer(self.data), _LABELS):
                lines = self.count_lines(found.start(), start=before.start)
                before = Label(found.start(), before.line + lines)
                self._labels.setdefault(int(found[1].translate(None, b" \t")), before)
        return self._labels.get(number)

    def find_realtime_byte(self) -> int | None:
        """Return the line of the first byte that GRBL takes out of the stream as a command, wherever it stands."""
        found = _REALTIME.search(self.data)
        return None if found is None else self.count_lines(found.start()) + 1


def describe_foreign(data: bytes) -> tuple[int, str] | None:
    """Return the line and what data is that is no text of a program, with what to do; None when it may be one."""
    for start, what in _FOREIGN.items():
        if data.startswith(start):
            return 1, what
    place = data.find(b"\0")
    return None if place < 0 else (data.count(b"\n", 0, place) + 1, _BINARY)


def _shorten(data: bytes, start: int, end: int) -> str:
    """Return the start of a line that is longer than a chunk: enough for a comment's end or for a finding."""
    return data[start : min(end, start + CHUNK)].decode("latin-1").replace("\r", " ")
