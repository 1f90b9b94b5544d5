"""From a record of the single-file store (`runs.json`) to an artifact: a pure function, the same bytes every time.

    mapped = map_run("run_0123456789abcdef", record)
    mapped.members["hashes"], mapped.unmapped       # what goes into the store, what found no home

Because nothing else goes in (no clock, no chance, no name of a place), a migration that was cut off is completed by
doing it again, and what a migration wrote is known from everything else by its bytes.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rmos import digest, ids
from rmos.errors.store import CannotMove
from rmos.models import RISK_LEVELS, RUN_SCHEMA, RUN_STATUSES

SAME_TEXTS: Final = (
    *("workflow_session_id", "material_id", "machine_id", "workflow_mode", "toolchain_id", "post_processor_id"),
    *("geometry_ref", "geometry_hash", "event_type", "parent_run_id", "drift_summary", "gate_policy_id"),
    *("gate_decision", "engine_version", "toolchain_version", "config_fingerprint", "notes", "explanation_summary"),
)
"""Texts that have the same name in an artifact."""
SAME_VALUES: Final[dict[str, type]] = {"drift_detected": bool, "errors": list, "request_summary": dict}
"""Other members that have the same name in an artifact."""
_TAKEN: Final = frozenset(
    {*SAME_TEXTS, *SAME_VALUES, "run_id", "created_at_utc", "mode", "tool_id", "status", "feasibility", "decision"}
    | {"request_hash", "toolpaths_hash", "gcode_hash", "attachments", "advisory_inputs", "explanation_status", "meta"}
)
_STATUS_OF: Final = {"GREEN": "OK", "YELLOW": "OK", "RED": "BLOCKED", "UNKNOWN": "BLOCKED", "ERROR": "ERROR"}
_EXPLANATIONS: Final = ("NONE", "PENDING", "READY", "ERROR")


class Mapped(NamedTuple):
    """The members of an artifact, and the fields of the old record that have no home in it."""

    members: dict[str, Any]
    unmapped: list[str]


def map_run(run_id: str, record: object) -> Mapped:
    """Return the artifact that a record becomes.

    Raises:
        CannotMove: it is no object, its id is not one that can be kept, or its time is none.
    """
    if not isinstance(record, dict):
        raise CannotMove("the record is not an object")
    if not ids.is_run_id(run_id):
        raise CannotMove("the id cannot be kept: it is not run_ and 12 to 32 hex digits")
    if record.get("run_id", run_id) != run_id:
        raise CannotMove("the record says that it has another id")
    try:
        created_us = ids.parse_utc(str(record.get("created_at_utc")))
    except (ValueError, OverflowError) as error:
        raise CannotMove(f"created_at_utc cannot be read: {error}") from None
    if ids.moment_of(run_id) not in (None, created_us):
        raise CannotMove("the id and created_at_utc are not the same moment")
    return _Mapping(run_id, created_us, record).mapped()


class _Mapping:
    """One record on its way; what has no home is collected in `left`."""

    def __init__(self, run_id: str, created_us: int, record: Mapping[str, Any]) -> None:
        self.run_id = run_id
        self.created_us = created_us
        self.record = record
        self.left: dict[str, Any] = {}

    def mapped(self) -> Mapped:
        """Return the members, those that have no value left out."""
        record = self.record
        feasibility = self.feasibility()
        hashes = self.hashes(feasibility)
        decision, status = self.decision()
        members = {
            "schema": RUN_SCHEMA,
            "run_id": self.run_id,
            "created_at_utc": ids.utc_text(self.created_us),
            "status": status,
            "mode": self.text("mode") or self.text("workflow_mode") or "unknown",
            "tool_id": self.text("tool_id") or "unknown",
            "feasibility": feasibility,
            "decision": decision,
            "hashes": hashes,
            "attachments": self.attachments(),
            "advisory_inputs": self.advisories(),
            "explanation_status": self.word("explanation_status", _EXPLANATIONS) or "NONE",
            **{name: self.text(name) for name in SAME_TEXTS},
            **{name: self.value(name, kind) for name, kind in SAME_VALUES.items()},
        }
        meta = dict(self.value("meta", dict) or {})
        if "migrated_from" in meta:
            self.left["meta.migrated_from"] = meta.pop("migrated_from")
        if hashes["feasibility_sha256"] == digest.NO_DIGEST:
            _guard(members)
            meta["completeness_guard"] = True
        for name in sorted(record.keys() - _TAKEN):
            if record[name] is not None:
                self.left[name] = record[name]
        unmapped = sorted(self.left)
        kept = {name: _make_storable(value) for name, value in self.left.items()}
        if self.carried():
            kept["request_hash"] = record["request_hash"]
        members["meta"] = {**meta, "migrated_from": {"store": "runs.json", **kept}}
        return Mapped({name: value for name, value in members.items() if value is not None}, unmapped)

    def take(self, name: str, fits: Callable[[Any], bool]) -> Any:
        """Return a member's value when it fits, else leave it over."""
        value = self.record.get(name)
        if value is None:
            return None
        if fits(value) and _is_storable(value):
            return value
        self.left[name] = value
        return None

    def text(self, name: str) -> str | None:
        """Return a text that is not empty."""
        found: str | None = self.take(name, lambda value: isinstance(value, str))
        return found or None

    def value(self, name: str, kind: type) -> Any:
        """Return a value of the type that an artifact has there."""
        return self.take(name, lambda value: isinstance(value, kind))

    def word(self, name: str, words: tuple[str, ...]) -> str | None:
        """Return one of some words, in capitals."""
        found = self.take(name, lambda value: isinstance(value, str) and value.upper() in words)
        return None if found is None else str(found).upper()

    def feasibility(self) -> Any:
        """Return the recorded feasibility; null becomes an empty object."""
        found = self.take("feasibility", lambda value: True)
        return {} if found is None else found

    def carried(self) -> bool:
        """Tell whether the old `request_hash` stands in for the digest of the feasibility."""
        return bool(ids.SHA256.fullmatch(str(self.record.get("request_hash"))))

    def hashes(self, feasibility: Any) -> dict[str, str]:
        """Return the digests; without any for the feasibility the completeness guard steps in."""
        hashes = {"feasibility_sha256": digest.NO_DIGEST}
        if self.carried():
            hashes["feasibility_sha256"] = self.record["request_hash"]
        else:
            self.take("request_hash", lambda value: value == "")
            if feasibility != {} or self.record.get("feasibility") == {}:
                hashes["feasibility_sha256"] = digest.canonical_sha256(feasibility)
        for name, home in (("toolpaths_hash", "toolpaths_sha256"), ("gcode_hash", "gcode_sha256")):
            found = self.take(name, lambda value: value == "" or bool(ids.SHA256.fullmatch(str(value))))
            if found:
                hashes[home] = found
        return hashes

    def decision(self) -> tuple[dict[str, Any], str]:
        """Return the decision and the status that goes with it; an unknown risk is never taken for a good one."""
        old = dict(self.value("decision", dict) or {})
        risk = str(self.risk(old)).upper()
        if risk not in RISK_LEVELS:
            risk = "UNKNOWN"
        score, warnings, reason = old.pop("score", None), old.pop("warnings", None), old.pop("block_reason", None)
        old.pop("risk_level", None)
        details = old.pop("details", None)
        decision = {
            "risk_level": risk,
            "score": self.fitting("decision.score", score, _is_score),
            "block_reason": self.fitting("decision.block_reason", reason, lambda value: isinstance(value, str)),
            "warnings": self.fitting("decision.warnings", warnings, _are_texts) or [],
            "details": {
                **(self.fitting("decision.details", details, lambda value: isinstance(value, dict)) or {}),
                **old,
            },
        }
        status = self.word("status", RUN_STATUSES) or _STATUS_OF[risk]
        if status == "OK" and _STATUS_OF[risk] != "OK":
            self.left["status"] = self.record["status"]
            status = _STATUS_OF[risk]
        return decision, status

    def risk(self, decision: Mapping[str, Any]) -> Any:
        """Return the risk from where the old system had it; one that is no risk level is left over."""
        feasibility = self.record.get("feasibility")
        within = feasibility if isinstance(feasibility, dict) else {}
        found = decision.get("risk_level") or within.get("risk_level") or within.get("risk_bucket")
        if found is not None and str(found).upper() not in RISK_LEVELS:
            self.left["decision.risk_level"] = found
        return found or "UNKNOWN"

    def fitting(self, name: str, value: Any, fits: Callable[[Any], bool]) -> Any:
        """Return an inner value when it fits, else leave it over."""
        if value is not None and not fits(value):
            self.left[name] = value
            return None
        return value

    def attachments(self) -> list[dict[str, Any]]:
        """Return the references to blobs; one without a digest is left over."""
        found = self.value("attachments", list) or []
        sound = [entry for entry in found if _is_attachment(entry)]
        if len(sound) < len(found):
            self.left["attachments"] = [entry for entry in found if not _is_attachment(entry)]
        return sound

    def advisories(self) -> list[dict[str, Any]]:
        """Return the advisories; what is no object is left over."""
        found = self.value("advisory_inputs", list) or []
        if not all(isinstance(entry, dict) for entry in found):
            self.left["advisory_inputs"] = [entry for entry in found if not isinstance(entry, dict)]
        return [entry for entry in found if isinstance(entry, dict)]


def _guard(members: dict[str, Any]) -> None:
    """Make a record that lacks the digest of its feasibility a blocked one that says so."""
    field = "hashes.feasibility_sha256"
    violations = [{"field": field, "reason": "the old record has neither a request_hash nor a feasibility"}]
    decision = members["decision"]
    members["status"] = "BLOCKED"
    members["feasibility"] = {}
    members["decision"] = {
        **decision,
        "risk_level": "ERROR",
        "score": None,
        "block_reason": f"The record is incomplete: {field} is missing.",
        "details": {**decision["details"], "violations": violations},
    }


def _is_score(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_attachment(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and bool(ids.SHA256.fullmatch(str(entry.get("sha256"))))
        and isinstance(entry.get("kind"), str)
        and all(isinstance(entry.get(name), (str, type(None))) for name in ("mime", "filename", "created_at_utc"))
        and type(entry.get("size_bytes")) in (int, type(None))
    )


def _is_storable(value: Any) -> bool:
    try:
        digest.canonical(value)
    except digest.NotCanonical:
        return False
    return True


def _make_storable(value: Any) -> Any:
    """Return a value as it is, or as ASCII JSON text when canonical JSON cannot hold it (an integer beyond 2^53)."""
    return value if _is_storable(value) else json.dumps(value)
