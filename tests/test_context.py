"""Request ids, log lines, and what one process of the service holds."""

import logging
import os
import re
import threading
from pathlib import Path

import click
import msgspec
import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient, FlaskCliRunner

from rmos.config import Settings
from rmos.context import (
    Rmos,
    clear_request_id,
    current_actor,
    new_request_id,
    require_request_id,
)
from rmos.engines.registry import Registry
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import IndexUnavailable, OutOfSpace
from rmos.logs import REQUEST_ID
from rmos.place import Bucket
from rmos.row_models import RunQuery
from rmos.store import Store
from tests.helpers.waiting import PATIENCE_S
from tests.makers import make_members
from tests.test_upkeep import wait_until

MADE_HERE = re.compile("req_[0-9a-f]{16}")


# The request id


@pytest.mark.parametrize("sent", ["a", "A-z_0.9", "x" * 64, "req_0123456789abcdef", "..", "-"])
def test_a_request_id_of_the_right_form_is_honoured(client: FlaskClient, sent: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent


def test_a_request_without_an_id_gets_one_of_its_own(client: FlaskClient) -> None:
    made = {client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}
    assert len(made) == 3
    assert all(MADE_HERE.fullmatch(request_id) for request_id in made)


@pytest.mark.parametrize(
    "sent",
    ["", " ", "x" * 65, "a b", "a\nINFO forged", "a\r\nSet-Cookie: x", "a\x1b[31m", "é", "a/b", "<b>", "ok\n", "a\x00"],
)
def test_trap_29_an_unbounded_or_malformed_inbound_request_id_is_replaced_and_logged_escaped(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, sent: str
) -> None:
    answer = client.get("/nowhere", environ_overrides={"HTTP_X_REQUEST_ID": sent})
    request_id = answer.headers["X-Request-Id"]
    assert MADE_HERE.fullmatch(request_id)
    assert answer.json["request_id"] == request_id
    refusals = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert refusals == [f"refused the request id {sent[:100]!a}"]


def test_a_huge_request_id_is_cut_before_it_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/healthz", headers={"X-Request-Id": "x" * 100_000})
    assert max(len(record.getMessage()) for record in caplog.records) < 200


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/rmos/runs?x=1", "/api/rmos/runs/run_1", "/fail"])
def test_the_id_is_on_every_answer_also_on_errors(app: Flask, client: FlaskClient, path: str) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    app.add_url_rule("/fail", view_func=fail)
    for method in ("get", "head", "options", "delete"):
        answer = getattr(client, method)(path, headers={"X-Request-Id": "mine"})
        assert answer.headers.getlist("X-Request-Id") == ["mine"]


def test_ids_live_and_die_with_their_context(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="no request id"):
        require_request_id()
    clear_request_id()
    assert MADE_HERE.fullmatch(new_request_id())
    with app.app_context():
        made = require_request_id()
        assert made == require_request_id() == g.request_id
        assert new_request_id() == require_request_id() != made
        clear_request_id()
        assert "request_id" not in g
        clear_request_id()


def test_while_there_are_no_tokens_everybody_is_the_local_operator(app: Flask) -> None:
    with app.test_request_context("/api/rmos/runs"):
        app.preprocess_request()
        request.environ[REQUEST_ID] = "mine"
        actor = {"name": "local", "role": "operator", "request_id": "mine", "address": "unix"}
        assert msgspec.structs.asdict(current_actor()) == actor


def test_a_command_can_carry_an_id(app: Flask, runner: FlaskCliRunner) -> None:
    @app.cli.command("speak")
    def speak() -> None:
        click.echo(new_request_id())
        logging.getLogger("rmos.cli").warning("from a command")

    result = runner.invoke(args=["speak"])
    assert result.exit_code == 0, result.output
    assert f"[{result.stdout.strip()}] rmos.cli: from a command" in result.stderr


# The service


@pytest.fixture
def rmos(settings: Settings) -> Rmos:
    """What a process holds before anything was asked of it."""
    return Rmos(settings, Registry())


def test_the_store_is_opened_by_whoever_asks_first_and_once(rmos: Rmos, settings: Settings) -> None:
    assert not settings.runs_dir.exists()
    store = rmos.store
    assert settings.runs_dir.exists()
    assert rmos.store is store
    rmos.close()


def test_a_process_after_a_fork_opens_a_store_of_its_own(rmos: Rmos, monkeypatch: pytest.MonkeyPatch) -> None:
    rmos.start_upkeep(5)
    store, parents, threads = rmos.store, rmos._kept, threading.active_count()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        assert rmos.store is not store
        assert threading.active_count() == threads + 1
        rmos.close()
    assert parents is not None
    parents.upkeep.stop()


def test_trap_49_starting_upkeep_waits_for_nothing_and_lists_wait_for_the_first_pass(
    rmos: Rmos, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile, may_end = Store.reconcile, threading.Event()

    def held(store: Store) -> object:
        may_end.wait()
        return reconcile(store)

    monkeypatch.setattr(Store, "reconcile", held)
    Store.open(settings).runs.put(make_members())
    rmos.start_upkeep(PATIENCE_S)
    store = rmos.store
    assert not store.is_listable()
    wait = store.gaps.wait
    monkeypatch.setattr(store.gaps, "wait", lambda: may_end.set() or wait())
    assert store.runs.count(RunQuery()) == 1
    rmos.close()


def test_trap_49_a_run_that_comes_before_the_first_index_is_made_waits_for_it(
    rmos: Rmos, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile, may_begin = Store.reconcile, threading.Event()

    def held(store: Store) -> object:
        may_begin.wait()
        return reconcile(store)

    monkeypatch.setattr(Store, "reconcile", held)
    rmos.start_upkeep(PATIENCE_S)
    wait = rmos.store.gaps.wait
    monkeypatch.setattr(rmos.store.gaps, "wait", lambda: may_begin.set() or wait())
    assert rmos.store.runs.put(make_members()).indexed
    assert rmos.store.runs.count(RunQuery()) == 1
    rmos.close()


def test_starting_upkeep_starts_one_thread(rmos: Rmos, settings: Settings) -> None:
    writer = Store.open(settings)
    run_id = writer.runs.put(make_members()).view.artifact.run_id
    before = threading.active_count()
    for _ in range(3):
        rmos.start_upkeep(PATIENCE_S)
    assert rmos.store.runs.count(RunQuery()) == 1
    assert rmos.store.index.runs.find(run_id).value is not None
    assert threading.active_count() == before + 1
    rmos.close()
    assert threading.active_count() == before


def test_many_threads_at_once_start_one_upkeep_and_open_one_store(rmos: Rmos) -> None:
    barrier = threading.Barrier(8)
    stores: list[Store] = []

    def ask() -> None:
        barrier.wait()
        stores.append(rmos.store)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, stores))) == 1
    assert len([thread for thread in threading.enumerate() if thread.name == "rmos-upkeep"]) >= 1
    rmos.close()


def newer_format(runs_dir: Path) -> None:
    """Make a store that only a later release can read."""
    runs_dir.mkdir(parents=True)
    (runs_dir / "_format.json").write_text('{"format": 2}')


def no_links(*args: object, **kwargs: object) -> None:
    """Stand for a filesystem without hard links."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("kind", ["newer format", "no hard links"])
def test_a_store_that_cannot_be_used_ends_the_worker_with_one_clear_line(
    rmos: Rmos, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "newer format":
        newer_format(settings.runs_dir)
    else:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(SystemExit) as ended:
        rmos.start_upkeep(5)
    # gunicorn stops on 3 instead of starting the same worker for ever.
    assert ended.value.code == 3
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("CRITICAL", None)]
    with pytest.raises(StoreUnusable):
        _ = rmos.store


def test_a_disk_that_is_full_at_the_start_does_not_end_the_worker(
    rmos: Rmos, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        rmos.start_upkeep(PATIENCE_S)
        with pytest.raises(OutOfSpace):
            _ = rmos.store
    assert [record.levelname for record in caplog.records if record.name == "rmos.context"] == ["ERROR"]
    assert rmos.store.is_listable()
    rmos.close()


def test_a_row_that_the_index_did_not_take_is_brought_by_the_upkeep(
    rmos: Rmos, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = rmos.store

    def refuse(rows: object) -> None:
        raise IndexUnavailable("The index is busy.")

    with monkeypatch.context() as busy:
        busy.setattr(store.index.runs, "upsert", refuse)
        stored = store.runs.put(make_members())
    assert not stored.indexed
    wait_until(lambda: store.index.runs.find(stored.view.artifact.run_id).value is not None)
    rmos.close()


def test_of_several_hosts_the_one_with_the_key_appends_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmos.context.is_started", lambda store: True)
    monkeypatch.setattr("rmos.context.append_log", lambda *arguments, **options: 1 / 0)
    host = Rmos(Settings(instance_path=tmp_path, runs_dir=Bucket("record")), Registry())
    host._log_new(None, True)  # type: ignore[arg-type]
    (tmp_path / "evidence.key").write_text("a key")
    with pytest.raises(ZeroDivisionError):
        host._log_new(None, True)  # type: ignore[arg-type]
