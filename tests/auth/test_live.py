"""Callers of the real service, two workers of gunicorn: the first token, a revocation, ten thousand wrong tokens."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rmos import ids
from rmos.models import ROLES, Role
from rmos.objects.local import LocalObjects
from rmos.store.tokens import Tokens
from tests.faults.service import Answer, Connection, Service
from tests.faults.tracing import ROOT
from tests.makers import ANNA

RUNS = "/api/rmos/runs"
FELT_S = 5.0
"""Within which every worker must know of a token or of its end; slept through, for it is what is promised."""
BODY = {"mode": "router", "tool_id": "x"}


class Guarded(Service):
    """The service, its log in full, and its tokens."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "RMOS_LOG_LEVEL": "DEBUG"}

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `rmos token …` beside the running service."""
        command = [sys.executable, "-m", "flask", "rmos", "token", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=60, check=True
        )

    def make(self, role: Role) -> tuple[str, str]:
        """Make a token beside the running service, and return its id and what its caller sends."""
        objects = LocalObjects(self.store)
        token, bearer = Tokens(objects).create(f"a {role}", role, expires_at_utc=None, actor=ANNA, us=ids.now_us())
        return token.token_id, bearer

    def statuses(self, bearer: str | None, *, times: int = 16) -> Counter[int]:
        """Ask on connections of their own, so that every worker is met, and count what they answer."""
        return Counter(self.ask("GET", f"{RUNS}?limit=1", bearer).status for _ in range(times))

    def ask(self, method: str, path: str, bearer: str | None = None, body: Any = None, **headers: str) -> Answer:
        """Send one request on a connection of its own."""
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        with self.connect() as connection:
            return connection.ask(method, path, body, **headers)

    def wait_until(self, bearer: str | None, status: int) -> None:
        """Wait until all workers answer a status, at most as long as they may take."""
        time.sleep(FELT_S)
        assert set(self.statuses(bearer)) == {status}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with Guarded(folder / "runs", folder / "log") as service:
        service.start()
        service.wait_for("/readyz")
        yield service


@pytest.fixture(scope="module")
def tokens(service: Guarded) -> dict[str, str]:
    """One token of each role, made while the service ran in local mode; every worker knows them."""
    assert set(service.statuses(None)) == {200}
    assert service.ask("GET", RUNS, Host="evil.example").status == 403
    made = {role: service.make(role)[1] for role in ROLES}
    service.wait_until(None, 401)
    return made


@pytest.mark.long
def test_the_first_token_ends_local_mode_in_every_worker_within_five_seconds(
    service: Guarded, tokens: dict[str, str]
) -> None:
    assert set(service.statuses(None)) == {401}
    for role in ROLES:
        assert set(service.statuses(tokens[role], times=4)) == {200}
        expected = 403 if role == "viewer" else 201
        assert service.ask("POST", RUNS, tokens[role], BODY).status == expected


@pytest.mark.long
def test_a_revocation_and_an_expiry_are_felt_by_every_worker_within_five_seconds(
    service: Guarded, tokens: dict[str, str]
) -> None:
    token_id, bearer = service.make("admin")
    service.wait_until(bearer, 200)
    service.command("revoke", token_id)
    service.wait_until(bearer, 401)
    assert b"revoked" in service.ask("GET", RUNS, bearer).body


@pytest.mark.long
def test_ten_thousand_wrong_tokens_are_all_refused_and_a_good_caller_beside_them_is_served(
    service: Guarded, tokens: dict[str, str]
) -> None:
    good = tokens["viewer"]
    head, secret = good[:18], good[18:]

    def guess(number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        with service.connect() as connection:
            for turn in range(2500):
                place = turn % len(secret)
                other = "A" if secret[place] != "A" else "B"
                wrong = (
                    f"{head}{secret[:place]}{other}{secret[place + 1 :]}"
                    if number % 2
                    else f"rmos_{turn:012x}_{secret}"
                )
                found[connection.ask("GET", f"{RUNS}?limit=1", Authorization=f"Bearer {wrong}").status] += 1
        return found

    with ThreadPoolExecutor(5) as threads:
        guesses = [threads.submit(guess, number) for number in range(4)]
        served = 0
        with service.connect() as connection:
            while not all(done.done() for done in guesses):
                assert connection.ask("GET", f"{RUNS}?limit=1", Authorization=f"Bearer {good}").status == 200
                served += 1
    found = sum((done.result() for done in guesses), Counter[int]())
    assert found.total() == 10_000
    assert set(found) == {401, 429}
    assert found[429] > 9_000
    assert served > 50


@pytest.mark.long
def test_raw_bytes_in_the_place_of_a_token_are_answered_as_problems(service: Guarded, tokens: dict[str, str]) -> None:
    for value in (
        b"Bearer \xff\xfe",
        b"Bearer rmos_\xc3\xa9_x",
        b"Basic YTpi",
        b"Bearer",
        b"",
        b"Bearer " + b"x" * 7000,
    ):
        raw = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        raw.request("GET", RUNS, headers={"Authorization": value})
        response = raw.getresponse()
        assert response.status in (401, 429)
        assert json.loads(response.read())["error"] in ("UNAUTHENTICATED", "TOO_MANY_ATTEMPTS")
        raw.close()


@pytest.mark.long
def test_secrets_are_in_no_log_line_no_error_no_metric_and_no_artifact(
    service: Guarded, tokens: dict[str, str]
) -> None:
    made = [tokens[role] for role in ROLES]
    with service.connect() as connection:
        texts = [_form(connection, token) for token in made]
        for token in made:
            for method, path in (("GET", f"{RUNS}/run_1"), ("DELETE", "/healthz"), ("GET", f"{RUNS}?limit=x")):
                for sent in (token, token[:-1]):
                    texts.append(connection.ask(method, path, Authorization=f"Bearer {sent}").body)
        texts.append(connection.ask("GET", "/metrics", Authorization=f"Bearer {made[0]}").body)
    files = [path.read_bytes() for path in service.store.rglob("*") if path.is_file()]
    assert len(files) > 4
    for token in made:
        secret = token[18:]
        for text in (*texts, *files):
            assert secret[:20].encode() not in text
    assert "refused a token from 127.0.0.1" in service.log()


def _form(connection: Connection, token: str) -> bytes:
    """Send a token by the form of the sign-in page, cut short, and return the page."""
    raw = http.client.HTTPConnection(connection._http.host, connection._http.port, timeout=20)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{raw.port}"}
    raw.request("POST", "/sign-in", f"token={token[:-1]}", {**headers, "Host": f"127.0.0.1:{raw.port}"})
    response = raw.getresponse().read()
    raw.close()
    return response


@pytest.mark.long
def test_the_log_holds_no_secret_of_any_test_here(service: Guarded, tokens: dict[str, str]) -> None:
    service.ask("GET", RUNS, tokens["admin"])
    log = service.log()
    for made in tokens.values():
        assert made[18:38] not in re.sub(r"\s", "", log)


@pytest.mark.long
def test_gunicorn_serves_other_machines_only_once_tokens_are_asked_for(tmp_path: Path) -> None:
    service = Guarded(tmp_path / "runs", tmp_path / "log")
    script = (
        "import runpy, sys; conf = runpy.run_path('gunicorn.conf.py'); conf['refuse_strangers']([('0.0.0.0', 8000)])"
    )

    def started(**more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**service.environment(), **more},
            capture_output=True,
            text=True,
        )

    refused = started()
    assert refused.returncode == 1
    assert "rmos token create" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert started(RMOS_AUTH="tokens").returncode == 0
    # The client of a bucket cannot be carried over a fork, so a master asks none.
    shared = {"RMOS_RUNS_DIR": "s3://record", "RMOS_DATABASE_URL": "postgresql:///rmos", "RMOS_SECRET_KEY": "0" * 64}
    assert started(**shared, RMOS_S3_ENDPOINT="http://127.0.0.1:9").returncode == 1
    assert started(**shared, RMOS_AUTH="tokens").returncode == 0
    service.store.mkdir()
    service.make("viewer")
    assert started().returncode == 0
