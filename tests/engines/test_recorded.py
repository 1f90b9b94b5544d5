"""The bytes that are recorded are those of the plain record."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import digest
from rmos.digest import NotCanonical
from rmos.engines.base import Assessment, EngineResult
from rmos.engines.recorded import canonical_record

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
ASSESSMENTS = st.builds(
    Assessment,
    id=TEXTS,
    category=TEXTS,
    risk=st.sampled_from(["GREEN", "YELLOW", "RED", "UNKNOWN"]),
    message=TEXTS,
    source=TEXTS,
    value=NUMBERS,
    unit=TEXTS,
    limit=NUMBERS,
    margin=NUMBERS,
    score=NUMBERS,
    inputs_used=st.lists(TEXTS, max_size=3),
    suggestion=st.none() | TEXTS,
    better=st.sampled_from([None, "low", "high", "window"]),
    yellow_limit=NUMBERS,
    other_limit=NUMBERS,
    other_yellow_limit=NUMBERS,
)
RESULTS = st.builds(
    EngineResult,
    engine_id=TEXTS,
    engine_version=TEXTS,
    status=st.sampled_from(["GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"]),
    request_id=TEXTS,
    reasons=st.lists(TEXTS, max_size=3),
    overall_score=NUMBERS,
    assessments=st.lists(ASSESSMENTS, max_size=3),
    missing_inputs=st.lists(TEXTS, max_size=3),
    assumptions=st.lists(TEXTS, max_size=3),
    data_sha256=st.sampled_from(["", "ab" * 32]),
)


@given(RESULTS)
def test_the_bytes_are_the_canonical_ones_of_the_plain_record(result: EngineResult) -> None:
    assert canonical_record(result) == digest.canonical(result.record())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_and_never_written_as_null(number: float) -> None:
    result = EngineResult(engine_id="e", engine_version="1.0.0", status="GREEN", request_id="r", overall_score=number)
    with pytest.raises((NotCanonical, ValueError, OverflowError)):
        canonical_record(result)


def test_u_0000_is_refused() -> None:
    result = EngineResult(engine_id="e", engine_version="1.0.0", status="GREEN", request_id="r", reasons=["a\0b"])
    with pytest.raises(NotCanonical):
        canonical_record(result)
