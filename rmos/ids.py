"""Identifiers, the clock, partitions and cursors: pure text and integers, nothing is opened here.

A moment is an integer: microseconds since 1970-01-01 UTC, read once per request and handed on. A new id is a UUIDv7
(RFC 9562) whose `rand_a` holds the microseconds, so the id, `created_at_utc` and the partition are one clock reading:

    us = now_us()
    run_id = new_run_id(us)                # run_ + 32 hex
    partition_of(us)                       # "2025-12-23"
    moment_of(run_id) == us                # True
"""

import base64
import binascii
import functools
import os
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from rmos.errors.request import BadCursor

NEW_RUN_ID: Final = re.compile(r"run_[0-9a-f]{32}")
ANY_RUN_ID: Final = re.compile(r"run_[0-9a-f]{12,32}|[0-9a-f]{32}")
EVENT_ID: Final = re.compile(r"evt_[0-9a-f]{32}")
OUTCOME_ID: Final = re.compile(r"(run_[0-9a-f]{12,32}|[0-9a-f]{32})\.[0-9]{6,9}")
SESSION_ID: Final = re.compile(r"ws_[0-9a-f]{12,32}")
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEX_32: Final = re.compile(r"[0-9a-f]{32}")
PARTITION: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (both sides of its one comparison are without a zone)
_MICROSECOND: Final = timedelta(microseconds=1)
_START_US: Final = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
DAY_US: Final = 86_400_000_000
_END_US: Final = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND + DAY_US
"""The first moment that has no text: year 10000."""
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def now_us() -> int:
    """Read the clock: microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def is_within(began_us: int, span_us: int, now_us: int) -> bool:
    """Tell whether less than a span has gone by since a moment, whichever side of now it is on.

    A moment in the future was read from a clock that was set back since: it counts as that far back. So what lasts for
    a span never lasts for more than two, however wrong the clock was, and a small step ends nothing.
    """
    return abs(now_us - began_us) < span_us


def uuid7_hex(us: int, seed: bytes = b"") -> str:
    """Return a UUIDv7 as 32 hex digits: milliseconds, microseconds within them, 62 bits of the seed or of chance."""
    milliseconds, micro = divmod(us, 1000)
    tail = int.from_bytes(seed or os.urandom(8), "big") & (2**62 - 1)
    return f"{milliseconds << 80 | 7 << 76 | micro << 64 | 2 << 62 | tail:032x}"


def new_run_id(us: int) -> str:
    """Return the id of a run made at this moment."""
    return "run_" + uuid7_hex(us)


def new_session_id(us: int) -> str:
    """Return the id of a workflow session made at this moment."""
    return "ws_" + uuid7_hex(us)


def new_event_id(us: int, seed: bytes = b"") -> str:
    """Return the id of an event made at this moment; of the same 8 bytes of seed the same one."""
    return "evt_" + uuid7_hex(us, seed)


def new_request_id() -> str:
    """Return an id for a request that brought none of its own: `req_` and 16 hex digits, which need not be secret."""
    return f"req_{random.getrandbits(64):016x}"


def is_run_id(text: str) -> bool:
    """Tell whether the text has the form of a run id, of ours or of the earlier system."""
    return ANY_RUN_ID.fullmatch(text) is not None


def is_session_id(text: str) -> bool:
    """Tell whether the text has the form of a session id, of ours or of the earlier system."""
    return SESSION_ID.fullmatch(text) is not None


def make_outcome_id(run_id: str, number: int) -> str:
    """Return the id by which lists know an outcome: that of its run, and the number of its event."""
    return f"{run_id}.{number:06d}"


def is_outcome_id(text: str) -> bool:
    """Tell whether the text has the form of the id of an outcome."""
    return OUTCOME_ID.fullmatch(text) is not None


def moment_of(run_id: str) -> int | None:
    """Return the moment that a run's UUIDv7 id carries, or None for an id of another kind."""
    return _moment_in(run_id.removeprefix("run_"))


def moment_of_session(session_id: str) -> int | None:
    """Return the moment that a session's UUIDv7 id carries, or None for an id of another kind."""
    return _moment_in(session_id[3:]) if session_id.startswith("ws_") else None


def _moment_in(digits: str) -> int | None:
    if not _HEX_32.fullmatch(digits) or digits[12] != "7" or digits[16] not in "89ab":
        return None
    micro = int(digits[13:16], 16)
    us = int(digits[:12], 16) * 1000 + micro
    return us if micro < 1000 and us < _END_US else None


def utc_text(us: int) -> str:
    """Return a moment as RFC 3339 text with six decimals and `Z`."""
    return (_EPOCH + timedelta(microseconds=us)).isoformat(timespec="microseconds")[:-6] + "Z"


def is_utc_text(text: str, us: int) -> bool:
    """Tell whether a text is the moment as `utc_text` writes it; twice as quick as writing it."""
    if len(text) != 27 or text[10] != "T" or text[19] != "." or text[26] != "Z":
        return False
    try:
        return datetime.fromisoformat(text[:26]) - _NAIVE_EPOCH == timedelta(microseconds=us)
    except (ValueError, TypeError):  # no time, or one with an offset somewhere
        return False


def parse_utc(text: str) -> int:
    """Return the moment that an RFC 3339 text with an offset names; a bare date is its midnight in UTC.

    Raises:
        ValueError: when it is no such text, has no offset, or names a moment outside the years 1 to 9999 in UTC.
    """
    if PARTITION.fullmatch(text):
        text += "T00:00:00Z"
    # fromisoformat alone also takes week dates, any separator and times without an offset
    if not _RFC3339.fullmatch(text):
        raise ValueError("the time is not RFC 3339 with an offset: write 2025-12-23T16:46:13Z or …+00:00")
    us = (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    if not _START_US <= us < _END_US:
        raise ValueError("the time is outside the years 1 to 9999")
    return us


def partition_of(us: int) -> str:
    """Return the partition of a moment: its date in UTC."""
    return _date_text(us // DAY_US)


@functools.lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    return utc_text(day * DAY_US)[:10]


def is_partition(name: str) -> bool:
    """Tell whether a folder's name is a date."""
    if not PARTITION.fullmatch(name):
        return False
    try:
        datetime.strptime(name, "%Y-%m-%d")
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=512)
def make_cursor(us: int, record_id: str) -> str:
    """Return the cursor that continues a list after this run or session."""
    return base64.urlsafe_b64encode(f"{utc_text(us)}|{record_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, *, is_id: Callable[[str], bool] = is_run_id) -> tuple[int, str]:
    """Return the moment and the id that a cursor stands for; `is_id` tells the ids of what is listed.

    Raises:
        BadCursor: when it was not made by `make_cursor`.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        time_text, _, record_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition("|")
        us = parse_utc(time_text)
        if is_id(record_id) and make_cursor(us, record_id) == cursor:
            return us, record_id
    except (ValueError, binascii.Error, OverflowError):
        pass
    raise BadCursor("The cursor was not made by this service. Start again without one.")
