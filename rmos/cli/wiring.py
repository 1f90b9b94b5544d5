"""What commands need of the service: settings, engines and the context, without the routes, which none of them asks.

    app = wire_commands()                       # an application for `with_appcontext`; `current_rmos()` is its Rmos

Loading all routes and pages takes longer than opening a store and asking it (docs/performance.md).
"""

import sys
from typing import NoReturn

from rmos import context, logs
from rmos.config import Settings, load_settings
from rmos.engines.registry import Registry
from rmos.engines.shop import load_shop
from rmos.errors.base import RmosError
from rmos.errors.installation import ConfigError, PluginError
from rmos.http.application import Application
from rmos.store.founding import default_engine_of


def wire_commands(settings: Settings | None = None) -> Application:
    """Wire an application that has no route; nothing is opened, made or started before it is needed.

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
        give_up(error)
    logs.configure_logging(settings)
    app = Application("rmos", instance_path=str(settings.instance_path.absolute()), static_folder=None)
    context.init_app(app, settings, engines)
    return app


def give_up(error: RmosError) -> NoReturn:
    """Say on stderr in one line what is wrong, and exit.

    Raises:
        SystemExit.
    """
    sys.stderr.write(f"rmos: {error.detail}\n")
    raise SystemExit(error.exit_code)
