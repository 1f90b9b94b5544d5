"""What RMOS_DATABASE_URL may say of PostgreSQL, and what is found of it in the package."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rmos.errors.installation import ConfigError
from rmos.index import open_index
from rmos.index.postgres_url import read_url

SECRET = "hunter2"
HERE = "postgresql://rmos@localhost/rmos"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql:///rmos", {"dbname": "rmos"}),
        ("postgresql:///rmos?host=/run/postgresql&pool_size=2", {"dbname": "rmos", "host": "/run/postgresql"}),
        ("postgresql://rmos:a%40b@127.0.0.1:5433/rmos", {"user": "rmos", "password": "a@b", "port": "5433"}),
        ("postgresql://one,two:5433/rmos", {"host": "one,two", "port": ",5433", "sslmode": "verify-full"}),
    ],
)
def test_an_address_is_read_with_and_without_a_host(url: str, told: dict[str, str]) -> None:
    assert told.items() <= read_url(url, read_only=True).parameters.items()


def test_a_url_is_read_and_what_it_leaves_out_is_added() -> None:
    target = read_url(f"postgresql://rmos:{SECRET}@localhost:5433/shop?pool_size=9&connect_timeout=7", read_only=False)
    assert target.pool_size == 9
    assert "pool_size" not in target.parameters
    expected = {"user": "rmos", "host": "localhost", "port": "5433", "dbname": "shop", "password": SECRET}
    expected |= {"connect_timeout": "7", "target_session_attrs": "read-write", "client_encoding": "utf8"}
    assert expected.items() <= target.parameters.items()
    assert "sslmode" not in target.parameters
    assert "target_session_attrs" not in read_url(HERE, read_only=True).parameters


@pytest.mark.parametrize(
    ("url", "mode", "authority"),
    [
        ("postgresql://db.example/rmos", "verify-full", "system"),
        ("postgresql://db.example/rmos?sslrootcert=%2Fetc%2Fca.pem", "verify-full", "/etc/ca.pem"),
        ("postgresql://db.example/rmos?sslmode=require", "require", None),
        ("postgresql://localhost,db.example/rmos", "verify-full", "system"),
        (HERE, None, None),
    ],
)
def test_another_machine_proves_who_it_is(
    url: str, mode: str | None, authority: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    parameters = read_url(url, read_only=False).parameters
    assert (parameters.get("sslmode"), parameters.get("sslrootcert")) == (mode, authority)
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    its_own = None if authority == "system" else authority
    assert read_url(url, read_only=False).parameters.get("sslrootcert") == its_own


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://rmos:{SECRET}@localhost/rmos?pool_size=0",
        f"postgresql://rmos:{SECRET}@localhost/rmos?pool_size=many",
        f"postgresql://rmos:{SECRET}@localhost/rmos?no_such_parameter=1",
        f"postgresql://rmos:{SECRET}@[localhost/rmos",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_url(url, read_only=False)
    assert "RMOS_DATABASE_URL" in str(refused.value.detail)
    assert SECRET not in str(refused.value.detail)


def test_without_the_extra_a_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("psycopg", "rmos.index.postgres"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("psycopg", "psycopg.conninfo"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r'pip install "rmos\[cluster\]"'):
        open_index(tmp_path, HERE)


def test_nothing_is_opened_before_the_first_question(tmp_path: Path) -> None:
    open_index(tmp_path, "postgresql://rmos@127.0.0.1:1/rmos").close()


def test_an_index_in_a_file_loads_nothing_of_the_database(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from rmos.index import open_index
index = open_index(Path(sys.argv[1]))
index.prepare()
index.state()
print(sorted(name for name in sys.modules if name.startswith(("psycopg", "rmos.index.postgres"))))
"""
    told = run_python(code, tmp_path)
    assert told == "[]"


def run_python(code: str, *arguments: Any) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
