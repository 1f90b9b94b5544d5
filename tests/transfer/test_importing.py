"""Bringing runs of another store in: bytes unchanged, nothing overwritten, nothing hostile let in, never half."""

import itertools
import json
import os
import shutil
import stat
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.checks.verify import verify_store
from rmos.errors.records import RunDeleted
from rmos.errors.store import SourceUnreadable
from rmos.objects.base import MAX_OBJECT_BYTES
from rmos.row_models import OutcomeQuery
from rmos.store import Store, layout
from rmos.transfer.importing import Imported, import_runs
from tests.earlier_system import EarlierStore, make_earlier_store
from tests.helpers.dying import die_at_object
from tests.makers import ANNA, US, add_event, listed_ids, make_members, open_store

Change = dict[str, object]
MIB = 1024 * 1024


class Other:
    """Another store, to import from: a run of each kind."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "runs"
        self.store = open_store(folder)
        blob = b"G21\nG1 X1 F900\n"
        self.blob = digest.sha256_hex(blob)
        self.store.objects.create(f"{layout.blob_folder_key(self.blob)}/{self.blob}", blob)
        attachment = {"sha256": self.blob, "kind": "gcode"}
        self.plain, self.noted, self.soft, self.hard = (
            self.store.runs.put(make_members(US + number, attachments=[attachment])).view.artifact.run_id
            for number in range(4)
        )
        add_event(self.store, self.noted, "advisory", {"advisory_id": "adv"}, actor=ANNA, us=US)
        self.store.deletes.soft(self.soft, "a trial cut", actor=ANNA, us=US)
        self.store.deletes.hard(self.hard, "a customer's name", actor=ANNA, us=US)
        self.store.index.close()

    def zipped(self, path: Path) -> Path:
        """Put the store into an archive."""
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(self.root.rglob("*")):
                if file.is_file() and not file.name.startswith("_index"):
                    archive.write(file, file.relative_to(self.root))
        return path


@pytest.fixture
def other(tmp_path: Path) -> Other:
    return Other(tmp_path / "other")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store to import into."""
    made = open_store(tmp_path / "here")
    yield made
    made.index.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "here" / "runs"


def bring_in(store: Store, path: Path) -> Imported:
    return import_runs(store, path, actor=ANNA, us=ids.now_us())


def files_of(root: Path) -> dict[str, bytes]:
    """Return the record, without what is the store's own."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not str(path.relative_to(root)).startswith(("_index", "_audit", "_format"))
    }


def audited(store: Store) -> list[str]:
    return sorted(record.target for date in store.audit.days() for record in store.audit.day(date))


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_runs_come_in_byte_for_byte_with_events_and_blobs_and_deletes(
    store: Store, root: Path, other: Other, tmp_path: Path, zipped: bool
) -> None:
    report = bring_in(store, other.zipped(tmp_path / "other.zip") if zipped else other.root)
    assert (report.imported, report.there, report.blobs, report.ok) == (4, 0, 1, True)
    assert files_of(root) == files_of(other.root)
    assert listed_ids(store) == [other.noted, other.plain]
    with pytest.raises(RunDeleted):
        store.runs.record(other.hard)
    assert verify_store(store, recheck_s=0).ok


def test_what_became_of_cuts_comes_along_and_counts_here(store: Store, tmp_path: Path) -> None:
    there = open_store(tmp_path / "elsewhere")
    run_id = there.runs.put(make_members(US, machine_id="m1")).view.artifact.run_id
    said = {"ended": "completed", "part": "good", "outcome": "done", "quantity": 2}
    for data in (said, {**said, "quantity": 3, "corrects": 1}):
        add_event(there, run_id, "outcome", data, actor=ANNA, us=US)
    there.index.close()
    import_runs(store, tmp_path / "elsewhere" / "runs", actor=ANNA, us=US)
    [total] = store.outcome_lists.totals(OutcomeQuery(), "machine")
    assert (total.group, total.jobs, total.good) == ("m1", 1, 3)
    assert [entry["corrected_by"] for entry in store.runs.record(run_id).view().outcomes] == [2, None]
    assert verify_store(store, recheck_s=0).ok


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_a_file_larger_than_any_record_comes_in_block_by_block(
    store: Store, root: Path, tmp_path: Path, zipped: bool
) -> None:
    other = Other(tmp_path / "other")
    size = MAX_OBJECT_BYTES + 1
    blob = other.store.blobs.put(itertools.chain((bytes(MIB) for _ in range(64)), [b"1"]), max_bytes=size)
    run = make_members(US + 9, attachments=[{"sha256": blob.sha256, "kind": "video"}])
    run_id = other.store.runs.put(run).view.artifact.run_id
    source = other.zipped(tmp_path / "other.zip") if zipped else other.root
    tracemalloc.start()
    report = bring_in(store, source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.refused, report.imported, report.blobs) == ([], 5, 2)
    assert store.blobs.verify(blob.sha256).ok
    assert store.runs.record(run_id)
    assert peak < 8 * MIB


def test_a_large_file_that_is_not_what_its_name_says_takes_its_run_with_it(store: Store, tmp_path: Path) -> None:
    other = Other(tmp_path / "other")
    path = other.root / layout.blob_folder_key(other.blob) / other.blob
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(MAX_OBJECT_BYTES + 1)
    report = bring_in(store, other.root)
    assert len(report.refused) == 3
    assert (report.imported, report.blobs) == (1, 0)


def test_importing_again_is_a_success_and_writes_nothing(store: Store, root: Path, other: Other) -> None:
    bring_in(store, other.root)
    before = files_of(root)
    again = bring_in(store, other.root)
    assert (again.imported, again.there, again.ok) == (0, 4, True)
    assert files_of(root) == before


def test_trap_32_a_store_of_the_earlier_system_comes_in_with_its_links_and_has_no_orphans(
    store: Store, root: Path, tmp_path: Path
) -> None:
    earlier: EarlierStore = make_earlier_store(tmp_path / "earlier", runs=30)
    report = bring_in(store, earlier.root)
    assert report.refused == []
    assert report.imported == len(earlier.artifacts)
    for run_id, path in earlier.artifacts.items():
        assert (root / path.parent.name / path.name).read_bytes() == path.read_bytes(), run_id
    assert set(listed_ids(store)) == set(earlier.run_ids)
    assert report.deleted == len(earlier.deleted) > 0
    for run_id, tombstone in earlier.deleted.items():
        deletion = store.deletes.find(run_id)
        assert deletion is not None
        assert deletion.reason == tombstone["deleted_reason"]
    assert {link for links in earlier.advisory_links.values() for link in links}
    assert {fault.kind for fault in verify_store(store, recheck_s=0).findings} <= {"legacy_json_digest"}
    again = bring_in(store, earlier.root)
    assert (again.imported, again.deleted, again.ok) == (0, 0, True)


def test_what_collides_is_told_and_nothing_is_overwritten(store: Store, root: Path, other: Other) -> None:
    mine = store.runs.put({**make_members(US), "run_id": other.plain, "notes": "mine"}).view.artifact.run_id
    kept = (root / layout.artifact_key(ids.partition_of(US), mine)).read_bytes()
    report = bring_in(store, other.root)
    assert [conflict.record_id for conflict in report.conflicts] == [other.plain]
    assert (root / layout.artifact_key(ids.partition_of(US), mine)).read_bytes() == kept
    assert report.imported == 3


def test_histories_that_went_on_otherwise_are_a_conflict(store: Store, other: Other) -> None:
    shutil.copytree(other.root, Path(store.objects.root), dirs_exist_ok=True, ignore=shutil.ignore_patterns("_index*"))
    store.reconcile()
    add_event(store, other.plain, "advisory", {"advisory_id": "mine"}, actor=ANNA, us=US)
    theirs = open_store(other.root.parent)
    add_event(theirs, other.plain, "advisory", {"advisory_id": "theirs"}, actor=ANNA, us=US)
    theirs.index.close()
    report = bring_in(store, other.root)
    assert [conflict.record_id for conflict in report.conflicts] == [other.plain]
    assert store.runs.record(other.plain).events[0].data == {"advisory_id": "mine"}


def test_a_run_that_was_erased_here_does_not_come_back(store: Store, other: Other) -> None:
    bring_in(store, other.root)
    store.deletes.hard(other.plain, "a customer's name", actor=ANNA, us=US)
    report = bring_in(store, other.root)
    assert [conflict.record_id for conflict in report.conflicts] == [other.plain]
    with pytest.raises(RunDeleted):
        store.runs.record(other.plain)


def test_damage_links_and_foreign_files_are_refused_with_one_audit_record_each(store: Store, other: Other) -> None:
    day = other.root / ids.partition_of(US)
    torn, altered_event = day / f"{other.plain}.json", day / f"{other.noted}.000001.json"
    for path in (torn, altered_event):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(b"anna", b"eve!").replace(b"router", b"laser!"))
    (day / "notes.txt").write_text("x")
    (other.root / "setup.exe").write_text("x")
    (day / "run_0123456789ab.json").symlink_to("/etc/hostname")
    (other.root / "2025-12-24").symlink_to(day)
    os.mkfifo(day / "run_0123456789ac.json")
    report = bring_in(store, other.root)
    expected = [
        f"{day.name}/{other.plain}.json", f"{day.name}/{other.noted}.json", f"{day.name}/notes.txt", "setup.exe",
        f"{day.name}/run_0123456789ab.json", "2025-12-24", f"{day.name}/run_0123456789ac.json",
    ]  # fmt: skip
    assert audited(store) == sorted(expected)
    assert len(report.refused) == len(expected)
    assert report.imported == 2
    assert verify_store(store, recheck_s=0).ok


def test_a_run_under_another_name_or_date_is_refused(store: Store, other: Other) -> None:
    day = other.root / ids.partition_of(US)
    (other.root / "2025-12-30").mkdir()
    shutil.copy(day / f"{other.plain}.json", other.root / "2025-12-30")
    shutil.copy(day / f"{other.plain}.json", day / "run_0123456789ab.json")
    report = bring_in(store, other.root)
    assert audited(store) == [f"{day.name}/run_0123456789ab.json", f"2025-12-30/{other.plain}.json"]
    assert report.imported == 4


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_of_an_archive_that_climb_are_links_or_are_there_twice_are_refused(
    store: Store, other: Other, tmp_path: Path
) -> None:
    path = other.zipped(tmp_path / "other.zip")
    twice = f"{ids.partition_of(US)}/{other.plain}.json"
    hostile = [
        "../escape.json",
        "/etc/escape.json",
        "2025-12-23/../../escape.json",
        "a//b.json",
        "c:\\escape.json",
        "..\\escape.json",
    ]
    with zipfile.ZipFile(path, "a") as archive:
        for name in hostile:
            archive.writestr(name, b"{}")
        archive.writestr(twice, b"{}")
        archive.writestr(link("2025-12-23/run_0123456789ab.json"), "/etc/hostname")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    report = bring_in(store, path)
    assert len(report.refused) == len(audited(store)) == len(hostile) + 2
    assert report.imported == 3
    assert not [name for name in {path.name for path in tmp_path.rglob("*")} - set(before) if "escape" in name]
    assert other.plain not in listed_ids(store)


def repacked(other: Other, path: Path, top: str, separator: str = "/") -> Path:
    """Put the store into an archive under a folder, as a system does that has names and files of its own."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files_of(other.root).items():
            packed = f"{top}{name}".replace("/", separator)
            archive.writestr(packed, data)
            archive.writestr(f"__MACOSX/{top}._{name.rpartition('/')[2]}", b"resource fork")
        archive.writestr(f"{top}2025-12-30/".replace("/", separator), b"")
        archive.writestr(f"{top}.DS_Store", b"Bud1")
    return path


@pytest.mark.parametrize("separator", ["/", "\\"])
@pytest.mark.parametrize("top", ["", "runs/", "backup of autumn/instance/runs/"])
def test_trap_44_a_zip_with_its_folder_on_top_or_with_backslashes_comes_in(
    store: Store, root: Path, other: Other, tmp_path: Path, top: str, separator: str
) -> None:
    report = bring_in(store, repacked(other, tmp_path / "other.zip", top, separator))
    assert (report.imported, report.blobs, report.refused) == (4, 1, [])
    assert files_of(root) == files_of(other.root)


def test_trap_44_a_folder_that_holds_nothing_but_a_store_is_taken_for_it(
    store: Store, root: Path, other: Other, tmp_path: Path
) -> None:
    unpacked = tmp_path / "unpacked" / "autumn"
    unpacked.mkdir(parents=True)
    (unpacked.parent / ".DS_Store").write_bytes(b"Bud1")
    other.root.rename(unpacked / "runs")
    (unpacked / "runs" / "._2025-12-30").write_bytes(b"resource fork")
    report = bring_in(store, unpacked.parent)
    assert (report.imported, report.refused) == (4, [])
    assert files_of(root).keys() == files_of(unpacked / "runs").keys() - {"._2025-12-30"}


def test_blobs_of_the_earlier_system_are_found_beside_the_runs_of_a_zip(
    store: Store, other: Other, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name, data in files_of(other.root).items():
            archive.writestr(
                f"data/{name.replace('_attachments', 'attachments')}" if "_att" in name else f"data/runs/{name}", data
            )
    report = bring_in(store, tmp_path / "other.zip")
    assert (report.imported, report.blobs, report.refused) == (4, 1, [])


def test_a_zip_of_two_stores_is_refused_before_anything_is_taken_in(
    store: Store, root: Path, other: Other, tmp_path: Path
) -> None:
    path = repacked(other, tmp_path / "other.zip", "a/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b/_format.json", b'{"format":1}')
    with pytest.raises(SourceUnreadable, match="several stores"):
        bring_in(store, path)
    assert files_of(root) == {}


def test_a_folder_that_is_no_store_and_a_file_that_is_no_zip_are_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no zip")
    for path in (tmp_path / "file", tmp_path / "absent"):
        with pytest.raises(SourceUnreadable):
            bring_in(store, path)


def test_a_store_of_a_newer_format_or_with_an_unreadable_earlier_index_is_refused(store: Store, other: Other) -> None:
    (other.root / "_index.json").write_bytes(b'{"run_')
    with pytest.raises(SourceUnreadable):
        bring_in(store, other.root)
    (other.root / "_index.json").unlink()
    (other.root / "_format.json").chmod(0o644)
    (other.root / "_format.json").write_bytes(b'{"format":2}\n')
    with pytest.raises(SourceUnreadable):
        bring_in(store, other.root)


@pytest.mark.parametrize("nth", range(1, 8))
def test_an_import_that_is_killed_at_any_object_is_completed_by_running_it_again(
    store: Store, root: Path, other: Other, tmp_path: Path, nth: int
) -> None:
    store.index.close()
    die_at_object(tmp_path / "here", nth, lambda victim: bring_in(victim, other.root))
    after = open_store(tmp_path / "here")
    assert set(listed_ids(after)) <= {other.plain, other.noted}
    for run_id in listed_ids(after):  # each that is there is there with all its events
        theirs = json.loads((other.root / layout.artifact_key(ids.partition_of(US), run_id)).read_bytes())
        assert theirs["run_id"] == run_id
        assert len(after.runs.record(run_id).events) == (run_id == other.noted)
    bring_in(after, other.root)
    assert files_of(root) == files_of(other.root)
    assert verify_store(after, recheck_s=0).ok
    after.index.close()
