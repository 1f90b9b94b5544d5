"""What of a prompt was understood, and what a misspelt word may have been."""

import pytest

from rmos.rosette.interpret import interpret
from rmos.rosette.understood import MissedWord, correct_prompt, list_understood, read_missed

SAID = [
    ("rope pattern, ebony and padauk, 6 mm band", ("rope pattern", "ebony", "padauk", "6 mm band")),
    ("rope in ebony, a horse, 4 inch hole", ("rope", "ebony", "4 in hole")),
    ("3 rings without shell, please", ("3 rings", "without shell")),
    ("Espina de pez en ébano, ébano", ("espina de pez", "ebano")),
    ("xyzzy", ()),
]


@pytest.mark.parametrize(("prompt", "understood"), SAID)
def test_what_was_taken_is_listed_in_the_words_of_the_prompt(prompt: str, understood: tuple[str, ...]) -> None:
    assert list_understood(prompt, interpret(prompt).unrecognized) == understood


def test_a_missed_word_comes_apart_and_is_put_right_where_it_stands() -> None:
    [missed] = [read_missed(text) for text in interpret("Herringbon in maple").unrecognized]
    assert missed == MissedWord("herringbon", "", "herringbone")
    assert correct_prompt("a Herringbon, herringbons", missed) == "a herringbone, herringbons"
    assert correct_prompt("rope", missed) is None
    assert read_missed("gap (the rosette has none, and a change adds none; ask for a new one)").why.startswith(
        "the ros"
    )
    assert read_missed("a (b") == MissedWord("a (b", "", "")
    assert correct_prompt("a (b", MissedWord("a (b", "", "")) is None
