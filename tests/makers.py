"""Valid records for tests, made from as little as a test cares about."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rmos import digest, ids
from rmos.config import Settings
from rmos.index.base import KnownRun
from rmos.models import EVENT_SCHEMA, RUN_SCHEMA, Actor, RunView
from rmos.row_models import Page, RunQuery, RunRow
from rmos.store import Store
from rmos.store.runs import Changed
from tests.earlier_system import earlier_digest

ANNA = Actor(name="anna", role="operator", request_id="req_0123456789abcdef")
US = ids.parse_utc("2025-12-23T09:46:13.123456Z")
"""A moment in the past, for runs whose partition is not to be today's."""
BEARER = f"rmos_abc123_{'Az0-' * 10}xyz"
"""What the holder of the token that `write_token` makes sends."""
EARLIER_ID = "run_361afb660060"

_RISK_OF = {"OK": "GREEN", "BLOCKED": "RED", "ERROR": "ERROR"}


def make_members(us: int | None = None, run_id: str | None = None, **over: Any) -> dict[str, Any]:
    """Make the members of a valid artifact; `over` replaces whole members, None removes one.

    `feasibility`, `design` and `context` are taken as plain values and hashed.
    """
    us = ids.now_us() if us is None else us
    status = over.pop("status", "OK")
    values = {
        "feasibility": over.pop(
            "feasibility", {"engine_id": "baseline_v1", "status": _RISK_OF[status], "pad": "z" * 40}
        ),
        "design": over.pop("design", {"operation": "channel", "feed_mm_min": 1200.5}),
        "context": over.pop("context", {"material": {"id": "ebony"}}),
    }
    raw = {name: digest.canonical_raw(value) for name, value in values.items()}
    members: dict[str, Any] = {
        "schema": RUN_SCHEMA,
        "run_id": run_id or ids.new_run_id(us),
        "created_at_utc": ids.utc_text(us),
        "status": status,
        "mode": "router",
        "tool_id": "router_6mm_2f",
        "event_type": "feasibility_check",
        "request_id": "req_0123456789abcdef",
        "decision": make_decision(status),
        "feasibility": raw["feasibility"],
        "inputs": {"design": raw["design"], "context": raw["context"]},
        "hashes": {f"{name}_sha256": digest.sha256_hex(bytes(raw[name])) for name in values},
        "attachments": [],
        "meta": {"batch_label": "batch_1"},
    }
    return {name: value for name, value in (members | over).items() if value is not None}


def make_decision(status: str = "OK", **over: Any) -> dict[str, Any]:
    """Make the decision that goes with a status."""
    decision = {"risk_level": _RISK_OF[status], "score": 90.0 if status == "OK" else None, "block_reason": None}
    return {**decision, "warnings": [], "details": {}, **over}


def make_event(run_id: str, number: int, previous_sha256: str | None, over: dict[str, Any] | None = None) -> bytes:
    """Make the sealed bytes of an event; `over` replaces whole members."""
    event: dict[str, Any] = {
        "schema": EVENT_SCHEMA,
        "event_id": ids.new_event_id(US),
        "number": number,
        "kind": "advisory",
        "record_id": run_id,
        "previous_sha256": previous_sha256,
        "created_at_utc": ids.utc_text(US),
        "actor": "anna",
        "role": "operator",
        "request_id": None,
        "data": {"advisory_id": f"adv_{number}"},
    }
    return digest.encode_record(event | (over or {}))


def write_token(runs_dir: Path, **data: Any) -> None:
    """Put the token whose holder sends `BEARER`; `data` replaces what its first event says, the name `local` too."""
    _, token_id, secret = BEARER.split("_")
    created = {"name": "local", "role": "viewer", "expires_at_utc": None, **data}
    created = {"secret_sha256": digest.sha256_hex(secret.encode()), **created}
    event = make_event(f"tok_{token_id}", 1, None, {"kind": "create", "data": created})
    write_raw(runs_dir / "_tokens" / f"tok_{token_id}.000001.json", event)


def make_earlier_artifact(**over: Any) -> bytes:
    """Make an artifact as the earlier system wrote it; `over` replaces whole members."""
    feasibility = over.pop("feasibility", {"score": 90.0, "step": 1e-07, "seed": 2**53 + 1, "text": "Ébène"})
    record = {
        "run_id": EARLIER_ID,
        "created_at_utc": "2025-12-23T09:46:13Z",
        "mode": "router",
        "tool_id": "router_6mm_2f",
        "status": "OK",
        "feasibility": feasibility,
        "decision": make_decision(),
        "hashes": {"feasibility_sha256": earlier_digest(feasibility), "toolpaths_sha256": None},
    }
    return json.dumps(record | over, indent=2, ensure_ascii=False).encode()


def make_row(us: int = US, **over: Any) -> RunRow:
    """Make an index row of a live run."""
    run_id = over.pop("run_id", None) or ids.new_run_id(us)
    values: dict[str, Any] = {
        "run_id": run_id,
        "created_us": us,
        "partition": ids.partition_of(us),
        "version": 0,
        "state": "live",
        "sha256": digest.sha256_hex(run_id.encode()),
        "summary": json.dumps({"run_id": run_id}),
        "status": "OK",
        "risk_level": "GREEN",
        "mode": "router",
        "tool_id": "router_6mm_2f",
    }
    return RunRow(**(values | over))


def known_of(row: RunRow) -> KnownRun:
    """Return what an index that holds the row knows of its run."""
    return KnownRun(row.partition, row.version, row.state, row.sha256)


def write_raw(path: Path, data: bytes) -> Path:
    """Put bytes under a path as somebody who is not RMOS would, whatever stands there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def walked(page: Callable[[str | None], Page]) -> list[dict[str, Any]]:
    """Walk a list, of which `page` returns the page behind a cursor with its total, to the end; return its items."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = page(cursor)
        found += [json.loads(item) for item in answer.items]
        cursor = answer.next_cursor
        if cursor is None:
            assert answer.total == len(found)
            return found


def listed_ids(store: Store, **query: Any) -> list[str]:
    """Return the ids of the runs that a list shows, walked to its end by cursors."""
    asked = RunQuery(**query)
    return [
        item["run_id"]
        for item in walked(lambda cursor: store.runs.page(asked, limit=7, cursor=cursor, include_total=True))
    ]


def open_store(folder: Path, *, reconcile: bool = True, write: bool = True) -> Store:
    """Open the store at `folder`/runs as another process would, with summaries that need no edge."""
    settings = Settings(instance_path=folder, runs_dir=folder / "runs")
    store = Store.open(settings, summarise=summarise, write=write)
    if reconcile:
        store.reconcile()
    return store


def summarise(view: RunView) -> str:
    """Shape a summary that shows what was folded, without the edge."""
    run = view.artifact
    return msgspec.json.encode(
        {
            "run_id": run.run_id,
            "created_at_utc": run.created_at_utc,
            "status": run.status,
            "risk_level": run.decision.risk_level,
            "version": view.version,
            "advisories": [advisory["advisory_id"] for advisory in view.advisories],
            "explanation_status": view.explanation_status,
            "deleted": view.deletion is not None,
        }
    ).decode()


def add_event(store: Store, run_id: str, kind: str, data: Mapping[str, Any], *, actor: Actor, us: int) -> Changed:
    """Append an event to a run, also to one that was deleted softly."""
    return store.runs.append(run_id, kind, lambda _: data, actor=actor, us=us, include_deleted=True)
