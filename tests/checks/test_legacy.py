"""A store of the earlier system: healthy once it was opened, judged by what it says, and not a byte of it changes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.checks.repair import apply_repair, plan_repair
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.store.records import Damage
from tests.checks.shops import contents, faults, open_store, places, rows_of, verified
from tests.earlier_system import HARMLESS, EarlierStore, make_earlier_store, snapshot
from tests.makers import ANNA, US, add_event, make_members

RUNS = 40


@pytest.fixture
def earlier(tmp_path: Path) -> EarlierStore:
    """Return a store with every oddity that does no harm."""
    return make_earlier_store(tmp_path, runs=RUNS)


@pytest.fixture
def store(earlier: EarlierStore) -> Iterator[Store]:
    """Return it as the service opened it."""
    store = open_store(earlier.root, write=True)
    store.reconcile()
    yield store
    store.index.close()


def told_of(earlier: EarlierStore) -> list[tuple[str, str]]:
    """Return what is told of a healthy one: blobs named after another form of the same JSON."""
    names = [path.relative_to(earlier.attachments) for path in earlier.json_blobs_misnamed]
    return sorted(("legacy_json_digest", f"_attachments/{name}") for name in names)


def key_of(earlier: EarlierStore, run_id: str) -> str:
    return str(earlier.artifacts[run_id].relative_to(earlier.root))


def make_with(folder: Path, *oddities: str) -> tuple[EarlierStore, Store]:
    """Make one with the harmless oddities and more, and open it."""
    earlier = make_earlier_store(folder, runs=RUNS, oddities=HARMLESS | set(oddities))
    store = open_store(earlier.root, write=True)
    store.reconcile()
    return earlier, store


@pytest.mark.parametrize("attachments", ["beside", "inside"])
def test_a_healthy_store_is_healthy_and_unvouched_runs_are_counted(tmp_path: Path, attachments: str) -> None:
    earlier = make_earlier_store(tmp_path, runs=RUNS, attachments="inside" if attachments == "inside" else "beside")
    before = snapshot(tmp_path)
    store = open_store(earlier.root, write=True)
    store.reconcile()
    report = verified(earlier.root)
    assert report.ok
    assert faults(report) == told_of(earlier) != []
    assert report.counts["runs"] == report.counts["unvouched"] == report.indexed_runs == RUNS
    assert report.counts["blobs"] == len(earlier.blobs)
    assert report.counts["advisory_links"] == len(earlier.link_paths)
    assert report.counts["indexed_deleted"] == len(earlier.deleted)
    assert report.counts["indexed_live"] == len(earlier.run_ids)
    assert before.items() <= snapshot(tmp_path).items()
    store.index.close()


def test_before_it_was_opened_only_the_index_is_missing(earlier: EarlierStore) -> None:
    before = snapshot(earlier.root)
    assert faults(verified(earlier.root)) == sorted([("index_missing", "_index.sqlite"), *told_of(earlier)])
    assert snapshot(earlier.root) == before


def test_repair_of_a_healthy_one_does_nothing(earlier: EarlierStore, store: Store) -> None:
    before, rows = places(earlier.root), rows_of(earlier.root)
    plan = plan_repair(store, recheck_s=0)
    assert (plan.actions, plan.left) == ([], [])
    assert apply_repair(store, plan, actor=ANNA, us=US).actions == []
    assert (places(earlier.root), rows_of(earlier.root)) == (before, rows)


def test_new_runs_beside_the_old_ones_are_healthy_too(earlier: EarlierStore, store: Store) -> None:
    run_id = store.runs.put(make_members(US, parent_run_id=earlier.run_ids[0])).view.artifact.run_id
    for old_or_new in (run_id, earlier.run_ids[3], *list(earlier.deleted)[:1]):
        add_event(store, old_or_new, "advisory", {"advisory_id": "adv_new"}, actor=ANNA, us=US)
    assert faults(verified(earlier.root)) == told_of(earlier)
    assert verified(earlier.root).counts["unvouched"] == RUNS


@pytest.mark.parametrize("lost", ["truncated", "gone"])
def test_trap_06_losing_its_own_index_is_a_finding_and_brings_nobody_back(
    earlier: EarlierStore, store: Store, lost: str
) -> None:
    """What was learned from it while it was whole stands: also after repair, a rebuild, and an event since then."""
    touched = next(iter(earlier.deleted))
    add_event(store, touched, "advisory", {"advisory_id": "adv_new"}, actor=ANNA, us=US)
    path = earlier.root / "_index.json"
    whole = path.read_bytes()
    path.unlink()
    if lost == "truncated":
        path.write_bytes(whole[:-20])
    expected = sorted([("earlier_index_unreadable", "_index.json"), *told_of(earlier)])
    assert faults(verified(earlier.root)) == expected
    plan = plan_repair(store, recheck_s=0, remove_missing=True)
    assert (plan.actions, faults(plan.left)) == ([], [("earlier_index_unreadable", "_index.json")])
    for full in (False, True):
        store.reconcile(full=full)
        assert faults(verified(earlier.root)) == expected
        listed = {json.loads(item)["run_id"] for item in store.runs.page(RunQuery(), limit=500).items}
        assert listed == set(earlier.run_ids)


def test_a_truncated_index_from_the_start_is_a_finding(tmp_path: Path) -> None:
    earlier, store = make_with(tmp_path, "truncated_index")
    assert faults(verified(earlier.root)) == sorted([("earlier_index_unreadable", "_index.json"), *told_of(earlier)])
    store.index.close()


def test_harmful_oddities_are_findings(tmp_path: Path) -> None:
    earlier, store = make_with(tmp_path, "orphan_link", "non_hex_ids", "hostile_advisory_ids")
    report = verified(earlier.root)
    (orphan,) = (path for path in earlier.link_paths if "adv_of_no_run" in path.name)
    strays = [earlier.artifacts[run_id] for run_id in earlier.non_hex_ids]
    strays += [path for path in earlier.link_paths if path.name.startswith("run_a_advisory_")]
    expected = [("link_without_run", str(orphan.relative_to(earlier.root))), *told_of(earlier)]
    # Reconcile keeps an unlisted row for the run that the link names.
    expected += [("missing", f"{orphan.parent.name}/{orphan.name.partition('_advisory_')[0]}.json")]
    expected += [("stray", str(path.relative_to(earlier.root))) for path in strays]
    assert sorted(set(faults(report))) == sorted(set(expected))
    store.index.close()


def test_a_changed_artifact_is_found_by_the_index_that_saw_it_first(earlier: EarlierStore, store: Store) -> None:
    """It has no `_sha256`; after a rebuild it is taken as it is, as the finding's next step says."""
    run_id = earlier.run_ids[0]
    record = json.loads(earlier.artifacts[run_id].read_bytes())
    earlier.artifacts[run_id].write_text(json.dumps(record | {"notes": "changed"}, indent=2))
    assert faults(verified(earlier.root)) == sorted([("altered", key_of(earlier, run_id)), *told_of(earlier)])
    plan = plan_repair(store, recheck_s=0)
    assert (plan.actions, faults(plan.left)) == ([], [("altered", key_of(earlier, run_id))])
    store.reconcile()
    assert not verified(earlier.root).ok
    store.reconcile(full=True)
    assert verified(earlier.root).ok


def test_a_changed_feasibility_is_found_also_after_a_rebuild(earlier: EarlierStore, store: Store) -> None:
    run_id = next(run_id for run_id in earlier.run_ids if run_id not in earlier.guarded)
    record = json.loads(earlier.artifacts[run_id].read_bytes())
    record["feasibility"]["score"] = 99.5
    earlier.artifacts[run_id].write_text(json.dumps(record, indent=2))
    expected = sorted([("feasibility_mismatch", key_of(earlier, run_id)), *told_of(earlier)])
    assert faults(verified(earlier.root)) == expected
    store.reconcile(full=True)
    assert faults(verified(earlier.root)) == expected
    with pytest.raises(Damage):
        store.runs.record(run_id)


@pytest.mark.long
def test_an_artifact_cut_at_any_length_is_found_and_set_aside(earlier: EarlierStore, store: Store) -> None:
    run_id = earlier.run_ids[1]
    path = earlier.artifacts[run_id]
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        kinds = {kind for kind, where in faults(verified(earlier.root)) if where == key_of(earlier, run_id)}
        assert kinds in ({"corrupt"}, {"undecodable"}), length
    held = contents(earlier.root)
    done = apply_repair(store, plan_repair(store, recheck_s=0), actor=ANNA, us=US)
    assert [(action.action, action.path) for action in done.actions] == [("quarantine", key_of(earlier, run_id))]
    assert contents(earlier.root) == held
    assert faults(verified(earlier.root)) == told_of(earlier)
    with pytest.raises(Damage):
        store.runs.record(run_id)


def test_the_same_id_at_two_dates_is_a_duplicate(earlier: EarlierStore, store: Store) -> None:
    """Each is at home by its own date, so only the index can tell; both stay where they are."""
    run_id = earlier.run_ids[0]
    record = json.loads(earlier.artifacts[run_id].read_bytes()) | {"created_at_utc": "2025-12-25T10:00:00Z"}
    twin = earlier.root / "2025-12-25" / f"{run_id}.json"
    twin.parent.mkdir()
    twin.write_text(json.dumps(record, indent=2))
    key = f"2025-12-25/{run_id}.json"
    assert faults(verified(earlier.root)) == sorted([("duplicate", key), *told_of(earlier)])
    plan = plan_repair(store, recheck_s=0)
    assert (plan.actions, faults(plan.left)) == ([], [("duplicate", key)])


def test_a_json_blob_whose_value_changed_is_corrupt(earlier: EarlierStore, store: Store) -> None:
    victim = earlier.json_blobs_misnamed[0]
    victim.write_text(victim.read_text().replace("wood", "food"))
    key = f"_attachments/{victim.relative_to(earlier.attachments)}"
    assert ("blob_corrupt", key) in faults(verified(earlier.root))
    assert store.objects.has(key)


def test_ids_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    """Ids of 12 to 32 digits, one the beginning of the other, with links and events of each."""
    earlier = make_earlier_store(tmp_path, runs=2, oddities=frozenset())
    model = json.loads(earlier.artifacts[earlier.run_ids[0]].read_bytes())
    day = earlier.artifacts[earlier.run_ids[0]].parent
    digits = "abc" * 10 + "ab"
    run_ids = [f"run_{digits[:size]}" for size in (12, 13, 20, 31, 32)] + [digits]
    for run_id in run_ids:
        (day / f"{run_id}.json").write_text(json.dumps(model | {"run_id": run_id, "attachments": None}, indent=2))
        (day / f"{run_id}_advisory_adv.json").write_text('{"advisory_id": "adv"}')
    store = open_store(earlier.root, write=True)
    store.reconcile()
    for run_id in run_ids:
        add_event(store, run_id, "advisory", {"advisory_id": "adv_new"}, actor=ANNA, us=US)
        assert [link["advisory_id"] for link in store.runs.record(run_id).links] == ["adv"]
    assert faults(verified(earlier.root)) == []
    store.index.close()
