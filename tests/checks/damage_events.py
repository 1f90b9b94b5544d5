"""Damage to events."""

import os

from rmos import ids
from rmos.objects.base import MAX_OBJECT_BYTES
from tests.checks.registry import damage
from tests.checks.shops import NEXT_DAY, Faults, Shop, artifact, event
from tests.makers import ANNA, make_event


@damage
def event_with_a_flipped_byte(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.flip(event(run_id, 1))
    return [("event_corrupt", event(run_id, 1))]


@damage
def last_event_empty(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.overwrite(event(run_id, 2), b"")
    return [("event_corrupt", event(run_id, 2))]


@damage
def event_hole(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(event(run_id, 1)).unlink()
    return [("event_hole", event(run_id, 2))]


@damage
def event_changed_and_sealed_anew(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.reseal(event(run_id, 1), actor="mallory")
    return [("event_chain_broken", event(run_id, 2))]


@damage
def event_of_another_run(shop: Shop) -> Faults:
    run_id, other = shop.take(), shop.take()
    shop.overwrite(event(run_id, 2), shop.path(event(other, 2)).read_bytes())
    return [("misnamed", event(run_id, 2))]


@damage
def events_swapped(shop: Shop) -> Faults:
    run_id = shop.take()
    first, second = (shop.path(event(run_id, number)).read_bytes() for number in (1, 2))
    shop.overwrite(event(run_id, 1), second)
    shop.overwrite(event(run_id, 2), first)
    return [("misnamed", event(run_id, 1)), ("misnamed", event(run_id, 2))]


@damage
def event_of_a_newer_release(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.reseal(event(run_id, 2), schema="rmos.event/2")
    return [("newer_schema", event(run_id, 2))]


@damage
def event_too_large_to_be_one(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(event(run_id, 1)).chmod(0o644)
    os.truncate(shop.path(event(run_id, 1)), MAX_OBJECT_BYTES + 1)
    return [("unreadable", event(run_id, 1))]


@damage
def event_without_run(shop: Shop) -> Faults:
    absent = ids.new_run_id(shop.us)
    shop.overwrite(event(absent, 1), make_event(absent, 1, "ab" * 32))
    return [("event_without_run", event(absent, 1))]


@damage
def event_in_the_folder_of_another_date(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(NEXT_DAY).mkdir(exist_ok=True)
    shop.path(event(run_id, 2)).rename(shop.path(event(run_id, 2, NEXT_DAY)))
    elsewhere = event(run_id, 2, NEXT_DAY)
    return [("event_missing", event(run_id, 2)), ("event_without_run", elsewhere), ("event_hole", elsewhere)]


@damage
def last_event_lost(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(event(run_id, 2)).unlink()
    return [("event_missing", event(run_id, 2))]


@damage
def delete_event_lost(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "delete", {"mode": "soft", "reason": "wrong blade"})
    shop.path(event(run_id, 3)).unlink()
    return [("event_missing", event(run_id, 3))]


@damage
def hard_delete_cut_off_before_the_artifact_was_erased(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.cut_off_hard_delete(run_id)
    return [("delete_unfinished", artifact(run_id))]


@damage
def hard_delete_of_other_bytes(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "delete", {"mode": "hard", "reason": "a test", "artifact_sha256": "ab" * 32})
    return [("event_chain_broken", event(run_id, 3))]


@damage
def event_of_a_hard_delete_lost(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.store.deletes.hard(run_id, "a test", actor=ANNA, us=shop.us)
    shop.path(event(run_id, 1)).unlink()
    return [("event_missing", event(run_id, 1))]
