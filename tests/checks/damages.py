"""Every kind of damage, each done to runs of its own, so that all of them can be in one store at once.

A damage is a function that breaks something in a shop and returns just what verify must then find.
"""

import os
import shutil
from collections.abc import Callable
from typing import Any

import msgspec

from rmos import digest, ids
from rmos.models import RunRow
from rmos.objects import MAX_OBJECT_BYTES
from tests.checks.shops import DAY, NEXT_DAY, OBSTACLES, Faults, Shop, artifact, event, sealed_raw
from tests.makers import make_event, make_members

Damage = Callable[[Shop], Faults]
DAMAGES: dict[str, Damage] = {}


def damage(function: Damage) -> Damage:
    """Register a damage under its name."""
    DAMAGES[function.__name__] = function
    return function


# Artifacts


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
    shop.store.index.forget([run_id])
    return [("orphaned", artifact(run_id))]


@damage
def artifact_corrupt_and_unknown_to_the_index(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.store.index.forget([run_id])
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


# Events


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


# Blobs, claims, links


@damage
def blob_of_an_artifact_missing(shop: Shop) -> Faults:
    run_id = shop.put(attachments=[{"sha256": "ab" * 32, "kind": "gcode"}, {"sha256": "ba" * 32, "kind": "gcode"}])
    return [("blob_missing", artifact(run_id))] * 2


@damage
def blobs_of_events_missing(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "attachment", {"sha256": "cd" * 32, "kind": "svg"})
    shop.event(run_id, "advisory", {"advisory_id": "ef" * 32, "kind": "note"})
    return [("blob_missing", event(run_id, 3)), ("blob_missing", event(run_id, 4))]


@damage
def blob_of_an_event_missing_behind_a_hole(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.event(run_id, "attachment", {"sha256": "cd" * 32, "kind": "svg"})
    shop.path(event(run_id, 2)).unlink()
    return [("event_hole", event(run_id, 3)), ("blob_missing", event(run_id, 3))]


@damage
def blob_altered(shop: Shop) -> Faults:
    sha256 = shop.blob(b"G21\nG1 X1 F900\n")
    shop.put(attachments=[{"sha256": sha256, "kind": "gcode"}])
    key = f"_attachments/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    shop.flip(key, at=3)
    return [("blob_corrupt", key)]


@damage
def blob_in_the_wrong_folder(shop: Shop) -> Faults:
    sha256 = shop.blob(b"misfiled")
    run_id = shop.put(attachments=[{"sha256": sha256, "kind": "gcode"}])
    here, wrong = (f"_attachments/{folder}/{sha256}" for folder in (f"{sha256[:2]}/{sha256[2:4]}", "00/11"))
    shop.overwrite(wrong, shop.path(here).read_bytes())
    shop.path(here).unlink()
    return [("stray", wrong), ("blob_missing", artifact(run_id))]


@damage
def blob_a_level_too_high_and_one_too_low(shop: Shop) -> Faults:
    high, low = f"_attachments/{'12' * 32}", f"_attachments/12/34/56/{'12' * 32}"
    shop.overwrite(high, b"x")
    shop.overwrite(low, b"x")
    return [("stray", high), ("stray", "_attachments/12/34/56")]


@damage
def claim_with_a_flipped_byte(shop: Shop) -> Faults:
    key = shop.claim("flipped")
    shop.flip(key, at=120)
    return [("claim_corrupt", key)]


@damage
def claim_in_the_wrong_folder(shop: Shop) -> Faults:
    key = shop.claim("misfiled")
    wrong = f"_claims/{'00' if '/00/' not in key else '01'}/{key.rpartition('/')[2]}"
    shop.overwrite(wrong, shop.path(key).read_bytes())
    return [("stray", wrong)]


@damage
def link_without_run(shop: Shop) -> Faults:
    names = [f"{DAY}/run_aaaaaaaaaaaa_advisory_{name}.json" for name in ("one", "two")]
    for name in names:
        shop.overwrite(name, b'{"advisory_id": "%s"}' % name.encode()[-8:-5])
    return [("link_without_run", name) for name in names]


@damage
def link_unreadable(shop: Shop) -> Faults:
    run_id = shop.take()
    torn, other = (f"{DAY}/{run_id}_advisory_{name}.json" for name in ("torn", "other"))
    shop.overwrite(torn, b'{"advisory_id": "to')
    shop.overwrite(other, b'{"advisory_id": "another"}')
    return [("link_unreadable", torn), ("link_unreadable", other)]


@damage
def link_to_a_blob_that_is_missing(shop: Shop) -> Faults:
    key = f"{DAY}/{shop.take()}_advisory_{'fe' * 32}.json"
    shop.overwrite(key, b'{"advisory_id": "%s"}' % (b"fe" * 32))
    return [("blob_missing", key)]


@damage
def earlier_index_truncated(shop: Shop) -> Faults:
    shop.overwrite("_index.json", b'{"run_aaaaaaaaaaaa": {"deleted": true')
    return [("earlier_index_unreadable", "_index.json")]


# Names that do not belong


@damage
def strays(shop: Shop) -> Faults:
    names = [
        "notes.txt", "7_days.json", f"{DAY}/notes.txt", f"{DAY}/run_xyz.json", f"{DAY}/{shop.take()}.0000001.json",
        f"{DAY}/{shop.take()}.json~", "2025-12-25", "2025-13-01/run_aaaaaaaaaaaa.json", "_attachments/readme",
        "_attachments/ab/readme", "_attachments/ab/cd/readme", "_claims/readme", "_claims/ab/readme.json",
        f"{DAY}/odd\udcff", "_tokens", "_audit",
    ]  # fmt: skip
    for name in names:
        shop.overwrite(name, b"x")
    shown = [name.partition("/")[0] if name.startswith("2025-13") else name for name in names]
    return [("stray", name.replace("\udcff", "\\udcff")) for name in shown]


# The index


@damage
def row_altered(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.sql("UPDATE runs SET summary = '{}' WHERE run_id = ?", run_id)
    return [("index_altered", artifact(run_id))]


@damage
def row_altered_to_claim_events_that_never_were(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.sql("UPDATE runs SET version = 99 WHERE run_id = ?", run_id)
    return [("index_altered", artifact(run_id))]


@damage
def row_under_another_date(shop: Shop) -> Faults:
    run_id = shop.take()
    shop.sql("UPDATE runs SET partition = '2024-02-29' WHERE run_id = ?", run_id)
    elsewhere = artifact(run_id, "2024-02-29")
    return [("orphaned", artifact(run_id)), ("missing", elsewhere), ("index_altered", elsewhere)]


@damage
def rows_that_cannot_be_a_run(shop: Shop) -> Faults:
    found = []
    for column, value, elsewhere in (
        ("run_id", "../../x", f"{DAY}/../../x.json"),
        ("run_id", "x\0y", f"{DAY}/x\0y.json"),
        ("partition", "../..", "../../{}.json"),
    ):
        run_id = shop.take()
        shop.sql(f"UPDATE runs SET {column} = ? WHERE run_id = ?", value, run_id)
        elsewhere = elsewhere.format(run_id)
        found += [("orphaned", artifact(run_id)), ("missing", elsewhere), ("index_altered", elsewhere)]
    return found


@damage
def row_behind_its_events(shop: Shop) -> Faults:
    run_id = shop.take()
    _rewrite_row(shop, run_id, version=1)
    return [("index_stale", artifact(run_id))]


@damage
def row_of_another_state(shop: Shop) -> Faults:
    run_id = shop.take()
    _rewrite_row(shop, run_id, state="deleted")
    return [("index_stale", artifact(run_id))]


@damage
def row_missing_though_the_file_is_back(shop: Shop) -> Faults:
    run_id = shop.take()
    _rewrite_row(shop, run_id, state="missing")
    return [("index_stale", artifact(run_id))]


@damage
def row_of_what_is_in_quarantine_by_now(shop: Shop) -> Faults:
    """A repair that died between moving the file and telling the index."""
    run_id = shop.take()
    shop.flip(artifact(run_id))
    shop.store.objects.quarantine(artifact(run_id))
    return [("index_stale", artifact(run_id))]


def _rewrite_row(shop: Shop, run_id: str, **over: object) -> None:
    rows: list[tuple[RunRow, bool]] = shop.store.index.rows(DAY, run_id, run_id)
    shop.store.index.forget([run_id])
    shop.store.index.upsert([msgspec.structs.replace(rows[0][0], **over)])


# Several on one run


@damage
def corrupt_artifact_event_hole_and_stale_row(shop: Shop) -> Faults:
    run_id = shop.take()
    _rewrite_row(shop, run_id, version=0)
    shop.flip(artifact(run_id))
    shop.path(event(run_id, 1)).unlink()
    return [("corrupt", artifact(run_id)), ("event_hole", event(run_id, 2)), ("index_stale", artifact(run_id))]


@damage
def false_feasibility_corrupt_event_lost_event_and_missing_blob(shop: Shop) -> Faults:
    run_id = shop.put(attachments=[{"sha256": "ad" * 32, "kind": "gcode"}])
    for number in range(4):
        shop.event(run_id, "advisory", {"advisory_id": f"adv_{number}"})
    shop.reseal(artifact(run_id), feasibility={})
    shop.flip(event(run_id, 2))
    shop.path(event(run_id, 4)).unlink()
    found = [("feasibility_mismatch", artifact(run_id)), ("blob_missing", artifact(run_id))]
    found += [("event_chain_broken", event(run_id, 1)), ("event_corrupt", event(run_id, 2))]
    return [*found, ("event_missing", event(run_id, 4))]


@damage
def misnamed_misplaced_and_false(shop: Shop) -> Faults:
    """One file with everything wrong that a file which vouches for itself can have."""
    name = artifact(ids.new_run_id(shop.us), NEXT_DAY)
    named: dict[str, Any] = {
        "parent_run_id": ids.new_run_id(shop.us),
        "attachments": [{"sha256": "da" * 32, "kind": "x"}],
    }
    members = make_members(shop.us, **named)
    members |= {"feasibility": {}, "inputs": {"design": {}, "context": {"material": {"id": "ebony"}}}}
    shop.overwrite(name, digest.seal(members))
    kinds = ("misnamed", "misplaced", "feasibility_mismatch", "inputs_mismatch", "orphaned", "parent_missing")
    return [(kind, name) for kind in (*kinds, "blob_missing")]


# What is no file


def _obstruct(name: str) -> Damage:
    def obstructed(shop: Shop) -> Faults:
        plain, eventful = shop.put(), shop.take()
        keys = [artifact(plain), artifact(eventful), event(shop.take(), 2), f"_attachments/ab/cd/{'abcd' * 16}"]
        keys += [f"_claims/ac/{'ac' * 32}.json", f"{DAY}/{shop.take()}_advisory_x.json"]
        for key in keys:
            path = shop.path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            OBSTACLES[name](path)
        hole = shop.take()
        shop.path(event(hole, 1)).unlink()
        OBSTACLES[name](shop.path(event(hole, 1)))
        found = [("not_a_file", key) for key in (*keys, event(hole, 1))]
        return [*found, ("event_hole", event(hole, 2))]

    return obstructed


for _name in OBSTACLES:
    DAMAGES[f"a {_name} where a file should be"] = _obstruct(_name)
