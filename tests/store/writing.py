"""What the tests of the store write, damage and ask, again and again."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from rmos import digest, ids
from rmos.row_models import RunQuery
from rmos.store import Store
from rmos.store.records import Damage
from tests.makers import ANNA, US, add_event, listed_ids, make_members, write_raw

DAY = "2025-12-23"
DAY_US = 86_400_000_000
DELETE: dict[str, Any] = {"mode": "soft", "reason": "a trial"}


def put(store: Store, us: int = US, **over: Any) -> str:
    """Put a valid run and return its id."""
    stored = store.runs.put(make_members(us, **over))
    assert stored.created
    assert stored.indexed
    return stored.view.artifact.run_id


def add(store: Store, run_id: str, kind: str = "advisory", us: int = US, **data: Any) -> int:
    """Add an event and return its number."""
    return add_event(store, run_id, kind, data or {"advisory_id": "adv"}, actor=ANNA, us=us).view.version


def path_of(root: Path, run_id: str, number: int | None = None) -> Path:
    return root / DAY / (f"{run_id}.json" if number is None else f"{run_id}.{number:06d}.json")


def damage_of(store: Store, run_id: str) -> str:
    """Return the kind of damage that reading a run ends in, with and without deleted ones."""
    with pytest.raises(Damage) as caught:
        store.runs.record(run_id)
    with pytest.raises(Damage):
        store.runs.record(run_id, include_deleted=True)
    assert caught.value.code == "RECORD_DAMAGED"
    return caught.value.kind


def answers(store: Store) -> tuple[object, ...]:
    """Return all that lists show and what each listed run says when it is read."""
    pages = [
        [json.loads(item) for item in store.runs.page(RunQuery(include_deleted=deleted), limit=500).items]
        for deleted in (False, True)
    ]
    queries = [RunQuery(status="BLOCKED"), RunQuery(tool_id_prefix="r"), RunQuery(include_deleted=True)]
    return pages, [store.runs.count(query) for query in queries], listed_ids(store)


def fill(store: Store) -> list[str]:
    """Put runs over several days, with events, and some of them deleted or restored."""
    runs = [
        put(store, US + number * DAY_US // 3, status=("OK", "BLOCKED", "ERROR")[number % 3]) for number in range(12)
    ]
    for number, run_id in enumerate(runs):
        for _ in range(number % 3):
            add(store, run_id, advisory_id=f"adv_{number}")
        if number % 4 == 1:
            add(store, run_id, "delete", mode="soft", reason="a trial")
        if number % 8 == 5:
            add(store, run_id, "restore", reason="not a trial")
    return runs


def write_run(root: Path, us: int = US, run_id: str | None = None) -> str:
    """Write a run as another process would that died before its row."""
    members = make_members(us, run_id)
    write_raw(root / ids.partition_of(us) / f"{members['run_id']}.json", digest.encode_record(members))
    return str(members["run_id"])


def age(folder: Path) -> None:
    """Make a folder look as if nothing had changed in it for a minute."""
    then = time.time_ns() - 60_000_000_000
    os.utime(folder, ns=(then, then))


def write_unseen(root: Path, us: int = US) -> str:
    """Write a run without its folder's time showing it."""
    before = (root / ids.partition_of(us)).stat().st_mtime_ns
    run_id = write_run(root, us)
    os.utime(root / ids.partition_of(us), ns=(before, before))
    return run_id


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x01
    write_raw(path, bytes(data))


def crash(store: Store, root: Path, wal: float = 1.0) -> None:
    """Leave the index as a crash or a power cut does: with the WAL, or a first part of it, and the same inode."""
    main, rest = ((root / name).read_bytes() for name in ("_index.sqlite", "_index.sqlite-wal"))
    store.index.close()
    (root / "_index.sqlite").write_bytes(main)
    (root / "_index.sqlite-wal").write_bytes(rest[: int(len(rest) * wal)])
