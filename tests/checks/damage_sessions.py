"""Damages to workflow sessions."""

import os

from rmos.services.sessions import create_session, delete_session, patch_session
from rmos.store import layout
from tests.checks.registry import damage
from tests.checks.shops import DAY, Faults, Shop
from tests.makers import ANNA


def session(shop: Shop) -> str:
    """Make a session with three events and return its id."""
    shop.us += 1
    session_id = create_session(shop.store, {"user_id": "anna"}, actor=ANNA, us=shop.us).session.session_id
    patch_session(shop.store, session_id, {"design": {"b": 4.0, "a": [1]}}, actor=ANNA, us=shop.us)
    how = {"force": True, "cascade": True}
    delete_session(shop.store, session_id, **how, reason="a trial", actor=ANNA, us=shop.us)
    return session_id


def key(session_id: str, number: int, date: str = DAY) -> str:
    """Return the key of a session's event."""
    return layout.event_key(f"{layout.SESSIONS}/{date}", session_id, number)


@damage
def session_event_with_a_flipped_byte(shop: Shop) -> Faults:
    path = key(session(shop), 2)
    shop.flip(path)
    return [("event_corrupt", path)]


@damage
def first_event_of_a_session_with_a_flipped_byte(shop: Shop) -> Faults:
    path = key(session(shop), 1)
    shop.flip(path)
    return [("event_corrupt", path)]


@damage
def session_event_lost_in_the_middle(shop: Shop) -> Faults:
    session_id = session(shop)
    shop.path(key(session_id, 2)).unlink()
    return [("event_hole", key(session_id, 3))]


@damage
def first_event_of_a_session_lost(shop: Shop) -> Faults:
    session_id = session(shop)
    shop.path(key(session_id, 1)).unlink()
    return [("event_hole", key(session_id, 2))]


@damage
def last_event_of_a_session_lost(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    shop.path(path).unlink()
    return [("event_missing", path)]


@damage
def session_event_written_after_other_bytes(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    shop.reseal(path, previous_sha256="0" * 64)
    # The bytes of the last event are others, what they say is not: the row holds.
    return [("event_chain_broken", path)]


@damage
def session_event_that_carries_another_session(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    data = shop.members(path)["data"]
    shop.reseal(path, data=data | {"state": data["state"] | {"session_id": "ws_" + "0" * 32}})
    return [("misnamed", path)]


@damage
def session_event_that_carries_no_session(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    shop.reseal(path, data={"action": "delete"})
    return [("event_corrupt", path)]


@damage
def session_event_of_a_newer_release(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    shop.reseal(path, schema="rmos.event/2")
    return [("newer_schema", path)]


@damage
def session_whose_design_has_another_digest(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    data = shop.members(path)["data"]
    shop.reseal(path, data=data | {"state": data["state"] | {"design": {"a": 2}}})
    return [("inputs_mismatch", path)]


@damage
def session_without_any_event_left(shop: Shop) -> Faults:
    session_id = session(shop)
    for number in (1, 2, 3):
        shop.path(key(session_id, number)).unlink()
    return [("missing", key(session_id, 1))]


@damage
def session_that_the_index_does_not_know(shop: Shop) -> Faults:
    session_id = session(shop)
    shop.sql("DELETE FROM sessions WHERE session_id = ?", session_id)
    return [("orphaned", key(session_id, 1))]


@damage
def row_of_a_session_that_was_altered(shop: Shop) -> Faults:
    session_id = session(shop)
    shop.sql("UPDATE sessions SET state = 'live', visibility = 2 WHERE session_id = ?", session_id)
    return [("index_altered", key(session_id, 1))]


@damage
def row_of_a_session_that_is_behind(shop: Shop) -> Faults:
    session_id = session(shop)
    [row] = [row for row, _ in shop.store.index.sessions.rows(DAY) if row.session_id == session_id]
    patched = type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | {"version": 2})
    shop.store.index.sessions.forget([session_id])
    shop.store.index.sessions.upsert([patched])
    return [("index_stale", key(session_id, 1))]


@damage
def session_event_on_another_date(shop: Shop) -> Faults:
    session_id = session(shop)
    path = key(session_id, 1, "2025-12-20")
    shop.overwrite(path, shop.path(key(session_id, 1)).read_bytes())
    return [("misplaced", path)]


@damage
def stray_names_among_sessions(shop: Shop) -> Faults:
    session_id = session(shop)
    strays = [f"_sessions/{DAY}/notes.txt", f"_sessions/{DAY}/{session_id}.json", "_sessions/readme", "_sessions/abc/"]
    strays += [f"_sessions/{DAY}/{session_id}.1.json", f"_sessions/{DAY}/ws_361afb660060.000001.json"]
    strays.append(f"_sessions/{DAY}/ws_{'0' * 32}.000001.json")
    for stray in strays:
        if stray.endswith("/"):
            os.makedirs(shop.path(stray))
        else:
            shop.overwrite(stray, b"{}")
    return [("stray", stray.rstrip("/")) for stray in strays]


@damage
def folder_in_the_place_of_a_sessions_event(shop: Shop) -> Faults:
    path = key(session(shop), 3)
    shop.path(path).unlink()
    shop.path(path).mkdir()
    return [("not_a_file", path)]
