"""What an address of PostgreSQL says, in the forms in which people write it."""

import pytest

from rmos.index.postgres_url import read_url


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
