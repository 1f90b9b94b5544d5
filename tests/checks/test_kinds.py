"""The table of object kinds: what is in it is found, counted, checked, moved, imported and kept as its row says.

A kind without a sample here, or one that some part of the store does not handle, fails.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import ids
from rmos.checks import attachments
from rmos.checks.repair import apply_repair, plan_repair
from rmos.store import layout
from rmos.store.layout import KINDS, ObjectKind
from rmos.transfer.importing import import_runs
from tests.checks.damage_sessions import key as session_key
from tests.checks.damage_sessions import session
from tests.checks.damage_tokens import token_event
from tests.checks.shops import DAY, Shop, artifact, event, verified
from tests.makers import ANNA, US
from tests.makers import open_store as open_other_store


def make_link(shop: Shop) -> str:
    key = f"{DAY}/{shop.take()}_advisory_adv.json"
    shop.overwrite(key, b'{"advisory_id": "adv", "kind": "note", "request_id": "%s"}' % (b"x" * 200))
    return key


def make_event(shop: Shop) -> str:
    run_id = shop.put()
    shop.event(run_id, "advisory", {"advisory_id": "adv_1"})
    return event(run_id, 1)


def make_blob(shop: Shop) -> str:
    sha256 = shop.blob(b"G21\n" * 100)
    shop.put(attachments=[{"sha256": sha256, "kind": "gcode"}])
    return f"{layout.blob_folder_key(sha256)}/{sha256}"


SAMPLES: dict[str, Callable[[Shop], str]] = {
    "artifact": lambda shop: artifact(shop.put()),
    "event": make_event,
    "link": make_link,
    "session event": lambda shop: session_key(session(shop), 1),
    "claim": lambda shop: shop.claim("one"),
    "token event": lambda shop: token_event(shop.token(), 1),
    "tool event": lambda shop: event(shop.tool(), 1, "_tools"),
    "audit record": lambda shop: shop.audit("run_here"),
    "blob": make_blob,
}
MOVABLE = {"artifact", "link", "audit record", "blob"}
"""Of the others the name stays taken: an event's number, an Idempotency-Key, the id of a token or a tool."""
IMPORTED = {"artifact", "event", "link", "blob", "session event"}
EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@EACH_KIND
def test_a_key_tells_its_kind_and_the_folder_stands_in_the_table_of_names(shop: Shop, kind: ObjectKind) -> None:
    key = SAMPLES[kind.name](shop)
    assert layout.kind_of(key) is kind
    assert layout.kind_of(f"{key}x") is layout.kind_of(f"_elsewhere/{key}") is None
    assert kind.folder in (layout.__doc__ or "")
    assert key.partition("/")[0] in layout.OWN_NAMES or ids.is_partition(key.partition("/")[0])


@EACH_KIND
def test_what_is_whole_is_counted_and_no_fault(shop: Shop, kind: ObjectKind) -> None:
    before = verified(shop.root).counts.get(kind.counted_as, 0)
    SAMPLES[kind.name](shop)
    report = verified(shop.root)
    assert report.findings == []
    assert report.counts[kind.counted_as] > before


@EACH_KIND
def test_a_flipped_byte_is_found(shop: Shop, kind: ObjectKind) -> None:
    key = SAMPLES[kind.name](shop)
    shop.overwrite(key, shop.data(key)[:100] + b"\x00" + shop.data(key)[101:])
    assert key in {found.path for found in verified(shop.root).findings}


@EACH_KIND
def test_another_name_among_them_is_a_stray(shop: Shop, kind: ObjectKind) -> None:
    stray = f"{SAMPLES[kind.name](shop).rpartition('/')[0]}/readme"
    shop.overwrite(stray, b"x")
    found = [(found.kind, found.path, found.detail) for found in verified(shop.root).findings]
    assert found == [("stray", stray, kind.rule)]


@EACH_KIND
def test_repair_moves_what_stands_in_its_place_unless_the_name_stays_taken(shop: Shop, kind: ObjectKind) -> None:
    key = SAMPLES[kind.name](shop)
    shop.path(key).unlink()
    shop.path(key).mkdir()
    [found] = [found for found in verified(shop.root).findings if found.kind == "not_a_file"]
    assert (found.path, found.detail) == (key, f"a directory stands where {kind.noun} should be")
    plan = plan_repair(shop.store, recheck_s=0)
    assert (key in {action.path for action in plan.actions if action.action == "quarantine"}) is (kind.name in MOVABLE)
    apply_repair(shop.store, plan, actor=ANNA, us=US)
    assert shop.path(key).is_dir() is (kind.name not in MOVABLE)
    assert (key in verified(shop.root).quarantined) is (kind.name in MOVABLE)


@EACH_KIND
def test_an_import_takes_in_what_belongs_to_runs_and_passes_over_the_rest(
    shop: Shop, kind: ObjectKind, tmp_path: Path
) -> None:
    key = SAMPLES[kind.name](shop)
    shop.close()
    here = open_other_store(tmp_path / "here")
    report = import_runs(here, shop.root, actor=ANNA, us=shop.us)
    assert report.refused == []
    assert here.objects.has(key) is (kind.name in IMPORTED)
    assert (report.passed_over > 0) is (kind.name not in IMPORTED)
    here.index.close()


@EACH_KIND
def test_what_a_record_names_is_no_garbage(shop: Shop, kind: ObjectKind) -> None:
    key = SAMPLES[kind.name](shop)
    shop.overwrite(key, b'{"sha256": "%s"}' % (b"ab" * 32))
    named = set(attachments._yield_named(shop.store.objects, {}))
    assert ("ab" * 32 in named) is (kind is not layout.BLOB)
