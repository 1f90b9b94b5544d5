from fractions import Fraction

import pytest

from rmos.rosette.prompt_words import PromptToken, fold, tokens


def lengths(prompt: str) -> list[Fraction]:
    return [token.value / 1000 for token in tokens(prompt) if token.category == "length"]


@pytest.mark.parametrize(
    ("text", "mm"),
    [
        ("86 mm", "86"),
        ("86mm", "86"),
        ("8.6 cm", "86"),
        ("4 inch", "101.6"),
        ('4"', "101.6"),
        ("4″", "101.6"),
        ("4-inch", "101.6"),
        ("3 7/8 in", "98.425"),
        ("3-7/8 in", "98.425"),
        ("3½ in", "88.9"),
        ("½ in", "12.7"),
        ('1/8"', "3.175"),
        ("3/16 in", "4.7625"),
        (".020 inch", "0.508"),
        ("0,5 mm", "0.5"),
        ("1e1 mm", "10"),
        ("-3 mm", "-3"),
        ("3 pulgadas", "76.2"),
    ],
)
def test_lengths_are_read_exactly(text: str, mm: str) -> None:
    assert lengths(text) == [Fraction(mm)]


@pytest.mark.parametrize("text", ["1/0 in", "1,000 mm", "1e9999 mm", "9" * 400 + " mm"])
def test_numbers_that_nobody_can_mean_are_not_guessed(text: str) -> None:
    assert lengths(text) == []
    assert "unknown" in {token.category for token in tokens(text)}


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("ears of wheat", ["wheat"]),
        ("half-herringbone", ["half_herringbone"]),
        ("Half Herringbones", ["half_herringbone"]),
        ("mother-of-pearl", ["mother_of_pearl"]),
        ("E. Indian rosewood", ["", "east_indian_rosewood"]),
        ("espiga", ["herringbone"]),
        ("ESPIGA DE TRIGO", ["wheat"]),
        ("clásica", ["classical"]),
        ("b/w/b", ["bwb"]),
        ("black/white", ["bw"]),
        ("D-45", ["martin_45"]),
        ("maple/walnut", ["maple", "", "walnut"]),
    ],
)
def test_the_longest_phrase_wins(text: str, meanings: list[str]) -> None:
    assert [token.meaning for token in tokens(text) if token.text != "e"] == meanings


def test_other_alphabets_and_control_characters_become_unknown_signs() -> None:
    assert fold("розетка\x07") == "\x00" * 7 + " "
    assert {token.category for token in tokens("розетка")} == {"unknown"}
    assert tokens("") == []


def test_plurals_are_found_under_their_singular() -> None:
    assert tokens("ropes")[0] == PromptToken("kinds", "rope", "ropes")
