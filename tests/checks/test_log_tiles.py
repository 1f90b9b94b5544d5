"""Repair makes a tile of the log again from the entries, only where the log confirms it; it signs and hides nothing."""

from pathlib import Path
from typing import Any

import pytest

from rmos.checks.log import EvidenceTrust
from rmos.checks.repair import RepairPlan, apply_repair, plan_repair
from rmos.errors.store import ObjectUnavailable
from rmos.objects.local import LocalObjects
from rmos.services.evidence import change_key
from rmos.services.evidence_trust import gather_trust
from rmos.store.evidence.objects import batch_key, checkpoint_key, tile_key
from rmos.store.evidence.signing import KeyFile
from tests.checks.logged import ORIGIN, LoggedShop, change_root
from tests.checks.shops import Shop
from tests.makers import ANNA

TILE = tile_key(0, 0)


@pytest.fixture
def logged(big_shop: Shop) -> LoggedShop:
    """Return a shop whose log has a full tile."""
    logged = LoggedShop(big_shop)
    for _ in range(256 - logged.append().checkpoint.size):
        logged.shop.put()
    logged.append()
    return logged


def plan(logged: LoggedShop, trust: EvidenceTrust | None = None) -> RepairPlan:
    """Return the plan of a repair."""
    trust = gather_trust(logged.key_file, (), ()).trust if trust is None else trust
    return plan_repair(logged.shop.store, recheck_s=0, evidence=trust)


def repair(logged: LoggedShop) -> RepairPlan:
    """Carry out the plan of a repair."""
    trust = gather_trust(logged.key_file, (), ()).trust
    return apply_repair(logged.shop.store, plan(logged), actor=ANNA, us=logged.shop.us, evidence=trust)


def list_signed(logged: LoggedShop) -> dict[str, bytes]:
    """Return what is signed: the checkpoints, and what the key remembers."""
    folder = logged.root / "_evidence" / "checkpoint"
    files = [*folder.iterdir(), logged.root.parent / "evidence.signed"]
    return {path.name: path.read_bytes() for path in files}


def test_a_tile_that_is_gone_is_made_again_byte_for_byte_and_nothing_is_signed(logged: LoggedShop) -> None:
    whole, signed = logged.shop.data(TILE), list_signed(logged)
    logged.remove(TILE)
    done = repair(logged)
    assert [(action.action, action.path) for action in done.actions] == [("remake", TILE)]
    assert (done.left, logged.shop.data(TILE), list_signed(logged)) == ([], whole, signed)
    assert logged.faults() == set()
    assert plan(logged) == RepairPlan()


def test_a_tile_that_is_damaged_is_moved_aside_and_made_again(logged: LoggedShop) -> None:
    whole = logged.shop.data(TILE)
    logged.shop.flip(TILE)
    damaged = logged.shop.data(TILE)
    assert [action.path for action in repair(logged).actions] == [TILE]
    assert logged.shop.data(TILE) == whole
    assert (logged.root / "_quarantine" / TILE).read_bytes() == damaged
    assert logged.faults() == set()


def test_a_folder_in_the_place_of_a_tile_is_moved_aside_too(logged: LoggedShop) -> None:
    whole = logged.shop.data(TILE)
    logged.remove(TILE)
    (logged.root / TILE).mkdir()
    assert [action.path for action in repair(logged).actions] == [TILE]
    assert logged.shop.data(TILE) == whole


def damage_root(logged: LoggedShop) -> None:
    logged.shop.overwrite(checkpoint_key(1), change_root(logged.shop.data(checkpoint_key(1))))


def damage_line(logged: LoggedShop) -> None:
    logged.rewrite_batch(2, [b"0" * 64 + logged.batch(2).lines[0][64:], *logged.batch(2).lines[1:]])


def damage_signature(logged: LoggedShop) -> None:
    data = logged.shop.data(checkpoint_key(2))
    logged.shop.overwrite(checkpoint_key(2), data[:-20] + (b"A" if data[-20:-19] != b"A" else b"B") + data[-19:])


def drop_batch(logged: LoggedShop) -> None:
    logged.remove(batch_key(2))


@pytest.mark.parametrize("damage", [damage_root, damage_line, damage_signature, drop_batch])
def test_where_the_log_does_not_confirm_it_no_tile_is_made_and_all_is_told(logged: LoggedShop, damage: Any) -> None:
    logged.remove(TILE)
    damage(logged)
    found = plan(logged)
    assert (found.actions, bool(found.left)) == ([], True)
    assert {one.path for one in found.left} >= {one for _, one in logged.faults() if one.startswith("_evidence")}
    assert repair(logged).actions == []
    assert not (logged.root / TILE).exists()


def test_a_log_that_another_key_signs_confirms_nothing(logged: LoggedShop, tmp_path: Path) -> None:
    other = KeyFile(tmp_path / "other.key").make(ORIGIN).verifier_key
    logged.remove(TILE)
    found = plan(logged, EvidenceTrust((other,)))
    assert found.actions == []
    assert {one.kind for one in found.left} == {"checkpoint_unsigned", "log_altered"}


def test_what_spoils_the_log_after_the_plan_stops_the_repair(logged: LoggedShop) -> None:
    logged.remove(TILE)
    planned, trust = plan(logged), gather_trust(logged.key_file, (), ()).trust
    damage_root(logged)
    done = apply_repair(logged.shop.store, planned, actor=ANNA, us=logged.shop.us, evidence=trust)
    assert done.actions == []


def test_a_tile_that_cannot_be_read_just_now_is_left_where_it_is(
    logged: LoggedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = LocalObjects.read

    def read_but_the_tile(objects: LocalObjects, key: str) -> bytes:
        if key == TILE:
            raise ObjectUnavailable("It cannot be read: input/output error.")
        return read(objects, key)

    monkeypatch.setattr(LocalObjects, "read", read_but_the_tile)
    found = plan(logged)
    assert (found.actions, [(one.kind, one.path) for one in found.left]) == ([], [("unreadable", TILE)])


def test_a_tile_that_no_batch_leads_to_is_for_a_person(logged: LoggedShop) -> None:
    (logged.root / tile_key(0, 1)).write_bytes(bytes(8192))
    found = plan(logged)
    assert (found.actions, [(one.kind, one.path) for one in found.left]) == ([], [("log_short", tile_key(0, 1))])


def test_a_key_that_was_lost_once_is_no_damage(logged: LoggedShop) -> None:
    logged.key_file.path.unlink()
    change_key(logged.shop.store, logged.key_file, lost=True, actor=ANNA, us=logged.shop.us)
    logged.remove(TILE)
    assert [action.path for action in repair(logged).actions] == [TILE]


def test_a_store_without_a_log_is_repaired_as_before(big_shop: Shop) -> None:
    assert plan_repair(big_shop.store, recheck_s=0, evidence=EvidenceTrust(())) == RepairPlan()
