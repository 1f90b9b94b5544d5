"""An index of many rows without the files of their runs: what lists and pages cost at a million runs, soon made.

The rows are those of a shop of several years: tools, woods and people as they come, a fifth of the runs blocked, some
five in a thousand overridden, a few of them waiting. Each day has its folder, so a reconcile finds nothing to do.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import stores
from benchmarks.cuts import small_members, small_templates
from benchmarks.stores import Say
from rmos import digest, ids
from rmos.row_models import RunRow
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from rmos.store.artifacts import decode_sealed
from rmos.store.folding import fold
from rmos.store.rows import make_row
from rmos.workflow import FOR_GOOD

_DAY_US: Final = 86_400_000_000
_A_DAY: Final = 1000
_BATCH: Final = 20_000
_SEED: Final = 20_251_223
_RISKS: Final = {"GREEN": 70, "YELLOW": 15, "RED": 10, "UNKNOWN": 4, "ERROR": 1}
_RULES: Final = ("HEAT", "CHIP_RUBBING", "DEFLECTION", "GEOMETRY_WALL", "SPINDLE_POWER", "UNKNOWN_NAME")


def make_indexed_store(folder: Path, count: int, say: Say) -> None:
    """Make a store whose index has the rows of `count` runs, and whose folders are empty."""
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    store.reconcile()
    first_us = ids.now_us() - (count // _A_DAY + 1) * _DAY_US
    batch: list[RunRow] = []
    days = set()
    for row in make_rows(count, first_us):
        batch.append(row)
        days.add(row.partition)
        if len(batch) == _BATCH:
            store.index.runs.upsert(batch)
            batch.clear()
    store.index.runs.upsert(batch)
    say(f"an index of {count} runs on {len(days)} days is made")
    for day in days:
        path = folder / day
        path.mkdir()
        os.utime(path, (first_us / 1e6, first_us / 1e6))  # what has changed within two seconds is listed again
        store.index.set_change_token(day, store.objects.changed_since(day, None))
    store.reconcile()
    store.index.close()


def make_rows(count: int, first_us: int) -> Iterator[RunRow]:
    """Yield the rows of so many runs, made from a moment on."""
    chance = random.Random(_SEED)
    patterns = [_make_pattern(members, first_us) for members in small_templates()]
    step_us = count // _A_DAY * _DAY_US // count
    for place in range(count):
        us = first_us + place * step_us
        run_id = ids.new_run_id(us)
        pattern = patterns[place % len(patterns)]
        yield msgspec.structs.replace(
            pattern,
            run_id=run_id,
            created_us=us,
            partition=ids.partition_of(us),
            summary=pattern.summary.replace(pattern.run_id, run_id, 1),
            **_choose_values(chance, place, run_id),
        )


def _make_pattern(template: dict[str, Any], us: int) -> RunRow:
    """Return the row of a run as the store makes it."""
    members = small_members([template], 0, us)
    data, run_id = digest.encode_record(members), members["run_id"]
    artifact = decode_sealed(data, run_id, ids.partition_of(us))
    return make_row(fold(artifact, []), ids.partition_of(us), dump_summary)


def _choose_values(chance: random.Random, place: int, run_id: str) -> dict[str, Any]:
    """Return what filters ask for, each value as often as a shop would have it."""
    (risk,) = chance.choices(list(_RISKS), list(_RISKS.values()))
    is_blocked = risk in ("RED", "UNKNOWN")
    values = {
        "risk_level": risk,
        "status": "BLOCKED" if is_blocked else "ERROR" if risk == "ERROR" else "OK",
        "rule": None if risk == "GREEN" else chance.choice(_RULES),
        "mode": "saw" if place % 7 == 0 else "router",
        "tool_id": f"em-{chance.randrange(20):02d}",
        "material_id": f"wood_{chance.randrange(12):02d}",
        "machine_id": f"machine_{chance.randrange(4)}",
        "created_by": f"person {chance.randrange(8)}",
        "batch_label": f"batch {place // 40}",
        "workflow_session_id": f"ws_{place // 20:032x}" if place % 2 else None,
        "parent_run_id": run_id if place % 10 == 0 else None,
        "request_id": f"req_{place:016x}",
    }
    if is_blocked and place % 28 == 0:
        asked = place % 280 == 0
        until = FOR_GOOD if place % 3 else "2001-01-01T00:00:00.000000Z"
        values |= {"override": "asked" if asked else "granted", "override_until": until}
    return values
