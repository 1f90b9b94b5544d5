"""Commands that are loaded when they run: help and completion need their names and a sentence each, not the service.

    group.add_command(LazyCommand("verify", "verify:verify", "Prove that the record is whole, or say what is not."))

Loading all of them takes as long as opening the service does (docs/performance.md), at each Tab.
"""

from pkgutil import resolve_name
from typing import Any, cast

import click


class LazyCommand(click.Command):
    """Stands for a command until it runs; the module has it under a name, as `verify:verify`."""

    def __init__(self, name: str, place: str, sentence: str) -> None:
        super().__init__(name, short_help=sentence)
        self.place = place

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

            parent.obj = ScriptInfo(create_app=resolve_name("rmos.app:wire_app"))
        return command.make_context(info_name, args, parent, **extra)
