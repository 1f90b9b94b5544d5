"""What commands write: one JSON document or lines for people on stdout, messages and progress on stderr.

Names from disk and words of clients are shown with everything unprintable escaped: a file name must not be able to
clear the screen, nor to forge a line of a report. What the terminal's encoding lacks is escaped too; data for other
programs (CSV, NDJSON) is UTF-8 whatever the locale.
"""

import contextlib
import io
import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

import click
import msgspec

from rmos.cli.tables import Column, fold, lay_out
from rmos.config import names_log_level, wants_colour
from rmos.errors.store import StorageFailed
from rmos.objects.replaced import replace_file

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


def expect_json(ctx: click.Context, words: Sequence[str]) -> None:
    """Note that the words of a command line ask for JSON, before anything in them can turn out to be wrong."""
    ctx.meta[_JSON] = "--json" in words


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


def say(line: str = "", *, err: bool = False, colour: str | None = None, hang: str | None = None) -> None:
    """Write one line; in a colour where `choose_colour` says so. A stream that was closed takes nothing.

    Where a terminal ends it goes on below, between words; what has none, as a digest or a cursor, stays whole.

    Args:
        hang: before what goes on below, by default two spaces more than the line begins with.
    """
    if (sys.stderr if err else sys.stdout) is None:
        return
    shown, width = escape_for_stream(line, err=err), terminal_width(err=err)
    if hang is None:
        hang = " " * (len(shown) - len(shown.lstrip()) + 2)
    for part in [shown] if width is None else fold(shown, width, hang):
        click.secho(part, err=err, fg=colour)


def escape_for_stream(text: str, *, err: bool = False) -> str:
    """Return the text as the stream can show it: printable, with escapes for what its encoding lacks."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return escape_controls(text).encode(encoding, "backslashreplace").decode(encoding)


def write_data(data: str | bytes) -> None:
    """Write data for another program to stdout: UTF-8 and as it is, whatever the locale; nowhere when it was closed."""
    if sys.stdout is not None:
        click.echo(data.encode() if isinstance(data, str) else data, nl=False)


def write_file(path: Path, data: str | bytes) -> None:
    """Write a file that the command was asked for; a text is UTF-8.

    Raises:
        StorageFailed: the system did not take it; the message has the file's name and not its folder.
    """
    try:
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be written: {(error.strerror or 'refused').lower()}.") from None


def write_parts(parts: Iterable[str | bytes], target: Path | None) -> int:
    """Write parts to the new file of `--to`, or to stdout, as they come, and return how long they are in all.

    Raises:
        click.BadParameter: there is such a file.
        StorageFailed: as `write_file`.
    """
    written = 0
    if target is None:
        for part in parts:
            write_data(part)
            written += len(part)
        return written
    try:
        with target.open("xb") as file:
            for part in parts:
                file.write(part.encode() if isinstance(part, str) else part)
                written += len(part)
    except FileExistsError:
        raise click.BadParameter("it is there already; nothing is overwritten.", param_hint="--to") from None
    except OSError as error:
        raise StorageFailed(f"{target.name} could not be written: {(error.strerror or 'refused').lower()}.") from None
    return written


def write_new_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file of any size that is not there yet: whole, or not at all.

    Raises:
        click.BadParameter: it is there already.
        StorageFailed: as `write_file`.
    """
    try:
        if path.exists():  # before all of it is written beside
            raise FileExistsError
        replace_file(path, pieces, mode=0o666, exclusive=True)
    except FileExistsError:
        raise click.BadParameter("it is there already; nothing is overwritten.", param_hint="FILE") from None
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be written: {(error.strerror or 'refused').lower()}.") from None


def make_folder(path: Path) -> None:
    """Make the folder that a command was asked to write into, when it is not there.

    Raises:
        StorageFailed: the system did not make it; the message has its name and not where it is.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be made: {(error.strerror or 'refused').lower()}.") from None


def goes_to_stdout(out: Path | None, *, as_json: bool) -> bool:
    """Tell whether `--out -` asks for a file on stdout.

    Raises:
        click.UsageError: the one JSON document is to go there too.
    """
    to_stdout = out is not None and str(out) == "-"
    if to_stdout and as_json:
        raise click.UsageError("The file or JSON goes to the standard output, not both.")
    return to_stdout


def escape_what_cannot_be_shown() -> None:
    """Let stdout escape what its encoding lacks, whoever writes to it: the help of a command is no traceback either."""
    stream = cast(object, sys.stdout)  # a TextIO to the type checker, which has no `reconfigure`
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def choose_colour(ctx: click.Context) -> None:
    """Let a command write in colours or not, as the environment asks; else only to a terminal.

    `NO_COLOR` and `FORCE_COLOR` as no-color.org and force-color.org say; a terminal that is `dumb` knows none.
    """
    if ctx.color is None:
        ctx.color = wants_colour()


@contextlib.contextmanager
def quiet_on_terminal() -> Iterator[None]:
    """Keep lines of the log that only say what was done from a terminal, where the command says so itself."""
    if sys.stderr is None or not sys.stderr.isatty() or names_log_level():
        yield
        return
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        yield
    finally:
        logging.disable(before)


def escape_controls(text: str) -> str:
    """Return the text with control characters, line ends and broken encodings escaped."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def terminal_width(*, err: bool = False) -> int | None:
    """Return the cells of a line where stdout, or stderr, is a terminal, None elsewhere."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def say_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    colours: Sequence[str | None] = (),
    indent: str = "",
) -> None:
    """Write a table with its head, in the width of the terminal.

    Args:
        colours: one for each row; none where it is empty.
    """
    width = terminal_width()
    clean = [[escape_for_stream(cell) for cell in row] for row in rows]
    laid = lay_out(columns, clean, width=None if width is None else width - len(indent))
    for lines, colour in zip(laid, [None, *(colours or [None] * len(rows))], strict=True):
        for line in lines:
            say(indent + line, colour=colour)


@contextlib.contextmanager
def progress(label: str, total: int) -> Iterator[Progress | None]:
    """Give what counts the work that is done and shows it as a bar on stderr; None when that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty() or total <= 0:
        yield None
        return
    started = time.monotonic()

    def rate(done: int | None) -> str:
        seconds = time.monotonic() - started
        return f"{(done or 0) / seconds:.0f}/s" if seconds > 0 else ""

    with click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True, item_show_func=rate) as bar:
        yield lambda done: bar.update(done, bar.pos + done)
