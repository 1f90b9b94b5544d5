"""Damage to artifacts."""

import os
import shutil

from rmos import digest, ids
from rmos.objects.base import MAX_OBJECT_BYTES
from tests.checks.registry import damage
from tests.checks.shops import NEXT_DAY, Faults, Shop, artifact, event, sealed_raw


@damage
def artifact_with_a_flipped_byte(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.flip(artifact(run_id))
    return [("corrupt", artifact(run_id))]


@damage
def artifact_truncated(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.overwrite(artifact(run_id), shop.path(artifact(run_id)).read_bytes()[:-1])
    return [("corrupt", artifact(run_id))]


@damage
def artifact_empty(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.overwrite(artifact(run_id), b"")
    return [("corrupt", artifact(run_id))]


@damage
def artifact_replaced_by_other_json(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.overwrite(artifact(run_id), b'{"run_id": 7}')
    return [("undecodable", artifact(run_id))]


@damage
def artifact_of_ours_without_its_seal(shop: Shop) -> Faults:
    """Taking `_sha256` out does not make it one of the earlier system, which vouches for nothing."""
    run_id = shop.put()
    members = shop.members(artifact(run_id))
    del members["_sha256"]
    shop.overwrite(artifact(run_id), digest.canonical(members))
    return [("corrupt", artifact(run_id))]


@damage
def artifact_gone(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.path(artifact(run_id)).unlink()
    return [("missing", artifact(run_id))]


@damage
def artifact_gone_with_events_left(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(artifact(run_id)).unlink()
    return [("missing", artifact(run_id)), ("event_without_run", event(run_id, 1))]


@damage
def artifact_gone_whose_event_is_corrupt_too(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(artifact(run_id)).unlink()
    shop.flip(event(run_id, 2))
    found = [("missing", artifact(run_id)), ("event_without_run", event(run_id, 1))]
    return [*found, ("event_corrupt", event(run_id, 2))]


@damage
def artifact_in_the_folder_of_another_date(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.path(NEXT_DAY).mkdir(exist_ok=True)
    shop.path(artifact(run_id)).rename(shop.path(artifact(run_id, NEXT_DAY)))
    moved = artifact(run_id, NEXT_DAY)
    return [("missing", artifact(run_id)), ("misplaced", moved), ("orphaned", moved)]


@damage
def artifact_moved_away_from_its_events(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(NEXT_DAY).mkdir(exist_ok=True)
    shop.path(artifact(run_id)).rename(shop.path(artifact(run_id, NEXT_DAY)))
    moved = artifact(run_id, NEXT_DAY)
    found = [("missing", artifact(run_id)), ("event_without_run", event(run_id, 1))]
    return [*found, ("misplaced", moved), ("orphaned", moved)]


@damage
def artifact_under_another_name(shop: Shop) -> Faults:
    run_id, other = shop.put(), ids.new_run_id(shop.us)
    shop.path(artifact(run_id)).rename(shop.path(artifact(other)))
    return [("missing", artifact(run_id)), ("misnamed", artifact(other)), ("orphaned", artifact(other))]


@damage
def artifact_twice(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(NEXT_DAY).mkdir(exist_ok=True)
    shutil.copy2(shop.path(artifact(run_id)), shop.path(artifact(run_id, NEXT_DAY)))
    twin = artifact(run_id, NEXT_DAY)
    return [("duplicate", twin), ("misplaced", twin)]


@damage
def artifact_twice_and_the_copy_corrupt(shop: Shop) -> Faults:
    run_id = shop.take()
    twin = artifact(run_id, NEXT_DAY)
    shop.overwrite(twin, shop.path(artifact(run_id)).read_bytes())
    shop.flip(twin)
    return [("corrupt", twin), ("duplicate", twin)]


@damage
def artifact_too_large_to_be_one(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.path(artifact(run_id)).chmod(0o644)
    os.truncate(shop.path(artifact(run_id)), MAX_OBJECT_BYTES + 1)
    return [("unreadable", artifact(run_id))]


@damage
def artifact_too_large_whose_event_is_corrupt_too(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.path(artifact(run_id)).chmod(0o644)
    os.truncate(shop.path(artifact(run_id)), MAX_OBJECT_BYTES + 1)
    shop.flip(event(run_id, 1))
    return [("unreadable", artifact(run_id)), ("event_corrupt", event(run_id, 1))]


@damage
def artifact_that_the_index_does_not_know(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    return [("orphaned", artifact(run_id))]


@damage
def artifact_corrupt_and_unknown_to_the_index(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.store.index.runs.forget([run_id])
    shop.flip(artifact(run_id))
    return [("corrupt", artifact(run_id)), ("orphaned", artifact(run_id))]


@damage
def feasibility_changed_and_sealed_anew(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), feasibility={"engine_id": "baseline_v1", "status": "GREEN", "pad": "better"})
    return [("feasibility_mismatch", artifact(run_id))]


@damage
def feasibility_changed_under_its_events(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.reseal(artifact(run_id), feasibility={"engine_id": "baseline_v1", "status": "GREEN", "pad": "better"})
    return [("feasibility_mismatch", artifact(run_id)), ("event_chain_broken", event(run_id, 1))]


@damage
def design_and_context_changed_and_sealed_anew(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), inputs={"design": {"feed_mm_min": 1}, "context": {}})
    return [("inputs_mismatch", artifact(run_id))] * 2


@damage
def guard_digest_without_the_guard(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), hashes={"feasibility_sha256": digest.NO_DIGEST})
    return [("feasibility_mismatch", artifact(run_id))]


@damage
def artifact_changed_consistently_and_sealed_anew(shop: Shop) -> Faults:
    """Only the index and the chain of events still know the bytes that were first written."""
    run_id = shop.take()
    shop.reseal(artifact(run_id), tool_id="another_tool")
    return [("event_chain_broken", event(run_id, 1))]


@damage
def artifact_without_events_changed_consistently(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), tool_id="another_tool")
    return [("index_stale", artifact(run_id))]


@damage
def artifact_of_a_newer_release(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), schema="rmos.run/2", status="MAYBE")
    return [("newer_schema", artifact(run_id))]


@damage
def artifact_that_vouches_for_nonsense(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), status="MAYBE")
    return [("undecodable", artifact(run_id))]


@damage
def artifact_of_another_moment_than_its_id(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), created_at_utc="2025-12-23T01:02:03.000000Z")
    return [("misnamed", artifact(run_id))]


@damage
def artifact_of_no_moment(shop: Shop) -> Faults:
    run_id = shop.put()
    shop.reseal(artifact(run_id), created_at_utc="yesterday")
    return [("undecodable", artifact(run_id))]


@damage
def nesting_beyond_reason(shop: Shop) -> Faults:
    run_id, eventful, claim = shop.put(), shop.take(), f"_claims/ab/{'ab' * 32}.json"
    deep = sealed_raw(b'"x":' + b"[" * 100_000 + b"]" * 100_000)
    for key in (artifact(run_id), event(eventful, 2), claim):
        shop.overwrite(key, deep)
    return [("undecodable", artifact(run_id)), ("event_corrupt", event(eventful, 2)), ("claim_corrupt", claim)]


@damage
def parent_that_is_not_there(shop: Shop) -> Faults:
    run_id = shop.put(parent_run_id=ids.new_run_id(shop.us))
    return [("parent_missing", artifact(run_id))]


@damage
def parent_that_is_no_id(shop: Shop) -> Faults:
    strange = ("../../x", "zzzzzzzzzzzz7zzz8zzzzzzzzzzzzzzz", "a/b", "run_" + "9" * 500)
    return [("parent_missing", artifact(shop.put(parent_run_id=parent))) for parent in strange]
