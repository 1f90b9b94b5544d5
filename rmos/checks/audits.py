"""Judging the audit records: each whole, under its own name, in the folder of its date."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from rmos import ids
from rmos.checks.findings import finding
from rmos.checks.folders import entries_of
from rmos.checks.runs import Judged
from rmos.errors.objects import ObjectMissing, ObjectUnreadable
from rmos.models import Finding
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.records import Damage, judge_audit

EARLIER_AUDIT: Final = "deletes.jsonl"
"""Where the earlier system noted its deletes; it stays as it is."""
_NAME: Final = re.compile(r"(evt_[0-9a-f]{32})\.json")


def judge_audits(objects: Objects, *, only: Collection[str] | None = None) -> Iterator[Judged]:
    """Give the counts and findings of each date's audit records.

    Args:
        only: read just the objects of these paths; names are judged all the same.
    """
    judged = Judged(Counter(), [])
    for name, kind in entries_of(objects, layout.AUDIT, judged):
        path = f"{layout.AUDIT}/{name}"
        if kind == "directory" and ids.is_partition(name):
            yield _judge_day(objects, path, only)
        elif layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        elif kind != "file" or name != EARLIER_AUDIT:
            judged.findings.append(finding("stray", path, f"a {kind} of this name is not part of the store"))
    yield judged


def _judge_day(objects: Objects, folder: str, only: Collection[str] | None) -> Judged:
    judged = Judged(Counter(), [])
    for name, kind in entries_of(objects, folder, judged):
        key = f"{folder}/{name}"
        match = _NAME.fullmatch(name)
        if layout.kind_of(name) == "debris":
            judged.counts["debris"] += 1
        elif match is None or layout.audit_key(match[1]) != key:
            judged.findings.append(finding("stray", key, "an audit record is evt_<32 hex>.json in its date's folder"))
        elif kind != "file":
            judged.findings.append(finding("not_a_file", key, f"a {kind} stands where an audit record should be"))
        else:
            judged.counts["audit_records"] += 1
            if only is None or key in only:
                judged.findings.extend(_judge_record(objects, key, match[1]))
    return judged


def _judge_record(objects: Objects, key: str, event_id: str) -> Iterator[Finding]:
    try:
        judge_audit(objects.read(key), event_id)
    except Damage as damage:
        kind = damage.kind if damage.kind in ("misnamed", "newer_schema") else "audit_corrupt"
        yield finding(kind, key, damage.detail)
    except ObjectUnreadable as error:
        yield finding("unreadable", key, error.detail)
    except ObjectMissing:
        return
