"""What counts as the same name, and which one may have been meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.names import find_name, find_nearest, fold_name, offer_names
from tests.trying import tries

PARAMETERS = ("status", "mode", "tool_id", "risk_level", "workflow_session_id", "limit", "format")


@pytest.mark.parametrize(
    ("one", "other"),
    [("EM-3175-2F", "em-3175-2f"), ("\xc9pic\xe9a", "E\u0301PICE\u0301A"), ("STRASSE", "stra\xdfe"), ("\u212a", "k")],
)
def test_trap_43_names_that_differ_in_case_alone_are_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@given(st.text(max_size=12))
@settings(max_examples=tries(200))
def test_a_folded_name_is_folded_already(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


def test_the_very_name_goes_before_one_in_another_case_and_of_two_such_none_is_meant() -> None:
    assert find_name("b", ("B", "b")) == "b"
    assert find_name("A", ("a", "b")) == "a"
    assert find_name("AB", ("Ab", "aB")) is None
    assert find_name("c", ("a", "b")) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("risk", ["risk_level"]),
        ("rsik_level", ["risk_level"]),
        ("Status", ["status"]),
        ("toolid", ["tool_id"]),
        ("st", []),
        ("colour", []),
        ("", []),
        ("x" * 100_000, []),
    ],
)
def test_trap_43_the_nearest_name_is_offered_and_none_that_is_far(typed: str, meant: list[str]) -> None:
    assert find_nearest(typed, PARAMETERS)[:1] == meant
    assert offer_names(typed, PARAMETERS).startswith(f"Did you mean {meant[0]}" if meant else "")
