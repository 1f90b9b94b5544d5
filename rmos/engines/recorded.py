"""The canonical bytes of what an engine said: the same as of `EngineResult.record()`, a few times as fast.

The fields of these structs stand in the order of RFC 8785, so the encoder writes them as they are; ordering a dict of
some hundred members for each run would cost as much as evaluating the cut.
"""

import functools
from typing import Any, Final

import msgspec

from rmos import digest
from rmos.engines.base import Assessment, Better, EngineResult, Risk, Status, significant


class _Assessment(msgspec.Struct, frozen=True):
    better: Better | msgspec.UnsetType
    category: str
    id: str
    inputs_used: list[str]
    limit: Any
    margin: Any
    message: str
    other_limit: Any
    other_yellow_limit: Any
    risk: Risk
    score: Any
    source: str
    suggestion: str | msgspec.UnsetType
    unit: str
    value: Any
    yellow_limit: Any


class _RecordedFeasibility(msgspec.Struct, frozen=True):
    assessments: list[_Assessment]
    assumptions: list[str]
    data_sha256: str | msgspec.UnsetType
    engine_id: str
    engine_version: str
    missing_inputs: list[str]
    overall_score: Any
    reasons: list[str]
    status: Status


def canonical_record(result: EngineResult) -> bytes:
    """Return the canonical bytes of `result.record()`.

    Raises:
        NotCanonical: a number is not finite, or a text holds what JSON cannot carry.
    """
    return digest.canonical_struct(
        _RecordedFeasibility(
            [_assessment(item) for item in result.assessments],
            result.assumptions,
            result.data_sha256 or msgspec.UNSET,
            result.engine_id,
            result.engine_version,
            result.missing_inputs,
            _number(result.overall_score),
            result.reasons,
            result.status,
        )
    )


def _assessment(item: Assessment) -> _Assessment:
    has_limits, is_window = item.better is not None, item.better == "window"
    return _Assessment(
        msgspec.UNSET if item.better is None else item.better,
        item.category,
        item.id,
        item.inputs_used,
        _repeated(item.limit),
        _number(item.margin),
        item.message,
        _repeated(item.other_limit) if is_window else msgspec.UNSET,
        _repeated(item.other_yellow_limit) if is_window else msgspec.UNSET,
        item.risk,
        _repeated(item.score),
        item.source,
        msgspec.UNSET if item.suggestion is None else item.suggestion,
        item.unit,
        _number(item.value),
        _repeated(item.yellow_limit) if has_limits else msgspec.UNSET,
    )


def _number(value: float | None) -> Any:
    return None if value is None else digest.canonical_number(significant(value))


_repeated: Final = functools.lru_cache(maxsize=4096)(_number)
"""For limits and scores, which are few numbers again and again."""
