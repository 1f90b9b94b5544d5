"""What commands write: one JSON document or lines for people on stdout, messages and progress on stderr.

Names from disk and words of clients are shown with everything unprintable escaped: a file name must not be able to
clear the screen, nor to forge a line of a report.
"""

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click
import msgspec

Progress = Callable[[int], None]

RULE: Final = "=" * 60
COLOURS: Final = {"GREEN": "green", "YELLOW": "yellow", "RED": "red", "UNKNOWN": "magenta", "ERROR": "magenta"}
"""How risks are told apart on a terminal."""
_JSON: Final = "rmos.cli.json"
_WRITING: Final = "rmos.cli.writing"


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--json`; the group reads it too, so that errors come out as JSON."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        is_eager=True,
        callback=_note_json,
        help="Write one JSON document to stdout; messages go to stderr.",
    )(command)


def _note_json(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.meta[_JSON] = value
    return value


def wants_json(ctx: click.Context) -> bool:
    """Tell whether the command was asked for JSON, as far as its options were read."""
    return bool(ctx.meta.get(_JSON))


def mark_writing() -> None:
    """Note that the running command may write from here on; an interruption is told accordingly."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None:
        ctx.meta[_WRITING] = True


def is_writing(ctx: click.Context) -> bool:
    """Tell whether the command came as far as to write."""
    return bool(ctx.meta.get(_WRITING))


def emit(document: Any) -> None:
    """Write the one JSON document: ASCII, so that no terminal and no odd file name can break it."""
    click.echo(json.dumps(msgspec.to_builtins(document), indent=2))


def say(line: str = "", *, err: bool = False, colour: str | None = None) -> None:
    """Write one line; in a colour on a terminal, and only there."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.secho(printable(line).encode(encoding, "backslashreplace").decode(encoding), err=err, fg=colour)


def printable(text: str) -> str:
    """Return the text with control characters, line ends and broken encodings escaped."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def table(rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> list[str]:
    """Return rows as aligned lines; the columns `numbers` go to the right, the last column is as long as it is."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    lines = []
    for row in clean:
        cells = [
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def say_table(rows: Sequence[Sequence[str]], colours: Sequence[str | None], *, numbers: Sequence[int] = ()) -> None:
    """Write rows as aligned lines, cut to the width of a terminal and coloured there, and only there."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line, colour in zip(table(rows, numbers=numbers), colours, strict=True):
        say(line[:width], colour=colour)


@contextlib.contextmanager
def progress(label: str, total: int) -> Iterator[Progress | None]:
    """Give what counts the work that is done and shows it as a bar on stderr; None when that is no terminal."""
    if not sys.stderr.isatty() or total <= 0:
        yield None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
