"""Tables for people: as wide as a terminal allows, and what matters is never cut away.

    columns = [Column("CREATED (UTC)"), Column("RISK"), Column("SCORE", number=True), Column("WHY")]
    for line in lay_out(columns, rows, width=80): ...

In a narrow terminal the columns that say least go first (`spare`), others become shorter (`least`), and the last one,
which is a sentence, goes on below: in its own place while that has room, otherwise on lines of its own. Without a width
(a pipe, a file) each row is one line and whole.
"""

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

_GAP: Final = "  "
_INDENT: Final = 4
_MARK: Final = "…"


class Column(NamedTuple):
    """A column of a table."""

    head: str
    number: bool = False
    """Aligned to the right."""
    least: int | None = None
    """Cells to which it may be cut; None: it is never cut."""
    spare: bool = False
    """Left out where there is no room."""
    room: int = 24
    """Of the last column: cells below which its sentence goes on lines of its own."""


def count_cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: wide signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(sign) for sign in text)


def _cells(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cut_text(text: str, width: int) -> str:
    """Return a text in at most `width` cells; one that was cut ends with `…`."""
    if count_cells(text) <= width:
        return text
    kept, used = "", count_cells(_MARK)
    for sign in text:
        used += _cells(sign)
        if used > width:
            break
        kept += sign
    return kept + _MARK


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int | None) -> list[list[str]]:
    """Return the lines of the head and of each row.

    Args:
        rows: printable cells, one for each column; the last column is the sentence.
        width: cells of the terminal, None where nothing limits a line.
    """
    every = [[column.head for column in columns], *rows]
    widths = [max(count_cells(row[place]) for row in every) for place in range(len(columns))]
    shown = list(range(len(columns)))
    last = shown[-1]
    if width is not None:
        shown = _leave_out(columns, shown, widths, width)
        _shorten(columns, shown, widths, width)
    before = sum(widths[place] + len(_GAP) for place in shown[:-1])
    room = None if width is None else width - before
    return [_lines(columns, row, shown, widths, last, room, width) for row in every]


def _leave_out(columns: Sequence[Column], shown: list[int], widths: list[int], width: int) -> list[int]:
    """Leave out spare columns, the last of them first, until the sentence has room."""
    for place in reversed(range(len(columns))):
        if _measure_width(columns, shown, widths) <= width:
            break
        if columns[place].spare:
            shown = [other for other in shown if other != place]
    return shown


def _shorten(columns: Sequence[Column], shown: list[int], widths: list[int], width: int) -> None:
    """Cut what may be cut, the widest first, until the sentence has room."""
    while (lacking := _measure_width(columns, shown, widths) - width) > 0:
        able = [place for place in shown[:-1] if (least := columns[place].least) is not None and widths[place] > least]
        if not able:
            return
        widest = max(able, key=lambda place: widths[place])
        widths[widest] = max(columns[widest].least or 0, widths[widest] - lacking)


def _measure_width(columns: Sequence[Column], shown: list[int], widths: list[int]) -> int:
    before = sum(widths[place] + len(_GAP) for place in shown[:-1])
    return before + min(columns[-1].room, widths[shown[-1]])


def _lines(
    columns: Sequence[Column],
    row: Sequence[str],
    shown: list[int],
    widths: list[int],
    last: int,
    room: int | None,
    width: int | None,
) -> list[str]:
    cells = [_align_text(columns[place], cut_text(row[place], widths[place]), widths[place]) for place in shown[:-1]]
    sentence = row[last]
    if room is None or count_cells(sentence) <= room:
        return [_GAP.join([*cells, sentence]).rstrip()]
    if room >= columns[-1].room:
        first, *rest = wrap(sentence, room)
        indent = " " * (sum(widths[place] + len(_GAP) for place in shown[:-1]))
        return [_GAP.join([*cells, first]).rstrip(), *(indent + line for line in rest)]
    inside = max((width or 0) - _INDENT, 1)
    return [_GAP.join(cells).rstrip(), *(" " * _INDENT + line for line in wrap(sentence, inside))]


def wrap(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` cells, broken between words where there are any."""
    if text.isascii():
        return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if count_cells(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while count_cells(word) > width:
            taken = _head(word, width)
            lines.append(taken)
            word = word[len(taken) :]
        line = word
    return [*lines, line] if line or not lines else lines


def fold(line: str, width: int, hang: str) -> list[str]:
    """Return a line in lines of `width` cells, broken between words only: what has no spaces is as long as it is.

    Args:
        hang: before each line but the first.
    """
    lines = []
    while count_cells(line) > width:
        begin = len(line) - len(line.lstrip())
        place = line.rfind(" ", begin, len(_head(line, width)) + 1)
        if place < 0:
            place = line.find(" ", begin)
        if place < 0:
            break
        lines.append(line[:place].rstrip())
        line = hang + line[place:].lstrip()
    return [*lines, line]


def _head(word: str, width: int) -> str:
    used = 0
    for place, sign in enumerate(word):
        used += _cells(sign)
        if used > width:
            return word[: max(place, 1)]
    return word


def _align_text(column: Column, text: str, width: int) -> str:
    padding = " " * (width - count_cells(text))
    return padding + text if column.number else text + padding
