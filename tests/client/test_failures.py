"""Lost answers, killed services: one run only, or an exception; never a wrong one."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rmos.client import Client, DigestMismatch, Retries, Unauthenticated, Unreachable
from tests.client.conftest import HASTY, cut
from tests.client.proxies import Proxy
from tests.faults.service import Service
from tests.faults.tracing import ROOT
from tests.helpers.waiting import PATIENCE_S, wait_until


class NotingRefusals(httpx.HTTPTransport):
    """The network; `refused` is set once a request met nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except httpx.TransportError:
            self.refused.set()
            raise


@pytest.fixture
def proxy(service: Service) -> Iterator[Proxy]:
    with Proxy(service.port) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: Proxy) -> Iterator[Client]:
    """A client that sees the service through the proxy only."""
    with Client(proxy.address, retries=HASTY) as client:
        yield client


def make_token(service: Service) -> str:
    command = [sys.executable, "-m", "flask", "rmos", "token", "create", "press", "--role", "recorder", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=service.environment(), capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["token"])


def refuses(client: Client, run_id: str) -> bool:
    try:
        client.get_run(run_id)
    except Unauthenticated:
        return True
    return False


def recorded(client: Client, label: str) -> list[str]:
    return [run["run_id"] for run in client.iter_runs(batch_label=label)]


@pytest.mark.parametrize("failures", [["lose"], ["half"], ["refuse"], ["lose", "half", "refuse", "lose"]])
def test_a_run_whose_answer_was_lost_after_it_was_recorded_is_recorded_once(
    client: Client, through: Client, proxy: Proxy, failures: list[str]
) -> None:
    label = "lost " + " ".join(failures)
    proxy.plans = list(failures)
    made = through.create_run(**cut(label))
    assert made["replayed"] is (failures != ["refuse"])
    assert recorded(client, label) == [made["run_id"]]
    posts = [seen for seen in proxy.seen if seen.method == "POST"]
    assert len(posts) == len(failures) + 1
    assert len({seen.key for seen in posts}) == 1
    assert posts[0].key


def test_without_retries_the_caller_hears_of_it_and_repeats_with_the_same_key(client: Client, proxy: Proxy) -> None:
    proxy.plans = ["lose"]
    with Client(proxy.address, retries=Retries(attempts=1)) as impatient:
        with pytest.raises(Unreachable):
            impatient.create_run(**cut("by hand"), idempotency_key="by-hand")
        assert impatient.create_run(**cut("by hand"), idempotency_key="by-hand")["replayed"]
    assert len(recorded(client, "by hand")) == 1


def test_a_list_that_breaks_off_is_asked_for_again(client: Client, through: Client, proxy: Proxy) -> None:
    made = [client.create_run(**cut("broken list"))["run_id"] for _ in range(3)]
    proxy.plans = ["half", "lose"]
    assert recorded(through, "broken list") == made[::-1]


def test_a_download_that_was_changed_on_the_way_is_refused(client: Client, through: Client, proxy: Proxy) -> None:
    run_id = client.create_run(**cut("altered"))["run_id"]
    proxy.plans = ["alter"]
    with pytest.raises(DigestMismatch):
        through.download(run_id)
    assert through.download(run_id) == client.download(run_id)


@pytest.mark.long
def test_a_service_that_is_killed_and_started_again_between_the_tries_records_one_run(tmp_path: Path) -> None:
    with Service(tmp_path / "runs", tmp_path / "log") as service:
        service.start()
        address = f"http://127.0.0.1:{service.port}"
        with Client(address, retries=HASTY, transport=(noting := NotingRefusals())) as client:
            client.create_run(**cut("before"))
            service.kill()
            restarted = threading.Thread(target=lambda: (noting.refused.wait(PATIENCE_S), service.start()))
            restarted.start()
            made = client.create_run(**cut("across"))
            restarted.join(timeout=60)
            assert recorded(client, "across") == [made["run_id"]]
            assert len(recorded(client, "before")) == 1
        assert service.verify().returncode == 0


@pytest.mark.long
def test_runs_posted_while_workers_are_killed_are_recorded_once_each(tmp_path: Path) -> None:
    with Service(tmp_path / "runs", tmp_path / "log") as service:
        service.start()
        with Client(f"http://127.0.0.1:{service.port}", retries=HASTY) as client:
            made = []
            for turn in range(12):
                if turn % 4 == 1:
                    threading.Timer(0.002, service.kill_workers).start()
                made.append(client.create_run(**cut(f"turn {turn}"))["run_id"])
            assert sorted(run["run_id"] for run in client.iter_runs()) == sorted(made)
            assert len(set(made)) == 12


@pytest.mark.long
def test_lists_wait_for_an_index_that_is_being_made_again(tmp_path: Path) -> None:
    with Service(tmp_path / "runs", tmp_path / "log") as service:
        service.start()
        with Client(f"http://127.0.0.1:{service.port}", retries=HASTY) as client:
            made = [client.create_run(**cut("kept"))["run_id"] for _ in range(3)]
            assert len(recorded(client, "kept")) == 3
            (tmp_path / "runs" / "_index.sqlite").unlink()
            assert recorded(client, "kept") == made[::-1]


@pytest.mark.long
def test_a_token_opens_what_is_closed_without_one(tmp_path: Path) -> None:
    with Service(tmp_path / "runs", tmp_path / "log") as service:
        service.start()
        service.wait_for("/readyz")
        token = make_token(service)
        address = f"http://127.0.0.1:{service.port}"
        with Client(address, token=token, retries=HASTY) as known, Client(address, retries=HASTY) as stranger:
            run_id = known.create_run(**cut("signed"))["run_id"]
            assert known.get_run(run_id)["run_id"] == run_id
            wait_until(lambda: refuses(stranger, run_id), "a worker that knows of the token")
