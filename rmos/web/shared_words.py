"""The words that pages share, from `words/en.toml`: what is called the same wherever it stands (ADR 27).

    WORDS["menu"]["runs"]          # "Runs"
    {{ "RED" | verdict }}          # RED

Ids stay what they are in records, questions and URLs; only what people read is looked up here.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

_LANGUAGE: Final = "en"


def _read_words(language: str) -> Mapping[str, Mapping[str, str]]:
    text = files("rmos.web").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, str]])


WORDS: Final = _read_words(_LANGUAGE)
"""Table → id → what people read."""


def name_verdict(risk: object) -> str:
    """Return what people read for a colour; text that is none stays as it is."""
    return WORDS["verdicts"].get(str(risk), str(risk))
