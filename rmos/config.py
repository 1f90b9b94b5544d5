"""The settings: declared once, read from the environment and `instance/config.toml`, validated, then frozen.

    settings = load_settings()                     # the process's environment, the folder of this installation
    settings.runs_dir                              # Path, or Bucket

Each field of `Settings` is a setting: its type, limits and default, and in words what it must be. The environment wins
over the file. A wrong value, or a key that no setting has, is a `ConfigError` that names it.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from rmos.errors.installation import ConfigError
from rmos.place import Bucket, S3Options, is_on_this_machine
from rmos.setting_types import (
    Database,
    EngineId,
    File,
    Folder,
    HexKey,
    HttpUrl,
    Key,
    OriginList,
    ProxyList,
    RecordPlace,
    Word,
    convert_setting,
)

CONFIG_FILE: Final = "config.toml"
_INSTANCE_VARIABLE: Final = "RMOS_INSTANCE_DIR"
"""Names the folder of `CONFIG_FILE`, so it cannot be a setting in it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an operator can set; each field `x` is the variable `RMOS_X`."""

    instance_path: Path
    """Not a setting: where the file of settings is looked for."""
    runs_dir: RecordPlace
    """The record: a folder, or a bucket that several hosts share, which needs PostgreSQL (`database_url`)."""
    run_attachments_dir: Folder | None = None
    """Where blobs live; None is `<runs_dir>/_attachments`."""
    database_url: Database | None = None
    """URL of the index; None is `<runs_dir>/_index.sqlite`."""
    s3_endpoint: HttpUrl | None = None
    """Where object storage answers; None is AWS. Its credentials come from the environment or the platform only."""
    s3_region: Word | None = None
    s3_addressing: Literal["path", "virtual"] | None = None
    """Where a bucket's name stands in an address; None is in the path of an endpoint, in the host's name at AWS."""
    s3_ca_file: File | None = None
    """Certificates by which the endpoint is known, when no public authority vouches for it."""
    s3_plain: bool = False
    """Whether an endpoint on another machine may be reached without TLS."""
    spool_dir: Folder | None = None
    """Where this host keeps files on their way to and from object storage; None is `spool` in the instance folder."""
    spool_max_bytes: Annotated[int, Meta(ge=64 * 1024**2, le=1024**5)] = 4 * 1024**3
    secret_key: HexKey | None = None
    """What all hosts of one record make the keys of sign-in cookies and links from; None is a file for each key."""
    scan_hours: Annotated[int, Meta(ge=1, le=24 * 30)] = 24
    """How often every name in object storage is compared with the index."""
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

    @property
    def s3_options(self) -> S3Options:
        """How object storage is reached."""
        return S3Options(
            spool_dir=self.spool_dir or self.instance_path / "spool",
            spool_max_bytes=self.spool_max_bytes,
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            addressing=self.s3_addressing or ("virtual" if self.s3_endpoint is None else "path"),
            ca_file=self.s3_ca_file,
        )


_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Settings) if field.name != "instance_path"}
"""The type that each setting declares."""
MAX_S3_OBJECT_BYTES: Final = 5 * 1024**3
"""The largest object that S3 takes in one PUT, which is the only way RMOS writes."""
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
        folder: Path = convert_setting(_INSTANCE_VARIABLE, named, Folder)
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
    checked = {name: convert_setting(source, value, _TYPES[name]) for name, (source, value) in values.items()}
    _require_provider(checked)
    settings = Settings(instance_path=instance_path, **{"runs_dir": (instance_path / "runs").absolute(), **checked})
    _check_endpoint(settings)
    _check_places(settings)
    return settings


def _check_endpoint(settings: Settings) -> None:
    """Refuse to send a record over the network as plain text unless that is asked for."""
    endpoint = urlsplit(settings.s3_endpoint or "")
    if endpoint.scheme == "http" and not settings.s3_plain and not is_on_this_machine(endpoint.hostname or ""):
        raise ConfigError(
            f"RMOS_S3_ENDPOINT is {settings.s3_endpoint}, which is another machine without TLS: write https://, or set "
            "RMOS_S3_PLAIN=true where nobody else is on that network."
        )


def _check_places(settings: Settings) -> None:
    """Refuse a record and an index that do not belong together, and what cannot be done over object storage."""
    url = settings.database_url
    is_postgresql = url is not None and url.is_postgresql
    if not isinstance(settings.runs_dir, Bucket):
        if is_postgresql:
            raise ConfigError(
                "RMOS_DATABASE_URL names PostgreSQL, and RMOS_RUNS_DIR a folder: let RMOS_RUNS_DIR name a bucket that "
                "all hosts reach (s3://bucket/prefix), or leave RMOS_DATABASE_URL out."
            )
        return
    if not is_postgresql:
        raise ConfigError(
            f"RMOS_RUNS_DIR is {settings.runs_dir}, and its index is in PostgreSQL: set "
            "RMOS_DATABASE_URL=postgresql://rmos@db.example/rmos, or let RMOS_RUNS_DIR name a folder."
        )
    if settings.secret_key is None:
        raise ConfigError(
            f"RMOS_RUNS_DIR is {settings.runs_dir}, which several hosts may serve: give RMOS_SECRET_KEY to all "
            "of them, the same 64 hex digits, as `openssl rand -hex 32` prints them."
        )
    if settings.run_attachments_dir is not None:
        raise ConfigError(
            f"RMOS_RUNS_DIR is {settings.runs_dir}, where files lie too: leave RMOS_RUN_ATTACHMENTS_DIR out."
        )
    if settings.max_attachment_bytes > MAX_S3_OBJECT_BYTES:
        raise ConfigError(
            f"RMOS_MAX_ATTACHMENT_BYTES is {settings.max_attachment_bytes}; object storage takes {MAX_S3_OBJECT_BYTES} "
            "(5 GiB) at most in one request."
        )


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
