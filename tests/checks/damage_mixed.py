"""Damage to rows of the index, several damages to one run, and things that are no files."""

from typing import Any

import msgspec

from rmos import digest, ids
from rmos.row_models import RunRow
from tests.checks.registry import DAMAGES, Damage, damage
from tests.checks.shops import DAY, NEXT_DAY, OBSTACLES, Faults, Shop, artifact, event
from tests.makers import make_members


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
    rows: list[tuple[RunRow, bool]] = shop.store.index.runs.rows(DAY, run_id, run_id)
    shop.store.index.runs.forget([run_id])
    shop.store.index.runs.upsert([msgspec.structs.replace(rows[0][0], **over)])


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
    shop.overwrite(name, digest.encode_record(members))
    kinds = ("misnamed", "misplaced", "feasibility_mismatch", "inputs_mismatch", "orphaned", "parent_missing")
    return [(kind, name) for kind in (*kinds, "blob_missing")]


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
