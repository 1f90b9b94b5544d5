"""Exit codes: what a command ends with, and how errors become one line and a number.

| code | meaning |
|---|---|
| 0 | healthy, or done |
| 1 | findings, or it could not be done |
| 2 | usage |
| 3 | repair left something |
| 10 | no store there |
| 11 | the store is locked |
| 12 | the storage failed or did not answer: no verdict |
| 130 | interrupted |

A command returns its code; the group ends the process with it, also under `flask rmos`, whose own main knows only 0, 1
and 2.
"""

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from rmos.cli.output import (
    choose_colour,
    emit,
    escape_what_cannot_be_shown,
    expect_json,
    is_writing,
    quiet_on_terminal,
    say,
    wants_json,
)
from rmos.errors.base import RmosError

log = logging.getLogger(__name__)

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
LEFT: Final = 3
INTERRUPTED: Final = 130

_DECIDING: Final = (
    *("verify", "status", "orphans", "repair", "attachments", "migrate"),
    *("judge", "suggest", "program", "replay", "backtest"),
)
"""Commands whose end is a verdict: cut short before they write anything, they have none."""
_LISTING: Final = ("runs", "sessions", "show", "diff", "export", "audit", "proof")
"""Commands that write to the index at most, where they bring it up to the record."""

EXIT_CODES: Final = """\b
Exit codes: 0 healthy or done, 1 findings, 2 usage, 3 repair left
something, 10 no store there, 11 store locked, 12 the storage did not
answer, 130 interrupted."""


class RmosGroup(click.Group):
    """A group whose commands return their exit code and may raise `RmosError`; its help shows them in sections."""

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]] | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._sections = sections or {}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the titles of their sections."""
        room = formatter.width - 6 - max(map(len, self.commands), default=0)
        for title, names in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(room)) for name in names])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a help that is asked for is written here, in whatever encoding."""
        escape_what_cannot_be_shown()
        expect_json(ctx, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and end with its code; an error is one line, and with --json an object on stdout."""
        choose_colour(ctx)
        try:
            with quiet_on_terminal():
                code = super().invoke(ctx)
            flush_stdout()
        except RmosError as error:
            code = _report_refusal(ctx, error)
        except click.ClickException as error:
            if wants_json(ctx):
                emit({"error": "USAGE", "detail": error.format_message()})
            raise
        except click.Abort as abort:
            code = _report_abort(ctx, abort)
        except KeyboardInterrupt:
            code = _report_interrupt(ctx)
        except OSError as error:
            code = _left_alone(ctx) if error.errno == errno.EPIPE else _report_system_error(ctx, error)
        if isinstance(code, int) and code != DONE:
            ctx.exit(code)
        return code


def _report_refusal(ctx: click.Context, error: RmosError) -> int:
    about = "; ".join(f"{name} {value}" for name, value in error.members.items() if value is not None)
    # Some say in their own words already what they are.
    repeats_title = error.detail.lower().removeprefix("request ").startswith(error.title.lower())
    title = "" if repeats_title else f"{error.title}: "
    say(f"{title}{error.detail}" + (f" ({about})" if about else ""), err=True)
    for field, messages in sorted((error.errors or {}).items()):
        text = " ".join(messages)
        if text.rstrip(".") not in error.detail:
            say(f"  {field}: {text}", err=True)
    if wants_json(ctx):
        fields = {"errors": error.errors} if error.errors else {}
        emit({"error": error.code, "detail": error.detail, **fields, **error.members})
    return error.exit_code


def _left_alone(ctx: click.Context) -> int:
    """End quietly when nobody reads on: of a list a reader may want the beginning only, as `head` does.

    A verdict that nobody could read is not one of health, and what was written nobody was told of.
    """
    give_up_output()
    if ctx.invoked_subcommand in _LISTING:
        return DONE
    return FINDINGS if ctx.invoked_subcommand in _DECIDING or is_writing(ctx) else DONE


def _report_system_error(ctx: click.Context, error: OSError) -> int:
    """Say what the system refused, without the path; the log has it from the level DEBUG on."""
    log.debug("the system refused something", exc_info=error)
    detail = f"The system refused it: {os.strerror(error.errno).lower() if error.errno else 'it did not say why'}."
    if error.errno == errno.ENOSPC:
        detail = "The output could not be written: no space left."
    # The output may be what failed.
    with contextlib.suppress(OSError):
        say(detail, err=True)
        if wants_json(ctx):
            emit({"error": "SYSTEM_ERROR", "detail": detail})
            flush_stdout()
        return FINDINGS
    give_up_output()
    return FINDINGS


def flush_stdout() -> None:
    """Write what is still buffered, so that an output that fails is met while somebody can say so."""
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up_output() -> None:
    """Let what is still buffered go nowhere: it cannot be written, which Python would complain of at its end."""
    with open(os.devnull, "wb") as nowhere, contextlib.suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                os.dup2(nowhere.fileno(), stream.fileno())


def _report_abort(ctx: click.Context, abort: click.Abort) -> int:
    """Tell the end of the input, which declines, from Ctrl-C at a question: click makes both an Abort."""
    if isinstance(abort.__context__, KeyboardInterrupt):
        return _report_interrupt(ctx)
    say("Nothing was answered, so nothing was done.", err=True)
    return FINDINGS


def _report_interrupt(ctx: click.Context) -> int:
    if ctx.invoked_subcommand in _DECIDING and not is_writing(ctx):
        say("Interrupted: no verdict.", err=True)
        return INTERRUPTED
    say("Interrupted. What was done is whole; run the command again to go on.", err=True)
    return INTERRUPTED
