"""Make store folders as the earlier system left them, to prove that RMOS opens one in place.

    store = make_earlier_store(tmp_path)
    before = snapshot(tmp_path)
    ...open, list, verify, rebuild store.root...
    assert before.items() <= snapshot(tmp_path).items()        # what was added is not judged, what was there is

Everything follows from the seed (no clock, no system randomness), each item from its own label, so that asking for one
oddity leaves the other files as they are. Every harmless oddity shows from 30 runs up.
"""

import hashlib
import json
import os
import random
import stat
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

HARMLESS = frozenset({
    "short_ids", "bare_ids", "later_fields", "completeness_guard", "hostile_paths", "advisory_in_advisory_id",
    "sanitised_advisory_ids", "doubled_prefix", "json_blob_names", "index_lacks_runs", "torn_audit_line", "tmp_debris",
})  # fmt: skip
HARMFUL = frozenset({"truncated_index", "missing_index", "non_hex_ids", "orphan_link", "hostile_advisory_ids"})

# fmt: off
ARTIFACT_KEYS: tuple[str, ...] = (
    "run_id", "created_at_utc", "request_id", "mode", "tool_id", "status", "request_summary", "feasibility", "decision",
    "hashes", "outputs", "advisory_inputs", "explanation_status", "explanation_summary", "attachments", "meta",
    "workflow_session_id", "material_id", "machine_id", "workflow_mode", "toolchain_id", "post_processor_id",
    "geometry_ref", "geometry_hash", "event_type", "parent_run_id", "drift_detected", "drift_summary", "gate_policy_id",
    "gate_decision", "engine_version", "toolchain_version", "config_fingerprint", "notes", "errors",
)
# fmt: on
_REVIEW_KEYS = ("advisory_reviews", "advisory_rejections", "manufacturing_candidates", "source_advisory_id")
_ADDED_AFTER = {"outputs": ("lineage",), "explanation_summary": _REVIEW_KEYS}
LATER_KEYS = tuple(name for key in ARTIFACT_KEYS for name in (key, *_ADDED_AFTER.get(key, ())))
OUTPUT_KEYS = ("gcode_text", "opplan_json", "gcode_path", "opplan_path", "preview_svg_path")
HASH_KEYS = ("feasibility_sha256", "toolpaths_sha256", "gcode_sha256", "opplan_sha256")
NON_HEX_IDS = ("run_test_1", "run_a", "run_a_advisory_b", "a_b", "Smoke test (2).final", "run_glob_[ab]*", "Größe_½")
GUARD_DIGEST = "0" * 64

_RISKS = ("GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR")
_STATUS = {"GREEN": "OK", "YELLOW": "OK", "RED": "BLOCKED", "UNKNOWN": "BLOCKED", "ERROR": "ERROR"}
_TOOLS = (("router", "router_6mm_2f"), ("saw", "saw_10_24_3.0"), ("cam", "ball_3mm"), ("art_studio", "vbit_60"))
_BLOB_KINDS = (
    (".json", "toolpaths", "application/json"),
    (".svg", "svg_variant", "image/svg+xml"),
    (".gcode", "gcode", "text/plain"),
    ("", "note", "text/markdown"),
    (".txt", "debug", "text/plain"),
    (".dxf", "geometry", "application/dxf"),
)
_REASON = "Probelauf – gelöscht"
_START = datetime(2025, 12, 5, 16, 46, 13, tzinfo=UTC)
_SPAN_S = 14 * 86_400
_LAST = datetime(2025, 12, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class EarlierStore:
    """Tell what a made store holds: `run_ids` are live and oldest first, by (created_at_utc, run_id)."""

    root: Path
    attachments: Path
    run_ids: list[str] = field(default_factory=list)
    deleted: dict[str, dict[str, Any]] = field(default_factory=dict)  # soft: tombstone in the index, the file stays
    hard_deleted: list[str] = field(default_factory=list)  # an audit line and nothing else
    refused: list[str] = field(default_factory=list)  # audit lines of deletes that did not happen
    non_hex_ids: list[str] = field(default_factory=list)  # live runs of tests and tools, not in run_ids
    guarded: list[str] = field(default_factory=list)  # feasibility digest of 64 zeros
    artifacts: dict[str, Path] = field(default_factory=dict)  # every run that has a file, deleted or not
    advisory_links: dict[str, list[str]] = field(default_factory=dict)
    link_paths: list[Path] = field(default_factory=list)
    inline_advisories: dict[str, list[str]] = field(default_factory=dict)  # also in the artifact, rewritten later
    blobs: list[Path] = field(default_factory=list)  # all of them, the misnamed ones too
    json_blobs_misnamed: list[Path] = field(default_factory=list)
    debris: list[Path] = field(default_factory=list)


def earlier_json(value: Any) -> str:
    """Encode as the earlier system did before hashing: sorted, compact, Python's own numbers, not RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def earlier_digest(value: Any) -> str:
    """Digest a JSON value in the earlier system's form."""
    return _sha256(earlier_json(value).encode())


def make_earlier_store(
    folder: Path,
    *,
    runs: int = 40,
    seed: int = 1,
    attachments: Literal["beside", "inside"] = "beside",
    oddities: frozenset[str] = HARMLESS,
) -> EarlierStore:
    """Write `runs` artifacts and all that lay around them under `folder`/runs and say what is there.

    `non_hex_ids` come on top of `runs`. A truncated or missing index loses tombstones that `deleted` still names.
    Raise ValueError for an unknown oddity, and for an index both missing and truncated.
    """
    unknown = oddities - HARMLESS - HARMFUL
    if unknown or {"truncated_index", "missing_index"} <= oddities:
        raise ValueError(f"no such oddities, or not together: {sorted(unknown or oddities & HARMFUL)}")
    root = folder / "runs"
    store = EarlierStore(root=root, attachments=(folder if attachments == "beside" else root) / "attachments")
    _Builder(store, runs, seed, oddities).build()
    for made in (root, store.attachments):
        for parent, _, _ in os.walk(made):
            os.chmod(parent, 0o755)
            _set_mtime(Path(parent), _LAST)
    return store


def snapshot(folder: Path, exclude: Collection[str] = ()) -> dict[str, tuple[str, str, int, int]]:
    """Map each relative path to (kind, SHA-256 or link target, mode, mtime_ns), leaving out every name in `exclude`.

    A folder's own mtime reads 0: adding a new object beside old ones is not a change to them.
    """
    found: dict[str, tuple[str, str, int, int]] = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in exclude]
        for name in sorted({*folders, *files} - set(exclude)):
            path = Path(parent, name)
            found[str(path.relative_to(folder))] = _describe(path)
    return found


def _describe(path: Path) -> tuple[str, str, int, int]:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "symlink", os.readlink(path), mode, status.st_mtime_ns
    if stat.S_ISDIR(status.st_mode):
        return "dir", "", mode, 0
    if stat.S_ISREG(status.st_mode):
        return "file", _sha256(path.read_bytes()), mode, status.st_mtime_ns
    return "other", "", mode, status.st_mtime_ns


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _indented(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def _zulu(when: datetime) -> str:
    """Write a time as artifacts had it: no fraction at all when it is zero."""
    return when.isoformat().replace("+00:00", "Z")


def _set_mtime(path: Path, when: datetime) -> None:
    ns = int(when.timestamp()) * 10**9
    os.utime(path, ns=(ns, ns))


def _write(path: Path, data: bytes, when: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o644)
    _set_mtime(path, when)
    return path


def _sanitised(name: str) -> str:
    return name.replace("/", "_").replace("\\", "_")


def _feasibility(number: int, risk: str) -> dict[str, Any]:
    """Make a result whose digest differs from that of its RFC 8785 form: numbers, key order, an integer over 2^53."""
    if risk == "ERROR" and number % 2:
        return {}
    result: dict[str, Any] = {"score": float(100 - number % 60), "risk_level": risk, "warnings": []}
    result |= {"tolerance_mm": 1e-07, "passes": 1.0, "z_offset_mm": -0.0, "material": "Ébène – Größe ½″"}
    result |= {"\U0001d11e": "last by code point", "\ufb33": "last by UTF-16 unit", "efficiency": 0.1 + 0.2}
    return result | ({"seed": 2**53 + 1} if number % 4 == 2 else {})


def _decision(number: int, risk: str, score: float | None) -> dict[str, Any]:
    return {
        "risk_level": risk,
        "score": score if risk in ("GREEN", "YELLOW", "RED") else None,
        "block_reason": None if _STATUS[risk] == "OK" else f"Risk {risk}: Zustellung zu groß",
        "warnings": ["Chip load near its limit"] if risk == "YELLOW" else [],
        "details": {"checks": number % 5} if number % 2 else {},
    }


def _guard() -> dict[str, Any]:
    """Make the fields that the completeness guard wrote; it kept the feasibility and never hashed it."""
    reason, lacking = "Completeness guard: missing required fields", "hashes.feasibility_sha256"
    details = {"violations": [{"field": lacking, "reason": "required for the audit trail"}]}
    return {
        "status": "BLOCKED",
        "decision": {**_decision(0, "ERROR", None), "block_reason": reason, "warnings": [lacking], "details": details},
        "hashes": dict.fromkeys(HASH_KEYS) | {"feasibility_sha256": GUARD_DIGEST},
        "outputs": dict.fromkeys(OUTPUT_KEYS),
        "event_type": "unknown",
        "meta": {"completeness_guard": True, "violation_count": 1},
    }


class _Builder:
    def __init__(self, store: EarlierStore, runs: int, seed: int, oddities: frozenset[str]) -> None:
        self.store, self.runs, self.seed, self.oddities = store, runs, seed, oddities
        self.written: dict[str, dict[str, Any]] = {}
        self.index: dict[str, dict[str, Any]] = {}

    def build(self) -> None:
        self.store.root.mkdir(parents=True)
        self.store.attachments.mkdir()
        whens = {number: self.when(number) for number in range(self.runs)}
        ids = {number: self.run_id(number) for number in whens}
        for number in sorted(whens, key=lambda number: (whens[number], ids[number])):
            self.put_run(number, ids[number], whens[number])
            self.index_run(number, ids[number], whens[number])
        if "non_hex_ids" in self.oddities:
            self.put_non_hex_runs()
        self.store.hard_deleted.extend(f"run_{self.hex('hard', number)}" for number in range(2))
        if "orphan_link" in self.oddities:
            self.put_link(self.store.hard_deleted[0], "adv_of_no_run", _LAST, doubled=False)
        self.put_audit()
        self.put_index()
        if "tmp_debris" in self.oddities:
            self.put_debris()

    def hex(self, *label: object) -> str:
        bits = random.Random(":".join(map(str, (self.seed, *label)))).getrandbits(128)
        return uuid.UUID(int=bits, version=4).hex

    def when(self, number: int) -> datetime:
        """Spread the runs over two weeks, with both edges of a day, ties, and whole seconds among them."""
        if number in (1, 5):
            midnight = datetime(2025, 12, 6, tzinfo=UTC)
            return midnight if number == 5 else midnight - timedelta(microseconds=1)
        number -= number % 10 == 3
        fraction = 0 if number % 4 == 0 else int(self.hex("when", number)[:5], 16) % 1_000_000
        return _START + timedelta(seconds=number * _SPAN_S // self.runs, microseconds=fraction)

    def run_id(self, number: int) -> str:
        digits = self.hex("run", number)
        if number % 6 == 4 and "short_ids" in self.oddities:
            return f"run_{digits[: 12 + number // 6 % 20]}"
        return digits if number % 6 == 5 and "bare_ids" in self.oddities else f"run_{digits}"

    def put_run(self, number: int, run_id: str, when: datetime) -> None:
        links = self.link_ids(number, when)
        doubled = "doubled_prefix" in self.oddities and number // 4 % 3 == 0 and run_id.startswith("run_")
        refs = [self.put_link(run_id, advisory_id, when, doubled) for advisory_id in links]
        fields = self.fields(number, run_id, when)
        keys = ARTIFACT_KEYS
        if "later_fields" in self.oddities and number % 8 in (1, 6):
            keys = LATER_KEYS
            fields |= {"lineage": {"parent_plan_run_id": None}, "manufacturing_candidates": []}
            if refs:
                fields |= {"advisory_inputs": refs[:1], "advisory_reviews": {links[0]: {"rating": 4, "notes": "schön"}}}
                self.store.inline_advisories[run_id] = links[:1]
        self.written[run_id] = {key: fields.get(key) for key in keys}
        path = self.store.root / when.date().isoformat() / f"{run_id}.json"
        self.store.artifacts[run_id] = _write(path, _indented(self.written[run_id]), when)

    def fields(self, number: int, run_id: str, when: datetime) -> dict[str, Any]:
        risk, (mode, tool_id) = _RISKS[number % 5], _TOOLS[number % 4]
        feasibility = _feasibility(number, risk)
        outputs, hashes = self.outputs(number, risk, earlier_digest(feasibility))
        request_id = f"req_{self.hex('request', number)[:16]}"
        fields: dict[str, Any] = {
            "run_id": run_id, "created_at_utc": _zulu(when), "request_id": request_id if number % 7 == 6 else None,
            "mode": mode, "tool_id": tool_id, "status": _STATUS[risk],
            "request_summary": {"keys": ["design", "context"], "tool_id": tool_id}, "feasibility": feasibility,
            "decision": _decision(number, risk, feasibility.get("score")), "hashes": hashes, "outputs": outputs,
            "advisory_inputs": [], "explanation_status": ("NONE", "PENDING", "READY", "ERROR")[number % 4],
            "explanation_summary": "Kühlung prüfen – 0,1 mm" if number % 4 == 2 else None,
            "attachments": [self.put_blob(number, turn, when) for turn in (0, 1)] if number % 3 == 0 else None,
            "meta": {"request_id": request_id, "batch_label": f"batch_{number % 4}", "compute_ms": 12.0},
            "workflow_session_id": None if number % 4 == 3 else f"ws_{self.hex('session', number % 3)[:12]}",
            "material_id": "ebony" if number % 2 else None, "machine_id": "shapeoko_4",
            "event_type": ("feasibility_check", "toolpaths", "approval")[number % 3],
            "engine_version": "1.4.0", "notes": "Fräser getauscht" if number % 9 == 4 else None,
        }  # fmt: skip
        if "completeness_guard" in self.oddities and number % 13 == 6:
            fields |= _guard()
            self.store.guarded.append(run_id)
        return fields

    def outputs(self, number: int, risk: str, feasibility_sha256: str) -> tuple[dict[str, Any], dict[str, Any]]:
        outputs: dict[str, Any] = dict.fromkeys(OUTPUT_KEYS)
        hashes: dict[str, Any] = dict.fromkeys(HASH_KEYS) | {"feasibility_sha256": feasibility_sha256}
        if "hostile_paths" in self.oddities and number % 5 == 1:
            outputs |= {"gcode_path": "/etc/passwd", "opplan_path": "/dev/zero", "preview_svg_path": "../../etc/hosts"}
        if _STATUS[risk] == "OK":
            outputs |= {"gcode_text": f"G21\nG1 X{number} F900\n", "opplan_json": {"passes": 1.0, "step": number}}
            gcode_sha256 = _sha256(outputs["gcode_text"].encode())
            hashes |= {"toolpaths_sha256": gcode_sha256, "gcode_sha256": gcode_sha256}
            hashes["opplan_sha256"] = earlier_digest(outputs["opplan_json"])
        return outputs, hashes

    def put_blob(self, number: int, turn: int, when: datetime) -> dict[str, Any]:
        """Write a blob and return the attachment that names it; `size_bytes` is that of the bytes that were hashed."""
        extension, kind, mime = _BLOB_KINDS[(number // 3 + turn * 3) % len(_BLOB_KINDS)]
        label = 0 if kind == "note" else number  # notes are all the same: one blob, many runs
        stored = hashed = f"<svg><desc>{kind} ½ {self.seed} {label}</desc></svg>\n".encode()
        if extension == ".json":
            value = {"wood": "Ébène", "seed": self.seed, "run": number, "step_mm": 1e-07, "points": [[-0.0, 1.0, 1e16]]}
            stored = hashed = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode()
            if "json_blob_names" in self.oddities:
                hashed = earlier_json(value).encode()
        sha256 = _sha256(hashed)
        path = self.store.attachments / sha256[:2] / sha256[2:4] / f"{sha256}{extension}"
        if not path.exists():
            self.store.blobs.append(_write(path, stored, when))
            self.store.json_blobs_misnamed.extend([path] if stored != hashed else [])
        name = {"kind": kind, "mime": mime, "filename": f"{kind}_{number}{extension}"}
        return {"sha256": sha256, **name, "size_bytes": len(hashed), "created_at_utc": when.isoformat()}

    def link_ids(self, number: int, when: datetime) -> list[str]:
        """Choose the advisories of every fourth run: a bare reference, a blob's digest, then the odd ones asked for."""
        if number % 4 != 1:
            return []
        choices = {
            "advisory_in_advisory_id": f"sheet_advisory_{number}",
            "sanitised_advisory_ids": f"vision/v2/sheet_{number}",
            "hostile_advisory_ids": "/etc/passwd",
        }
        odd = [advisory_id for oddity, advisory_id in choices.items() if oddity in self.oddities]
        turn = number // 4 % (len(odd) + 2)
        first = [*odd, "adv_001", ""][turn] or self.put_blob(number, 1, when)["sha256"]
        return [first, f"adv_{number:03d}_b"] if number % 12 == 1 else [first]

    def put_link(self, run_id: str, advisory_id: str, when: datetime, doubled: bool) -> dict[str, Any]:
        kind = ("explanation", "advisory", "note", "unknown")[len(advisory_id) % 4]
        ref: dict[str, Any] = {"advisory_id": advisory_id, "kind": kind, "created_at_utc": _zulu(when)}
        ref |= {"request_id": None, "engine_id": "vision_engine", "engine_version": "0.9.1"}
        name = f"{'run_' if doubled else ''}{run_id}_advisory_{_sanitised(advisory_id)}.json"
        self.store.link_paths.append(_write(self.store.root / when.date().isoformat() / name, _indented(ref), when))
        self.store.advisory_links.setdefault(run_id, []).append(advisory_id)
        return ref

    def put_non_hex_runs(self) -> None:
        """Put runs of tests and tools in one partition, with links whose names alone do not tell whose they are."""
        for turn, run_id in enumerate(NON_HEX_IDS):
            self.put_run(4 * (self.runs + turn), run_id, _LAST + timedelta(seconds=turn))
            self.store.non_hex_ids.append(run_id)
        self.put_link("run_a", "b_advisory_c", _LAST, doubled=False)
        self.put_link("run_a_advisory_b", "d", _LAST, doubled=False)

    def index_run(self, number: int, run_id: str, when: datetime) -> None:
        """Give a run its index row or its tombstone, which knows little where a lost update had lost the row."""
        made = self.written[run_id]
        row: dict[str, Any] = {"run_id": run_id, "created_at_utc": when.isoformat()}
        row |= {key: made[key] for key in ("event_type", "status", "workflow_session_id", "tool_id", "mode")}
        row |= {"partition": when.date().isoformat(), "meta": made["meta"]}
        known = "index_lacks_runs" not in self.oddities or number % 4 == 0 or number == 2
        if number % 15 != 2:
            self.store.run_ids.append(run_id)
            self.index |= {run_id: row} if known else {}
            return
        tombstone = {"run_id": run_id, "deleted": True, "deleted_at_utc": _zulu(when + timedelta(hours=2))}
        tombstone |= {"deleted_reason": _REASON, "deleted_by": "anna", "request_id": None}
        tombstone |= {key: row[key] if known else None for key in ("created_at_utc", "status", "mode")}
        self.store.deleted[run_id] = self.index[run_id] = tombstone | {"partition": row["partition"]}

    def put_index(self) -> None:
        data = _indented(self.index)
        if "missing_index" not in self.oddities:
            cut = len(data) * 2 // 3 if "truncated_index" in self.oddities else len(data)
            _write(self.store.root / "_index.json", data[:cut], _LAST)

    def put_audit(self) -> None:
        """Write the delete attempts, refused ones too; a torn last line leaves its index update done."""
        store, limited = self.store, "Rate limited: 10 in 60 s"
        gone: dict[str, Any] = {"index_updated": True, "artifact_deleted": True, "attachments_deleted": 1}
        soft = [self.audit_line(run_id, "soft", index_updated=True) for run_id in store.deleted]
        lines = [self.audit_line(run_id, **gone) for run_id in store.hard_deleted]
        refusals: list[dict[str, Any]] = [
            {"outcome": "not_found", "errors": "Run not found", "meta": None},
            {"errors": limited, "meta": {"rate_limit_key": "anna"}},  # some releases called every attempt "ok"
            {"outcome": "rate_limited", "mode": "soft", "allowed_by_rate_limit": False, "errors": limited},
            {"outcome": "forbidden", "allowed_by_policy": False, "errors": "Hard delete is not allowed"},
        ]
        store.refused.extend([f"run_{self.hex('absent')}", *store.run_ids[:3]])
        for run_id, refusal in zip(store.refused, refusals, strict=False):
            lines.append(self.audit_line(run_id, **refusal))
        data = "".join(f"{line}\n" for line in [*soft[:-1], *lines, *soft[-1:]]).encode()
        whole = len(data) - (60 if "torn_audit_line" in self.oddities else 0)
        _write(store.root / "_audit" / "deletes.jsonl", data[:whole], _LAST)

    def audit_line(self, run_id: str, mode: str = "hard", **changes: Any) -> str:
        partition = self.store.deleted.get(run_id, {}).get("partition", "2025-12-07")
        line: dict[str, Any] = {"ts_utc": _zulu(_LAST), "run_id": run_id, "mode": mode, "reason": _REASON}
        line |= {"actor": "anna", "request_id": None, "allowed_by_policy": True, "allowed_by_rate_limit": True}
        line |= {"client_ip": None, "outcome": "ok", "index_updated": False, "artifact_deleted": False}
        line |= {"attachments_deleted": 0, "errors": None}
        line |= {"meta": {"cascade": True, "partition": partition, "rate_limit_key": "anna"}}
        return json.dumps(line | changes, separators=(",", ":"), ensure_ascii=False)

    def put_debris(self) -> None:
        """Leave what interrupted writes left: torn and empty files beside, and instead of, whole ones."""
        day, digest = self.store.root / _START.date().isoformat(), _sha256(b"debris")
        torn = [day / f"run_{self.hex('debris')}{ending}.json.tmp" for ending in ("", "_advisory_adv_001")]
        torn += [self.store.root / "_index.json.tmp"]
        torn += [self.store.attachments / digest[:2] / digest[2:4] / f"{digest}.json.tmp"]
        self.store.debris.extend(_write(path, b'{\n  "run_id": "run_', _LAST) for path in torn)
        for path in list(self.store.artifacts.values())[:1]:
            self.store.debris.append(_write(path.with_suffix(".json.tmp"), b"", _LAST))
