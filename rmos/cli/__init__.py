"""The command line: `flask rmos …` in a checkout, `rmos …` once installed. One file per command.

Each command parses, makes one call, prints what came back and returns its exit code (`exits`). None needs the service
to run, and none asks it.
"""

import sys
from pkgutil import resolve_name

import click
from flask.cli import ScriptInfo

from rmos.cli.attachments import attachments
from rmos.cli.audit import audit
from rmos.cli.cuts import judge, record
from rmos.cli.deletes import delete, restore
from rmos.cli.demo import demo
from rmos.cli.diff import diff
from rmos.cli.exits import EXIT_CODES, FINDINGS, INTERRUPTED, RmosGroup, give_up_output
from rmos.cli.migrate import migrate_group
from rmos.cli.moving import export, import_command
from rmos.cli.openapi import openapi
from rmos.cli.orphans import orphans
from rmos.cli.rebuild import rebuild
from rmos.cli.repair import repair
from rmos.cli.replay import backtest_command, replay
from rmos.cli.rosette import rosette
from rmos.cli.rules import rules
from rmos.cli.runs import runs
from rmos.cli.serve import serve
from rmos.cli.sessions import sessions
from rmos.cli.show import show
from rmos.cli.status import status
from rmos.cli.suggest import suggest
from rmos.cli.token import token
from rmos.cli.verify import verify

__all__ = ["main", "rmos_group"]


@click.group("rmos", cls=RmosGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rmos", prog_name="rmos")
def rmos_group() -> None:
    """Prove, list and heal the record of the shop's runs.

    The store is the folder that RMOS_RUNS_DIR names. Files are the record,
    the index can always be made again from them. All commands work while
    the service runs, and without it. Each takes --json.
    """


for _command in (
    attachments,
    verify,
    status,
    rebuild,
    orphans,
    repair,
    demo,
    serve,
    judge,
    suggest,
    record,
    runs,
    show,
    diff,
    replay,
    backtest_command,
    rules,
    sessions,
    token,
    openapi,
    delete,
    restore,
    audit,
    migrate_group,
    import_command,
    export,
    rosette,
):
    rmos_group.add_command(_command)


def main() -> None:
    """Run the console script `rmos`: the same commands, without `flask` before them."""
    try:
        # By name: the factory wires this package, so importing it here would be a cycle.
        rmos_group(prog_name="rmos", obj=ScriptInfo(create_app=resolve_name("rmos:create_app")))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError:  # the help or a usage error could not be written
        give_up_output()
        sys.exit(FINDINGS)
