"""The settings: read once from the environment and `instance/config.toml`, validated, then frozen.

    settings = load_settings()                     # the process's environment, the instance folder of this checkout
    settings.runs_dir                              # Path

The environment wins over the file. A wrong value, or a key that no setting has, is a `ConfigError` that names it.
"""

import ipaddress
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from rmos.errors.installation import ConfigError

CONFIG_FILE: Final = "config.toml"


class Secret(str):
    """A text that no message and no log shows by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an operator can set; each field `x` is the variable `RMOS_X`."""

    instance_path: Path
    runs_dir: Path
    run_attachments_dir: Path | None = None
    """Where blobs live; None is `<runs_dir>/_attachments`."""
    database_url: str | None = None
    """SQLAlchemy URL of the index; None is `<runs_dir>/_index.sqlite`."""
    auth: Literal["local", "tokens"] = "local"
    """`local` serves this machine without tokens as long as none was made; `tokens` asks for one from the start."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose word on a client's address is taken; `unix` is whoever comes over a socket file."""
    cors_origins: tuple[str, ...] = ()
    """Origins of other sites whose scripts may call the service, with a token."""
    write_limit_per_minute: int = 0
    """Writes that each caller may send to one worker in a minute; 0 is no limit."""
    run_store_path: Path | None = None
    """The single-file store of the earlier system that `rmos migrate` moves in."""
    allow_red_override: bool = False
    """Whether two people together may override a RED decision."""
    delete_allow_hard: bool = False
    delete_rate_limit_max: int = 10
    """Delete attempts that one caller has within the window, counted over all workers."""
    delete_rate_limit_window: int = 60
    """Seconds."""
    max_body_bytes: int = 4 * 1024 * 1024
    max_attachment_bytes: int = 1024 * 1024 * 1024
    """Of one uploaded file."""
    max_run_attachments_bytes: int = 4 * 1024 * 1024 * 1024
    """Of all files that one run names."""
    explanation_url: str | None = None
    """Where a model answers as OpenAI's chat completions do; None explains by rules, offline."""
    explanation_model: str = "gpt-4o-mini"
    explanation_api_key: Secret | None = None
    engine_timeout_ms: int = 5000
    rosette_provider: Literal["builtin", "openai", "replay"] = "builtin"
    """Who reads the prompt of a rosette."""
    rosette_provider_url: str | None = None
    """Base of an OpenAI-compatible service, up to and without `/chat/completions`."""
    rosette_provider_key: Secret | None = None
    rosette_provider_timeout_ms: int = 10_000
    rosette_model: str | None = None
    rosette_replay_dir: Path | None = None
    """Recorded answers of a model, each named after the SHA-256 of its request."""
    log_format: Literal["text", "json"] = "text"
    log_level: str = "INFO"


def default_instance_path() -> Path:
    """Return the checkout's `instance/` folder, or where Flask keeps it for an installed package."""
    package = Path(__file__).resolve().parent
    if package.parent.name in ("site-packages", "dist-packages"):
        return Path(sys.prefix) / "var" / "rmos-instance"
    return package.parent / "instance"


def load_settings(environ: Mapping[str, str] | None = None, instance_path: Path | None = None) -> Settings:
    """Read and check every setting.

    Raises:
        ConfigError: naming the setting, its value and what it may be.
    """
    environ = os.environ if environ is None else environ
    instance_path = instance_path or default_instance_path()
    values = {name: (f"instance/{CONFIG_FILE}: {name}", value) for name, value in _read_file(instance_path).items()}
    for name in _CHECKS:
        if (variable := f"RMOS_{name.upper()}") in environ:
            values[name] = (variable, environ[variable])
    checked = {name: _CHECKS[name](called, value) for name, (called, value) in values.items()}
    _require_provider(checked)
    return Settings(instance_path=instance_path, **{"runs_dir": (instance_path / "runs").absolute(), **checked})


def _require_provider(checked: Mapping[str, Any]) -> None:
    """Refuse a provider of which something is missing, at the start and not at the first prompt."""
    needed = _PROVIDER_NEEDS.get(checked.get("rosette_provider", "builtin"), ())
    absent = [f"RMOS_{name.upper()}" for name in needed if name not in checked]
    if absent:
        raise ConfigError(f"RMOS_ROSETTE_PROVIDER is {checked['rosette_provider']}; set {' and '.join(absent)} too.")


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that look like settings and are none, such as a misspelt one."""
    environ = os.environ if environ is None else environ
    known = {f"RMOS_{name.upper()}" for name in _CHECKS}
    return sorted(name for name in environ if name.startswith("RMOS_") and name not in known)


def metrics_folder() -> Path | None:
    """Return the folder in which the processes of a service share metrics, by prometheus_client's own variable."""
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(given) if given else None


def _read_file(instance_path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads((instance_path / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"instance/{CONFIG_FILE} cannot be read: {error}; text needs quotes.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"instance/{CONFIG_FILE} cannot be read: {error}") from None
    for name in values:
        if name not in _CHECKS:
            raise ConfigError(f"instance/{CONFIG_FILE}: there is no setting {name!r}; known are {', '.join(_CHECKS)}.")
    return values


def _wrong(name: str, value: object, wanted: str) -> ConfigError:
    return ConfigError(f"{name} is {value!r}; it must be {wanted}.")


def _path(name: str, value: object) -> Path:
    return _path_of(name, value, "the path of a folder")


def _file(name: str, value: object) -> Path:
    return _path_of(name, value, "the path of a file")


def _path_of(name: str, value: object, wanted: str) -> Path:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise _wrong(name, value, wanted)
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:  # ~someone, who has no home here
        raise _wrong(name, value, wanted) from None


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in _FLAGS:
        raise _wrong(name, value, "true or false")
    return _FLAGS[value.lower()]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or "://" not in value:
        raise _wrong(name, value, "a database URL such as sqlite:////srv/rmos/index.sqlite")
    return value


def _address(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise _wrong(name, value, "an address such as https://models.example/v1, without a name or password in it")
    return value


def _word(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,200}", value):
        raise _wrong(name, value, "a name of 1 to 200 visible ASCII characters")
    return value


def _secret(name: str, value: object) -> Secret:
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,4096}", value):
        raise _wrong(name, Secret(), "a key of visible ASCII characters (its value is not shown)")
    return Secret(value)


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def check(name: str, value: object) -> int:
        wanted = f"a whole number from {low} to {high}"
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise _wrong(name, value, wanted)
        try:
            number = int(value)
        except ValueError:
            raise _wrong(name, value, wanted) from None
        if not low <= number <= high:
            raise _wrong(name, value, wanted)
        return number

    return check


def _one_of(*words: str) -> Callable[[str, object], str]:
    folded = {word.lower(): word for word in words}

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value.lower() not in folded:
            raise _wrong(name, value, f"one of {', '.join(words)}")
        return folded[value.lower()]

    return check


def _list_of(what: str, is_one: Callable[[str], bool]) -> Callable[[str, object], tuple[str, ...]]:
    def check(name: str, value: object) -> tuple[str, ...]:
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise _wrong(name, value, f"a list of {what}, with commas between them")
        found = tuple(word.strip() for word in words if word.strip())
        for word in found:
            if not is_one(word):
                raise _wrong(name, word, f"one of {what}")
        return found

    return check


def _is_proxy(word: str) -> bool:
    try:
        return word == "unix" or bool(ipaddress.ip_network(word))
    except ValueError:
        return False


_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}

_PROVIDER_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "openai": ("rosette_provider_url", "rosette_model"),
    "replay": ("rosette_replay_dir",),
}

_CHECKS: Final[dict[str, Callable[[str, object], Any]]] = {
    "runs_dir": _path,
    "run_attachments_dir": _path,
    "database_url": _text,
    "auth": _one_of("local", "tokens"),
    "trusted_proxies": _list_of("addresses or networks such as 127.0.0.1, or the word unix", _is_proxy),
    "cors_origins": _list_of("origins such as https://shop.example", lambda word: _ORIGIN.fullmatch(word) is not None),
    "write_limit_per_minute": _whole(0, 1_000_000),
    "run_store_path": _file,
    "allow_red_override": _flag,
    "delete_allow_hard": _flag,
    "delete_rate_limit_max": _whole(1, 10_000),
    "delete_rate_limit_window": _whole(1, 86_400),
    "max_body_bytes": _whole(1024, 1024 * 1024 * 1024),
    "max_attachment_bytes": _whole(1024, 1024**4),
    "max_run_attachments_bytes": _whole(1024, 1024**4),
    "explanation_url": _address,
    "explanation_model": _word,
    "explanation_api_key": _secret,
    "engine_timeout_ms": _whole(1, 600_000),
    "rosette_provider": _one_of("builtin", "openai", "replay"),
    "rosette_provider_url": _address,
    "rosette_provider_key": _secret,
    "rosette_provider_timeout_ms": _whole(1, 600_000),
    "rosette_model": _word,
    "rosette_replay_dir": _path,
    "log_format": _one_of("text", "json"),
    "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
}
