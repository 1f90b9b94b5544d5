"""Moving in from the single-file store: nothing lost, nothing invented, cut off anywhere, taken back byte for byte."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.checks.verify import verify_store
from rmos.errors.store import SourceUnreadable
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.transfer.migrate import Migration, migrate, migration_status, rollback, verify_migration
from rmos.transfer.single_file import find_source, read_source
from tests.earlier_system import snapshot
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store
from tests.single_file import BAD_ID, ODDITIES, make_single_file, old_id, old_record

RUNS = 12


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A single-file store."""
    return make_single_file(tmp_path / "old", runs=RUNS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store to move into."""
    made = open_store(tmp_path)
    yield made
    made.index.close()


def objects_of(root: Path) -> dict[str, tuple[str, str, int, int]]:
    """Return the record: everything but the index, and folders."""
    return {
        name: (what[0], what[1], what[2], 0)
        for name, what in snapshot(root).items()
        if not name.startswith("_index") and what[0] != "dir"
    }


def move_in(store: Store, old: Path) -> Migration:
    return migrate(store, read_source(old))


def test_every_run_moves_in_with_its_id_and_is_verified_field_by_field(store: Store, old: Path) -> None:
    before = old.read_bytes()
    report = move_in(store, old)
    assert (report.ok, report.written, report.total) == (True, RUNS, RUNS)
    assert set(listed_ids(store)) == {old_id(number) for number in range(RUNS)}
    checked = verify_migration(store, read_source(old))
    assert (checked.ok, checked.there) == (True, RUNS)
    assert [fault.kind for fault in verify_store(store, recheck_s=0).findings] == []
    assert old.read_bytes() == before


def test_the_mapping_is_the_one_that_is_written_down(store: Store, old: Path) -> None:
    move_in(store, old)
    for number in range(RUNS):
        record, run = old_record(number), json.loads(store.runs.record(old_id(number)).data)
        if record["request_hash"]:
            assert run["hashes"]["feasibility_sha256"] == record["request_hash"]
        elif record["feasibility"] is None:
            assert run["hashes"]["feasibility_sha256"] == "0" * 64
            assert (run["status"], run["decision"]["risk_level"]) == ("BLOCKED", "ERROR")
            assert run["decision"]["details"]["violations"][0]["field"] == "hashes.feasibility_sha256"
            assert run["meta"]["completeness_guard"] is True
            continue
        within = (record["feasibility"] or {}).get("risk_bucket")
        risk = (record["decision"] or {}).get("risk_level") or within or "UNKNOWN"
        assert run["decision"]["risk_level"] == risk
        assert (run["status"] == "OK") == (risk in ("GREEN", "YELLOW"))
        assert run["mode"] == (record["mode"] or record["workflow_mode"])
        assert run["tool_id"] == (record["tool_id"] or "unknown")
        assert run["hashes"]["toolpaths_sha256"] == record["toolpaths_hash"]
        assert run["meta"]["migrated_from"]["post_processor_version"] == "3"
        assert run["meta"]["batch_label"] == record["meta"]["batch_label"]


def test_what_has_no_home_is_kept_and_listed(store: Store, old: Path) -> None:
    report = move_in(store, old)
    fields = {field for entry in report.unmapped for field in entry.fields}
    assert {
        "gate_policy_version",
        "post_processor_version",
        "override_note",
        "fork_of_event_type",
        "attachments",
    } <= fields
    run = json.loads(store.runs.record(old_id(3)).data)
    assert run["meta"]["migrated_from"]["override_note"] == "Chef sagt ja"


def test_trap_12_a_second_run_is_a_success_and_writes_nothing(store: Store, old: Path, tmp_path: Path) -> None:
    move_in(store, old)
    before = objects_of(tmp_path)
    again = move_in(store, old)
    assert (again.ok, again.written, again.there) == (True, 0, RUNS)
    assert objects_of(tmp_path) == before


def test_trap_12_a_bad_time_is_an_error_and_never_becomes_now(store: Store, tmp_path: Path) -> None:
    old = make_single_file(tmp_path / "old", runs=RUNS, oddities=ODDITIES)
    report = move_in(store, old)
    aside = {problem.run_id for problem in report.kept_aside}
    bad_times = {old_id(1000 + turn) for turn in range(5)}
    assert aside == bad_times | {BAD_ID, old_id(3000), old_id(4000)}
    assert not report.ok
    assert report.written == RUNS
    assert set(listed_ids(store)).isdisjoint(aside)
    assert report.aside_file is not None
    kept = json.loads((old.parent / report.aside_file).read_text())
    assert kept == {run_id: json.loads(old.read_text())[run_id] for run_id in aside}


def test_trap_12_a_rollback_is_byte_exact_and_never_touches_newer_runs(store: Store, old: Path, tmp_path: Path) -> None:
    newer = store.runs.put(make_members(US)).view.artifact.run_id
    before, rows = objects_of(tmp_path / "runs"), store.index.runs.state_counts()
    move_in(store, old)
    newest = store.runs.put(make_members(US + 1)).view.artifact.run_id
    report = rollback(store, find_source(old), actor=ANNA, us=US)
    assert (report.ok, report.removed) == (True, RUNS)
    assert sorted(listed_ids(store)) == sorted([newer, newest])
    after = objects_of(tmp_path / "runs")
    assert {name: what for name, what in after.items() if newest not in name} == before
    assert store.index.runs.state_counts() == {**rows, "live": 2}
    assert verify_store(store, recheck_s=0).ok
    again = rollback(store, find_source(old), actor=ANNA, us=US)
    assert (again.ok, again.removed) == (True, 0)
    assert move_in(store, old).written == RUNS


def test_a_rollback_keeps_runs_to_which_something_has_happened(store: Store, old: Path) -> None:
    move_in(store, old)
    touched = old_id(5)
    add_event(store, touched, "advisory", {"advisory_id": "x"}, actor=ANNA, us=US)
    report = rollback(store, find_source(old), actor=ANNA, us=US)
    assert [problem.run_id for problem in report.kept] == [touched]
    assert listed_ids(store) == [touched]


def test_a_rollback_writes_an_old_file_that_is_gone_again_from_its_back_up(store: Store, old: Path) -> None:
    before = old.read_bytes()
    move_in(store, old)
    old.unlink()
    rollback(store, find_source(old), actor=ANNA, us=US)
    assert old.read_bytes() == before


def test_without_a_back_up_nothing_is_rolled_back(store: Store, old: Path) -> None:
    with pytest.raises(SourceUnreadable):
        find_source(old)


def test_another_run_under_an_old_id_is_a_conflict_and_stays(store: Store, old: Path) -> None:
    us = 1_762_157_730_250_000 + 7 * 3600 * 1_000_000
    store.runs.put(make_members(us, old_id(1)))
    before = store.runs.record(old_id(1)).data
    report = move_in(store, old)
    assert [problem.run_id for problem in report.conflicts] == [old_id(1)]
    assert store.runs.record(old_id(1)).data == before


def test_a_run_that_was_deleted_since_does_not_come_back(store: Store, old: Path) -> None:
    move_in(store, old)
    store.deletes.soft(old_id(1), "a trial cut", actor=ANNA, us=US)
    store.deletes.hard(old_id(2), "a trial cut", actor=ANNA, us=US)
    again = move_in(store, old)
    assert (again.ok, again.there, again.deleted) == (True, RUNS - 1, 1)
    assert {old_id(1), old_id(2)}.isdisjoint(listed_ids(store))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "a": 2}', "\xff"])
def test_a_file_that_is_not_whole_is_refused_and_nothing_is_done(store: Store, tmp_path: Path, text: str) -> None:
    path = tmp_path / "runs.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SourceUnreadable):
        read_source(path)
    with pytest.raises(SourceUnreadable):
        read_source(tmp_path / "absent.json")


def test_numbers_that_canonical_json_cannot_hold_are_kept_as_text(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({old_id(1): {**old_record(1), "feasibility": {"seed": 2**53 + 1}}}))
    report = move_in(store, path)
    assert (report.written, report.unmapped[0].fields.count("feasibility")) == (1, 1)
    run = json.loads(store.runs.record(old_id(1)).data)
    assert json.loads(run["meta"]["migrated_from"]["feasibility"]) == {"seed": 2**53 + 1}


def test_verify_says_what_is_not_there_or_was_altered(store: Store, old: Path, tmp_path: Path) -> None:
    assert not verify_migration(store, read_source(old)).ok
    move_in(store, old)
    [path] = (tmp_path / "runs").glob(f"*/{old_id(1)}.json")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"Gr\xc3\xb6\xc3\x9fe", b"Groesse"))
    report = verify_migration(store, read_source(old))
    assert {problem.run_id for problem in report.conflicts} == {old_id(1)}
    assert any("notes" in problem.error for problem in report.conflicts)


@pytest.mark.parametrize("back", [False, True], ids=["moving in", "taking back"])
@pytest.mark.parametrize("nth", [1, 2, 5, RUNS])
def test_a_migration_that_is_killed_at_any_step_is_completed_by_running_it_again(
    store: Store, old: Path, tmp_path: Path, nth: int, back: bool
) -> None:
    if back:
        move_in(store, old)
    store.index.close()
    pid = os.fork()
    if pid == 0:
        try:
            _die_at(open_store(tmp_path, reconcile=False), old, nth, back=back)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    after = open_store(tmp_path)
    listed = set(listed_ids(after))
    assert len(listed) == (RUNS - nth + 1 if back else nth - 1)
    if back:
        rollback(after, find_source(old), actor=ANNA, us=US)
        assert after.runs.count(RunQuery()) == 0
        assert after.index.runs.state_counts() == {}
    else:
        assert migration_status(after, read_source(old)).waiting == RUNS - nth + 1
        assert move_in(after, old).ok
        assert verify_migration(after, read_source(old)).there == RUNS
    assert verify_store(after, recheck_s=0).ok
    after.index.close()


def _die_at(victim: Store, old: Path, nth: int, *, back: bool) -> None:
    """Migrate, or roll back, and die just before the nth run."""
    name = "erase" if back else "create"
    genuine, done = getattr(victim.objects, name), 0

    def deadly(*arguments: object) -> object:
        nonlocal done
        done += 1
        if done == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return genuine(*arguments)

    setattr(victim.objects, name, deadly)
    if back:
        rollback(victim, find_source(old), actor=ANNA, us=US)
    else:
        move_in(victim, old)
