"""Which engine a store was founded with: that of its first run, so that a shop's decisions do not change by an upgrade.

    default_engine_of(settings)        # "baseline_v1" for a store that has runs of it, "baseline_v2" for a new one

Nothing is written for it: the first run names the engine that evaluated it, and a store without runs has no decision
that could change. A setting wins over both.
"""

from itertools import islice
from typing import Final

import msgspec

from rmos.config import Settings
from rmos.errors.base import RmosError
from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageFailed
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.reading import RunReader

FIRST_ENGINE_ID: Final = "baseline_v1"
"""What every store had before there was a choice."""
NEW_ENGINE_ID: Final = "baseline_v2"
_LOOKED_AT: Final = 20
"""First runs that are looked at, when some of them cannot be read or name no engine."""


class _Feasibility(msgspec.Struct):
    engine_id: str


class _Artifact(msgspec.Struct):
    feasibility: _Feasibility


def default_engine_of(settings: Settings) -> str:
    """Return the id of the engine that evaluates when a request names none. Opens and creates nothing.

    Raises:
        StorageFailed: it cannot be seen just now; asked again, it may be.
    """
    if settings.default_engine is not None:
        return settings.default_engine
    try:
        return first_engine_of(open_objects(settings.runs_dir, s3=settings.s3_options))
    except StorageFailed:
        raise  # of which engine the shop relies on nothing is known: another one must not decide
    except (RmosError, OSError):
        # Whoever opens the store is told what is wrong with it.
        return FIRST_ENGINE_ID


def first_engine_of(objects: Objects) -> str:
    """Return the engine of a store's first run, that of a new store when there is none."""
    runs = 0
    for partition in RunReader(objects).partitions():
        ids = layout.sort_out(objects.names(partition)).runs
        for run_id in islice(sorted(ids), _LOOKED_AT - runs):
            runs += 1
            try:
                found = msgspec.json.decode(objects.read(layout.artifact_key(partition, run_id)), type=_Artifact)
            except (ObjectMissing, ObjectUnreadable, msgspec.MsgspecError):
                continue
            # What evaluated it besides a built-in engine says nothing of which of those the shop relies on.
            if found.feasibility.engine_id in (FIRST_ENGINE_ID, NEW_ENGINE_ID):
                return found.feasibility.engine_id
        if runs >= _LOOKED_AT:
            break
    return FIRST_ENGINE_ID if runs else NEW_ENGINE_ID
