"""The store over a bucket: everything that the record can be asked to do, with an index that is a file as yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.errors.records import RunDeleted
from rmos.errors.store import RecordDamaged, StorageUnavailable
from rmos.index import open_index
from rmos.objects.s3 import S3Objects
from rmos.row_models import SessionQuery
from rmos.store import Store, layout
from rmos.store.sessions import SessionChange
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.makers import ANNA, US, summarise
from tests.store.writing import DAY, answers, fill


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BucketServer]:
    with BucketServer(tmp_path / "server") as made:
        yield made


@pytest.fixture
def objects(server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    made = open_bucket(server.url, BUCKET, tmp_path, monkeypatch, prefix="shop")
    made.prepare()
    return made


@pytest.fixture
def store(objects: S3Objects, tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "index").mkdir()
    made = Store(objects, open_index(tmp_path / "index"), summarise=summarise)
    made.reconcile()
    yield made
    made.index.close()


def test_runs_are_put_read_deleted_and_brought_back_by_a_reconcile(store: Store, tmp_path: Path) -> None:
    runs = fill(store)
    store.sessions.create(ids.new_session_id(US), SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    store.deletes.hard(runs[3], "a customer's name", actor=ANNA, us=US)
    with pytest.raises(RunDeleted):
        store.runs.record(runs[3])
    before = answers(store)
    (tmp_path / "index" / "_index.sqlite").unlink()
    store.index.close()
    assert store.reconcile().replaced_index
    assert answers(store) == before
    assert store.session_lists.page(SessionQuery(), limit=5).count == 1
    assert verify_store(store, recheck_s=0).ok


def test_work_is_spread_over_threads_and_finds_damage(store: Store, objects: S3Objects, server: BucketServer) -> None:
    runs = fill(store)
    path = server.folder / "shop" / layout.artifact_key(DAY, runs[0])
    path.write_bytes(path.read_bytes()[:-1])
    assert store.reconcile(full=True, workers=2).damaged == 1
    with pytest.raises(RecordDamaged):
        store.runs.record(runs[0])
    report = verify_store(store, workers=2, recheck_s=0)
    assert [found.kind for found in report.findings] == ["corrupt"]


def test_what_a_probe_and_a_renewed_blob_leave_in_the_bucket_is_no_finding(store: Store, objects: S3Objects) -> None:
    fill(store)
    for _ in range(2):
        store.blobs.put_bytes(b"a drawing that was brought twice")
    objects.create("_probe/0123456789abcdef/order", b"first")
    assert verify_store(store, recheck_s=0).ok


def test_a_bucket_that_is_gone_damages_nothing_and_marks_nothing(
    store: Store, objects: S3Objects, server: BucketServer
) -> None:
    runs = fill(store)
    before = answers(store)
    server.folder.rename(server.folder.with_name("elsewhere"))
    for ask in (
        lambda: store.reconcile(full=True),
        lambda: store.runs.record(runs[0]),
        lambda: verify_store(store, recheck_s=0),
    ):
        with pytest.raises(StorageUnavailable):
            ask()
    server.folder.with_name("elsewhere").rename(server.folder)
    store.reconcile(full=True)
    assert answers(store) == before
