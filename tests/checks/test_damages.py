"""verify finds each kind of damage, and none hides another."""

import pytest

from tests.checks.damages import DAMAGES
from tests.checks.shops import Faults, Shop, faults, verified
from tests.earlier_system import snapshot

OBSTRUCTIONS = [name for name in DAMAGES if name.startswith("a ")]
COMBINED = [name for name in DAMAGES if name not in OBSTRUCTIONS[1:]]
"""All damages that can be in one store at once: one thing stands in one place."""


def all_at_once(shop: Shop) -> Faults:
    """Do all damages to one store and return all that must be found."""
    expected = sorted(fault for name in COMBINED for fault in DAMAGES[name](shop))
    shop.close()
    return expected


@pytest.mark.parametrize("name", DAMAGES)
def test_verify_finds_each_damage_and_nothing_else(shop: Shop, name: str) -> None:
    assert faults(verified(shop.root)) == []
    expected = sorted(DAMAGES[name](shop))
    report = verified(shop.root)
    assert faults(report) == expected
    assert not report.ok
    assert all(found.detail and found.next for found in report.findings)


def test_all_damages_in_one_store_are_all_found(big_shop: Shop) -> None:
    expected = all_at_once(big_shop)
    assert len(expected) > 100
    assert faults(verified(big_shop.root)) == expected


def test_verify_changes_nothing_in_a_store_with_every_damage(big_shop: Shop) -> None:
    all_at_once(big_shop)
    before = snapshot(big_shop.root)
    verified(big_shop.root)
    assert snapshot(big_shop.root) == before


JUDGED_BY_THE_INDEX = {"missing", "orphaned", "index_stale", "index_altered", "event_missing"}


def test_without_an_index_everything_is_found_that_the_record_shows_by_itself(big_shop: Shop) -> None:
    expected = [fault for fault in all_at_once(big_shop) if fault[0] not in JUDGED_BY_THE_INDEX]
    (big_shop.root / "_index.sqlite").unlink()
    assert faults(verified(big_shop.root)) == sorted([*expected, ("index_missing", "_index.sqlite")])


@pytest.mark.parametrize("junk", [b"", b"x", b"\x00" * 4096, b"SQLite format 3\x00" * 512])
def test_a_junk_index_hides_no_damage_of_the_record(big_shop: Shop, junk: bytes) -> None:
    expected = [fault for fault in all_at_once(big_shop) if fault[0] not in JUDGED_BY_THE_INDEX]
    (big_shop.root / "_index.sqlite").write_bytes(junk)
    assert faults(verified(big_shop.root)) == sorted([*expected, ("index_unreadable", "_index.sqlite")])


@pytest.mark.parametrize(
    ("name", "kind"), [("_index.sqlite", "index_unreadable"), ("_index.json", "earlier_index_unreadable")]
)
def test_a_folder_in_the_place_of_an_index_is_found(shop: Shop, name: str, kind: str) -> None:
    (shop.root / name).unlink(missing_ok=True)
    (shop.root / name).mkdir()
    assert faults(verified(shop.root)) == [(kind, name), ("stray", name)]
