import dataclasses
import re
from pathlib import Path

import msgspec
import pytest

from rmos import config
from rmos.config import CONFIG_FILE, Settings, default_instance_path, load_settings, unknown_variables
from rmos.errors.installation import ConfigError
from rmos.place import Bucket


def write_config(folder: Path, text: str | bytes) -> Path:
    data = text.encode() if isinstance(text, str) else text
    (folder / CONFIG_FILE).write_bytes(data)
    return folder


def test_without_anything_set_the_store_lies_in_the_instance_folder(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    assert settings == Settings(instance_path=tmp_path, runs_dir=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_the_instance_folder_of_a_checkout_is_beside_the_package() -> None:
    assert default_instance_path() == Path(__file__).resolve().parents[1] / "instance"


def test_the_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    with pytest.raises(AttributeError):
        settings.log_level = "DEBUG"  # type: ignore[misc]
    assert not dataclasses.is_dataclass(settings)


GOOD = {
    "runs_dir": ("/srv/rmos/runs", Path("/srv/rmos/runs")),
    "run_attachments_dir": ("/srv/rmos/blobs", Path("/srv/rmos/blobs")),
    "database_url": ("sqlite:////srv/rmos/index.sqlite", "sqlite:////srv/rmos/index.sqlite"),
    "s3_endpoint": ("https://s3.shop.example:8443", "https://s3.shop.example:8443"),
    "s3_region": ("eu-central-1", "eu-central-1"),
    "s3_addressing": ("Virtual", "virtual"),
    "s3_ca_file": ("/etc/rmos/authority.pem", Path("/etc/rmos/authority.pem")),
    "s3_plain": ("true", True),
    "spool_dir": ("/var/cache/rmos", Path("/var/cache/rmos")),
    "spool_max_bytes": ("67108864", 64 * 1024**2),
    "secret_key": ("0aF" + 61 * "9", "0aF" + 61 * "9"),
    "scan_hours": ("168", 168),
    "auth": ("Tokens", "tokens"),
    "trusted_proxies": ("127.0.0.1, 10.0.0.0/8, unix", ("127.0.0.1", "10.0.0.0/8", "unix")),
    "cors_origins": ("https://shop.example, http://localhost:3000", ("https://shop.example", "http://localhost:3000")),
    "public_url": ("https://rmos.shop.example/rmos", "https://rmos.shop.example/rmos"),
    "write_limit_per_minute": ("60", 60),
    "run_store_path": ("/srv/old/runs.json", Path("/srv/old/runs.json")),
    "allow_red_override": ("1", True),
    "delete_allow_hard": ("True", True),
    "delete_rate_limit_max": ("10000", 10_000),
    "delete_rate_limit_window": ("86400", 86_400),
    "max_body_bytes": ("1024", 1024),
    "max_attachment_bytes": ("1099511627776", 1024**4),
    "max_program_bytes": ("1073741824", 1024**3),
    "max_bundle_bytes": ("2048", 2048),
    "max_run_attachments_bytes": ("1024", 1024),
    "explanation_url": ("https://models.shop.example/v1", "https://models.shop.example/v1"),
    "explanation_model": ("a-model", "a-model"),
    "explanation_api_key": ("a-key", "a-key"),
    "engine_timeout_ms": ("600000", 600_000),
    "default_engine": ("baseline_v1", "baseline_v1"),
    "rosette_provider": ("Builtin", "builtin"),
    "rosette_provider_url": ("https://models.example/v1", "https://models.example/v1"),
    "rosette_provider_key": ("sk-abc", "sk-abc"),
    "rosette_provider_timeout_ms": ("2000", 2000),
    "rosette_model": ("small-8b", "small-8b"),
    "rosette_replay_dir": ("/srv/rmos/answers", Path("/srv/rmos/answers")),
    "evidence_key": ("/media/stick/evidence.key", Path("/media/stick/evidence.key")),
    "evidence_public": ("true", True),
    "log_format": ("JSON", "json"),
    "log_level": ("debug", "DEBUG"),
}


@pytest.mark.parametrize("name", GOOD)
def test_each_setting_is_read_from_the_environment(name: str, tmp_path: Path) -> None:
    text, value = GOOD[name]
    assert getattr(load_settings({f"RMOS_{name.upper()}": text}, tmp_path), name) == value


@pytest.mark.parametrize("name", GOOD)
def test_each_setting_is_read_from_the_file_and_the_environment_wins(name: str, tmp_path: Path) -> None:
    text, value = GOOD[name]
    write_config(tmp_path, f'{name} = "{text}"\n')
    assert getattr(load_settings({}, tmp_path), name) == value
    write_config(tmp_path, f"{name} = {{ wrong = 1 }}\n")
    assert getattr(load_settings({f"RMOS_{name.upper()}": text}, tmp_path), name) == value


def test_every_setting_but_the_instance_folder_is_tested_here() -> None:
    assert {*GOOD, "instance_path"} == set(Settings.__struct_fields__)


def test_whole_numbers_in_the_file_need_no_quotes(tmp_path: Path) -> None:
    write_config(tmp_path, "max_body_bytes = 2048\n")
    assert load_settings({}, tmp_path).max_body_bytes == 2048


def test_a_flag_in_the_file_needs_no_quotes(tmp_path: Path) -> None:
    write_config(tmp_path, "delete_allow_hard = true\n")
    assert load_settings({}, tmp_path).delete_allow_hard is True


BAD = [
    *(("public_url", text) for text in ("", "rmos.example", "ftp://rmos.example", "javascript:x", "https://a b")),
    *(("public_url", text) for text in ("https://", "https://anna:x@rmos.example", "https://rmos.example/?x")),
    ("runs_dir", ""),
    ("runs_dir", "   "),
    ("runs_dir", "a\x00b"),
    ("runs_dir", "~nobody-of-this-name/runs"),
    ("runs_dir", "gs://bucket"),
    ("runs_dir", "s3://"),
    ("runs_dir", "s3://Shop_Record"),
    ("runs_dir", "s3://record/../other"),
    ("runs_dir", "s3://record//shop"),
    ("runs_dir", "s3://record/a b"),
    ("s3_endpoint", "https://me:word@s3.example"),
    ("s3_addressing", "dns"),
    ("spool_max_bytes", "1024"),
    ("secret_key", "0123456789abcdef"),
    ("secret_key", 64 * "g"),
    ("scan_hours", "0"),
    ("run_attachments_dir", ""),
    ("database_url", "/srv/index.sqlite"),
    ("database_url", ""),
    ("run_store_path", ""),
    ("allow_red_override", "yes please"),
    ("delete_allow_hard", "yes please"),
    ("delete_allow_hard", ""),
    ("delete_rate_limit_max", "0"),
    ("delete_rate_limit_window", "86401"),
    ("max_body_bytes", "1023"),
    ("max_body_bytes", str(2**30 + 1)),
    ("max_body_bytes", "4 MB"),
    ("max_body_bytes", "1e6"),
    ("max_body_bytes", "4096.0"),
    ("max_body_bytes", "9" * 5000),
    ("engine_timeout_ms", "0"),
    ("engine_timeout_ms", "-1"),
    ("engine_timeout_ms", "600001"),
    ("engine_timeout_ms", ""),
    ("log_format", "xml"),
    ("log_level", "LOUD"),
    ("trusted_proxies", "127.0.0.1, nonsense"),
    ("cors_origins", "https://shop.example/path"),
    ("explanation_model", "two words"),
    ("explanation_model", "a\n"),
    ("explanation_url", "https://models.example/v1\n"),
    ("explanation_api_key", ""),
]


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_wrong_value_is_an_error_that_names_the_setting(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"RMOS_{name.upper()} is .*; it must be "):
        load_settings({f"RMOS_{name.upper()}": text}, tmp_path)


@pytest.mark.parametrize(
    "line", ["max_body_bytes = true", "max_body_bytes = 4096.5", "log_level = 10", "runs_dir = []"]
)
def test_a_value_of_the_wrong_type_in_the_file_is_an_error_that_names_the_setting(line: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^instance/config\.toml: {line.partition(' ')[0]} is .*; it must be "):
        load_settings({}, write_config(tmp_path, line))


@pytest.mark.parametrize(
    "line", ["run_dir = '/x'", "RMOS_RUNS_DIR = '/x'", "instance_path = '/x'", "[store]\nruns_dir = '/x'"]
)
def test_a_key_that_no_setting_has_is_an_error_that_names_it_and_what_there_is(line: str, tmp_path: Path) -> None:
    name = re.split(r"\W", line.lstrip("["))[0]
    with pytest.raises(ConfigError, match=f"'{name}'.*runs_dir"):
        load_settings({}, write_config(tmp_path, line))


@pytest.mark.parametrize("data", [b"runs_dir = ", b"\xff\xfe", b"runs_dir = 'a'\nruns_dir = 'b'"])
def test_a_file_that_cannot_be_read_is_an_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"instance/config\.toml"):
        load_settings({}, write_config(tmp_path, data))


def test_a_syntax_error_in_the_file_names_the_place_and_the_usual_cause(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 2, column 12\); text needs quotes\.$"):
        load_settings({}, write_config(tmp_path, "log_level = 'INFO'\nruns_dir = /srv/rmos\n"))


def test_a_variable_that_no_setting_has_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unknown_variables({"RMOS_RUN_DIR": "/x", "RMOS_RUNS_DIR": "/x", "PATH": "/x"}) == ["RMOS_RUN_DIR"]
    monkeypatch.setenv("RMOS_NONSENSE", "1")
    assert "RMOS_NONSENSE" in unknown_variables()


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).mkdir()
    with pytest.raises(ConfigError, match=r"instance/config\.toml"):
        load_settings({}, tmp_path)


def test_relative_paths_and_home_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")
    assert load_settings({"RMOS_RUNS_DIR": "runs"}, tmp_path).runs_dir == tmp_path / "runs"
    assert load_settings({"RMOS_RUNS_DIR": "~/runs"}, tmp_path).runs_dir == Path("/home/anna/runs")


def test_the_process_environment_is_what_is_read_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMOS_ENGINE_TIMEOUT_MS", "77")
    assert load_settings(instance_path=tmp_path).engine_timeout_ms == 77


def test_settings_go_through_a_copy_unchanged(tmp_path: Path) -> None:
    settings = load_settings({"RMOS_LOG_FORMAT": "json"}, tmp_path)
    assert msgspec.structs.replace(settings) == settings


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ({"RMOS_ROSETTE_PROVIDER": "openai"}, "RMOS_ROSETTE_PROVIDER_URL and RMOS_ROSETTE_MODEL"),
        ({"RMOS_ROSETTE_PROVIDER": "replay"}, "RMOS_ROSETTE_REPLAY_DIR"),
    ],
)
def test_a_provider_of_which_something_is_missing_is_an_error_at_the_start(
    given: dict[str, str], absent: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=absent):
        load_settings(given, tmp_path)


@pytest.mark.parametrize(
    "address", ["models.example", "https://me:secret@models.example/v1", "file:///etc", "https://x/?a"]
)
def test_the_address_of_a_provider_is_a_plain_one(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RMOS_ROSETTE_PROVIDER_URL"):
        load_settings({"RMOS_ROSETTE_PROVIDER_URL": address}, tmp_path)


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings({"RMOS_ROSETTE_PROVIDER_KEY": "sk-do-not-show"}, tmp_path)
    assert "sk-do-not-show" not in repr(settings)
    with pytest.raises(ConfigError) as refusal:
        load_settings({"RMOS_ROSETTE_PROVIDER_KEY": "sk-do not show"}, tmp_path)
    assert "do not show" not in refusal.value.detail


# A record in object storage

CLUSTER = {
    "RMOS_RUNS_DIR": "s3://shop-record/rmos/",
    "RMOS_DATABASE_URL": "postgresql://rmos:db-word@db.shop.example/rmos",
    "RMOS_SECRET_KEY": 64 * "0",
}


def test_a_bucket_and_postgresql_belong_together(tmp_path: Path) -> None:
    settings = load_settings(CLUSTER, tmp_path)
    assert settings.runs_dir == Bucket("shop-record", "rmos")
    assert str(settings.runs_dir) == "s3://shop-record/rmos"
    assert settings.s3_options.spool_dir == tmp_path / "spool"
    assert settings.s3_options.addressing == "virtual"
    own = load_settings({**CLUSTER, "RMOS_S3_ENDPOINT": "https://s3.example"}, tmp_path)
    assert own.s3_options.addressing == "path"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"RMOS_DATABASE_URL": None}, "set RMOS_DATABASE_URL=postgresql://"),
        ({"RMOS_DATABASE_URL": "sqlite:////srv/index.sqlite"}, "set RMOS_DATABASE_URL=postgresql://"),
        ({"RMOS_RUNS_DIR": None}, "let RMOS_RUNS_DIR name a bucket"),
        ({"RMOS_RUNS_DIR": "/srv/runs"}, "let RMOS_RUNS_DIR name a bucket"),
        ({"RMOS_SECRET_KEY": None}, "give RMOS_SECRET_KEY to all of them"),
        ({"RMOS_RUN_ATTACHMENTS_DIR": "/srv/blobs"}, "leave RMOS_RUN_ATTACHMENTS_DIR out"),
        ({"RMOS_MAX_ATTACHMENT_BYTES": str(5 * 1024**3 + 1)}, "RMOS_MAX_ATTACHMENT_BYTES is 5368709121"),
        ({"RMOS_S3_ENDPOINT": "http://s3.shop.example:9000"}, "RMOS_S3_PLAIN=true"),
    ],
)
def test_what_does_not_belong_together_is_an_error_that_says_what_to_do(
    change: dict[str, str | None], told: str, tmp_path: Path
) -> None:
    given = {name: value for name, value in {**CLUSTER, **change}.items() if value is not None}
    with pytest.raises(ConfigError, match=told) as refusal:
        load_settings(given, tmp_path)
    assert "db-word" not in refusal.value.detail


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000"])
def test_this_machine_is_reached_without_tls_and_another_when_that_is_asked_for(endpoint: str, tmp_path: Path) -> None:
    assert load_settings({"RMOS_S3_ENDPOINT": endpoint}, tmp_path).s3_endpoint == endpoint
    load_settings({"RMOS_S3_ENDPOINT": "http://s3.shop.example", "RMOS_S3_PLAIN": "true"}, tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("database_url", "postgresql://rmos:do-not:@show@db/rmos"),
        ("database_url", "postgresql://db/rmos?user=rmos&password=do-not-show"),
        ("runs_dir", "s3://key:do-not/show@record"),
        ("s3_endpoint", "https://key:do-not-show@s3.example"),
    ],
)
def test_a_password_in_an_address_is_never_shown(name: str, text: str, tmp_path: Path) -> None:
    try:
        shown = repr(load_settings({f"RMOS_{name.upper()}": text}, tmp_path))
    except ConfigError as refusal:
        shown = refusal.detail
    assert "***" in shown or "RMOS_DATABASE_URL names PostgreSQL" in shown
    assert "do-not" not in shown


# The folder of an installation


def installed_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package stand in an environment and not in a checkout."""
    monkeypatch.setattr(config, "__file__", str(folder / "lib" / "site-packages" / "rmos" / "config.py"))


def test_an_installed_package_keeps_its_own_with_the_user_and_not_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_in(tmp_path / "env", monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    for named, folder in ((None, ".local/share"), ("relative", ".local/share"), (str(tmp_path / "data"), "data")):
        if named is not None:
            monkeypatch.setenv("XDG_DATA_HOME", named)
        else:
            monkeypatch.delenv("XDG_DATA_HOME", raising=False)
        assert default_instance_path() == tmp_path / folder / "rmos"
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_instance_path() == tmp_path / "Library" / "Application Support" / "rmos"


def test_the_folder_that_the_environment_names_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMOS_INSTANCE_DIR", str(tmp_path))
    assert default_instance_path() == tmp_path
    assert load_settings().runs_dir == tmp_path / "runs"
    assert unknown_variables() == []
    monkeypatch.setenv("RMOS_INSTANCE_DIR", "")
    with pytest.raises(ConfigError, match="RMOS_INSTANCE_DIR is ''; it must be the path of a folder"):
        default_instance_path()


def test_a_user_without_a_home_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_in(tmp_path, monkeypatch)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    with pytest.raises(ConfigError, match="let RMOS_INSTANCE_DIR name a folder"):
        default_instance_path()
