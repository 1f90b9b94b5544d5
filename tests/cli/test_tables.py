"""Tables: whatever the width, nothing that matters is cut away and no line is longer than the terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cli.tables import Column, count_cells, cut_text, lay_out, wrap

COLUMNS = [
    Column("WHEN", least=5),
    Column("RISK"),
    Column("SCORE", number=True),
    Column("BATCH", least=4, spare=True),
    Column("WHY"),
]
ROWS = [
    ["2025-12-23", "RED", "33.0", "batch_77", "The feed would break the cutter: 3.175 mm of carbide bends too far."],
    ["2025-12-24", "GREEN", "100.0", "b", ""],
]


def joined(width: int | None) -> str:
    return "\n".join(line for lines in lay_out(COLUMNS, ROWS, width=width) for line in lines)


def test_without_a_width_each_row_is_one_whole_line() -> None:
    assert joined(None).splitlines() == [
        "WHEN        RISK   SCORE  BATCH     WHY",
        f"2025-12-23  RED     33.0  batch_77  {ROWS[0][-1]}",
        "2025-12-24  GREEN  100.0  b",
    ]


def test_the_sentence_goes_on_in_its_own_place() -> None:
    assert joined(50).splitlines() == [
        "WHEN        RISK   SCORE  WHY",
        "2025-12-23  RED     33.0  The feed would break the",
        "                          cutter: 3.175 mm of",
        "                          carbide bends too far.",
        "2025-12-24  GREEN  100.0",
    ]


def test_where_it_has_no_room_it_stands_below() -> None:
    assert joined(30).splitlines() == [
        "WHEN   RISK   SCORE  WHY",
        "2025…  RED     33.0",
        "    The feed would break the",
        "    cutter: 3.175 mm of",
        "    carbide bends too far.",
        "2025…  GREEN  100.0",
    ]


CELL = st.text(alphabet="aé鼓 b\u0301", max_size=30).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL).map(list), max_size=4), st.integers(70, 130))
def test_every_word_of_the_sentence_is_there_and_no_line_is_too_long(rows: list[list[str]], width: int) -> None:
    columns = [column._replace(least=4) for column in COLUMNS]
    for row, lines in zip(rows, lay_out(columns, rows, width=width)[1:], strict=True):
        assert all(count_cells(line) <= width for line in lines)
        assert re.sub(r"\s", "", row[-1]) in re.sub(r"\s", "", "".join(lines))


@given(CELL, st.integers(1, 40))
def test_a_text_is_cut_to_its_width_and_says_so(text: str, width: int) -> None:
    short = cut_text(text, width)
    assert count_cells(short) <= width
    assert short == text or short.endswith("…")


@given(CELL, st.integers(2, 40))
def test_wrapping_loses_no_sign(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(count_cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(("text", "cells"), [("ab", 2), ("鼓", 2), ("e\u0301", 1), ("½", 1)])
def test_signs_take_the_cells_that_a_terminal_gives_them(text: str, cells: int) -> None:
    assert count_cells(text) == cells
