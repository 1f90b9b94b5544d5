"""Read one line into words: comments and blanks gone, any case, a letter and a number each.

    parse_line("n10 g01 x 1 0.5 (down) f600")
    # ProgramLine(codes=["G1"], values={"N": "10", "X": "10.5", "F": "600"}, deleted=False)

A line that cannot be read answers with a `LineProblem`. The patterns are possessive (`++`), so that no line takes more
than one pass, whatever is in it.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

LINE_LIMIT: Final = 4096
"""Characters. LinuxCNC takes 255, GRBL 80; longer than this is no line of a program."""
NUMBER_LIMIT: Final = 24
"""Characters of one number."""
VALUE_LIMIT: Final = 1_000_000.0
"""No number of a program is as large: a kilometre, a million turns a minute."""

_COMMENT: Final = re.compile(r"\([^)]*+\)|;.*+")
_IN_A_WORD: Final = re.compile(r"[A-Za-z+.0-9-]\)++[+.0-9-]")
"""Of a line each of whose comments has become its closing parenthesis."""
_BLANKS: Final = {ord(" "): None, ord("\t"): None}
_NUMBER: Final = r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)"
_WORD: Final = re.compile(f"([A-Z])({_NUMBER})")
_ALL_WORDS: Final = re.compile(f"(?:[A-Z]{_NUMBER})*+")
_COMPUTED: Final = re.compile(
    r"[#\[\]=<>]|GOTO|WHILE|IF|THEN|DO[0-9]|END|O[0-9]+(?:SUB|CALL|DO|REPEAT|ELSE|BREAK|CONTINUE|RETURN)"
)
_MEASURES: Final = frozenset("FIJKPQRSXYZ")
_SHORT: Final = 6
"""A number of so few characters is within every limit."""
_LETTERS: Final = frozenset("DFGHIJKLMNOPQRSTXYZABCUVW")


class ProgramLine(NamedTuple):
    """The words of one line."""

    codes: list[str]
    """As `G1`, `G91.1` and `M3`, in the order of the line."""
    values: dict[str, str]
    """The text of the number of each other letter."""
    deleted: bool
    """The line begins with a slash."""
    changes_first: bool = False
    """M6 stands before the T that it is to change to."""


class LineProblem(NamedTuple):
    """Why a line cannot be read: the code of a finding and its text."""

    code: str
    text: str


def parse_line(text: str) -> ProgramLine | LineProblem:
    """Return the words of a line without its end, or why it has none."""
    if len(text) > LINE_LIMIT:
        return LineProblem("UNREADABLE_WORD", f"The line has more than {LINE_LIMIT} characters; break it up.")
    if "(" in text or ";" in text:
        if _IN_A_WORD.search(_COMMENT.sub(")", text).translate(_BLANKS)):
            return LineProblem(
                "COMMENT_IN_WORD",
                "A comment stands inside a word: GRBL reads on behind it, LinuxCNC does not; write it behind the word.",
            )
        text = _COMMENT.sub("", text)
    text = text.translate(_BLANKS)
    if not text.isascii():
        return _describe_character(next(one for one in text if not one.isascii()))
    text = text.upper()
    deleted = text.startswith("/")
    text = text.lstrip("/")
    if text.startswith(":"):
        text = f"O{text[1:]}"
    whole = _ALL_WORDS.match(text)
    if whole is None or whole.end() != len(text):
        return _describe_rest(text, 0 if whole is None else whole.end())
    return _sort_words(_WORD.findall(text), deleted)


def strip_comments(text: str) -> str:
    """Return a line without its comments and blanks."""
    return _COMMENT.sub("", text).translate(_BLANKS)


def _sort_words(words: list[tuple[str, str]], deleted: bool) -> ProgramLine | LineProblem:
    codes: list[str] = []
    values: dict[str, str] = {}
    changes_first = False
    for letter, number in words:
        if letter in "GM":
            code = name_code(letter, number) if len(number) <= NUMBER_LIMIT else None
            if code is None:
                return LineProblem("UNREADABLE_WORD", f"{letter}{number[:NUMBER_LIMIT]} is no code; delete it.")
            codes.append(code)
            changes_first = changes_first or (code == "M6" and "T" not in values)
        elif letter in values:
            return LineProblem("WORDS_CLASH", f"{letter} stands twice on one line; delete one of them.")
        elif (letter not in _MEASURES or len(number) > _SHORT) and (problem := _find_fault(letter, number)):
            return problem
        else:
            values[letter] = number
    return ProgramLine(codes, values, deleted, changes_first and "T" in values)


def _find_fault(letter: str, number: str) -> LineProblem | None:
    if letter not in _LETTERS:
        return LineProblem("UNREADABLE_WORD", f"The letter {letter} is no word of a mill's program; delete it.")
    if len(number) > NUMBER_LIMIT or (letter not in "NO" and abs(float(number)) >= VALUE_LIMIT):
        short = number[:NUMBER_LIMIT]
        return LineProblem("UNREADABLE_WORD", f"{letter}{short} is too large or too long a number; correct it.")
    return None


@lru_cache(maxsize=512)
def name_code(letter: str, number: str) -> str | None:
    """Return the one name of a code, as `G1` for 01 and `G91.1` for 91.1; None where there can be no such code."""
    tenths = float(number) * 10
    if number.startswith("-") or tenths != round(tenths) or tenths >= 10_000:
        return None
    whole, part = divmod(round(tenths), 10)
    return f"{letter}{whole}.{part}" if part else f"{letter}{whole}"


def _describe_character(one: str) -> LineProblem:
    kind = "no-break space" if one == "\xa0" else f"character {one!a}"
    return LineProblem("UNREADABLE_WORD", f"The {kind} stands outside a comment; save the program as plain ASCII.")


def _describe_rest(text: str, at: int) -> LineProblem:
    if _COMPUTED.search(text):
        return LineProblem(
            "PROGRAM_NOT_FLAT",
            "The line has variables, expressions or O-words, which are not computed; "
            "switch macros and subprograms off in the CAM's post.",
        )
    rest = text[at : at + 12]
    if rest[0] == ",":
        mend = "write a decimal point instead of the comma"
    elif rest[0] == "(":
        mend = "the comment is not closed; close it with )"
    elif rest[0] == "$":
        mend = "a command to the controller is no part of a program; delete it"
    elif rest[0].isalpha():
        mend = f"{rest[0]} has no number; complete or delete it"
    else:
        mend = "delete or correct it"
    return LineProblem("UNREADABLE_WORD", f"The line cannot be read at {rest!a}: {mend}.")
