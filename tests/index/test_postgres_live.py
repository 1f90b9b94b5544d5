"""What becomes of an index in PostgreSQL while its server dies, comes back, is another one, or lets nobody in."""

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from rmos.errors.installation import ConfigError, StoreUnusable
from rmos.errors.store import IndexBroken, IndexUnavailable, StoreLocked
from rmos.index import postgres_pool
from rmos.index.base import NO_INDEX
from rmos.index.postgres import PostgresIndex
from rmos.index.schema import schema_of
from rmos.row_models import RunQuery
from tests.helpers.pooler import TransactionPooler
from tests.helpers.postgres import PostgresServer, find_server
from tests.helpers.waiting import wait_until
from tests.index.backends import schema_for
from tests.index.rows import complete, listed
from tests.makers import US, make_row

pytestmark = pytest.mark.long
ROW = make_row(US)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for a second before the server is tried again; a test of the pause sets it."""
    monkeypatch.setattr(postgres_pool, "_PAUSE_S", 0.0)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test alone, which may kill it."""
    server = PostgresServer(18).start()
    yield server
    server.close()


def open_index(url: str, **how: Any) -> PostgresIndex:
    return PostgresIndex(url, wanted=schema_of(None), **how)


def fill(index: PostgresIndex) -> None:
    """Make a complete index with one row."""
    with index.lock(wait_s=0):
        index.prepare()
        index.runs.upsert([ROW])
        complete(index)


@pytest.fixture
def index(server: PostgresServer) -> Iterator[PostgresIndex]:
    index = open_index(server.url("shop"))
    fill(index)
    yield index
    index.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[PostgresIndex]:
    """An index on the server of all tests, which stays as it is."""
    index = open_index(find_server(18).url(schema_for(tmp_path)))
    fill(index)
    yield index
    index.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT])
def test_a_server_that_died_is_away_and_the_same_index_when_it_is_back(
    server: PostgresServer, index: PostgresIndex, how: signal.Signals
) -> None:
    before, page = index.state(), index.runs.page(RunQuery(), limit=5)
    server.end(how)
    for ask in (
        index.state,
        lambda: index.runs.page(RunQuery(), limit=5),
        lambda: index.runs.upsert([ROW]),
        lambda: index.runs.known(ROW.partition),
        lambda: index.announcements.add(ROW.partition, ROW.run_id, 0),
        lambda: index.complete(None),
        index.fall_behind,
        index.prepare,
        lambda: index.lock(wait_s=0).__enter__(),
    ):
        with pytest.raises(IndexUnavailable):
            ask()
    server.start()
    assert index.state() == before
    assert index.runs.page(RunQuery(), limit=5) == page
    assert index.prepare() is False


def test_what_was_remembered_before_a_backend_was_killed_is_asked_anew(
    server: PostgresServer, index: PostgresIndex
) -> None:
    """The server ends all connections and recovers as after a crash, without being started anew."""
    first, pid = index.runs.page(RunQuery(), limit=5), server.pid()
    with psycopg.connect(server.dsn) as victim, psycopg.connect(server.dsn) as witness:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        wait_until(lambda: _is_lost(witness), "the end of all connections")
    wait_until(server.answers, "PostgreSQL")
    again = index.runs.page(RunQuery(), limit=5)
    assert again == first
    assert again is not first
    assert server.pid() == pid


def _is_lost(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_a_server_that_takes_questions_and_answers_none_is_away_and_comes_back(
    server: PostgresServer, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process, or one whose disk hangs: its kernel goes on to acknowledge what is sent to it."""
    before = index.state()
    monkeypatch.setattr(postgres_pool, "_LIMIT_S", 0.1)
    for ask in (index.state, lambda: index.announcements.add(ROW.partition, ROW.run_id, 0)):
        with server.stopped(), pytest.raises(IndexUnavailable):
            ask()
        monkeypatch.setattr(postgres_pool, "_LIMIT_S", 60.0)
        assert index.state() == before
        monkeypatch.setattr(postgres_pool, "_LIMIT_S", 0.1)


def test_after_a_failed_attempt_all_fail_at_once(
    server: PostgresServer, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "_PAUSE_S", 3600.0)
    server.end(signal.SIGQUIT)
    with pytest.raises(IndexUnavailable):
        index.state()
    monkeypatch.setattr(postgres_pool, "PostgresConnection", None)  # so that an attempt would fail otherwise
    with pytest.raises(IndexUnavailable):
        index.state()


def test_connections_that_are_all_taken_are_waited_for_and_not_for_long(
    server: PostgresServer, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = open_index(server.url("shop", "pool_size=1"))
    with small._pool.lend():
        monkeypatch.setattr(postgres_pool, "_WAIT_S", 0.05)
        with pytest.raises(IndexUnavailable, match="busy"):
            small.runs.count(RunQuery())
        monkeypatch.setattr(postgres_pool, "_WAIT_S", 60.0)
        waiter = threading.Thread(target=lambda: small.runs.upsert([make_row(US + 1)]))
        waiter.start()
    waiter.join()
    assert small.runs.count(RunQuery()).value == 2
    small.close()


def test_a_server_without_room_for_another_connection_is_away(server: PostgresServer, index: PostgresIndex) -> None:
    server.execute("CREATE ROLE guest LOGIN CONNECTION LIMIT 0")
    guest = open_index(server.url("shop").replace("rmos@", "guest@"))
    with pytest.raises(IndexUnavailable):
        guest.state()


def test_an_index_that_is_only_read_is_never_made_or_changed(server: PostgresServer, index: PostgresIndex) -> None:
    reader = open_index(server.url("shop"), read_only=True)
    assert listed(reader) == [ROW.run_id]  # type: ignore[arg-type]
    with pytest.raises(IndexUnavailable):
        reader.runs.upsert([ROW])
    reader.close()
    other = open_index(server.url("nobody_made_it"), read_only=True)
    assert other.state() == NO_INDEX
    with pytest.raises(IndexUnavailable):
        other.prepare()
    assert other.state() == NO_INDEX
    other.close()


def test_a_server_that_takes_no_writes_is_no_reason_to_make_the_index_again(
    server: PostgresServer, index: PostgresIndex
) -> None:
    server.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
    index.close()
    for ask in (index.state, index.prepare, lambda: index.runs.upsert([ROW])):
        with pytest.raises(IndexUnavailable):
            ask()
    with psycopg.connect(server.dsn, options="-cdefault_transaction_read_only=off") as connection:
        connection.execute("ALTER DATABASE postgres RESET ALL")
    assert index.state().complete


def test_a_standby_that_took_over_is_another_index_with_the_same_rows(
    server: PostgresServer, index: PostgresIndex, tmp_path: Path
) -> None:
    standby = PostgresServer(18, copy_of=server)
    standby.run("pg_basebackup", "-D", standby.data, "-h", server.folder, "-U", "rmos", "-R", "--checkpoint=fast")
    standby.start(hot_standby="on")
    both = quote(f"{server.folder},{standby.folder}")
    cluster = open_index(f"postgresql://rmos@/postgres?host={both}&options=-csearch_path%3Dshop")
    before = cluster.state()
    cluster.runs.upsert([make_row(US + 1)])
    wait_until(lambda: standby.execute("SELECT count(*) FROM runs", schema="shop") == [(2,)], "the standby")
    page = cluster.runs.page(RunQuery(), limit=5)
    server.end(signal.SIGKILL)
    standby.execute("SELECT pg_promote()")
    again = cluster.runs.page(RunQuery(), limit=5)
    assert again.value == page.value
    assert again.state.generation != before.generation
    assert again.state == cluster.state()
    with pytest.raises(IndexBroken):
        cluster.complete(before.generation)
    cluster.close()
    standby.close()


def test_an_index_whose_pages_are_damaged_is_broken_and_made_again(
    server: PostgresServer, index: PostgresIndex
) -> None:
    ((path,),) = server.execute("SELECT pg_relation_filepath('runs')", schema="shop")
    before = index.state()
    server.execute("CHECKPOINT")
    server.end(signal.SIGQUIT)
    with open(server.data / path, "r+b") as file:
        file.write(b"\xff" * 8192)
    server.start()
    with pytest.raises(IndexBroken):
        index.runs.rows(ROW.partition)
    assert index.prepare() is True
    assert index.runs.rows(ROW.partition) == []
    assert index.state().generation != before.generation


def test_tables_that_somebody_dropped_are_made_again(shared: PostgresIndex, tmp_path: Path) -> None:
    find_server(18).execute("DROP TABLE sessions, tally_slots CASCADE", schema=schema_for(tmp_path))
    with pytest.raises(IndexBroken):
        shared.sessions.partitions()
    assert shared.prepare() is True
    assert shared.sessions.partitions() == []


def test_what_was_announced_stays_when_the_tables_are_made_again(shared: PostgresIndex, tmp_path: Path) -> None:
    """The object may come only after the folders were listed for the new tables."""
    shared.announcements.add(ROW.partition, ROW.run_id, 1)
    find_server(18).execute("DROP TABLE runs CASCADE", schema=schema_for(tmp_path))
    assert shared.prepare() is True
    assert [announcement.number for announcement in shared.announcements.older_than(-1)] == [1]


def test_an_index_of_a_newer_release_is_left_alone(shared: PostgresIndex, tmp_path: Path) -> None:
    find_server(18).execute("UPDATE index_state SET release = '99.0', tables = 'x'", schema=schema_for(tmp_path))
    for ask in (shared.prepare, shared.state, lambda: shared.runs.upsert([make_row(US + 1)])):
        with pytest.raises(StoreUnusable):
            ask()
    assert find_server(18).execute("SELECT count(*) FROM runs", schema=schema_for(tmp_path)) == [(1,)]


@pytest.mark.parametrize("change", ["DELETE FROM index_state", "UPDATE index_state SET release = '0', tables = 'x'"])
def test_an_index_of_other_tables_or_of_none_takes_no_row(shared: PostgresIndex, tmp_path: Path, change: str) -> None:
    find_server(18).execute(change, schema=schema_for(tmp_path))
    with pytest.raises(IndexBroken):
        shared.runs.upsert([make_row(US + 1)])
    assert find_server(18).execute("SELECT count(*) FROM runs", schema=schema_for(tmp_path)) == [(1,)]


@pytest.mark.parametrize("before", [0, 12])
def test_who_writes_a_row_locks_the_state_first_as_who_makes_the_tables_again(
    shared: PostgresIndex, tmp_path: Path, before: int
) -> None:
    """By a statement that is new to the server and by one that it has prepared: else each might wait for the other."""
    for number in range(before):
        shared.runs.upsert([make_row(US + 1 + number)])
    schema = schema_for(tmp_path)
    locked: list[Any] = []
    asked = """
        SELECT held.relation::regclass::text, held.granted FROM pg_locks AS held
        JOIN pg_locks AS wanted ON wanted.pid = held.pid AND NOT wanted.granted
        WHERE held.relation IN ('runs'::regclass, 'announced'::regclass, 'index_state'::regclass)
    """

    def is_waiting() -> bool:
        locked[:] = find_server(18).execute(asked, schema=schema)
        return bool(locked)

    with psycopg.connect(find_server(18).dsn, options=f"-csearch_path={schema}") as other:
        other.execute("LOCK TABLE index_state IN ACCESS EXCLUSIVE MODE")
        writer = threading.Thread(target=shared.runs.upsert, args=([make_row(US + 99)],))
        writer.start()
        wait_until(is_waiting, "who writes a row")
    writer.join()
    assert locked == [("index_state", False)]
    assert len(shared.runs.rows(ROW.partition)) == before + 2


# The lock


def test_the_lock_is_free_when_its_holder_was_killed(shared: PostgresIndex) -> None:
    held, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        with shared.lock(wait_s=0):
            os.write(told, b"x")
            signal.pause()
        os._exit(0)
    os.read(held, 1)
    with pytest.raises(StoreLocked), shared.lock(wait_s=0):
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with shared.lock(wait_s=60):
        pass
    os.close(held)
    os.close(told)


def test_who_lost_the_lock_declares_nothing_complete(shared: PostgresIndex) -> None:
    shared.fall_behind()
    with contextlib.suppress(IndexUnavailable), shared.lock(wait_s=0):
        shared.prepare()
        assert shared._holder is not None
        (pid,) = shared._holder.cursor.execute("SELECT pg_backend_pid()").fetchone()  # type: ignore[misc]
        find_server(18).execute(f"SELECT pg_terminate_backend({pid}, 60000)")
        complete(shared)
        pytest.fail("the lock was lost")
    assert shared.state().complete is False


def test_two_stores_of_one_database_have_each_their_rows_and_their_lock(shared: PostgresIndex, tmp_path: Path) -> None:
    other = open_index(find_server(18).url(f"{schema_for(tmp_path)}b"))
    with shared.lock(wait_s=0), other.lock(wait_s=0):
        assert other.prepare() is True
    assert listed(other) == []  # type: ignore[arg-type]
    # A schema that is not there yet is not that of another store which stands behind it in the search path.
    behind = open_index(find_server(18).url(f"{schema_for(tmp_path)}c,{schema_for(tmp_path)}"))
    assert behind.state() == NO_INDEX
    other.close()


def test_a_pooler_that_keeps_no_sessions_is_refused(server: PostgresServer, index: PostgresIndex) -> None:
    with TransactionPooler(server.folder) as pooler:
        pooled = open_index(
            f"postgresql://rmos@/postgres?host={quote(str(pooler.folder))}&options=-csearch_path%3Dshop"
        )
        with pytest.raises(ConfigError, match="pooler"), pooled.lock(wait_s=0):
            pass
        pooled.close()


# Processes


def test_a_fork_asks_by_connections_of_its_own(shared: PostgresIndex) -> None:
    shared.runs.count(RunQuery())
    pid = os.fork()
    if pid == 0:
        ok = False
        with contextlib.suppress(Exception):
            shared.runs.upsert([make_row(US + 1)])
            shared.close()
            ok = True
        os._exit(0 if ok else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert shared.runs.count(RunQuery()).value == 2
    assert len(shared._pool._idle.connections) == 1, "the connection of before still stands"


def test_announcing_waits_for_no_disk_and_rows_do(shared: PostgresIndex) -> None:
    shared.announcements.add(ROW.partition, ROW.run_id, 0)
    with shared._pool.lend() as held:
        assert held.cursor.execute("SHOW synchronous_commit").fetchone() == ("on",)
        text = "WITH hasty AS (SELECT set_config('synchronous_commit', 'off', true)) SELECT * FROM hasty"
        assert held.cursor.execute(text).fetchone() == ("off",)
        assert held.cursor.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_the_server_of_tests_ends_when_they_are_killed() -> None:
    server = PostgresServer(18)
    pid = os.fork()
    if pid == 0:
        server.start()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_until(lambda: not server.folder.exists(), "the end of the server")
    shutil.rmtree(server.folder, ignore_errors=True)
