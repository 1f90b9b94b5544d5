"""Repair does just what its dry run said, loses no byte, frees no id, and changes nothing the second time."""

import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rmos import digest, ids
from rmos.checks.repair import RepairPlan, apply_repair, plan_repair
from rmos.checks.verify import verify_store
from rmos.errors.records import RunExists
from rmos.errors.store import StoreLocked
from rmos.index.locks import file_lock
from rmos.row_models import RunQuery
from rmos.store import layout
from rmos.store.records import Damage
from tests.checks.damages import DAMAGES
from tests.checks.shops import (
    DAY,
    NEXT_DAY,
    RUNS,
    Shop,
    artifact,
    contents,
    event,
    faults,
    open_store,
    places,
    rows_of,
    verified,
)
from tests.checks.test_creates_nothing import everything
from tests.checks.test_damages import all_at_once
from tests.earlier_system import snapshot
from tests.makers import ANNA, US, make_members

OPTIONS: list[dict[str, bool]] = [
    {"remove_missing": remove, "index_orphans": index} for remove, index in itertools.product((False, True), repeat=2)
]
Spoil = Callable[[Path], object]
INDEXES: dict[str, Spoil] = {
    "with its index": lambda path: None,
    "without an index": Path.unlink,
    "with a junk index": lambda path: path.write_bytes(b"junk" * 2048),
}


def spoiled(shop: Shop, index: str = "with its index") -> None:
    """Do all damages to one store, and one to its index."""
    all_at_once(shop)
    shop.close()
    INDEXES[index](shop.root / "_index.sqlite")


def planned(root: Path, **options: bool) -> RepairPlan:
    """Return the plan of a dry run, from a store opened for reading."""
    store = open_store(root)
    try:
        return plan_repair(store, recheck_s=0, **options)
    finally:
        store.index.close()


def repaired(root: Path, **options: bool) -> tuple[RepairPlan, RepairPlan]:
    """Repair, and return the plan and what was done."""
    store = open_store(root, write=True)
    try:
        plan = plan_repair(store, recheck_s=0, **options)
        return plan, apply_repair(store, plan, actor=ANNA, us=US)
    finally:
        store.index.close()


def paths(plan: RepairPlan, kind: str) -> list[str]:
    """Return the paths of one kind of action."""
    return [action.path for action in plan.actions if action.action == kind]


def rows(root: Path) -> dict[str, Any]:
    """Return the rows of the index, none when there is no index that can be read."""
    try:
        return rows_of(root) if (root / "_index.sqlite").exists() else {}
    except sqlite3.Error:
        return {}


@pytest.mark.parametrize(
    ("name", "twice"),
    [
        *(pytest.param(name, False, id=f"{name}-once") for name in list(DAMAGES)[::2]),
        *(pytest.param(name, True, id=f"{name}-twice", marks=pytest.mark.long) for name in DAMAGES),
    ],
)
def test_trap_33_the_dry_run_lists_just_what_the_live_run_does(shop: Shop, name: str, twice: bool) -> None:
    """Every other damage, and in the long tests each, and what `--remove-missing` then still does."""
    DAMAGES[name](shop)
    shop.close()
    judge_repair(shop)
    if twice:
        judge_repair(shop, remove_missing=True)


@pytest.mark.parametrize(
    ("options", "index"),
    [
        # In a plain run each state of the index and each value of each option, once.
        pytest.param(options, index, marks=[] if number == place else [pytest.mark.long])
        for number, options in enumerate(OPTIONS)
        for place, index in enumerate(INDEXES)
    ],
    ids=str,
)
def test_trap_33_the_dry_run_is_right_about_all_damages_at_once(
    big_shop: Shop, options: dict[str, bool], index: str
) -> None:
    spoiled(big_shop, index)
    judge_repair(big_shop, **options)


def judge_repair(shop: Shop, **options: bool) -> None:
    before, held, index = places(shop.root), contents(shop.root), rows(shop.root)
    dry = planned(shop.root, **options)
    plan, done = repaired(shop.root, **options)
    assert plan == dry == done
    # The record: each quarantined path stands under `_quarantine`, all else where it stood, byte for byte.
    moved = paths(dry, "quarantine")
    erased = paths(dry, "finish")
    expected = {path: what for path, what in before.items() if not _within(path, [*moved, *erased])}
    expected |= {f"_quarantine/{path}": what for path, what in before.items() if _within(path, moved)}
    assert places(shop.root) == expected
    assert contents(shop.root) == held - Counter(before[path] for path in erased)
    # The index: only rows that the plan names have changed.
    if not paths(dry, "rebuild"):
        named = {action.run_id for action in dry.actions}
        named |= {Path(path).name.partition(".")[0] for path in moved}
        now = rows(shop.root)
        assert {run_id for run_id in {*index, *now} if index.get(run_id) != now.get(run_id)} <= named | {"../../x"}
    # What is left is what verify then finds, and a second run changes nothing.
    faulty = [found for found in verified(shop.root).findings if found.kind != "legacy_json_digest"]
    remains = {found.run_id for found in dry.left if found.kind in ("event_without_run", "link_without_run")}
    if paths(dry, "rebuild"):  # the new index also has a row for each run of which only events or links stand there
        faulty = [f for f in faulty if f.kind not in ("missing", "orphaned") or f.run_id not in remains]
    assert faults(faulty) == faults(dry.left)
    still = snapshot(shop.root, exclude={"_index.lock"})
    plan, done = repaired(shop.root, **options)
    assert (plan.actions, done.actions) == ([], [])
    assert faults(plan.left) == faults(verified(shop.root))
    assert snapshot(shop.root, exclude={"_index.lock"}) == still


def _within(path: str, moved: list[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in moved)


@pytest.mark.parametrize("index", INDEXES)
def test_trap_33_a_dry_run_writes_nothing(big_shop: Shop, index: str) -> None:
    spoiled(big_shop, index)
    before = everything(big_shop.root)
    assert planned(big_shop.root, remove_missing=True).actions
    assert everything(big_shop.root) == before


def test_nothing_that_vouches_for_itself_and_no_event_is_ever_moved(big_shop: Shop) -> None:
    spoiled(big_shop)
    for path in paths(planned(big_shop.root, remove_missing=True), "quarantine"):
        assert layout.kind_of(path) is not layout.EVENT, path
        assert not path.startswith("_claims/"), path
        full = big_shop.root / path
        if full.is_file() and not full.is_symlink():
            data = full.read_bytes()
            assert digest.verify_self_digest(data) is None, path
            assert digest.sha256_hex(data) != full.name[:64], path


def test_trap_07_what_repair_moved_is_still_there_for_everybody(shop: Shop) -> None:
    """Listed as an ERROR before and after, never RunNotFound, its id taken; a rebuild changes none of that."""
    quiet, eventful, gone = shop.put(), shop.take(), shop.take()
    members = make_members(ids.moment_of(quiet), run_id=quiet)
    for run_id in (quiet, eventful):
        shop.flip(artifact(run_id))
    shop.path(artifact(gone)).unlink()
    shop.path(artifact(gone)).mkdir()
    damaged = {quiet, eventful, gone}
    shop.store.reconcile(full=True)
    _assert_damaged(shop, damaged)
    _, done = repaired(shop.root)
    assert sorted(paths(done, "quarantine")) == sorted(map(artifact, damaged))
    assert done.left == []
    report = verified(shop.root)
    assert report.ok
    assert report.quarantined == sorted(map(artifact, damaged))
    _assert_damaged(shop, damaged)
    for again in (lambda: shop.store.reconcile(), lambda: shop.store.reconcile(full=True), lambda: _new_index(shop)):
        again()
        _assert_damaged(shop, damaged)
        assert verified(shop.root).ok
    with pytest.raises(RunExists):
        shop.store.runs.put(members)
    (shop.root / "_index.sqlite").unlink()
    for run_id in damaged:
        with pytest.raises(Damage):
            shop.store.runs.record(run_id)


def _new_index(shop: Shop) -> None:
    shop.close()
    (shop.root / "_index.sqlite").unlink()
    shop.store.reconcile()


def _assert_damaged(shop: Shop, damaged: set[str]) -> None:
    items = [json.loads(item) for item in shop.store.runs.page(RunQuery(), limit=500).items]
    assert {item["run_id"] for item in items if item["status"] == "ERROR"} == damaged
    assert len(items) == len({item["run_id"] for item in items}) == RUNS + 1
    for run_id in damaged:
        with pytest.raises(Damage) as error:
            shop.store.runs.record(run_id)
        assert error.value.code == "RECORD_DAMAGED"


def test_repair_makes_rows_that_a_rebuild_would_make(big_shop: Shop) -> None:
    spoiled(big_shop)
    _, done = repaired(big_shop.root)
    left = {found.run_id for found in done.left}
    left |= {action.run_id for action in done.actions if action.action == "quarantine"}
    big_shop.sql("DELETE FROM runs WHERE instr(run_id, '/') OR instr(run_id, char(0)) OR instr(partition, '/')")
    after = rows_of(big_shop.root)
    big_shop.store.reconcile(full=True)
    again = rows_of(big_shop.root)
    assert {run_id for run_id in {*after, *again} if after.get(run_id) != again.get(run_id)} <= left


def test_trap_33_remove_missing_drops_the_rows_of_missing_runs_and_no_others(shop: Shop) -> None:
    gone, kept = shop.put(), shop.put()
    shop.path(artifact(gone)).unlink()
    _, done = repaired(shop.root)
    assert (done.actions, faults(done.left)) == ([], [("missing", artifact(gone))])
    assert gone in rows_of(shop.root)
    before = rows_of(shop.root)
    _, done = repaired(shop.root, remove_missing=True)
    assert paths(done, "forget") == [artifact(gone)]
    assert done.left == []
    assert before.keys() - rows_of(shop.root).keys() == {gone}
    assert rows_of(shop.root)[kept] == before[kept]
    assert verified(shop.root).ok


def test_remove_missing_keeps_the_row_of_a_run_whose_row_stood_in_the_wrong_place(shop: Shop) -> None:
    run_id = shop.take()
    shop.sql("UPDATE runs SET partition = '2024-02-29' WHERE run_id = ?", run_id)
    _, done = repaired(shop.root, remove_missing=True)
    assert [(action.action, action.path) for action in done.actions] == [("index", artifact(run_id))]
    assert verified(shop.root).ok
    assert run_id in rows_of(shop.root)


@pytest.mark.parametrize("remains", ["events", "a link"])
def test_remove_missing_keeps_the_row_of_a_run_that_something_still_names(shop: Shop, remains: str) -> None:
    """The next rebuild would only make it again."""
    run_id = shop.take() if remains == "events" else shop.put()
    if remains == "a link":
        shop.overwrite(f"{DAY}/{run_id}_advisory_x.json", b'{"advisory_id": "x"}')
    shop.path(artifact(run_id)).unlink()
    before = rows_of(shop.root)
    _, done = repaired(shop.root, remove_missing=True)
    assert done.actions == []
    assert {kind for kind, _ in faults(done.left)} - {"missing"} <= {"event_without_run", "link_without_run"}
    assert len(done.left) == 2
    assert rows_of(shop.root) == before


def test_remove_missing_keeps_a_row_whose_file_came_back(shop: Shop) -> None:
    run_id = shop.take()
    data = shop.path(artifact(run_id)).read_bytes()
    for number in (1, 2):
        shop.path(event(run_id, number)).rename(shop.root.parent / str(number))
    shop.path(artifact(run_id)).unlink()
    plan = planned(shop.root, remove_missing=True)
    assert paths(plan, "forget") == [artifact(run_id)]
    shop.overwrite(artifact(run_id), data)
    for number in (1, 2):
        (shop.root.parent / str(number)).rename(shop.path(event(run_id, number)))
    assert apply_repair(shop.store, plan, actor=ANNA, us=US).actions == []
    assert run_id in rows_of(shop.root)
    assert verified(shop.root).ok


def test_trap_33_no_index_orphans_leaves_orphans_alone(shop: Shop) -> None:
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    before = rows_of(shop.root)
    _, done = repaired(shop.root, index_orphans=False)
    assert (done.actions, faults(done.left)) == ([], [("orphaned", artifact(run_id))])
    assert rows_of(shop.root) == before
    _, done = repaired(shop.root)
    assert (paths(done, "index"), done.left) == ([artifact(run_id)], [])
    assert run_id in rows_of(shop.root)


@pytest.mark.parametrize("left_over", [None, b"junk" * 2048, b""])
def test_an_index_that_is_missing_or_unreadable_is_made_again(shop: Shop, left_over: bytes | None) -> None:
    shop.store.reconcile(full=True)
    shop.close()
    before = rows_of(shop.root)
    (shop.root / "_index.sqlite").unlink()
    if left_over is not None:
        (shop.root / "_index.sqlite").write_bytes(left_over)
    _, done = repaired(shop.root)
    assert [(action.action, action.path) for action in done.actions] == [("rebuild", "_index.sqlite")]
    assert done.left == []
    assert rows_of(shop.root) == before
    assert verified(shop.root).ok


@pytest.mark.parametrize("left_over", [None, b"junk" * 2048])
def test_an_index_that_repair_was_told_not_to_make_is_not_made(shop: Shop, left_over: bytes | None) -> None:
    """An empty index in its place would be worse than none: it would only be known by what it lacks."""
    run_id = shop.take()
    shop.flip(artifact(run_id))
    shop.close()
    (shop.root / "_index.sqlite").unlink()
    if left_over is not None:
        (shop.root / "_index.sqlite").write_bytes(left_over)
    _, done = repaired(shop.root, index_orphans=False)
    assert [(action.action, action.path) for action in done.actions] == [("quarantine", artifact(run_id))]
    assert (shop.root / "_index.sqlite").exists() == (left_over is not None)
    assert left_over is None or (shop.root / "_index.sqlite").read_bytes() == left_over
    shop.store.reconcile()
    _assert_listed_as_error(shop, run_id)


def _assert_listed_as_error(shop: Shop, run_id: str) -> None:
    items = [json.loads(item) for item in shop.store.runs.page(RunQuery(status="ERROR"), limit=500).items]
    assert [item["run_id"] for item in items] == [run_id]


@pytest.mark.parametrize("kind", ["delete", "restore"])
def test_a_lost_last_event_is_never_papered_over(shop: Shop, kind: str) -> None:
    """Computing the row again from what is left would bring a deleted run back, and nobody would know."""
    run_id = shop.take()
    shop.event(run_id, "delete", {"mode": "soft", "reason": "wrong blade"})
    if kind == "restore":
        shop.event(run_id, "restore", {})
    number = 3 if kind == "delete" else 4
    shop.path(event(run_id, number)).unlink()
    before = rows_of(shop.root)
    _, done = repaired(shop.root, remove_missing=True)
    assert (done.actions, faults(done.left)) == ([], [("event_missing", event(run_id, number))])
    assert rows_of(shop.root) == before
    shop.store.reconcile(full=True)
    assert faults(verified(shop.root)) == [("event_missing", event(run_id, number))]
    with pytest.raises(Damage):
        shop.store.runs.record(run_id)


def test_an_object_that_was_healed_after_the_plan_is_not_moved(shop: Shop) -> None:
    """Of ours, of the earlier system (which has no `_sha256`), a blob, and a folder that made room for the file."""
    ours, blocked = shop.take(), shop.take()
    sha256 = shop.blob(b"<svg/>")
    blob, earlier = f"_attachments/{sha256[:2]}/{sha256[2:4]}/{sha256}", artifact("run_aaaaaaaaaaaa")
    members = make_members(shop.us, run_id="run_aaaaaaaaaaaa", schema=None)
    members = json.loads(digest.canonical(members))
    del members["inputs"]
    text = json.dumps(members["feasibility"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    members["hashes"]["feasibility_sha256"] = digest.sha256_hex(text.encode())
    shop.overwrite(earlier, json.dumps(members, indent=2).encode())
    shop.store.reconcile(full=True)
    assert verified(shop.root).ok
    keys = [artifact(ours), artifact(blocked), blob, earlier]
    whole = {key: shop.path(key).read_bytes() for key in keys}
    for key in (artifact(ours), blob):
        shop.flip(key, at=3)
    shop.overwrite(earlier, whole[earlier][:100])
    shop.path(artifact(blocked)).unlink()
    shop.path(artifact(blocked)).mkdir()
    plan = planned(shop.root)
    assert sorted(paths(plan, "quarantine")) == sorted(keys)
    shop.path(artifact(blocked)).rmdir()
    for key, data in whole.items():
        shop.overwrite(key, data)
    assert apply_repair(shop.store, plan, actor=ANNA, us=US).actions == []
    assert not (shop.root / "_quarantine").exists()
    assert verified(shop.root).ok


def test_what_went_away_after_the_plan_is_left_out(shop: Shop) -> None:
    run_id = shop.take()
    shop.flip(artifact(run_id))
    plan = planned(shop.root)
    shop.path(artifact(run_id)).unlink()
    assert apply_repair(shop.store, plan, actor=ANNA, us=US).actions == []


def test_a_run_damaged_twice_keeps_both_pieces(shop: Shop) -> None:
    """Restored from a back-up that was damaged too: the second piece gets a name of its own."""
    run_id = shop.take()
    shop.flip(artifact(run_id), at=300)
    first = shop.path(artifact(run_id)).read_bytes()
    repaired(shop.root)
    shop.overwrite(artifact(run_id), first[:400])
    _, done = repaired(shop.root)
    assert paths(done, "quarantine") == [artifact(run_id)]
    kept = [path.read_bytes() for path in sorted((shop.root / "_quarantine" / DAY).iterdir())]
    assert kept == [first, first[:400]]
    assert verified(shop.root).ok


def test_a_run_restored_from_a_back_up_after_quarantine_is_sound_again(shop: Shop) -> None:
    run_id = shop.take()
    whole = shop.path(artifact(run_id)).read_bytes()
    shop.flip(artifact(run_id))
    repaired(shop.root)
    shop.overwrite(artifact(run_id), whole)
    _, done = repaired(shop.root)
    assert (paths(done, "index"), done.left) == ([artifact(run_id)], [])
    assert verified(shop.root).ok
    assert shop.store.runs.record(run_id).version == 2


def test_the_copy_in_quarantine_says_nothing_about_the_run_at_its_own_place(shop: Shop) -> None:
    """A damaged copy in another date's folder: its removal leaves the true run and its row as they were."""
    run_id = shop.take()
    shop.overwrite(artifact(run_id, NEXT_DAY), shop.path(artifact(run_id)).read_bytes()[:-7])
    before = rows_of(shop.root)[run_id]
    _, done = repaired(shop.root)
    assert paths(done, "quarantine") == [artifact(run_id, NEXT_DAY)]
    for again in (lambda: None, lambda: shop.store.reconcile(full=True), lambda: _new_index(shop)):
        again()
        assert rows_of(shop.root)[run_id] == before
        assert verified(shop.root).ok
        assert shop.store.runs.record(run_id).version == 2


def test_verify_as_repair_sees_it_is_verify(big_shop: Shop) -> None:
    """Each fault is either in the plan or left for a person: nothing is dropped on the way."""
    spoiled(big_shop)
    plan = planned(big_shop.root)
    report = verify_store(open_store(big_shop.root), recheck_s=0)
    treated = {action.path for action in plan.actions}
    runs = {action.run_id for action in plan.actions if action.action == "index"}
    for found in report.findings:
        assert found in plan.left or found.path in treated or found.run_id in runs, found


def test_of_two_repairs_with_one_plan_the_second_finds_done_what_the_first_did(big_shop: Shop) -> None:
    all_at_once(big_shop)
    big_shop.close()
    first, second = planned(big_shop.root), planned(big_shop.root)
    writing = open_store(big_shop.root, write=True)
    assert apply_repair(writing, first, actor=ANNA, us=US).actions
    moved = contents(big_shop.root)
    assert [
        action for action in apply_repair(writing, second, actor=ANNA, us=US).actions if action.action == "quarantine"
    ] == []
    assert contents(big_shop.root) == moved


def test_a_repair_waits_for_another_one_and_moves_nothing_without_the_lock(big_shop: Shop) -> None:
    all_at_once(big_shop)
    big_shop.close()
    plan, before = planned(big_shop.root), contents(big_shop.root)
    with file_lock(big_shop.root / "_index.lock", wait_s=0), pytest.raises(StoreLocked):
        apply_repair(open_store(big_shop.root, write=True), plan, actor=ANNA, us=US, wait_s=0)
    assert contents(big_shop.root) == before
