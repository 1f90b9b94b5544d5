"""Sheets of A4 on which a plan is drawn at full size: text, boxes and lines in micrometres, one sheet after the other.

    flow = Flow()
    flow.heading("Cutting list")
    flow.text("Saw kerf 0.6 mm")
    flow.sheets[0]            # the lines of SVG of the first sheet

What does not fit begins the next sheet. Text has no metrics here: its width is reckoned with the widest usual letters.
"""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from rmos.rosette.spec import mm_text

WIDTH: Final = 210_000
HEIGHT: Final = 297_000
"""A4, micrometres."""
MARGIN: Final = 12_000
ROOM: Final = WIDTH - 2 * MARGIN
"""Between the margins."""
_BOTTOM: Final = HEIGHT - 16_000
SMALL: Final = 2600
PLAIN: Final = 3200
LARGE: Final = 4600
_TITLE: Final = 5600
_LETTER: Final = 54
_BOLD_LETTER: Final = 66
"""Width of a letter, per cent of its size."""
INK: Final = "#201a16"
FAINT: Final = "#8a8078"


class Flow:
    """Sheets that fill from the top; `y` is where the next thing goes."""

    def __init__(self) -> None:
        self.sheets: list[list[str]] = [[]]
        self.y = MARGIN

    def need(self, height: int) -> None:
        """Begin the next sheet when there is no room for something of this height."""
        if self.y + height > _BOTTOM and self.y > MARGIN:
            self.sheets.append([])
            self.y = MARGIN

    def add(self, *lines: str) -> None:
        """Draw on the present sheet."""
        self.sheets[-1] += lines

    def skip(self, height: int) -> None:
        """Leave room."""
        self.y += height

    def title(self, words: str) -> None:
        """Write the name of the whole."""
        for row in wrap(words, ROOM * 100 // (_TITLE * _BOLD_LETTER)):
            self.add(text(MARGIN, self.y + _TITLE, row, size=_TITLE, bold=True))
            self.y += _TITLE * 13 // 10
        self.y += 1500

    def heading(self, words: str, *, room: int = 0) -> None:
        """Write a heading, on a new sheet unless what follows it has room too."""
        self.need(LARGE * 3 + room)
        self.y += LARGE // 2
        self.add(text(MARGIN, self.y + LARGE, words, size=LARGE, bold=True))
        self.y += LARGE * 2

    def text(self, words: str, *, size: int = PLAIN, indent: int = 0) -> None:
        """Write a paragraph, broken into lines."""
        for line in wrap(words, (ROOM - indent) * 100 // (size * _LETTER)):
            self.need(size * 3 // 2)
            self.add(text(MARGIN + indent, self.y + size, line, size=size))
            self.y += size * 3 // 2

    def steps(self, steps: Sequence[str]) -> None:
        """Write numbered steps."""
        for number, words in enumerate(steps, start=1):
            self.need(PLAIN * 3)
            self.add(text(MARGIN, self.y + PLAIN, f"{number}.", size=PLAIN, bold=True))
            self.text(words, indent=7000)
        self.y += 2000

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """Write a table; its heads are written again on each sheet."""
        lefts = [MARGIN + sum(widths[:at]) for at in range(len(widths))]

        def head() -> None:
            for left, words in zip(lefts, heads, strict=True):
                self.add(text(left, self.y + SMALL, words, size=SMALL, bold=True))
            self.add(line(MARGIN, self.y + 3800, MARGIN + sum(widths), self.y + 3800))
            self.y += 4600

        self.need(15_000)
        head()
        for row in rows:
            sheet = len(self.sheets)
            self.need(4200)
            if len(self.sheets) > sheet:
                head()
            for left, width, words in zip(lefts, widths, row, strict=True):
                shown = cut(words, width * 100 // (SMALL * _LETTER))
                self.add(text(left, self.y + SMALL, shown, size=SMALL))
            self.y += 4200
        self.y += 2000


def wrap(words: str, letters: int) -> list[str]:
    """Return a text in lines of at most so many letters, unless a word is longer."""
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def cut(words: str, letters: int) -> str:
    """Return a text of at most so many letters."""
    return words if len(words) <= letters else words[: max(letters - 1, 1)] + "…"


def text(x: int, y: int, words: str, *, size: int, bold: bool = False, anchor: str = "", fill: str = INK) -> str:
    """Return a line of text whose foot stands at y."""
    weight = ' font-weight="bold"' if bold else ""
    placed = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text x="{mm_text(x)}" y="{mm_text(y)}" font-size="{mm_text(size)}"{weight}{placed} fill="{fill}">'
        f"{escape(words)}</text>"
    )


def box(x: int, y: int, width: int, height: int, *, fill: str = "none", stroke: str = INK) -> str:
    """Return a rectangle."""
    return (
        f'<rect x="{mm_text(x)}" y="{mm_text(y)}" width="{mm_text(width)}" height="{mm_text(height)}"'
        f' fill="{fill}" stroke="{stroke}" stroke-width=".1"/>'
    )


def line(x: int, y: int, to_x: int, to_y: int, *, stroke: str = INK, thick: int = 150) -> str:
    """Return a straight line."""
    d = f"M{mm_text(x)} {mm_text(y)}L{mm_text(to_x)} {mm_text(to_y)}"
    return f'<path fill="none" stroke="{stroke}" stroke-width="{mm_text(thick)}" d="{d}"/>'


def shape(points: Sequence[tuple[int, int]], *, fill: str, stroke: str = INK) -> str:
    """Return a closed outline through points."""
    d = "L".join(f"{mm_text(x)} {mm_text(y)}" for x, y in points)
    return f'<path fill="{fill}" stroke="{stroke}" stroke-width=".08" d="M{d}Z"/>'
