"""Names of tiles and numbers: each thing has one, and each name stands for one thing or for none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.tlog.tiles import WIDTH, TileName, number_name, parse_number, parse_tile_name, tile_name
from tests.trying import tries

NUMBERS = st.one_of(st.integers(0, 1100), st.integers(0, 2**63 - 1))


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_numbers_have_the_names_of_c2sp(number: int, name: str) -> None:
    assert (number_name(number), parse_number(name)) == (name, number)


@given(NUMBERS)
def test_a_number_comes_back_from_its_name(number: int) -> None:
    assert parse_number(number_name(number)) == number


@given(st.integers(0, 63), NUMBERS, st.integers(1, WIDTH))
@settings(max_examples=tries(200))
def test_a_tile_comes_back_from_its_name(level: int, number: int, width: int) -> None:
    assert parse_tile_name(tile_name(level, number, width)) == TileName(level, number, width)


@given(st.from_regex(r"(x?[0-9]{2,4}/){0,3}x?[0-9]{2,4}", fullmatch=True))
@settings(max_examples=tries(300))
def test_a_name_that_is_read_is_the_name_of_what_it_says(name: str) -> None:
    number = parse_number(name)
    assert number is None or number_name(number) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "0", "0/", "0/0", "0/00", "0/0000", "00/000", "01/000", "64/000", "-1/000", "+1/000", "0/x000/001"),
        *("0/001/000", "0/x001", "0/x001/", "0/000.p", "0/000.p/", "0/000.p/0", "0/000.p/01", "0/000.p/256"),
        *("0/000.p/1000", "0/000/", "/0/000", "0/000\n", "0/٠٠٠", "0/../000", "0/x001/000.p/1/2", "0/ 00"),
        "0/" + "x001/" * 3000 + "000",
    ],
)
def test_what_is_no_name_of_a_tile_is_none(name: str) -> None:
    assert parse_tile_name(name) is None
