"""Orphans are artifacts that the index does not know; what belongs to a run never is one."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.checks import orphans
from rmos.checks.orphans import MIN_AGE_S, Orphan, find_orphans, is_movable, move_orphans
from rmos.objects.base import MAX_OBJECT_BYTES
from tests.checks.shops import DAY, NEXT_DAY, Shop, artifact, contents, event, open_store, places, rows_of, verified
from tests.earlier_system import make_earlier_store, snapshot

OLD = MIN_AGE_S + 60
INDEX_FILES = frozenset({"_index.sqlite", "_index.sqlite-wal", "_index.sqlite-shm", "_index.lock"})


def found(shop: Shop) -> list[Orphan]:
    """Return the orphans, looked at again at once."""
    store = open_store(shop.root)
    try:
        return find_orphans(store, recheck_s=0)
    finally:
        store.index.close()


def age(shop: Shop, key: str, seconds: float) -> None:
    """Make a file look as old as that."""
    then = time.time() - seconds
    os.utime(shop.path(key), (then, then), follow_symlinks=False)


def damaged_orphan(shop: Shop, *, seconds: float) -> str:
    """Make an artifact that the index does not know and reconcile cannot index; return its key."""
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    shop.flip(artifact(run_id))
    age(shop, artifact(run_id), seconds)
    return artifact(run_id)


def test_trap_32_a_healthy_store_has_no_orphans(shop: Shop) -> None:
    """Events, links, claims, blobs, sessions, debris: none is an artifact."""
    run_id = shop.put(attachments=[{"sha256": shop.blob(b"<svg/>"), "kind": "svg"}])
    for name in (f"{run_id}_advisory_adv_1", f"run_{run_id}_advisory_adv_2", f"{run_id}_advisory_x_advisory_y"):
        shop.overwrite(f"{DAY}/{name}.json", b'{"advisory_id": "x"}')
    shop.overwrite(f"{DAY}/run_aaaaaaaaaaaa_advisory_adv_1.json", b"{}")
    shop.overwrite(f"{DAY}/run_aaaaaaaaaaaa.000001.json", b"{}")
    shop.overwrite(f"{DAY}/.tmp-young", b"{}")
    shop.overwrite("_sessions/2025-12-23/ws_aaaaaaaaaaaa.000001.json", b"{}")
    shop.claim("one")
    deleted = shop.take()
    shop.event(deleted, "delete", {"mode": "soft", "reason": "wrong blade"})
    assert found(shop) == []


def test_trap_32_a_store_of_the_earlier_system_has_no_orphans_once_it_was_opened(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path, runs=30)
    store = open_store(earlier.root, write=True)
    store.reconcile()
    assert find_orphans(store, recheck_s=0) == []
    store.index.close()


def test_without_an_index_every_artifact_is_one_and_none_is_ever_moved(shop: Shop) -> None:
    shop.close()
    (shop.root / "_index.sqlite").unlink()
    for run_id in shop.pool:
        age(shop, artifact(run_id), OLD)
    listed = found(shop)
    assert sorted(orphan.run_id for orphan in listed) == sorted(shop.pool)
    assert all(orphan.indexable for orphan in listed)
    before = snapshot(shop.root, exclude=INDEX_FILES)
    assert move_orphans(shop.store, listed) == []
    assert snapshot(shop.root, exclude=INDEX_FILES) == before


def test_what_can_be_indexed_is_left_however_old(shop: Shop) -> None:
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    age(shop, artifact(run_id), 100 * OLD)
    (orphan,) = found(shop)
    assert (orphan.path, orphan.run_id, orphan.indexable) == (artifact(run_id), run_id, True)
    assert not is_movable(orphan)
    assert move_orphans(shop.store, [orphan]) == []
    assert shop.path(artifact(run_id)).exists()


@pytest.mark.parametrize(
    ("seconds", "moves"), [(0, False), (MIN_AGE_S - 60, False), (OLD, True), (60 - MIN_AGE_S, False), (-OLD, True)]
)
def test_trap_46_what_cannot_be_indexed_is_moved_only_when_its_time_is_over_an_hour_away(
    shop: Shop, seconds: int, moves: bool
) -> None:
    key = damaged_orphan(shop, seconds=seconds)
    (orphan,) = found(shop)
    assert (orphan.path, orphan.indexable, is_movable(orphan)) == (key, False, moves)
    assert orphan.reason
    moved = move_orphans(shop.store, [orphan])
    assert [gone.path for gone in moved] == ([key] if moves else [])
    assert shop.path(key).exists() is not moves


def test_trap_32_what_is_moved_is_moved_and_nothing_else(shop: Shop) -> None:
    """Every byte is still there, and so are the run's events; its id stays taken and lists name it."""
    key = damaged_orphan(shop, seconds=OLD)
    damaged_orphan(shop, seconds=5)
    whole = shop.take()
    shop.store.index.runs.forget([whole])
    age(shop, artifact(whole), OLD)
    before, held = places(shop.root), contents(shop.root)
    moved = move_orphans(shop.store, found(shop))
    assert [orphan.path for orphan in moved] == [key]
    after = places(shop.root)
    assert before.keys() - after.keys() == {key}
    assert after.keys() - before.keys() == {f"_quarantine/{key}"}
    assert contents(shop.root) == held
    assert rows_of(shop.root)[moved[0].run_id][4] == "damaged"
    assert moved[0].path in verified(shop.root).quarantined
    assert moved[0].path not in [orphan.path for orphan in found(shop)]


@pytest.mark.parametrize("how", ["healed", "gone", "touched"])
def test_each_is_looked_at_again_just_before_it_is_moved(shop: Shop, how: str) -> None:
    run_id = shop.take()
    whole = shop.path(artifact(run_id)).read_bytes()
    shop.store.index.runs.forget([run_id])
    shop.flip(artifact(run_id))
    age(shop, artifact(run_id), OLD)
    listed = found(shop)
    assert [is_movable(orphan) for orphan in listed] == [True]
    if how == "healed":
        shop.overwrite(artifact(run_id), whole)
        age(shop, artifact(run_id), OLD)
    elif how == "gone":
        shop.path(artifact(run_id)).unlink()
    else:
        shop.overwrite(artifact(run_id), whole[:-1])
    before = snapshot(shop.root, exclude=INDEX_FILES)
    assert move_orphans(shop.store, listed) == []
    assert snapshot(shop.root, exclude=INDEX_FILES) == before


def test_a_run_that_was_indexed_in_between_is_no_orphan(shop: Shop) -> None:
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    (orphan,) = found(shop)
    shop.store.refold([(DAY, run_id)])
    assert found(shop) == []
    assert move_orphans(shop.store, [orphan]) == []


def test_a_suspicion_is_looked_at_again_before_it_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    late, stays = shop.take(), shop.take()
    shop.store.index.runs.forget([late, stays])
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        shop.store.refold([(DAY, late)])

    monkeypatch.setattr(orphans.time, "sleep", sleep)
    store = open_store(shop.root)
    assert [orphan.run_id for orphan in find_orphans(store)] == [stays]
    assert waited == [2.0]
    store.index.close()


def test_a_service_that_starts_between_the_looks_is_seen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    late = shop.take()
    shop.store.index.runs.forget([late])
    shop.close()
    monkeypatch.setattr(orphans.time, "sleep", lambda seconds: shop.store.refold([(DAY, late)]))
    store = open_store(shop.root)
    assert find_orphans(store) == []
    store.index.close()


Make = Callable[[Shop], str]


def _false(shop: Shop) -> str:
    run_id = shop.take()
    shop.reseal(artifact(run_id), feasibility={})
    shop.store.index.runs.forget([run_id])
    return artifact(run_id)


def _copy(shop: Shop) -> str:
    run_id = shop.take()
    shop.overwrite(artifact(run_id, NEXT_DAY), shop.path(artifact(run_id)).read_bytes())
    return artifact(run_id, NEXT_DAY)


def _misnamed(shop: Shop) -> str:
    run_id = shop.take()
    shop.overwrite(artifact("run_aaaaaaaaaaaa"), shop.path(artifact(run_id)).read_bytes())
    return artifact("run_aaaaaaaaaaaa")


@pytest.mark.parametrize("make", [_false, _copy, _misnamed], ids=lambda make: make.__name__[1:])
def test_what_vouches_for_itself_is_told_and_never_moved(shop: Shop, make: Make) -> None:
    key = make(shop)
    age(shop, key, OLD)
    listed = found(shop)
    assert [(orphan.path, orphan.indexable) for orphan in listed] == [(key, False)]
    before = snapshot(shop.root, exclude=INDEX_FILES)
    assert move_orphans(shop.store, listed) == []
    assert snapshot(shop.root, exclude=INDEX_FILES) == before


def test_what_cannot_be_read_is_told_and_left_to_a_person(shop: Shop) -> None:
    """It may be whole: of too large a file, or one without permission, nobody knows."""
    run_id = shop.put()
    shop.path(artifact(run_id)).chmod(0o644)
    os.truncate(shop.path(artifact(run_id)), MAX_OBJECT_BYTES + 1)
    shop.store.index.runs.forget([run_id])
    age(shop, artifact(run_id), OLD)
    listed = found(shop)
    assert [(orphan.run_id, orphan.indexable) for orphan in listed] == [(run_id, False)]
    assert move_orphans(shop.store, listed) == []
    assert shop.path(artifact(run_id)).exists()


def test_a_run_known_as_damaged_through_its_events_alone_is_no_orphan(shop: Shop) -> None:
    run_id = shop.take()
    shop.flip(event(run_id, 1))
    shop.store.reconcile(full=True)
    assert found(shop) == []


def test_a_run_known_as_damaged_is_one_and_can_be_moved(shop: Shop) -> None:
    run_id = shop.take()
    shop.flip(artifact(run_id))
    shop.store.reconcile(full=True)
    age(shop, artifact(run_id), OLD)
    listed = found(shop)
    assert [(orphan.run_id, is_movable(orphan)) for orphan in listed] == [(run_id, True)]
    assert [orphan.run_id for orphan in move_orphans(shop.store, listed)] == [run_id]
    assert found(shop) == []
    assert verified(shop.root).ok


def test_moving_without_an_index_makes_none(shop: Shop) -> None:
    """An empty index would only be known by what it lacks; the next start or rebuild makes a whole one."""
    run_id = shop.take()
    shop.flip(artifact(run_id))
    age(shop, artifact(run_id), OLD)
    shop.close()
    (shop.root / "_index.sqlite").unlink()
    moved = move_orphans(shop.store, [orphan for orphan in found(shop) if is_movable(orphan)])
    assert [orphan.run_id for orphan in moved] == [run_id]
    assert not (shop.root / "_index.sqlite").exists()
