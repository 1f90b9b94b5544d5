"""Exit codes: what a command ends with, and how errors become one line and a number.

| code | meaning |
|---|---|
| 0 | healthy, or done |
| 1 | findings, or it could not be done |
| 2 | usage |
| 3 | repair left something |
| 10 | no store there |
| 11 | the store is locked |
| 130 | interrupted |

A command returns its code; the group ends the process with it, also under `flask rmos`, whose own main knows only 0, 1
and 2.
"""

import errno
from typing import Any, Final

import click
from flask.cli import AppGroup

from rmos.cli.output import emit, say, wants_json
from rmos.errors import RmosError

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
LEFT: Final = 3
INTERRUPTED: Final = 130

EXIT_CODES: Final = """\b
Exit codes: 0 healthy or done, 1 findings, 2 usage, 3 repair left
something, 10 no store there, 11 store locked, 130 interrupted."""


class RmosGroup(AppGroup):
    """A group whose commands return their exit code and may raise `RmosError`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and end with its code; an error is one line, and with --json an object on stdout."""
        try:
            code = super().invoke(ctx)
        except RmosError as error:
            code = _refused(ctx, error)
        except click.Abort as abort:
            code = _aborted(abort)
        except KeyboardInterrupt:
            code = _interrupted()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise  # a closed pipe among them: click ends quietly
            say("The output could not be written: no space left.", err=True)
            code = FINDINGS
        if isinstance(code, int) and code != DONE:
            ctx.exit(code)
        return code


def _refused(ctx: click.Context, error: RmosError) -> int:
    about = "; ".join(f"{name} {value}" for name, value in error.members.items() if value is not None)
    say(f"{error.title}: {error.detail}" + (f" ({about})" if about else ""), err=True)
    if wants_json(ctx):
        emit({"error": error.code, "detail": error.detail, **error.members})
    return error.exit_code


def _aborted(abort: click.Abort) -> int:
    """Tell the end of the input, which declines, from Ctrl-C at a question: click makes both an Abort."""
    if isinstance(abort.__context__, KeyboardInterrupt):
        return _interrupted()
    say("Nothing was answered, so nothing was done.", err=True)
    return FINDINGS


def _interrupted() -> int:
    say("Interrupted. What was done is whole; run the command again to go on.", err=True)
    return INTERRUPTED
