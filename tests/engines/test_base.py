from hypothesis import given
from hypothesis import strategies as st

from rmos.digest import canonical
from rmos.engines.base import significant
from tests.engines.cuts import judge, make_context, make_design


def test_a_record_holds_neither_the_time_nor_the_request() -> None:
    record = judge(make_design(), make_context()).record()
    assert list(record) == [
        "engine_id", "engine_version", "data_sha256", "status", "reasons", "overall_score", "assessments",
        "missing_inputs", "assumptions",
    ]  # fmt: skip
    assert list(record["assessments"][0]) == [
        "id", "category", "value", "unit", "limit", "margin", "score", "risk", "message", "source", "inputs_used",
    ]  # fmt: skip
    assert b"req_test" not in canonical(record)


def test_a_check_that_is_not_green_suggests_something() -> None:
    record = judge(make_design(feed_mm_min=100), make_context()).record()
    rubbing = next(item for item in record["assessments"] if item["id"] == "CHIP_RUBBING")
    assert rubbing["suggestion"].startswith("feed 460 mm/min or more")


def test_numbers_are_recorded_with_six_digits() -> None:
    record = judge(make_design(feed_mm_min=1000, spindle_rpm=18000), make_context()).record()
    rubbing = next(item for item in record["assessments"] if item["id"] == "CHIP_RUBBING")
    assert rubbing["value"] == 0.0277778


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**53), max_value=2.0**53))
def test_rounding_twice_is_rounding_once(value: float) -> None:
    once = significant(value)
    assert str(significant(once)) == str(once) != "-0.0"
    assert abs(once - value) <= abs(value) * 1e-5
