"""Writing runs out: complete, streaming, safe in a spreadsheet, and as a store that verifies."""

import csv
import functools
import io
import itertools
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.checks.verify import verify_store
from rmos.errors.evidence import EvidenceOff
from rmos.errors.store import SourceUnreadable
from rmos.objects.base import MAX_OBJECT_BYTES
from rmos.row_models import RunQuery
from rmos.schemas.runs import RunAdvisorySummarySchema, list_columns
from rmos.services.evidence import append_log, start_log
from rmos.store import Store
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.transfer.exporting import csv_cell, csv_row, csv_text, export_store, ndjson
from rmos.verifier.rmos_verify import check_bundle, parse_key
from tests.earlier_system import make_earlier_store
from tests.helpers.failing import failing_to_open
from tests.makers import ANNA, US, add_event, listed_ids, make_decision, make_members, make_row, open_store
from tests.trying import tries

DAY_US = 86_400_000_000
COLUMNS = list_columns()


def test_lines_are_the_summaries_of_the_runs_that_match_newest_first(store: Store) -> None:
    runs = [store.runs.put(make_members(US + number * DAY_US)).view.artifact.run_id for number in range(4)]
    store.deletes.soft(runs[1], "a trial cut", actor=ANNA, us=US)
    lines = "".join(ndjson(store, RunQuery(created_from_us=US, created_to_us=US + 3 * DAY_US))).splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [runs[2], runs[0]]
    with_deleted = "".join(ndjson(store, RunQuery(include_deleted=True))).splitlines()
    assert [json.loads(line).get("deleted", False) for line in with_deleted] == [False, False, True, False]


def test_the_table_has_a_column_for_each_member_of_a_summary_and_a_row_for_each_run(store: Store) -> None:
    decision = make_decision(warnings=["zu tief", "zu schnell"], block_reason='mit "Komma", und\nZeile')
    run_id = store.runs.put(make_members(US, decision=decision)).view.artifact.run_id
    header, row = csv.reader(io.StringIO("".join(csv_text(store, RunQuery(), COLUMNS))))
    members = [name.partition(".") for name in header]
    assert list(dict.fromkeys(name for name, _, _ in members)) == list(RunAdvisorySummarySchema().fields)
    assert [inner for name, _, inner in members if name == "created_by"] == ["name", "role"]
    cells = dict(zip(header, row, strict=True))
    assert (cells["run_id"], cells["score"], cells["deleted"]) == (run_id, "90.0", "")
    assert json.loads(cells["warnings"]) == decision["warnings"]
    assert cells["block_reason"] == decision["block_reason"]
    assert json.loads(cells["meta"]) == {"batch_label": "batch_1"}


def test_the_table_tells_deleted_runs_from_those_that_stand(store: Store) -> None:
    runs = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(2)]
    store.deletes.soft(runs[0], "a trial cut", actor=ANNA, us=US)
    rows = csv.DictReader(io.StringIO("".join(csv_text(store, RunQuery(include_deleted=True), COLUMNS))))
    assert {row["run_id"]: row["deleted"] for row in rows} == {runs[0]: "true", runs[1]: ""}


def test_numbers_stay_numbers() -> None:
    assert [csv_cell(value) for value in (-1.5, 0, None)] == [-1.5, 0, None]
    assert [csv_cell(value) for value in (True, ["-1"], {}, "-1", "1-1", "")] == [
        "true", '["-1"]', "{}", "'-1", "1-1", "",
    ]  # fmt: skip


def test_an_empty_list_is_an_empty_file_and_a_table_without_rows(store: Store) -> None:
    assert "".join(ndjson(store, RunQuery())) == ""
    assert "".join(csv_text(store, RunQuery(), COLUMNS)) == ",".join(COLUMNS) + "\r\n"


@given(
    st.text(max_size=30),
    st.lists(st.text(max_size=9), max_size=3),
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n"]),
)
@settings(max_examples=tries(60))
def test_no_cell_is_a_formula(text: str, warnings: list[str], first: str) -> None:
    summary = {"block_reason": first + text, "warnings": [first, *warnings], "event_type": text, "score": 0.5}
    for cell in csv_row(summary, COLUMNS):
        assert not str(cell or "").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert csv_row(summary, COLUMNS)[COLUMNS.index("block_reason")] == f"'{first}{text}"


@pytest.mark.long
@pytest.mark.parametrize("write", [ndjson, functools.partial(csv_text, columns=COLUMNS)], ids=["lines", "table"])
def test_memory_does_not_grow_with_the_number_of_runs(store: Store, write: type) -> None:
    def peak() -> int:
        for _ in write(store, RunQuery()):  # what is read once is kept: statements, pages of the index
            pass
        tracemalloc.start()
        try:
            for _ in write(store, RunQuery()):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def fill(first: int, last: int) -> None:
        store.index.runs.upsert(
            [make_row(US + number, summary=json.dumps({"meta": {"x": "y" * 400}})) for number in range(first, last)]
        )

    fill(0, 2000)
    small = peak()
    fill(2000, 12_000)
    assert peak() < 1.5 * small


def test_an_exported_store_is_a_store_and_has_the_same_bytes(store: Store, tmp_path: Path) -> None:
    runs = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(5)]
    add_event(store, runs[0], "advisory", {"advisory_id": "x"}, actor=ANNA, us=US)
    store.deletes.soft(runs[1], "a trial cut", actor=ANNA, us=US)
    target = tmp_path / "out" / "runs"
    report = export_store(store, RunQuery(include_deleted=True), target)
    assert (report.runs, report.objects, report.damaged) == (5, 7, [])
    for path in target.rglob("run_*.json"):
        assert path.read_bytes() == (Path(store.objects.root) / path.relative_to(target)).read_bytes()
    there = open_store(target.parent)
    assert listed_ids(there) == listed_ids(store)
    assert verify_store(there, recheck_s=0).ok
    there.index.close()
    again = export_store(store, RunQuery(include_deleted=True), target)
    assert (again.runs, again.objects) == (5, 0)


def test_each_run_that_is_logged_brings_its_proof_and_one_that_is_there_stays(store: Store, tmp_path: Path) -> None:
    target, proofs, key_file = tmp_path / "out" / "runs", tmp_path / "proofs", KeyFile(tmp_path / KEY_FILE)
    everything = RunQuery(include_deleted=True)
    with pytest.raises(EvidenceOff):
        export_store(store, everything, target, proofs=proofs)
    assert not target.exists()
    runs = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(3)]
    store.deletes.soft(runs[1], "a trial cut", actor=ANNA, us=US)
    key = start_log(store, key_file, origin="shop.example/log", actor=ANNA, us=US).verifier_key
    late = store.runs.put(make_members(US + 9)).view.artifact.run_id
    report = export_store(store, everything, target, proofs=proofs)
    assert (report.runs, report.proofs, report.unproven) == (4, 3, [late])
    kept = {path.name: path.read_bytes() for path in proofs.iterdir()}
    append_log(store, key_file, us=US)
    report = export_store(store, everything, target, proofs=proofs)
    assert (report.proofs, report.unproven) == (4, [])
    assert {name: (proofs / name).read_bytes() for name in kept} == kept
    assert {path.name for path in proofs.iterdir()} == {f"{run_id}.proof.zip" for run_id in (*runs, late)}
    for path in proofs.iterdir():
        check_bundle(path.read_bytes(), parse_key(key.text()), [])


def test_an_earlier_store_is_exported_with_its_links_blobs_and_tombstones(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path / "earlier", runs=30)
    store = open_store(tmp_path / "earlier")
    target = tmp_path / "out" / "runs"
    assert export_store(store, RunQuery(include_deleted=True), target).damaged == []
    there = open_store(target.parent)
    assert listed_ids(there) == listed_ids(store)
    assert len(list(target.glob("*/*_advisory_*.json"))) == len(earlier.link_paths)
    for opened in (store, there):
        opened.index.close()


def test_a_damaged_run_is_left_out_and_named(store: Store, tmp_path: Path) -> None:
    runs = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(2)]
    [path] = Path(store.objects.root).glob(f"*/{runs[0]}.json")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"router", b"laser!"))
    report = export_store(store, RunQuery(), tmp_path / "out")
    assert (report.runs, report.damaged) == (1, [runs[0]])


def test_trap_49_a_run_that_the_disk_does_not_give_is_left_out_as_that_and_comes_the_next_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [store.runs.put(make_members(US + number)).view.artifact.run_id for number in range(2)]
    with failing_to_open(monkeypatch, runs[0]):
        report = export_store(store, RunQuery(), tmp_path / "out")
    assert (report.runs, report.damaged, report.unreadable) == (1, [], [runs[0]])
    assert export_store(store, RunQuery(), tmp_path / "out").runs == 2


def test_a_folder_with_other_things_in_it_is_not_written_to(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letters.txt").write_text("x")
    with pytest.raises(SourceUnreadable):
        export_store(store, RunQuery(), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letters.txt"]


def test_a_file_larger_than_any_record_goes_along_block_by_block(store: Store, tmp_path: Path) -> None:
    chunks = itertools.chain((bytes(1024 * 1024) for _ in range(64)), [b"1"])
    blob = store.blobs.put(chunks, max_bytes=MAX_OBJECT_BYTES + 1)
    run = make_members(US, attachments=[{"sha256": blob.sha256, "kind": "video"}])
    run_id = store.runs.put(run).view.artifact.run_id
    tracemalloc.start()
    report = export_store(store, RunQuery(), tmp_path / "there" / "runs")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.runs, report.damaged) == (1, [])
    assert peak < 8 * 1024 * 1024
    there = open_store(tmp_path / "there")
    assert listed_ids(there) == [run_id]
    assert verify_store(there, recheck_s=0).ok
