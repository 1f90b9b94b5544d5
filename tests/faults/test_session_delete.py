"""A process is killed at each step of deleting a session with its runs: it is deleted or it is not, never half.

The run that belongs to it tells which; the same delete, done again, completes it, and a restore undoes it.
"""

import shutil
from pathlib import Path

import pytest

from rmos.checks.verify import verify_store
from rmos.config import Settings
from rmos.row_models import RunQuery, SessionQuery
from rmos.services.sessions import create_session, restore_session
from rmos.store import Store
from tests.faults import records
from tests.faults.conftest import Announce
from tests.faults.tracing import READS, WRITES, PutServer, at, record_calls
from tests.makers import ANNA, US, make_members

pytestmark = [pytest.mark.long, pytest.mark.strace, pytest.mark.usefixtures("strace")]


def open_store(root: Path) -> Store:
    return Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=records.summarise)


def make_store(root: Path) -> tuple[str, str]:
    """Make a store with a session and a run of it, and return their ids."""
    store = open_store(root)
    store.reconcile()
    session_id = create_session(store, {"user_id": "anna"}, actor=ANNA, us=US).session.session_id
    run_id = store.runs.put(make_members(US, workflow_session_id=session_id)).view.artifact.run_id
    store.index.close()
    return session_id, run_id


def judge(root: Path, session_id: str, run_id: str) -> bool:
    """Demand that everything agrees on whether the session is deleted, and return whether it is."""
    store = open_store(root)
    store.reconcile()
    session = store.sessions.record(session_id).session
    deleted = session.status == "DELETED"
    assert session.version == 1 + deleted
    assert store.is_deleted_with_session(store.runs.record(run_id)) is deleted
    assert store.sessions.is_deleted(session_id) is deleted
    assert (
        store.session_lists.page(SessionQuery(), limit=9).items
        == store.session_lists.page(SessionQuery(status="ACTIVE"), limit=9).items
    )
    assert store.session_lists.page(SessionQuery(status="DELETED"), limit=9, include_total=True).total == deleted
    assert store.runs.count(RunQuery(workflow_session_id=session_id)) == 1
    report = verify_store(store, recheck_s=0)
    assert report.findings == []
    store.index.close()
    return deleted


def test_a_kill_at_each_step_of_a_session_delete_leaves_it_done_or_not_begun(
    tmp_path: Path, server: PutServer, announce: Announce
) -> None:
    template, work, trace = tmp_path / "template", tmp_path / "work", tmp_path / "trace"
    session_id, run_id = make_store(template / "runs")
    shutil.copytree(template, work)
    arguments: list[str | Path] = [work / "runs", "1", "--delete-session", session_id]
    calls = [call for call in record_calls(server, arguments, work, trace) if call.name in WRITES | READS]
    outcomes = []
    for call in calls[::2]:
        shutil.rmtree(work)
        shutil.copytree(template, work)
        outcome = server.run(arguments, at(call, "signal=SIGKILL", trace))
        if outcome.status != -9:
            continue  # the interpreter mapped memory at another moment, and the call was never reached
        deleted = judge(work / "runs", session_id, run_id)
        assert deleted or not any(line.startswith("ACK") for line in outcome.said)
        outcomes.append(deleted)
        assert server.run(arguments).status == 0
        assert judge(work / "runs", session_id, run_id)
        store = open_store(work / "runs")
        restore_session(store, session_id, actor=ANNA, us=US)
        assert store.is_deleted_with_session(store.runs.record(run_id)) is False
        store.index.close()
    announce(f"a session delete: {len(outcomes)} calls x SIGKILL, {sum(outcomes)} times done")
    assert {True, False} == set(outcomes)
    assert len(outcomes) > 8
