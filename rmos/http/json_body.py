"""Request bodies as strict JSON: what two readers could understand differently is refused, with the reason.

    body = read_object()         # the body of the running request
    parse_object(b'{"mode":"router"}')

UTF-8 without a byte order mark, one object, no duplicate member, no NaN or infinity, whole numbers within 2^53, no
U+0000, no lone surrogate, at most `MAX_DEPTH` levels: the rules of RFC 7493 and those of the record, so that whatever
passes here can be recorded.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from rmos.digest import MAX_DEPTH, MAX_INTEGER
from rmos.errors.base import RmosError
from rmos.errors.http import RequestTimeout
from rmos.errors.request import BadJson, PayloadTooLarge, UnsupportedMediaType

STOPPED: Final = "The rest of the request did not come in time; send it again."
"""Why a body is shorter than its Content-Length: the server gave it up, or the client is gone."""
_BEYOND: Final = 1
"""Bytes above the limit that werkzeug lets pass: a chunked body of just its limit looks to it like one that goes on."""
_MAX_DIGITS: Final = len(str(MAX_INTEGER)) + 1
_EXPONENT_FROM: Final = 1e21
"""From here on canonical JSON writes an exponent (ECMA-262); below it a whole double is recorded as an integer."""
_JSON_TYPE: Final = re.compile(r"application/(json|[a-z0-9!#$&^_.+-]+\+json)")


def read_object(*, any_number: bool = False) -> dict[str, Any]:
    """Return the JSON object that the running request carries.

    Args:
        any_number: as in `parse_object`.

    Raises:
        UnsupportedMediaType: its Content-Type is another one.
        PayloadTooLarge: it is above what the route takes.
        BadJson: it is not strict JSON, not an object, or broke off.
        RequestTimeout: it stopped coming.
    """
    _require_json()
    try:
        data = request.get_data(cache=False)
    except (HTTPException, RmosError):
        raise
    except Exception:  # noqa: BLE001 - each server has its own exception for a broken chunk
        raise BadJson("The body broke off or is wrongly encoded.") from None
    if len(data) < (request.content_length or 0):
        raise RequestTimeout(STOPPED)
    if len(data) > get_body_limit():
        raise make_too_large_error()
    return parse_object(data, any_number=any_number)


def get_body_limit() -> int:
    """Return how many bytes the running request may carry: what `limit_body` set, else `RMOS_MAX_BODY_BYTES`."""
    assert request.max_content_length is not None  # the app has a limit
    return request.max_content_length - _BEYOND


def limit_body(limit_bytes: int, app: Flask | None = None) -> None:
    """Limit the body of the running request, or of every request of an app that has no limit of its own."""
    if app is not None:
        app.config["MAX_CONTENT_LENGTH"] = limit_bytes + _BEYOND
    else:
        request.max_content_length = limit_bytes + _BEYOND


def make_too_large_error() -> PayloadTooLarge:
    """Return the error of a body above the limit of the running request."""
    limit = get_body_limit()
    return PayloadTooLarge(f"The body is above the limit of {limit} bytes.", limit_bytes=limit)


def require_plain_body() -> None:
    """Refuse a body that is compressed: the digests here are of what was sent.

    Raises:
        UnsupportedMediaType: the header Content-Encoding names a coding.
    """
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType("Send the body as it is: Content-Encoding is not understood here.")


def _require_json() -> None:
    require_plain_body()
    if request.environ.get("CONTENT_TYPE") == "application/json":
        return
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not _JSON_TYPE.fullmatch(request.mimetype) or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("Send JSON: Content-Type: application/json.")


def parse_object(data: bytes, *, any_number: bool = False) -> dict[str, Any]:
    """Return the JSON object that the bytes are.

    Args:
        any_number: let NaN and infinity through, for a schema whose every member is checked: it refuses them by name.

    Raises:
        BadJson: saying what is wrong and, where the parser knows, where.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise BadJson("The body begins with a byte order mark; send plain UTF-8.")
    try:
        text = data.decode()
        value = (_any_number_decoder if any_number else _decoder).decode(text)
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise _make_depth_error() from None
    if not isinstance(value, dict):
        raise BadJson("The body must be a JSON object.")
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _refuse_depth(value)
    if "\\u" in text:
        _refuse_texts(value)
    return value


def _refuse_depth(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise _make_depth_error()


def _refuse_texts(value: Any) -> None:
    """Refuse U+0000 and lone surrogates, which can only come from an escape."""
    left: list[Any] = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            left.extend(item)
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise BadJson("A string holds U+0000.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadJson("A string holds half of a surrogate pair.") from None


def _make_depth_error() -> BadJson:
    return BadJson(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in members if names.count(name) > 1)
        raise BadJson(f"The member {twice[:50]!a} is given twice in one object.")
    return members


def _parse_integer(text: str) -> int:
    if len(text) <= _MAX_DIGITS and -MAX_INTEGER <= (number := int(text)) <= MAX_INTEGER:
        return number
    raise _make_number_error()


def _parse_float(text: str) -> float:
    number = float(text)
    if -MAX_INTEGER <= number <= MAX_INTEGER:
        return number
    if math.isinf(number):
        raise BadJson("A number is too large for a double.")
    if -_EXPONENT_FROM < number < _EXPONENT_FROM:
        raise _make_number_error()
    return number


def _parse_any_float(text: str) -> float:
    number = float(text)
    return number if math.isinf(number) else _parse_float(text)


def _make_number_error() -> BadJson:
    return BadJson("A whole number is beyond 2^53, which not every reader keeps exactly; send it as a string.")


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not JSON.")


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates,
    parse_int=_parse_integer,
    parse_float=_parse_float,
    parse_constant=_refuse_constant,
)
_any_number_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates, parse_int=_parse_integer, parse_float=_parse_any_float
)
