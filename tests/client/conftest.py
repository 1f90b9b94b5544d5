"""A real service for all tests of a module, and a client that loses no time between its tries."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rmos.client import Client, Retries
from tests.faults.service import Service, make_body

HASTY = Retries(attempts=1000, base_s=0.05, cap_s=0.3)
"""For as long as a busy machine takes to start a service."""


def cut(label: str = "b") -> dict[str, Any]:
    """Return the arguments of a cut that can be judged."""
    return make_body(label)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    with Service(folder / "runs", folder / "log") as service:
        service.start()
        service.wait_for("/readyz")
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{service.port}", retries=HASTY) as client:
        yield client
