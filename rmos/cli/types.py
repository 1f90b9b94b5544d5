"""What options may be: dates and moments."""

from typing import Any

import click

from rmos import ids

DAY_US = 24 * 3600 * 1_000_000


class Day(click.ParamType[str]):
    """A date in UTC, `2025-12-23`: the name of a partition."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the date as it stands."""
        if not isinstance(value, str) or not ids.is_partition(value):
            self.fail(f"{value!r} is no date; write it like 2025-12-23.", param, ctx)
        return value


class Moment(click.ParamType[int]):
    """A moment in microseconds since the epoch: a date is its first moment in UTC, or with `end` its last."""

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the moment that the text names."""
        if isinstance(value, int):
            return value
        try:
            us = ids.parse_utc(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write it like 2025-12-23 or 2025-12-23T16:30:00Z.", param, ctx)
        return us + DAY_US if self._end and ids.PARTITION.fullmatch(value) else us
