"""The factory: it wires the service and does nothing else."""

from flask import Flask

from rmos import api, web
from rmos.auth import guard
from rmos.cli import rmos_group
from rmos.cli.wiring import give_up, wire_commands
from rmos.config import Settings
from rmos.errors.installation import PlatformUnsupported
from rmos.http import access, cors
from rmos.systems import require_posix


def create_app(settings: Settings | None = None) -> Flask:
    """Wire the service, where it can run; see `wire_app`.

    Raises:
        SystemExit: it cannot, or something is wrong with the installation; one line on stderr says it.
    """
    try:
        require_posix("The service")
    except PlatformUnsupported as error:
        give_up(error)
    return wire_app(settings)


def wire_app(settings: Settings | None = None) -> Flask:
    """Wire the service: what commands need of it, and all its routes.

    Args:
        settings: instead of those of the environment and `instance/config.toml`.

    Raises:
        SystemExit: as `wire_commands`.
    """
    app = wire_commands(settings)
    settings = app.extensions["rmos"].settings
    access.init_app(app)
    cors.init_app(app, settings)  # before the guard: a browser's preflight names no caller
    guard.init_app(app, settings)
    api.init_app(app)
    web.init_app(app)
    app.cli.add_command(rmos_group)
    return app
