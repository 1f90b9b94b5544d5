"""Repair of what concerns workflow sessions: rows are computed again or dropped, events are never moved."""

from rmos.checks.repair import apply_repair, plan_repair
from rmos.checks.sessions import session_id_of
from rmos.row_models import SessionQuery
from tests.checks import damage_sessions
from tests.checks.damage_sessions import key, session
from tests.checks.shops import DAY, Shop, faults, open_store, places, verified
from tests.makers import ANNA, US

ROWS = ("session_that_the_index_does_not_know", "row_of_a_session_that_was_altered", "row_of_a_session_that_is_behind")


def test_repair_mends_the_rows_of_sessions_and_a_second_run_changes_nothing(shop: Shop) -> None:
    expected = sorted(fault for name in ROWS for fault in getattr(damage_sessions, name)(shop))
    shop.close()
    assert faults(verified(shop.root)) == expected
    before = places(shop.root)
    store = open_store(shop.root, write=True)
    done = apply_repair(store, plan_repair(store, recheck_s=0), actor=ANNA, us=US)
    assert sorted((action.action, action.path) for action in done.actions) == [
        ("index", path) for path in sorted(p for _, p in expected)
    ]
    assert done.left == []
    assert faults(verified(shop.root)) == []
    assert plan_repair(store, recheck_s=0).actions == []
    assert places(shop.root) == before
    store.index.close()


def test_the_row_of_a_session_that_is_gone_is_dropped_only_when_that_is_asked_for(shop: Shop) -> None:
    damage_sessions.session_without_any_event_left(shop)
    shop.close()
    store = open_store(shop.root, write=True)
    assert apply_repair(store, plan_repair(store, recheck_s=0), actor=ANNA, us=US).actions == []
    assert len(faults(verified(shop.root))) == 1
    done = apply_repair(store, plan_repair(store, remove_missing=True, recheck_s=0), actor=ANNA, us=US)
    assert [action.action for action in done.actions] == ["forget"]
    assert faults(verified(shop.root)) == []
    assert store.index.sessions.count(SessionQuery(include_deleted=True)).value == 0
    store.index.close()


def test_repair_moves_no_event_of_a_session_whatever_it_is(shop: Shop) -> None:
    names = (
        "session_event_with_a_flipped_byte",
        "folder_in_the_place_of_a_sessions_event",
        "stray_names_among_sessions",
    )
    for name in names:
        getattr(damage_sessions, name)(shop)
    shop.close()
    before = places(shop.root)
    store = open_store(shop.root, write=True)
    plan = plan_repair(store, recheck_s=0)
    assert {action.path for action in plan.actions if action.action == "quarantine"} == set()
    apply_repair(store, plan, actor=ANNA, us=US)
    assert places(shop.root) == before
    store.index.close()


def test_a_path_tells_its_session_only_where_that_belongs(shop: Shop) -> None:
    session_id = session(shop)
    assert session_id_of(key(session_id, 1)) == session_id
    for path in (key(session_id, 1, "2025-12-20"), f"{DAY}/{session_id}.000001.json", f"_sessions/{DAY}/x", ""):
        assert session_id_of(path) is None
