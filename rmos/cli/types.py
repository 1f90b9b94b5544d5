"""What options may be: dates, moments, addresses and places of stores."""

import re
from pathlib import Path
from typing import Any, Final, cast

import click

from rmos import ids
from rmos.place import BucketNameWrong, Place, hide_passwords, parse_place
from rmos.serving.addresses import Address, parse_address

DAY_US = ids.DAY_US


class Day(click.ParamType[str]):
    """A date in UTC, `2025-12-23`: the name of a partition."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the date as it stands."""
        if not isinstance(value, str) or not ids.is_partition(value):
            self.fail(f"{value!r} is no date; write it like 2025-12-23.", param, ctx)
        return value


UNITS_US: Final = {"m": 60_000_000, "h": DAY_US // 24, "d": DAY_US, "w": 7 * DAY_US, "y": 365 * DAY_US}
_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})([mhdwy])")


def parse_span(text: str) -> int | None:
    """Return the microseconds of a length of time such as `30m`, `12h`, `7d`, `4w` or `1y`; None for another text."""
    match = _SPAN.fullmatch(text)
    return None if match is None else int(match[1]) * UNITS_US[match[2]]


class Moment(click.ParamType[int]):
    """A moment in microseconds since the epoch: a date, a time, or a length of time before now.

    A date is its first moment in UTC, or with `end` its last.
    """

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the moment that the text names."""
        if isinstance(value, int):
            return value
        if (span := parse_span(value)) is not None:
            return ids.now_us() - span
        try:
            us = ids.parse_utc(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write it like 2025-12-23, 2025-12-23T16:30:00Z or 7d.", param, ctx)
        return us + DAY_US if self._end and ids.PARTITION.fullmatch(value) else us


class Bind(click.ParamType[Address]):
    """An address to listen on, `127.0.0.1:8000` or `[::1]:8000`."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Return the address that the text means."""
        if isinstance(value, Address):
            return value
        try:
            return parse_address(value)
        except ValueError:
            self.fail(f"{value!r} is no address; write it like 127.0.0.1:8000 or [::1]:8000.", param, ctx)


class StorePlace(click.ParamType[Place]):
    """The place of a store, `/backup/runs` or `s3://bucket/prefix`."""

    name = "place"

    def __init__(self, *, exists: bool = False) -> None:
        self._exists = exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """Return the folder or the bucket that the text names."""
        if not isinstance(value, str):
            return cast(Place, value)
        try:
            place = parse_place(value)
        except ValueError as error:
            shown = hide_passwords(value)
            rule = f" {str(error).capitalize()}." if isinstance(error, BucketNameWrong) else ""
            self.fail(f"{shown!r} is no place; write it like /backup/runs or s3://bucket/prefix.{rule}", param, ctx)
        if self._exists and isinstance(place, Path) and not place.exists():
            self.fail(f"{value!r} does not exist.", param, ctx)
        return place
