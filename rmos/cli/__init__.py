"""The command line: `flask rmos …` in a checkout, `rmos …` once installed. One file per command.

Each command parses, makes one call, prints what came back and returns its exit code (`exits`). None needs the service
to run, and none asks it.
"""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import click

from rmos.cli.exits import DONE, EXIT_CODES, FINDINGS, INTERRUPTED, RmosGroup, give_up_output
from rmos.cli.lazy import COMMANDS_WIRED_BY, LazyCommand

__all__ = ["main", "rmos_group"]

_SECTIONS = {
    "Cuts and runs": (
        ("judge", "cuts:judge", "Say what would be decided on a cut, and why; nothing is recorded."),
        ("suggest", "suggest:suggest", "Suggest feed, speed and passes for a cut; nothing is recorded."),
        ("record", "cuts:record", "Decide on a cut and record the run, whatever the decision is."),
        ("program", "program:program", "Say what a program will do and whether it should run."),
        (
            "toolpaths",
            "toolpaths:toolpaths",
            "Write the programs of an approved design, once nothing speaks against it.",
        ),
        ("pack", "pack:pack", "Write what an operator takes to the machine: programs, setup sheet, record."),
        ("runs", "runs:runs", "List the runs, newest first."),
        ("show", "show:show", "Show one run: the decision and why, what was evaluated, the digests."),
        ("diff", "diff:diff", "Compare two runs: what differs, and how much it matters."),
        ("batch", "batches:batch", "Show the runs that have a label or a session, and what was made of them."),
        ("run-log", "run_log:run_log", "Write the run log: a line for each run, the latest first."),
        ("outcome", "outcomes:outcome", "Report what became of a cut; also of one that was blocked."),
        ("outcomes", "outcomes:outcomes", "List what became of cuts, the latest job first, or add it up."),
        ("tool-life", "tool_life:tool_life", "Show how much of their lives tools have behind them."),
        ("sessions", "sessions:sessions", "List the workflow sessions, newest first."),
        ("rules", "rules:rules", "List the rules that a cut is evaluated by, or explain one."),
        ("replay", "replay:replay", "Compute a recorded decision again and compare digests."),
        ("calibrate", "calibration:calibration", "Compare decisions with what became of the cuts."),
        ("backtest", "replay:backtest_command", "List the decisions that another engine or other tables would flip."),
        ("rosette", "rosette:rosette", "Draw a rosette from a sentence, in real millimetres."),
    ),
    "The record": (
        ("status", "status:status", "Show the health of the store on one screen."),
        ("verify", "verify:verify", "Prove that the record is whole, or say what is not."),
        ("repair", "repair:repair", "Heal what can be healed, and say what is left."),
        ("rebuild", "rebuild:rebuild", "Fill the index again from the record, while the service runs."),
        ("orphans", "orphans:orphans", "List the artifacts that the index does not know."),
        (
            "attachments",
            "attachments:attachments",
            "Prove that attachments are whole, and clear away what nothing names.",
        ),
        ("delete", "deletes:delete", "Delete one run, so that a trace stays: who, when and why."),
        ("restore", "deletes:restore", "Undo a soft delete."),
        ("audit", "audit:audit", "See who deleted, restored, overrode or approved what, and what was turned down."),
    ),
    "Evidence": (
        ("evidence", "evidence:evidence", "Keep a log by which others can prove what was recorded."),
        ("proof", "proof:proof", "Write what proves a run to somebody who has nothing of RMOS."),
    ),
    "Moving": (
        ("copy", "copy:copy_command", "Copy the whole store into another place, or out of one."),
        ("import", "moving:import_command", "Bring the runs of another store in, with their digests."),
        ("export", "moving:export", "Write runs out: a session, a range of dates, or all of them."),
        ("bundle", "bundles:bundle", "Send runs to another shop as one file, and take such a file in."),
        ("migrate", "migrate:migrate_group", "Move in from a single-file store (`runs.json`)."),
        ("demo", "demo:demo", "Fill an empty store with runs to look at."),
    ),
    "The service": (
        ("serve", "serve:serve", "Start the service."),
        ("token", "token:token", "Make, list and revoke the tokens of callers."),
        ("openapi", "openapi:openapi", "Print the OpenAPI document of the HTTP routes."),
    ),
}
"""The commands as the help shows them: name, module and name in it, the first sentence of its own help."""
_WIRED_BY = {"openapi": "rmos.app:wire_app"}
"""What wires the application of commands that ask its routes; all others run without any."""


@click.group(
    "rmos",
    cls=RmosGroup,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
    sections={title: [name for name, _, _ in commands] for title, commands in _SECTIONS.items()},
)
@click.version_option(package_name="rmos", prog_name="rmos")
def rmos_group() -> None:
    """Prove, list and heal the record of the shop's runs.

    The store is what RMOS_RUNS_DIR names. Files are the record,
    the index can always be made again from them. All commands work while
    the service runs, and without it. Each takes --json.
    """


for _commands in _SECTIONS.values():
    for _command in _commands:
        rmos_group.add_command(LazyCommand(*_command, wired_by=_WIRED_BY.get(_command[0], COMMANDS_WIRED_BY)))


def main() -> None:
    """Run the console script `rmos`: the same commands, without `flask` before them."""
    came: list[int] = []
    try:
        with _note_interruptions() as came:
            code = _run()
        sys.exit(INTERRUPTED if came else code)
    except (KeyboardInterrupt, click.Abort):  # within no command: while one is looked for, or closes what it opened
        sys.exit(INTERRUPTED)
    except RuntimeError:
        if not came:
            raise
        sys.exit(INTERRUPTED)  # Ctrl-C met the standard library between a lock and its release
    except OSError:  # the help or a usage error could not be written
        give_up_output()
        sys.exit(FINDINGS)


@contextlib.contextmanager
def _note_interruptions() -> Iterator[list[int]]:
    """Note each Ctrl-C: one that comes while C code looks something up, or an object is finalised, is lost there."""
    came: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    handler, hook = signal.signal(signal.SIGINT, interrupt), sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, KeyboardInterrupt) else hook(lost)
    try:
        yield came
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, handler)


def _run() -> int:
    """Run the commands, and say what was wrong with the words that were given; return the exit code."""
    try:
        # Click's own way to end would make an interruption an exit with 1.
        code = rmos_group.main(prog_name="rmos", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else DONE
