"""The report, and what is asked of verify: it is right, the same however the work is cut, and no answer is made up."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.checks import verify
from rmos.checks.findings import NEXT
from rmos.checks.slices import cut
from rmos.errors.installation import NoStore
from rmos.store import layout
from tests.checks.damages import DAMAGES
from tests.checks.shops import DAY, NEXT_DAY, RUNS, Shop, artifact, event, faults, verified
from tests.checks.test_damages import all_at_once
from tests.trying import tries

KEYS = [
    "store_root", "index_exists", "indexed_runs", "missing_artifacts", "partition_mismatches", "deserialize_failures",
    "orphan_artifacts", "quarantined", "counts", "findings", "strict_deserialize", "since", "quick", "ok",
]  # fmt: skip
ELSEWHERE = {
    *("index_missing", "index_unreadable", "altered", "legacy_json_digest", "too_few_runs"),
    *("logged_altered", "logged_missing", "logged_late", "logged_set_aside", "log_altered", "log_short", "log_forked"),
    *("checkpoint_unsigned", "key_replaced", "log_overdue", "unloggable"),
}
"""Kinds that tests of their own produce."""


def test_trap_31_the_report_has_just_the_documented_keys(big_shop: Shop) -> None:
    report = msgspec.to_builtins(verified(big_shop.root))
    assert list(report) == KEYS
    all_at_once(big_shop)
    report = msgspec.to_builtins(verified(big_shop.root))
    assert list(report) == KEYS
    assert {key for found in report["findings"] for key in found} == {"kind", "run_id", "path", "detail", "next"}
    assert all({"kind", "path", "detail", "next"} <= found.keys() for found in report["findings"])
    assert {key for found in report["partition_mismatches"] for key in found} == {"run_id", "error"}
    assert {key for found in report["deserialize_failures"] for key in found} == {"run_id", "error"}


def test_every_kind_of_finding_has_a_next_step_and_is_produced_by_a_test(big_shop: Shop) -> None:
    assert {kind for kind, _ in all_at_once(big_shop)} | ELSEWHERE == NEXT.keys()


def test_the_counts_of_a_healthy_store_are_right(shop: Shop) -> None:
    sha256 = shop.blob(b"<svg/>")
    run_id = shop.put(attachments=[{"sha256": sha256, "kind": "svg"}])
    shop.overwrite(f"{DAY}/{run_id}_advisory_x.json", b'{"advisory_id": "x"}')
    shop.overwrite(f"{DAY}/.tmp-young", b"")
    shop.overwrite("_index.json.json.tmp", b"")
    shop.claim("one")
    deleted = shop.take()
    shop.event(deleted, "delete", {"mode": "soft", "reason": "wrong blade"})
    report = verified(shop.root)
    runs = RUNS + 1
    assert report.counts == {
        "advisory_links": 1,
        "blobs": 1,
        "claims": 1,
        "debris": 2,
        "events": 2 * RUNS + 1,
        "indexed_deleted": 1,
        "indexed_live": runs - 1,
        "quarantined": 0,
        "runs": runs,
        "unvouched": 0,
    }
    assert (report.ok, report.findings, report.index_exists, report.indexed_runs) == (True, [], True, runs)
    assert report.store_root == str(shop.root)


def test_the_lists_of_the_report_name_what_the_findings_say(shop: Shop) -> None:
    missing, corrupt, orphaned, misplaced = (shop.put() for _ in range(4))
    eventful = shop.take()
    shop.path(artifact(missing)).unlink()
    shop.flip(artifact(corrupt))
    shop.store.index.runs.forget([orphaned])
    shop.path(NEXT_DAY).mkdir()
    shop.path(artifact(misplaced)).rename(shop.path(artifact(misplaced, NEXT_DAY)))
    shop.flip(event(eventful, 2))
    report = verified(shop.root)
    assert report.missing_artifacts == sorted([missing, misplaced])
    assert report.orphan_artifacts == sorted([orphaned, misplaced])
    assert [entry["run_id"] for entry in report.partition_mismatches] == [misplaced]
    assert DAY in report.partition_mismatches[0]["error"]
    assert sorted(entry["run_id"] for entry in report.deserialize_failures) == sorted([corrupt, eventful])
    assert not report.ok
    assert report.counts["runs"] == RUNS + 3
    assert report.indexed_runs == RUNS + 3  # one row is without its file, one file without its row


def test_what_repair_moved_aside_is_listed_and_no_longer_a_fault(shop: Shop) -> None:
    run_id, sha256 = shop.take(), shop.blob(b"<svg/>")
    blob = f"_attachments/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    shop.put(attachments=[{"sha256": sha256, "kind": "svg"}])
    for key in (artifact(run_id), blob):
        shop.flip(key, at=3)
        shop.store.objects.quarantine(key)
    shop.store.refold([])
    report = verified(shop.root)
    assert faults(report) == []
    assert report.quarantined == sorted([artifact(run_id), blob])
    assert report.counts["quarantined"] == 2


def test_events_of_a_quarantined_run_are_still_judged(shop: Shop) -> None:
    run_id = shop.take()
    shop.flip(artifact(run_id))
    shop.store.objects.quarantine(artifact(run_id))
    shop.store.refold([])
    assert faults(verified(shop.root)) == []
    shop.flip(event(run_id, 1))
    assert faults(verified(shop.root)) == [("event_corrupt", event(run_id, 1))]


@pytest.mark.parametrize(("wanted", "enough"), [(0, True), (RUNS, True), (RUNS + 1, False)])
def test_fewer_runs_than_expected_are_a_finding(shop: Shop, wanted: int, enough: bool) -> None:
    report = verified(shop.root, min_runs=wanted)
    assert report.ok is enough
    assert faults(report) == ([] if enough else [("too_few_runs", "")])


def test_trap_34_an_empty_store_does_not_pass_a_gate_that_wants_runs(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert verified(tmp_path / "runs").ok
    assert faults(verified(tmp_path / "runs", min_runs=1)) == [("too_few_runs", "")]


def test_a_report_says_what_it_did_not_look_at(shop: Shop) -> None:
    full, part = verified(shop.root), verified(shop.root, since=DAY, quick=True, strict=False)
    assert (full.since, full.quick, full.strict_deserialize) == (None, False, True)
    assert (part.since, part.quick, part.strict_deserialize) == (DAY, True, False)


def test_since_looks_only_at_later_folders_and_their_rows(shop: Shop) -> None:
    gone, flipped = shop.put(), shop.take()
    shop.path(artifact(gone)).unlink()
    shop.flip(artifact(flipped))
    expected = [("corrupt", artifact(flipped)), ("missing", artifact(gone))]
    assert faults(verified(shop.root, since=DAY)) == expected
    later = verified(shop.root, since=NEXT_DAY)
    assert (later.ok, later.counts.get("runs", 0)) == (True, 0)


def test_quick_does_not_hash_blobs_and_still_misses_those_that_are_gone(shop: Shop) -> None:
    altered = DAMAGES["blob_altered"](shop)
    gone = DAMAGES["blob_of_an_artifact_missing"](shop)
    assert faults(verified(shop.root, quick=True)) == gone
    assert faults(verified(shop.root)) == sorted(altered + gone)


def test_no_strict_trusts_what_vouches_for_itself_and_nothing_else(big_shop: Shop) -> None:
    inside = ("feasibility_mismatch", "inputs_mismatch", "parent_missing", "blob_missing")
    expected = all_at_once(big_shop)
    report = verified(big_shop.root, strict=False)
    assert report.strict_deserialize is False
    skipped = set(expected) - set(faults(report))
    assert {kind for kind, _ in skipped} <= {*inside, "undecodable", "misplaced", "duplicate"}
    kept = {"corrupt", "event_corrupt", "missing", "orphaned", "event_hole", "newer_schema", "misnamed"}
    assert kept <= {kind for kind, _ in faults(report)}
    assert {fault for fault in expected if fault[0] in kept} <= set(faults(report))


def test_a_missing_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        verified(tmp_path / "runs")


PARALLEL = """
import json, sys, msgspec
from pathlib import Path
from tests.checks.shops import open_store
from rmos.checks import verify
verify._SLICE = 7
told = []
report = verify.verify_store(open_store(Path(sys.argv[1])), workers=int(sys.argv[2]), progress=told.append, recheck_s=0)
print(json.dumps([msgspec.to_builtins(report), sum(told)]))
"""


@pytest.mark.long
def test_two_processes_report_what_one_does(big_shop: Shop) -> None:
    """In a process of its own: workers are forked."""
    all_at_once(big_shop)
    answers = []
    for workers in ("1", "2"):
        program = [sys.executable, "-c", PARALLEL, str(big_shop.root), workers]
        done = subprocess.run(program, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    report, told = answers[0]
    assert told == report["counts"]["runs"] + report["counts"]["blobs"]
    assert report == msgspec.to_builtins(verified(big_shop.root))


# Slices


HEX = st.text("0123456789abcdef", min_size=1, max_size=3)
RUN_IDS = st.one_of(
    st.builds(lambda head, size: "run_" + (head * 32)[:size], HEX, st.integers(12, 32)),
    st.builds(lambda head: (head * 32)[:32], HEX),
)
NAMES = st.builds(
    lambda run_id, tail: tail.format(run_id),
    RUN_IDS,
    st.sampled_from(["{}.json", "{}.000001.json", "{}.000002.json", "{}_advisory_x.json", "run_{}_advisory_y.json"]),
)


@given(names=st.sets(NAMES), rows=st.sets(RUN_IDS), size=st.integers(1, 6))
def test_slices_lose_no_name_and_no_row_and_part_no_run(names: set[str], rows: set[str], size: int) -> None:
    ordered = sorted(filter(layout.is_of_run, names), key=layout.run_of)
    slices = list(cut(DAY, ordered, size))
    assert [name for part in slices for name in part.names] == ordered
    for run_id in rows | {layout.run_of(name) for name in ordered}:
        within = [part for part in slices if part.first.encode() <= run_id.encode() <= part.last.encode()]
        assert len(within) == 1
        own = [name for name in ordered if layout.run_of(name) == run_id]
        assert [name for name in within[0].names if layout.run_of(name) == run_id] == own


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
@settings(max_examples=tries(5))
def test_the_report_does_not_depend_on_how_the_work_is_cut(big_shop: Shop, sizes: list[int]) -> None:
    if big_shop.pool:
        all_at_once(big_shop)
        big_shop.pool = []
    whole = verified(big_shop.root)
    for size in sizes:
        kept = verify._SLICE
        verify._SLICE = size
        try:
            assert verified(big_shop.root) == whole
        finally:
            verify._SLICE = kept
