"""The folder `instance/`: its example of all settings, and that a shop's own data stays out of the repository."""

import re
import tomllib
from pathlib import Path

from rmos.config import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]


def test_the_example_names_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (ROOT / "instance" / "config.example.toml").read_text()
    assert tomllib.loads(text) == {}, "everything in the example is commented out"
    (tmp_path / "config.toml").write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", text))
    shown = tomllib.loads((tmp_path / "config.toml").read_text())
    settings, defaults = load_settings({}, tmp_path), Settings(instance_path=tmp_path, runs_dir=tmp_path / "runs")
    assert {*shown, "instance_path"} == set(Settings.__struct_fields__)
    unset = {"rosette_provider_url", "rosette_provider_key", "rosette_model", "rosette_replay_dir"}
    unset |= {"s3_endpoint", "s3_region", "s3_addressing", "s3_ca_file", "spool_dir", "secret_key"}
    unset |= {"public_url", "explanation_url", "explanation_api_key", "default_engine", "evidence_key"}
    for name in set(shown) - {"runs_dir", "run_attachments_dir", "database_url", "run_store_path", *unset}:
        assert getattr(settings, name) == getattr(defaults, name), name


def test_git_keeps_instance_data_out_and_its_two_pages_in() -> None:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    start = lines.index("/instance/*")
    assert lines[start : start + 3] == [
        "/instance/*",
        "!/instance/README.md",
        "!/instance/config.example.toml",
    ]
