"""From the text of a prompt to words with a meaning: folding, numbers with units, the longest phrase first.

    tokens("3 7/8 in hole, herringbone")   # a length of 98425 um, the noun `hole`, a stop, the kind `herringbone`

Lengths are exact fractions of a micrometre here; rounding them, and saying so, is the business of `parsed`.
"""

import re
import unicodedata
from fractions import Fraction
from typing import Final, NamedTuple

from rmos.rosette.lexicon import FRACTIONS, LONGEST_PHRASE, UNIT_WORDS, UNITS, find_phrase, split_compound

MAX_PROMPT_BYTES: Final = 10_240
"""UTF-8 bytes of a prompt, RMOS policy: a page and a half of text."""
_MAX_DIGITS: Final = 12

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
    "°": " deg ",
    "º": " deg ",
    "ß": "ss",
    "œ": "oe",
    "æ": "ae",
}
_NUMBER: Final = r"(?:\d+[.,]\d+|[.,]\d+|\d+)(?:e[+-]?\d+)?"
_SCAN: Final = re.compile(
    r"(?P<grid>\d{1,4}\s?x\s?\d{1,4}(?![\w.]))"
    rf"|(?P<mixed>(?<![\w.])-?\d+[ -]\d+/\d+)|(?P<ratio>(?<![\w.])-?\d+/\d+)|(?P<number>(?<![\w.])-?{_NUMBER})"
    r"|(?P<word>[a-z]+(?:'[a-z]+)?)|(?P<inch>\")|(?P<stop>[,;.:!?()\n])|(?P<slash>[/&+])|(?P<dash>-)|(?P<other>[^\s])"
)
_ELISIONS: Final = {"l'": "la ", "d'": "de ", "dell'": "della ", "nell'": "nella ", "all'": "alla ", "dall'": "dalla "}
_ELIDED: Final = re.compile(r"\b(?:l|d|dell|nell|all|dall)'(?=[a-z])")
_BETWEEN: Final = frozenset({"of", "a", "an", "de", "di", "da", "th", "ths", "nd", "nds", "rd", "rds"})
"""What may stand between a fraction and its unit: 1/8th of an inch."""


class PromptToken(NamedTuple):
    """One thing that the prompt says: `category` and `meaning` of the lexicon, or a number, a stop, an unknown word."""

    category: str
    meaning: str
    text: str
    value: Fraction = Fraction(0)
    """Of a number: the count as it stands; of a `length` the micrometres, not rounded; of an `angle` the degrees."""


def fold(prompt: str) -> str:
    """Return the prompt in ASCII lower case: accents off, typographic signs plain, anything else U+0000."""
    text = "".join(_SIGNS.get(sign, f" {_VULGAR[sign]} " if sign in _VULGAR else sign) for sign in prompt)
    text = unicodedata.normalize("NFKD", text)
    plain = [sign for sign in text if not unicodedata.combining(sign)]
    shown = "".join(
        sign if " " <= sign < "\x7f" or sign == "\n" else "\x00" if sign.isprintable() else " " for sign in plain
    )
    written = _ELIDED.sub(lambda found: _ELISIONS[found.group()], shown.lower())
    written = re.sub(r"\b([a-z]+)(?=\d)", r"\1 ", written)  # hd28
    return re.sub(r" ?/ ?", "/", re.sub(r" +", " ", written))


def tokens(prompt: str) -> list[PromptToken]:
    """Return what the prompt says, in order."""
    raw: list[PromptToken] = []
    for match in _SCAN.finditer(fold(prompt)):
        raw += _raw(match.lastgroup or "", match.group())
    return _in_context(_merge_phrases(_with_units(raw)))


def _raw(kind: str, text: str) -> list[PromptToken]:
    if kind == "grid":
        return [PromptToken("grid", text.replace(" ", ""), text)]
    if kind in ("mixed", "ratio", "number"):
        value = _value(kind, text)
        return [PromptToken("unknown" if value is None else "count", "", text, value or Fraction(0))]
    if kind == "word":
        return [PromptToken("word", text, text)]
    return [PromptToken({"other": "unknown"}.get(kind, kind), "", text)]


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


def _with_units(raw: list[PromptToken]) -> list[PromptToken]:
    """Join each number with the unit behind it to a length or an angle; `mm` and `in` may stand after a dash."""
    done: list[PromptToken] = []
    at = 0
    while at < len(raw):
        number, size = _number_at(raw, at)
        if number and _is_name(raw, at):
            number = None
        unit, ahead = _unit_behind(raw, at + size - 1, number) if number else (None, at)
        if number and unit:
            joined = "angle" if unit == "deg" else "length"
            done.append(number._replace(category=joined, text=f"{number.text} {unit}", value=number.value * _of(unit)))
            at = ahead + 1
        else:
            done.append(raw[at])
            at += 1
    return done


def _of(unit: str) -> Fraction:
    return UNITS.get(unit, Fraction(1))


def _number_at(raw: list[PromptToken], at: int) -> tuple[PromptToken | None, int]:
    """Return the number that begins here, in digits or as a word such as `eighth`, and how many tokens it takes."""
    if raw[at].category == "count":
        return raw[at], 1
    for size in (2, 1):
        words = [token.text for token in raw[at : at + size] if token.category == "word"]
        part = FRACTIONS.get(" ".join(words)) if len(words) == size else None
        if part is not None:
            return PromptToken("count", "", " ".join(words), part), size
    return None, 1


def _is_name(raw: list[PromptToken], at: int) -> bool:
    """Tell whether a number ends a name, as in `D-28 in koa`: no 28 inches are meant."""
    before = [token.text for token in raw[max(at - 3, 0) : at] if token.category in ("word", "count")]
    names = ([*before[-size:], raw[at].text] for size in (1, 2) if len(before) >= size)
    return any((find_phrase(name) or ("",))[0] in ("presets", "instruments") for name in names)


def _unit_behind(raw: list[PromptToken], at: int, number: PromptToken) -> tuple[str | None, int]:
    """Return the unit of a number whose last token stands at `at`, and where the unit stands."""
    ahead = at + 1
    if ahead < len(raw) and raw[ahead].category == "dash":
        ahead += 1
    while number.value.denominator > 1 and ahead < len(raw) and raw[ahead].text in _BETWEEN:
        ahead += 1
    if ahead >= len(raw):
        return None, at
    if raw[ahead].category == "inch":
        return "in", ahead
    return UNIT_WORDS.get(raw[ahead].meaning), ahead


def _merge_phrases(raw: list[PromptToken]) -> list[PromptToken]:
    """Replace words by what the longest phrase of the lexicon that begins there means."""
    done: list[PromptToken] = []
    at = 0
    while at < len(raw):
        found, size = _phrase_at(raw, at)
        done += found
        at += size
    return [token for token in done if token.category not in ("dash", "inch", "silent")]


def _phrase_at(raw: list[PromptToken], at: int) -> tuple[list[PromptToken], int]:
    words: list[str] = []
    ends: list[int] = []
    place = at
    while place < len(raw) and len(words) < LONGEST_PHRASE:
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
        found = find_phrase(words[:size])
        if found:
            return [_make_token(found, " ".join(words[:size]))], ends[size - 1] - at
    token = raw[at]
    if token.category != "word":
        return [token], 1
    halves = split_compound(token.text)
    if halves:
        return [_make_token(find_phrase([half]) or ("unknown", half), half) for half in halves], 1
    return [token._replace(category="unknown")], 1


def _make_token(found: tuple[str, str], text: str) -> PromptToken:
    category, meaning = found
    return (
        PromptToken("count", "", text, Fraction(int(meaning)))
        if category == "numbers"
        else PromptToken(category, meaning, text)
    )


_ON_BOTH_SIDES: Final = ("between", "entre", "tra", "fra", "zwischen")
_NEAR: Final = 3
"""Words within which lines are named behind their count: `two 1 mm ebony lines`."""


def _in_context(words: list[PromptToken]) -> list[PromptToken]:
    """Return the words without those that mean something beside others only.

    `every` means a distance before an angle or a length, `around` joins two rings, strips and veneers are what
    herringbone is glued from, squares have a size or say nothing, of `between two lines` one stands on each side,
    `bordo` is an edge in Italian and maple in Portuguese: `em ébano e bordo`.
    """
    herringbone = any(token.meaning in ("herringbone", "half_herringbone") for token in words)
    done = []
    for at, token in enumerate(words):
        if token.category == "join" and token.meaning == "around" and not _is_between_rings(words, at):
            continue
        if token.category == "every":
            other = at + 1 if token.meaning == "every" else at - 1
            if not 0 <= other < len(words) or words[other].category not in ("length", "angle"):
                continue
        elif token.meaning == "squares" and all(word.category != "length" for word in words[max(at - 1, 0) : at + 2]):
            token = token._replace(category="unknown")
        elif token.category == "count" and _is_between_lines(words, at):
            token = token._replace(value=token.value / 2)
        elif token.text == "bordo" and _ends_list(words, at):
            token = token._replace(category="materials", meaning="maple")
        elif token.category == "strips" and not herringbone:
            if token.meaning == "veneer":
                continue
            token = token._replace(category="kinds", meaning="band")
        done.append(token)
    return done


def _is_between_lines(words: list[PromptToken], at: int) -> bool:
    """Tell whether a count is that of the lines on both sides together: `rope between two 1 mm lines`."""
    is_between = at > 0 and words[at - 1].category == "join" and words[at - 1].text in _ON_BOTH_SIDES
    behind = words[at + 1 : at + 1 + _NEAR]
    return is_between and words[at].value % 2 == 0 and any(word.meaning == "lines" for word in behind)


def _ends_list(words: list[PromptToken], at: int) -> bool:
    """Tell whether a word ends a list of materials: one and `and` before it, none behind it."""
    before = [token.category for token in words[max(at - 2, 0) : at]]
    behind = words[at + 1].category if at + 1 < len(words) else "stop"
    return before == ["materials", "join"] and words[at - 1].meaning == "and" and behind in ("stop", "length", "join")


def _is_between_rings(words: list[PromptToken], at: int) -> bool:
    """Tell whether a ring or a material stands on both sides; else `around` says nothing."""
    rings = ("kinds", "stacks", "materials", "colours")
    return all(any(token.category in rings for token in side) for side in (words[:at], words[at + 1 :]))
