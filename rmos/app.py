"""The factory: it wires the service and does nothing else."""

import sys
from typing import NoReturn

from flask import Flask

from rmos import api, context, logs, web
from rmos.auth import guard
from rmos.cli import rmos_group
from rmos.config import Settings, load_settings
from rmos.engines.registry import Registry
from rmos.engines.shop import load_shop
from rmos.errors.base import RmosError
from rmos.errors.installation import ConfigError, PlatformUnsupported, PluginError
from rmos.http import access, cors
from rmos.http.application import Application
from rmos.store.founding import default_engine_of
from rmos.systems import require_posix


def create_app(settings: Settings | None = None) -> Flask:
    """Wire the service, where it can run; see `wire_app`.

    Raises:
        SystemExit: it cannot, or something is wrong with the installation; one line on stderr says it.
    """
    try:
        require_posix("The service")
    except PlatformUnsupported as error:
        _give_up(error)
    return wire_app(settings)


def wire_app(settings: Settings | None = None) -> Flask:
    """Wire the service, or what commands need of it; nothing is opened, made or started before it is needed.

    Args:
        settings: instead of those of the environment and `instance/config.toml`.

    Raises:
        SystemExit: a setting, a table of the shop or an engine plug-in cannot be used; one line on stderr names it.
    """
    try:
        settings = settings or load_settings()
        engines = Registry.load(load_shop(settings.instance_path), default=lambda: default_engine_of(settings))
        if settings.default_engine is not None:
            engines.require_default(settings.default_engine)
    except (ConfigError, PluginError) as error:
        _give_up(error)
    logs.configure_logging(settings)
    app = Application("rmos", instance_path=str(settings.instance_path.absolute()), static_folder=None)
    context.init_app(app, settings, engines)
    access.init_app(app)
    cors.init_app(app, settings)  # before the guard: a browser's preflight names no caller
    guard.init_app(app, settings)
    api.init_app(app)
    web.init_app(app)
    app.cli.add_command(rmos_group)
    return app


def _give_up(error: RmosError) -> NoReturn:
    sys.stderr.write(f"rmos: {error.detail}\n")
    raise SystemExit(error.exit_code)
