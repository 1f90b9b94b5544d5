"""The service killed under load, all workers at once and sometimes the master: what it answered 201 for is there.

And its index taken away, cut short and overwritten, while it works and while it is down: a list is refused or complete.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rmos import digest
from rmos.models import RunArtifact
from tests.faults import judging
from tests.faults.conftest import Announce
from tests.faults.service import RUNS, Clients, Connection, Recorded, Service, walk

pytestmark = pytest.mark.long

ROUNDS = 4
CLIENTS = 4


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service that is running, on a store that is empty."""
    with Service(tmp_path / "runs", tmp_path / "service.log") as running:
        running.start()
        yield running


def demand_run(connection: Connection, recorded: Recorded) -> None:
    """Demand that an acknowledged run is there, byte for byte as far as the answers told."""
    run_id = recorded.answer["run_id"]
    answer = connection.ask("GET", f"{RUNS}/{run_id}/download")
    assert answer.status == 200, f"{run_id} was acknowledged and is gone: {answer}"
    assert digest.verify_self_digest(answer.body)
    assert recorded.downloaded_sha256 in (None, digest.sha256_hex(answer.body))
    run = msgspec.json.decode(answer.body, type=RunArtifact)
    assert run.run_id == run_id
    assert run.status == recorded.answer["run_status"]
    assert run.decision.risk_level == recorded.answer["risk_level"]
    assert run.hashes.feasibility_sha256 == recorded.answer["feasibility_sha256"]
    assert digest.sha256_hex(bytes(run.feasibility)) == recorded.answer["feasibility_sha256"]


def demand_all(service: Service, clients: Clients) -> None:
    """Demand of a service that has just been started what no kill may take from it."""
    with service.connect() as connection:
        for recorded in clients.acknowledged.values():
            demand_run(connection, recorded)
        listed = walk(connection)
    ids = [item["run_id"] for item in listed]
    assert len(ids) == len(set(ids))
    assert set(clients.acknowledged) <= set(ids) == judging.whole_runs(service.store)
    labels = Counter(item["meta"]["batch_label"] for item in listed)
    assert all(labels[label] == 1 for label in clients.labels)
    done = service.verify()
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_acknowledged_survives_sigkill_of_all_workers_and_of_the_master(
    service: Service, announce: Announce
) -> None:
    acknowledged: dict[str, Recorded] = {}
    broken_off = 0
    for _ in range(ROUNDS):
        with Clients(service, CLIENTS) as clients:
            for _ in range(random.randint(1, 3)):
                time.sleep(random.uniform(0.3, 1.2))
                service.kill_workers()
            time.sleep(random.uniform(0.3, 1.2))
            service.kill()
        assert clients.acknowledged
        assert all(answer.status == 503 for answer in clients.refusals), clients.refusals
        service.start()
        demand_all(service, clients)
        acknowledged |= clients.acknowledged
        broken_off += clients.broken_off
    with service.connect() as connection:
        for recorded in acknowledged.values():
            demand_run(connection, recorded)
        assert set(acknowledged) <= {item["run_id"] for item in walk(connection)}
    announce(f"{ROUNDS} rounds of kills: {len(acknowledged)} runs acknowledged, {broken_off} broken off, none lost")
