"""A store copied as it is: all kinds of objects, in an order that can be cut off, nothing overwritten, also in use."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rmos.checks.verify import verify_store
from rmos.errors.installation import StoreUnusable
from rmos.errors.store import ObjectUnavailable, OutOfSpace, SourceUnreadable, StorageUnavailable
from rmos.index import open_index
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.store import Store, layout
from rmos.transfer.copy_plan import ORDER, rank_of
from rmos.transfer.copying import Copied, compare_stores, copy_store, plan_store_copy, preview_copy
from tests.checks.shops import Shop, artifact, event, verified
from tests.helpers.dying import die_at_create
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.whole_store import WholeStore, list_kinds, objects_of
from tests.makers import ANNA, US, summarise


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStore]:
    """Return a store with everything in it, which nobody changes."""
    made = WholeStore(tmp_path_factory.mktemp("whole") / "runs")
    yield made
    made.shop.close()


def copy(source: Objects, target: Objects) -> Copied:
    return copy_store(source, target, plan_store_copy(source, target))


def test_every_kind_of_object_has_its_turn() -> None:
    assert set(ORDER) == set(layout.KINDS)
    assert len(ORDER) == len(layout.KINDS)


def test_everything_that_was_recorded_goes_along_into_any_place_and_back(whole: WholeStore, tmp_path: Path) -> None:
    source, bucket = whole.store.objects, MemoryObjects()
    back = open_objects(tmp_path / "runs")
    assert copy(source, bucket).ok
    assert copy(bucket, back).ok
    recorded = objects_of(source)
    assert objects_of(bucket) == objects_of(back) == recorded
    assert list_kinds(recorded) == {kind.name for kind in layout.KINDS}
    assert {key.partition("/")[0] for key in recorded} >= {layout.EVIDENCE, "_quarantine", layout.FORMAT_KEY}
    report = verified(tmp_path / "runs")
    assert {found.kind for found in report.findings} == {"index_missing"}
    again = copy(source, back)
    assert (again.total, again.there) == (0, len(recorded))


def test_what_it_would_do_is_what_it_does_and_is_said_without_a_write(whole: WholeStore) -> None:
    source, bucket = whole.store.objects, MemoryObjects()
    bucket.fail = lambda verb, key: AssertionError(verb) if verb.startswith(("create", "prepare")) else None  # type: ignore[return-value]
    plan = plan_store_copy(source, bucket)
    preview = preview_copy(plan)
    bucket.fail = lambda verb, key: None
    assert preview == copy_store(source, bucket, plan)
    assert preview.copied["runs"] == 3
    counted = {kind.counted_as for kind in layout.KINDS} | {"store_files", "evidence", "quarantined"}
    assert preview.copied.keys() == counted


def test_cut_off_at_any_object_nothing_is_there_before_what_it_is_about_and_it_goes_on(whole: WholeStore) -> None:
    source, recorded = whole.store.objects, objects_of(whole.store.objects)
    for count in range(len(recorded)):
        bucket = MemoryObjects()
        turns = iter(range(count))

        def stop(verb: str, key: str, turns: Iterator[int] = turns) -> OutOfSpace | None:
            is_over = verb in ("create", "create_blob") and next(turns, None) is None
            return OutOfSpace("The disk is full.") if is_over else None

        bucket.fail = stop
        with pytest.raises(OutOfSpace):
            copy(source, bucket)
        bucket.fail = lambda verb, key: None
        begun = objects_of(bucket)
        assert begun.items() <= recorded.items()
        highest = max((rank_of(key) for key in begun), default=None)
        missing = {key for key in recorded.keys() - begun.keys() if highest and rank_of(key) < highest}
        assert missing == set()
        assert copy(source, bucket).total == len(recorded) - len(begun)
        assert objects_of(bucket) == recorded


def test_killed_before_any_object_it_goes_on_when_it_is_run_again(whole: WholeStore, tmp_path: Path) -> None:
    source, recorded = whole.store.objects, objects_of(whole.store.objects)
    for nth in range(1, len(recorded) + 1, 7):
        target = open_objects(tmp_path / f"target{nth}")
        die_at_create(target, nth, partial(copy, source))
        assert objects_of(target).items() < recorded.items()
        assert copy(source, target).ok
        assert objects_of(target) == recorded


def test_other_bytes_under_a_name_stay_and_are_named(whole: WholeStore) -> None:
    source, bucket = whole.store.objects, MemoryObjects()
    key, late = artifact(whole.run_id), artifact(whole.shop.pool[0])
    bucket.create(key, b"other bytes")
    plan = plan_store_copy(source, bucket)
    bucket.create(late, b"made meanwhile")
    report = copy_store(source, bucket, plan)
    assert (report.conflicts, report.ok) == ([late], False)
    compare_stores(source, bucket, report)
    assert sorted(report.conflicts) == sorted([key, late])
    assert report.compared == len(objects_of(source))
    assert (bucket.read(key), bucket.read(late)) == (b"other bytes", b"made meanwhile")


def test_a_corrupt_file_is_named_and_not_copied_under_another_name(tmp_path: Path) -> None:
    whole = WholeStore(tmp_path / "runs")
    key = f"{layout.blob_folder_key(whole.blob)}/{whole.blob}"
    whole.shop.flip(key, at=3)
    bucket = MemoryObjects()
    report = copy(whole.store.objects, bucket)
    assert (report.damaged, report.ok) == ([key], False)
    assert objects_of(whole.store.objects).keys() - objects_of(bucket).keys() == {key}
    whole.shop.close()


def test_an_object_that_is_not_given_is_named_and_a_storage_that_gives_none_ends_the_copy(whole: WholeStore) -> None:
    source, bucket = MemoryObjects(), MemoryObjects()
    copy(whole.store.objects, source)
    bad = artifact(whole.run_id)
    source.fail = lambda verb, key: ObjectUnavailable("Not now.") if key == bad and verb != "entries" else None
    report = copy(source, bucket)
    assert (report.damaged, report.ok) == ([bad], False)
    source.fail = lambda verb, key: StorageUnavailable("No answer.") if verb == "read" else None
    with pytest.raises(StorageUnavailable):
        copy(source, bucket)
    source.fail = lambda verb, key: None
    assert copy(source, bucket).total == 1


def test_a_mirror_takes_what_is_new_and_erases_what_was_erased(tmp_path: Path) -> None:
    whole = WholeStore(tmp_path / "runs")
    source, mirror = whole.store.objects, open_objects(tmp_path / "mirror" / "runs")
    copy(source, mirror)
    whole.store.deletes.hard(whole.run_id, "a customer's name", actor=ANNA, us=US)
    whole.change_session("u3")
    report = copy(source, mirror)
    assert (report.copied, report.erased) == ({"events": 1, "session_events": 1}, 1)
    assert objects_of(mirror) == objects_of(source)
    whole.shop.close()


class _BusyStore:
    """A store that is written to whenever a folder of it was listed."""

    def __init__(self, shop: Shop, objects: Objects) -> None:
        self.shop = shop
        genuine = objects.entries

        def list_entries(folder: str) -> list[object]:
            listed = list(genuine(folder))
            blob = self.shop.store.blobs.put_bytes(b"G1 X%d\n" % self.shop.us).sha256
            run_id = self.shop.put(attachments=[{"sha256": blob, "kind": "gcode"}])
            self.shop.event(run_id, "advisory", {"advisory_id": "adv"})
            return listed

        objects.entries = list_entries  # type: ignore[method-assign, assignment]


def test_the_copy_of_a_store_in_use_is_whole(tmp_path: Path) -> None:
    whole = WholeStore(tmp_path / "runs")
    source = open_objects(tmp_path / "runs")
    _BusyStore(whole.shop, source)
    bucket = MemoryObjects()
    report = copy(source, bucket)
    assert report.ok
    assert report.copied["runs"] > 3
    copied = Store(bucket, open_index(tmp_path / "index"), summarise=summarise)
    (tmp_path / "index").mkdir()
    copied.reconcile()
    assert verify_store(copied, recheck_s=0).findings == []
    copied.index.close()
    whole.shop.close()


def test_events_whose_run_was_listed_too_early_bring_it_along(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "runs").fill(1)
    [run_id] = shop.pool
    source = open_objects(tmp_path / "runs")
    entries = source.entries
    hidden = {Path(artifact(run_id)).name, Path(event(run_id, 1)).name}
    source.entries = lambda folder: (one for one in entries(folder) if one.name not in hidden)  # type: ignore[method-assign]
    bucket = MemoryObjects()
    copy(source, bucket)
    assert {artifact(run_id), event(run_id, 1), event(run_id, 2)} <= objects_of(bucket).keys()
    shop.close()


def test_a_run_that_is_erased_while_it_waits_leaves_its_events(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "runs").fill(2)
    source, bucket = shop.store.objects, MemoryObjects()
    plan = plan_store_copy(source, bucket)
    erased = shop.take()
    shop.store.deletes.hard(erased, "a customer's name", actor=ANNA, us=US)
    report = copy_store(source, bucket, plan)
    assert (report.gone, report.ok) == (1, True)
    assert objects_of(bucket) == objects_of(source)
    shop.close()


def test_two_records_are_never_mixed_and_nothing_but_a_store_is_copied(tmp_path: Path, whole: WholeStore) -> None:
    other = WholeStore(tmp_path / "other" / "runs")
    for source, target, told in (
        (whole.store.objects, other.store.objects, "another record"),
        (open_objects(tmp_path / "absent"), MemoryObjects(), "no store to copy"),
        (open_objects(tmp_path), MemoryObjects(), "no store to copy"),
        (whole.store.objects, open_objects(tmp_path), "something else"),
    ):
        with pytest.raises(SourceUnreadable, match=told):
            plan_store_copy(source, target)
    newer = MemoryObjects()
    newer.create(layout.FORMAT_KEY, b'{"format":2}')
    for source, target in ((whole.store.objects, newer), (newer, MemoryObjects())):
        with pytest.raises(StoreUnusable, match="format 2"):
            plan_store_copy(source, target)
    other.shop.close()


def test_what_hosts_leave_for_one_another_stays_behind_and_what_is_no_record_is_named(whole: WholeStore) -> None:
    source, bucket = MemoryObjects(), MemoryObjects()
    copy(whole.store.objects, source)
    for key in ("_probe/x/1", "_behind/2025-12-23/run_1.0", "_renewed/ab.1", "_index.lock"):
        source.create(key, b"")
    source.create("notes.txt", b"mine")
    report = copy(source, bucket)
    assert (report.left, report.ok) == (["notes.txt"], True)
    assert objects_of(bucket) == objects_of(whole.store.objects)
