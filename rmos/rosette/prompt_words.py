"""From the text of a prompt to words with a meaning: folding, numbers with units, the longest phrase first.

    tokens("3 7/8 in hole, herringbone")   # a length of 98425 um, the noun `hole`, a stop, the kind `herringbone`

Lengths are exact fractions of a micrometre here; rounding them, and saying so, is the business of `wishes`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from importlib.resources import files
from typing import Final, NamedTuple

MAX_PROMPT_BYTES: Final = 10_240
"""UTF-8 bytes of a prompt, RMOS policy: a page and a half of text."""
_MAX_DIGITS: Final = 12
_LONGEST_PHRASE: Final = 4

_VULGAR: Final = {
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "⅛": "1/8",
    "⅜": "3/8",
    "⅝": "5/8",
    "⅞": "7/8",
    "⅓": "1/3",
    "⅔": "2/3",
}
_SIGNS: Final = {
    "″": '"',
    "”": '"',
    "“": '"',
    "×": "x",
    "–": "-",
    "—": " - ",
    "−": "-",
    "⁄": "/",
    "‑": "-",
    "’": "'",
    "Ø": " ",
    "ø": " ",
}
_NUMBER: Final = r"(?:\d+[.,]\d+|[.,]\d+|\d+)(?:e[+-]?\d+)?"
_SCAN: Final = re.compile(
    r"(?P<grid>\d{1,4}\s?x\s?\d{1,4}(?![\w.]))"
    rf"|(?P<mixed>(?<![\w.])-?\d+[ -]\d+/\d+)|(?P<ratio>(?<![\w.])-?\d+/\d+)|(?P<number>(?<![\w.])-?{_NUMBER})"
    r"|(?P<word>[a-z]+(?:'[a-z]+)?)|(?P<inch>\")|(?P<stop>[,;.:!?()\n])|(?P<slash>[/&+])|(?P<dash>-)|(?P<other>[^\s])"
)


def _load() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))


_LEXICON: Final = _load()
UNITS: Final = {"mm": Fraction(1000), "cm": Fraction(10_000), "in": Fraction(25_400)}
_UNIT_WORDS: Final = {word: unit for unit, words in _LEXICON["units"].items() for word in words}


def _phrases() -> Mapping[str, tuple[str, str]]:
    """Return phrase → (category, meaning); what stands earlier in the data wins."""
    found: dict[str, tuple[str, str]] = {}
    for category, meanings in _LEXICON.items():
        if category != "units":
            for meaning, phrases in meanings.items():
                for phrase in phrases:
                    found.setdefault(phrase, (category, meaning))
    return found


_PHRASES: Final = _phrases()


class Token(NamedTuple):
    """One thing that the prompt says: `category` and `meaning` of the lexicon, or a number, a stop, an unknown word."""

    category: str
    meaning: str
    text: str
    value: Fraction = Fraction(0)
    """Of a number: the count as it stands, or for a `length` the micrometres, not rounded."""


def fold(prompt: str) -> str:
    """Return the prompt in ASCII lower case: accents off, typographic signs plain, anything else U+0000."""
    text = "".join(_SIGNS.get(sign, f" {_VULGAR[sign]} " if sign in _VULGAR else sign) for sign in prompt)
    text = unicodedata.normalize("NFKD", text)
    plain = [sign for sign in text if not unicodedata.combining(sign)]
    shown = "".join(
        sign if " " <= sign < "\x7f" or sign == "\n" else "\x00" if sign.isprintable() else " " for sign in plain
    )
    return re.sub(r" ?/ ?", "/", re.sub(r" +", " ", shown.lower()))


def tokens(prompt: str) -> list[Token]:
    """Return what the prompt says, in order."""
    raw: list[Token] = []
    for match in _SCAN.finditer(fold(prompt)):
        raw += _raw(match.lastgroup or "", match.group())
    return _phrased(_with_units(raw))


def _raw(kind: str, text: str) -> list[Token]:
    if kind == "grid":
        return [Token("grid", text.replace(" ", ""), text)]
    if kind in ("mixed", "ratio", "number"):
        value = _value(kind, text)
        return [Token("unknown" if value is None else "count", "", text, value or Fraction(0))]
    if kind == "word":
        return [Token("word", text, text)]
    return [Token({"other": "unknown"}.get(kind, kind), "", text)]


def _value(kind: str, text: str) -> Fraction | None:
    """Return the number, or None when it is none that can be meant: divided by 0, of too many digits."""
    sign, text = (-1, text[1:]) if text[0] == "-" else (1, text)
    try:
        if kind == "mixed":
            whole, top, bottom = re.split(r"[ /-]", text)
            return sign * (int(whole) + Fraction(int(top), int(bottom)))
        if kind == "ratio":
            top, bottom = text.split("/")
            return sign * Fraction(int(top), int(bottom))
        if re.fullmatch(r"\d{1,3},\d{3}", text):
            return None  # a thousand or a fraction: nobody can tell
        base, _, power = text.replace(",", ".").partition("e")
        if len(base) > 2 * _MAX_DIGITS or len(power) > 3:
            return None
        return sign * Fraction(base if base[0] != "." else f"0{base}") * Fraction(10) ** int(power or 0)
    except (ValueError, ZeroDivisionError):
        return None


def _with_units(raw: list[Token]) -> list[Token]:
    """Join each number with the unit behind it to a length; `mm` and `in` may stand after a dash."""
    done: list[Token] = []
    at = 0
    while at < len(raw):
        token = raw[at]
        if token.category == "count":
            ahead = at + 1 + (at + 1 < len(raw) and raw[at + 1].category == "dash")
            unit = None
            if ahead < len(raw):
                unit = "in" if raw[ahead].category == "inch" else _UNIT_WORDS.get(raw[ahead].meaning)
            if unit:
                token = Token("length", "", f"{token.text} {unit}", token.value * UNITS[unit])
                at = ahead
        done.append(token)
        at += 1
    return done


def _phrased(raw: list[Token]) -> list[Token]:
    """Replace words by what the longest phrase of the lexicon that begins there means."""
    done: list[Token] = []
    at = 0
    while at < len(raw):
        found, size = _phrase_at(raw, at)
        done.append(found)
        at += size
    return [token for token in done if token.category not in ("dash", "inch", "silent")]


def _phrase_at(raw: list[Token], at: int) -> tuple[Token, int]:
    words: list[str] = []
    ends: list[int] = []
    place = at
    while place < len(raw) and len(words) < _LONGEST_PHRASE:
        token = raw[place]
        if token.category == "dash" or (token.category == "slash" and words):
            place += 1
            continue
        if token.category not in ("word", "count") or (token.category == "count" and not token.text.isdigit()):
            break
        words.append(token.text)
        place += 1
        ends.append(place)
    for size in range(len(words), 0, -1):
        for phrase in _forms(words[:size]):
            if phrase in _PHRASES:
                category, meaning = _PHRASES[phrase]
                text = " ".join(words[:size])
                if category == "numbers":
                    return Token("count", "", text, Fraction(int(meaning))), ends[size - 1] - at
                return Token(category, meaning, text), ends[size - 1] - at
    token = raw[at]
    return (token._replace(category="unknown") if token.category == "word" else token), 1


def _forms(words: list[str]) -> list[str]:
    phrase = " ".join(words)
    return [phrase, phrase[:-1]] if phrase.endswith("s") else [phrase]
