"""What an engine advises, as changes that a form on `/try` takes: each way of a finding a link.

    read_ways("feed 790 mm/min or more, or 11000 rpm or less")
    # [AdvisedWay("790 mm/min", {"feed": "790"}), AdvisedWay("11000 rpm", {"rpm": "11000"})]

A record has its advice as a sentence. Ways are told apart by ", or ", the steps of one by " and ". A way with a step
that no field of the form can take is left out whole: half of it would be another cut than the one that was advised.
"""

import re
from typing import Final, NamedTuple

_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_STEPS: Final = (
    ("plunge", re.compile(rf"plunge at {_NUMBER} mm/min or (?:less|more)"), "plunge {} mm/min"),
    ("feed", re.compile(rf"feed {_NUMBER} mm/min or (?:less|more)"), "{} mm/min"),
    ("rpm", re.compile(rf"{_NUMBER} rpm or (?:less|more)"), "{} rpm"),
    ("pass", re.compile(rf"passes of {_NUMBER} mm or (?:less|more)"), "passes of {} mm"),
    ("stickout", re.compile(rf"a stick-out of {_NUMBER} mm or (?:less|more)"), "stick-out {} mm"),
    ("area", re.compile(rf"hold it on {_NUMBER} mm² or (?:less|more)"), "{} mm² held"),
    ("floor", re.compile(rf"leave a floor of {_NUMBER} mm or (?:less|more)"), "a floor of {} mm"),
    ("wall", re.compile(rf"leave a wall of {_NUMBER} mm or (?:less|more)"), "a wall of {} mm"),
    ("total", re.compile(rf"cut {_NUMBER} mm deep or (?:less|more)"), "{} mm deep"),
    ("stock", re.compile(rf"take stock of {_NUMBER} mm or (?:less|more)"), "stock of {} mm"),
)
_COOL: Final = "cool with air or mist"


class AdvisedWay(NamedTuple):
    """A way that a form can go: what to call it, and the fields that it changes."""

    title: str
    changes: dict[str, str]


def read_ways(suggestion: str) -> list[AdvisedWay]:
    """Return the ways of an engine's advice that a form can go."""
    ways = (_read_way(way) for way in suggestion.split(", or "))
    return [way for way in ways if way is not None]


def _read_way(text: str) -> AdvisedWay | None:
    titles: list[str] = []
    changes: dict[str, str] = {}
    for step in text.split(" and "):
        if step == _COOL:
            titles.append("air")
            changes["coolant"] = "air"
            continue
        found = ((name, pattern.fullmatch(step), title) for name, pattern, title in _STEPS)
        name, match, title = next((item for item in found if item[1] is not None), ("", None, ""))
        if match is None:
            return None
        titles.append(title.format(match[1]))
        changes[name] = match[1]
    return AdvisedWay(", ".join(titles), changes)
