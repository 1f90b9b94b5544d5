"""Every byte counts: artifacts and events flipped at each byte and cut at each length, before and after a rebuild."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.checks.runs import RunCheck
from rmos.checks.slices import Slice
from rmos.models import Actor
from rmos.objects.local import LocalObjects
from rmos.row_models import RunQuery
from rmos.store.evidence.objects import make_line
from tests.checks.shops import DAY, Shop, artifact, columns_of, event, faults, open_store, rows_of, verified
from tests.helpers.memory_objects import MemoryObjects
from tests.makers import US, add_event, make_event, make_members

Change = Callable[[bytes, int], bytes]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flipped_above_ascii(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :]


def zeroed(data: bytes, at: int) -> bytes:
    return data[:at] + (b"\x00" if data[at] else b"\x01") + data[at + 1 :]


def cut(data: bytes, at: int) -> bytes:
    return data[:at]


def write_runs(root: Path, runs: int) -> list[str]:
    """Write runs with one event each as the store would, without its fsyncs."""
    (root / DAY).mkdir(parents=True)
    run_ids = []
    for us in range(US, US + runs):
        members = make_members(us)
        data = digest.encode_record(members)
        run_ids.append(members["run_id"])
        (root / artifact(run_ids[-1])).write_bytes(data)
        (root / event(run_ids[-1], 1)).write_bytes(make_event(run_ids[-1], 1, digest.sha256_hex(data)))
    return run_ids


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    "change",
    [flipped, cut, *(pytest.param(change, marks=pytest.mark.long) for change in (flipped_above_ascii, zeroed))],
    ids=lambda change: change.__name__,
)
def test_each_byte_of_one_artifact_and_of_one_event_counts(tmp_path: Path, change: Change, number: int) -> None:
    (run_id,) = write_runs(tmp_path, 1)
    key = event(run_id, 1) if number else artifact(run_id)
    whole = (tmp_path / key).read_bytes()
    checks = [RunCheck(LocalObjects(tmp_path), None, strict=strict) for strict in (True, False)]
    part = Slice(DAY, [f"{run_id}.json", f"{run_id}.000001.json"], "", "~")
    assert all(check.check(part).findings == [] for check in checks)
    kinds = {"event_corrupt"} if number else {"corrupt", "undecodable"}
    for at in range(len(whole)):
        (tmp_path / key).write_bytes(change(whole, at))
        for check in checks:
            found = check.check(part).findings
            assert [finding.path for finding in found] == [key], at
            assert found[0].kind in kinds, at


@pytest.mark.long
@pytest.mark.parametrize("change", [flipped, cut], ids=lambda change: change.__name__)
def test_each_byte_counts_before_and_after_a_rebuild(tmp_path: Path, change: Change) -> None:
    """As many runs as bytes, each changed at its own: one look without an index, with one, and after a rebuild."""
    root = tmp_path / "runs"
    length = 950
    run_ids = write_runs(root, 2 * length)
    changed = []
    for number, run_id in enumerate(run_ids):
        key = event(run_id, 1) if number % 2 else artifact(run_id)
        data = (root / key).read_bytes()
        changed += [(key, data, number // 2)] if number // 2 < len(data) else []
    store = open_store(root, write=True)
    store.reconcile()
    for key, data, at in changed:
        (root / key).write_bytes(change(data, at))
    expected = sorted(key for key, _, _ in changed)
    assert len(expected) > 1200
    assert max(at for key, _, at in changed if len(key) < 56) == len((root / artifact(run_ids[-2])).read_bytes()) - 1

    def found() -> list[str]:
        return sorted(finding.path for finding in verified(root).findings)

    assert found() == expected
    store.reconcile(full=True)
    assert found() == expected
    page = store.runs.page(RunQuery(), limit=len(run_ids))
    listed = {summary["run_id"]: summary["status"] for summary in map(json.loads, page.items)}
    broken = {key.partition("/")[2].partition(".")[0] for key in expected}
    assert {run_id for run_id, status in listed.items() if status == "ERROR"} == broken
    assert listed.keys() == set(run_ids)
    store.index.close()
    (root / "_index.sqlite").unlink()
    assert found() == sorted([*expected, "_index.sqlite"])


@pytest.mark.parametrize("with_lines", [False, True])
def test_a_storage_that_answers_many_at_once_is_asked_for_the_objects_of_many_runs_at_once(
    monkeypatch: pytest.MonkeyPatch, with_lines: bool
) -> None:
    objects = MemoryObjects()
    made: dict[str, bytes] = {}
    for us in range(US, US + 70):
        members = make_members(us)
        data = digest.encode_record(members)
        made[artifact(members["run_id"])] = data
        made[event(members["run_id"], 1)] = make_event(members["run_id"], 1, digest.sha256_hex(data))
    for key, data in made.items():
        objects.create(key, data)
    reads: list[int] = []
    genuine = objects.read_all
    monkeypatch.setattr(objects, "read_all", lambda keys: reads.append(len(keys)) or genuine(keys))

    part = Slice(DAY, [key.partition("/")[2] for key in made], "", "~")
    tally = RunCheck(objects, None, strict=True, with_lines=with_lines).check(part)
    assert reads == [128, 12]
    assert (tally.counts["runs"], tally.counts["events"], tally.findings) == (70, 70, [])
    assert tally.lines == [make_line(digest.sha256_hex(made[key]), key) for key in made if with_lines]


def test_the_chain_is_judged_only_where_both_ends_are_known(shop: Shop) -> None:
    """What a damaged file held is not known, so its neighbours are not accused; what stands further on is judged."""
    run_id = shop.take()
    for number in range(3):
        shop.event(run_id, "advisory", {"advisory_id": f"adv_{number}"})
    shop.flip(artifact(run_id))
    shop.flip(event(run_id, 2))
    shop.reseal(event(run_id, 4), actor="mallory")
    found = [
        ("corrupt", artifact(run_id)),
        ("event_chain_broken", event(run_id, 5)),
        ("event_corrupt", event(run_id, 2)),
    ]
    assert faults(verified(shop.root)) == found


def test_an_event_that_names_no_predecessor_breaks_the_chain(shop: Shop) -> None:
    run_id = shop.take()
    shop.reseal(event(run_id, 1), previous_sha256=None)
    assert faults(verified(shop.root)) == [
        ("event_chain_broken", event(run_id, 1)),
        ("event_chain_broken", event(run_id, 2)),
    ]


def test_a_deleted_run_and_a_restored_one_are_healthy(shop: Shop) -> None:
    deleted, restored = shop.take(), shop.take()
    for run_id in (deleted, restored):
        shop.event(run_id, "delete", {"mode": "soft", "reason": "wrong blade"})
    shop.event(restored, "restore", {})
    assert faults(verified(shop.root)) == []


def test_a_stale_state_is_found_in_both_directions(shop: Shop) -> None:
    run_id = shop.take()
    before = shop.store.index.runs.rows(DAY, run_id, run_id)[0][0]
    shop.event(run_id, "delete", {"mode": "soft", "reason": "wrong blade"})
    after = shop.store.index.runs.rows(DAY, run_id, run_id)[0][0]
    assert (before.state, after.state) == ("live", "deleted")
    shop.store.index.runs.forget([run_id])
    shop.store.index.runs.upsert([before])
    assert faults(verified(shop.root)) == [("index_stale", artifact(run_id))]


def test_an_artifact_that_gives_itself_an_id_of_other_letters_is_misnamed(shop: Shop) -> None:
    run_id = shop.put()
    shop.reseal(artifact(run_id), run_id="zzzzzzzzzzzz7zzz8zzzzzzzzzzzzzzz")
    assert faults(verified(shop.root)) == [("misnamed", artifact(run_id))]


def test_each_column_of_a_row_counts(shop: Shop) -> None:
    """Also `visibility`, which decides what lists show."""
    run_id, before = shop.take(), rows_of(shop.root)
    columns = columns_of(shop.root)
    assert {"run_id", "visibility", "checksum", "summary"} <= set(columns)
    for column in columns:
        text = column not in ("created_us", "version", "latest_advisory_us", "visibility", "checksum")
        is_json = column in ("outcomes", "tool_work")  # which a trigger reads
        value = "[]" if is_json else "run_aaaaaaaaaaaa" if text else 0
        shop.sql(f"UPDATE runs SET {column} = ? WHERE run_id = ?", value, run_id)
        report = verified(shop.root)
        assert run_id in {found.run_id for found in report.findings if found.kind != "missing"}, column
        assert not report.ok
        shop.sql("DELETE FROM runs WHERE run_id IN (?, 'run_aaaaaaaaaaaa')", run_id)
        shop.store.refold([(DAY, run_id)])
        assert verified(shop.root).ok
        assert rows_of(shop.root) == before


def test_parents_that_stand_elsewhere_are_not_missed(shop: Shop) -> None:
    """Of the earlier system, in another folder; in quarantine; erased, with only its events left."""
    earlier, moved, erased = "run_aaaaaaaaaaaa", shop.take(), shop.put()
    shop.put(parent_run_id=moved)
    shop.put(parent_run_id=erased)
    members = {**make_members(US + 86_400_000_000 * 30), "run_id": earlier}
    path = shop.root / artifact(earlier, ids.partition_of(US + 86_400_000_000 * 30))
    path.parent.mkdir()
    path.write_bytes(digest.encode_record(members))
    shop.put(parent_run_id=earlier)
    shop.event(erased, "delete", {"mode": "hard", "reason": "a test"})
    shop.flip(artifact(moved))
    shop.store.objects.quarantine(artifact(moved))
    shop.store.reconcile(full=True)
    assert [found for found in faults(verified(shop.root)) if found[0] == "parent_missing"] == []


def test_actors_and_times_of_events_do_not_matter_to_their_order(shop: Shop) -> None:
    run_id = shop.take()
    for us in (US, US + 10**12, US - 10**9):
        actor = Actor(name="bo", role="viewer")
        add_event(shop.store, run_id, "advisory", {"advisory_id": f"adv_{us}"}, actor=actor, us=us)
    assert faults(verified(shop.root)) == []
