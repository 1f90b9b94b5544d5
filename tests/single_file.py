"""Make the single-file store (`runs.json`) of the earlier system, to prove that RMOS moves it in.

    path = make_single_file(tmp_path, runs=40)
    path = make_single_file(tmp_path, oddities={"bad_times"})

One indented JSON object, keys sorted. Everything follows from the number of a run.
"""

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ODDITIES: Final = frozenset({"bad_times", "bad_ids", "no_objects", "other_id_inside"})
"""What cannot be moved in, each in one run of its own."""
_START: Final = datetime(2025, 11, 3, 8, 15, 30, 250_000, tzinfo=UTC)
_RISKS: Final = ("GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR")
_STATUS: Final = {"GREEN": "OK", "YELLOW": "OK", "RED": "BLOCKED", "UNKNOWN": "BLOCKED", "ERROR": "ERROR"}
BAD_ID: Final = "run_test_1"


def old_id(number: int) -> str:
    """Return the id of a run: run_ and 16 hex digits."""
    return f"run_{_sha(f'run {number}')[:16]}"


def old_record(number: int) -> dict[str, Any]:
    """Make one flat record; every field that there is has a value in some of them."""
    risk = _RISKS[number % 5]
    feasibility = {"score": 90.5, "risk_bucket": risk, "material": "Ébène ½″", "step": 1e-07}
    decision = {"risk_level": risk, "score": 71.5, "block_reason": None, "warnings": ["tief"], "rule": "F12"}
    record: dict[str, Any] = {
        "run_id": old_id(number),
        "created_at_utc": (_START + timedelta(hours=7 * number)).isoformat(),
        "workflow_session_id": f"ws_{_sha(f'ws {number % 3}')[:12]}" if number % 2 else None,
        "tool_id": "router_6mm" if number % 7 else None,
        "material_id": "ebony", "machine_id": "shapeoko", "workflow_mode": "design_first", "toolchain_id": "tc1",
        "post_processor_id": "grbl", "geometry_ref": "rosette.dxf", "geometry_hash": _sha("geometry"),
        "event_type": ("feasibility", "approval", "toolpaths")[number % 3], "status": _STATUS[risk],
        "feasibility": feasibility if number % 4 else None,
        "request_hash": _sha(f"request {number}") if number % 3 else None,
        "toolpaths_hash": _sha("toolpaths"), "gcode_hash": _sha("gcode") if number % 2 else "",
        "attachments": None, "parent_run_id": old_id(number - 1) if number % 6 == 5 else None,
        "fork_of_event_type": "feasibility" if number % 6 == 5 else None, "fork_reason": None,
        "drift_detected": bool(number % 2), "drift_summary": None,
        "override_note": "Chef sagt ja" if number == 3 else None,
        "gate_policy_id": "gate", "gate_policy_version": "2", "gate_decision": "allow", "engine_version": "1.1.0",
        "toolchain_version": "7", "post_processor_version": "3", "config_fingerprint": "abcd", "notes": "Größe geprüft",
        "errors": [], "mode": "router" if number % 5 else None, "request_summary": {"tool": "router_6mm", "n": number},
        "decision": decision if number % 2 else None, "advisory_inputs": [{"advisory_id": f"adv_{number}"}],
        "explanation_status": "READY", "explanation_summary": "Kühlung prüfen",
        "meta": {"batch_label": f"b{number % 3}"},
    }  # fmt: skip
    if number == 4:
        record["attachments"] = [
            {"sha256": "", "kind": "gcode", "mime": None, "filename": None, "size_bytes": 0, "created_at_utc": None}
        ]
    return record


def make_single_file(folder: Path, *, runs: int = 40, oddities: Collection[str] = ()) -> Path:
    """Write `runs` records under `folder`/runs.json and return its path; each oddity comes on top."""
    assert set(oddities) <= ODDITIES
    records: dict[str, Any] = {old_id(number): old_record(number) for number in range(runs)}
    if "bad_times" in oddities:
        for turn, time in enumerate(("yesterday", None, "2025-12-05T16:46:13", "2025-13-45T00:00:00+00:00", 17)):
            records[old_id(1000 + turn)] = {**old_record(1000 + turn), "created_at_utc": time}
    if "bad_ids" in oddities:
        records[BAD_ID] = {**old_record(2000), "run_id": BAD_ID}
    if "no_objects" in oddities:
        records[old_id(3000)] = ["not", "a", "record"]
    if "other_id_inside" in oddities:
        records[old_id(4000)] = old_record(4001)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.json"
    path.write_text(json.dumps(records, indent=2, sort_keys=True))
    return path


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
