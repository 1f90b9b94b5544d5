"""What a check of the log reads, and how often: verify has the objects in hand, and hashes them once more at most."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from rmos.checks.evidence import check_evidence
from rmos.checks.findings import escape_path
from rmos.checks.log import EvidenceTrust
from rmos.errors.store import ObjectUnreadable
from rmos.objects.local import LocalObjects
from rmos.store.evidence.objects import LogBatch
from tests.checks.logged import HOUR_US, LoggedShop
from tests.checks.shops import DAY, Shop, artifact, verified
from tests.makers import ANNA, US, make_members


@pytest.fixture
def logged(shop: Shop) -> LoggedShop:
    """Return a shop whose record is logged."""
    return LoggedShop(shop)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Count how often the store's objects are read, hashed and listed, by what and which."""
    counts: Counter[tuple[str, str]] = Counter()

    def count(name: str) -> Callable[..., Any]:
        method = getattr(LocalObjects, name)

        def counted(objects: LocalObjects, key: str, *arguments: Any) -> Any:
            counts[name, key] += 1
            return method(objects, key, *arguments)

        return counted

    for name in ("read", "digest", "names"):
        monkeypatch.setattr(LocalObjects, name, count(name))
    return counts


def test_each_object_of_a_run_is_read_once_and_never_hashed_again(
    logged: LoggedShop, asked: Counter[tuple[str, str]]
) -> None:
    run_id = logged.shop.take()
    asked.clear()
    assert logged.find() == []
    assert {(what, number) for (what, key), number in asked.items() if run_id in key} == {("read", 1)}
    assert sum(run_id in key for _, key in asked) == 3  # the artifact and its two events


def test_only_what_is_suspicious_is_looked_at_again(logged: LoggedShop, asked: Counter[tuple[str, str]]) -> None:
    token = logged.shop.token()
    logged.append()
    altered, whole = logged.put(), logged.put()
    logged.shop.reseal(artifact(altered), meta={"batch_label": "another"})
    logged.reindex()
    asked.clear()
    assert logged.faults() == {("logged_altered", artifact(altered))}
    assert asked["digest", f"_tokens/{token}.000001.json"] == 1  # the second look leaves its folder alone
    assert asked["read", artifact(whole)] == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_hand_over_what_they_have_read(logged: LoggedShop, workers: int) -> None:
    run_id = logged.put()
    logged.shop.reseal(artifact(run_id), meta={"batch_label": "another"})
    logged.reindex()
    report = verified(logged.root, evidence=EvidenceTrust((logged.verifier_key,)), workers=workers)
    assert [(found.kind, found.path) for found in report.findings] == [("logged_altered", artifact(run_id))]
    assert "evidence_not_logged" not in report.counts


def test_days_that_verify_does_not_look_at_are_compared_with_the_log_all_the_same(logged: LoggedShop) -> None:
    run_id = logged.put()
    logged.remove(artifact(run_id))
    report = verified(logged.root, evidence=EvidenceTrust((logged.verifier_key,)), since="2099-01-01")
    assert [(found.kind, found.path) for found in report.findings] == [("logged_missing", artifact(run_id))]


def test_a_check_alone_finds_what_verify_finds(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.shop.reseal(artifact(run_id), meta={"batch_label": "another"})
    logged.shop.put()
    tally = check_evidence(logged.shop.store.objects, EvidenceTrust((logged.verifier_key,)))
    assert [(found.kind, found.path) for found in tally.findings] == [("logged_altered", artifact(run_id))]
    assert tally.counts["evidence_not_logged"] == 1


def test_an_object_that_was_logged_with_two_digests_is_found(logged: LoggedShop) -> None:
    run_id = logged.put()
    logged.shop.reseal(artifact(run_id), meta={"batch_label": "another"})
    logged.reindex()
    logged.shop.sql("DELETE FROM entries")  # as one may do who writes the index, so that it is logged once more
    logged.append()
    assert ("logged_altered", artifact(run_id)) in logged.faults()


def test_a_folder_is_listed_once_for_all_runs_that_were_erased_in_it(
    logged: LoggedShop, asked: Counter[tuple[str, str]]
) -> None:
    for run_id in [logged.put() for _ in range(3)]:
        logged.shop.store.deletes.hard(run_id, "a test", actor=ANNA, us=US)
    logged.append()
    asked.clear()
    tally = check_evidence(logged.shop.store.objects, EvidenceTrust((logged.verifier_key,)))
    assert tally.counts["evidence_erased"] == 3
    assert asked["names", DAY] == 2  # for what is not logged, and for the events of the erased runs


def test_a_folder_that_cannot_be_listed_is_no_end_of_the_check(
    logged: LoggedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = logged.shop.token()
    logged.append()
    logged.remove(f"_tokens/{token}.000001.json")
    entries = LocalObjects.entries

    def list_entries(objects: LocalObjects, folder: str) -> Any:
        if folder in ("_sessions", DAY):
            raise ObjectUnreadable("the folder cannot be listed", key=folder)
        return entries(objects, folder)

    monkeypatch.setattr(LocalObjects, "entries", list_entries)
    monkeypatch.setattr(
        LocalObjects, "names", lambda objects, folder: [one.name for one in list_entries(objects, folder)]
    )
    faults = logged.faults()
    assert ("unreadable", DAY) in faults
    assert ("logged_missing", f"_tokens/{token}.000001.json") in faults


def test_lines_of_a_folder_are_not_those_of_the_folders_in_it() -> None:
    keys = ["_audit/2025-12-23/a.json", "_evidence/batch/001.sha256", "_evidence/log.000001.json", "_index.json"]
    lines = [b"0" * 64 + b"  " + key.encode() + b"\n" for key in keys]
    batch = LogBatch(1, 0, "", lines)
    found = {folder: batch.lines_in(folder) for folder in ("", "_evidence", "_evidence/batch", "_audit", "2025-12-23")}
    wanted: dict[str, list[bytes]] = {"": lines[3:], "_evidence": lines[2:3], "_evidence/batch": lines[1:2]}
    assert found == {**wanted, "_audit": [], "2025-12-23": []}


def test_late_is_what_was_logged_more_than_an_hour_after_the_moment_in_its_name(logged: LoggedShop) -> None:
    logged.shop.us = US + 2 * HOUR_US
    for moment in (US + HOUR_US, US + HOUR_US - 1_000):
        logged.shop.store.runs.put(make_members(moment))
    logged.append(later_us=0)
    late = [found.detail for found in logged.find() if found.kind == "logged_late"]
    assert [detail.split()[0] for detail in late] == ["1"]


@pytest.mark.parametrize("name", [b"a b", b"back\\slash", b"\xff", "schön".encode(), b"two\nlines"])
def test_a_legacy_link_whose_name_no_line_can_hold_is_told_and_is_no_fault(logged: LoggedShop, name: bytes) -> None:
    run_id = logged.put()
    path = os.fsencode(logged.root / DAY) + f"/{run_id}_advisory_".encode() + name + b".json"
    with open(path, "wb") as file:
        file.write(b'{"advisory_id": "adv_1"}')
    assert logged.append().entries == 0
    told = [found for found in logged.find() if found.kind == "unloggable"]
    assert [found.path for found in told] == [escape_path(f"{DAY}/{os.fsdecode(os.path.basename(path))}")]
    assert ("unloggable", told[0].path) not in logged.faults()
    alone = check_evidence(logged.shop.store.objects, EvidenceTrust((logged.verifier_key,)))
    assert [found.kind for found in alone.findings] == ["unloggable"]
