"""File names: whatever a record says, what is handed out leads nowhere else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.services.files.filenames import MAX_BYTES, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("top.nc", "top.nc"),
        ("Ébène 2.svg", "Ébène 2.svg"),
        ("a/b\\c.svg", "c.svg"),
        ("../..", "none"),
        ("folder/", "folder"),
        ("..hidden", "hidden"),
        ("a\x00b\nc.nc", "abc.nc"),
        ("exe\u202egnp.svg", "exegnp.svg"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("a:b*c?.nc", "a_b_c_.nc"),
        ("\ud800x", "x"),
        ("x" * 300 + ".svg", "x" * (MAX_BYTES - 4) + ".svg"),
        (None, "none"),
        ("", "none"),
    ],
)
def test_a_name_keeps_what_is_harmless(name: str | None, safe: str) -> None:
    assert safe_name(name, "none") == safe


@pytest.mark.long
@given(st.text(max_size=400))
def test_no_name_is_a_path_or_hides_anything(name: str) -> None:
    safe = safe_name(name, "none")
    assert safe
    assert len(safe.encode()) <= MAX_BYTES + 1
    assert safe not in (".", "..")
    assert not set(safe) & set('/\\:*?"<>|')
    assert all(unicodedata.category(sign)[0] != "C" for sign in safe)
    assert safe_name(safe, "none") == safe
