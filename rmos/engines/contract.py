"""What an engine's answer must be before anything is recorded of it.

`check_result` gives back a clean copy: plain strings and finite floats in new lists. The process of a plug-in sends it
instead of what its engine returned, and the service checks once more what arrives: that process has run foreign code.
"""

import inspect
import re
from typing import Final, cast, get_args

from rmos.engines.base import Assessment, Better, EngineInfo, EngineInput, EngineResult, Risk, Status
from rmos.engines.rules import Rule

ENGINE_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
MAX_TEXT: Final = 4000
"""Characters of one text, RMOS policy: a sentence for people, not a report."""
MAX_ITEMS: Final = 500
"""Entries of one list, RMOS policy."""
MAX_NUMBER: Final = 2.0**53
"""Largest magnitude of a number: beyond it readers of JSON lose digits of whole numbers."""

_RISKS: Final = frozenset(get_args(Risk))
_BETTER: Final = frozenset(get_args(Better))
_STATUSES: Final = frozenset(get_args(Status))
_SEVERITY: Final = {"GREEN": 0, "YELLOW": 1, "UNKNOWN": 1, "RED": 2}
_NOT_BETTER_THAN: Final = {"GREEN": 0, "YELLOW": 1, "UNKNOWN": 1, "RED": 2, "ERROR": 2}


class ContractBroken(ValueError):
    """An engine, or its answer, is not what the contract says; the message tells what and names no path."""


def check_engine_shape(engine: object) -> EngineInfo:
    """Return the engine's info after checking it and the signature of `compute`.

    Raises:
        ContractBroken: when the id, version, description or an input is malformed, or `compute` cannot be called as
            it will be.
    """
    info = getattr(engine, "info", None)
    if type(info) is not EngineInfo:
        raise ContractBroken("`info` is not an EngineInfo")
    if not _matches(ENGINE_ID, info.engine_id):
        raise ContractBroken("`info.engine_id` must be 1 to 64 of the characters A-Z a-z 0-9 _")
    if not _matches(SEMVER, info.version):
        raise ContractBroken("`info.version` must be a semantic version such as 1.2.0")
    if not _text(info.description, "info.description"):
        raise ContractBroken("`info.description` is empty")
    for item in _items(info.inputs, "`info.inputs`"):
        _check_input(item)
    compute = getattr(engine, "compute", None)
    if not callable(compute):
        raise ContractBroken("it has no method `compute`")
    try:
        inspect.signature(compute).bind(spec={}, ctx={}, request_id="-")
    except TypeError:
        raise ContractBroken("`compute` must take the keywords spec, ctx and request_id") from None
    return info


def _check_input(item: object) -> None:
    if type(item) is not EngineInput:
        raise ContractBroken(f"an input is a {_kind(item)}, not an EngineInput")
    for name, value in (("path", item.path), ("kind", item.kind), ("inch_path", item.inch_path or "")):
        _text(value, f"an input's {name}")
    _texts(item.allowed, "an input's allowed values")


def collect_rules(engine: object) -> tuple[Rule, ...]:
    """Return the rules that an engine offers, by id; none when it has no `rules`.

    Raises:
        ContractBroken: when `rules` is not a series of rules, each with an id of its own.
    """
    rules = getattr(engine, "rules", ())
    if not isinstance(rules, (list, tuple)) or not all(type(rule) is Rule for rule in rules):
        raise ContractBroken("`rules` must be a list or tuple of rmos.engines.rules.Rule")
    ids = [_text(rule.id, "a rule's id") for rule in rules]
    if len(set(ids)) != len(ids):
        raise ContractBroken("two of its rules have the same id")
    return tuple(sorted(rules, key=lambda rule: rule.id))


def check_result(result: object, *, info: EngineInfo, request_id: str) -> EngineResult:
    """Return a clean copy of an engine's answer.

    Raises:
        ContractBroken: when the answer is no result of this engine for this request, holds what cannot be recorded, or
            claims more than its own assessments say (a GREEN with a RED check, or with missing inputs).
    """
    if type(result) is not EngineResult:
        raise ContractBroken(f"the answer is a {_kind(result)}, not an EngineResult")
    if result.engine_id != info.engine_id or result.engine_version != info.version:
        raise ContractBroken("the answer carries the id or version of another engine")
    if result.request_id != request_id:
        raise ContractBroken("the answer carries the id of another request")
    if not _is_one_of(_STATUSES, result.status):
        raise ContractBroken("status must be GREEN, YELLOW, RED, UNKNOWN or ERROR")
    clean = EngineResult(
        engine_id=info.engine_id,
        engine_version=info.version,
        status=result.status,
        request_id=request_id,
        reasons=_texts(result.reasons, "reasons"),
        overall_score=_score(result.overall_score, "overall_score"),
        assessments=[_assessment(item) for item in _items(result.assessments, "assessments")],
        missing_inputs=_texts(result.missing_inputs, "missing_inputs"),
        assumptions=_texts(result.assumptions, "assumptions"),
        data_sha256=_data_sha256(result.data_sha256),
    )
    _check_honesty(clean)
    return clean


def _check_honesty(result: EngineResult) -> None:
    ids = [assessment.id for assessment in result.assessments]
    if len(set(ids)) != len(ids):
        raise ContractBroken("two assessments have the same id")
    claimed = _NOT_BETTER_THAN[result.status]
    for assessment in result.assessments:
        if claimed < _SEVERITY[assessment.risk]:
            raise ContractBroken(f"status {result.status} although {assessment.id} is {assessment.risk}")
    if result.status == "GREEN" and result.missing_inputs:
        raise ContractBroken("status GREEN although inputs are missing")
    if result.status in ("UNKNOWN", "ERROR") and result.overall_score is not None:
        raise ContractBroken(f"status {result.status} has no score")


def _assessment(item: object) -> Assessment:
    if type(item) is not Assessment:
        raise ContractBroken(f"an assessment is a {_kind(item)}, not an Assessment")
    name = _text(item.id, "an assessment's id")
    if not name:
        raise ContractBroken("an assessment's id is empty")
    if not _is_one_of(_RISKS, item.risk):
        raise ContractBroken(f"{name}: risk must be GREEN, YELLOW, RED or UNKNOWN")
    clean = Assessment(
        id=name,
        category=_text(item.category, "category", name),
        risk=item.risk,
        message=_text(item.message, "message", name),
        source=_text(item.source, "source", name),
        value=_number(item.value, "value", name),
        unit=_text(item.unit, "unit", name),
        limit=_number(item.limit, "limit", name),
        margin=_number(item.margin, "margin", name),
        score=_score(item.score, "score", name),
        inputs_used=_texts(item.inputs_used, "inputs_used"),
        suggestion=None if item.suggestion is None else _text(item.suggestion, "suggestion", name),
        better=_better(item.better, name),
        yellow_limit=_number(item.yellow_limit, "yellow_limit", name),
        other_limit=_number(item.other_limit, "other_limit", name),
        other_yellow_limit=_number(item.other_yellow_limit, "other_yellow_limit", name),
    )
    _check_limits(clean)
    return clean


def _better(value: object, name: str) -> Better | None:
    if value is None:
        return None
    if not _is_one_of(_BETTER, value):
        raise ContractBroken(f"{name}: better must be low, high or window")
    return cast(Better, value)


def _check_limits(item: Assessment) -> None:
    """Refuse limits of which no bar can be drawn."""
    if item.better is None:
        if (item.yellow_limit, item.other_limit, item.other_yellow_limit) != (None, None, None):
            raise ContractBroken(f"{item.id}: yellow_limit, other_limit and other_yellow_limit come with better")
        return
    if item.value is None or item.limit is None:
        raise ContractBroken(f"{item.id}: better comes with value and limit")
    if item.better != "window":
        if (item.other_limit, item.other_yellow_limit) != (None, None):
            raise ContractBroken(f"{item.id}: other_limit and other_yellow_limit are those of a window")
        _check_side(item.id, item.limit, item.yellow_limit, is_upper=item.better == "low")
        return
    if item.other_limit is None:
        raise ContractBroken(f"{item.id}: a window has other_limit")
    is_upper = item.limit > item.other_limit
    _check_side(item.id, item.limit, item.yellow_limit, is_upper=is_upper)
    _check_side(item.id, item.other_limit, item.other_yellow_limit, is_upper=not is_upper)


def _check_side(name: str, green: float, yellow: float | None, *, is_upper: bool) -> None:
    if yellow is not None and (yellow < green if is_upper else yellow > green):
        raise ContractBroken(f"{name}: YELLOW ends at {yellow:g}, before GREEN does at {green:g}")


def _data_sha256(value: object) -> str:
    if value == "":
        return ""
    if not _matches(_SHA256, value):
        raise ContractBroken("data_sha256 must be 64 lower-case hex digits, or empty")
    return _text(value, "data_sha256")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_one_of(words: frozenset[str], value: object) -> bool:
    # The type first: what a plug-in sends need not be hashable.
    return type(value) is str and value in words


def _items(value: object, what: str) -> list[object] | tuple[object, ...]:
    if type(value) is not list and type(value) is not tuple:
        raise ContractBroken(f"{what} is a {_kind(value)}, not a list")
    if len(value) > MAX_ITEMS:
        raise ContractBroken(f"{what} has {len(value)} entries, at most {MAX_ITEMS} are recorded")
    return value


def _texts(value: object, what: str) -> list[str]:
    return [_text(item, what) for item in _items(value, what)]


def _text(value: object, what: str, of: str = "") -> str:
    if type(value) is not str:
        raise ContractBroken(f"{_at(what, of)} is a {_kind(value)}, not a string")
    if len(value) > MAX_TEXT:
        raise ContractBroken(f"{_at(what, of)} has {len(value)} characters, at most {MAX_TEXT} are recorded")
    if "\0" in value or not _is_unicode(value):
        raise ContractBroken(f"{_at(what, of)} holds a character that JSON cannot carry")
    return value


def _is_unicode(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(value: object, what: str, of: str = "") -> float | None:
    if value is None:
        return None
    if type(value) is bool or not isinstance(value, int | float):
        raise ContractBroken(f"{_at(what, of)} is a {_kind(value)}, not a number")
    # The comparison is false for NaN, and exact for integers that no float can hold.
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise ContractBroken(f"{_at(what, of)} is not a finite number that JSON can carry")
    return float(value)


def _score(value: object, what: str, of: str = "") -> float | None:
    number = _number(value, what, of)
    if number is not None and not 0 <= number <= 100:
        raise ContractBroken(f"{_at(what, of)} is {number:g}, it must be from 0 to 100")
    return number


def _at(what: str, of: str) -> str:
    return f"{of}: {what}" if of else what


def _kind(value: object) -> str:
    return type_name(type(value))


def type_name(kind: type[object]) -> str:
    """Return the name of a class as a short plain word: a plug-in chooses it, and it ends up in records."""
    return plain_name(kind.__name__)


def plain_name(name: str) -> str:
    """Return a name that a plug-in chose when it is a short plain word, else words of our own."""
    return name if name.isascii() and name.isidentifier() and len(name) <= 64 else "unnamed type"
