"""The settings: declared once, read from the environment and `instance/config.toml`, validated, then frozen.

    settings = load_settings()                     # the process's environment, the folder of this installation
    settings.runs_dir                              # Path

Each field of `Settings` is a setting: its type, limits and default, and in words what it must be. The environment wins
over the file. A wrong value, or a key that no setting has, is a `ConfigError` that names it.
"""

import ipaddress
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from rmos.errors.installation import ConfigError

CONFIG_FILE: Final = "config.toml"
_INSTANCE_VARIABLE: Final = "RMOS_INSTANCE_DIR"
"""Names the folder of `CONFIG_FILE`, so it cannot be a setting in it."""


class Secret(str):
    """A text that no message and no log shows by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Proxy(str):
    """An address or network of reverse proxies, or the word `unix`."""

    __slots__ = ()


Folder = Annotated[Path, Meta(description="the path of a folder")]
File = Annotated[Path, Meta(description="the path of a file")]
Database = Annotated[str, Meta(pattern="://", description="a database URL such as sqlite:////srv/rmos/index.sqlite")]
HttpUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?\Z",
        description="an address such as https://models.example/v1, without a name or password in it",
    ),
]
Word = Annotated[str, Meta(pattern=r"^[!-~]{1,200}\Z", description="a name of 1 to 200 visible ASCII characters")]
Key = Annotated[Secret, Meta(description="a key of visible ASCII characters (its value is not shown)")]
ProxyList = Annotated[
    tuple[Proxy, ...],
    Meta(description="a list of addresses or networks such as 127.0.0.1, or the word unix, with commas between them"),
]
OriginList = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?\Z")], ...],
    Meta(description="a list of origins such as https://shop.example, with commas between them"),
]
EngineId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,64}\Z", description="the id of an engine such as baseline_v2")]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an operator can set; each field `x` is the variable `RMOS_X`."""

    instance_path: Path
    """Not a setting: where the file of settings is looked for."""
    runs_dir: Folder
    run_attachments_dir: Folder | None = None
    """Where blobs live; None is `<runs_dir>/_attachments`."""
    database_url: Database | None = None
    """SQLAlchemy URL of the index; None is `<runs_dir>/_index.sqlite`."""
    auth: Literal["local", "tokens"] = "local"
    """`local` serves this machine without tokens as long as none was made; `tokens` requires one from the start."""
    trusted_proxies: ProxyList = ()
    """Whose word on a client's address is taken; `unix` is whoever comes over a socket file."""
    cors_origins: OriginList = ()
    """Origins of other sites whose scripts may call the service, with a token."""
    public_url: HttpUrl | None = None
    """Where people reach the service, which printed links begin with; None prints none."""
    write_limit_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Writes that each caller may send to one worker in a minute; 0 is no limit."""
    run_store_path: File | None = None
    """The single-file store of the legacy system that `rmos migrate` moves in."""
    allow_red_override: bool = False
    """Whether two people together may override a RED decision."""
    delete_allow_hard: bool = False
    delete_rate_limit_max: Annotated[int, Meta(ge=1, le=10_000)] = 10
    """Delete attempts that one caller has within the window, counted over all workers."""
    delete_rate_limit_window: Annotated[int, Meta(ge=1, le=86_400)] = 60
    """Seconds."""
    max_body_bytes: Annotated[int, Meta(ge=1024, le=1024**3)] = 4 * 1024**2
    max_attachment_bytes: Annotated[int, Meta(ge=1024, le=1024**4)] = 1024**3
    """Of one uploaded file."""
    max_run_attachments_bytes: Annotated[int, Meta(ge=1024, le=1024**4)] = 4 * 1024**3
    """Of all files that one run names."""
    max_program_bytes: Annotated[int, Meta(ge=1024, le=1024**3)] = 32 * 1024**2
    """Of one program that is read and measured."""
    max_bundle_bytes: Annotated[int, Meta(ge=1024, le=1024**4)] = 256 * 1024**2
    """Of one bundle that comes over the network; the command line takes larger ones."""
    explanation_url: HttpUrl | None = None
    """Where a model answers as OpenAI's chat completions do; None explains by rules, offline."""
    explanation_model: Word = "gpt-4o-mini"
    explanation_api_key: Key | None = None
    default_engine: EngineId | None = None
    """The engine that evaluates when a request names none; None is the store's own (see `store.founding`)."""
    engine_timeout_ms: Annotated[int, Meta(ge=1, le=600_000)] = 5000
    rosette_provider: Literal["builtin", "openai", "replay"] = "builtin"
    """Who reads the prompt of a rosette."""
    rosette_provider_url: HttpUrl | None = None
    """Base of an OpenAI-compatible service, up to and without `/chat/completions`."""
    rosette_provider_key: Key | None = None
    rosette_provider_timeout_ms: Annotated[int, Meta(ge=1, le=600_000)] = 10_000
    rosette_model: Word | None = None
    rosette_replay_dir: Folder | None = None
    """Recorded responses of a model, each named after the SHA-256 of its request."""
    evidence_key: File | None = None
    """The private key of the store's log; None is `evidence.key` in the instance folder."""
    evidence_public: bool = False
    """Whether everybody may read the log's checkpoints and tiles: ids, dates and digests, no content."""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"


_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Settings) if field.name != "instance_path"}
"""The type that each setting declares."""
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_KEY: Final = re.compile(r"[!-~]{1,4096}")
_PROVIDER_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "openai": ("rosette_provider_url", "rosette_model"),
    "replay": ("rosette_replay_dir",),
}


def default_instance_path() -> Path:
    """Return where this installation keeps its own: the folder that RMOS_INSTANCE_DIR names, else one by itself.

    That is `instance/` of a checkout. Of an installed package it is a folder of the user's: one within the package's
    environment would go with it, and with it the record, when that is made anew or removed.

    Raises:
        ConfigError: RMOS_INSTANCE_DIR names none, or nobody knows where the user's folders are.
    """
    if (named := os.environ.get(_INSTANCE_VARIABLE)) is not None:
        folder: Path = _convert(_INSTANCE_VARIABLE, named, Folder)
        return folder
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "dev.py").is_file():
        return checkout / "instance"
    try:
        return _user_data_folder() / "rmos"
    except RuntimeError:
        raise ConfigError(f"This user has no home folder; let {_INSTANCE_VARIABLE} name a folder for RMOS.") from None


def _user_data_folder() -> Path:
    """Return where the system wants programs to keep a user's data.

    Raises:
        RuntimeError: the user has no home folder.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def wants_colour() -> bool | None:
    """Return whether commands write in colours, as the environment asks; None where it does not say.

    `FORCE_COLOR` and `NO_COLOR` count when they are not empty (force-color.org, no-color.org), the former first.
    """
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return None


def names_log_level() -> bool:
    """Tell whether the environment says from which level on the log is wanted."""
    return "RMOS_LOG_LEVEL" in os.environ


def load_settings(environ: Mapping[str, str] | None = None, instance_path: Path | None = None) -> Settings:
    """Read and check every setting.

    Raises:
        ConfigError: naming the setting, its value and what it may be.
    """
    environ = os.environ if environ is None else environ
    instance_path = instance_path or default_instance_path()
    values = {name: (f"instance/{CONFIG_FILE}: {name}", value) for name, value in _read_file(instance_path).items()}
    for name in _TYPES:
        if (variable := f"RMOS_{name.upper()}") in environ:
            values[name] = (variable, environ[variable])
    checked = {name: _convert(source, value, _TYPES[name]) for name, (source, value) in values.items()}
    _require_provider(checked)
    return Settings(instance_path=instance_path, **{"runs_dir": (instance_path / "runs").absolute(), **checked})


def _require_provider(checked: Mapping[str, Any]) -> None:
    """Refuse a provider of which something is missing, at the start and not at the first prompt."""
    needed = _PROVIDER_NEEDS.get(checked.get("rosette_provider", "builtin"), ())
    absent = [f"RMOS_{name.upper()}" for name in needed if name not in checked]
    if absent:
        raise ConfigError(f"RMOS_ROSETTE_PROVIDER is {checked['rosette_provider']}; set {' and '.join(absent)} too.")


def read_prefix() -> str:
    """Return the path under which gunicorn serves, which it reads from the environment itself; usually none."""
    return os.environ.get("SCRIPT_NAME", "")


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that look like settings and are none, such as a misspelt one."""
    environ = os.environ if environ is None else environ
    known = {_INSTANCE_VARIABLE, *(f"RMOS_{name.upper()}" for name in _TYPES)}
    return sorted(name for name in environ if name.startswith("RMOS_") and name not in known)


def metrics_folder() -> Path | None:
    """Return where a service that runs keeps its metrics, when the environment says so, by prometheus_client's name."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


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
        if name not in _TYPES:
            raise ConfigError(f"instance/{CONFIG_FILE}: there is no setting {name!r}; known are {', '.join(_TYPES)}.")
    return values


def _convert(source: str, value: Any, declared: Any) -> Any:
    """Return a value as the type that its setting declares.

    Raises:
        ConfigError: naming where the value stands, the value and what it must be.
    """
    if NoneType in get_args(declared):
        declared = next(kind for kind in get_args(declared) if kind is not NoneType)
    kind, meta = get_args(declared) if get_origin(declared) is Annotated else (declared, None)
    try:
        parsed = _parse_text(value, kind) if isinstance(value, str) else value
        return msgspec.convert(parsed, declared, dec_hook=_decode)
    except (msgspec.ValidationError, ValueError):
        shown = Secret() if kind is Secret else value
        raise ConfigError(f"{source} is {shown!r}; it must be {_describe_type(kind, meta)}.") from None


def _parse_text(text: str, kind: Any) -> Any:
    """Return the value that a text stands for, in a type that variables of the environment cannot have."""
    if kind is int:
        return int(text)
    if kind is bool:
        return _FLAGS.get(text.lower(), text)
    if get_origin(kind) is tuple:
        return [word.strip() for word in text.split(",") if word.strip()]
    if get_origin(kind) is Literal:  # in any case
        return next((word for word in get_args(kind) if word.lower() == text.lower()), text)
    return text


def _decode(kind: type, value: object) -> object:
    """Return a value of a type that msgspec does not know.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or "\x00" in value or not value.strip():
        raise ValueError
    if kind is Path:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError:  # ~someone, who has no home here
            raise ValueError from None
    if kind is Secret and not _KEY.fullmatch(value):
        raise ValueError
    if kind is Proxy and value != "unix":
        ipaddress.ip_network(value)
    return kind(value)


def _describe_type(kind: Any, meta: Meta | None) -> str:
    """Return what a value must be."""
    if meta is not None and meta.description:
        return meta.description
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    assert meta is not None  # an int has limits
    return f"a whole number from {meta.ge} to {meta.le}"
