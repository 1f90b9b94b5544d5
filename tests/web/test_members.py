"""Objects as lines that people write: what goes out comes back, and what cannot be read names its line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from rmos.web.members import read_members, write_members

NAMES = st.text("abz_.= {\n", min_size=1, max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.floats(-9, 9) | st.text(max_size=6) | st.just('1,"b":2'),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_is_written_is_read_back(members: dict[str, Any]) -> None:
    assert read_members("design", write_members(members)) == members


def test_lines_are_as_people_write_them() -> None:
    text = "operation = channel\nfeed_mm_min = 1800\n\n stock.thickness_mm=3 \nstock.flat = true\ntags = [1, 2]\n"
    said = {"operation": "channel", "feed_mm_min": 1800, "stock": {"thickness_mm": 3, "flat": True}, "tags": [1, 2]}
    assert read_members("design", text) == said
    assert write_members(said) == text.replace("\n\n ", "\n").replace("mm=3 ", "mm = 3").strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feed", "Line 1 is not of the form"),
        ("a = 1\n= 2", "Line 2 is not of the form"),
        ("a = 1\na = 2", "Line 2 names a a second time"),
        ("a = 1\na.b = 2", "Line 2 names a.b a second time"),
        ("a.b = 1\na = 2", "Line 2 names a a second time"),
        ("a" + ".a" * 60_000 + " = 1", "Line 1 is not of the form"),
        ('{"a": 1, "a": 2}', "given twice"),
        ("{", "It is not JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_line(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        read_members("design", text)
    assert list(refused.value.messages) == ["design"]
