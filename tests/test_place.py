"""Where a store lies: texts of places, and what is done to a database's address."""

from pathlib import Path

import pytest
from click import BadParameter

from rmos.cli.types import StorePlace
from rmos.config import load_settings
from rmos.errors.installation import ConfigError
from rmos.place import Bucket, BucketNameWrong, DatabaseUrl, hide_passwords, is_inside, overlap, parse_place


def test_a_place_is_a_folder_or_a_bucket_and_reads_as_it_is_written() -> None:
    assert parse_place("/srv/rmos/runs") == Path("/srv/rmos/runs")
    for text, bucket in (("s3://record", Bucket("record")), ("s3://record/a/b.c", Bucket("record", "a/b.c"))):
        assert parse_place(text) == parse_place(f"{text}/") == bucket
        assert str(bucket) == text


@pytest.mark.parametrize("name", ["x", "Record", "a_b", "-ab", 64 * "a"])
def test_a_bucket_that_no_server_would_name_so_is_refused_with_the_rule(name: str, tmp_path: Path) -> None:
    with pytest.raises(BucketNameWrong, match="3 to 63 lower-case letters"):
        parse_place(f"s3://{name}/shop")
    with pytest.raises(ConfigError, match=r"it must be the path of a folder, or s3.*; the name of a bucket has 3"):
        load_settings({"RMOS_RUNS_DIR": f"s3://{name}/shop"}, tmp_path)
    with pytest.raises(BadParameter, match=r"is no place; .*The name of a bucket has 3 to 63"):
        StorePlace().convert(f"s3://{name}", None, None)


@pytest.mark.parametrize(
    ("url", "is_secured"),
    [
        ("postgresql://rmos@db.example/rmos", True),
        ("postgresql://rmos@10.0.0.5:5433/rmos?connect_timeout=3", True),
        ("postgresql://localhost,db.example/rmos", True),
        ("postgresql:///rmos?host=db.example", True),
        ("postgresql://rmos@db.example/rmos?sslmode=require", False),
        ("postgresql://rmos:a@b@localhost/rmos", False),
        ("postgresql://127.0.0.1:54329,[::1]:5432/rmos", False),
        ("postgresql://[::1]/rmos", False),
        ("postgresql:///rmos", False),
        ("postgresql://%2Frun%2Fpostgresql/rmos", False),
        ("postgresql:///rmos?host=/run/postgresql", False),
        ("sqlite:////srv/rmos/index.sqlite", False),
    ],
)
def test_postgresql_on_another_machine_proves_who_it_is(url: str, is_secured: bool) -> None:
    secured = DatabaseUrl(url).secured()
    assert secured == (f"{url}{'&' if '?' in url else '?'}sslmode=verify-full" if is_secured else url)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://rmos:a:b@c@db/rmos", "postgresql://rmos:***@db/rmos"),
        (
            "postgresql://rmos@db/rmos?password=abc&sslmode=require",
            "postgresql://rmos@db/rmos?password=***&sslmode=require",
        ),
        ("sqlite:////srv/rmos/index.sqlite", "sqlite:////srv/rmos/index.sqlite"),
    ],
)
def test_a_password_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hide_passwords(text) == shown
    assert repr(DatabaseUrl(text)) == repr(shown)


def test_places_overlap_where_one_is_within_the_other() -> None:
    for one, other, together in (
        ("/srv/runs", "/srv/runs/_quarantine", True),
        ("/srv/runs", "/srv/runs2", False),
        ("s3://record", "s3://record/shop", True),
        ("s3://record/shop", "s3://record/shop2", False),
        ("s3://record", "s3://record2", False),
        ("s3://record", "/srv/runs", False),
    ):
        pair = (parse_place(one), parse_place(other))
        assert overlap(*pair) == overlap(*reversed(pair)) == together
    assert is_inside(Path("/srv/runs/report"), Path("/srv/runs"))
    assert not is_inside(Path("/srv/runs/report"), Bucket("record"))
