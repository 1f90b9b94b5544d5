"""Commands that are loaded when they run: help and completion need their names and a sentence each, not the service.

    group.add_command(LazyCommand("verify", "verify:verify", "Prove that the record is whole, or say what is not."))

Loading all of them takes as long as opening the service does (docs/performance.md), at each Tab.
"""

from pkgutil import resolve_name
from typing import Any, Final, cast

import click

COMMANDS_WIRED_BY: Final = "rmos.cli.wiring:wire_commands"
"""What wires the application that a command runs in, unless it asks the routes."""


class LazyCommand(click.Command):
    """Stands for a command until it runs; the module has it under a name, as `verify:verify`."""

    def __init__(self, name: str, place: str, sentence: str, *, wired_by: str = COMMANDS_WIRED_BY) -> None:
        super().__init__(name, short_help=sentence)
        self.place = place
        self.wired_by = wired_by

    def load(self) -> click.Command:
        """Return the command itself."""
        return cast(click.Command, resolve_name(f"rmos.cli.{self.place}"))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments of the command itself, which the context then invokes."""
        command = self.load()
        if parent is not None and parent.obj is None:  # else `flask rmos` has an application already
            from flask.cli import ScriptInfo  # noqa: PLC0415 - help and completion do without Flask

            # Found when the command runs: its help is shown without an application.
            parent.obj = ScriptInfo(create_app=lambda: resolve_name(self.wired_by)())
        return command.make_context(info_name, args, parent, **extra)
