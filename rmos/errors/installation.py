"""What belongs to this installation: settings, the place of the store, extras, plug-ins, language models.

    raise ConfigError("RMOS_LOG_FORMAT is text or json.")

The caller did nothing wrong; whoever runs the service can mend it.
"""

from rmos.errors.base import RmosError


class ConfigError(RmosError):
    """A setting has a value that cannot be used; the message names it."""

    code, title, exit_code = "CONFIG_ERROR", "Bad configuration", 2
    remedy = "Correct the setting that the message names, and start again."


class CannotListen(RmosError):
    """The service cannot listen on an address; the message names it."""

    code, title = "CANNOT_LISTEN", "Cannot listen"
    remedy = "Choose another address or port, or end what listens there."


class ExtraMissing(RmosError):
    """What was asked for needs an optional package that is not installed; the message names the extra."""

    code, title, status, exit_code = "EXTRA_MISSING", "Extra not installed", 501, 2
    remedy = "Install the extra that `detail` names, or ask for what needs none."


class PlatformUnsupported(RmosError):
    """The operating system lacks what RMOS needs to write a record and to serve."""

    code, title, status, exit_code = "PLATFORM_UNSUPPORTED", "Not on this system", 503, 2
    remedy = "Start RMOS on Linux or macOS; on Windows in WSL 2 or in a container."


class PluginError(RmosError):
    """An engine plug-in cannot be used; the message names it."""

    code, title, exit_code = "PLUGIN_ERROR", "Broken plug-in", 2
    remedy = "Mend or remove the plug-in that the message names, and start again."


class ProviderFailed(RmosError):
    """A language model gave no answer that can be used; what asked it says so, and nothing else fails by it."""

    code, title, status = "PROVIDER_FAILED", "Language model failed", 502
    remedy = (
        "Look after the model that the settings `RMOS_ROSETTE_…` or `RMOS_EXPLANATION_…` name; the service runs on."
    )


class NoStore(RmosError):
    """There is no store in this place."""

    code, title, status, exit_code = "NO_STORE", "No store", 503, 10
    remedy = "Mount the disk, or let RMOS_RUNS_DIR name the right folder."


class StoreUnusable(RmosError):
    """The filesystem or the format of the store cannot be used by this release."""

    code, title, status, exit_code = "STORE_UNUSABLE", "Store unusable", 503, 1
    remedy = "Let RMOS_RUNS_DIR name a folder on a disk that has hard links, in a format that this release knows."
