"""Fields and checks that schemas share: strict where marshmallow would convert, with patterns for the document.

class RunListSchema(RequestSchema): ...   # what a client sends; of a name that is unknown the nearest is offered
Choice(RISK_LEVELS)                       # a word of ours, in any case
digest_field(required=True)          # a SHA-256
WholeNumber(validate=…)              # of a JSON body
QueryInteger(validate=…)             # of a query
MomentField(attribute="since_us")         # RFC 3339 with an offset → microseconds
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from rmos import digest, ids
from rmos.names import find_name, offer_names
from rmos.services.files.attachments import MAX_FILENAME

FieldCheck = Callable[[Any], Any]

TRUE: Final[set[Any]] = {"true", "1"}
FALSE: Final[set[Any]] = {"false", "0"}
"""How a flag is written in a query."""
NAME: Final[list[FieldCheck]] = [
    validate.Length(1, 200),
    validate.Regexp(r"[\s\S]*[^\s\x1c-\x1f\x85\ufeff]", error="Must not be blank."),
]
UNKNOWN_FIELD: Final = "Unknown field."
"""What marshmallow says of it."""
KIND_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"
TYPE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}( *;[ -~]{0,100})?$"
_PRINTABLE: Final = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"}
_RFC_3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII)


def matches(pattern: str, what: str) -> FieldCheck:
    """Return a check of a whole text against a pattern; the document shows the same pattern."""
    compiled = re.compile(pattern.removeprefix("^").removesuffix("$"))

    def check(text: str) -> None:
        if not compiled.fullmatch(text):
            raise ValidationError(f"Must be {what}.")

    return check


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Return what is wrong with a member that is not known, and which may have been meant."""
    return f"{UNKNOWN_FIELD} {offer_names(name, known)}".rstrip()


def check_printable(text: str) -> None:
    """Refuse control characters."""
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in text):
        raise ValidationError("Must have no control characters.")


def limit_object(*, keys: int | None = None, size_bytes: int, remedy: str = "") -> FieldCheck:
    """Return a check that an object has at most so many keys and canonical bytes.

    Args:
        remedy: what to do with a larger one, in a few words.
    """

    def check(value: Mapping[str, Any]) -> None:
        if keys is not None and len(value) > keys:
            raise ValidationError(f"Has {len(value)} keys; at most {keys} are taken.")
        if len(digest.canonical(value)) > size_bytes:
            raise ValidationError(f"Is larger than {size_bytes} bytes{remedy and f'; {remedy}'}.")

    return check


class RequestSchema(Schema):
    """What a client sends: a member that is not declared is refused, and the nearest name is offered."""

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Say of each unknown member what may have been meant."""
        messages = error.messages
        for name in messages if isinstance(messages, dict) else ():
            if messages[name] == [UNKNOWN_FIELD]:
                messages[name] = [describe_unknown(str(name), self.load_fields)]


class WholeNumber(fields.Integer):
    """A whole number as JSON has it: 4 and 4.0, but no text and no flag."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, (bool, str)) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class QueryInteger(fields.Integer):
    """A whole number written in plain digits, as a query parameter."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,16}", value):
            raise self.make_error("invalid", input=value)
        return int(value)


class Number(fields.Float):
    """A number, and no text that looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.make_error("invalid", input=value)
        # JSON has neither NaN nor an infinity; a form or a command line may, and no range keeps a NaN out.
        try:
            number = float(value)
        except OverflowError:
            raise self.make_error("too_large", input=value) from None
        if not math.isfinite(number):
            raise self.make_error("special", input=value)
        return number


class Flag(fields.Boolean):
    """True or false, and nothing that merely equals one of them, as 0 does."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Choice(fields.String):
    """One word of a vocabulary of ours, in any case; loads as we write it."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        super().__init__(validate=validate.OneOf(words), **options)
        self._words = words

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return find_name(text, self._words) or text


class MomentField(fields.Field[int]):
    """A moment as RFC 3339 text with an offset; loads as microseconds since the epoch, UTC.

    A date alone is its first moment, with `end` the first one after it: a day that ends a span is in it as a whole.
    """

    def __init__(self, *, end: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._end = end

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value)
        if " " in text[10:]:
            raise ValidationError("Holds a space: write the + of an offset as %2B in a URL, or use Z.")
        if not _RFC_3339.fullmatch(text):
            raise ValidationError("Must be an RFC 3339 time with an offset, such as 2025-12-23T10:30:00Z.")
        try:
            us = ids.parse_utc(text.upper())
        except (ValueError, OverflowError):
            raise ValidationError("Is not a time that exists.") from None
        return us + ids.DAY_US if self._end and ids.is_partition(text) else us


def kind_field(**options: Any) -> fields.String:
    """Return a field for what a file is to its run, in one word."""
    what = "1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
    return fields.String(validate=matches(KIND_PATTERN, what), metadata={"pattern": KIND_PATTERN}, **options)


def digest_field(**options: Any) -> fields.String:
    """Return a field for a SHA-256."""
    check = matches(SHA256_PATTERN, "64 lower-case hex digits")
    return fields.String(validate=check, metadata={"pattern": SHA256_PATTERN}, **options)


def type_field(**options: Any) -> fields.String:
    """Return a field for a media type."""
    check = matches(TYPE_PATTERN, "a media type such as image/png")
    return fields.String(validate=check, metadata={"pattern": TYPE_PATTERN}, **options)


def filename_field(**options: Any) -> fields.String:
    """Return a field for what a file is called; the store never uses it for a name of its own."""
    return fields.String(validate=[validate.Length(1, MAX_FILENAME), check_printable], metadata=_PRINTABLE, **options)


def line_field(**options: Any) -> fields.String:
    """Return a field for a short text of one line."""
    return fields.String(
        allow_none=True,
        load_default=None,
        validate=[validate.Length(1, 200), check_printable],
        metadata=_PRINTABLE,
        **options,
    )
