"""Each attack on a record and on its log, what finds it, and the one that only a saved checkpoint finds."""

import re
import shutil
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.checks.repair import apply_repair, plan_repair
from rmos.errors.evidence import EvidenceBehind, EvidenceKeyUnusable
from rmos.services.evidence import change_key, start_log
from rmos.store.evidence.objects import batch_key, checkpoint_key, event_key, tile_key
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from tests.checks.logged import HOUR_US, ORIGIN, LoggedShop, change_root
from tests.checks.shops import DAY, Shop, artifact, event
from tests.makers import ANNA, US, make_members


@pytest.fixture
def logged(shop: Shop) -> LoggedShop:
    """Return a shop whose record is logged."""
    return LoggedShop(shop)


def test_a_sound_record_agrees_with_its_log(logged: LoggedShop) -> None:
    logged.put()
    assert logged.find() == []


# Of the record


def test_a_run_that_was_removed_is_found(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.remove(artifact(run_id), event(run_id, 1), event(run_id, 2))
    assert {("logged_missing", key) for key in (artifact(run_id), event(run_id, 1))} < logged.faults()


def test_a_run_that_was_removed_together_with_its_row_is_found(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.remove(artifact(run_id), event(run_id, 1), event(run_id, 2))
    logged.shop.store.index.runs.forget([run_id])
    assert logged.faults() == {
        ("logged_missing", key) for key in (artifact(run_id), event(run_id, 1), event(run_id, 2))
    }


def test_a_byte_that_was_changed_is_found(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.shop.flip(artifact(run_id))
    assert ("logged_altered", artifact(run_id)) in logged.faults()


def test_a_run_that_was_changed_and_given_its_digest_anew_is_found(logged: LoggedShop) -> None:
    run_id = logged.put()
    logged.shop.reseal(artifact(run_id), meta={"batch_label": "another"})
    logged.reindex()
    assert logged.faults() == {("logged_altered", artifact(run_id))}


def test_the_last_event_of_a_run_that_was_removed_is_found(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.remove(event(run_id, 2))
    logged.shop.store.index.runs.forget([run_id])
    logged.reindex()
    assert logged.faults() == {("logged_missing", event(run_id, 2))}


def test_the_revocation_of_a_token_that_was_removed_is_found(logged: LoggedShop) -> None:
    token = logged.shop.token(revoked=True)
    logged.append()
    logged.remove(f"_tokens/{token}.000002.json")
    assert logged.faults() == {("logged_missing", f"_tokens/{token}.000002.json")}


def test_an_audit_record_that_was_removed_is_found(logged: LoggedShop) -> None:
    key = logged.shop.audit("run_0123456789ab")
    logged.append()
    logged.remove(key)
    assert logged.faults() == {("logged_missing", key)}


def test_a_hard_delete_that_was_forged_behind_the_log_explains_nothing(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.shop.cut_off_hard_delete(run_id)
    logged.remove(artifact(run_id))
    assert ("logged_missing", artifact(run_id)) in logged.faults()


def test_a_hard_delete_that_is_not_logged_yet_is_named_until_it_is(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.shop.store.deletes.hard(run_id, "a test", actor=ANNA, us=US)
    (found,) = [one for one in logged.find() if one.kind == "logged_missing"]
    assert f"{event(run_id, 3)}, is not logged yet" in found.detail
    logged.append()
    assert logged.faults() == set()


def test_a_hard_delete_that_is_logged_explains_just_the_bytes_that_it_names(logged: LoggedShop) -> None:
    run_id = logged.shop.take()
    logged.shop.store.deletes.hard(run_id, "a test", actor=ANNA, us=US)
    logged.append()
    assert logged.faults() == set()
    lines = [line for line in logged.batch(1).lines if artifact(run_id).encode() in line]
    logged.rewrite_batch(1, [line if line not in lines else b"0" * 64 + line[64:] for line in logged.batch(1).lines])
    assert ("logged_missing", artifact(run_id)) in logged.faults()


def test_a_hard_delete_of_another_run_that_is_logged_explains_nothing(logged: LoggedShop) -> None:
    removed, other = logged.put(), logged.put()
    artifact_sha256 = digest.sha256_hex(logged.shop.data(artifact(removed)))
    logged.shop.event(other, "delete", {"mode": "hard", "reason": "forged", "artifact_sha256": artifact_sha256})
    logged.append()
    logged.remove(artifact(removed))
    assert ("logged_missing", artifact(removed)) in logged.faults()


def test_a_run_that_was_dated_back_is_told(logged: LoggedShop) -> None:
    logged.shop.us += 30 * 24 * HOUR_US
    logged.shop.store.runs.put(make_members(US - HOUR_US))
    logged.append()
    assert [(found.kind, found.path) for found in logged.find()] == [("logged_late", batch_key(2))]


def test_what_is_not_logged_for_a_day_is_found(logged: LoggedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = logged.shop.put()
    assert logged.faults() == set()
    monkeypatch.setattr("rmos.objects.local.LocalObjects.age_s", lambda objects, key: 25 * 3600.0)
    assert logged.faults() == {("log_overdue", artifact(run_id))}


def test_what_repair_sets_aside_is_explained_by_a_logged_record(logged: LoggedShop) -> None:
    run_id = logged.put()
    logged.shop.flip(artifact(run_id))
    store = logged.shop.store
    apply_repair(store, plan_repair(store, recheck_s=0), actor=ANNA, us=logged.shop.us)
    [found] = [one for one in logged.find() if one.kind == "logged_missing"]
    assert found.path == artifact(run_id)
    assert re.search(r"moved it aside, _audit/[\d-]+/evt_\w+\.json, is not logged yet: append", found.detail)
    logged.append()
    assert ("logged_set_aside", artifact(run_id)) in {(found.kind, found.path) for found in logged.find()}
    assert ("logged_missing", artifact(run_id)) not in logged.faults()


# Of the log


def test_an_entry_that_was_altered_is_found(logged: LoggedShop) -> None:
    lines = logged.batch(1).lines
    logged.rewrite_batch(1, [b"0" * 64 + lines[0][64:], *lines[1:]])
    assert ("log_altered", checkpoint_key(1)) in logged.faults()


def test_a_line_that_was_left_out_is_found(logged: LoggedShop) -> None:
    logged.rewrite_batch(1, logged.batch(1).lines[1:])
    assert ("log_altered", checkpoint_key(1)) in logged.faults()


@pytest.fixture
def with_tile(big_shop: Shop) -> LoggedShop:
    """Return a shop whose log has a full tile."""
    logged = LoggedShop(big_shop)
    while logged.append().checkpoint.size < 256:
        logged.shop.put()
    return logged


def test_a_tile_that_was_altered_is_found(with_tile: LoggedShop) -> None:
    with_tile.shop.flip(tile_key(0, 0))
    assert with_tile.faults() == {("log_altered", tile_key(0, 0))}


def test_a_tile_that_was_removed_is_found(with_tile: LoggedShop) -> None:
    with_tile.remove(tile_key(0, 0))
    assert with_tile.faults() == {("log_altered", tile_key(0, 0))}


def test_a_digit_of_a_checkpoint_that_was_altered_is_found(logged: LoggedShop) -> None:
    logged.put()
    logged.shop.overwrite(checkpoint_key(1), change_root(logged.shop.data(checkpoint_key(1))))
    assert logged.faults() == {("log_altered", checkpoint_key(1))}


def test_a_signature_that_was_altered_is_found(logged: LoggedShop) -> None:
    data = logged.shop.data(checkpoint_key(1))
    logged.shop.overwrite(checkpoint_key(1), data[:-6] + (b"A" if data[-6:-5] != b"A" else b"B") + data[-5:])
    assert logged.faults() == {("checkpoint_unsigned", checkpoint_key(1))}


def test_a_key_event_that_was_altered_is_found(logged: LoggedShop) -> None:
    logged.shop.flip(event_key(1))
    assert ("log_altered", event_key(1)) in logged.faults()


def test_a_batch_that_was_dropped_at_the_end_is_found(logged: LoggedShop) -> None:
    logged.put()
    logged.remove(batch_key(2))
    assert ("log_short", checkpoint_key(2)) in logged.faults(with_memory=False)


def test_a_batch_that_was_dropped_in_the_middle_is_found(logged: LoggedShop) -> None:
    logged.put()
    logged.put()
    logged.remove(batch_key(2))
    assert ("log_short", batch_key(2)) in logged.faults(with_memory=False)


def test_two_batches_that_were_swapped_are_found(logged: LoggedShop) -> None:
    logged.put()
    logged.put()
    two, three = logged.shop.data(batch_key(2)), logged.shop.data(batch_key(3))
    logged.shop.overwrite(batch_key(2), three)
    logged.shop.overwrite(batch_key(3), two)
    assert ("log_altered", batch_key(2)) in logged.faults(with_memory=False)


def test_a_log_that_was_rewritten_with_the_key_is_found_by_a_saved_checkpoint_and_by_nothing_else(
    logged: LoggedShop,
) -> None:
    run_id = logged.put()
    saved = logged.save_checkpoint()
    logged.remove(artifact(run_id))
    logged.shop.store.index.runs.forget([run_id])
    for _ in range(4):
        logged.shop.put()
    logged.start_over()
    assert logged.faults() == set()  # whoever holds the key can rewrite what no checkpoint elsewhere covers
    assert ("log_forked", saved.name) in logged.faults(saved)


def test_a_log_that_was_cut_back_is_found_by_a_saved_checkpoint(logged: LoggedShop) -> None:
    run_id = logged.put()
    saved = logged.save_checkpoint()
    logged.remove(artifact(run_id))
    logged.shop.store.index.runs.forget([run_id])
    logged.cut_back(1)
    assert logged.faults(with_memory=False) == set()
    assert ("log_short", saved.name) in logged.faults(saved, with_memory=False)
    assert {kind for kind, _ in logged.faults()} == {"log_short"}  # the key's own memory


def test_a_store_that_was_restored_from_an_old_back_up_is_not_appended_to(logged: LoggedShop) -> None:
    logged.shop.store.index.close()
    old = shutil.copytree(logged.root, logged.root.parent / "old")
    logged.put()
    logged.shop.store.index.close()
    shutil.rmtree(logged.root)
    shutil.copytree(old, logged.root)
    again = logged.open_again()
    again.put()
    before = sorted((logged.root / "_evidence" / "checkpoint").iterdir())
    with pytest.raises(EvidenceBehind):
        LoggedShop.append(_Again(logged, again))
    again.store.index.close()
    assert sorted((logged.root / "_evidence" / "checkpoint").iterdir()) == before


class _Again(LoggedShop):
    """A logged shop in another process."""

    def __init__(self, logged: LoggedShop, shop: Shop) -> None:
        self.shop, self.root, self.key_file = shop, shop.root, logged.key_file


def test_two_stores_do_not_sign_with_one_key(logged: LoggedShop, tmp_path: Path) -> None:
    other = Shop(tmp_path / "other" / "runs").fill(1)
    with pytest.raises(EvidenceBehind):
        start_log(other.store, logged.key_file, origin=None, actor=ANNA, us=other.us)
    other.close()


def test_a_checkpoint_of_another_key_of_the_same_name_is_found(logged: LoggedShop, tmp_path: Path) -> None:
    other = KeyFile(tmp_path / "other.key").make(ORIGIN)
    assert logged.faults(keys=(other.verifier_key.text(),)) == {("checkpoint_unsigned", checkpoint_key(1))}


# Keys


def test_the_old_key_vouches_for_the_new_one(logged: LoggedShop) -> None:
    old = logged.verifier_key.text()
    new = change_key(logged.shop.store, logged.key_file, lost=False, actor=ANNA, us=logged.shop.us)
    logged.put()
    assert logged.faults(keys=(old,)) == set()
    assert logged.faults(keys=(new.text(),)) == set()
    assert logged.key_file.read().verifier_key == new


def test_a_key_for_which_nobody_vouched_is_told_for_ever(logged: LoggedShop) -> None:
    old = logged.verifier_key.text()
    logged.key_file.path.unlink()
    change_key(logged.shop.store, logged.key_file, lost=True, actor=ANNA, us=logged.shop.us)
    logged.put()
    kinds = {kind for kind, _ in logged.faults(keys=(old,))}
    assert kinds == {"key_replaced", "checkpoint_unsigned"}


def test_a_key_that_is_there_is_not_lost(logged: LoggedShop) -> None:
    with pytest.raises(EvidenceKeyUnusable):
        change_key(logged.shop.store, logged.key_file, lost=True, actor=ANNA, us=logged.shop.us)


def test_nothing_is_appended_without_the_key_and_all_of_it_once_it_is_back(logged: LoggedShop) -> None:
    aside = logged.key_file.path.rename(logged.root.parent / "pulled-out.key")
    run_id = logged.shop.put()
    with pytest.raises(EvidenceKeyUnusable):
        logged.append()
    assert logged.shop.store.runs.record(run_id).view()
    aside.rename(logged.key_file.path)
    assert logged.append().entries == 2  # the run, and the batch before


def test_a_key_that_others_can_read_signs_nothing(logged: LoggedShop) -> None:
    logged.key_file.path.chmod(0o644)
    logged.shop.put()
    with pytest.raises(EvidenceKeyUnusable):
        logged.append()


def test_names_of_days_and_kinds(logged: LoggedShop) -> None:
    keys = {entry.key for entry in logged.batch(1).entries()}
    assert event_key(1) in keys
    assert all(key.startswith((f"{DAY}/run_", "_evidence/log.")) for key in keys)
    assert ids.is_partition(DAY)
    assert KEY_FILE == "evidence.key"
