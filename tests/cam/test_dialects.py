import re
from itertools import pairwise

import pytest

from rmos.cam.dialects import find_dialect, load_dialects
from rmos.errors.request import ValidationFailed


def test_the_table_has_the_dialects_of_the_trade_grbl_first() -> None:
    assert list(load_dialects()) == [
        "grbl", "grblhal", "linuxcnc", "fanuc", "mach", "carbide_motion", "buildbotics", "masso",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "word", "error"),
    [
        ("grbl", "M6", 20),
        ("grbl", "P", 36),
        ("grbl", "%", 1),
        ("grbl", "G59.1", 23),
        ("grblhal", "M98", 20),
        ("linuxcnc", "G91.2", None),
        ("carbide_motion", "G91.1", None),
    ],
)
def test_a_word_that_it_does_not_take_has_the_controllers_own_number(
    dialect: str, word: str, error: int | None
) -> None:
    [found] = find_dialect(dialect).find_unsupported({"G1": 1, "G21": 1, word: 7, "S": 8})
    assert found == (word, 7, error)


def test_unsupported_words_come_by_line() -> None:
    found = find_dialect("grbl").find_unsupported({"M6": 9, "G43": 3, "G81": 9})
    assert [word for word, *_ in found] == ["G43", "G81", "M6"]


def test_no_dialect_has_a_head_or_tail_that_it_does_not_take() -> None:
    for dialect in load_dialects().values():
        for line in (*dialect.head, *dialect.tool_lines, *dialect.tail):
            words = [re.sub("(?<=^[GM])0(?=.)", "", word) for word in line.split()]
            codes = {word if word[0] in "GM%" else word[0]: 1 for word in words}
            assert dialect.find_unsupported(codes) == [], (dialect.id, line)


def test_a_name_is_found_in_any_case_and_the_nearest_is_offered() -> None:
    assert find_dialect("LinuxCNC").id == "linuxcnc"
    with pytest.raises(ValidationFailed, match="Did you mean grbl") as refusal:
        find_dialect("gbrl")
    assert refusal.value.errors is not None
    assert "dialect" in refusal.value.errors


def test_what_was_not_compared_is_not_said_to_be() -> None:
    unchecked = {name for name, dialect in load_dialects().items() if not dialect.checked}
    assert {"masso", "mach", "buildbotics"} <= unchecked
    assert "grbl" not in unchecked
    assert all(one.source != other.source for one, other in pairwise(load_dialects().values()))
