"""What differs between two runs as they stand, and how much it matters. A pure function of their JSON.

    found = diff_runs(run_a, run_b)          # the bodies of GET one, decoded
    found.diff_severity                      # "CRITICAL"
    found.changed_paths                      # ["decision.risk_level", ..., 'meta["a.b"]']
    found.diff["decision.risk_level"]        # PathDiff(severity="CRITICAL", a="GREEN", b="RED")

What makes a run that run and no other (its id, its moment, its request, how long the engine took) always differs and
is no difference: the same cut, evaluated twice alike, has none. A list of objects that all carry an id of their own is
compared by these ids, one of other objects place by place, and any other list as one value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from rmos.counts import count_of

Severity = Literal["NONE", "INFO", "WARNING", "CRITICAL"]
MemberPath = tuple[str | int, ...]

MAX_PATHS: Final = 200
"""Paths that are listed, the gravest first (RMOS policy): a page that people read, never a second copy of the runs."""
MAX_VALUE: Final = 500
"""Characters of JSON text up to which a value is shown whole (RMOS policy); of longer ones the beginning is."""
_BEGINNING: Final = 200
"""Characters of a longer value, and of a member's name in a path, that are shown."""

_CRITICAL: Final[tuple[MemberPath, ...]] = (
    ("status",),
    ("decision", "risk_level"),
    ("decision", "block_reason"),
    ("hashes", "gcode_sha256"),
    ("hashes", "toolpaths_sha256"),
    ("outputs", "gcode_text"),
)
"""What decides whether a machine may run, and what it would run."""
_WARNING: Final[tuple[MemberPath, ...]] = (
    ("tool_id",),
    ("material_id",),
    ("machine_id",),
    ("decision", "score"),
    ("decision", "warnings"),
    ("feasibility",),
    ("hashes", "feasibility_sha256"),
    ("inputs", "context", "tool"),
    ("inputs", "context", "material"),
    ("inputs", "context", "material_id"),
    ("inputs", "context", "machine"),
)
"""What the cut is evaluated by, and how it was evaluated."""
_RANKED: Final[dict[str | int, list[tuple[MemberPath, Severity]]]] = {
    first: [
        *((path, "CRITICAL") for path in _CRITICAL if path[0] == first),
        *((path, "WARNING") for path in _WARNING if path[0] == first),
    ]
    for first in {path[0] for path in (*_CRITICAL, *_WARNING)}
}
"""The paths above by their first name, the gravest first."""

_IDENTITY: Final[frozenset[MemberPath]] = frozenset(
    {
        *((name,) for name in ("_sha256", "run_id", "created_at_utc", "request_id", "version")),
        *(("meta", name) for name in ("request_id", "compute_ms", "idempotency")),
    }
)
"""What no two runs share. `version` counts events; what they did shows elsewhere."""
_LISTED_EVENTS: Final = frozenset({"advisory_inputs", "attachments", "overrides", "outcomes"})
_IDENTITY_OF_LISTED: Final = frozenset({"created_at_utc", "request_id"})
"""The same of each entry that an event brought."""
_OURS: Final[frozenset[MemberPath]] = frozenset({(), ("decision",), ("hashes",), ("outputs",)})
"""Objects with members of ours only, where null or nothing in it says no more than leaving a member out, as older
records do. In what a client sent each of these is something else."""
_IDS: Final = ("id", "sha256", "advisory_id")


class _Absent:
    """Stands for a member that one run does not have."""


_ABSENT: Final = _Absent()


class PathDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What stands under one path: the run that lacks it lacks the member `a` or `b` here.

    `cut` tells for `a` and `b` how long the JSON text of a value is of which only the beginning is shown.
    """

    severity: Severity
    a: Any = msgspec.UNSET
    b: Any = msgspec.UNSET
    cut: dict[str, int] | msgspec.UnsetType = msgspec.UNSET


class RunDiff(msgspec.Struct, frozen=True, kw_only=True):
    """How two runs differ: the ids, the gravest severity, the paths (gravest first) and what stands under each."""

    a: str
    b: str
    diff_severity: Severity
    changed_count: int
    changed_paths: list[str]
    diff: dict[str, PathDiff]
    note: str | None
    """What was cut from this page, or None when it is complete."""


def diff_runs(a: Mapping[str, Any], b: Mapping[str, Any]) -> RunDiff:
    """Return how run `b` differs from run `a`, both as decoded JSON objects with their events folded in."""
    kept: dict[Severity, list[tuple[MemberPath, Any, Any]]] = {"CRITICAL": [], "WARNING": [], "INFO": []}
    count = 0
    gravest: Severity = "NONE"
    for path, one, other in _differences(a, b, ()):
        severity = severity_of(path)
        count += 1
        if len(kept[severity]) < MAX_PATHS:
            kept[severity].append((path, one, other))
    for severity in reversed(kept):
        gravest = severity if kept[severity] else gravest
    listed = [(severity, *found) for severity, those in kept.items() for found in those][:MAX_PATHS]
    diff = {path_text(path): _path_diff(severity, one, other) for severity, path, one, other in listed}
    return RunDiff(
        a=str(a["run_id"]),
        b=str(b["run_id"]),
        diff_severity=gravest,
        changed_count=count,
        changed_paths=list(diff),
        diff=diff,
        note=_note(count - len(diff), sum(entry.cut is not msgspec.UNSET for entry in diff.values())),
    )


def severity_of(path: MemberPath) -> Severity:
    """Return how much a difference under a path matters; an object that is gone matters as much as its members."""
    for known, severity in _RANKED.get(path[0], ()):
        shared = min(len(path), len(known))
        if path[:shared] == known[:shared]:
            return severity
    return "INFO"


def path_text(path: MemberPath) -> str:
    """Return a path as text: `decision.warnings`, `meta["a.b"]`, `feasibility.assessments.RUBBING.value`."""
    text = ""
    for step in path:
        if isinstance(step, str) and step.isidentifier() and step.isascii() and len(step) <= _BEGINNING:
            text += f".{step}" if text else step
        elif isinstance(step, str) and len(step) > _BEGINNING:
            text += f"[{json.dumps(step[:_BEGINNING])} and {len(step) - _BEGINNING} characters]"
        else:
            text += f"[{json.dumps(step)}]"
    return text


def _differences(a: Any, b: Any, path: MemberPath) -> Iterator[tuple[MemberPath, Any, Any]]:
    """Give each path under which something differs, with what stands there in both."""
    if _is_object(a, b) and _is_object(b, a):
        yield from _members(a, b, path)
    elif isinstance(a, list) and isinstance(b, list) and _all_objects(a) and _all_objects(b):
        yield from _items(a, b, path)
    elif not is_same(a, b):
        yield path, a, b


def _is_object(value: Any, other: Any) -> bool:
    """Tell whether a value is an object, or is absent where the other run has one with members."""
    return isinstance(value, Mapping) or (value is _ABSENT and isinstance(other, Mapping) and bool(other))


def _all_objects(items: Sequence[Any]) -> bool:
    return all(isinstance(item, Mapping) for item in items)


def _members(a: Any, b: Any, path: MemberPath) -> Iterator[tuple[MemberPath, Any, Any]]:
    one: Mapping[str, Any] = {} if a is _ABSENT else a
    other: Mapping[str, Any] = {} if b is _ABSENT else b
    listed = len(path) == 2 and path[0] in _LISTED_EVENTS
    for name in {**one, **other}:
        inner = (*path, name)
        if inner in _IDENTITY or (listed and name in _IDENTITY_OF_LISTED):
            continue
        values = one.get(name, _ABSENT), other.get(name, _ABSENT)
        if not _same_leaf(*values) and (path not in _OURS or not all(map(_says_nothing, values))):
            yield from _differences(*values, inner)


def _same_leaf(a: Any, b: Any) -> bool:
    """Tell quickly that two texts or numbers are the same, as most members of two runs are."""
    return type(a) is type(b) and not isinstance(a, (dict, list)) and bool(a == b)


def _says_nothing(value: Any) -> bool:
    return value is _ABSENT or value is None or value == {} or value == []


def _items(a: list[Any], b: list[Any], path: MemberPath) -> Iterator[tuple[MemberPath, Any, Any]]:
    """Compare lists of objects: by the ids of these, else place by place; in another order they differ as a whole."""
    ids = next((name for name in _IDS if _are_ids(a, name) and _are_ids(b, name)), None)
    one: dict[str | int, Any] = {item[ids] if ids else place: item for place, item in enumerate(a)}
    other: dict[str | int, Any] = {item[ids] if ids else place: item for place, item in enumerate(b)}
    if [key for key in one if key in other] != [key for key in other if key in one]:
        yield path, a, b
        return
    for key in {**one, **other}:
        if key in one and key in other:
            yield from _differences(one[key], other[key], (*path, key))
        else:
            yield (*path, key), one.get(key, _ABSENT), other.get(key, _ABSENT)


def _are_ids(items: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Tell whether each item has its own text under this name."""
    found = {item[name] for item in items if isinstance(item.get(name), str)}
    return len(found) == len(items)


def is_same(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are the same; 1 and 1.0 are, 1 and true are not."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(is_same(value, b[name]) for name, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_same, a, b))
    return bool(a == b)


def _path_diff(severity: Severity, a: Any, b: Any) -> PathDiff:
    shown: dict[str, Any] = {}
    cut: dict[str, int] = {}
    for side, value in (("a", a), ("b", b)):
        if value is _ABSENT:
            continue
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > MAX_VALUE:
            cut[side] = len(text)
            value = text[:_BEGINNING]
        shown[side] = value
    return PathDiff(severity=severity, cut=cut or msgspec.UNSET, **shown)


def _note(paths: int, values: int) -> str | None:
    notes = []
    if paths:
        notes.append(
            f"{count_of(paths, 'more path differs', 'more paths differ')}, none graver than those that are listed."
        )
    if values:
        notes.append(f"Of the values under {count_of(values, 'path')} only the beginning is shown.")
    return " ".join(notes) or None
